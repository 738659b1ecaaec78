"""Gifts for points at the till page, on the client's page and in the office, and stamps as they are shown."""

from __future__ import annotations

import io
import re
import uuid
from decimal import Decimal as D
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from PIL import Image
from pytest_django import DjangoAssertNumQueries

from cashier.page.codes import is_certificate
from cashier.page.who import Named
from clients import card_links
from clients.models import Client as Person
from loyalty.cards import issue_code
from loyalty.models import Exchange, Reward
from loyalty.rewards import catalogue, codes, exchanging
from loyalty.rewards.catalogue import Terms
from merchants.models import Role, User
from tests.cashier_page.conftest import TillPage, hidden, text_of

STAMPS: dict[str, Any] = {
    "rules": [
        {"id": "coffee", "title": "Шестой кофе", "effect": {"kind": "stamps", "points": "200", "needed": 6}},
    ]
}


def gift(till: TillPage, **said: Any) -> Reward:
    terms = Terms(**({"title": "Кофе в зёрнах", "price": D(200)} | said))
    return catalogue.add(merchant=till.cast.zerno.merchant, terms=terms, now=till.now, by=till.cast.zerno.owner)


def found(till: TillPage, q: str) -> str:
    """The address of the receipt's page for a client who was found by this."""
    return str(till.find(q)["Location"])


def shelf(till: TillPage, q: str) -> Any:
    word = found(till, q).rstrip("/").rpartition("/")[2]
    return till.get("till_gift_shelf", word)


@pytest.fixture
def vera(till: TillPage) -> Person:
    return till.join(points="320")


