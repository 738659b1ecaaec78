"""Sixteen tills and one certificate: never more than it holds."""

from __future__ import annotations

from functools import partial

import pytest

from loyalty.certificates import changing
from loyalty.sales.request import Answer
from tests.loyalty.at_once import at_once
from tests.loyalty.certificates.desk import Desk
from tests.loyalty.test_at_once import codes

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def busy(transactional_db: None, desk: Desk) -> Desk:
    return desk


def test_sixteen_tills(busy: Desk) -> None:
    story, one, other = busy.story, busy.issue("100"), busy.issue("50", sold=False)
    requests = [
        story.request(None, "40", paying=[(one.code, "30"), *([(other.code, "10")] if n % 2 else [])])
        for n in range(16)
    ]
    results = at_once(story.program_id, [partial(story.sell_raw, request) for request in requests])
    told = codes(results)
    assert told["201"] == 3
    assert sum(told.values()) == 16
    assert busy.rest(one) == 10


def test_as_much_as_there_is(busy: Desk) -> None:
    story, one = busy.story, busy.issue("100")
    requests = [story.request(None, "30", paying=[(one.code, "max")]) for _ in range(16)]
    results = at_once(story.program_id, [partial(story.sell_raw, request) for request in requests])
    assert codes(results) == {"201": 4, "certificate_refused": 12}
    assert busy.rest(one) == 0


def test_holds_voids_and_a_cancellation(busy: Desk) -> None:
    story = busy.story
    for _ in range(3):
        one = busy.issue("100")
        sales = [story.sell(None, "10", paying=[(one.code, "10")]) for _ in range(4)]
        acts = [
            *(partial(story.void, sale) for sale in sales),
            *(partial(story.hold, None, "50", paying=[(one.code, "50")]) for _ in range(4)),
            partial(changing.cancel, certificate=one, now=story.now, by="test"),
        ]
        codes(at_once(story.program_id, acts))
        assert 0 <= busy.rest(one) <= 100


def test_the_same_request_again(busy: Desk) -> None:
    story, one = busy.story, busy.issue("100")
    request = story.request(None, "40", paying=[(one.code, "40")])
    results = at_once(story.program_id, [partial(story.sell_raw, request, key="one") for _ in range(8)])
    assert {result.text for result in results if isinstance(result, Answer)} == {results[0].text}  # type: ignore[union-attr]
    assert busy.rest(one) == 60
