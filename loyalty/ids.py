"""Public ids that grow with time, so that ten million of them keep an index compact (UUID version 7, RFC 9562)."""

from __future__ import annotations

import datetime as dt
import secrets
import uuid


def uuid7(now: dt.datetime) -> uuid.UUID:
    milliseconds = int(now.timestamp() * 1000)
    noise = secrets.randbits(74)
    high, low = noise >> 62, noise & ((1 << 62) - 1)
    return uuid.UUID(int=(milliseconds << 80) | (7 << 76) | (high << 64) | (2 << 62) | low)
