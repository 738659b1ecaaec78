"""What may be wrong with a file of goods, and how it is said. Codes are stored, sentences are not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from msgspec import Struct

Column = Literal["sku", "name", "category", "brand", "price", "min_price", "earn", "redeem", "discount"]

COLUMNS: Final[Mapping[str, Promise]] = {
    "sku": _("SKU"),
    "name": _("Name"),
    "category": _("Category"),
    "brand": _("Brand"),
    "price": _("Price"),
    "min_price": _("Lowest price"),
    "earn": _("Earns points"),
    "redeem": _("Can be paid by points"),
    "discount": _("Gets discounts"),
}
REFUSED: Final[Mapping[str, Promise]] = {
    "empty": _("is empty"),
    "too_long": _("is longer than %(limit)s characters"),
    "excel_number": _("“%(value)s” is not the SKU but what a spreadsheet made of it: format the column as text"),
    "repeated": _("“%(value)s” stood in line %(first)s already"),
    "not_a_price": _("“%(value)s” is no price"),
    "negative": _("“%(value)s” is below zero"),
    "too_fine": _("“%(value)s” has too many decimal places"),
    "too_large": _("“%(value)s” is too large"),
    "not_yes_or_no": _("“%(value)s” is neither yes nor no"),
}
# Taken over all the same.
ASKED: Final[Mapping[str, Promise]] = {
    "zeros_lost": _("“%(value)s” is new, but there is “%(known)s”: did a spreadsheet cut the zeros off?"),
    "above_price": _("the lowest price “%(value)s” is above the price"),
    "two_parents": _("the category “%(value)s” stands in two sections; for rules it is one"),
}


class Problem(Struct, frozen=True, omit_defaults=True):
    """Something about a line: refused, or just asked. `row` counts as a spreadsheet does; 0 is the whole file."""

    row: int
    column: str
    code: str
    value: str = ""
    known: str = ""
    first: int = 0
    limit: int = 0

    @property
    def is_refused(self) -> bool:
        return self.code in REFUSED

    @property
    def title(self) -> str:
        return str(COLUMNS[self.column])

    @property
    def why(self) -> str:
        facts = {"value": self.value, "known": self.known, "first": self.first, "limit": self.limit}
        return str(REFUSED[self.code] if self.is_refused else ASKED[self.code]) % facts
