"""Rows on their way to COPY, table by table."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterable, Iterator, Mapping

from django.db.models import Model

from clients.models import Client, Consent
from loyalty import bulk
from loyalty.models import Account, Card, Entry, Lot, Return, ReturnLine, Sale, SaleLine

NULL = "\\N"

COLUMNS: Mapping[type[Model], str] = {
    Account: "id program_id merchant_id public_id status block_reason points debt tier manual_tier tier_gifts spent "
    "visits purchases first_purchase_at last_purchase_at birthday tags created_at",
    Card: "id program_id account_id kind number status created_at",
    Client: "id program_id account_id name phone email birthday note card_version created_at",
    Consent: "id program_id client_id kind given at source text_version",
    Sale: "id program_id merchant_id outlet_id till_id public_id account_id status receipt_number occurred_at "
    "local_day version channel cashier identified_by total discount points_redeemed points_value certificates_paid "
    "to_pay points_earned earnings explanation flags tier_before tier_after is_visit body_digest created_at",
    SaleLine: "id program_id sale_id position sku name category brand quantity price amount discount points_value "
    "points certificate paid earned",
    Lot: "id program_id account_id merchant_id sale_id origin_id rule amount rest available_at expires_at created_at",
    Entry: "id program_id account_id kind points balance_after lots parts rule sale_id given_back_id at created_at "
    "actor reason",
    Return: "id program_id sale_id public_id is_void at money points_value points_back certificates_back earned_called "
    "earned_taken earned_expired earned_forgiven tier_undone cashier actor reason created_at",
    ReturnLine: "id program_id given_back_id line_id quantity value money points_value points certificate earned",
}


class Rows:
    """Collects rows and writes them; `keys` gives each table's next primary key."""

    def __init__(self) -> None:
        self.of: dict[type[Model], list[str]] = {model: [] for model in COLUMNS}
        self.keys: dict[type[Model], Iterator[int]] = {model: bulk.ids(model) for model in COLUMNS}

    def key(self, model: type[Model]) -> int:
        return next(self.keys[model])

    def add(self, model: type[Model], *values: object) -> None:
        self.of[model].append("\t".join([NULL if value is None else str(value) for value in values]))

    def write(self) -> None:
        for model, rows in self.of.items():
            bulk.copy(model, COLUMNS[model].split(), rows)
            rows.clear()


def array(values: Iterable[object]) -> str:
    return "{" + ",".join(map(str, values)) + "}"


def time_ordered_id(rng: random.Random, at: dt.datetime) -> str:
    """As `loyalty.ids.uuid7`, of the demo's own chance."""
    milliseconds = int(at.timestamp() * 1000)
    high, low = rng.getrandbits(12), rng.getrandbits(62)
    return f"{(milliseconds << 80) | (7 << 76) | (high << 64) | (2 << 62) | low:032x}"


def random_id(rng: random.Random) -> str:
    return f"{(rng.getrandbits(128) & ~(0xF << 76) & ~(0x3 << 62)) | (4 << 76) | (2 << 62):032x}"
