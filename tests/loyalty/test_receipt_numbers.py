"""A receipt number is used once a day by a till, whatever key it comes with."""

from __future__ import annotations

import pytest

from loyalty.models import Sale
from loyalty.refusals import Refused
from tests.loyalty.shop import ONE_PER_ONE, TillStory


def test_the_same_receipt_with_another_key_is_the_same_sale(story: TillStory) -> None:
    story.publish(ONE_PER_ONE)
    anna = story.join()
    first = story.sell(anna, "100", receipt="000123", key="one")
    # The till retries without a time of its own, so it says another «now».
    story.later(minutes=3)
    again = story.sell(anna, "100", receipt="000123", key="two")
    assert again.id == first.id
    assert story.standing(anna).balance == 100
    assert Sale.objects.count() == 1


def test_another_receipt_with_the_same_number_is_refused(story: TillStory) -> None:
    story.publish(ONE_PER_ONE)
    anna = story.join()
    story.sell(anna, "100", receipt="000123")
    with pytest.raises(Refused, match="receipt_exists"):
        story.sell(anna, "101", receipt="000123")
    assert story.standing(anna).balance == 100


def test_the_next_day_begins_anew(story: TillStory) -> None:
    story.publish(ONE_PER_ONE)
    anna = story.join()
    story.sell(anna, "100", receipt="000123")
    story.later(days=1)
    story.sell(anna, "50", receipt="000123")
    assert story.standing(anna).balance == 150
