"""What the product really sends to the database for a sale, made into a template.

One sale is booked by the product's own services and rolled back. The parameters of its two calls are kept, and what
depends on the account, the till or the moment becomes a place to fill in: so the ceiling writes what the product
writes, whatever that is today.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

from bench import till
from bench.shop import Shop

Call = tuple[str, list[Any]]


class Place:
    """Places in the template, each an SQL expression over what loyalty_open_sale returned."""

    def __init__(self) -> None:
        self.expressions: list[str] = []

    def of(self, expression: str) -> str:
        if expression not in self.expressions:
            self.expressions.append(expression)
        return f"\x01{self.expressions.index(expression) + 1}\x02"


def calls_of_a_sale(shop: Shop, *, redeem: bool, account: int = 1) -> list[Call]:
    """Book one sale as the API does, note what goes to the database, and take it back."""
    from django.db import transaction  # noqa: PLC0415

    from cashier.api.cart import sale_request  # noqa: PLC0415
    from cashier.api.input.body import decode  # noqa: PLC0415
    from cashier.api.sales.rendering import receipt_text  # noqa: PLC0415
    from cashier.api.sales.sell import SaleInput  # noqa: PLC0415
    from loyalty import ledger, sales  # noqa: PLC0415
    from loyalty.sales.request import Idempotency  # noqa: PLC0415
    from merchants.access import tenant  # noqa: PLC0415
    from merchants.authentication import look_up  # noqa: PLC0415

    calls: list[Call] = []
    real = ledger.call

    def noting(sql: str, parameters: list[Any]) -> Any:
        calls.append((sql, parameters))
        return real(sql, parameters)

    @contextmanager
    def undone() -> Iterator[None]:
        with transaction.atomic():
            yield
            transaction.set_rollback(True)

    now = dt.datetime.now(dt.UTC)
    key = "0123abcd-00-0000000001"
    body = json.dumps(till.receipt(shop, account, redeem=redeem, number=key)).encode()
    with tenant(shop.program_id), undone(), mock.patch.object(ledger, "call", noting):
        caller = look_up(shop.keys[0])
        wanted = sale_request(decode(body, SaleInput), caller=caller, now=now)
        sales.sell(
            caller=caller,
            request=wanted,
            key=Idempotency(key, bytes(32)),
            now=now,
            render=receipt_text(shop.program_id),
        )
    return calls


def state_of(shop: Shop, account: int = 1) -> dict[str, Any]:
    """The account before the sale."""
    from django.db import connection  # noqa: PLC0415

    with connection.cursor() as cursor:
        cursor.execute("SELECT loyalty_account_json(%s, %s, now())", [shop.program_id, account])
        found: str | dict[str, Any] = cursor.fetchone()[0]
    return json.loads(found) if isinstance(found, str) else found


def template(payload: dict[str, Any], before: dict[str, Any], place: Place) -> str:
    """The payload as the first argument of SQL's format()."""
    now = place.of("now_text")
    payload["now"] = now
    payload["account_id"] = place.of("account->>'id'")
    payload["key"] = place.of("key")
    sale, post = payload["sale"], payload["post"]
    sale["public_id"] = place.of("public_id")
    sale["receipt_number"] = place.of("key")
    sale["till_id"] = place.of("till")
    sale["occurred_at"] = now
    sale["local_day"] = place.of("day")
    sale["is_visit"] = place.of("not visited")

    points = float(before["points"])

    def balance(after: Any) -> str:
        change = float(after) - points
        return place.of(f"points + ({change:g})") if change else place.of("points")

    post["account_id"] = payload["account_id"]
    post["now"] = post["at"] = post["last_purchase_at"] = now
    post["spent"] = place.of(f"(account->>'spent')::numeric + {float(post['spent']) - float(before['spent']):g}")
    post["visits"] = place.of("(account->>'visits')::int + (not visited)::int")
    post["purchases"] = place.of("(account->>'purchases')::int + 1")
    for posting in post["postings"]:
        posting["balance_after"] = balance(posting["balance_after"])
        if posting["lots"]:
            posting["lots"] = [place.of("lot->>0")]
        if posting["new_lot"]:
            posting["new_lot"]["available_at"] = now
    for moved in post["moved"]:
        moved[0] = place.of("lot->>0")
    text = json.dumps(payload, ensure_ascii=False, separators=(",", ":")).replace("%", "%%")
    for n in range(1, len(place.expressions) + 1):
        text = text.replace(f"\\u0001{n}\\u0002", f"%{n}$s")
    return text
