"""Cards that a till gives: at once, after the first purchase, for a receipt from a sum; free or sold; taken back."""

from __future__ import annotations

from decimal import Decimal

import pytest

from cashier.page.today import summed, totals
from insights import z_reports
from loyalty import binding, giving_cards
from loyalty.giving_cards import Terms
from loyalty.models import Card, CardBatch, GivenCard, PlasticCard, Sale
from merchants.access import tenant
from merchants.authentication import look_up
from merchants.models import AuditRecord
from tests.cashier.till import FIVE_PERCENT, Till, Told

BLUE, GREEN, RED = "2800000000017", "2800000000024", "2800000000031"


@pytest.fixture
def cards(till: Till) -> None:
    till.publish(FIVE_PERCENT)
    program = till.shop.program.pk
    with tenant(program):
        made = CardBatch.objects.create(
            program_id=program, merchant=till.shop.merchant, name="Синие", source="range", state="ready", size=3
        )
        for number in (BLUE, GREEN, RED):
            PlasticCard.objects.create(program_id=program, batch=made, number=number)


def ask(till: Till, given: str = "at_once", least: str = "0", price: str = "0") -> None:
    with tenant(till.shop.program.pk):
        wanted = Terms(given, Decimal(least), Decimal(price))
        giving_cards.set_terms(program_id=till.shop.program.pk, wanted=wanted, now=till.now, by="test")


def bind(till: Till, client: str, number: str = BLUE, **more: str) -> Told:
    return till.post(f"clients/{client}/cards", {"number": number, "cashier": "vera", **more})


def test_a_sold_card_is_money_of_the_shift_and_no_turnover(till: Till, cards: None) -> None:
    anna = till.join()
    ask(till, price="150")
    assert till.get("program").ok()["cards"] == {"given": "at_once", "least": "0.00", "price": "150.00"}
    refused = bind(till, anna, price="100")
    assert refused.problem == (409, "card_price")
    assert "150" in refused["detail"]
    body = {"number": BLUE, "cashier": "vera", "price": "150"}
    first, again = (till.post(f"clients/{anna}/cards", body, idempotency="k1") for _twice in range(2))
    assert (first.ok()["price"], again.text) == ("150.00", first.text)
    assert bind(till, anna).ok()["price"] == "150.00", "his already: nothing more is due"
    with tenant(till.shop.program.pk):
        row = GivenCard.objects.get()
        assert (row.price, row.cashier, row.sale) == (150, "vera", None)
        assert not Sale.objects.exists()
        (mine,) = totals(look_up(till.shop.key), till.now)
        assert (mine.cashier, mine.cards, mine.cards_money, mine.left, mine.receipts) == ("vera", 1, 150, 150, 0)
        (day,) = z_reports.shifts(outlet=till.shop.outlet, first=row.local_day, last=row.local_day)
        assert (day.money_for_cards, day.money_with) == (150, 0)
        assert AuditRecord.objects.get(action="card.bound").details["price"] == "150.00"
    assert till.get(f"clients/{anna}").ok()["available"] == "0"


def test_a_sold_card_comes_back_once(till: Till, cards: None) -> None:
    anna, boris = till.join(), till.join("+79161234568")
    ask(till, price="150")
    bind(till, anna).ok()
    ask(till, price="200")
    assert till.post(f"clients/{boris}/cards/return", {"number": BLUE}).problem == (404, "card_not_found")
    body = {"number": BLUE, "cashier": "olga"}
    first, again = (till.post(f"clients/{anna}/cards/return", body, idempotency="k2") for _twice in range(2))
    assert first.ok().get("number", "price") == {"number": BLUE, "price": "150.00"}, "what was paid, not what it costs"
    assert again.text == first.text
    assert till.post(f"clients/{anna}/cards/return", body).problem == (409, "card_not_sold")
    assert till.get("clients", card=BLUE).problem == (409, "card_blocked")
    with tenant(till.shop.program.pk):
        parts = totals(look_up(till.shop.key), till.now)
        assert [(part.cashier, part.left) for part in parts] == [("olga", -150), ("vera", 150)]
        assert summed(parts).left == 0


def test_a_free_card_has_no_money_to_return(till: Till, cards: None) -> None:
    anna = till.join()
    assert bind(till, anna).ok()["price"] == "0.00"
    assert till.post(f"clients/{anna}/cards/return", {"number": BLUE}).problem == (409, "card_not_sold")


def test_after_the_first_purchase(till: Till, cards: None) -> None:
    ask(till, "first_purchase")
    joining = till.post("clients", {"phone": "+79161234568", "card": BLUE})
    assert joining.problem == (409, "card_too_early")
    assert till.get("clients", phone="+79161234568").problem == (404, "client_not_found"), "nobody joined"
    anna = till.join()
    refused = bind(till, anna)
    assert refused.problem == (409, "card_too_early")
    assert refused["detail"] == "Карту выдают после первой покупки. Сначала проведите чек, потом привяжите карту."
    till.sell(anna, "10").ok()
    bind(till, anna).ok()


def test_for_a_receipt_from_a_sum_one_card_each(till: Till, cards: None) -> None:
    ask(till, "receipt", "1000", "50")
    anna = till.join()
    small = till.sell(anna, "999.99").ok()
    refused = bind(till, anna)
    assert refused.problem == (409, "card_needs_receipt")
    assert "1 000" in refused["detail"].replace("\u00a0", " ")
    sold = till.sell(anna, "1000").ok()
    assert bind(till, anna).ok()["price"] == "50.00"
    assert bind(till, anna, GREEN).problem == (409, "card_needs_receipt"), "it has given its card"
    with tenant(till.shop.program.pk):
        assert GivenCard.objects.get().sale == Sale.objects.get(public_id=sold["id"]).pk
    big = till.sell(anna, "1500").ok()
    till.post(f"sales/{big['id']}/returns", {"amount": "600"}).ok()
    assert bind(till, anna, GREEN).problem == (409, "card_needs_receipt"), "900 are left of it"
    till.post(f"clients/{anna}/cards/return", {"number": BLUE}).ok()
    bind(till, anna, GREEN).ok()
    till.sell(anna, "5000").ok()
    till.later(days=1)
    assert bind(till, anna, RED).problem == (409, "card_needs_receipt"), "it is not of today"
    assert small["id"]


def test_a_card_that_was_brought_along_costs_nothing(till: Till, cards: None) -> None:
    ask(till, "first_purchase", price="150")
    anna = till.join()
    with tenant(till.shop.program.pk):
        binding.let_any_number(program_id=till.shop.program.pk, allowed=True, now=till.now, by="test")
    assert bind(till, anna, "OLD-00042").ok()["price"] == "0.00"
    with tenant(till.shop.program.pk):
        assert giving_cards.terms(till.shop.program.pk).price == 150, "one setting leaves the other alone"
        assert Card.objects.filter(number="OLD-00042").exists()
