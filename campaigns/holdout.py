"""Who is held out: clients that a campaign leaves alone, to be compared with those whom it treats.

A client falls to the same side each time: by a hash of what asks and of his account. The same formula stands in SQL
(`sql`) and in Python (`is_held_out`). A percent of the programme is held out of all campaigns, with its own hash, so
that the two are independent.
"""

from __future__ import annotations

import hashlib
from decimal import Decimal
from typing import Any, Final

PARTS: Final = 10_000


def salt_of_campaign(campaign_id: int) -> str:
    return f"campaign:{campaign_id}"


def salt_of_program(program_id: int) -> str:
    return f"program:{program_id}"


def place(salt: str, account_id: int) -> int:
    """Where a client stands, from 0 to 9999."""
    digest = hashlib.md5(f"{salt}:{account_id}".encode(), usedforsecurity=False).hexdigest()
    return int(digest[:8], 16) % PARTS


def is_held_out(salt: str, account_id: int, percent: Decimal) -> bool:
    return place(salt, account_id) < int(percent * 100)


def sql(salt: str, account: str, percent: Decimal) -> tuple[str, tuple[Any, ...]]:
    """The same as a condition; `account` is a column of ours."""
    hashed = f"('x' || left(md5(%s || ':' || {account}), 8))::bit(32)::bigint %% {PARTS}"
    return f"({hashed} < %s)", (salt, int(percent * 100))
