"""What a till page takes for what, of all that is keyed in or scanned there. Whatever it would not take for a card must
not become one: no cashier would ever find its client."""

from __future__ import annotations

import re
from typing import Final, Literal, TypeAlias

from loyalty import presence
from loyalty.certificates import codes
from merchants.phones import NotAPhoneError, e164

Kind: TypeAlias = Literal["nothing", "end", "code", "phone", "certificate", "card"]

LONGEST: Final = 40
_NOISE: Final = re.compile(r"[\s()-]")
_PHONE: Final = re.compile(r"\+[0-9]{8,15}|[0-9]{10,11}")
_CARD: Final = re.compile(r"[\w-]{3,40}")


def read(text: str) -> tuple[Kind, str]:
    """The kind of it, and its value: a phone as E.164, a card's number without spaces. The `end` is the last four
    digits of something."""
    if is_certificate(text):
        return "certificate", codes.spelled(text)
    digits = _NOISE.sub("", text)
    if re.fullmatch(r"[0-9]{4}", digits):
        return "end", digits
    if re.fullmatch(r"[0-9]{6}", digits) or presence.is_token(digits):
        return "code", digits
    if _PHONE.fullmatch(digits):
        try:
            return "phone", e164(digits)
        except NotAPhoneError:
            pass
    number = "".join(text.split())[:LONGEST]
    return ("card", number) if number else ("nothing", "")


def is_certificate(text: str) -> bool:
    code = codes.spelled(text)
    return codes.may_be(code) and any(letter.isalpha() for letter in code)


def is_card(number: str) -> bool:
    """Whether it may be a card's number, and is found again by itself."""
    return _CARD.fullmatch(number) is not None and read(number) == ("card", number)
