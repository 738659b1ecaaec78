"""What a till key looks like: `kp_<program id>_<43 characters>`, the last part 256 random bits.

The programme stands in the key, so that the look-up already names the tenant.
"""

from __future__ import annotations

import hashlib
import re
import secrets

# Eighteen digits always fit a bigint.
_KEY = re.compile(r"kp_([0-9]{1,18})_[A-Za-z0-9_-]{43}")


def new_key(program_id: int) -> str:
    return f"kp_{program_id}_{secrets.token_urlsafe(32)}"


def program_of(key: str) -> int | None:
    """The programme that the key says it belongs to; None when it is no key of ours at all."""
    match = _KEY.fullmatch(key)
    return int(match[1]) if match else None


def digest_of(key: str) -> bytes:
    """SHA-256 of the whole key, 32 bytes: what the database keeps."""
    return hashlib.sha256(key.encode()).digest()
