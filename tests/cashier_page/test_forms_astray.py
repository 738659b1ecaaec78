"""Forms that come where they don't belong, or too late: the cashier is told, with the way on, and nothing is booked."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from clients.models import Client
from loyalty.models import Return, Sale
from tests.cashier_page.conftest import TillPage, hidden, text_of


def sold(till: TillPage, **fields: Any) -> Sale:
    till.sell(reverse("till_sale"), **{"total": "100", **fields})
    return Sale.objects.latest("pk")


def return_url(sale: Sale) -> str:
    return reverse("till_return", args=[sale.public_id])


def test_a_void_that_is_not_offered_is_refused(till: TillPage) -> None:
    sale = sold(till)
    url = return_url(sale)
    asked = till.client.post(url, {**hidden(till.client.get(url)), "way": "sum", "amount": "40"})
    assert till.client.post(url, hidden(asked)).status_code == 303
    page = till.client.get(url)
    assert 'value="void"' not in page.content.decode()
    for act in ("show", "give"):
        refused = till.client.post(url, {**hidden(page), "way": "void", "act": act})
        assert "Отменить можно только сегодняшний чек этой кассы, по которому ничего не возвращали." in text_of(refused)
    assert [row.is_void for row in Return.objects.all()] == [False]
    sale.refresh_from_db()
    assert sale.status == Sale.Status.COMMITTED


def test_yesterdays_receipt_is_not_voided(till: TillPage) -> None:
    sale = sold(till)
    with time_machine.travel(timezone.now() + dt.timedelta(days=2), tick=False):
        till.unlock()
        url = return_url(sale)
        refused = till.client.post(url, {**hidden(till.client.get(url)), "way": "void", "act": "give"})
        assert "Отменить можно только сегодняшний чек" in text_of(refused)
    assert not Return.objects.exists()


def test_a_void_that_is_sent_twice_is_one(till: TillPage) -> None:
    sale = sold(till)
    url = return_url(sale)
    asked = till.client.post(url, {**hidden(till.client.get(url)), "way": "void"})
    answers = [till.client.post(url, hidden(asked)) for _twice in range(2)]
    assert [answer.status_code for answer in answers] == [303, 303]
    assert Return.objects.count() == 1


def test_the_ticket_of_a_return_sells_nothing(till: TillPage) -> None:
    sale = sold(till)
    url = return_url(sale)
    asked = hidden(till.client.post(url, {**hidden(till.client.get(url)), "way": "sum", "amount": "40"}))
    assert till.client.post(url, asked).status_code == 303
    answer = till.sell(reverse("till_sale"), ticket=asked["ticket"], total="70")
    assert answer.status_code == 200
    assert "Форма устарела. Посмотрите в «Чеках», не проведён ли этот чек" in text_of(answer)
    assert Sale.objects.count() == 1
    # The way on: the same form has a ticket of its own now.
    again = till.post(reverse("till_sale"), **{**hidden(answer), "act": "sell", "total": "70"})
    assert again.status_code == 303
    assert Sale.objects.count() == 2


def test_the_ticket_of_a_sale_returns_nothing(till: TillPage) -> None:
    form = till.form(reverse("till_sale"))
    till.post(reverse("till_sale"), **{**form, "act": "sell", "total": "100"})
    url = return_url(Sale.objects.get())
    answer = till.client.post(url, {"ticket": form["ticket"], "act": "give", "way": "sum", "amount": "40"})
    assert answer.status_code == 200
    assert "Форма устарела. Посмотрите, что из чека осталось" in text_of(answer)
    assert not Return.objects.exists()
    asked = till.client.post(url, {**hidden(answer), "way": "sum", "amount": "40"})
    assert till.client.post(url, hidden(asked)).status_code == 303
    assert Return.objects.get().money == 40


def test_the_ticket_of_a_new_client_sells_nothing(till: TillPage) -> None:
    form = {**till.form(reverse("till_new")), "phone": "+79161234567", "agreed": "on"}
    assert till.client.post(reverse("till_new"), form).status_code == 303
    answer = till.sell(reverse("till_sale"), ticket=form["ticket"], total="70")
    assert (answer.status_code, Sale.objects.count()) == (200, 0)
    ticket = till.form(reverse("till_sale"))["ticket"]
    wrong = till.client.post(reverse("till_new"), {**form, "phone": "+79161234568", "ticket": ticket})
    assert "Страница устарела" in text_of(wrong)
    assert Client.objects.count() == 1


def test_a_correction_with_another_ticket_corrects_nothing(till: TillPage) -> None:
    sale = sold(till)
    ticket = hidden(till.client.get(return_url(sale)))["ticket"]
    for name in ("till_correct", "till_attach_to"):
        args: list[object] = [sale.public_id]
        if name == "till_attach_to":
            till.join()
            args.append(str(till.find("+79161234567")["Location"]).split("/")[-2])
        answer = till.post(reverse(name, args=args), ticket=ticket, act="sell", total="70")
        assert answer.status_code == 200
        assert "Форма устарела" in text_of(answer)
    assert Sale.objects.count() == 1


@pytest.mark.parametrize(("days", "sales"), [(29, 1), (31, 0)])
def test_a_ticket_lives_as_long_as_its_answer_would(till: TillPage, days: int, sales: int) -> None:
    """The answers of forms are kept for thirty days: a form that is sent later could be booked a second time."""
    form = {**till.form(reverse("till_sale")), "act": "sell", "total": "100"}
    with time_machine.travel(timezone.now() + dt.timedelta(days=days), tick=False):
        till.unlock()
        answer = till.post(reverse("till_sale"), **form)
        assert Sale.objects.count() == sales
        assert ("Форма устарела" in text_of(answer)) == (not sales)
        if not sales:
            assert hidden(answer)["ticket"] != form["ticket"]


def test_four_digits_count_as_guesses(till: TillPage) -> None:
    till.join()
    till.join("+79990004567", "Борис")
    for _look in range(30):
        assert "Борис" in text_of(till.find("4567"))
    refused = text_of(till.find("4567"))
    assert "Борис" not in refused
    assert "Слишком много попыток. Подождите 10 мин." in refused
