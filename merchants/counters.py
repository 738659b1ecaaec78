"""Counters on the shared cache that forget after a while: one round trip each."""

from __future__ import annotations

import functools
import math
import time

import redis
import structlog
from django.conf import settings

logger = structlog.get_logger(__name__)

# Adding 0 reads. A key lives for the window that began with its first count.
_COUNT = """
local count = tonumber(redis.call(ARGV[1] == '0' and 'GET' or 'INCR', KEYS[1])) or 0
if count == 1 and ARGV[1] ~= '0' then redis.call('EXPIRE', KEYS[1], ARGV[2]) end
return {count, redis.call('PTTL', KEYS[1])}
"""

# A cache that hangs may cost one request this long, and then nobody asks it for a while.
TIMEOUT_SECONDS = 0.25
PAUSE_SECONDS = 5.0


class CacheDownError(Exception):
    """The counter can't be had now. The caller decides what that means."""


class Counters:
    def __init__(self, url: str, prefix: str) -> None:
        self.prefix = prefix
        self.client = redis.Redis.from_url(
            url, socket_timeout=TIMEOUT_SECONDS, socket_connect_timeout=TIMEOUT_SECONDS, retry=None
        )
        self.script = self.client.register_script(_COUNT)
        self.ask_again_at = 0.0

    def add(self, name: str, *, seconds: int) -> tuple[int, int]:
        """Count one: the count within the window, and the seconds until it ends."""
        return self._run(name, 1, seconds)

    def read(self, name: str) -> tuple[int, int]:
        """The count and the seconds until it ends; (0, 0) where nothing was counted."""
        return self._run(name, 0, 0)

    def _run(self, name: str, amount: int, seconds: int) -> tuple[int, int]:
        if time.monotonic() < self.ask_again_at:
            raise CacheDownError
        try:
            count, rest_ms = self.script(keys=[f"{self.prefix}:{name}"], args=[amount, seconds])
        except redis.RedisError as error:
            self.ask_again_at = time.monotonic() + PAUSE_SECONDS
            logger.warning("cache_down", error=type(error).__name__)
            raise CacheDownError from error
        return int(count), max(0, math.ceil(int(rest_ms) / 1000))


@functools.cache
def counters() -> Counters:
    """This process's connection to the shared cache."""
    cache = settings.CACHES["default"]
    return Counters(str(cache["LOCATION"]), f"{cache.get('KEY_PREFIX', '')}:count")
