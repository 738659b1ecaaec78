"""The pages of certificates: issued after the numbers, listed, extended, cancelled, sent, and the holder's own."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from decimal import Decimal as D
from functools import partial
from typing import Any

import msgspec
import pytest
import time_machine
from django.core import mail
from django.test import Client as Browser
from pytest_django import DjangoAssertNumQueries

from loyalty import hand_limits
from loyalty.certificates import codes, issuing, links, time_passing
from loyalty.certificates.issuing import AboveLimitError, Terms
from loyalty.models import Certificate, HandLimit
from loyalty.programs import rulebook_at
from merchants import outbox
from merchants.models import AuditRecord, Role, User
from merchants.paging import SIZE
from tests.loyalty.certificates.desk import Desk
from tests.loyalty.conftest import NOON

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def noon() -> Iterator[None]:
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def anna(desk: Desk) -> Browser:
    return browser(desk.story.shop.owner)


def browser(user: User) -> Browser:
    client = Browser()
    client.force_login(user)
    return client


def home(desk: Desk) -> str:
    return f"/m/{desk.story.shop.merchant.pk}/certificates/"


def text(response: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).replace("\xa0", " ").split())


def form(**more: str) -> dict[str, str]:
    return {"kind": "sum", "amount": "1 000", "origin": "given", "number": "1", "last_day": "2027-11-21", **more}


def hidden(response: Any) -> dict[str, str]:
    """What the page to confirm would send."""
    found = re.findall(r'name="(\w+)" value="([^"]*)"', response.content.decode())
    return {name: value for name, value in found if name != "csrfmiddlewaretoken"}


def test_a_batch_after_its_numbers_and_once(desk: Desk, anna: Browser) -> None:
    url = home(desk) + "new/"
    asked = anna.post(url, form(number="40", amount="500", origin="sold"))
    assert "Выпустить 40 сертификатов?" in text(asked)
    assert "Все вместе 20 000,00 ₽" in text(asked)
    assert "Получено денег 20 000,00 ₽" in text(asked)
    assert not Certificate.objects.exists()
    for _ in range(2):
        done = anna.post(url, hidden(asked), follow=True)
    assert Certificate.objects.count() == 40
    assert "Выпущено 40 сертификатов." in text(done)
    assert Certificate.objects.owed(NOON, merchant_id=desk.story.shop.merchant.pk) == 20_000
    assert "магазин должен 20 000,00 ₽" in text(anna.get(home(desk)))
    batch = Certificate.objects.values_list("batch", flat=True).first()
    pdf = anna.get(f"{home(desk)}batch/{batch}.pdf")
    assert pdf["Content-Type"] == "application/pdf"
    assert pdf.content.startswith(b"%PDF")
    assert AuditRecord.objects.filter(action="certificate.printed").count() == 40


@pytest.mark.parametrize(
    ("given", "field", "said"),
    [
        ({"amount": ""}, "amount", "Укажите сумму."),
        ({"amount": "сто"}, "amount", "Напишите цену цифрами"),
        ({"kind": "percent"}, "percent", "Укажите процент."),
        ({"kind": "percent", "percent": "101"}, "percent", "100"),
        ({"kind": "product"}, "sku", "Укажите артикул."),
        ({"number": "501"}, "number", "500"),
        ({"number": "0"}, "number", "1"),
        ({"last_day": "2026-11-20"}, "last_day", "Этот день прошёл"),
        ({"last_day": "2040-11-20"}, "last_day", "Не больше чем на десять лет"),
    ],
    ids=str,
)
def test_what_is_wrong_stands_beside_the_field(
    desk: Desk, anna: Browser, given: dict[str, str], field: str, said: str
) -> None:
    page = anna.post(home(desk) + "new/", form(**given))
    assert said in " ".join(page.context["form"].errors[field])
    assert not Certificate.objects.exists()


def test_a_percent_and_an_article(desk: Desk, anna: Browser) -> None:
    for given, said in (
        ({"kind": "percent", "percent": "12,5", "amount": ""}, "Скидка 12,5 %"),
        ({"kind": "product", "sku": "latte", "title": "Латте", "origin": "sold", "price": "190"}, "Латте"),
    ):
        asked = anna.post(home(desk) + "new/", form(**given))
        page = anna.post(home(desk) + "new/", hidden(asked), follow=True)
        assert f"Сертификат: {said}" in text(page)
    assert Certificate.objects.get(kind="product").worth() == 190


def test_the_list_is_found_by_code_name_and_state(
    desk: Desk, anna: Browser, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    one = desk.issue("1000", for_whom="Мария")
    terms = Terms(kind="sum", amount=D(100), expires_at=NOON + dt.timedelta(days=10))
    shop = desk.story.shop
    issuing.issue(merchant=shop.merchant, terms=terms, now=NOON, by=shop.owner, number=SIZE)
    with django_assert_max_num_queries(12):
        page = anna.get(home(desk))
    assert len(page.context["rows"]) == SIZE
    assert one.code not in page.content.decode()
    for query in (f"q={codes.shown(one.code).lower()}", f"q={one.code[-4:]}", "q=мария", "origin=sold"):
        found = [row[0] for row in anna.get(f"{home(desk)}?{query}").context["rows"]]
        assert found == [one], query
    assert len(anna.get(f"{home(desk)}?show=soon").context["rows"]) == SIZE
    assert anna.get(f"{home(desk)}?show=used").context["rows"] == []
    assert "Таких сертификатов нет" in text(anna.get(f"{home(desk)}?q=nobody"))


def test_extend_and_cancel_after_the_numbers(desk: Desk, anna: Browser) -> None:
    one = desk.issue("1000", days=2)
    desk.story.sell(None, "300", paying=[(one.code, "max")])
    url = f"{home(desk)}{one.public_id}/"
    assert "Осталось 700" in text(anna.get(url + "extend/"))
    assert "Он и так действует" in text(anna.post(url + "extend/", {"last_day": "2026-11-22"}))
    page = anna.post(url + "extend/", {"last_day": "2027-01-31", "reason": "болела"}, follow=True)
    assert "Теперь действует по 31.01.2027" in text(page)
    assert "Осталось и пропадёт 700 ₽ Заплатили за него 1 000,00 ₽" in text(anna.get(url + "cancel/"))
    assert anna.post(url + "cancel/", {}).context["form"].errors
    page = anna.post(url + "cancel/", {"reason": "вернули деньги"}, follow=True)
    assert "Сертификат отменён." in text(page)
    assert desk.history(one) == [("issue", 1000), ("redeem", -300), ("extend", 0), ("cancel", -700)]
    assert anna.post(url + "cancel/", {"reason": "ещё раз"}, follow=True).status_code == 200
    assert len(desk.history(one)) == 4


def test_sent_by_e_mail_with_its_page_and_paper(desk: Desk, anna: Browser) -> None:
    one = desk.issue("1000", for_whom="Мария", wish="С днём рождения!")
    url = f"{home(desk)}{one.public_id}/send/"
    assert "email" in anna.post(url, {"email": "нет"}).context["send"].errors
    anna.post(url, {"email": "maria@example.org"})
    outbox.deliver(now=NOON)
    (letter,) = mail.outbox
    assert letter.to == ["maria@example.org"]
    assert "Здравствуйте, Мария!" in letter.body
    assert codes.shown(one.code) in letter.body
    assert letter.attachments[0][2] == "application/pdf"
    link = re.search(r"http://testserver(/certificate/\S+)", letter.body)
    assert link is not None
    page = Browser().get(link[1])
    assert "1 000 ₽" in text(page)
    assert page["X-Robots-Tag"] == "noindex, nofollow"


def test_a_letter_before_the_end_and_none_after_it_was_used(desk: Desk) -> None:
    story = desk.story
    one, used = desk.issue("1000", days=20), desk.issue("50", days=20)
    Certificate.objects.update(email="maria@example.org")
    story.later(days=10)
    story.sell(None, "100", paying=[(used.code, "max")])
    time_passing.warn(program_id=story.program_id, now=story.now)
    outbox.deliver(now=story.now)
    (letter,) = mail.outbox
    assert letter.subject == "Сертификат «Зерно» скоро закончится"
    assert "Осталось: 1 000 ₽." in letter.body
    assert codes.shown(one.code) in letter.body


def test_the_holders_page(desk: Desk) -> None:
    one = desk.issue("1000")
    path = f"/certificate/{links.token_of(one)}/"
    page = Browser().get(path)
    assert codes.shown(one.code) in text(page)
    assert "Зерно, Лесная 5" in text(page)
    desk.story.sell(None, "1000", paying=[(one.code, "max")])
    over = text(Browser().get(path))
    assert "Использован" in over
    assert codes.shown(one.code) not in over
    assert Browser().get(path + "certificate.pdf").content.startswith(b"%PDF")
    for wrong in ("/certificate/x/", path.replace("certificate/", "certificate/A"), f"/certificate/{'я' * 9}/"):
        assert Browser().get(wrong).status_code == 404


def test_a_partners_certificates_are_not_there(desk: Desk, cast: Any) -> None:
    one = desk.issue("1000")
    fyodor = browser(cast.bakery.owner)
    there = f"/m/{cast.bakery.merchant.pk}/certificates/"
    assert fyodor.get(there).context["rows"] == []
    assert fyodor.get(f"{there}{one.public_id}/").status_code == 404


def test_an_operator_gives_away_no_more_than_points_by_hand(desk: Desk) -> None:
    shop = desk.story.shop
    limits = dict.fromkeys(hand_limits.FIELDS) | {"add_once": D(500), "add_day": D(700)}
    HandLimit.objects.create(program=shop.program, merchant=shop.merchant, role=Role.OPERATOR, **limits)
    value = rulebook_at(shop.program.pk, NOON)[1].points.value
    terms = Terms(kind="sum", amount=D(600) * value, expires_at=NOON + dt.timedelta(days=9))
    give = partial(issuing.issue, merchant=shop.merchant, now=NOON)
    with pytest.raises(AboveLimitError) as above:
        give(terms=terms, by=shop.operator)
    assert (above.value.is_of_day, above.value.left) == (False, D(500) * value)
    smaller = msgspec.structs.replace(terms, amount=D(400) * value)
    give(terms=smaller, by=shop.operator)
    with pytest.raises(AboveLimitError) as above:
        give(terms=smaller, by=shop.operator)
    assert (above.value.is_of_day, above.value.left) == (True, D(300) * value)
    # Sold ones bring their money; owners and managers give what they like.
    give(terms=msgspec.structs.replace(terms, is_sold=True), by=shop.operator)
    give(terms=terms, by=shop.manager)
    assert Certificate.objects.count() == 3


def test_the_page_says_who_may_issue_more(desk: Desk) -> None:
    shop = desk.story.shop
    limits = dict.fromkeys(hand_limits.FIELDS) | {"add_once": D(500)}
    HandLimit.objects.create(program=shop.program, merchant=shop.merchant, role=Role.OPERATOR, **limits)
    operator, url = browser(shop.operator), f"{home(desk)}new/"
    asked = operator.post(url, form(amount="100 000"))
    said = text(operator.post(url, hidden(asked)))
    assert "Больше выпустит владелец или управляющий" in said
    assert not Certificate.objects.exists()
