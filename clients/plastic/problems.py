"""What may be wrong with a row of a file of card numbers. Codes are stored, sentences are not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from msgspec import Struct

SENTENCES: Final[Mapping[str, Promise]] = {
    "excel_number": _(
        "“%(value)s” is not the number but what a spreadsheet made of it: format the column as text, and paste the "
        "numbers anew"
    ),
    "too_long": _("longer than 40 characters"),
    "not_a_card": _("“%(value)s” is no card number"),
    "empty": _("the row has no number"),
    "read_as_code": _("“%(value)s”: tills take four and six digits for something else"),
    "read_as_phone": _("“%(value)s”: tills take it for a phone number"),
    "repeated": _("“%(value)s” stood in row %(known)s already"),
    "taken": _("“%(value)s” is a client’s card already"),
    "waits": _("“%(value)s” is in the batch “%(known)s” already"),
}


class Problem(Struct, frozen=True, array_like=True):
    """A row of the file that became no card. `text` is what stood there."""

    row: int
    code: str
    text: str
    known: str = ""

    @property
    def sentence(self) -> str:
        return str(SENTENCES[self.code]) % {"value": self.text, "known": self.known}
