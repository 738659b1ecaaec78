"""How often strangers may ask for what costs money or can be guessed: text messages, codes, whose phone is known.

Counted on the shared cache; without it each process counts alone. Keys are hashed: a cache keeps no phones.
"""

from __future__ import annotations

import time
from typing import Final

from django.utils.crypto import salted_hmac
from msgspec import Struct

from merchants.counters import CacheDownError, counters

MINUTE: Final = 60
HOUR: Final = 60 * MINUTE


class Limit(Struct, frozen=True):
    """`most` times within the window that begins with the first."""

    name: str
    most: int
    seconds: int


# Everybody on the shop's Wi-Fi, or behind one mobile operator's gate, has one address.
FORMS_BY_VISITOR: Final = Limit("join-form", 60, HOUR)
GUESSES_BY_VISITOR: Final = Limit("join-guess", 60, 10 * MINUTE)
SMS_BY_VISITOR: Final = Limit("join-sms-visitor", 30, HOUR)
SMS_BY_PHONE: Final = Limit("join-sms-phone", 5, HOUR)
SMS_BY_PHONE_A_DAY: Final = Limit("join-sms-phone-day", 10, 24 * HOUR)
# What a stranger's script can cost a shop in an hour.
SMS_BY_MERCHANT: Final = Limit("join-sms-merchant", 100, HOUR)
NEW_CODES_BY_CARD: Final = Limit("card-code", 20, HOUR)
# Each takes something out of the stock.
GIFTS_BY_CARD: Final = Limit("card-gift", 20, HOUR)
LINKS_BY_CLIENT: Final = Limit("card-link", 5, HOUR)
# Wrong numbers of cards that a member of the staff has keyed in.
CARDS_BY_MEMBER: Final = Limit("card-bind", 30, 10 * MINUTE)


def use(limit: Limit, key: str) -> int:
    """Count one: 0 where it is within the limit, else the seconds until the window ends. Never raises."""
    name = _name(limit, key)
    try:
        count, seconds = counters().add(name, seconds=limit.seconds)
    except CacheDownError:
        count, seconds = own_counts.add(name, seconds=limit.seconds)
    return 0 if count <= limit.most else max(1, seconds)


def reached(limit: Limit, key: str) -> bool:
    """Whether the next one would be too many; counts nothing. Never raises."""
    name = _name(limit, key)
    try:
        count, _seconds = counters().read(name)
    except CacheDownError:
        count, until = own_counts.seen.get(name, (0, 0.0))
        count = count if until > time.monotonic() else 0
    return count >= limit.most


def _name(limit: Limit, key: str) -> str:
    return f"{limit.name}:{salted_hmac('clients.limits', key, algorithm='sha256').hexdigest()[:32]}"


class OwnCounts:
    """What this process has counted itself: (count, end of the window) by name."""

    LARGEST = 10_000

    def __init__(self) -> None:
        self.seen: dict[str, tuple[int, float]] = {}

    def add(self, name: str, *, seconds: int) -> tuple[int, int]:
        now = time.monotonic()
        if len(self.seen) >= self.LARGEST:
            self.seen = {known: (count, until) for known, (count, until) in self.seen.items() if until > now}
        count, until = self.seen.get(name, (0, 0.0))
        if until <= now:
            count, until = 0, now + seconds
        self.seen[name] = (count + 1, until)
        return count + 1, int(until - now) + 1


own_counts = OwnCounts()
