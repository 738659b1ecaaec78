"""The rotating code of a client's page: 28 digits, good for a minute and a half, that say «I am here».

It names the row of his one-time code and signs it with the half-minute; the six digits themselves are not in it, so
that whoever has a photograph of it can't type them. A till that has taken it while it was fresh may go on with it for
as long as the six digits live; the newest till that was shown a fresh one is the one that may. For any other, and for
whoever comes with a photograph of it, it stands for nobody. Digits alone, because scanners that type letters type them
as the keyboard is set.
"""

from __future__ import annotations

import datetime as dt
import hmac
import re
from typing import Final

from django.utils.crypto import salted_hmac
from msgspec import structs

from loyalty.cards import CODE_LIVES
from loyalty.models import OneTimeCode
from loyalty.sales.request import Who

STEP: Final = dt.timedelta(seconds=30)
# Of these half-minutes, the one under way included: 90 to 120 seconds.
FRESH_STEPS: Final = 4
DIGITS: Final = 28
_ROW: Final = 10
_TOKEN: Final = re.compile(rf"[0-9]{{{DIGITS}}}")
_STEPS: Final = CODE_LIVES // STEP + 1


def is_token(text: str) -> bool:
    return _TOKEN.fullmatch(text) is not None


def token_of(code: OneTimeCode, *, now: dt.datetime) -> str:
    """What the page's QR code says at this moment."""
    return _signed(code, _step(now))


def recognised(who: Who, *, program_id: int, till_id: int, now: dt.datetime) -> Who:
    """`who`, or the one-time code that a rotating one names, sent as a code or as a card's number. Of one that is old,
    forged or another till's nothing is left that would find anybody."""
    if who.by not in ("code", "card") or not is_token(who.value):
        return who
    code = _code_of(who.value, program_id=program_id, till_id=till_id, now=now)
    return Who("code", code, sent=who.value) if code else structs.replace(who, by="code")


def _code_of(token: str, *, program_id: int, till_id: int, now: dt.datetime) -> str | None:
    rows = OneTimeCode.objects.filter(program_id=program_id, pk=int(token[:_ROW]), expires_at__gt=now)
    row = rows.first()
    age = _age(token, row, now) if row is not None else None
    if row is None or age is None:
        return None
    if age < FRESH_STEPS:
        # The client stands there, wherever he was looked up before.
        return row.code if rows.filter(code=row.code).update(shown_to=till_id) else None
    return row.code if row.shown_to == till_id else None


def _age(token: str, code: OneTimeCode, now: dt.datetime) -> int | None:
    """In half-minutes; None where nobody here has signed it within the life of a code. A clock that is set back by a
    step does no harm."""
    current = _step(now)
    for age in range(-1, _STEPS):
        if hmac.compare_digest(_signed(code, current - age), token):
            return age
    return None


def _step(now: dt.datetime) -> int:
    return int(now.timestamp() // STEP.total_seconds())


def _signed(code: OneTimeCode, step: int) -> str:
    """The row may be another client's later on: his code is signed, too."""
    said = f"{code.program_id}:{code.pk}:{code.code}:{step}"
    digest = salted_hmac("loyalty.presence", said, algorithm="sha256").digest()
    digits = DIGITS - _ROW
    return f"{code.pk:0{_ROW}}{int.from_bytes(digest[:12]) % 10**digits:0{digits}}"
