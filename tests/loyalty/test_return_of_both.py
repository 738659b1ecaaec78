"""A sale that both spent and earned comes back when what it earned has been spent elsewhere."""

from __future__ import annotations

from decimal import Decimal

import pytest

from loyalty.models import Lot
from tests.loyalty.shop import ONE_PER_ONE, TillStory


@pytest.mark.parametrize(("debt", "after", "forgiven"), [("allow", -50, 0), ("clamp", 0, 50)])
def test_points_that_come_back_pay_for_those_that_are_taken(
    story: TillStory, debt: str, after: int, forgiven: int
) -> None:
    story.publish({"rules": [], "points": {"debt": debt}})
    account = story.join()
    story.give(account, "50")
    story.publish({**ONE_PER_ONE, "points": {"debt": debt}})
    both = story.sell(account, "150.00", points="50")
    story.publish({"rules": [], "points": {"debt": debt}})
    story.sell(account, "200.00", points="100")
    assert story.standing(account).balance == 0

    back = story.void(both)
    assert (back.points_back, back.earned_taken, back.earned_forgiven) == (50, 100 - forgiven, forgiven)
    assert story.standing(account).balance == after
    account.refresh_from_db()
    assert (account.points, account.debt) == (Decimal(0), Decimal(-after))


def test_what_comes_back_and_is_more_stays(story: TillStory) -> None:
    story.publish({"rules": []})
    account = story.join()
    story.give(account, "90")
    story.publish(ONE_PER_ONE)
    both = story.sell(account, "100.00", points="60")
    story.publish({"rules": []})
    story.sell(account, "200.00", points="70")
    assert both.points_earned == 40

    story.void(both)
    account.refresh_from_db()
    assert (account.points, account.debt) == (Decimal(20), Decimal(0))
    assert Lot.objects.filter(account=account, rest__gt=0).values_list("rest", flat=True)[0] == 20


def test_points_that_a_hold_keeps_are_left_to_it_while_others_come_back(story: TillStory) -> None:
    story.publish({"rules": []})
    account = story.join()
    story.give(account, "90")
    story.publish(ONE_PER_ONE)
    both = story.sell(account, "100.00", points="60")
    story.publish({"rules": []})
    held = story.hold(account, "200.00", points="70")

    story.void(both)
    assert story.standing(account).held == 70
    story.commit(held)
    assert story.standing(account).balance == 20
