"""How large the demo is, and in which shares it is made. Plain values: another process can be handed them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from msgspec import Struct

from cashier.demo.premises import Premises

# What one process holds in memory at a time.
RECEIPTS_OF_A_SHARE = 40_000
CLIENTS_OF_A_SHARE = 20_000


class Share(Struct, frozen=True):
    """Clients and receipts that have nothing to do with those of other shares."""

    number: int
    first_client: int
    clients: int
    receipts: int


class Plan(Struct, frozen=True):
    premises: Premises
    end: dt.datetime
    clients: int
    receipts: int
    seed: int

    def shares(self) -> Iterator[Share]:
        count = shares_of(self.clients, self.receipts)
        for n in range(count):
            first, last = (self.clients * k // count for k in (n, n + 1))
            receipts = self.receipts * (n + 1) // count - self.receipts * n // count
            yield Share(n, first, last - first, receipts)


def shares_of(clients: int, receipts: int) -> int:
    return max(-(-receipts // RECEIPTS_OF_A_SHARE), -(-clients // CLIENTS_OF_A_SHARE), 1)
