"""What secrets look like: `<kind>_<program id>_<43 characters>`, the last part 256 random bits.

The programme stands in the secret, so that the look-up already names the tenant. `kp` is a till's key, `in` an
invitation's token.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from typing import Literal

# Eighteen digits always fit a bigint.
_KEY = re.compile(r"(kp|in)_([0-9]{1,18})_[A-Za-z0-9_-]{43}")

Kind = Literal["kp", "in"]


def new_key(program_id: int, kind: Kind = "kp") -> str:
    return f"{kind}_{program_id}_{secrets.token_urlsafe(32)}"


def program_of(key: str, kind: Kind = "kp") -> int | None:
    """The programme that the key says it belongs to; None when it is no key of this kind at all."""
    match = _KEY.fullmatch(key)
    return int(match[2]) if match and match[1] == kind else None


def digest_of(key: str) -> bytes:
    """SHA-256 of the whole key, 32 bytes: what the database keeps."""
    return hashlib.sha256(key.encode()).digest()
