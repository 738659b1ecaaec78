from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.cache import cache

from loyalty.wording import forget_words
from merchants.authentication import key_cache
from tests.cashier.till import Till
from tests.cast import Cast

NOON = dt.datetime(2026, 11, 21, 9, 0, tzinfo=dt.UTC)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    return (collection_path.name == "test_schema_at_length.py" and config.option.markexpr == "not long") or None


@pytest.fixture(autouse=True)
def nothing_remembered() -> Iterator[None]:
    yield
    cache.clear()
    key_cache.clear()
    forget_words()


@pytest.fixture
def till(cast: Cast) -> Till:
    """A till of «Зерно» at noon in Moscow on 21 November 2026; no rules are published yet."""
    return Till(cast.zerno, NOON)
