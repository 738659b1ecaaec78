"""The page where what clients did is decided."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.test import Client as Browser
from django.urls import reverse
from django.utils import timezone

from clients.enrolment import enrol
from loyalty import activities, programs
from loyalty.models import Account, Activity
from merchants.access import tenant
from tests.cast import Cast
from tests.loyalty.conftest import NOON
from tests.loyalty.shop import TillStory

REVIEW: dict[str, Any] = {
    "id": "review",
    "title": "За отзыв",
    "effect": {"kind": "activity", "action": "review", "points": "50", "approval": True},
}


@pytest.fixture
def story(cast: Cast) -> Iterator[TillStory]:
    with tenant(cast.zerno.program.pk):
        yield TillStory(cast.zerno, NOON)


@pytest.fixture
def anna(story: TillStory) -> Account:
    return enrol(
        program_id=story.program_id,
        merchant_id=story.caller.merchant_id,
        phone="+79161234567",
        name="Анна",
        source="test",
        now=story.now,
    ).account


@pytest.fixture
def vera(cast: Cast) -> Browser:
    """The operator's browser."""
    browser = Browser()
    browser.force_login(cast.zerno.operator)
    return browser


def page(cast: Cast, name: str = "activities", *args: object) -> str:
    return reverse(name, args=[cast.zerno.merchant.pk, *args])


def reported(story: TillStory, account: Account, reference: str = "r-1") -> Activity:
    return activities.record(
        program_id=story.program_id,
        merchant_id=story.caller.merchant_id,
        account=account,
        action="review",
        reference=reference,
        now=story.now,
        actor="test",
    )


def text(browser: Browser, address: str) -> str:
    return browser.get(address).content.decode()


def test_the_menu_leads_there_only_where_rules_know_actions(
    cast: Cast, story: TillStory, anna: Account, vera: Browser
) -> None:
    clients = reverse("clients", args=[cast.zerno.merchant.pk])
    story.publish({"rules": []})
    assert "Действия клиентов" not in text(vera, clients)
    story.publish({"rules": [REVIEW]})
    assert "Действия клиентов" in text(vera, clients)
    assert "Пока ничего нет" in text(vera, page(cast))


def test_rules_that_wait_for_their_time_lead_nowhere(cast: Cast, story: TillStory, vera: Browser) -> None:
    clients, now = reverse("clients", args=[cast.zerno.merchant.pk]), timezone.now()
    at = now + dt.timedelta(hours=1)
    rules = {"rules": [REVIEW]}
    programs.publish(program=cast.zerno.program, document=rules, now=now, by="test", starts_at=at)
    assert "Действия клиентов" not in text(vera, clients)
    with time_machine.travel(at, tick=False):
        assert "Действия клиентов" in text(vera, clients)


def test_points_are_given_after_the_numbers_and_once(
    cast: Cast, story: TillStory, anna: Account, vera: Browser
) -> None:
    story.publish({"rules": [REVIEW]})
    one = reported(story, anna)
    listed = text(vera, page(cast))
    assert "Ждут решения" in listed
    assert "Анна" in listed
    assert "r-1" in listed
    approve = page(cast, "activity_approve", one.public_id)
    asked = text(vera, approve)
    assert "Начислить баллы?" in asked
    assert "+50" in asked
    assert story.standing(anna).balance == 0
    vera.post(approve)
    assert story.standing(anna).balance == 50
    answer = vera.post(approve, follow=True).content.decode()
    assert "уже принято решение" in answer
    assert story.standing(anna).balance == 50
    assert "Ждут решения" not in text(vera, page(cast))


def test_a_refusal_needs_a_reason(cast: Cast, story: TillStory, anna: Account, vera: Browser) -> None:
    story.publish({"rules": [REVIEW]})
    one = reported(story, anna)
    refuse = page(cast, "activity_refuse", one.public_id)
    vera.post(refuse, {"reason": ""})
    assert Activity.objects.get().status == "waiting"
    vera.post(refuse, {"reason": "Отзыв не о нас"})
    assert Activity.objects.get().status == "refused"
    assert "Отзыв не о нас" in text(vera, page(cast))
    assert story.standing(anna).balance == 0


def test_the_list_costs_the_same_however_long(
    cast: Cast, story: TillStory, anna: Account, vera: Browser, django_assert_max_num_queries: Any
) -> None:
    story.publish({"rules": [REVIEW]})
    for n in range(12):
        one = reported(story, anna, f"r-{n}")
        if n % 2:
            activities.approve(activity=one, now=story.now, by="test")
    with django_assert_max_num_queries(9):
        text(vera, page(cast))
