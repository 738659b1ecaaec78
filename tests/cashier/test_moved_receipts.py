"""A till knows only the receipt that it has sold: what the office has made of it since is the office's affair."""

from __future__ import annotations

from decimal import Decimal as D

import pytest

from loyalty.models import Account, Entry, Sale
from loyalty.sales.moving import move, move_back
from merchants.access import tenant
from tests.cashier.till import ANNA, ONE_PER_ONE, Till

BORIS = "+79161234568"


@pytest.fixture
def shop(till: Till) -> tuple[Till, str, str]:
    till.publish(ONE_PER_ONE)
    return till, till.join(ANNA), till.join(BORIS)


def moved(till: Till, sale_id: object, to: str) -> Sale:
    with tenant(till.shop.program.pk):
        sale = Sale.objects.get(public_id=sale_id)
        done = move(sale=sale, to=Account.objects.get(public_id=to), reason="", now=till.now, by="test")
        return Sale.objects.get(public_id=done.sale_id)


def moved_back(till: Till, sale: Sale) -> Sale:
    with tenant(till.shop.program.pk):
        done = move_back(sale=sale, reason="", now=till.now, by="test")
        return Sale.objects.get(public_id=done.sale_id)


def test_a_moved_receipt_is_returned_by_its_old_id(shop: tuple[Till, str, str]) -> None:
    till, anna, boris = shop
    sold = till.sell(anna, "300.00", "100.00", receipt_number="17").ok()
    new = moved(till, sold["id"], boris)
    body = {"lines": [{"line": 1, "quantity": "1"}]}
    first = till.post(f"sales/{sold['id']}/returns", body, idempotency="a")
    assert (first.status, first["sale_id"], first["money"]) == (201, str(new.public_id), "100.00")
    assert (till.balance(anna), till.balance(boris)) == ("0", "300")
    again = till.post(f"sales/{sold['id']}/returns", body, idempotency="a")
    assert (again.status, again.text, again.headers["Idempotency-Replayed"]) == (201, first.text, "true")
    assert till.post(f"sales/{sold['id']}/returns", {}).ok()["money"] == "300.00"
    assert (till.balance(anna), till.balance(boris)) == ("0", "0")
    assert till.post(f"sales/{sold['id']}/returns", {}).problem == (409, "sale_not_sold")


def test_a_return_is_heard_again_after_a_whole_one(shop: tuple[Till, str, str]) -> None:
    till, anna, boris = shop
    sold = till.sell(anna, "300.00").ok()
    moved(till, sold["id"], boris)
    first = till.post(f"sales/{sold['id']}/returns", {}, idempotency="b")
    with tenant(till.shop.program.pk):
        written = Entry.objects.count()
        assert till.post(f"sales/{sold['id']}/returns", {}, idempotency="b").text == first.text
        assert Entry.objects.count() == written


def test_a_void_takes_it_back_from_whoever_has_it_now(shop: tuple[Till, str, str]) -> None:
    till, anna, boris = shop
    sold = till.sell(None, "300.00").ok()
    nobodys = moved_back(till, moved(till, sold["id"], anna))
    to_boris = moved(till, nobodys.public_id, boris)
    first = till.void(sold)
    assert (first.status, first["sale_id"], first["money"]) == (200, str(to_boris.public_id), "300.00")
    assert (till.balance(anna), till.balance(boris)) == ("0", "0")
    assert till.void(sold).get("sale_id", "id", "points_taken_back") == first.get("sale_id", "id", "points_taken_back")
    with tenant(till.shop.program.pk):
        assert {sale.status for sale in Sale.objects.all()} == {"voided"}


def test_it_is_read_by_its_old_id_and_number(shop: tuple[Till, str, str]) -> None:
    till, anna, boris = shop
    sold = till.sell(anna, "300.00", receipt_number="17").ok()
    new = moved(till, sold["id"], boris)
    seen = till.get(f"sales/{sold['id']}").ok()
    assert (seen["id"], seen["receipt_number"], seen["status"]) == (str(new.public_id), "17/2", "committed")
    assert D(seen["to_pay"]) == 300
