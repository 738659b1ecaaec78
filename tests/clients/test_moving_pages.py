"""Pages where a receipt gets its client: who is found, the numbers that are asked about, and what is refused."""

from __future__ import annotations

import datetime as dt
import html
import re
from collections.abc import Iterator
from decimal import Decimal as D
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.test import Client as Browser
from django.utils import timezone

from clients.models import Client
from loyalty import approvals, hand_limits
from loyalty.models import AdjustmentRequest, HandLimit, Sale
from loyalty.refusals import Refused
from merchants import outbox
from merchants.access import tenant
from merchants.models import OutboxMessage, Role, User
from tests.cast import Cast
from tests.loyalty.shop import ONE_PER_ONE, TillStory, id_of

NOON = dt.datetime(2026, 11, 21, 9, 0, tzinfo=dt.UTC)


@pytest.fixture
def story(cast: Cast) -> Iterator[TillStory]:
    with time_machine.travel(NOON, tick=False), tenant(cast.zerno.program.pk):
        story = TillStory(cast.zerno, NOON - dt.timedelta(days=2))
        story.publish(ONE_PER_ONE)
        yield story


def browser(user: User) -> Browser:
    found = Browser()
    found.force_login(user)
    return found


def person(story: TillStory, name: str, phone: str) -> Client:
    account = story.join(phone)
    return Client.objects.create(program_id=story.program_id, account=account, name=name, phone=phone)


def text_of(response: Any) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", response.content.decode())).replace("\xa0", " ").split())


def seen_in(page: str) -> str:
    found = re.search(r'name="seen" value="([^"]*)"', page)
    assert found is not None
    return html.unescape(found[1])


def test_a_forgotten_client_is_found_asked_about_and_given_the_receipt(story: TillStory, cast: Cast) -> None:
    vera = person(story, "Вера", "+79161234567")
    person(story, "Олег", "+79161230000")
    sale = story.sell(None, "300.00", receipt="17")
    office, at = browser(cast.zerno.operator), f"/m/{cast.zerno.merchant.pk}/receipts/{id_of(sale)}/"
    assert f"{at}client/" in office.get(at).content.decode()
    found = office.get(f"{at}client/", {"q": "вер"}).content.decode()
    assert f"{at}client/{vera.account.public_id}/" in found
    assert "Олег" not in found
    asked = office.get(f"{at}client/{vera.account.public_id}/")
    said = text_of(asked)
    assert "Записать чек на этого клиента?" in said
    assert "Чек 17 от 19.11.2026 12:00, оплачено 300" in said
    assert "Чей станет Вера, +7 916 123-45-67 Изменение +300 зёрен" in said
    assert "0 зёрен → 300 зёрен" in said
    seen = seen_in(asked.content.decode())
    nameless = office.post(f"{at}client/{vera.account.public_id}/", {"seen": seen, "reason": ""})
    assert "Обязательное поле." in text_of(nameless)
    assert Sale.objects.get().account is None
    done = office.post(f"{at}client/{vera.account.public_id}/", {"seen": seen, "reason": "Чек на руках"}, follow=True)
    said = text_of(done)
    assert "Готово, чек записан на клиента: Вера." in said
    assert "Чей это чек, сотрудник указал позже." in said
    assert story.standing(vera.account).balance == 300
    back = office.get(f"{done.redirect_chain[-1][0]}client/back/")
    assert "Чей станет ничей" in text_of(back)
    form = {"seen": seen_in(back.content.decode()), "reason": "Чужой чек"}
    assert "Перенос отменён" in text_of(office.post(f"{done.redirect_chain[-1][0]}client/back/", form, follow=True))
    assert story.standing(vera.account).balance == 0


def test_a_debt_and_a_limit_are_told_before(story: TillStory, cast: Cast) -> None:
    vera, oleg = person(story, "Вера", "+79161234567"), person(story, "Олег", "+79161230000")
    sale = story.sell(vera.account, "400.00", receipt="17")
    story.sell(vera.account, "300.00", points="300")
    limits: dict[str, Any] = dict.fromkeys(hand_limits.FIELDS) | {"add_once": D(100)}
    HandLimit.objects.create(program=cast.zerno.program, merchant=cast.zerno.merchant, role=Role.OPERATOR, **limits)
    url = f"/m/{cast.zerno.merchant.pk}/receipts/{id_of(sale)}/client/{oleg.account.public_id}/"
    office = browser(cast.zerno.operator)
    asked = office.get(url)
    said = text_of(asked)
    assert "Чей чек сейчас Вера Изменение -400 зёрен Баланс 100 зёрен → -300 зёрен" in said.replace("−", "-")
    assert re.search("Станет долг 300 зёрен", said)
    assert "вам можно 100 зёрен за раз, выше решает другой" in said
    stale = browser(cast.zerno.owner).post(url, {"seen": "1>2/3>4", "reason": "Ошибка"})
    assert "баланс изменился" in text_of(stale)
    assert story.standing(oleg.account).balance == 0


