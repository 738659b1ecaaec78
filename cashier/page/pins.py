"""PINs as they are tried: five wrong ones in ten minutes, of a cashier or on a phone, and both have to wait."""

from __future__ import annotations

from django.db import transaction

from merchants.cashiers import fits
from merchants.counters import CacheDownError, counters
from merchants.models import Cashier
from merchants.throttling import MINUTE, OwnGuesses

ATTEMPTS = 5
WINDOW = 10 * MINUTE


class TooManyAttempts(Exception):  # noqa: N818  # reads as a sentence where it is caught
    """`seconds` are left to wait."""

    def __init__(self, seconds: int) -> None:
        super().__init__(seconds)
        self.seconds = seconds


@transaction.atomic
def try_pin(*, cashier: Cashier, pin: str, key_id: int) -> bool:
    """Whether the PIN opens the page. Raises TooManyAttempts without having looked at it."""
    # One attempt at a time: those that come together would all find the same count.
    locked = Cashier.objects.select_for_update(no_key=True, of=("self",)).get(pk=cashier.pk)
    names = (("cashier", locked.pk), ("phone", key_id))
    waits = [seconds for count, seconds in (_read(*name) for name in names) if count >= ATTEMPTS]
    if waits:
        raise TooManyAttempts(max(1, *waits))
    if fits(cashier=locked, pin=pin):
        return True
    for name in names:
        _add(*name)
    return False


# Without the shared cache each process counts alone.
_own = {"cashier": OwnGuesses(), "phone": OwnGuesses()}


def _read(kind: str, key: int) -> tuple[int, int]:
    try:
        return counters().read(f"pin:{kind}:{key}")
    except CacheDownError:
        return _own[kind].read(key)


def _add(kind: str, key: int) -> None:
    try:
        counters().add(f"pin:{kind}:{key}", seconds=WINDOW)
    except CacheDownError:
        _own[kind].add(key)
