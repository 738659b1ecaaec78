"""What a campaign brought: the money of those whom it reached, beside that of those whom it held out."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal as D

import pytest
from django.test import Client

from campaigns.models import Campaign, CampaignTurn
from insights import campaign_results
from loyalty.models import Account
from merchants.access import tenant
from tests.cast import Cast
from tests.loyalty.shop import ONE_PER_ONE, TillStory

NOON = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)
State = CampaignTurn.State


@pytest.fixture
def story(cast: Cast) -> TillStory:
    story = TillStory(cast.zerno, NOON)
    with tenant(story.program_id):
        story.publish(ONE_PER_ONE)
    return story


@pytest.fixture
def campaign(cast: Cast) -> Campaign:
    with tenant(cast.zerno.program.pk):
        return Campaign.objects.create(
            program=cast.zerno.program,
            merchant=cast.zerno.merchant,
            name="День рождения",
            state=Campaign.State.RUNNING,
            started_at=NOON,
        )


def turn(
    campaign: Campaign, account: Account, state: str, at: dt.datetime, occasion: str = "2026", points: str = "0"
) -> None:
    CampaignTurn.objects.create(
        program_id=campaign.program_id,
        campaign=campaign,
        account=account,
        occasion=occasion,
        state=state,
        at=at,
        points=D(points),
    )


def test_money_after_the_turn_less_returns_zeros_included(story: TillStory, campaign: Campaign) -> None:
    with tenant(story.program_id):
        anna, boris, vera, gleb = (story.join(f"+7916123456{n}") for n in range(4))
        story.sell(anna, "999")  # before her turn
        story.later(hours=1)
        turn(campaign, anna, State.DONE, story.now, points="50")
        turn(campaign, boris, State.DONE, story.now, points="50")
        turn(campaign, vera, State.HELD_OUT, story.now)
        turn(campaign, gleb, State.SKIPPED, story.now)
        story.later(hours=1)
        sold = story.sell(anna, "100", "60")
        story.sell(vera, "70")
        story.sell(gleb, "5000")  # in neither group
        story.give_back(sold, [(1, "1")])
        voided = story.sell(anna, "800")
        story.void(voided)
        story.later(days=6)
        story.sell(anna, "10")
        story.later(days=1)  # outside of the week
        story.sell(anna, "30")
        story.later(hours=1)
        turn(campaign, anna, State.DONE, story.now, occasion="2027", points="50")
        found = campaign_results.measure(campaign=campaign, now=story.now)
        week, month = found.window(7), found.window(30)
        assert (week.treated.clients, week.treated.total, week.treated.squares) == (2, D(110), D(110) ** 2)
        assert (week.control.clients, week.control.total) == (1, D(70))
        assert month.treated.total == D(140)
        assert (found.treated, found.held_out, found.skipped, found.points) == (2, 1, 1, D(150))
        assert found.points_cost == 150  # nobody knows yet which share is redeemed
        assert week.uplift is None  # three clients say nothing
        assert campaign_results.of(campaign) == (found, story.now)


def test_gain_and_return() -> None:
    """100 treated buy for 120, 100 held out for 100: 2,000 more, of which 40 % stay; it cost 500."""
    groups = [campaign_results.Group(100, D(mean * 100), D(mean**2 * 100)) for mean in (120, 100)]
    found = campaign_results.Found(
        treated=100,
        held_out=100,
        skipped=0,
        points=D(400),
        points_cost=D(300),
        redeemed=D("0.75"),
        certificates=D(150),
        messages=50,
        messages_cost=D(50),
        windows=(campaign_results.Window(30, *groups),),
    )
    assert found.cost == 500
    assert found.gain(30, D(40)) == 300
    assert found.returned(30, D(40)) == 60


def test_measured_when_it_is_time(story: TillStory, campaign: Campaign) -> None:
    def due(now: dt.datetime) -> int:
        return campaign_results.measure_due(clock=lambda: now)

    hour = dt.timedelta(hours=1)
    assert [due(NOON), due(NOON + hour / 2), due(NOON + hour)] == [1, 0, 1]
    with tenant(story.program_id):
        Campaign.objects.update(state=Campaign.State.FINISHED, finished_at=NOON + hour)
    assert [due(NOON + 5 * hour), due(NOON + 13 * hour)] == [0, 1]
    assert due(NOON + dt.timedelta(days=93)) == 0


def test_the_page_says_how_sure_it_is(story: TillStory, campaign: Campaign, client: Client) -> None:
    home = f"/m/{campaign.merchant_id}/campaigns/"
    client.force_login(story.shop.owner)

    def page(query: str = "") -> str:
        return client.get(f"{home}{campaign.pk}/results/{query}").content.decode().replace("\xa0", " ")

    assert "Пока ничего не измерено" in page()
    with tenant(story.program_id):
        people = [story.join(f"+79161234{n:03}") for n in range(80)]
        for n, one in enumerate(people[:40]):
            turn(campaign, one, State.DONE, story.now, points="10")
            story.sell(one, str(150 + n % 3), at=story.now + dt.timedelta(seconds=n))
        story.later(hours=1)
        campaign_results.measure(campaign=campaign, now=story.now)
    assert "связано с кампанией, но не её эффект" in page()
    with tenant(story.program_id):
        for one in people[40:60]:
            turn(campaign, one, State.HELD_OUT, NOON)
        campaign_results.measure(campaign=campaign, now=story.now)
    assert "Мало данных: в каждой группе нужно хотя бы 30 клиентов" in page()
    with tenant(story.program_id):
        for one in people[60:]:
            turn(campaign, one, State.HELD_OUT, NOON)
        campaign_results.measure(campaign=campaign, now=story.now)
    text = page("?days=7&margin=50")
    assert "Работает" in text
    assert "+151 ₽ (от +151 ₽ до +151 ₽)" in text
    everywhere = client.get(f"{home}results/?margin=lots").content.decode()
    assert "День рождения" in everywhere
    assert "Введите число" in everywhere
