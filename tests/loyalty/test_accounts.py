"""Joining, adjusting by hand, status by hand, and who may see whom."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal as D

import msgspec
import pytest
from django_scopes.exceptions import ScopeError

from loyalty import accounts, sales
from loyalty.models import Account, Lot, Sale
from loyalty.refusals import Refused
from loyalty.sales.request import Who
from merchants.access import TenantMismatchError, tenant
from merchants.models import Program
from tests.cast import Cast
from tests.loyalty.checking import books_are_sound
from tests.loyalty.shop import ONE_PER_ONE, TillStory

WELCOME = {"id": "hi", "title": "Привет", "effect": {"kind": "welcome", "points": "100"}}


def test_the_welcome_is_given_on_joining(story: TillStory) -> None:
    points = {"pending_days": 1, "expiry": {"kind": "days", "days": 30}}
    story.publish({"rules": [WELCOME], "points": points})
    anna = story.join()
    assert (story.standing(anna).pending, story.standing(anna).available, anna.points) == (100, 0, 100)
    lot = Lot.objects.get(account=anna)
    assert (lot.rule, lot.expires_at) == ("hi", dt.datetime(2026, 12, 22, 21, 0, tzinfo=dt.UTC))
    assert story.entries(anna) == [("earn", 100)]
    books_are_sound(story.program_id, story.now)


def test_a_client_may_join_before_there_are_rules(story: TillStory) -> None:
    anna = story.join()
    assert (anna.tier, story.standing(anna).balance) == ("", 0)


def test_a_phone_joins_once(story: TillStory) -> None:
    story.publish({})
    anna = story.join()
    with pytest.raises(Refused, match="client_exists") as refused:
        story.join()
    assert refused.value.facts == {"account_id": anna.public_id}
    assert Account.objects.count() == 1


def test_points_by_hand(story: TillStory) -> None:
    story.publish({"points": {"expiry": {"kind": "days", "days": 1}}})
    anna = story.join()
    story.give(anna, "10")
    assert story.standing(anna).next_expiry_at == dt.datetime(2026, 11, 22, 21, 0, tzinfo=dt.UTC)
    story.give(anna, "-4")
    with pytest.raises(Refused, match="insufficient_points") as refused:
        story.give(anna, "-7")
    assert refused.value.facts == {"available": 6}
    for points in ("0", "0.5"):
        with pytest.raises(Refused, match="points_invalid"):
            story.give(anna, points)
    assert story.entries(anna) == [("adjust", 10), ("adjust", -4)]


def test_a_status_by_hand_is_a_floor_until_its_date(story: TillStory) -> None:
    tiers = [
        {"id": "b", "title": "B", "earn_percent": "1"},
        {"id": "s", "title": "S", "spent": "1000", "earn_percent": "5"},
        {"id": "g", "title": "G", "spent": "2000", "earn_percent": "10"},
    ]
    story.publish({"tiers": tiers})
    anna = story.join()
    until = story.now + dt.timedelta(days=7)
    accounts.set_manual_tier(account=anna, tier="s", until=until, reason="VIP", now=story.now, by="test")
    assert story.sell(anna, "100").points_earned == 5
    # Not a ceiling: purchases lift him over it.
    story.sell(anna, "2000")
    assert (story.standing(anna).tier, story.sell(anna, "100").points_earned) == ("g", 10)
    boris = story.join("+79160000002")
    accounts.set_manual_tier(account=boris, tier="g", until=until, reason="VIP", now=story.now, by="test")
    story.now = until
    assert (story.standing(boris).tier, story.sell(boris, "100").points_earned) == ("b", 1)
    with pytest.raises(Refused, match="tier_not_found"):
        accounts.set_manual_tier(account=boris, tier="x", until=None, reason="", now=story.now, by="test")


def test_hundredths_of_points(cast: Cast, story: TillStory) -> None:
    Program.objects.filter(pk=cast.zerno.program.pk).update(precision=2)
    cast.zerno.program.refresh_from_db()
    rules = [{"id": "base", "title": "5 %", "effect": {"kind": "percent", "percent": "5"}}]
    story.publish({"rules": rules, "points": {"rounding": "half_up"}})
    anna = story.join()
    story.give(anna, "10.55")
    sale = story.sell(anna, "100.00", "50.00", "33.33", points="10.55")
    assert (sale.to_pay, sale.points_earned) == (D("172.78"), D("8.64"))
    back = story.give_back(sale, [(1, "1")])
    assert (back.points_back, back.earned_taken) == (D("2.88"), D("2.36"))
    story.void(sale)
    assert story.standing(anna).balance == D("10.55")
    with pytest.raises(Refused, match="points_invalid"):
        story.give(anna, "0.005")


# ---------------------------------------------------------------- nobody sees another programme


def test_another_programmes_sales_clients_and_cards_are_not_found(cast: Cast, story: TillStory) -> None:
    story.publish(ONE_PER_ONE)
    anna = story.join()
    sale = story.sell(anna, "100")
    assert sale.id is not None
    by_card, by_phone, by_id = (story.request(anna, "1", by=by) for by in ("card", "phone", "id"))
    with tenant(cast.pryanik.program.pk):
        stranger = TillStory(cast.pryanik, story.now)
        stranger.publish(ONE_PER_ONE)
        for request in (by_card, by_phone, by_id):
            with pytest.raises(Refused, match="client_not_found"):
                stranger.sell_raw(request)
            with pytest.raises(Refused, match="client_not_found"):
                sales.quote(caller=stranger.caller, request=request, now=stranger.now)
        for act in (stranger.void, stranger.give_back, stranger.commit):
            with pytest.raises(Refused, match="sale_not_found"):
                act(sale.id)
        with pytest.raises(LookupError):
            stranger.standing(anna)
        with pytest.raises(Refused, match="client_not_found"):
            accounts.find(program_id=stranger.program_id, who=Who("id", str(anna.public_id)), now=story.now)
        with pytest.raises(TenantMismatchError):
            accounts.block(account=anna, reason="", now=story.now, by="test")
        with pytest.raises(TenantMismatchError):
            stranger.give(anna, "5")
        # The same phone, key and receipt are other ones there.
        egor = stranger.join()
        assert stranger.sell(egor, "100", key="one", receipt="1").points_earned == 100
    assert story.sell(anna, "50", key="one", receipt="1").points_earned == 50
    assert story.standing(anna).balance == 150


def test_outside_of_a_tenant_nothing_is_seen(cast: Cast) -> None:
    for rows in (Sale, Account, Lot):
        with pytest.raises(ScopeError):
            rows.objects.count()


def test_a_revoked_key_sells_no_more(story: TillStory) -> None:
    from merchants.models import TillKey

    story.publish(ONE_PER_ONE)
    anna = story.join()
    TillKey.objects.filter(pk=story.caller.key_id).update(revoked_at=story.now)
    with pytest.raises(Refused, match="key_revoked"):
        story.sell(anna, "100")


def test_an_id_that_is_none_finds_nobody(story: TillStory) -> None:
    with pytest.raises(Refused, match="client_not_found"):
        accounts.find(program_id=story.program_id, who=Who("id", "42"), now=story.now)


def test_a_key_that_came_with_another_body_is_refused(story: TillStory) -> None:
    story.publish(ONE_PER_ONE)
    anna = story.join()
    first = story.sell_raw(story.request(anna, "10"), key="one")
    with pytest.raises(Refused, match="idempotency_key_reused"):
        story.sell_raw(story.request(anna, "11"), key="one")
    assert msgspec.json.decode(first.text)["points_earned"] == "10"
    assert story.standing(anna).balance == 10


def test_a_sale_that_asks_for_too_few_points_is_told_so(story: TillStory) -> None:
    story.publish({"spending": {"min_points": "100"}})
    anna = story.join()
    story.give(anna, "500")
    with pytest.raises(Refused, match="redemption_limit") as refused:
        story.sell(anna, "1000", points="50")
    assert refused.value.facts == {"allowed": 0, "limit": "min_points"}
