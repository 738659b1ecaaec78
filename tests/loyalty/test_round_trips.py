"""A sale asks the database four things: BEGIN, open, write, COMMIT. Counted on the wire, by libpq itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.db import connection

from loyalty.sales.request import SaleRequest
from tests.loyalty.shop import ONE_PER_ONE, TillStory

pytestmark = pytest.mark.django_db(transaction=True)


@contextmanager
def wire(file: Path) -> Iterator[Callable[[], int]]:
    """What libpq sends and hears. Each ReadyForQuery ends one round trip; ask when it is over."""
    connection.ensure_connection()
    pgconn = connection.connection.pgconn
    with file.open("w+b") as out:
        pgconn.trace(out.fileno())
        try:
            yield lambda: sum(b"\tReadyForQuery\t" in line for line in file.read_bytes().splitlines())
        finally:
            pgconn.untrace()


@pytest.mark.parametrize("points", [None, "10"], ids=["earning", "spending"])
def test_a_sale_is_four_round_trips(story: TillStory, tmp_path: Path, points: str | None) -> None:
    story.publish(ONE_PER_ONE)
    anna = story.join()
    story.give(anna, "100")

    def request(n: int) -> SaleRequest:
        return story.request(anna, "10", "20", "30", points=points, receipt=f"{n:06}")

    story.sell_raw(request(1))
    last = request(2)
    with wire(tmp_path / "trace") as round_trips:
        story.sell_raw(last)
    assert round_trips() == 4


def test_a_quote_is_one(story: TillStory, tmp_path: Path) -> None:
    from loyalty import sales

    story.publish(ONE_PER_ONE)
    anna = story.join()
    request = story.request(anna, "10", "20", "30")
    sales.quote(caller=story.caller, request=request, now=story.now)
    with wire(tmp_path / "trace") as round_trips:
        sales.quote(caller=story.caller, request=request, now=story.now)
    assert round_trips() == 1
