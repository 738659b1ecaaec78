"""Promo codes, coupons and friends at the till page, without scripts."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from loyalty.models import Account, PersonalCoupon, Sale
from merchants.access import tenant
from tests.cashier_page.conftest import TillPage, hidden, text_of
from tests.loyalty.shop import ONE_PER_ONE

NOVEMBER: dict[str, Any] = {
    "id": "november",
    "title": "Ноябрь",
    "effect": {"kind": "discount", "percent": "10"},
    "when": [{"kind": "promo_code", "code": "NOVEMBER"}],
}
COUPON: dict[str, Any] = {
    "id": "coupon",
    "title": "Купон за 500 баллов",
    "effect": {"kind": "coupon", "every": "500", "amount": "300", "days": 180},
}
REFERRAL: dict[str, Any] = {"id": "friends", "title": "За друзей", "effect": {"kind": "referral", "percents": ["5"]}}


def publish(till: TillPage, *rules: dict[str, Any]) -> None:
    with tenant(till.cast.zerno.program.pk):
        till.story.now = till.now
        till.story.publish({"rules": [*ONE_PER_ONE["rules"], *rules]})


def test_a_promo_code_lowers_the_sum_and_a_wrong_one_says_why(till: TillPage) -> None:
    publish(till, NOVEMBER)
    url = reverse("till_sale")
    quoted = text_of(till.key_in(url, act="quote", total="1000", promo="november"))
    assert "900,00 ₽" in quoted
    wrong = text_of(till.key_in(url, act="quote", total="1000", promo="may"))
    assert "MAY" in wrong
    assert "Такого кода нет" in wrong
    assert till.sell(url, total="1000", promo="November").status_code == 303
    assert Sale.objects.get().to_pay == 900


def test_a_coupon_is_one_tap(till: TillPage) -> None:
    publish(till, COUPON)
    till.join()
    url = till.find("8 916 123-45-67")["Location"]
    till.sell(url, total="500")
    with tenant(till.cast.zerno.program.pk):
        code = PersonalCoupon.objects.get().code
    url = till.find("8 916 123-45-67")["Location"]
    page = till.client.get(url).content.decode()
    assert f'name="coupon" value="{code}"' in page
    tapped = till.key_in(url, act="", coupon=code, total="1000")
    assert f'value="{code}"' in tapped.content.decode()
    assert "700,00 ₽" in text_of(tapped)
    till.sell(url, total="1000", promo=code)
    with tenant(till.cast.zerno.program.pk):
        assert PersonalCoupon.objects.get(code=code).sale == Sale.objects.latest("pk")


def test_who_invited_is_asked_only_while_rules_say_so(till: TillPage) -> None:
    vera = till.join()
    new = reverse("till_new")
    assert "Кто пригласил" not in text_of(till.client.get(new))
    publish(till, REFERRAL)
    page = till.client.get(new)
    assert "Кто пригласил" in text_of(page)
    fields = {**hidden(page), "phone": "8 916 000-00-01", "agreed": "on"}
    wrong = till.post(new, **fields, invited_by="8 916 999-99-99")
    assert "Такого клиента нет" in text_of(wrong)
    assert till.post(new, **fields, invited_by="8 916 123-45-67").status_code == 303
    with tenant(till.cast.zerno.program.pk):
        assert Account.objects.latest("pk").referrer_id == vera.account_id
