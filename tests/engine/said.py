"""Rules, clients and receipts in a few words, and what the engine makes of them. No database anywhere."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any, Literal

from loyalty.engine.cart import Cart, Client, Line, line
from loyalty.engine.quote import Quote, quote
from loyalty.engine.rulebook import Rulebook, load

D = Decimal
# Noon of a Saturday in Moscow.
NOON = dt.datetime(2026, 11, 21, 9, 0, tzinfo=dt.UTC)
Asked = Decimal | Literal["max"] | None


def rules(*effects: dict[str, Any], **document: Any) -> Rulebook:
    """A rulebook of these effects (each a rule, or only its effect) and the rest of its document."""
    listed = []
    for n, effect in enumerate(effects):
        rule = effect if "effect" in effect else {"effect": effect}
        listed.append({"id": f"rule-{n}", "title": f"Rule {n}", **rule})
    return load({"rules": listed, **document})


ONE_PER_ONE: dict[str, Any] = {"kind": "per_unit", "points": "1"}


def goods(price: str, **more: Any) -> Line:
    return line(price=D(price), **{"sku": price, **more})


def cart(*lines: str | Line, points: int | str | None = None, **more: Any) -> Cart:
    asked: Any = points if points in (None, "max") else D(str(points))
    return Cart(tuple(each if isinstance(each, Line) else goods(each) for each in lines), asked, **more)


def client(available: int | str = 0, **more: Any) -> Client:
    return Client(available=D(str(available)), **more)


def buys(rulebook: Rulebook, who: Client | None, *lines: str | Line, at: dt.datetime = NOON, **more: Any) -> Quote:
    return quote(rulebook, who, cart(*lines, **more), at)


def why(quoted: Quote, rule: str) -> str:
    """The reason that the explanation gives for a rule."""
    return next(fact.reason for fact in quoted.facts if fact.rule == rule)
