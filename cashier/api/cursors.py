"""Cursors of lists: the key of the last row, in a form that nobody is tempted to compute with."""

from __future__ import annotations

import base64
import binascii
from typing import Annotated, TypeAlias

from msgspec import Meta

from cashier.api.input.errors import InvalidBody, Wrong

_KEY_BYTES = 8

Cursor: TypeAlias = Annotated[
    str, Meta(max_length=20, pattern=r"^[A-Za-z0-9_-]*$(?!\n)", description="`next` of the page before.")
]


def cursor_of(key: int) -> str:
    return base64.urlsafe_b64encode(key.to_bytes(_KEY_BYTES, "big")).rstrip(b"=").decode()


def key_of(cursor: str | None) -> int | None:
    """The key behind a cursor of ours; `InvalidBody` for anything else."""
    if not cursor:
        return None
    try:
        raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    except (ValueError, binascii.Error):
        raw = b""
    if len(raw) != _KEY_BYTES or raw[0] >= 0x80:
        raise InvalidBody(Wrong("?cursor", "bad_cursor"))
    return int.from_bytes(raw, "big")
