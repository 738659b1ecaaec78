"""Times of tills: ISO 8601 with an offset, and of this millennium."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, TypeAlias

from msgspec import Meta

Moment: TypeAlias = Annotated[
    dt.datetime, Meta(tz=True, description="ISO 8601 with an offset.", examples=["2026-11-21T12:30:00+03:00"])
]


def too_far(moment: dt.datetime) -> bool:
    """A year that no till has seen, and at whose ends arithmetic overflows."""
    return not 2000 <= moment.year < 2200
