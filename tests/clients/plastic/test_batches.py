"""Batches of plastic cards: by a range, at random, from a file whose bad rows are explained; by a worker if large."""

from __future__ import annotations

import datetime as dt
import io
from typing import Any

import pytest
from openpyxl import Workbook

from clients.plastic import making, numbers
from clients.plastic.numbers import BadOrder, Order
from loyalty import accounts, binding
from loyalty.models import Card, CardBatch, PlasticCard
from loyalty.sheets import UnreadableError
from merchants import barcodes
from merchants.access import tenant
from tests.cast import Cast

NOW = dt.datetime(2026, 11, 22, 9, 0, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def within(cast: Cast) -> Any:
    with tenant(cast.zerno.program.pk):
        yield


def ordered(cast: Cast, order: Order, **more: Any) -> CardBatch:
    return making.order_batch(
        merchant=cast.zerno.merchant, name="Синие", line="", codes="both", order=order, now=NOW, by="test", **more
    )


def ranged(**more: Any) -> Order:
    return Order(source="range", **{"prefix": "27", "first": 1, "last": 10, **more})


def filed(cast: Cast, content: bytes, name: str = "cards.csv") -> CardBatch:
    return ordered(cast, Order(source="file"), file=io.BytesIO(content), file_name=name)


def of(batch: CardBatch) -> list[str]:
    return list(PlasticCard.objects.filter(batch=batch).order_by("id").values_list("number", flat=True))


def test_a_range_with_check_digits(cast: Cast) -> None:
    batch = ordered(cast, ranged())
    found = of(batch)
    assert (batch.state, batch.size, found[0][:12], found[-1][:12]) == ("ready", 10, "270000000001", "270000000010")
    assert all(barcodes.is_ean(number) for number in found)


def test_a_range_of_any_letters(cast: Cast) -> None:
    assert of(ordered(cast, ranged(prefix="VIP-", first=8, last=10, check=False))) == ["VIP-08", "VIP-09", "VIP-10"]


@pytest.mark.parametrize(
    ("order", "why"),
    [
        ({"first": 5, "last": 4}, "backwards"),
        ({"last": 100_001}, "too_many"),
        ({"prefix": "AB"}, "prefix"),
        ({"prefix": "ЖЖ", "check": False}, "prefix"),
        ({"prefix": "27000000000", "last": 10}, "digits"),
        ({"prefix": "29"}, "virtual"),
        ({"prefix": "", "first": 289999999995, "last": 290000000005}, "virtual"),
        ({"prefix": "VIPCARD", "first": 11111, "last": 11199, "check": False}, "misread"),
        ({"prefix": "10-", "first": 1000, "last": 1999, "check": False}, "misread"),
        ({"prefix": "", "first": 1000, "last": 1999, "check": False}, "misread"),
        ({"prefix": "8916000", "first": 1000, "last": 1999, "check": False}, "misread"),
    ],
)
def test_ranges_that_are_refused(cast: Cast, order: dict[str, Any], why: str) -> None:
    with pytest.raises(BadOrder, match=why):
        ordered(cast, ranged(**order))


def test_a_range_that_meets_another_is_refused_whole(cast: Cast) -> None:
    ordered(cast, ranged())
    with pytest.raises(UnreadableError, match="3 номера"):
        ordered(cast, ranged(first=8, last=20))
    assert PlasticCard.objects.count() == 10


def test_random_numbers_are_no_virtual_cards(cast: Cast) -> None:
    found = of(ordered(cast, Order(source="random", count=300)))
    assert len(set(found)) == 300
    assert all(barcodes.is_ean(number) and number.startswith("28") for number in found)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp1251"])
def test_every_bad_row_of_a_file_is_explained(cast: Cast, encoding: str) -> None:
    shop = cast.zerno
    anna = accounts.open_account(
        program_id=shop.program.pk, merchant_id=shop.merchant.pk, phone="+79161234567", now=NOW
    )
    ordered(cast, ranged(prefix="OLD", first=1, last=1, check=False))
    binding.let_any_number(program_id=shop.program.pk, allowed=True, now=NOW, by="test")
    binding.bind(account=anna, number="TAKEN", now=NOW, by="test")
    rows = ["Владелец;Номер карты", "Анна;A-001", ";A-002", ";A-001", ";TAKEN", ";OLD1", ";<b>", ";1234", ";", "x;",
            ";89161234567", ';="00077"', ";1,23E+12"]  # fmt: skip
    batch = filed(cast, "\r\n".join(rows).encode(encoding))
    assert of(batch) == ["A-001", "A-002", "00077"]
    assert [(row, code) for row, code, *_rest in batch.problems] == [
        (4, "repeated"),
        (5, "taken"),
        (6, "waits"),
        (7, "not_a_card"),
        (8, "read_as_code"),
        (10, "empty"),
        (11, "read_as_phone"),
        (13, "excel_number"),
    ]
    assert batch.refused == 8


def test_a_spreadsheet_without_a_header(cast: Cast) -> None:
    book = Workbook()
    for number in (4000000000017, 4000000000024):
        book.active.append([number])  # type: ignore[union-attr]
    content = io.BytesIO()
    book.save(content)
    assert of(filed(cast, content.getvalue(), "cards.xlsx")) == ["4000000000017", "4000000000024"]


def test_a_large_order_is_a_workers(cast: Cast) -> None:
    batch = ordered(cast, ranged(last=making.AT_ONCE + 1))
    assert (batch.state, PlasticCard.objects.count()) == ("making", 0)
    assert making.run_due(clock=lambda: NOW) == 1
    batch.refresh_from_db()
    assert (batch.state, batch.size, PlasticCard.objects.count()) == ("ready", making.AT_ONCE + 1, making.AT_ONCE + 1)
    assert making.run_due(clock=lambda: NOW) == 0


def test_a_worker_says_why_it_could_not(cast: Cast) -> None:
    ordered(cast, ranged())
    batch = ordered(cast, ranged(last=making.AT_ONCE + 1))
    making.run_due(clock=lambda: NOW)
    batch.refresh_from_db()
    assert batch.state == "failed"
    assert batch.why.startswith("10 номеров")
    assert PlasticCard.objects.count() == 10


def test_a_withdrawn_batch_binds_nothing_until_it_is_brought_back(cast: Cast) -> None:
    shop, batch = cast.zerno, ordered(cast, ranged())
    anna = accounts.open_account(
        program_id=shop.program.pk, merchant_id=shop.merchant.pk, phone="+79161234567", now=NOW
    )
    making.withdraw(batch=batch, now=NOW, by="test")
    assert not binding.is_waiting(shop.program.pk, of(batch)[0])
    making.bring_back(batch=batch, now=NOW, by="test")
    assert binding.is_waiting(shop.program.pk, of(batch)[0])
    binding.bind(account=anna, number=of(batch)[0], now=NOW, by="test")
    assert Card.objects.filter(batch=batch).count() == 1


def test_another_programme_has_its_own_numbers(cast: Cast) -> None:
    first = of(ordered(cast, ranged()))
    other = cast.pryanik
    with tenant(other.program.pk):
        batch = making.order_batch(
            merchant=other.merchant, name="x", line="", codes="qr", order=ranged(), now=NOW, by="test"
        )
        assert of(batch) == first


def test_numbers_of_a_range_are_all_of_one_length() -> None:
    order = ranged(prefix="A", first=9, last=100, check=False)
    assert {len(number) for number in numbers.of_range(order)} == {4}
