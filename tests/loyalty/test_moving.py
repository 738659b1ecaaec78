"""A receipt is given to the client who was forgotten at the till, or to the right one of two."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal as D
from typing import Any

import pytest

from clients.history import history
from loyalty import accounts, hand_limits
from loyalty.audit import audit
from loyalty.engine.cart import line
from loyalty.models import Account, HandLimit, Sale
from loyalty.refusals import Refused
from loyalty.sales.moving import CannotMove, foresee_move, move, move_back, why_not
from loyalty.sales.receipt import Receipt
from loyalty.wording import words_of
from merchants.access import tenant
from merchants.models import AuditRecord, Role
from tests.cast import Cast
from tests.loyalty.shop import ONE_PER_ONE, TillStory, id_of

NOON = dt.datetime(2026, 3, 5, 9, tzinfo=dt.UTC)
TIERS: dict[str, Any] = {
    "tiers": [
        {"id": "bronze", "title": "Бронза", "earn_percent": "5"},
        {"id": "silver", "title": "Серебро", "spent": "1000", "earn_percent": "10", "discount_percent": "10"},
    ],
}


@pytest.fixture
def story(cast: Cast) -> Iterator[TillStory]:
    with tenant(cast.zerno.program.pk):
        story = TillStory(cast.zerno, NOON - dt.timedelta(days=1))
        story.publish(ONE_PER_ONE)
        story.now = NOON
        yield story
        found = [wrong for _check, wrong in audit(program_id=cast.zerno.program.pk, now=story.now)]
        assert [wrong for wrong in found if wrong] == []


def stored(receipt: Receipt) -> Sale:
    return Sale.objects.get(public_id=id_of(receipt))


def given(story: TillStory, receipt: Receipt, to: Account, by: Any = "test") -> Sale:
    moved = move(sale=stored(receipt), to=to, reason="Чек на руках", now=story.now, by=by)
    return Sale.objects.get(public_id=moved.sale_id)


def refused(story: TillStory, receipt: Receipt, to: Account) -> str:
    with pytest.raises(CannotMove) as raised:
        given(story, receipt, to)
    told = why_not(stored(receipt))
    assert (told.why if told else "same") == raised.value.why
    return raised.value.why


def test_a_forgotten_client_gets_what_the_receipt_would_have_given(story: TillStory) -> None:
    anna = story.join()
    forgotten = story.sell(None, "300.00", "55.50", receipt="17")
    story.later(hours=1)
    story.publish({"rules": []})
    story.later(days=3)
    foreseen = foresee_move(sale=stored(forgotten), to=anna, now=story.now, by="test")
    assert foreseen.taker is not None
    assert (foreseen.giver, foreseen.taker.change) == (None, 355)
    assert story.standing(anna).balance == 0  # nothing has happened yet
    new = given(story, forgotten, anna)
    assert story.standing(anna).balance == 355
    assert (new.receipt_number, new.occurred_at, new.to_pay) == ("17/2", forgotten.occurred_at, D("355.50"))
    assert (new.account, new.replaces, new.flags) == (anna, stored(forgotten), ["moved_by_hand"])
    assert stored(forgotten).status == "voided"
    anna.refresh_from_db()
    assert (anna.spent, anna.purchases, anna.visits) == (D("355.50"), 1, 1)
    record = AuditRecord.objects.get(action="sale.attached")
    assert (record.reason, record.details["account_to"]) == ("Чек на руках", anna.pk)


def test_what_one_client_loses_the_other_gets(story: TillStory) -> None:
    anna, boris = story.join(), story.join("+79161234568")
    story.sell(anna, "100.00", receipt="16")
    wrong = story.sell(anna, "400.00", receipt="17")
    story.sell(anna, "450.00", receipt="18", points="450")
    foreseen = foresee_move(sale=stored(wrong), to=boris, now=story.now, by="test")
    assert foreseen.giver is not None
    assert (foreseen.giver.change, foreseen.giver.after.debt) == (-400, 350)
    given(story, wrong, boris)
    assert (story.standing(anna).balance, story.standing(boris).balance) == (-350, 400)
    anna.refresh_from_db()
    boris.refresh_from_db()
    assert (anna.purchases, boris.purchases) == (2, 1)


def test_it_is_told_in_words(story: TillStory) -> None:
    anna, boris = story.join(), story.join("+79161234568")
    given(story, story.sell(anna, "400.00", receipt="17"), boris)
    words = words_of(story.program_id)
    told = [
        history(program_id=story.program_id, account_id=one.pk, words=words, now=story.now)[0].why
        for one in (anna, boris)
    ]
    assert told[0] == "Чек 17 записан на другого клиента: заработанное снято"
    assert told[1].endswith("Чек добавлен позже.")


def test_the_money_of_the_receipt_stays_as_it_was_paid(story: TillStory) -> None:
    story.publish(TIERS)
    anna, boris = story.join(), story.join("+79161234568")
    story.sell(anna, "2000.00")
    story.sell(boris, "2000.00")
    dear = story.sell(None, "100.00", receipt="1")
    cheap = story.sell(anna, "100.00", receipt="2")
    assert (dear.to_pay, cheap.to_pay) == (100, 90)
    assert given(story, dear, boris).to_pay == 100
    assert given(story, cheap, boris).to_pay == 90


def test_what_the_till_said_earns_nothing_earns_nothing_still(story: TillStory) -> None:
    anna = story.join()
    cart = (line(price=D(100), sku="a"), line(price=D(30), sku="b", earn=False))
    assert given(story, story.sell(None, *cart), anna).points_earned == 100


def test_undone_it_is_as_it_was(story: TillStory) -> None:
    anna, boris = story.join(), story.join("+79161234568")
    attached = given(story, story.sell(None, "40.00", receipt="1"), anna)
    moved = given(story, story.sell(anna, "400.00", receipt="2"), boris)
    for sale in (attached, moved):
        move_back(sale=sale, reason="Ошиблись", now=story.now, by="test")
    assert (story.standing(anna).balance, story.standing(boris).balance) == (400, 0)
    assert Sale.objects.filter(status="committed", account=None, receipt_number="1/3").count() == 1
    anna.refresh_from_db()
    assert (anna.spent, anna.purchases) == (400, 1)
    with pytest.raises(CannotMove, match="nothing"):
        move_back(sale=Sale.objects.get(receipt_number="1"), reason="", now=story.now, by="test")


def test_what_was_paid_by_a_clients_own_stays_his(story: TillStory) -> None:
    anna, boris = story.join(), story.join("+79161234568")
    story.give(anna, "500")
    assert refused(story, story.sell(anna, "100.00", points="50"), boris) == "points"
    assert refused(story, story.sell(boris, "100.00"), boris) == "same"
    back = story.sell(anna, "100.00")
    story.give_back(back, amount="10.00")
    assert refused(story, back, boris) == "returned"
    gone = story.sell(anna, "100.00", receipt="9")
    given(story, gone, boris)
    assert refused(story, gone, boris) == "done"


def test_neither_too_late_nor_for_a_blocked_client(story: TillStory) -> None:
    anna, boris = story.join(), story.join("+79161234568")
    old = story.sell(None, "100.00")
    accounts.block(account=boris, reason="", now=story.now, by="test")
    with pytest.raises(Refused, match="client_blocked"):
        given(story, old, boris)
    story.later(days=31)
    with pytest.raises(Refused, match="occurred_at_too_old"):
        given(story, old, anna)
    assert stored(old).status == "committed"


def test_it_counts_as_points_by_hand(story: TillStory, cast: Cast) -> None:
    anna, boris = story.join(), story.join("+79161234568")
    operator = cast.zerno.operator
    limits: dict[str, Any] = dict.fromkeys(hand_limits.FIELDS) | {"add_day": D(500)}
    HandLimit.objects.create(program=cast.zerno.program, merchant=cast.zerno.merchant, role=Role.OPERATOR, **limits)
    first, second = story.sell(None, "400.00", receipt="1"), story.sell(anna, "200.00", receipt="2")
    given(story, first, anna, operator)
    with pytest.raises(Refused, match="adjustment_limit"):
        given(story, second, boris, operator)
    assert (story.standing(anna).balance, story.standing(boris).balance) == (600, 0)
    given(story, second, boris, cast.zerno.owner)
    assert story.standing(boris).balance == 200


CLAMP: dict[str, Any] = ONE_PER_ONE | {"points": {"debt": "clamp"}}


def undone(story: TillStory, sale: Sale, by: Any = "test") -> Sale:
    moved = move_back(sale=sale, reason="Ошиблись", now=story.now, by=by)
    return Sale.objects.get(public_id=moved.sale_id)


def limited(cast: Cast, role: Role, **some: int) -> None:
    limits: dict[str, Any] = dict.fromkeys(hand_limits.FIELDS) | {name: D(value) for name, value in some.items()}
    HandLimit.objects.create(program=cast.zerno.program, merchant=cast.zerno.merchant, role=role, **limits)


def test_points_that_are_spent_are_not_made_anew(story: TillStory, cast: Cast) -> None:
    story.publish(CLAMP)
    anna, boris = story.join(), story.join("+79161234568")
    operator = cast.zerno.operator
    limited(cast, Role.OPERATOR, add_day=400)
    moved = given(story, story.sell(None, "400.00", receipt="1"), anna, operator)
    story.sell(anna, "400.00", points="400")
    for attempt in (
        lambda: undone(story, moved, operator),
        lambda: move(sale=moved, to=boris, reason="", now=story.now, by=cast.zerno.owner),
        lambda: foresee_move(sale=moved, to=boris, now=story.now, by=operator),
    ):
        with pytest.raises(CannotMove, match="spent"):
            attempt()
    assert (story.standing(anna).balance, story.standing(boris).balance) == (0, 0)
    moved.refresh_from_db()
    assert moved.status == "committed"


def test_an_undoing_is_not_undone_and_moving_anew_counts(story: TillStory, cast: Cast) -> None:
    anna, operator = story.join(), cast.zerno.operator
    limited(cast, Role.OPERATOR, add_day=400)
    back = undone(story, given(story, story.sell(None, "400.00", receipt="1"), anna, operator), operator)
    with pytest.raises(CannotMove, match="undone"):
        undone(story, back, cast.zerno.owner)
    with pytest.raises(Refused, match="adjustment_limit"):
        move(sale=back, to=anna, reason="", now=story.now, by=operator)
    again = move(sale=back, to=anna, reason="", now=story.now, by=cast.zerno.owner)
    assert story.standing(anna).balance == 400
    undone(story, Sale.objects.get(public_id=again.sale_id), cast.zerno.owner)
    assert story.standing(anna).balance == 0


def test_undoing_what_somebody_else_moved_counts(story: TillStory, cast: Cast) -> None:
    anna = story.join()
    limited(cast, Role.MANAGER, deduct_day=300)
    limited(cast, Role.OPERATOR, deduct_day=0)
    moved = given(story, story.sell(None, "400.00", receipt="1"), anna, cast.zerno.operator)
    with pytest.raises(Refused, match="adjustment_limit"):
        undone(story, moved, cast.zerno.manager)
    undone(story, moved, cast.zerno.operator)
    assert story.standing(anna).balance == 0


@pytest.mark.parametrize(
    ("limits", "moves"), [({"uses": 1}, False), ({"budget": "10"}, False), ({"times_per_client": 1}, False), ({}, True)]
)
def test_a_discount_that_is_given_so_often_is_not_given_again(
    story: TillStory, limits: dict[str, Any], moves: bool
) -> None:
    code = {
        "id": "code",
        "title": "Скидка по промокоду",
        "effect": {"kind": "discount", "percent": "10"},
        "when": [{"kind": "promo_code", "code": "ВЕСНА"}],
        "limits": limits,
    }
    story.publish({"rules": [*ONE_PER_ONE["rules"], code]})
    anna, boris = story.join(), story.join("+79161234568")
    sold = story.sell(anna, "100.00", codes=["ВЕСНА"])
    assert sold.to_pay == 90
    if moves:
        assert given(story, sold, boris).to_pay == 90
        return
    assert refused(story, sold, boris) == "discount"
    assert story.quote(anna, "100.00", codes=["ВЕСНА"]).to_pay == 100
