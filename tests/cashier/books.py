"""Everything that a till can change, to see that nothing did."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db.models import Model

from clients.models import Client, Consent
from loyalty.models import (
    Account,
    Card,
    Confirmation,
    Entry,
    IdempotencyKey,
    Lot,
    Reservation,
    Return,
    ReturnLine,
    Sale,
    SaleLine,
)
from merchants.access import every_tenant
from merchants.models import OutboxMessage

TABLES: tuple[type[Model], ...] = (
    Account,
    Card,
    Client,
    Confirmation,
    Consent,
    Entry,
    IdempotencyKey,
    Lot,
    OutboxMessage,
    Reservation,
    Return,
    ReturnLine,
    Sale,
    SaleLine,
)


def everything(*, without: tuple[type[Model], ...] = ()) -> dict[str, list[object]]:
    """All the rows of all the books."""
    with every_tenant():
        return {
            table.__name__: list(table._default_manager.order_by("pk").values())
            for table in TABLES
            if table not in without
        }


@contextmanager
def nothing_changes(*, but: tuple[type[Model], ...] = ()) -> Iterator[None]:
    before = everything(without=but)
    yield
    assert everything(without=but) == before
