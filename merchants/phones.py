"""Phone numbers as people write them."""

from __future__ import annotations

import re

import phonenumbers
from django.conf import settings

_E164 = re.compile(r"\+7[3489]\d{9}", re.ASCII)


class NotAPhoneError(ValueError):
    """No telephone has this number."""


def e164(spelling: str) -> str:
    """`+79161234567` for «8 (916) 123-45-67», «916 123 45 67», «79161234567» and the like; NotAPhoneError else.

    Numbers without a country's code are the region's of PHONENUMBER_DEFAULT_REGION.
    """
    if _E164.fullmatch(spelling):
        return spelling
    for attempt in (spelling, f"+{spelling.strip()}"):
        try:
            number = phonenumbers.parse(attempt, settings.PHONENUMBER_DEFAULT_REGION)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_valid_number(number) and number.extension is None:
            return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    raise NotAPhoneError(spelling[:40])
