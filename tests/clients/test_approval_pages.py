"""Above the limit the form offers to ask, and somebody else decides on the page of approvals."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from decimal import Decimal as D
from typing import Any

import pytest
from django.test import Client as Browser
from django.urls import reverse
from django.utils import timezone

from clients.enrolment import enrol
from loyalty import accounts, approvals, hand_limits
from loyalty.models import Account, AdjustmentRequest, Entry
from merchants.access import tenant
from merchants.models import Role, User
from tests.cast import Cast
from tests.loyalty.shop import TillStory

NONE: dict[str, D | None] = dict.fromkeys(hand_limits.FIELDS)
FORM = {"direction": "add", "points": "500", "reason": "gift", "words": "юбилей"}


@pytest.fixture
def story(cast: Cast) -> Iterator[TillStory]:
    with tenant(cast.zerno.program.pk):
        story = TillStory(cast.zerno, timezone.now())
        story.publish({"points": {"expiry": {"kind": "days", "days": 30}}})
        yield story


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


def limit(cast: Cast, **operator: int) -> None:
    """The operator's, and a thousand at once for managers."""
    hand_limits.change(
        merchant=cast.zerno.merchant,
        limits={
            Role.OPERATOR: NONE | {name: D(value) for name, value in operator.items()},
            Role.MANAGER: NONE | {"add_once": D(1000)},
        },
        now=timezone.now(),
        by=cast.zerno.owner,
    )


def browser_of(user: User) -> Browser:
    browser = Browser()
    browser.force_login(user)
    return browser


def page(cast: Cast, name: str = "approvals", *args: object) -> str:
    return reverse(name, args=[cast.zerno.merchant.pk, *args])


def text(browser: Browser, address: str) -> str:
    return browser.get(address, follow=True).content.decode()


def press(browser: Browser, address: str, shown: str, **more: str) -> str:
    """Send a page to confirm as it stands: its hidden fields and its button."""
    hidden = re.findall(r'<input type="hidden" name="(\w+)"(?: value="([^"]*)")?', shown)
    return browser.post(address, dict(hidden) | {"confirmed": "yes"} | more, follow=True).content.decode()


def asked(cast: Cast, story: TillStory, account: Account, points: str = "500") -> AdjustmentRequest:
    return approvals.ask(
        account=account,
        merchant=cast.zerno.merchant,
        points=D(points),
        reason="Подарок: юбилей",
        now=story.now,
        by=cast.zerno.operator,
        key=uuid.uuid4(),
    )


def test_from_the_form_to_the_approval(cast: Cast, story: TillStory, anna: Account) -> None:
    limit(cast, add_once=100)
    vera, boris = browser_of(cast.zerno.operator), browser_of(cast.zerno.manager)
    form = page(cast, "adjust", anna.public_id)
    shown = vera.post(form, FORM).content.decode()
    assert "Отправить на согласование?" in shown
    assert "не больше чем 100" in shown
    answer = press(vera, form, shown)
    assert "Отправлено на согласование" in answer
    press(vera, form, shown)  # once more: nothing new
    request = AdjustmentRequest.objects.get()
    assert (request.points, request.reason, request.asked_by) == (500, "Подарок: юбилей", cast.zerno.operator)
    assert not Entry.objects.exists()
    approve = page(cast, "approval_approve", request.public_id)
    assert "Отозвать" in text(vera, page(cast))
    assert vera.get(approve).status_code == 403
    listed = text(boris, page(cast))
    for said in ("Анна", "юбилей", "Vera", "Согласовать", "Отказать"):
        assert said in listed
    shown = text(boris, approve)
    assert "+500" in shown
    assert story.standing(anna).balance == 0
    answer = press(boris, approve, shown, words="поздравляем")
    assert "Начислено: 500" in answer.replace("\u00a0", " ")
    assert "поздравляем" in answer
    assert story.standing(anna).balance == 500
    assert "уже принято решение" in text(boris, approve)
    # It is undone like any other.
    entry = Entry.objects.get()
    assert page(cast, "undo_adjustment", anna.public_id, entry.pk) in text(boris, page(cast, "client", anna.public_id))


def test_the_days_limit_says_what_is_left(cast: Cast, story: TillStory, anna: Account) -> None:
    limit(cast, add_day=600)
    vera = browser_of(cast.zerno.operator)
    form = page(cast, "adjust", anna.public_id)
    first = vera.post(form, FORM).content.decode()
    second = vera.post(form, FORM).content.decode()
    press(vera, form, first)
    # The limit was reached behind the second page's back: it asks anew, and for an approval.
    press(vera, form, second)
    shown = vera.post(form, FORM).content.decode().replace("\u00a0", " ")
    assert "начислить ещё 100" in shown
    assert "Отправить на согласование?" in shown
    assert story.standing(anna).balance == 500


def test_the_limit_of_between_is_met_by_the_offer(cast: Cast, story: TillStory, anna: Account) -> None:
    """The page was shown before there was a limit; the press finds one."""
    vera = browser_of(cast.zerno.operator)
    form = page(cast, "adjust", anna.public_id)
    shown = vera.post(form, FORM).content.decode()
    assert "Начислить баллы?" in shown
    limit(cast, add_once=100)
    assert "Отправить на согласование?" in press(vera, form, shown)
    assert not Entry.objects.exists()


