from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.core.cache import cache

from clients import limits
from merchants import counters


@pytest.fixture(autouse=True)
def nobody_has_asked() -> Iterator[None]:
    """Every test has its own hour."""
    cache.clear()
    limits.own_counts.seen.clear()
    yield
    counters.counters.cache_clear()
