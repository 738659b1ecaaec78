"""All campaigns together: who is held out of all of them against all others, since that share was set."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal as D

import pytest
from django.test import Client

from campaigns import holdout
from campaigns.models import CampaignSettings
from campaigns.running import changing
from insights import holdout_results
from loyalty.models import Account
from merchants.access import tenant
from tests.cast import Cast
from tests.loyalty.shop import ONE_PER_ONE, TillStory

NOON = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)
SHARE = D(40)


@pytest.fixture
def story(cast: Cast) -> TillStory:
    story = TillStory(cast.zerno, NOON)
    with tenant(story.program_id):
        story.publish(ONE_PER_ONE)
    return story


def set_share(story: TillStory, share: D) -> bool:
    rules = CampaignSettings(daily_cap=1, holdout=share)
    return changing.set_rules(merchant=story.shop.merchant, rules=rules, now=story.now, by="test")


def is_out(account: Account) -> bool:
    return holdout.is_held_out(holdout.salt_of_program(account.program_id), account.pk, SHARE)


def test_money_since_then_zeros_included(story: TillStory) -> None:
    with tenant(story.program_id):
        early = [story.join(f"+79161234{n:03}") for n in range(20)]
        story.sell(early[0], "999")  # before
        story.later(days=1)
        assert set_share(story, SHARE)
        story.later(days=1)
        late = story.join("+79169999999")
        for one in (*early, late):
            story.sell(one, "100" if is_out(one) else "130", at=story.now)
        story.later(days=10)
        story.sell(late, "7")
        settings = holdout_results.settings_of(story.shop.merchant)
        assert settings is not None
        found = holdout_results.measure(settings=settings, now=story.now + dt.timedelta(minutes=1))
        people = [*early, late]
        out = sum(map(is_out, people))
        assert 0 < out < len(people)
        extra = {True: D(0), False: D(0)} | {is_out(late): D(7)}
        whole, week = found.window(holdout_results.WHOLE), found.window(7)
        assert (week.control.clients, week.control.total) == (out, 100 * out)
        assert (week.treated.clients, week.treated.total) == (21 - out, 130 * (21 - out))
        assert (whole.control.total, whole.treated.total) == (
            100 * out + extra[True],
            130 * (21 - out) + extra[False],
        )
        assert (found.held_out, found.treated) == (out, 21 - out)


def test_another_share_begins_anew(story: TillStory) -> None:
    def due() -> int:
        return holdout_results.measure_due(clock=lambda: story.now)

    assert due() == 0
    with tenant(story.program_id):
        set_share(story, D(10))
    assert [due(), due()] == [1, 0]
    story.later(hours=6)
    assert due() == 1
    with tenant(story.program_id):
        assert not set_share(story, D(10))
        since = CampaignSettings.objects.get().holdout_since
        story.later(hours=1)
        assert set_share(story, D(20))
        assert CampaignSettings.objects.get().holdout_since == story.now != since
        settings = holdout_results.settings_of(story.shop.merchant)
        assert settings is not None
        assert holdout_results.of(settings) is None
    assert due() == 1
    with tenant(story.program_id):
        assert not set_share(story, D(0))
        assert holdout_results.settings_of(story.shop.merchant) is None
    story.later(hours=12)
    assert due() == 0


def test_the_page_says_how_sure_it_is(story: TillStory, client: Client) -> None:
    client.force_login(story.shop.owner)
    home = f"/m/{story.caller.merchant_id}/campaigns/"

    def page(query: str = "") -> str:
        return client.get(f"{home}results/together/{query}").content.decode().replace("\xa0", " ")

    assert "Общей контрольной группы нет" in page()
    kept = client.post(f"{home}rules/", {"daily_cap": "1", "holdout": "40"}, follow=True).content.decode()
    assert "Контрольная группа теперь другая" in kept
    assert "Первые цифры появятся" in page()
    with tenant(story.program_id):
        settings = CampaignSettings.objects.get()
        CampaignSettings.objects.update(holdout_since=NOON)
        settings.refresh_from_db()
        people = [story.join(f"+79161234{n:03}") for n in range(10)]
        holdout_results.measure(settings=settings, now=story.now + dt.timedelta(hours=1))
    assert "Мало данных: в каждой группе нужно хотя бы 30 клиентов" in page()
    with tenant(story.program_id):
        people += [story.join(f"+79161235{n:03}") for n in range(110)]
        for n, one in enumerate(people):
            story.sell(one, str((100 if is_out(one) else 150) + n % 3), at=story.now)
        holdout_results.measure(settings=settings, now=story.now + dt.timedelta(hours=1))
    text = page("?margin=50")
    assert "Кампании работают" in text
    assert "всё время" in text
    assert "Введите число" in page("?margin=lots")
    assert "results/together" in client.get(f"{home}rules/").content.decode()
