"""The pages of campaigns: taken ready, written down, looked at before, started, paused, put away; the log of turns."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.test import Client as Browser
from django.urls import reverse

from campaigns.models import Campaign, CampaignSettings, CampaignTurn
from campaigns.plan import Limits, read
from campaigns.running import scanning
from campaigns.triggers import TRIGGERS
from campaigns.triggers.calendar import Birthday, ByHand
from clients.models import Segment
from clients.segments import keeping
from clients.segments.definition import Definition
from merchants.access import tenant
from merchants.models import AuditRecord
from tests.campaigns.shop import NOW, Stage
from tests.cast import Cast


@pytest.fixture
def stage(cast: Cast) -> Iterator[Stage]:
    with time_machine.travel(NOW, tick=False), tenant(cast.pryanik.program.pk):
        yield Stage(cast.pryanik)


@pytest.fixture
def egor(cast: Cast, stage: Stage) -> Browser:
    browser = Browser()
    browser.force_login(cast.pryanik.owner)
    return browser


def url(stage: Stage, name: str, *args: object) -> str:
    return reverse(name, args=[stage.shop.merchant.pk, *args])


def text(response: Any) -> str:
    return str(response.content.decode()).replace("\u00a0", " ")


def test_a_ready_one_is_a_draft_that_can_be_started(stage: Stage, egor: Browser) -> None:
    anna = stage.join("Анна", "1990-03-15")
    stage.join("Борис", "1990-04-20")
    page = text(egor.get(url(stage, "campaigns")))
    assert "Начните с готовой" in page
    edit = text(egor.post(url(stage, "campaigns"), {"ready": "birthday"}, follow=True))
    assert "Подарок на день рождения" in edit
    campaign = Campaign.objects.get()
    assert campaign.state == "draft"
    dry = text(egor.get(url(stage, "campaign_dry_run", campaign.pk)))
    # Three days before: today it is Anna’s turn.
    assert "В ближайшие 30 дней" in dry
    assert "1 клиент" in dry
    assert "300 баллов" in dry
    assert CampaignTurn.objects.count() == 0
    asked = text(egor.get(url(stage, "campaign_start", campaign.pk)))
    assert "Запустить кампанию?" in asked
    assert "нет бюджета: 1 клиент × 300 баллов — это 300 баллов за 30 дней" in asked
    started = text(egor.post(url(stage, "campaign_start", campaign.pk), follow=True))
    assert "Кампания работает" in started
    read_plan = read(campaign.plan)
    stage.beat()
    page = text(egor.get(url(stage, "campaign", campaign.pk)))
    found = CampaignTurn.objects.get(account=anna)
    assert found.state in ("done", "held_out")
    assert "Анна" in page
    assert read_plan.order.holdout == 10
    listed = text(egor.get(url(stage, "campaigns")))
    assert "работает" in listed


def form_of(campaign: Campaign, **more: str) -> dict[str, Any]:
    return {
        "name": "С днём рождения",
        "audience": "",
        "revision": str(campaign.revision),
        "kind": "birthday",
        "sent-trigger-birthday": "yes",
        "trigger-birthday-before": "2",
        "trigger-birthday-after": "0",
        "step": ["0-points", "1-tag"],
        "sent-step-0-points": "yes",
        "step-0-points-points": "150",
        "step-0-points-days": "14",
        "sent-step-1-tag": "yes",
        "step-1-tag-tag": "именинник",
        "when-1-tag-after_days": "1",
        "timing-hour": "11:30",
        "timing-quiet_from": "21:00",
        "timing-quiet_to": "09:00",
        "timing-ends": "",
        "timing-late_days": "3",
        "limits-per_year": "1",
        "limits-points": "10 000",
        "order-priority": "7",
        "order-when_busy": "wait",
        "order-holdout": "10",
        **more,
    }


def test_the_editor_writes_what_was_typed(stage: Stage, egor: Browser) -> None:
    campaign = stage.campaign(Birthday(), start=False)
    segment = keeping.make(merchant=stage.shop.merchant, name="Все", definition=Definition(), now=stage.now, by="test")
    edit = url(stage, "campaign_edit", campaign.pk)
    kept = egor.post(edit, form_of(campaign, audience=str(segment.pk)), follow=True)
    assert "Кампания сохранена" in text(kept)
    campaign.refresh_from_db()
    plan = read(campaign.plan)
    assert plan.trigger == Birthday(before=2)
    assert campaign.audience == segment
    assert (plan.limits.per_year, plan.limits.points, plan.order.priority) == (1, 10000, 7)
    assert [type(step.do).__name__ for step in plan.steps] == ["GivePoints", "AddTag"]
    assert (plan.steps[1].after_days, f"{plan.timing.hour:%H:%M}") == (1, "11:30")
    shown = text(egor.get(url(stage, "campaign", campaign.pk)))
    assert "за 2 дня до дня рождения" in shown
    assert "начислить 150 баллов" in shown
    assert "через 1 день: добавить метку «именинник»" in shown.lower()


def test_what_is_wrong_stands_beside_its_field(stage: Stage, egor: Browser) -> None:
    campaign = stage.campaign(Birthday(), start=False)
    edit = url(stage, "campaign_edit", campaign.pk)
    both = {"trigger-birthday-before": "2", "trigger-birthday-after": "3"}
    # A draft may be unfinished, but not looked at or started.
    assert "Кампания сохранена" in text(egor.post(edit, form_of(campaign, **both), follow=True))
    campaign.refresh_from_db()
    looked = text(egor.post(edit, form_of(campaign, **both, do="look")))
    assert "Либо до, либо после" in looked
    assert "не запустить" in text(egor.post(url(stage, "campaign_start", campaign.pk), follow=True))
    bad = text(egor.post(edit, form_of(campaign, **{"order-holdout": "много"})))
    assert "Напишите число" in bad
    stale = text(egor.post(edit, form_of(campaign, revision="1")))
    assert "Кто-то уже изменил" in stale
    assert 'name="revision" value="1"' in stale
    too_many = form_of(campaign, revision="²", do="look", **{"step-0-points-points": "99 000 000"})
    odd = text(egor.post(edit, too_many))
    assert "вне допустимых границ" in odd


def test_another_occasion_and_more_steps_without_losing_what_was_typed(stage: Stage, egor: Browser) -> None:
    campaign = stage.campaign(Birthday(), start=False)
    edit = url(stage, "campaign_edit", campaign.pk)
    page = text(egor.post(edit, form_of(campaign, do="kind:absent")))
    assert 'name="trigger-absent-days"' in page
    assert 'value="именинник"' in page
    page = text(egor.post(edit, form_of(campaign, do="add:certificate")))
    assert 'name="step-2-certificate-amount"' in page
    page = text(egor.post(edit, form_of(campaign, do="remove:1-tag")))
    assert "именинник" not in page
    campaign.refresh_from_db()
    assert campaign.revision == 1


@pytest.mark.parametrize("kind", [str(one.__struct_config__.tag) for one in TRIGGERS])
def test_each_occasion_has_its_pages(stage: Stage, egor: Browser, kind: str) -> None:
    assert egor.get(url(stage, "campaign_new")).status_code == 200
    edit = text(egor.post(url(stage, "campaign_new"), {"kind": kind}, follow=True))
    campaign = Campaign.objects.get()
    assert campaign.name in edit
    for name in ("campaign", "campaign_dry_run"):
        assert egor.get(url(stage, name, campaign.pk)).status_code == 200


def test_paused_continued_put_away_and_in_the_log(stage: Stage, egor: Browser) -> None:
    stage.join("Анна", "1990-03-12")
    campaign = stage.campaign(Birthday(), limits=Limits(clients=5))
    do = url(stage, "campaign_do", campaign.pk)
    assert "приостановлена" in text(egor.post(do, {"do": "pause"}, follow=True))
    assert "уже изменилась" in text(egor.post(do, {"do": "pause"}, follow=True))
    assert "продолжается" in text(egor.post(do, {"do": "go_on"}, follow=True))
    stage.beat()
    archive = url(stage, "campaign_archive", campaign.pk)
    assert "останавливается навсегда" in text(egor.get(archive))
    egor.post(archive)
    assert "Подарок</a>" not in text(egor.get(url(stage, "campaigns")))
    assert "Подарок" in text(egor.get(url(stage, "campaigns") + "?archive=1"))
    acts = list(AuditRecord.objects.filter(object_type="campaign").values_list("action", flat=True))
    assert acts == [f"campaign.{verb}" for verb in ("made", "started", "paused", "continued", "archived")]
    log = text(egor.get(reverse("audit_log", args=[stage.shop.merchant.pk])))
    assert "Кампания приостановлена" in log


def test_the_button_is_pressed_once_for_each_page(stage: Stage, egor: Browser) -> None:
    stage.join("Анна")
    campaign = stage.campaign(ByHand())
    fire = url(stage, "campaign_fire", campaign.pk)
    key = re.search(r'name="key" value="(\w+)"', text(egor.get(fire)))
    assert key
    egor.post(fire, {"key": "\0"})
    assert CampaignTurn.objects.count() == 0
    for _press in range(2):
        egor.post(fire, {"key": key[1]})
    shown = url(stage, "campaign", campaign.pk)
    assert "Идёт: составляется список" in text(egor.get(shown))
    scanning.scan_due(now=stage.now)
    assert CampaignTurn.objects.count() == 1
    assert "Идёт: ждут" in text(egor.get(shown))
    stage.beat()
    assert "Идёт" not in text(egor.get(shown))


def test_rules_for_all_campaigns(stage: Stage, egor: Browser) -> None:
    egor.post(url(stage, "campaign_rules"), {"daily_cap": "2", "holdout": "5"})
    rules = CampaignSettings.objects.get()
    assert (rules.daily_cap, rules.holdout) == (2, 5)


def test_a_segment_that_a_campaign_uses_stays(stage: Stage, egor: Browser) -> None:
    segment = keeping.make(merchant=stage.shop.merchant, name="Все", definition=Definition(), now=stage.now, by="test")
    stage.campaign(Birthday(), audience=segment)
    page = egor.post(url(stage, "segment_delete", segment.pk), follow=True)
    assert "кампани" in text(page)
    assert Segment.objects.filter(pk=segment.pk).exists()


def test_a_list_asks_no_more_for_more(stage: Stage, egor: Browser, django_assert_max_num_queries: Any) -> None:
    campaign = stage.campaign(Birthday())
    for n in range(12):
        stage.join(f"{n}", "1990-03-12")
        stage.campaign(Birthday(), name=f"{n}", start=False)
    stage.beat()
    with django_assert_max_num_queries(22):
        egor.get(url(stage, "campaigns"))
    with django_assert_max_num_queries(22):
        egor.get(url(stage, "campaign", campaign.pk))
