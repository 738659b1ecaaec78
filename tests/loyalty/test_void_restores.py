"""A void is as if the sale had not been: under any programme, with whatever else the client has bought before."""

from __future__ import annotations

from decimal import Decimal as D
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from loyalty.engine.cart import line
from loyalty.models import Account, BudgetShare, PersonalCoupon, RuleUse
from tests.engine.test_quote_properties import a_rule
from tests.loyalty.checking import books_are_sound
from tests.loyalty.shop import TillStory

QUIET = (HealthCheck.function_scoped_fixture, HealthCheck.too_slow)


@pytest.fixture
def people(story: TillStory) -> tuple[Account, Account]:
    story.publish({})
    anna = story.join()
    return anna, story.join("+79160000001", referrer=anna)


def state(story: TillStory, *accounts: Account) -> dict[str, Any]:
    """All that a sale may change and a void must put back."""
    uses = RuleUse.objects.exclude(given=0, times=0, measure=0).order_by("account", "period", "rule")
    budgets = BudgetShare.objects.exclude(given=0).order_by("budget__rule", "till_id")
    return {
        "standing": [story.standing(account) for account in accounts],
        "uses": list(uses.values_list("account", "period", "rule", "given", "times", "measure")),
        "budgets": list(budgets.values_list("budget__rule", "till_id", "given", "uses")),
        "coupons": list(PersonalCoupon.objects.filter(cancelled_at=None, sale=None).values_list("code", flat=True)),
    }


@settings(max_examples=25, deadline=None, suppress_health_check=QUIET)
@given(
    listed=st.lists(a_rule, min_size=1, max_size=4),
    before=st.lists(st.integers(1, 900), max_size=2),
    prices=st.lists(st.integers(1, 90_000), min_size=1, max_size=3),
    points=st.sampled_from([None, "max"]),
)
def test_a_void_restores_everything(
    story: TillStory,
    people: tuple[Account, Account],
    listed: list[dict[str, Any]],
    before: list[int],
    prices: list[int],
    points: str | None,
) -> None:
    with transaction.atomic():
        numbered = [{"id": f"rule-{n}", "title": f"Rule {n}", **rule} for n, rule in enumerate(listed)]
        story.publish({"rules": numbered, "spending": {"confirm": []}})
        anna, boris = people
        for price in before:
            story.sell(boris, str(price))
        was = state(story, anna, boris)
        lines = [line(price=D(price) / 100, sku=f"s{n}", category="food") for n, price in enumerate(prices)]
        sale = story.sell(boris, *lines, points=points, codes=["NOVEMBER"])
        story.void(sale)
        assert state(story, anna, boris) == was
        books_are_sound(story.program_id, story.now)
        transaction.set_rollback(True)
