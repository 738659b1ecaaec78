"""The long form of test_schema: the boundary values of every field, then chance a thousand times.

The boundary values are made while tests are collected, for seconds: conftest.py collects this only where it is run.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis

from tests.cashier.test_schema import bounded, counter, document, send, shop

__all__ = ["counter", "shop"]

pytestmark = pytest.mark.long
whole = schemathesis.openapi.from_dict(document())


@pytest.mark.django_db(transaction=True)
@whole.parametrize()
@bounded(1000)
def test_no_answer_is_a_surprise_at_length(case: Any, shop: dict[str, str], counter: Iterator[int]) -> None:
    send(case, shop, next(counter))
