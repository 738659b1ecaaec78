"""A receipt that was keyed in wrong is corrected: as if it had been right from the start."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal as D

import msgspec
import pytest

from loyalty.audit import audit
from loyalty.cards import issue_code
from loyalty.models import Account, IdempotencyKey, Sale
from loyalty.refusals import Refused
from loyalty.sales.correcting import correct
from loyalty.sales.moving import move
from loyalty.sales.receipt import Receipt
from loyalty.sales.request import Answer, SaleRequest, Who
from merchants.access import tenant
from merchants.models import AuditRecord, Till
from tests.cast import Cast
from tests.loyalty.at_once import at_once
from tests.loyalty.shop import ONE_PER_ONE, TillStory, as_json, id_of, new_key

NOON = dt.datetime(2026, 3, 5, 9, tzinfo=dt.UTC)
TIERS = {
    **ONE_PER_ONE,
    "tiers": [
        {"id": "bronze", "title": "Бронза", "spent": "0"},
        {"id": "silver", "title": "Серебро", "spent": "1000", "gift": "50"},
    ],
}


@pytest.fixture
def story(cast: Cast) -> TillStory:
    with tenant(cast.zerno.program.pk):
        story = TillStory(cast.zerno, NOON - dt.timedelta(days=1))
        story.publish(ONE_PER_ONE)
        story.now = NOON
        return story


@pytest.fixture(autouse=True)
def inside(cast: Cast):  # type: ignore[no-untyped-def]
    with tenant(cast.zerno.program.pk):
        yield
        found = [wrong for _check, wrong in audit(program_id=cast.zerno.program.pk, now=NOON + dt.timedelta(days=2))]
        assert [wrong for wrong in found if wrong] == []


def corrected_raw(story: TillStory, sale: Receipt | uuid.UUID, request: SaleRequest, key: str = "") -> Answer:
    return correct(
        caller=story.caller,
        sale_id=id_of(sale),
        request=request,
        key=new_key(key, request),
        now=story.now,
        render=as_json,
    )


def corrected(story: TillStory, sale: Receipt, request: SaleRequest, key: str = "") -> Receipt:
    return msgspec.json.decode(corrected_raw(story, sale, request, key).text, type=Receipt)


def stored(receipt: Receipt) -> Sale:
    return Sale.objects.get(public_id=id_of(receipt))


def refused(story: TillStory, sale: Receipt, request: SaleRequest) -> str:
    with pytest.raises(Refused) as raised:
        corrected_raw(story, sale, request)
    return raised.value.code


def test_the_sum_is_put_right(story: TillStory) -> None:
    anna = story.join()
    first = story.sell(anna, "1000.00", receipt="17")
    story.later(minutes=5)
    second = corrected(story, first, story.request(anna, "100.00", receipt="17"))
    assert (second.to_pay, second.points_earned, second.receipt_number) == (D("100.00"), 100, "17/2")
    assert second.occurred_at == first.occurred_at
    assert story.standing(anna).available == 100
    anna.refresh_from_db()
    assert (anna.spent, anna.purchases, anna.visits) == (D("100.00"), 1, 1)
    old, new = stored(first), stored(second)
    assert (old.status, old.receipt_number, new.status, new.replaces) == ("voided", "17", "committed", old)
    assert AuditRecord.objects.filter(action="sale.corrected", object_id=str(old.pk)).count() == 1


def test_a_correction_can_be_corrected_and_a_voided_one_can_not(story: TillStory) -> None:
    first = story.sell(None, "10.00", receipt="17")
    second = corrected(story, first, story.request(None, "20.00", receipt="17"))
    third = corrected(story, second, story.request(None, "30.00", receipt="17/2"))
    assert third.receipt_number == "17/3"
    assert refused(story, first, story.request(None, "40.00", receipt="17")) == "sale_not_sold"
    fourth = corrected(story, third, story.request(None, "40.00", receipt="A-5"))
    assert fourth.receipt_number == "A-5"
    assert corrected(story, fourth, story.request(None, "41.00")).receipt_number == ""


def test_the_number_of_a_correction_may_be_taken(story: TillStory) -> None:
    first = story.sell(None, "10.00", receipt="17")
    story.sell(None, "20.00", receipt="17/2")
    for price in ("20.00", "30.00"):
        assert refused(story, first, story.request(None, price, receipt="17")) == "receipt_exists"
    assert stored(first).status == "committed"


def test_spent_points_come_back_and_are_spent_anew_without_another_code(story: TillStory) -> None:
    anna = story.join()
    story.give(anna, "300")
    code = issue_code(account=anna, now=story.now).code
    asked = msgspec.structs.replace(story.request(anna, "500.00", points="200"), client=Who("code", code))
    first = msgspec.json.decode(story.sell_raw(asked).text, type=Receipt)
    assert story.standing(anna).available == 300 - 200 + 300
    second = corrected(story, first, story.request(anna, "400.00", points="150", by="phone"))
    assert (second.to_pay, second.points_redeemed, second.points_earned) == (D("250.00"), 150, 250)
    assert story.standing(anna).available == 300 - 150 + 250
    why = AuditRecord.objects.get(action="sale.confirmation_overridden").reason
    assert why.startswith("Исправление чека")
    more = story.request(anna, "400.00", points="160", by="phone")
    assert refused(story, second, more) == "confirmation_required"
    assert refused(story, second, story.request(anna, "400.00", points="max", by="phone")) == "confirmation_required"
    assert story.standing(anna).available == 300 - 150 + 250


def test_a_tier_that_the_mistake_had_reached_is_undone(story: TillStory) -> None:
    story.publish(TIERS)
    anna = story.join()
    first = story.sell(anna, "1000.00")
    anna.refresh_from_db()
    assert (anna.tier, story.standing(anna).available) == ("silver", 1050)
    corrected(story, first, story.request(anna, "999.00"))
    anna.refresh_from_db()
    assert (anna.tier, anna.tier_gifts, story.standing(anna).available) == ("bronze", [], 999)


def test_a_forgotten_card_is_attached(story: TillStory) -> None:
    anna = story.join()
    first = story.sell(None, "340.00", receipt="17")
    story.later(minutes=3)
    story.publish({"rules": [{"id": "base", "title": "2", "effect": {"kind": "per_unit", "points": "2"}}]})
    second = corrected(story, first, story.request(anna, "340.00", receipt="17", by="phone"))
    # The rules of the receipt's time, not those of now.
    assert second.points_earned == 340
    assert story.standing(anna).available == 340
    assert stored(second).identified_by == "phone"


def test_too_late_and_elsewhere(story: TillStory, cast: Cast) -> None:
    sale = story.sell(None, "10.00")
    request = story.request(None, "20.00")
    till = Till.objects.create(
        program=cast.zerno.program, merchant=cast.zerno.merchant, outlet=cast.zerno.outlet, name="Касса 2"
    )
    here, story.caller = story.caller, TillStory(cast.zerno, NOON).caller
    story.caller = msgspec.structs.replace(here, till_id=till.pk)
    assert refused(story, sale, request) == "sale_not_found"
    story.caller = TillStory(cast.bakery, NOON).caller
    assert refused(story, sale, request) == "sale_not_found"
    story.caller = here
    story.later(hours=24, minutes=1)
    assert refused(story, sale, request) == "occurred_at_too_old"
    story.now = NOON + dt.timedelta(hours=23)  # tomorrow, and within a day
    assert corrected(story, sale, request).occurred_at == NOON


def test_goods_that_have_come_back_stand_in_the_way(story: TillStory) -> None:
    sale = story.sell(None, "10.00", "20.00")
    story.give_back(sale, [(0, "1")])
    assert refused(story, sale, story.request(None, "20.00")) == "return_exceeds_sale"
    held = story.hold(None, "10.00")
    assert refused(story, held, story.request(None, "20.00")) == "sale_not_sold"


def test_nothing_changes_where_the_new_receipt_is_refused(story: TillStory) -> None:
    anna = story.join()
    sale = story.sell(anna, "100.00")
    wrong = story.request(anna, "50.00", points="10", by="phone", confirmation="0000")
    assert refused(story, sale, wrong) == "confirmation_invalid"
    assert (stored(sale).status, story.standing(anna).available) == ("committed", 100)


def test_the_same_key_gives_the_first_answer(story: TillStory) -> None:
    anna = story.join()
    sale = story.sell(anna, "100.00")
    request = story.request(anna, "50.00")
    first = corrected_raw(story, sale, request, key="again")
    second = corrected_raw(story, sale, request, key="again")
    assert (second.text, second.replayed) == (first.text, True)
    assert Sale.objects.count() == 2
    with pytest.raises(Refused, match="idempotency_key_reused"):
        corrected_raw(story, sale, story.request(anna, "60.00"), key="again")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("known", [True, False])
def test_two_phones_correct_the_same_receipt_at_once(cast: Cast, story: TillStory, known: bool) -> None:
    anna: Account | None = story.join() if known else None
    sale = story.sell(anna, "1000.00", receipt="17")
    requests = [story.request(anna, f"{n}00.00", receipt="17") for n in (1, 2, 3)]
    answers = at_once(
        story.program_id, [lambda request=request: corrected_raw(story, sale, request) for request in requests]
    )
    won = [answer for answer in answers if isinstance(answer, Answer)]
    assert len(won) == 1
    assert {error.code for error in answers if isinstance(error, Refused)} == {"sale_not_sold"}
    assert Sale.objects.filter(status="committed").count() == 1
    if anna is not None:
        receipt = msgspec.json.decode(won[0].text, type=Receipt)
        assert story.standing(anna).available == receipt.points_earned


@pytest.mark.django_db(transaction=True)
def test_the_same_correction_sent_twice_at_once(story: TillStory) -> None:
    anna = story.join()
    sale = story.sell(None, "1000.00")
    code = issue_code(account=anna, now=story.now).code
    request = msgspec.structs.replace(story.request(anna, "100.00"), client=Who("code", code))
    answers = at_once(story.program_id, [lambda: corrected_raw(story, sale, request, key="twice")] * 3)
    assert [type(answer) for answer in answers] == [Answer] * 3
    assert len({answer.text for answer in answers if isinstance(answer, Answer)}) == 1
    assert IdempotencyKey.objects.filter(key="twice").count() == 1


def test_a_receipt_that_was_moved_is_corrected_by_its_old_id(story: TillStory) -> None:
    anna, boris = story.join(), story.join("+79160000002")
    sale = story.sell(anna, "100.00", receipt="17")
    with tenant(story.program_id):
        moved = move(sale=Sale.objects.get(public_id=id_of(sale)), to=boris, reason="", now=story.now, by="test")
    answer = corrected_raw(story, sale, story.request(boris, "250.00", receipt="17"))
    new = Sale.objects.select_related("replaces").get(public_id=answer.sale_id)
    assert new.replaces is not None
    assert (new.replaces.public_id, new.account_id, new.to_pay) == (moved.sale_id, boris.pk, D("250.00"))
    assert (story.standing(anna).balance, story.standing(boris).balance) == (0, 250)