def test_refusing_needs_words(cast: Cast, story: TillStory, anna: Account) -> None:
    request = asked(cast, story, anna)
    boris = browser_of(cast.zerno.manager)
    refuse = page(cast, "approval_refuse", request.public_id)
    assert "Обязательное поле" in boris.post(refuse, {"reason": ""}).content.decode()
    answer = boris.post(refuse, {"reason": "Не по правилам"}, follow=True).content.decode()
    assert "Не по правилам" in answer
    request.refresh_from_db()
    assert (request.state, request.decided_by) == ("refused", cast.zerno.manager)


def test_ones_own_is_for_others(cast: Cast, story: TillStory, anna: Account) -> None:
    request = approvals.ask(
        account=anna,
        merchant=cast.zerno.merchant,
        points=D(5000),
        reason="",
        now=story.now,
        by=cast.zerno.manager,
        key=uuid.uuid4(),
    )
    boris = browser_of(cast.zerno.manager)
    for name in ("approval_approve", "approval_refuse"):
        address = page(cast, name, request.public_id)
        assert "Это ваша заявка" in text(boris, address)
        boris.post(address, {"seen": "0.00", "confirmed": "yes", "reason": "да"})
    assert AdjustmentRequest.objects.get().state == "waiting"
    boris.post(page(cast, "approval_withdraw", request.public_id))
    assert AdjustmentRequest.objects.get().state == "withdrawn"


def test_what_stands_in_the_way_is_said(cast: Cast, story: TillStory, anna: Account) -> None:
    limit(cast)
    story.give(anna, "100")
    large, deduct, late = asked(cast, story, anna, "2000"), asked(cast, story, anna, "-70"), asked(cast, story, anna)
    story.give(anna, "-50")
    AdjustmentRequest.objects.filter(pk=late.pk).update(until=story.now)
    boris = browser_of(cast.zerno.manager)
    for request, said in (
        (large, "больше вашего собственного лимита"),
        (deduct, "можно списать только 50"),
        (late, "Срок заявки истёк"),
    ):
        answer = text(boris, page(cast, "approval_approve", request.public_id)).replace("\u00a0", " ")
        assert said in answer
    assert story.standing(anna).balance == 50


def test_the_numbers_of_now(cast: Cast, story: TillStory, anna: Account) -> None:
    request = asked(cast, story, anna)
    anna_s, approve = browser_of(cast.zerno.owner), page(cast, "approval_approve", request.public_id)
    shown = text(anna_s, approve)
    story.give(anna, "7")
    again = press(anna_s, approve, shown, words="верно")
    assert "Пока вы смотрели, баланс изменился" in again
    assert 'value="верно"' in again
    assert story.standing(anna).balance == 7
    press(anna_s, approve, again)
    assert story.standing(anna).balance == 507


def test_the_menu_leads_there_only_where_there_are_limits_or_requests(
    cast: Cast, story: TillStory, anna: Account
) -> None:
    anna_s, clients = browser_of(cast.zerno.owner), page(cast, "clients")
    limit(cast)
    fyodor = browser_of(cast.bakery.owner)
    assert "Согласования" in text(anna_s, clients)
    assert "Согласования" not in text(fyodor, reverse("clients", args=[cast.bakery.merchant.pk]))
    hand_limits.change(
        merchant=cast.zerno.merchant,
        limits={Role.OPERATOR: NONE, Role.MANAGER: NONE},
        now=timezone.now(),
        by=cast.zerno.owner,
    )
    assert "Согласования" not in text(anna_s, clients)
    asked(cast, story, anna)
    assert "Согласования" in text(anna_s, clients)


def test_operators_see_their_own(cast: Cast, story: TillStory, anna: Account) -> None:
    limit(cast)
    approvals.ask(
        account=anna,
        merchant=cast.zerno.merchant,
        points=D(5000),
        reason="тайна",
        now=story.now,
        by=cast.zerno.manager,
        key=uuid.uuid4(),
    )
    assert "тайна" not in text(browser_of(cast.zerno.operator), page(cast))
    assert "Решать пока нечего" in text(browser_of(cast.zerno.operator), page(cast))


def test_the_list_costs_the_same_however_long(
    cast: Cast, story: TillStory, anna: Account, django_assert_max_num_queries: Any
) -> None:
    for n in range(12):
        one = asked(cast, story, anna)
        if n % 2:
            approvals.approve(request=one, now=story.now, by=cast.zerno.owner)
    boris = browser_of(cast.zerno.manager)
    with django_assert_max_num_queries(9):
        text(boris, page(cast))


def test_the_platform_goes_through_the_same_service(cast: Cast, story: TillStory, anna: Account) -> None:
    limit(cast, add_once=100)
    accounts.adjust(account=anna, points=D(5000), reason="", now=story.now, by=cast.olga)
    assert story.standing(anna).balance == 5000
