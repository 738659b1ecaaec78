"""Points by hand for clients picked from the list."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal as D

import pytest
from django.test import Client as Browser
from django.urls import reverse
from django.utils import timezone

from clients.enrolment import enrol
from loyalty import hand_limits
from loyalty.models import Account, Entry
from merchants.access import tenant
from merchants.models import Role
from tests.cast import Cast
from tests.loyalty.shop import TillStory

FORM = {"direction": "add", "points": "50", "reason": "gift"}


@pytest.fixture
def story(cast: Cast) -> Iterator[TillStory]:
    with tenant(cast.zerno.program.pk):
        story = TillStory(cast.zerno, timezone.now())
        story.publish({})
        yield story


@pytest.fixture
def three(story: TillStory) -> list[Account]:
    return [
        enrol(
            program_id=story.program_id,
            merchant_id=story.caller.merchant_id,
            phone=f"+791612345{n:02}",
            name=name,
            source="test",
            now=story.now,
        ).account
        for n, name in enumerate(("Анна", "Борис", "Вера"))
    ]


@pytest.fixture
def vera(cast: Cast) -> Browser:
    """The operator's browser."""
    browser = Browser()
    browser.force_login(cast.zerno.operator)
    return browser


def page(cast: Cast, name: str = "adjust_selected") -> str:
    return reverse(name, args=[cast.zerno.merchant.pk])


def sent(cast: Cast, browser: Browser, picked: list[Account], **form: str) -> str:
    data = FORM | form | {"client": [str(one.public_id) for one in picked]}
    return browser.post(page(cast), data, follow=True).content.decode().replace("\u00a0", " ")


def confirm(cast: Cast, browser: Browser, picked: list[Account], shown: str) -> str:
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)"(?: value="([^"]*)")?', shown))
    del hidden["client"]
    return sent(cast, browser, picked, **hidden, confirmed="yes")


def test_from_the_list_to_the_books(cast: Cast, story: TillStory, three: list[Account], vera: Browser) -> None:
    listed = vera.get(page(cast, "clients")).content.decode()
    assert "Баллы вручную выбранным" in listed
    assert f'value="{three[0].public_id}"' in listed
    story.give(three[0], "5")
    form = vera.get(page(cast), {"client": [str(one.public_id) for one in three[:2]]}).content.decode()
    assert "Анна, Борис" in form
    shown = sent(cast, vera, three[:2])
    for said in ("2 клиента", "Всего", "+100", "5 → 55", "Начислить 100"):
        assert said in shown
    assert Entry.objects.count() == 1
    assert "2 клиента. Начислено: 100" in confirm(cast, vera, three[:2], shown)
    assert "уже сделано" in confirm(cast, vera, three[:2], shown)
    assert [story.standing(one).balance for one in three] == [55, 50, 0]


def test_for_all_or_for_none(cast: Cast, story: TillStory, three: list[Account], vera: Browser) -> None:
    story.give(three[0], "60")
    story.give(three[1], "60")
    shown = sent(cast, vera, three[:2], direction="deduct")
    assert "Списать 100" in shown
    story.give(three[1], "-20")
    assert "Борис: можно списать только 40" in confirm(cast, vera, three[:2], shown)
    assert [story.standing(one).balance for one in three] == [60, 40, 0]


def test_limits_hold_for_all_of_it(cast: Cast, story: TillStory, three: list[Account], vera: Browser) -> None:
    none: dict[str, D | None] = dict.fromkeys(hand_limits.FIELDS)
    hand_limits.change(
        merchant=cast.zerno.merchant,
        limits={Role.MANAGER: none, Role.OPERATOR: none | {"add_once": D(100)}},
        now=story.now,
        by=cast.zerno.owner,
    )
    shown = sent(cast, vera, three)
    assert "Всего получается 150" in shown
    assert "начислить не больше чем 100" in shown
    assert "Начислить 100" in sent(cast, vera, three[:2])


def test_nobody_ticked_and_strangers(cast: Cast, story: TillStory, three: list[Account], vera: Browser) -> None:
    for asked in ({}, {"client": "what"}, {"client": "00000000-0000-0000-0000-000000000000"}):
        assert "Сначала отметьте клиентов" in vera.get(page(cast), asked, follow=True).content.decode()


def test_readers_have_nothing_to_tick(cast: Cast, story: TillStory, three: list[Account]) -> None:
    browser = Browser()
    browser.force_login(cast.zerno.reader)
    assert "Баллы вручную выбранным" not in browser.get(page(cast, "clients")).content.decode()
