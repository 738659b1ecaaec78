"""Coupons on the card, and the link that a client gives to a friend."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client as Browser
from django.urls import reverse
from django.utils import timezone

from clients import card_links
from clients.models import Client
from loyalty.models import Account, PersonalCoupon
from merchants.access import tenant
from tests.cast import Cast
from tests.clients.newcomers import code_sent, form, join
from tests.loyalty.shop import ONE_PER_ONE, TillStory

REFERRAL: dict[str, Any] = {
    "id": "friends",
    "title": "За друзей",
    "effect": {"kind": "referral", "percents": ["5"]},
}
COUPON: dict[str, Any] = {
    "id": "coupon",
    "title": "Купон за 500 баллов",
    "effect": {"kind": "coupon", "every": "500", "amount": "300", "days": 180, "minimum": "1000"},
}


@pytest.fixture
def anna(cast: Cast) -> Client:
    return join(cast.zerno)


def card_of(client: Client) -> str:
    return Browser().get(reverse("card", args=[card_links.token_of(client)])).content.decode()


def publish(cast: Cast, *rules: dict[str, Any]) -> TillStory:
    story = TillStory(cast.zerno, timezone.now())
    with tenant(cast.zerno.program.pk):
        story.publish({"rules": [*ONE_PER_ONE["rules"], *rules]})
    return story


def test_a_friend_joins_by_the_link(cast: Cast, anna: Client) -> None:
    join_url = reverse("join", args=[cast.zerno.merchant.pk])
    link = f"{join_url}?from={card_links.invite_token_of(anna)}"
    assert "Пригласить друга" not in card_of(anna)
    publish(cast, REFERRAL)
    seen = card_of(anna)
    assert "Пригласить друга" in seen
    assert link in seen
    browser = Browser()
    assert "Вас пригласил друг" in browser.get(link).content.decode()
    browser.post(link, form(phone="8 916 000-00-01"))
    browser.post(reverse("join_code", args=[cast.zerno.merchant.pk]), {"code": code_sent(cast.zerno)})
    with tenant(cast.zerno.program.pk):
        boris = Account.objects.latest("pk")
        assert boris.referrer_id == anna.account_id


def test_the_link_for_friends_opens_no_card(cast: Cast, anna: Client) -> None:
    assert Browser().get(reverse("card", args=[card_links.invite_token_of(anna)])).status_code == 404


@pytest.mark.parametrize("token", ["x", "", "%00", "a" * 200])
def test_a_strange_link_joins_without_a_friend(cast: Cast, anna: Client, token: str) -> None:
    publish(cast, REFERRAL)
    answer = Browser().get(f"{reverse('join', args=[cast.zerno.merchant.pk])}?from={token}")
    assert answer.status_code == 200
    assert "Вас пригласил" not in answer.content.decode()


def test_anothers_link_is_nobodys(cast: Cast, anna: Client) -> None:
    with tenant(cast.pryanik.program.pk):
        TillStory(cast.pryanik, timezone.now()).publish({"rules": [REFERRAL]})
    link = f"{reverse('join', args=[cast.pryanik.merchant.pk])}?from={card_links.invite_token_of(anna)}"
    assert "Вас пригласил" not in Browser().get(link).content.decode()


def test_coupons_stand_on_the_card_and_on_the_staffs_page(cast: Cast, anna: Client) -> None:
    story = publish(cast, COUPON)
    with tenant(cast.zerno.program.pk):
        story.sell(anna.account, "500")
        code = PersonalCoupon.objects.get().code
    seen = card_of(anna)
    assert code in seen
    assert "Скидка 300 ₽ на чек от 1 000 ₽" in seen.replace("\xa0", " ").replace("\u202f", " ")
    browser = Browser()
    browser.force_login(cast.zerno.operator)
    page = reverse("client", args=[cast.zerno.merchant.pk, anna.account.public_id])
    staff = browser.get(page).content.decode()
    assert code in staff
    assert "можно использовать" in staff


def test_the_staff_name_who_invited_once(cast: Cast, anna: Client) -> None:
    publish(cast, REFERRAL)
    boris = join(cast.zerno, phone="8 916 000-00-01", name="Борис")
    browser = Browser()
    browser.force_login(cast.zerno.operator)
    page = reverse("client", args=[cast.zerno.merchant.pk, boris.account.public_id])
    address = reverse("client_referrer", args=[cast.zerno.merchant.pk, boris.account.public_id])
    assert address in browser.get(page).content.decode()
    assert "Такого клиента нет" in browser.post(address, {"number": "8 916 999-99-99"}).content.decode()
    assert "сам себя" in browser.post(address, {"number": "8 916 000-00-01"}).content.decode()
    assert browser.post(address, {"number": "8 916 123-45-67"}).status_code == 302
    seen = browser.get(page).content.decode()
    assert "Анна" in seen
    assert address not in seen
    annas = reverse("client", args=[cast.zerno.merchant.pk, anna.account.public_id])
    assert "1 клиента" in browser.get(annas).content.decode()
    again = browser.post(address, {"number": "8 916 000-00-01"}).content.decode()
    assert "уже указан" in again
