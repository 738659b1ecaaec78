"""How often a till may call, and how often it may guess.

The general rate keeps one mad till from slowing the others down; it fails open, because a till must sell. The limit
of guesses keeps phones, codes and confirmations from being tried out; without the cache each process counts alone.
"""

from __future__ import annotations

import time

from django.conf import settings
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from merchants.authentication import Caller
from merchants.counters import CacheDownError, counters

MINUTE = 60
GUESSES = 30
GUESS_WINDOW = 10 * MINUTE


class TillThrottle(BaseThrottle):
    """Requests of one key within a minute: TILL_REQUESTS_PER_MINUTE; None turns it off."""

    seconds = 0

    def allow_request(self, request: Request, view: APIView) -> bool:
        limit: int | None = settings.TILL_REQUESTS_PER_MINUTE
        if limit is None or not isinstance(request.auth, Caller):
            return True
        try:
            count, self.seconds = counters().add(f"till:{request.auth.key_id}", seconds=MINUTE)
        except CacheDownError:
            return True
        return count <= limit

    def wait(self) -> float:
        return max(1, self.seconds)


class GuessThrottle(BaseThrottle):
    """For views that take a phone, a card, a code or a confirmation; they call `record_guess` when it was wrong."""

    seconds = 0

    def allow_request(self, request: Request, view: APIView) -> bool:
        if isinstance(request.auth, Caller):
            self.seconds = wait_for_guesses(request.auth)
        return self.seconds == 0

    def wait(self) -> float:
        return max(1, self.seconds)


def wait_for_guesses(caller: Caller) -> int:
    """The seconds until the caller may name clients, codes and confirmations again; 0: he may now."""
    try:
        count, seconds = counters().read(f"guess:{caller.till_id}")
    except CacheDownError:
        count, seconds = own_guesses.read(caller.till_id)
    return max(1, seconds) if count >= GUESSES else 0


def record_guess(caller: Caller) -> None:
    """The caller named a client, a code or a confirmation that does not exist. Never raises."""
    try:
        counters().add(f"guess:{caller.till_id}", seconds=GUESS_WINDOW)
    except CacheDownError:
        own_guesses.add(caller.till_id)


class OwnGuesses:
    """What this process has seen itself: (count, end of the window) by till. As many tills as there are."""

    def __init__(self) -> None:
        self.seen: dict[int, tuple[int, float]] = {}

    def read(self, till_id: int) -> tuple[int, int]:
        count, until = self.seen.get(till_id, (0, 0.0))
        rest = until - time.monotonic()
        return (count, int(rest) + 1) if rest > 0 else (0, 0)

    def add(self, till_id: int) -> None:
        count, _rest = self.read(till_id)
        until = self.seen[till_id][1] if count else time.monotonic() + GUESS_WINDOW
        self.seen[till_id] = (count + 1, until)


own_guesses = OwnGuesses()
