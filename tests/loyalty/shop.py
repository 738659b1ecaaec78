"""A till in a few words: publish rules, enrol, sell, give back, and look at what the client has."""

from __future__ import annotations

import datetime as dt
import hashlib
import itertools
import uuid
from collections.abc import Mapping, Sequence
from decimal import Decimal as D
from typing import Any

import msgspec

from loyalty import accounts, ledger, programs, sales
from loyalty.engine.cart import AskedCertificate, Cart, IdentifiedBy, Line, line
from loyalty.models import Account, Card, Entry
from loyalty.sales.receipt import GivenBack, Receipt
from loyalty.sales.request import Answer, Idempotency, ReturnLineRequest, ReturnRequest, SaleRequest, Who
from loyalty.standing import Standing, standing
from merchants.authentication import Caller, look_up
from tests.cast import Shop

ONE_PER_ONE: dict[str, Any] = {
    "rules": [{"id": "base", "title": "1 балл за 1 ₽", "effect": {"kind": "per_unit", "points": "1"}}]
}
_keys = itertools.count()


class TillStory:
    """One till, its programme, and a clock that the test moves."""

    def __init__(self, shop: Shop, now: dt.datetime) -> None:
        self.shop = shop
        self.now = now
        self.caller: Caller = look_up(shop.key)

    @property
    def program_id(self) -> int:
        return self.caller.program_id

    def publish(self, document: Mapping[str, Any]) -> None:
        programs.publish(program=self.shop.program, document=document, now=self.now, by="test")

    def later(self, *, days: float = 0, hours: float = 0, minutes: float = 0) -> dt.datetime:
        self.now += dt.timedelta(days=days, hours=hours, minutes=minutes)
        return self.now

    def join(self, phone: str = "+79161234567", **more: Any) -> Account:
        return accounts.open_account(
            program_id=self.program_id, merchant_id=self.caller.merchant_id, phone=phone, now=self.now, **more
        )

    def give(self, account: Account, points: str, *, until: dt.datetime | None = None) -> None:
        accounts.adjust(
            account=account,
            points=D(points),
            reason="test",
            now=self.now,
            by="test",
            expires_at=until,
            merchant_id=self.caller.merchant_id,
        )

    def card(self, account: Account) -> str:
        return Card.objects.filter(account=account, kind=Card.Kind.VIRTUAL).earliest("pk").number

    def request(
        self,
        account: Account | None,
        *prices: str | Line,
        points: str | None = None,
        by: IdentifiedBy = "card",
        at: dt.datetime | None = None,
        receipt: str = "",
        codes: Sequence[str] = (),
        paying: Sequence[tuple[str, str]] = (),
        **more: Any,
    ) -> SaleRequest:
        lines = tuple(p if isinstance(p, Line) else line(price=D(p), sku=f"sku-{n}") for n, p in enumerate(prices))
        who = None
        if account is not None:
            values = {"id": str(account.public_id), "phone": self.phone(account), "card": self.card(account)}
            who = Who(by, values[by])
        asked: Any = points if points in (None, "max") else D(str(points))
        with_these = tuple(AskedCertificate(code, "max" if sum_ == "max" else D(sum_)) for code, sum_ in paying)
        cart = Cart(lines, asked, tuple(codes), with_these, outlet=self.caller.outlet_code)
        return SaleRequest(cart=cart, occurred_at=at or self.now, client=who, receipt_number=receipt, **more)

    def phone(self, account: Account) -> str:
        card = Card.objects.filter(account=account, kind=Card.Kind.PHONE).first()
        return card.number if card else ""

    def quote(self, account: Account | None, *prices: str | Line, **more: Any) -> Receipt:
        return sales.quote(caller=self.caller, request=self.request(account, *prices, **more), now=self.now)

    def sell(self, account: Account | None, *prices: str | Line, key: str = "", **more: Any) -> Receipt:
        answer = self.sell_raw(self.request(account, *prices, **more), key=key)
        return msgspec.json.decode(answer.text, type=Receipt)

    def sell_raw(self, request: SaleRequest, *, key: str = "") -> Answer:
        return sales.sell(caller=self.caller, request=request, key=new_key(key, request), now=self.now, render=as_json)

    def hold(self, account: Account | None, *prices: str | Line, minutes: int = 15, **more: Any) -> Receipt:
        request = self.request(account, *prices, **more)
        until = self.now + dt.timedelta(minutes=minutes)
        answer = sales.hold(
            caller=self.caller, request=request, key=new_key("", request), now=self.now, until=until, render=as_json
        )
        return msgspec.json.decode(answer.text, type=Receipt)

    def commit(self, sale: Receipt | uuid.UUID) -> Receipt:
        answer = sales.commit(
            caller=self.caller, sale_id=id_of(sale), key=new_key("", "commit"), now=self.now, render=as_json
        )
        return msgspec.json.decode(answer.text, type=Receipt)

    def void(self, sale: Receipt | uuid.UUID, *, key: str = "") -> GivenBack:
        answer = sales.void(
            caller=self.caller, sale_id=id_of(sale), key=new_key(key, "void"), now=self.now, render=as_json
        )
        return msgspec.json.decode(answer.text, type=GivenBack)

    def give_back(
        self, sale: Receipt | uuid.UUID, lines: Sequence[tuple[int, str]] = (), amount: str | None = None
    ) -> GivenBack:
        request = ReturnRequest(
            lines=tuple(ReturnLineRequest(n, D(quantity)) for n, quantity in lines),
            amount=D(amount) if amount is not None else None,
        )
        answer = sales.give_back(
            caller=self.caller,
            sale_id=id_of(sale),
            request=request,
            key=new_key("", "return"),
            now=self.now,
            render=as_json,
        )
        return msgspec.json.decode(answer.text, type=GivenBack)

    def sweep(self) -> int:
        return ledger.expire_due(program_id=self.program_id, now=self.now)

    def standing(self, account: Account) -> Standing:
        return standing(program_id=self.program_id, account_id=account.pk, now=self.now)

    def entries(self, account: Account) -> list[tuple[str, D]]:
        return list(Entry.objects.filter(account=account).order_by("id").values_list("kind", "points"))


def id_of(sale: Receipt | uuid.UUID) -> uuid.UUID:
    found = sale if isinstance(sale, uuid.UUID) else sale.id
    assert found is not None
    return found


def as_json(value: object) -> str:
    return msgspec.json.encode(value).decode()


def new_key(key: str, contents: object) -> Idempotency:
    return Idempotency(key or f"key-{next(_keys)}", hashlib.sha256(msgspec.json.encode(contents)).digest())
