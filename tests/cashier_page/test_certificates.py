"""Certificates at the till page: paid with in two parts and given back, looked at, sold."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal as D

import pytest
from django.urls import reverse
from django.utils import timezone

from loyalty.certificates import codes, issuing, links
from loyalty.certificates.issuing import Terms
from loyalty.models import Certificate, Sale
from merchants.throttling import wait_for_guesses
from tests.cashier_page.conftest import TillPage, hidden, text_of


@pytest.fixture
def gift(till: TillPage) -> Certificate:
    terms = Terms(kind="sum", amount=D(1000), is_sold=True, expires_at=timezone.now() + dt.timedelta(days=30))
    shop = till.cast.zerno
    return issuing.issue(merchant=shop.merchant, terms=terms, now=timezone.now(), by=shop.owner)[0]


def test_two_parts_and_a_return(till: TillPage, gift: Certificate) -> None:
    url, code = reverse("till_sale"), codes.shown(gift.code).lower()
    quoted = text_of(till.key_in(url, act="quote", total="700", certificate=code))
    assert "К оплате 0,00 ₽" in quoted
    assert f"Оплачено сертификатами 700,00 ₽ Осталось на сертификате …{gift.code[-4:]} 300,00 ₽" in quoted
    first = till.client.get(till.sell(url, total="700", certificate=code)["Location"])
    assert "300,00 ₽" in text_of(first)
    assert "Исправить сумму" not in text_of(first)
    link = f"http://testserver/certificate/{links.token_of(gift)}/"
    till.sell(url, total="500", certificate=link)
    sale = Sale.objects.latest("id")
    assert (sale.certificates_paid, sale.to_pay) == (300, 200)
    back = reverse("till_return", args=[sale.public_id])
    form = hidden(till.client.get(back))
    sure = till.client.post(back, {**form, "way": "void"})
    assert "Вернётся на сертификаты 300,00 ₽" in text_of(sure)
    till.client.post(back, {**hidden(sure), "act": "give", "way": "void"})
    gift.refresh_from_db()
    assert gift.rest == 300


def test_a_slip_is_told_without_a_look_and_a_guess_counts_once(till: TillPage, gift: Certificate) -> None:
    url = reverse("till_sale")
    slip = ("1" if gift.code[0] != "1" else "2") + gift.code[1:]
    assert "В коде ошибка" in text_of(till.key_in(url, act="quote", total="100", certificate=slip))
    unknown = codes.new_code()
    quoted = till.key_in(url, act="quote", total="100", certificate=unknown)
    assert "Такого сертификата нет." in text_of(quoted)
    again = till.client.post(url, {**hidden(quoted), "act": "quote", "total": "100", "certificate": unknown})
    assert "Такого сертификата нет." in text_of(again)
    assert "Такого сертификата нет. Проверьте" in text_of(till.sell(url, total="100", certificate=unknown))
    assert wait_for_guesses(till.story.caller) == 0
    assert not Sale.objects.exists()


def test_what_it_holds(till: TillPage, gift: Certificate) -> None:
    page = reverse("till_certificates")
    told = text_of(till.post(page, act="check", q=gift.code.lower()))
    assert "1 000 ₽ Осталось 1 000 ₽" in told
    assert f"Код {codes.shown(gift.code)}" in told
    # Scanned where clients are looked for, it is found all the same.
    assert "Осталось 1 000 ₽" in text_of(till.find(f"http://testserver/certificate/{links.token_of(gift)}/"))
    assert "Осталось 1 000 ₽" in text_of(till.find(codes.shown(gift.code)))
    assert "Такого сертификата нет" in text_of(till.post(page, act="check", q=codes.new_code()))
    filled = till.client.get(f"{reverse('till_sale')}?certificate={codes.shown(gift.code)}")
    assert f'value="{codes.shown(gift.code)}"' in filled.content.decode()


def test_one_is_sold_once_and_handed_over(till: TillPage) -> None:
    page = reverse("till_certificates")
    fields = {**hidden(till.client.get(page)), "act": "sell", "amount": "1 500", "receipt_number": "17"}
    first = till.client.post(page, fields)
    assert (first.status_code, till.client.post(page, fields)["Location"]) == (303, first["Location"])
    sale, sold = Sale.objects.get(), Certificate.objects.get()
    assert (sale.to_pay, sale.to_pay + sale.turnover_off, sold.nominal, sold.is_sold) == (1500, 0, 1500, True)
    receipt = text_of(till.client.get(first["Location"]))
    assert codes.shown(sold.code) in receipt
    assert "Исправить сумму" not in receipt
    assert "1 500,00 ₽" in text_of(till.get("till_shift"))


@pytest.mark.parametrize(("amount", "said"), [("", "Обязательное поле"), ("0", "больше нуля"), ("сто", "цифрами")])
def test_what_can_not_be_sold(till: TillPage, amount: str, said: str) -> None:
    page = reverse("till_certificates")
    answer = till.client.post(page, {**hidden(till.client.get(page)), "act": "sell", "amount": amount})
    assert said in text_of(answer)
    assert not Certificate.objects.exists()
