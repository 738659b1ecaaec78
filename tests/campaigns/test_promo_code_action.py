"""A campaign gives personal promo codes: one for a turn, whatever is run how often; used at the till; in a message."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal as D

import pytest

from campaigns.actions.codes import GivePromoCode
from campaigns.actions.messages import SendMessage
from campaigns.models import Campaign, CampaignTurn, Message, MessageTemplate
from campaigns.plan import Limits, Step
from campaigns.running import working
from campaigns.triggers.calendar import Birthday
from clients import coupons
from insights import campaign_results
from loyalty.models import PromoBatch, PromoCode
from loyalty.promo import checking, making
from loyalty.promo.shown import code_shown
from loyalty.wording import words_of
from merchants.access import tenant
from tests.campaigns.shop import Stage
from tests.cast import Cast


@pytest.fixture
def stage(cast: Cast) -> Iterator[Stage]:
    with tenant(cast.pryanik.program.pk):
        yield Stage(cast.pryanik)


TENTH = (Step(do=GivePromoCode(percent=D(10), days=7, prefix="bday")),)


def test_a_code_of_ones_own_good_until_its_day(stage: Stage) -> None:
    anna, boris = stage.join("Анна", "1990-03-12"), stage.join("Борис", "1990-03-12")
    campaign = stage.campaign(Birthday(), name="С днём рождения", steps=TENTH)
    stage.beat()
    stage.beat()
    one, other = PromoCode.objects.order_by("account_id")
    assert (one.account_id, other.account_id) == (anna.pk, boris.pk)
    assert one.code != other.code
    assert one.code.startswith("BDAY")
    # Seven whole days after, to the end of the 19th of March in Moscow.
    assert one.expires_at == dt.datetime(2026, 3, 19, 21, tzinfo=dt.UTC)
    batch = PromoBatch.objects.get()
    assert (batch.name, batch.size, batch.gives, batch.percent) == ("С днём рождения", 2, "percent", 10)

    def shown() -> list[tuple[str, dt.datetime | None]]:
        found = coupons.codes_at_hand(
            program_id=anna.program_id, account_id=anna.pk, now=stage.now, words=words_of(anna.program_id)
        )
        return [(given.code, given.expires_at) for given, _terms in found]

    assert shown() == [(code_shown(batch, one.code), one.expires_at)]
    # Nobody else may use it.
    assert stage.story.sell(boris, "1000", codes=(one.code,)).to_pay == 1000
    assert stage.story.sell(anna, "1000", codes=(one.code,)).to_pay == 900
    assert shown() == []
    found = campaign_results.measure(campaign=campaign, now=stage.now)
    assert (found.codes_cost, found.cost) == (100, 100)
    stage.at("2026-03-20 00:00")
    assert stage.story.sell(boris, "1000", codes=(other.code,)).to_pay == 1000
    merchant = stage.shop.merchant.pk
    late = checking.find(program_id=anna.program_id, merchant_id=merchant, code=other.code, now=stage.now)
    assert late.status == "over"
    assert Campaign.objects.get().treated == 2


def test_a_turn_that_is_done_again_gives_the_same_code(stage: Stage) -> None:
    stage.join("Анна", "1990-03-12")
    campaign = stage.campaign(Birthday(), steps=TENTH)
    stage.beat()
    code = PromoCode.objects.get().code
    # As if the worker had been killed, and its transaction had not been written, but for the code.
    CampaignTurn.objects.update(state="waiting", at=None, due_at=stage.now)
    assert working.work(campaign.pk, now=stage.now) == 1
    assert PromoCode.objects.get().code == code


def test_other_terms_are_another_batch_and_a_stopped_one_gives_nothing(stage: Stage) -> None:
    anna = stage.join("Анна", "1990-03-12")
    steps = (
        Step(do=GivePromoCode(percent=D(10))),
        Step(do=GivePromoCode(amount=D(300), minimum=D(1000))),
        Step(do=GivePromoCode(points=D(50))),
        Step(do=GivePromoCode(sku="COFFEE")),
    )
    campaign = stage.campaign(Birthday(), name="Подарки", steps=steps)
    stage.beat()
    batches = PromoBatch.objects.order_by("pk")
    assert [(one.name, one.gives) for one in batches] == [
        ("Подарки", "percent"),
        ("Подарки 2", "sum"),
        ("Подарки 3", "points"),
        ("Подарки 4", "product"),
    ]
    turn = CampaignTurn.objects.get()
    assert (turn.points, turn.money) == (50, 300)
    assert PromoCode.objects.filter(account=anna).count() == 4
    making.stop(batch=batches[0], now=stage.now, by="test")
    boris = stage.join("Борис", "1991-03-13")
    stage.at("2026-03-13 10:00")
    stage.beat()
    assert PromoCode.objects.filter(account=boris).count() == 3
    assert CampaignTurn.objects.get(campaign=campaign, account=boris).why == "stopped"


def test_a_budget_counts_sums(stage: Stage) -> None:
    for n in range(3):
        stage.join(f"{n}", "1990-03-12")
    stage.campaign(Birthday(), steps=(Step(do=GivePromoCode(amount=D(100))),), limits=Limits(money=D(250)))
    stage.beat()
    assert PromoCode.objects.count() == 2
    assert Campaign.objects.get().state == "finished"


def test_a_message_after_it_names_the_code(stage: Stage) -> None:
    anna = stage.join("Анна", "1990-03-12")
    template = MessageTemplate.objects.create(
        program=stage.shop.program,
        merchant=stage.shop.merchant,
        name="Промокод",
        channels=["email"],
        texts={"email": "{код}: {подарок}, по {дата}"},
        subject="Вам подарок",
    )
    stage.campaign(Birthday(), steps=(*TENTH, Step(do=SendMessage(template=template.pk))))
    stage.beat()
    code = PromoCode.objects.select_related("batch").get(account=anna)
    details = Message.objects.get().details
    assert details["code"] == code_shown(code.batch, code.code)
    assert "10" in details["gift"]
    assert "19" in details["date"]
