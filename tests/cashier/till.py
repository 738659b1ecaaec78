"""A till over HTTP in a few words, for tests that read as stories."""

from __future__ import annotations

import datetime as dt
import itertools
import json
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from decimal import Decimal
from typing import Any

import time_machine
from django.http.response import HttpResponseBase
from django.test import Client

from loyalty import accounts, ledger, programs
from loyalty.models import Account, Card
from merchants.access import tenant
from tests.cast import Shop

ONE_PER_ONE: dict[str, Any] = {"id": "base", "title": "1 за 1", "effect": {"kind": "per_unit", "points": "1"}}
FIVE_PERCENT: dict[str, Any] = {"id": "base", "title": "5 %", "effect": {"kind": "percent", "percent": "5"}}
API = "/api/v1/"
ANNA = "+79161234567"

_keys = itertools.count()


class Told:
    """An answer: `told["to_pay"]`, `told.status`, `told.headers`."""

    def __init__(self, response: HttpResponseBase) -> None:
        self.response = response
        self.status = response.status_code
        self.text = getattr(response, "content", b"").decode()
        self.headers = response.headers
        self.json: dict[str, Any] = json.loads(self.text) if self.text else {}

    def __getitem__(self, name: str) -> Any:
        return self.json[name]

    def get(self, *names: str) -> dict[str, Any]:
        return {name: self.json[name] for name in names}

    @property
    def problem(self) -> tuple[int, str]:
        assert self.headers["Content-Type"] == "application/problem+json", self.text
        assert self.json["status"] == self.status
        assert self.json["request_id"]
        return self.status, str(self.json["code"])

    @property
    def errors(self) -> dict[str, str]:
        """Code by place."""
        return {
            error["pointer"] if "pointer" in error else f"?{error['parameter']}": error["code"]
            for error in self.json["errors"]
        }

    def ok(self) -> Told:
        assert self.status in (200, 201, 202), self.text
        return self


class Till:
    """One till, its programme, and a clock that the test moves."""

    def __init__(self, shop: Shop, now: dt.datetime) -> None:
        self.shop, self.now = shop, now
        self.client = Client()
        self.language = "ru"
        self.frozen = True

    # ------------------------------------------------------------ the clock and the rules

    def later(self, **by: float) -> None:
        self.now += dt.timedelta(**by)

    def publish(self, *rules: Mapping[str, Any], **document: Any) -> None:
        with tenant(self.shop.program.pk):
            programs.publish(
                program=self.shop.program, document={**document, "rules": list(rules)}, now=self.now, by="test"
            )

    def give(self, client: str, points: str, *, until: dt.datetime | None = None) -> None:
        """Points by hand, as a manager gives them."""

        with tenant(self.shop.program.pk):
            accounts.adjust(
                account=Account.objects.get(public_id=client),
                points=Decimal(points),
                reason="test",
                now=self.now,
                by="test",
                expires_at=until,
            )

    def block(self, client: str) -> None:
        with tenant(self.shop.program.pk):
            accounts.block(account=Account.objects.get(public_id=client), reason="test", now=self.now, by="test")

    def sweep(self) -> None:
        with tenant(self.shop.program.pk):
            ledger.expire_due(program_id=self.shop.program.pk, now=self.now)

    # ------------------------------------------------------------ HTTP

    def get(self, path: str, /, *, key: str | None = None, **query: str) -> Told:
        with self._clock():
            return Told(self.client.get(API + path, query, headers=self._headers(key)))

    def post(
        self,
        path: str,
        body: object = None,
        /,
        *,
        key: str | None = None,
        idempotency: str | None = None,
        **headers: str,
    ) -> Told:
        """`body` may be bytes, for what no JSON library would write."""
        named = {"Idempotency-Key": next_key() if idempotency is None else idempotency}
        data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        with self._clock():
            response = self.client.post(
                API + path,
                data,
                content_type=headers.pop("content_type", "application/json"),
                headers={**self._headers(key), **{k: v for k, v in named.items() if v}, **headers},
            )
        return Told(response)

    def _clock(self) -> AbstractContextManager[object]:
        return time_machine.travel(self.now, tick=False) if self.frozen else nullcontext()

    def _headers(self, key: str | None) -> dict[str, str]:
        return {"Authorization": f"Bearer {key or self.shop.key}", "Accept-Language": self.language}

    # ------------------------------------------------------------ what tills do

    def join(self, phone: str = ANNA, **more: Any) -> str:
        """The id of a new client."""
        return str(self.post("clients", {"phone": phone, **more}).ok()["id"])

    def stands(self, client: str) -> Told:
        return self.get(f"clients/{client}").ok()

    def balance(self, client: str) -> str:
        return str(self.stands(client)["balance"])

    def card_of(self, client: str) -> str:
        """The number of the virtual card: the API tells it to nobody who knows an id alone."""
        with tenant(self.shop.program.pk):
            return Card.objects.get(account__public_id=client, kind=Card.Kind.VIRTUAL).number

    def entries(self, client: str) -> list[tuple[str, str]]:
        """Kind and points, the oldest first."""
        entries = self.get(f"clients/{client}/history").ok()["entries"]
        return [(entry["kind"], entry["points"]) for entry in reversed(entries)]

    def cart(self, client: str | None, *prices: str | Mapping[str, Any], **more: Any) -> dict[str, Any]:
        """A cart of a client found by card."""
        lines = [dict(p) if isinstance(p, Mapping) else {"sku": f"sku-{n}", "price": p} for n, p in enumerate(prices)]
        body: dict[str, Any] = {"lines": lines, **more}
        if client is not None and "client" not in more:
            body["client"] = {"card": self.card_of(client)}
        return body

    def quote(self, client: str | None, *prices: str | Mapping[str, Any], **more: Any) -> Told:
        return self.post("quotes", self.cart(client, *prices, **more), idempotency="")

    def sell(self, client: str | None, *prices: str | Mapping[str, Any], **more: Any) -> Told:
        return self.post("sales", self.cart(client, *prices, **more))

    def give_back(self, sale: Told, *lines: tuple[int, str], **more: Any) -> Told:
        body = {"lines": [{"line": n, "quantity": quantity} for n, quantity in lines], **more}
        return self.post(f"sales/{sale['id']}/returns", body)

    def void(self, sale: Told) -> Told:
        return self.post(f"sales/{sale['id']}/void")

    def commit(self, sale: Told) -> Told:
        return self.post(f"sales/{sale['id']}/commit")


def next_key() -> str:
    return f"key-{next(_keys)}"


def columns(rows: Sequence[Mapping[str, Any]], *names: str) -> list[tuple[Any, ...]]:
    return [tuple(row[name] for name in names) for row in rows]