def test_above_the_limit_somebody_else_moves_it(story: TillStory, cast: Cast) -> None:
    vera, oleg = person(story, "Вера", "+79161234567"), person(story, "Олег", "+79161230000")
    sale = story.sell(vera.account, "400.00", receipt="17")
    limits: dict[str, Any] = dict.fromkeys(hand_limits.FIELDS) | {"add_once": D(100)}
    HandLimit.objects.create(program=cast.zerno.program, merchant=cast.zerno.merchant, role=Role.OPERATOR, **limits)
    url = f"/m/{cast.zerno.merchant.pk}/receipts/{id_of(sale)}/client/{oleg.account.public_id}/"
    office = browser(cast.zerno.operator)
    form = {"seen": seen_in(office.get(url).content.decode()), "reason": "Не тот клиент"}
    assert "Отправлено на согласование" in text_of(office.post(url, form, follow=True))
    # Once more it is the same request.
    office.post(url, form)
    one = AdjustmentRequest.objects.get()
    assert (one.points, one.sale.public_id if one.sale else None) == (D(400), id_of(sale))
    assert story.standing(oleg.account).balance == 0
    mailed = set(OutboxMessage.objects.filter(topic="adjustment.asked").values_list("payload__user", flat=True))
    assert mailed == {cast.zerno.owner.pk, cast.zerno.manager.pk}
    outbox.deliver(now=NOON)
    assert "Перенести чек другому клиенту: 400 зёрен вручную" in mail.outbox[0].body
    approvals_page = f"/m/{cast.zerno.merchant.pk}/approvals/"
    assert "Чек 17 — этому клиенту" in text_of(office.get(approvals_page))
    decide = f"{approvals_page}{one.public_id}/approve/"
    assert office.get(decide).status_code == 403
    boss = browser(cast.zerno.owner)
    asked = boss.get(decide)
    said = text_of(asked)
    for expected in ("Вера", "Олег", "Не тот клиент", "400 зёрен"):
        assert expected in said
    boss.post(decide, {"seen": seen_in(asked.content.decode())})
    one.refresh_from_db()
    assert (one.state, one.decided_by) == ("approved", cast.zerno.owner)
    assert (story.standing(oleg.account).balance, story.standing(vera.account).balance) == (400, 0)
    # What is done is not done again.
    assert "уже принято решение" in text_of(boss.get(decide, follow=True))


def test_nobody_approves_what_he_asked_for_and_a_receipt_may_be_gone(story: TillStory, cast: Cast) -> None:
    vera, oleg = person(story, "Вера", "+79161234567"), person(story, "Олег", "+79161230000")
    sale = story.sell(vera.account, "400.00", receipt="17")
    limits: dict[str, Any] = dict.fromkeys(hand_limits.FIELDS) | {"add_once": D(100)}
    HandLimit.objects.create(program=cast.zerno.program, merchant=cast.zerno.merchant, role=Role.MANAGER, **limits)
    row, now, manager = Sale.objects.get(public_id=id_of(sale)), timezone.now(), cast.zerno.manager
    asked = approvals.ask_to_move(sale=row, to=oleg.account, reason="Ошибка", now=now, by=manager)
    with pytest.raises(Refused) as refused:
        approvals.approve(request=asked, now=now, by=manager)
    assert refused.value.code == "request_ones_own"
    with pytest.raises(ValueError, match="himself"):
        approvals.ask_to_move(sale=row, to=oleg.account, reason="Ошибка", now=now, by=cast.zerno.owner)
    story.void(sale)
    decide = f"/m/{cast.zerno.merchant.pk}/approvals/{asked.public_id}/approve/"
    assert "Чек отменён или отложен" in text_of(browser(cast.zerno.owner).get(decide, follow=True))
    assert "Отказано" in text_of(
        browser(cast.zerno.owner).post(decide.replace("approve", "refuse"), {"reason": "Чека нет"}, follow=True)
    )
    assert story.standing(oleg.account).balance == 0


@pytest.mark.parametrize(
    ("price", "said"), [("points", "Чек оплачен баллами клиента."), ("late", "Правила не принимают чеки старше 30 дн.")]
)
def test_what_can_not_be_moved_says_why(story: TillStory, cast: Cast, price: str, said: str) -> None:
    vera, oleg = person(story, "Вера", "+79161234567"), person(story, "Олег", "+79161230000")
    story.give(vera.account, "100")
    sale = story.sell(vera.account, "100.00", points="50" if price == "points" else None)
    url = f"/m/{cast.zerno.merchant.pk}/receipts/{id_of(sale)}/client/{oleg.account.public_id}/"
    with time_machine.travel(NOON + dt.timedelta(days=40 if price == "late" else 0), tick=False):
        assert said in text_of(browser(cast.zerno.manager).get(url, follow=True))


def test_receipts_of_other_outlets_are_not_there(story: TillStory, cast: Cast) -> None:
    sale = story.sell(None, "100.00")
    url = f"/m/{cast.bakery.merchant.pk}/receipts/{id_of(sale)}/client/"
    assert browser(cast.bakery.owner).get(url).status_code == 404
