"""The rotating code of a client's page: 28 digits, good for a minute and a half, that say «I am here».

It is the one-time code of six digits with a signature of the half-minute. A till that has taken it while it was fresh
may go on with it for as long as the six digits live; for any other, and for whoever comes with a photograph of it, it
stands for nobody. Digits alone, because scanners that type letters type them as the keyboard is set.
"""

from __future__ import annotations

import datetime as dt
import hmac
import re
from typing import Final

from django.db.models import Q
from django.utils.crypto import salted_hmac
from msgspec import structs

from loyalty.cards import CODE_LIVES
from loyalty.models import OneTimeCode
from loyalty.sales.request import Who

STEP: Final = dt.timedelta(seconds=30)
# Of these half-minutes, the one under way included: 90 to 120 seconds.
FRESH_STEPS: Final = 4
DIGITS: Final = 28
_CODE: Final = 6
_TOKEN: Final = re.compile(rf"[0-9]{{{DIGITS}}}")
_STEPS: Final = CODE_LIVES // STEP + 1


def is_token(text: str) -> bool:
    return _TOKEN.fullmatch(text) is not None


def token_of(code: OneTimeCode, *, now: dt.datetime) -> str:
    """What the page's QR code says at this moment."""
    return _signed(code.program_id, code.code, _step(now))


def recognised(who: Who, *, program_id: int, till_id: int, now: dt.datetime) -> Who:
    """`who`, or the one-time code inside of a rotating one, sent as a code or as a card's number. Of one that is old,
    forged or another till's nothing is left that would find anybody."""
    if who.by not in ("code", "card") or not is_token(who.value):
        return who
    code = _code_in(who.value, program_id=program_id, till_id=till_id, now=now)
    return structs.replace(who, by="code", value=code or who.value)


def _code_in(token: str, *, program_id: int, till_id: int, now: dt.datetime) -> str | None:
    age = _age(token, program_id, now)
    if age is None:
        return None
    code = token[:_CODE]
    rows = OneTimeCode.objects.filter(program_id=program_id, code=code, expires_at__gt=now)
    if age < FRESH_STEPS:
        taken = rows.filter(Q(shown_to=None) | Q(shown_to=till_id)).update(shown_to=till_id)
        return code if taken else None
    return code if rows.filter(shown_to=till_id).exists() else None


def _age(token: str, program_id: int, now: dt.datetime) -> int | None:
    """In half-minutes; None where nobody here has signed it within the life of a code. A clock that is set back by a
    step does no harm."""
    code, current = token[:_CODE], _step(now)
    for age in range(-1, _STEPS):
        if hmac.compare_digest(_signed(program_id, code, current - age), token):
            return age
    return None


def _step(now: dt.datetime) -> int:
    return int(now.timestamp() // STEP.total_seconds())


def _signed(program_id: int, code: str, step: int) -> str:
    digest = salted_hmac("loyalty.presence", f"{program_id}:{code}:{step}", algorithm="sha256").digest()
    digits = DIGITS - _CODE
    return f"{code}{int.from_bytes(digest[:12]) % 10**digits:0{digits}}"
