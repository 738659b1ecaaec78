"""What may be wrong with a line of a client base, and how it is said. Codes are stored, sentences are not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from msgspec import Struct

from clients.imports.columns import TITLES
from clients.imports.receipts.columns import TITLES as OF_RECEIPTS
from loyalty.goods import problems as goods

REFUSED: Final[Mapping[str, Promise]] = {
    **{
        code: goods.REFUSED[code]
        for code in ("too_long", "negative", "too_fine", "too_large", "not_yes_or_no", "empty")
    },
    "excel_number": _(
        "“%(value)s” is not the number but what a spreadsheet made of it: format the column as text, and paste the "
        "numbers anew"
    ),
    "excel_amount": _("“%(value)s” is what a spreadsheet made of a number: format the column as a number"),
    "not_a_phone": _("“%(value)s” is no phone number"),
    "several_phones": _("“%(value)s” is more than one phone: leave one"),
    "not_an_email": _("“%(value)s” is no e-mail address"),
    "not_a_date": _("“%(value)s” is no date: write 31.12.1990"),
    "long_ago": _("“%(value)s” is too long ago"),
    "not_born": _("“%(value)s” has not come yet: nobody was born then"),
    "in_the_future": _("“%(value)s” has not come yet"),
    "expired": _("“%(value)s” has passed: such points would expire at once"),
    "far_ahead": _("“%(value)s” is too far ahead"),
    "not_a_number": _("“%(value)s” is no number"),
    "too_many": _("“%(value)s”: more than %(limit)s in one cell"),
    "not_a_card": _("“%(value)s” is no card number"),
    "nobody": _("neither a phone nor a card number: a till could not find this client"),
    "repeated_phone": _("phone “%(value)s” stood in line %(first)s already"),
    "repeated_card": _("card “%(value)s” stood in line %(first)s already"),
    "others_card": _("card “%(value)s” belongs to another client"),
    "withdrawn_card": _("card “%(value)s” is blocked, or its batch is withdrawn"),
    "two_clients": _("“%(value)s” and the phone belong to different clients"),
    "no_person": _("“%(value)s” belongs to a card without a person: see to it by hand"),
    "unknown_tier": _("there is no tier “%(value)s” in the rules; there are: %(known)s"),
    "repeated_client": _("this client stood in line %(first)s already, by another number"),
    # Of receipts.
    "not_a_time": _("“%(value)s” is no date: write 31.12.2026 18:05"),
    "returned": _("“%(value)s” is below zero: returns are not loaded"),
    "nothing_sold": _("“%(value)s”: nothing was sold"),
    "unknown_outlet": _("you have no outlet “%(value)s”; there are: %(known)s"),
    "unknown_client": _("nobody with “%(value)s” is known: load the client base first"),
    "mixed_receipt": _("receipt “%(value)s” has lines of different clients on one day: say which column has the till"),
    "broken_receipt": _("another line of this receipt is refused, line %(first)s: a receipt is loaded whole"),
    "sold_here": _("receipt “%(value)s” of this day was sold in Kopilka already"),
}
# The line is taken all the same, without what is wrong.
REMARKS: Final[Mapping[str, Promise]] = {
    "unknown_referrer": _("nobody with “%(value)s” is known or in the file: loaded without who invited"),
    "himself": _("“%(value)s” invited himself: loaded without who invited"),
    "circle": _("“%(value)s” would in the end have been invited by this client: loaded without who invited"),
    "other_phone": _("the card’s client has another phone than “%(value)s”: his stays"),
    "has_opening": _("a balance was brought along by an earlier import: not added again"),
    "no_client": _("nobody with “%(value)s” is known: the receipt is loaded without a client"),
    "other_total": _("this receipt was loaded before with another sum, “%(value)s”: that one stays"),
    "balance_kept": _("the client is known: his balance stays, “%(value)s” is not added"),
}


class Problem(Struct, frozen=True, omit_defaults=True):
    """Something about a line. `column` may be empty: all of it is meant."""

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
        title = TITLES.get(self.column) or OF_RECEIPTS.get(self.column)
        return str(title) if title else ""

    @property
    def why(self) -> str:
        facts = {"value": self.value, "known": self.known, "first": self.first, "limit": self.limit}
        return str(REFUSED[self.code] if self.is_refused else REMARKS[self.code]) % facts

    @property
    def sentence(self) -> str:
        return f"{self.title}: {self.why}" if self.title else self.why
