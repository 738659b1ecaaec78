"""How much a rule may still give: to this client in the periods of this receipt, and to all clients together."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from decimal import Decimal
from functools import lru_cache

from msgspec import Struct

from loyalty.engine.cart import Client, Used
from loyalty.engine.quantities import ZERO
from loyalty.engine.rulebook import NO_CAPS, Caps, Limits, Rule

PROGRAMME = ""


class Spent(Struct, frozen=True):
    """What a budget has given so far, in points or money, and on how many receipts."""

    given: Decimal = ZERO
    uses: int = 0


NOTHING_SPENT: Mapping[str, Spent] = {}


class Left(Struct, frozen=True):
    """`most` is None where nothing limits; `limit` names what does."""

    most: Decimal | None = None
    limit: str = ""


FREE = Left()


@lru_cache(maxsize=64)
def periods(day: dt.date) -> Mapping[str, str]:
    """The names of a local day's periods, as they are kept."""
    year, week, _weekday = day.isocalendar()
    return {"day": day.isoformat(), "week": f"{year}-W{week:02}", "month": f"{day:%Y-%m}", "client": ""}


def left(rule: Rule, client: Client | None, day: dt.date, spent: Mapping[str, Spent]) -> Left:
    if not rule.is_limited:
        return FREE
    return min(_lefts(rule.id, rule.limits, client, day, spent.get(rule.id, Spent())), key=_most, default=FREE)


def left_of_programme(caps: Caps, client: Client, day: dt.date) -> Left:
    """How much all rules together may still give this client."""
    if caps == NO_CAPS:
        return FREE
    found = [Left(caps.per_receipt, "cap_per_receipt")]
    for period, name in periods(day).items():
        cap: Decimal | None = getattr(caps, f"per_{period}", None)
        if cap is not None:
            given = client.used_by(PROGRAMME, name).given
            found.append(Left(max(cap - given, ZERO), f"cap_per_{period}"))
    return min((one for one in found if one.most is not None), key=_most, default=FREE)


def _lefts(rule: str, limits: Limits, client: Client | None, day: dt.date, spent: Spent) -> Iterator[Left]:
    if limits.per_receipt is not None:
        yield Left(limits.per_receipt, "limit_per_receipt")
    if limits.budget is not None:
        yield Left(max(limits.budget - spent.given, ZERO), "budget")
    if limits.uses is not None and spent.uses >= limits.uses:
        yield Left(ZERO, "uses")
    for period, name in periods(day).items():
        most: Decimal | None = getattr(limits, f"per_{period}")
        times: int | None = getattr(limits, f"times_per_{period}", None)
        if most is None and times is None:
            continue
        if client is None:
            # What is given to nobody can't be counted.
            yield Left(ZERO, "no_client")
            return
        used = client.used_by(rule, name)
        if most is not None:
            yield Left(max(most - used.given, ZERO), f"limit_per_{period}")
        if times is not None and used.times >= times:
            yield Left(ZERO, f"times_per_{period}")


def _most(one: Left) -> Decimal:
    return ZERO if one.most is None else one.most


def counted(rule: Rule, given: Decimal, day: dt.date) -> list[Used]:
    """What has to be remembered of a rule that gave something on this day, for limits that look at it later."""
    if not given or not rule.is_limited:
        return []
    limits = rule.limits
    return [
        Used(rule.id, name, given, 1)
        for period, name in periods(day).items()
        if getattr(limits, f"per_{period}") is not None or getattr(limits, f"times_per_{period}", None) is not None
    ]


def counted_for_programme(caps: Caps, given: Decimal, day: dt.date) -> list[Used]:
    if not given or caps == NO_CAPS:
        return []
    return [
        Used(PROGRAMME, name, given, 1)
        for period, name in periods(day).items()
        if getattr(caps, f"per_{period}", None) is not None
    ]
