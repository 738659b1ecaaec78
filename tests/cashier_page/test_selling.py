"""The till page without scripts: find, quote, sell, correct, give back."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal as D

import pytest
from django.urls import reverse
from django.utils import timezone

from clients.models import Client, Consent
from loyalty.cards import issue_code
from loyalty.models import Account, Return, Sale
from loyalty.sales.moving import move
from merchants.access import tenant
from merchants.models import OutboxMessage
from tests.cashier_page.conftest import TillPage, hidden, text_of
from tests.loyalty.shop import ONE_PER_ONE


def sale_url(till: TillPage, q: str) -> str:
    answer = till.find(q)
    assert answer.status_code == 303, text_of(answer)
    return str(answer["Location"])


def test_a_purchase_by_phone(till: TillPage) -> None:
    vera = till.join(points="120", birthday=timezone.localdate().replace(year=1990))
    Client.objects.update(note="Без сахара")
    url = sale_url(till, "8 (916) 123-45-67")
    assert "9161234567" not in url
    seen = text_of(till.client.get(url))
    for said in ("Вера", "120 зёрен", "Без сахара", "День рождения сегодня"):
        assert said in seen
    quoted = till.key_in(url, act="quote", total="1 234,50 ₽")
    assert quoted.status_code == 200
    assert "1 234,50 ₽" in text_of(quoted)
    assert "1 234 зерна" in text_of(quoted)
    sold = till.sell(url, total="1234,50", receipt_number="17")
    assert sold.status_code == 303
    receipt = till.client.get(sold["Location"])
    assert "Проведён" in text_of(receipt)
    assert "Следующий чек" in text_of(receipt)
    sale = Sale.objects.get()
    assert (sale.to_pay, sale.cashier, sale.receipt_number, sale.identified_by) == (D("1234.50"), "Анна", "17", "phone")
    assert receipt["X-Till-Sale"] == str(sale.public_id)
    assert till.available(vera) == 120 + 1234


def test_without_a_card_and_by_lines(till: TillPage) -> None:
    url = reverse("till_sale")
    rows = {"rows-TOTAL_FORMS": 2, "rows-0-name": "Латте", "rows-0-quantity": "2", "rows-0-price": "190"}
    more = till.key_in(url, act="add", **rows, **{"rows-1-price": "60,50"})
    assert 'name="rows-2-price"' in more.content.decode()
    assert 'value="60,50"' in more.content.decode()
    sold = till.sell(url, **rows, **{"rows-1-price": "60,50"})
    assert sold.status_code == 303
    sale = Sale.objects.get()
    assert (sale.total, sale.account) == (D("440.50"), None)
    assert list(sale.lines.order_by("position").values_list("name", "quantity")) == [("Латте", 2), ("", 1)]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, "Введите сумму чека."),
        ({"total": "сто"}, "Введите сумму цифрами, например 350 или 349,90."),
        ({"total": "0"}, "больше нуля"),
        ({"total": "-5"}, "не может быть меньше нуля"),
        ({"total": "1,234"}, "2"),
        ({"total": "5", "rows-0-price": "5"}, "Либо одна сумма, либо товары"),
        ({"rows-0-name": "Латте"}, "Введите цену."),
        ({"total": "5", "points": "1,5"}, "0"),
        ({"total": "5", "receipt_number": "1\u202e2"}, "невидимые знаки"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_sold(till: TillPage, fields: dict[str, str], said: str) -> None:
    till.join()
    answer = till.sell(sale_url(till, "+79161234567"), **fields)
    assert answer.status_code == 200
    assert said in text_of(answer)
    assert not Sale.objects.exists()


def test_a_form_that_is_sent_twice_is_one_receipt(till: TillPage) -> None:
    url = reverse("till_sale")
    form = {**till.form(url), "act": "sell", "total": "100"}
    first, second = (till.client.post(url, form)["Location"] for _n in range(2))
    assert first == second
    changed = till.client.post(url, {**form, "total": "200"})
    assert changed["Location"] == f"{first}?already=1"
    assert "уже проведён" in text_of(till.client.get(changed["Location"]))
    assert Sale.objects.count() == 1


def test_a_one_time_code_pays_and_is_used_up(till: TillPage) -> None:
    vera = till.join(points="300")
    code = issue_code(account=vera.account, now=till.now).code
    url = sale_url(till, code)
    all_of_it = till.key_in(url, act="all", total="200")
    assert "Оплачено баллами 200,00 ₽" in text_of(all_of_it)
    # Beside the button that sells, where it is read before and not after.
    bar = all_of_it.content.decode().partition('id="key-in"')[2].partition("</p>")[0]
    assert "Пробить на кассе: 0,00 ₽, скидка 200,00 ₽" in " ".join(bar.split())
    form = {**till.form(url), "act": "sell", "total": "200", "points": "150"}
    sold = till.client.post(url, form)
    assert sold.status_code == 303, text_of(sold)
    assert "Пробить на кассе: 50,00 ₽, скидка 150,00 ₽" in text_of(till.client.get(sold["Location"]))
    assert till.client.post(url, form)["Location"] == sold["Location"]
    assert till.available(vera) == 300 - 150 + 50
    again = till.find(code)
    assert again.status_code == 200
    assert "код" in text_of(again).lower()
    used = till.sell(url, total="10")
    assert used.status_code == 200
    assert Sale.objects.count() == 1


def test_spending_by_phone_needs_a_code(till: TillPage) -> None:
    vera = till.join(points="300")
    url = sale_url(till, "+79161234567")
    refused = till.sell(url, total="200", points="100")
    assert refused.status_code == 200
    assert "Списание нужно подтвердить" in text_of(refused) or "подтвер" in text_of(refused)
    sent = till.key_in(url, act="send", total="200", points="всё")
    assert "Код отправлен" in text_of(sent)
    assert 'name="points" value="200"' in sent.content.decode()
    text = OutboxMessage.objects.get(topic="confirmation.send").payload["text"]
    code = text[:4]
    assert text == f"{code} — код для оплаты баллами (200). Зерно. Назовите код только кассиру."
    wrong = "0000" if code != "0000" else "1111"
    failed = till.sell(url, total="200", points="200", confirmation=wrong)
    assert failed.status_code == 200
    assert hidden(failed)["wrong_code"] == wrong
    sold = till.sell(url, total="200", points="200", confirmation=code)
    assert sold.status_code == 303, text_of(sold)
    assert Sale.objects.get().points_redeemed == 200
    assert till.available(vera) == 100


def test_the_code_of_the_clients_card_confirms_too(till: TillPage) -> None:
    vera = till.join(points="300")
    boris = till.join("+79160000001", "Борис", points="500")
    url = sale_url(till, "+79161234567")
    others = issue_code(account=boris.account, now=till.now).code
    answer = till.sell(url, total="200", points="100", confirmation=others)
    assert (answer.status_code, "Это код другого клиента." in text_of(answer)) == (200, True)
    code = issue_code(account=vera.account, now=till.now).code
    assert till.sell(url, total="200", points="100", confirmation=code).status_code == 303
    assert (till.available(vera), till.available(boris)) == (300, 500)


def test_a_wrong_code_is_counted_once(till: TillPage) -> None:
    vera = till.join(points="300")
    url = sale_url(till, "+79161234567")
    till.key_in(url, act="send", total="200", points="100")
    confirmed = vera.account
    wrong = {"total": "200", "points": "100", "confirmation": "00000"[:4]}
    quoted = till.key_in(url, act="quote", **wrong)
    till.key_in(url, act="quote", **wrong, wrong_code=hidden(quoted)["wrong_code"])
    from loyalty.models import Confirmation

    assert Confirmation.objects.get(account=confirmed).attempts == 1


def test_four_digits_list_those_who_may_be_meant(till: TillPage) -> None:
    till.join(points="100")
    till.join("+79990004567", "Борис")
    answer = till.find("4567")
    seen = text_of(answer)
    assert "Вера" in seen
    assert "+7 999 ···-··-67" in seen
    assert "9161234567" not in answer.content.decode()
    word = answer.content.decode().split("/till/sale/")[1].split("/")[0]
    url = reverse("till_sale", args=[word])
    assert till.sell(url, total="50", points="10").status_code == 200
    assert till.sell(url, total="50").status_code == 303
    assert Sale.objects.get().identified_by == "phone"


def test_a_scanned_address_finds_the_client(till: TillPage) -> None:
    vera = till.join()
    number = till.story.card(vera.account)
    code = issue_code(account=vera.account, now=till.now).code
    for text in (number, f"https://kopilka.example/card/{number}", f"https://kopilka.example/x/?code={code}", code):
        assert sale_url(till, text)


def test_nobody_is_found_too_often(till: TillPage) -> None:
    for n in range(30):
        assert till.find(f"{n:06}").status_code == 200
    till.join()
    assert till.find("+79161234567").status_code == 200
    assert "Подождите" in text_of(till.find("+79161234567"))


def test_an_unknown_phone_is_enrolled(till: TillPage) -> None:
    missing = till.find("8 916 123 45 67")
    assert missing.status_code == 200
    assert "Добавить клиента +7 916 123-45-67" in text_of(missing)
    offered = till.post(reverse("till_new"), find="+79161234567")
    assert 'value="+79161234567"' in offered.content.decode()
    form = {**hidden(offered), "phone": "+79161234567", "name": "Вера"}
    without = till.client.post(reverse("till_new"), form)
    assert (without.status_code, "Без согласия" in text_of(without)) == (200, True)
    joined = till.client.post(reverse("till_new"), {**form, "agreed": "on"})
    assert joined.status_code == 303
    assert "Клиент добавлен" in text_of(till.client.get(joined["Location"]))
    # Sent once more, the same form leads to the same client.
    assert till.client.post(reverse("till_new"), {**form, "agreed": "on"}).status_code == 303
    vera = Client.objects.get()
    assert (vera.name, str(vera.phone)) == ("Вера", "+79161234567")
    consent = Consent.objects.get()
    assert (consent.kind, consent.given, consent.source) == ("processing", True, f"till:{till.cast.zerno.till.pk} Анна")
    assert consent.text_version == "default-1"
    again = till.client.post(
        reverse("till_new"), {**till.form(reverse("till_new")), "phone": "9161234567", "agreed": "on"}
    )
    assert (again.status_code, "Открыть этого клиента" in text_of(again)) == (200, True)


def test_a_blocked_client_is_told_of(till: TillPage) -> None:
    vera = till.join()
    Account.objects.update(status="blocked")
    url = sale_url(till, "+79161234567")
    assert "заблокирован" in text_of(till.client.get(url))
    assert till.sell(url, total="10").status_code == 200
    assert vera.pk


def test_the_sum_is_corrected(till: TillPage) -> None:
    vera = till.join(points="10")
    sold = till.sell(sale_url(till, "+79161234567"), total="1000", receipt_number="17")
    old = Sale.objects.get()
    assert "Исправить сумму" in text_of(till.client.get(sold["Location"]))
    url = reverse("till_correct", args=[old.public_id])
    page = till.client.get(url).content.decode()
    assert 'value="1000"' in page
    assert 'value="17"' in page
    quoted = till.key_in(url, act="quote", total="100", receipt_number="17")
    assert "100,00 ₽" in text_of(quoted)
    assert Sale.objects.count() == 1
    form = {**till.form(url), "act": "sell", "total": "100", "receipt_number": "17"}
    done = till.client.post(url, form)
    assert done.status_code == 303, text_of(done)
    assert till.client.post(url, form)["Location"] == done["Location"]
    new = Sale.objects.get(status="committed")
    assert (new.receipt_number, new.to_pay, new.replaces, new.identified_by) == ("17/2", D("100.00"), old, "phone")
    assert till.available(vera) == 110
    assert "Вместо чека 17" in text_of(till.client.get(done["Location"]))
    assert till.client.get(url)["Location"] == reverse("till_receipt", args=[old.public_id])


def test_a_moved_receipt_is_found_by_its_number_and_given_back(till: TillPage) -> None:
    vera = till.join(points="10")
    till.story.sell(None, "1000", receipt="17")
    sold = Sale.objects.get()
    done = move(sale=sold, to=vera.account, reason="", now=till.now, by="test")
    found = till.get("till_receipts", query="?number=17").content.decode()
    assert reverse("till_receipt", args=[done.sale_id]) in found
    assert reverse("till_receipt", args=[sold.public_id]) not in found
    assert till.available(vera) == 1010
    assert reverse("till_return", args=[done.sale_id]) in till.get("till_receipt", done.sale_id).content.decode()
    # By the old id it is the same receipt.
    assert reverse("till_return", args=[done.sale_id]) in till.get("till_receipt", sold.public_id).content.decode()


def test_a_correction_spends_no_more_than_was_confirmed(till: TillPage) -> None:
    """The code was shown for the old receipt; for more points the client has to be asked again."""
    vera = till.join(points="300")
    url = sale_url(till, issue_code(account=vera.account, now=till.now).code)
    assert till.sell(url, total="500", points="100").status_code == 303
    address = reverse("till_correct", args=[Sale.objects.get().public_id])
    for points in ("150", "всё"):
        more = till.key_in(address, total="500", points=points)
        assert more.status_code == 200
        assert "data-asks-code" in more.content.decode()
    assert Sale.objects.count() == 1
    assert till.key_in(address, total="500", points="80").status_code == 303
    assert Sale.objects.get(status="committed").points_redeemed == 80


def test_points_that_wait_are_told_before_paying_and_after(till: TillPage) -> None:
    with tenant(till.cast.zerno.program.pk):
        till.story.now = till.now
        till.story.publish({**ONE_PER_ONE, "points": {"pending_days": 14}})
    till.join()
    url = till.find("8 916 123-45-67")["Location"]
    day = f"{timezone.localtime(till.now) + dt.timedelta(days=14):%d.%m.%Y}"
    assert f"340 зёрен с {day}" in text_of(till.key_in(url, act="quote", total="340"))
    done = till.client.get(till.sell(url, total="340")["Location"])
    assert f"340 зёрен с {day}" in text_of(done)


def test_a_forgotten_card(till: TillPage) -> None:
    vera = till.join()
    till.sell(reverse("till_sale"), **{"rows-0-name": "Латте", "rows-0-price": "340"})
    old = Sale.objects.get()
    url = reverse("till_attach", args=[old.public_id])
    assert till.post(url, q="000000").status_code == 200
    found = till.post(url, q="+79161234567")
    assert found.status_code == 303
    asked = till.client.get(found["Location"])
    assert "Будет начислено 340 зёрен" in text_of(asked)
    assert Sale.objects.count() == 1
    done = till.client.post(found["Location"], hidden(asked))
    assert till.client.post(found["Location"], hidden(asked))["Location"] == done["Location"]
    assert till.available(vera) == 340
    new = Sale.objects.get(status="committed")
    assert (new.account, new.replaces, new.lines.get().name) == (vera.account, old, "Латте")


def test_goods_come_back_by_lines_and_by_a_sum(till: TillPage) -> None:
    vera = till.join()
    rows = {"rows-TOTAL_FORMS": 2, "rows-0-name": "Латте", "rows-0-quantity": "2", "rows-0-price": "100"}
    till.sell(sale_url(till, "+79161234567"), **rows, **{"rows-1-name": "Эклер", "rows-1-price": "50"})
    sale = Sale.objects.get()
    url = reverse("till_return", args=[sale.public_id])
    page = till.client.get(url)
    assert "Латте" in text_of(page)
    empty = till.client.post(url, {**hidden(page), "way": "lines"})
    assert empty.status_code == 200
    asked = till.client.post(url, {**hidden(page), "way": "lines", "line-0": "1"})
    assert "Вернуть деньгами 100,00 ₽" in text_of(asked)
    assert "Отозвать начисленное 100 зёрен" in text_of(asked)
    assert not Return.objects.exists()
    done = till.client.post(url, hidden(asked))
    assert done["Location"] == reverse("till_given_back", args=[sale.public_id])
    assert till.client.post(url, hidden(asked)).status_code == 303
    assert "Возврат проведён" in text_of(till.client.get(done["Location"]))
    assert till.available(vera) == 150
    too_much = till.client.post(url, {**hidden(page), "way": "sum", "amount": "500"})
    assert too_much.status_code == 200
    asked = till.client.post(url, {**hidden(page), "way": "sum", "amount": "50,00"})
    till.client.post(url, hidden(asked))
    back = Return.objects.order_by("id")
    assert [(row.money, row.cashier) for row in back] == [(D("100.00"), "Анна"), (D("50.00"), "Анна")]


def test_a_receipt_is_voided(till: TillPage) -> None:
    vera = till.join()
    till.sell(sale_url(till, "+79161234567"), total="100")
    sale = Sale.objects.get()
    url = reverse("till_return", args=[sale.public_id])
    asked = till.client.post(url, {**hidden(till.client.get(url)), "way": "void", "reason": "ошибка"})
    done = till.client.post(url, hidden(asked))
    assert "Чек отменён" in text_of(till.client.get(done["Location"]))
    sale.refresh_from_db()
    assert (sale.status, till.available(vera), Return.objects.get().is_void) == ("voided", 0, True)
    assert till.client.get(url).status_code == 303


def test_the_last_receipts_and_the_shift(till: TillPage) -> None:
    vera = till.join()
    assert "Сегодня чеков ещё не было" in text_of(till.get("till_receipts"))
    assert "Сегодня чеков ещё не было" in text_of(till.get("till_shift"))
    till.sell(sale_url(till, "+79161234567"), total="100", receipt_number="1")
    till.sell(reverse("till_sale"), total="50", receipt_number="2")
    wrong = Sale.objects.get(receipt_number="2")
    till.key_in(reverse("till_correct", args=[wrong.public_id]), total="40", receipt_number="2")
    url = reverse("till_return", args=[Sale.objects.get(receipt_number="1").public_id])
    asked = till.client.post(url, {**hidden(till.client.get(url)), "way": "sum", "amount": "30"})
    till.client.post(url, hidden(asked))
    seen = text_of(till.get("till_receipts"))
    assert "№ 2/2" in seen
    assert vera.name in seen
    assert "№ 2/2" not in text_of(till.get("till_receipts", query="?number=1"))
    shift = text_of(till.get("till_shift"))
    for said in ("Чеки 2", "Продано 140,00 ₽", "1 возврат 30,00 ₽", "Выручка за вычетом возвратов 110,00 ₽"):
        assert said in shift


def test_pages_ask_the_database_as_often_for_many_as_for_one(
    till: TillPage, django_assert_max_num_queries: object
) -> None:
    count = django_assert_max_num_queries
    till.join(points="100")
    for n in range(6):
        till.sell(sale_url(till, "+79161234567"), total=f"{n + 1}0", receipt_number=str(n))
    url = sale_url(till, "+79161234567")
    form = {**till.form(url), "act": "quote", "total": "100"}
    sale = Sale.objects.latest("id")
    with count(4):  # type: ignore[operator]
        till.get("till")
    with count(11):  # type: ignore[operator]
        till.client.get(url)
    with count(14):  # type: ignore[operator]
        till.client.post(url, form)
    with count(5):  # type: ignore[operator]
        till.get("till_receipts")
    with count(6):  # type: ignore[operator]
        till.get("till_shift")
    with count(15):  # type: ignore[operator]
        till.get("till_receipt", sale.public_id)


def test_a_receipt_that_was_sent_late_has_its_own_time(till: TillPage) -> None:
    url = reverse("till_sale")
    form = till.form(url)
    entered = timezone.now()
    early, late = entered - dt.timedelta(days=3), entered + dt.timedelta(days=3)
    for n, at in enumerate((entered, early, late)):
        fields = {**till.form(url), "act": "sell", "total": f"{n + 1}", "entered_at": at.isoformat()}
        assert till.client.post(url, fields).status_code == 303
    times = list(Sale.objects.order_by("id").values_list("occurred_at", flat=True))
    assert all(abs(at - timezone.now()) < dt.timedelta(minutes=1) for at in times)
    assert abs(times[0] - entered) < dt.timedelta(seconds=2)
    assert form["ticket"]


def test_a_return_says_what_its_sum_means(till: TillPage) -> None:
    vera = till.join(points="300")
    code = issue_code(account=vera.account, now=till.now).code
    till.sell(sale_url(till, code), total="200", points="150")
    url = reverse("till_return", args=[Sale.objects.get().public_id])
    page = text_of(till.client.get(url))
    assert "до 200,00 ₽: деньгами вернётся до 50,00 ₽, баллами — до 150" in page
    assert "По товарам" not in page
    sure = till.client.post(url, {**till.form(url), "way": "sum", "amount": "80"})
    till.client.post(url, {**hidden(sure), "act": "give"})
    assert "до 120,00 ₽: деньгами вернётся до 30,00 ₽, баллами — до 90" in text_of(till.client.get(url))
