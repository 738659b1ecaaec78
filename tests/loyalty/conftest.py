from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest

from merchants.access import tenant
from tests.cast import Cast
from tests.loyalty.shop import TillStory

NOON = dt.datetime(2026, 11, 21, 9, 0, tzinfo=dt.UTC)


@pytest.fixture
def story(cast: Cast) -> Iterator[TillStory]:
    """A till of «Зерно» and a moment to begin at: noon in Moscow on 21 November 2026."""
    with tenant(cast.zerno.program.pk):
        yield TillStory(cast.zerno, NOON)