def office(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


# ------------------------------------------------------------ the till


def test_the_client_shows_his_code_and_gets_the_gift(till: TillPage, vera: Person) -> None:
    coffee = gift(till, left=2)
    gift(till, title="Дорогой", price=D(900))
    code = issue_code(account=vera.account, now=till.now).code
    page = shelf(till, code)
    assert "Не хватает: 580" in text_of(page)
    address = re.search(rf'href="([^"]*{coffee.public_id}/)"', page.content.decode())
    assert address
    asked = till.client.get(address[1])
    assert re.search(r"У клиента 320 \w+ Спишем 200 \w+ Останется 120 \w+", text_of(asked))
    form = hidden(asked)
    done = till.client.post(address[1], {**form, "act": "take", "handed": "on"})
    assert done.status_code == 303
    assert till.client.post(address[1], {**form, "act": "take", "handed": "on"})["Location"] == done["Location"]
    assert "Выдан" in text_of(till.client.get(done["Location"]))
    assert (till.available(vera), Exchange.objects.get().state) == (120, "handed")


def test_by_phone_a_code_is_needed(till: TillPage, vera: Person) -> None:
    coffee = gift(till, asks="На чьё имя")
    word = Named(vera.account.public_id, "phone").word(_post(till))
    url = reverse("till_gift_take", args=[word, coffee.public_id])
    form = till.form(url)
    refused = till.post(url, **form, act="take", note="Вера")
    assert "Списание нужно подтвердить" in text_of(refused)
    assert till.available(vera) == 320
    empty = till.post(url, **form, act="take", note="")
    assert 'aria-invalid="true"' in empty.content.decode()
    code = issue_code(account=vera.account, now=till.now).code
    done = till.post(url, **form, act="take", note="Вера", confirmation=code)
    assert done.status_code == 303
    assert Exchange.objects.get().note == "Вера"


def _post(till: TillPage) -> Any:
    class Phone:
        caller = till.story.caller

    return Phone


def test_a_gift_taken_at_home_is_handed_over_once(till: TillPage, vera: Person) -> None:
    row = exchanging.exchange(
        reward=gift(till), account=vera.account, channel=Exchange.Channel.CARD, now=till.now, by="test"
    )
    page = till.find(codes.picture(row.code))
    assert "Кофе в зёрнах" in text_of(page)
    # With «gift:» before it, a code of eight may look like one of a certificate.
    alike = next(code for code in iter(codes.new_code, "") if is_certificate(codes.picture(code)))
    assert "никто не брал" in text_of(till.find(codes.picture(alike)))
    assert till.find(codes.SCANNED + "7" * 100).status_code == 200
    url = reverse("till_gifts")
    done = till.post(url, q=codes.shown(row.code), act="hand")
    assert "Выдан" in text_of(till.client.get(done["Location"]))
    again = till.post(url, q=row.code, act="hand")
    assert "уже выдан или отменён" in text_of(again)
    assert "никто не брал" in text_of(till.post(url, q="AAAA-AAAA"))


# ------------------------------------------------------------ the client's page


def test_a_client_takes_a_gift_on_his_page(till: TillPage, vera: Person) -> None:
    coffee = gift(till, claim_days=3, left=1)
    phone, token = Client(), card_links.token_of(vera)
    assert "Что есть за баллы" in text_of(phone.get(reverse("card", args=[token])))
    assert "У вас 320" in text_of(phone.get(reverse("card_gifts", args=[token])))
    url = reverse("card_gift", args=[token, coffee.public_id])
    asked = phone.get(url)
    assert re.search(r"Спишем 200 \w+, останется 120 \w+", text_of(asked))
    once = re.search(r'name="once" value="([^"]+)"', asked.content.decode())
    assert once
    done = phone.post(url, {"once": once[1]})
    assert phone.post(url, {"once": once[1]})["Location"] == done["Location"]
    row = Exchange.objects.get()
    assert codes.shown(row.code) in text_of(phone.get(done["Location"]))
    assert "закончились" in text_of(phone.post(url, {"once": uuid.uuid4()})).lower()
    assert "ждут вас" in text_of(phone.get(reverse("card", args=[token])))
    other = till.join("+79160000002", "Борис")
    stranger = reverse("card_gift_taken", args=[card_links.token_of(other), row.public_id])
    assert phone.get(stranger).status_code == 404


# ------------------------------------------------------------ the office


def test_the_owner_makes_a_gift_with_a_picture(till: TillPage) -> None:
    browser, merchant = office(till.cast.zerno.owner), till.cast.zerno.merchant.pk
    assert "Подарков пока нет" in text_of(browser.get(reverse("rewards", args=[merchant])))
    file = io.BytesIO()
    Image.new("RGB", (900, 600), "#7a4b2a").save(file, "PNG")
    picture = SimpleUploadedFile("cup.png", file.getvalue(), content_type="image/png")
    said: dict[str, Any] = {"title": " Кружка ", "price": "350", "left": "5", "position": "1", "enabled": "on"}
    made = browser.post(reverse("reward_new", args=[merchant]), said | {"picture": picture})
    assert made.status_code == 302, text_of(made)
    mug = Reward.objects.get()
    assert (mug.title, mug.price, mug.stock, mug.left) == ("Кружка", 350, 5, 5)
    page = browser.get(reverse("rewards", args=[merchant])).content.decode()
    shown = re.search(r'src="(/gift-picture/[^"]+)"', page)
    assert shown
    answer = Client().get(shown[1])
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/webp")
    url = reverse("reward", args=[merchant, mug.public_id])
    wrong = browser.post(url, said | {"price": "0,5", "first_day": "2026-12-02", "last_day": "2026-12-01"})
    assert "раньше первого" in text_of(wrong)
    bad = SimpleUploadedFile("x.png", b"no picture", content_type="image/png")
    assert wrong.status_code == browser.post(url, said | {"picture": bad}).status_code == 200
    assert browser.post(url, said | {"left": "8", "was_left": "5", "no_picture": "on"}).status_code == 302
    mug.refresh_from_db()
    assert (mug.left, mug.stock) == (8, 8)
    assert Client().get(shown[1]).status_code == 404


def test_the_operator_hands_over_and_cancels(
    till: TillPage, vera: Person, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    browser, merchant = office(till.cast.zerno.operator), till.cast.zerno.merchant.pk
    coffee = gift(till, price=D(50), asks="Адрес")
    rows = [
        exchanging.exchange(
            reward=coffee, account=vera.account, channel="card", now=till.now, by="test", note=f"=HYPERLINK({n})"
        )
        for n in range(3)
    ]
    url = reverse("exchanges", args=[merchant])
    with django_assert_max_num_queries(16):
        listed = text_of(browser.get(url))
    assert all(codes.shown(row.code) in listed for row in rows)
    cancel = reverse("exchange_cancel", args=[merchant, rows[0].public_id])
    assert re.search(r"Вернутся баллы 50 \w+ .* 220 \w+", text_of(browser.get(cancel)))
    assert browser.post(cancel, {"reason": ""}).status_code == 200
    browser.post(cancel, {"reason": "передумала"})
    hand = reverse("exchange_hand_over", args=[merchant, rows[1].public_id])
    assert codes.shown(rows[1].code) in text_of(browser.get(hand))
    browser.post(hand)
    states = list(Exchange.objects.order_by("pk").values_list("state", flat=True))
    assert states == ["cancelled", "handed", "ordered"]
    assert till.available(vera) == 320 - 100
    assert codes.shown(rows[1].code) in text_of(browser.get(url, {"q": rows[1].code}))
    assert "Вера" in text_of(browser.get(url, {"show": "cancelled"}))
    file = office(till.cast.zerno.owner).get(reverse("exchanges_csv", args=[merchant]), {"show": "all"})
    lines = b"".join(file.streaming_content).decode()  # type: ignore[attr-defined]
    assert "'=HYPERLINK" in lines
    assert rows[1].code not in lines


def test_codes_are_cut_for_those_who_only_read(till: TillPage, vera: Person) -> None:
    row = exchanging.exchange(reward=gift(till), account=vera.account, channel="card", now=till.now, by="test")
    people = till.cast.zerno.people
    listed = text_of(office(people[Role.READER]).get(reverse("exchanges", args=[till.cast.zerno.merchant.pk])))
    assert f"…{row.code[-4:]}" in listed
    assert codes.shown(row.code) not in listed


# ------------------------------------------------------------ stamps


def test_stamps_stand_where_the_client_is(till: TillPage, vera: Person) -> None:
    till.story.now = till.now
    till.story.publish(STAMPS)
    url = found(till, "+79161234567")
    booked = till.sell(url, total="500")
    page = till.client.get(booked["Location"])
    assert "ещё 5 штампов, и ваши 200" in text_of(page)
    assert "Ещё 5 штампов до подарка" in text_of(page)
    assert page.content.decode().count('class="stamp there') == 1
    assert 'aria-label="1 из 6 штампов"' in till.client.get(url).content.decode()
    card = Client().get(reverse("card", args=[card_links.token_of(vera)])).content.decode()
    assert 'aria-label="1 из 6 штампов"' in card
    staff = office(till.cast.zerno.operator)
    one = staff.get(reverse("client", args=[till.cast.zerno.merchant.pk, vera.account.public_id]))
    assert "Карты штампов" in text_of(one)
