"""A client base whose cards wait in a batch: they become the clients' own, by the file as by the till."""

from __future__ import annotations

from clients.imports.choices import Choices, Existing
from clients.models import Client
from clients.plastic import making
from clients.plastic.numbers import Order
from loyalty.models import Card
from merchants.access import tenant
from tests.cast import Cast
from tests.clients.imports.files import as_csv, loaded, taken_back
from tests.clients.plastic.test_batches import NOW

HEADER = ("ФИО", "Телефон", "Номер карты")
FIRST, SECOND = "2700000000014", "2700000000021"


def test_cards_of_a_batch_are_bound_by_a_file(cast: Cast) -> None:
    shop = cast.zerno
    with tenant(shop.program.pk):
        batch = making.order_batch(
            merchant=shop.merchant,
            name="Синие",
            line="",
            codes="both",
            order=Order(source="range", prefix="27", first=1, last=3),
            now=NOW,
            by="test",
        )
    loaded(shop, as_csv([HEADER, ("Борис", "89161234568", "")]))
    rows = as_csv([HEADER, ("Анна", "89161234567", FIRST), ("Борис", "89161234568", SECOND)])
    one = loaded(shop, rows, Choices(existing=Existing.FILL))
    with tenant(shop.program.pk):
        found = {card.number: card.account_id for card in Card.objects.filter(batch=batch)}
        people = {client.name: client.account_id for client in Client.objects.all()}
        assert found == {FIRST: people["Анна"], SECOND: people["Борис"]}
    taken_back(one)
    with tenant(shop.program.pk):
        assert not Card.objects.filter(number=FIRST).exists(), "the card waits again"


def test_cards_of_a_withdrawn_batch_are_refused(cast: Cast) -> None:
    shop = cast.zerno
    with tenant(shop.program.pk):
        batch = making.order_batch(
            merchant=shop.merchant,
            name="Синие",
            line="",
            codes="both",
            order=Order(source="range", prefix="27", first=1, last=3),
            now=NOW,
            by="test",
        )
        making.withdraw(batch=batch, now=NOW, by="test")
    rows = as_csv([HEADER, ("Анна", "89161234567", FIRST), ("Борис", "89161234568", "")])
    loaded(shop, rows)
    with tenant(shop.program.pk):
        assert [client.name for client in Client.objects.all()] == ["Борис"]
        assert not Card.objects.filter(number=FIRST).exists()
