"""Two accounts of one person become one, and two again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal as D
from functools import partial
from typing import Any

import msgspec
import pytest

from loyalty import accounts, sales
from loyalty.audit import audit
from loyalty.merging import CannotMerge, foresee_merge, foresee_unmerge, merge, undoable, unmerge
from loyalty.models import Account, AccountMerge, Card, Entry, Lot, PersonalCoupon, Sale
from loyalty.sales.request import Answer, Who
from merchants.models import AuditRecord
from tests.cast import Cast
from tests.loyalty.at_once import at_once
from tests.loyalty.shop import ONE_PER_ONE, TillStory, as_json, new_key

TIERS = [
    {"id": "bronze", "title": "Бронза", "earn_percent": "3"},
    {"id": "gold", "title": "Золото", "spent": "700", "earn_percent": "10", "gift": "50"},
]


@pytest.fixture
def shop(story: TillStory) -> Iterator[TillStory]:
    """In the end the books must be right."""
    yield story
    assert [str(found) for _check, found in audit(now=story.now) if found] == []


def two(story: TillStory) -> tuple[Account, Account]:
    return story.join("+79160000001"), story.join("+79160000002")


def put_together(story: TillStory, keep: Account, drop: Account) -> AccountMerge:
    return merge(keep=keep, drop=drop, now=story.now, by="test")


def lots(account: Account) -> list[tuple[Any, ...]]:
    found = Lot.objects.filter(account=account, rest__gt=0).order_by("rule", "rest")
    return list(found.values_list("rule", "rest", "available_at", "expires_at", "sale", "merchant", "created_at"))


# ---------------------------------------------------------------- together


def test_points_go_over_and_get_neither_younger_nor_older(shop: TillStory) -> None:
    shop.publish({**ONE_PER_ONE, "points": {"pending_days": 3, "expiry": {"kind": "days", "days": 30}}})
    keep, drop = two(shop)
    shop.give(drop, "100", until=shop.now + dt.timedelta(days=10))
    shop.sell(drop, "40")
    shop.give(keep, "7")
    theirs, ours = lots(drop), lots(keep)
    shop.later(days=1)
    row = put_together(shop, keep, drop)
    assert sorted(map(str, lots(keep))) == sorted(map(str, ours + theirs))
    assert lots(drop) == []
    stands = shop.standing(keep)
    assert (stands.balance, stands.available, stands.pending) == (147, 107, 40)
    assert [kind for kind, _points in shop.entries(drop)] == ["adjust", "earn", "move", "move"]
    drop.refresh_from_db()
    assert (drop.status, drop.merged_into_id, drop.points, row.moved["points"]) == ("merged", keep.pk, 0, "140.00")


def test_phone_cards_and_id_find_the_one_that_stays(shop: TillStory) -> None:
    shop.publish(ONE_PER_ONE)
    keep, drop = two(shop)
    card, phone, who = shop.card(drop), shop.phone(drop), str(drop.public_id)
    put_together(shop, keep, drop)
    asked = shop.request(keep, "10")
    for found in (Who("card", card), Who("phone", phone), Who("id", who)):
        request = msgspec.structs.replace(asked, client=found)
        assert sales.quote(caller=shop.caller, request=request, now=shop.now).client is not None
        shop.sell_raw(request)
        assert accounts.find(program_id=shop.program_id, who=found, now=shop.now) == keep
    assert shop.standing(keep).balance == 30
    assert Card.objects.filter(account=drop).count() == 0


def test_a_debt_is_paid_by_the_other_ones_points(shop: TillStory) -> None:
    shop.publish(ONE_PER_ONE)
    keep, drop = two(shop)
    for debtor, other in ((drop, keep), (keep, drop)):
        sale = shop.sell(debtor, "100")
        shop.sell(debtor, "100", points="80")
        shop.void(sale)
        assert shop.standing(debtor).balance < 0 or debtor is keep
        del other
    shop.give(keep, "500")
    was = shop.standing(keep).balance + shop.standing(drop).balance
    told = foresee_merge(keep=keep, drop=drop, now=shop.now)
    put_together(shop, keep, drop)
    assert shop.standing(keep).balance == was == told.balance
    assert told.paid == -told.dropped.balance > 0


def test_counters_add_up_and_the_tier_is_looked_at_again(shop: TillStory) -> None:
    shop.publish({"tiers": TIERS})
    keep, drop = two(shop)
    first = shop.sell(drop, "400")
    shop.sell(keep, "350")
    shop.later(days=1)
    shop.sell(keep, "10")
    assert shop.standing(keep).tier == "bronze"
    told = foresee_merge(keep=keep, drop=drop, now=shop.now)
    assert (told.spent, told.purchases) == (760, 3)
    put_together(shop, keep, drop)
    keep.refresh_from_db()
    # Both bought on the first day: it was one visit of one person.
    assert (keep.spent, keep.visits, keep.purchases, keep.tier) == (760, 2, 3, "gold")
    assert keep.first_purchase_at == first.occurred_at
    # A tier that nobody bought gives no gift, and gives none later.
    shop.sell(keep, "10")
    assert "tier_gift:gold" not in Lot.objects.filter(account=keep).values_list("rule", flat=True)


def test_a_return_of_an_old_receipt_goes_to_the_one_that_stays(shop: TillStory) -> None:
    shop.publish(ONE_PER_ONE)
    keep, drop = two(shop)
    shop.give(drop, "50")
    sale = shop.sell(drop, "100", "100", points="50")
    put_together(shop, keep, drop)
    assert shop.standing(keep).balance == 150
    shop.give_back(sale, [(0, "1")])
    assert shop.standing(keep).balance == 100
    shop.void(sale)
    assert shop.standing(keep).balance == 50
    assert shop.standing(drop).balance == 0
    keep.refresh_from_db()
    assert (keep.spent, keep.purchases, keep.visits, keep.first_purchase_at) == (0, 0, 0, None)


def test_what_had_expired_before_is_not_called_for(shop: TillStory) -> None:
    shop.publish({**ONE_PER_ONE, "points": {"expiry": {"kind": "days", "days": 2}}})
    keep, drop = two(shop)
    sale = shop.sell(drop, "100")
    shop.later(days=4)
    shop.sweep()
    shop.give(keep, "500")
    put_together(shop, keep, drop)
    back = shop.void(sale)
    assert (back.earned_taken, back.earned_expired) == (0, 100)
    assert shop.standing(keep).balance == 500


def test_tags_referees_coupons_and_limits_go_along(shop: TillStory) -> None:
    coupon = {"kind": "coupon", "every": "50", "percent": "10", "days": 30}
    base = {**ONE_PER_ONE["rules"][0], "limits": {"per_client": "150"}}
    shop.publish({"rules": [base, {"id": "coupon", "title": "Купон", "effect": coupon}]})
    keep = shop.join("+79160000001", tags=["кофе"])
    drop = shop.join("+79160000002", tags=["чай", "кофе"], birthday=dt.date(1990, 5, 1))
    friend = shop.join("+79160000003", referrer=drop)
    shop.sell(drop, "60")
    row = put_together(shop, keep, drop)
    keep.refresh_from_db()
    friend.refresh_from_db()
    assert (keep.tags, keep.birthday, friend.referrer) == (["кофе", "чай"], dt.date(1990, 5, 1), keep)
    assert PersonalCoupon.objects.filter(account=keep).count() == 1
    # Of the 150 for ever 60 are given.
    assert shop.sell(keep, "200").points_earned == 90
    unmerge(merge=row, now=shop.now, by="test")
    keep.refresh_from_db()
    friend.refresh_from_db()
    assert (keep.tags, keep.birthday, friend.referrer) == (["кофе"], None, drop)
    assert PersonalCoupon.objects.filter(account=drop).count() == 1
    assert shop.sell(keep, "200").points_earned == 60


@pytest.mark.parametrize(
    ("why", "before"),
    [
        ("blocked", lambda s, k, d: accounts.block(account=d, reason="", now=s.now, by="test")),
        ("hold", lambda s, k, d: s.hold(d, "10")),
        ("hold", lambda s, k, d: s.hold(k, "10")),
        ("invited", lambda s, k, d: accounts.name_referrer(account=k, referrer=d, now=s.now, by="test")),
        ("invited", lambda s, k, d: accounts.name_referrer(account=d, referrer=k, now=s.now, by="test")),
        ("merged", lambda s, k, d: merge(keep=s.join("+79160000009"), drop=d, now=s.now, by="test")),
    ],
)
def test_refused(shop: TillStory, why: str, before: Any) -> None:
    shop.publish(ONE_PER_ONE)
    keep, drop = two(shop)
    before(shop, keep, drop)
    for look in (foresee_merge, partial(merge, by="test")):
        with pytest.raises(CannotMerge) as refused:
            look(keep=Account.objects.get(pk=keep.pk), drop=Account.objects.get(pk=drop.pk), now=shop.now)
        assert refused.value.why == why
    with pytest.raises(CannotMerge) as refused:
        merge(keep=keep, drop=keep, now=shop.now, by="test")
    assert refused.value.why == "same"


def test_a_hold_that_has_ended_by_its_time_stops_nobody(shop: TillStory) -> None:
    shop.publish(ONE_PER_ONE)
    keep, drop = two(shop)
    shop.give(drop, "30")
    shop.hold(drop, "30", points="30", minutes=5)
    shop.later(minutes=6)
    put_together(shop, keep, drop)
    assert shop.standing(keep).available == 30


def test_whoever_invited_and_was_merged_is_asked_where_he_lives_now(shop: TillStory) -> None:
    invite = {"id": "invite", "title": "Друг", "effect": {"kind": "referral", "percents": ["10"]}}
    shop.publish({"rules": [invite]})
    keep, drop = two(shop)
    friend = shop.join("+79160000003", referrer=drop)
    sale = shop.sell(friend, "100", "100")
    shop.give_back(sale, [(0, "1")])
    assert shop.standing(drop).balance == 10
    put_together(shop, keep, drop)
    assert shop.sell(friend, "100").client is not None
    assert shop.standing(keep).balance == 20
    shop.void(sale)
    assert (shop.standing(keep).balance, shop.standing(drop).balance) == (10, 0)


# ---------------------------------------------------------------- apart again


def test_undone_at_once_everything_is_as_before(shop: TillStory) -> None:
    shop.publish({**ONE_PER_ONE, "tiers": TIERS})
    keep, drop = two(shop)
    for person in (keep, drop):
        shop.sell(person, "400")
        shop.give(person, "11", until=shop.now + dt.timedelta(days=5))
    fields = [f.name for f in Account._meta.concrete_fields]

    def whole() -> list[Any]:
        rows = Account.objects.filter(pk__in=[keep.pk, drop.pk]).order_by("pk").values(*fields)
        return [
            list(rows),
            lots(keep),
            lots(drop),
            list(Sale.objects.order_by("pk").values("pk", "account", "is_visit")),
        ]

    before = whole()
    row = put_together(shop, keep, drop)
    assert undoable(keep, shop.now) == [row]
    seen = foresee_unmerge(merge=row, now=shop.now)
    assert (seen.moved, seen.back, seen.gone) == (411, 411, 0)
    assert unmerge(merge=row, now=shop.now, by="test") == seen
    assert whole() == before
    assert undoable(keep, shop.now) == []
    with pytest.raises(CannotMerge) as refused:
        unmerge(merge=row, now=shop.now, by="test")
    assert refused.value.why == "done"


def test_points_that_were_spent_do_not_come_back(shop: TillStory) -> None:
    shop.publish(ONE_PER_ONE)
    keep, drop = two(shop)
    shop.give(drop, "100", until=shop.now + dt.timedelta(days=5))
    shop.give(keep, "50")
    row = put_together(shop, keep, drop)
    sale = shop.sell(keep, "200", points="70")
    seen = foresee_unmerge(merge=row, now=shop.now)
    assert (seen.moved, seen.back, seen.gone) == (100, 30, 70)
    # A return gives them back, and then they are the other's again.
    shop.give_back(sale, amount="200")
    assert foresee_unmerge(merge=row, now=shop.now).back == 100
    unmerge(merge=row, now=shop.now, by="test")
    assert (shop.standing(keep).balance, shop.standing(drop).balance) == (50, 100)


def test_a_debt_that_was_paid_stays_paid(shop: TillStory) -> None:
    shop.publish(ONE_PER_ONE)
    keep, drop = two(shop)
    sale = shop.sell(drop, "100")
    shop.sell(drop, "100", points="80")
    shop.void(sale)
    debt = shop.standing(drop).debt
    assert debt > 0
    shop.give(keep, str(debt - 10))
    row = put_together(shop, keep, drop)
    assert shop.standing(keep).debt == 10
    seen = unmerge(merge=row, now=shop.now, by="test")
    assert (seen.debt_moved, seen.debt_back) == (debt, 10)
    assert (shop.standing(keep).balance, shop.standing(drop).balance) == (0, -10)


def test_receipts_go_back_and_can_be_returned(shop: TillStory) -> None:
    shop.publish({**ONE_PER_ONE, "points": {"expiry": {"kind": "days", "days": 3}}})
    keep, drop = two(shop)
    old = shop.sell(drop, "100", "100")
    row = put_together(shop, keep, drop)
    shop.give_back(old, [(0, "1")])
    later = shop.sell(keep, "30")
    unmerge(merge=row, now=shop.now, by="test")
    assert (shop.standing(keep).balance, shop.standing(drop).balance) == (30, 100)
    keep.refresh_from_db()
    drop.refresh_from_db()
    assert (keep.spent, drop.spent, keep.visits, drop.visits) == (30, 100, 1, 1)
    shop.void(old)
    shop.void(later)
    assert (shop.standing(keep).balance, shop.standing(drop).balance) == (0, 0)
    assert (
        shop.sell_raw(msgspec.structs.replace(shop.request(drop, "10"), client=Who("phone", "+79160000002"))).status
        == 201
    )
    assert shop.standing(drop).balance == 10


def test_of_three_the_last_merge_is_undone_first(shop: TillStory) -> None:
    shop.publish(ONE_PER_ONE)
    one, other = two(shop)
    third = shop.join("+79160000003")
    for n, person in enumerate((one, other, third)):
        shop.give(person, str(10 ** (n + 1)))
    first = put_together(shop, other, one)
    second = put_together(shop, third, other)
    assert shop.standing(third).balance == 1110
    with pytest.raises(CannotMerge) as refused:
        unmerge(merge=first, now=shop.now, by="test")
    assert refused.value.why == "merged_on"
    unmerge(merge=second, now=shop.now, by="test")
    assert shop.standing(other).balance == 110
    unmerge(merge=first, now=shop.now, by="test")
    # And the other way round: what had been with the other for a while is not taken for his.
    again = put_together(shop, one, other)
    assert foresee_unmerge(merge=again, now=shop.now).back == 100
    unmerge(merge=again, now=shop.now, by="test")
    assert [shop.standing(person).balance for person in (one, other, third)] == [10, 100, 1000]


def test_not_after_a_month_and_not_during_a_hold(shop: TillStory) -> None:
    shop.publish(ONE_PER_ONE)
    keep, drop = two(shop)
    row = put_together(shop, keep, drop)
    held = shop.hold(keep, "10", minutes=5)
    with pytest.raises(CannotMerge, match="hold"):
        unmerge(merge=row, now=shop.now, by="test")
    shop.void(held)
    shop.later(days=30)
    with pytest.raises(CannotMerge, match="late"):
        unmerge(merge=row, now=shop.now, by="test")
    assert undoable(keep, shop.now) == []


# ---------------------------------------------------------------- at once


@pytest.mark.django_db(transaction=True)
def test_a_merge_among_sales_of_both_loses_no_point(transactional_db: None, cast: Cast, story: TillStory) -> None:
    story.publish(ONE_PER_ONE)
    for trial in range(6):
        keep, drop = story.join(f"+7916000{trial:03}1"), story.join(f"+7916000{trial:03}2")
        if trial % 2:
            keep, drop = drop, keep
        story.give(keep, "100")
        story.give(drop, "100")
        old = story.sell(drop, "50")
        acts: list[Any] = [partial(merge, keep=keep, drop=drop, now=story.now, by="test")]
        acts += [partial(story.sell_raw, story.request(person, "20")) for person in (keep, drop, drop, keep)]
        acts += [partial(story.sell_raw, story.request(person, "10", points="10")) for person in (drop, keep)]
        acts += [partial(story.give_back, old, amount="10")]
        results = at_once(story.program_id, acts)
        assert [str(r) for r in results if isinstance(r, Exception)] == []
        assert story.standing(keep).balance == 100 + 100 + 50 + 4 * 20 - 2 * 10 - 10
        assert story.standing(drop).balance == 0
        row = AccountMerge.objects.get(dropped=drop)
        acts = [partial(unmerge, merge=row, now=story.now, by="test")]
        acts += [partial(sell, story, phone, "20") for phone in phones(keep) * 2]
        acts += [partial(story.give_back, old, amount="10")]
        results = at_once(story.program_id, acts)
        assert [str(r) for r in results if isinstance(r, Exception)] == []
        both = story.standing(keep).balance + story.standing(drop).balance
        assert both == 300 + 4 * 20 - 10
    assert [str(found) for _check, found in audit(now=story.now) if found] == []


def phones(account: Account) -> list[str]:
    return list(Card.objects.filter(account=account, kind=Card.Kind.PHONE).values_list("number", flat=True))


def sell(story: TillStory, phone: str, price: str) -> Answer:
    request = msgspec.structs.replace(story.request(None, price), client=Who("phone", phone))
    return sales.sell(caller=story.caller, request=request, key=new_key("", "x"), now=story.now, render=as_json)


def test_the_audit_log_knows(shop: TillStory) -> None:
    keep, drop = two(shop)
    row = put_together(shop, keep, drop)
    unmerge(merge=row, now=shop.now, by="test")
    found = AuditRecord.objects.filter(action__startswith="account.").order_by("pk").values_list("action", flat=True)
    assert list(found) == ["account.merged", "account.unmerged"]
    assert Entry.objects.filter(kind="move").count() == 0
    assert D(row.moved["points"]) == 0
