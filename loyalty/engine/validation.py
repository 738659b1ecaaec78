"""What is wrong with a draft of the rules, by place and code. Words are put to it by `loyalty.explanations`."""

from __future__ import annotations

import zoneinfo
from collections.abc import Iterator
from decimal import Decimal

import msgspec
from msgspec import Struct

from loyalty.engine.effects import Discount, ForEvery, Multiply, Percent, PerUnit, Welcome
from loyalty.engine.quantities import HUNDRED, ONE, ZERO, unit
from loyalty.engine.rulebook import Rule, Rulebook, Tier, load

_TOO_MUCH = Decimal(10) ** 12


class Fault(Struct, frozen=True):
    """`pointer` is a JSON pointer into the document; `subject` names the tier or rule; `detail` is for `malformed`."""

    pointer: str
    code: str
    subject: str = ""
    detail: str = ""


def faults_of(document: object) -> list[Fault]:
    """All faults of a document; none means that it may be published."""
    try:
        rulebook = load(document)
    except msgspec.ValidationError as error:
        text, _at, place = str(error).partition(" - at `$")
        return [Fault(_pointer(place.rstrip("`")), "malformed", detail=text)]
    # No arithmetic with numbers that are none, or that the books can't hold.
    return list(_numbers(rulebook, "")) or list(_faults(rulebook))


def _pointer(place: str) -> str:
    """`.tiers[0].spent` as `/tiers/0/spent`."""
    return place.replace("[", ".").replace("]", "").replace(".", "/")


def _numbers(value: object, at: str) -> Iterator[Fault]:
    if isinstance(value, Struct):
        for name in value.__struct_fields__:
            yield from _numbers(getattr(value, name), f"{at}/{name}")
    elif isinstance(value, tuple):
        for n, each in enumerate(value):
            yield from _numbers(each, f"{at}/{n}")
    elif isinstance(value, Decimal) and not _fits(value):
        yield Fault(at, "malformed", detail="Expected a number with at most 12 digits before the point and 6 after it")


def _fits(value: Decimal) -> bool:
    return value.is_finite() and abs(value) < _TOO_MUCH and value == round(value, 6)


def _faults(rulebook: Rulebook) -> Iterator[Fault]:
    yield from _program(rulebook)
    yield from _spending(rulebook)
    yield from _tiers(rulebook.tiers, rulebook.program.precision)
    known = set(rulebook.tiers_by_id)
    seen: set[str] = set()
    for n, rule in enumerate(rulebook.rules):
        yield from _rule(rule, f"/rules/{n}", rulebook.program.precision)
        if rule.id in seen:
            yield Fault(f"/rules/{n}/id", "repeated", rule.title)
        seen.add(rule.id)
        for m, condition in enumerate(rule.when):
            strange = set(getattr(condition, "tiers", ())) - known
            if strange:
                yield Fault(f"/rules/{n}/when/{m}/tiers", "unknown_tier", ", ".join(sorted(strange)))


def _program(rulebook: Rulebook) -> Iterator[Fault]:
    if rulebook.program.time_zone not in zoneinfo.available_timezones():
        yield Fault("/program/time_zone", "unknown_time_zone", rulebook.program.time_zone)
    if not Decimal("0.0001") <= rulebook.points.value <= 10_000:
        yield Fault("/points/value", "point_value")


def _spending(rulebook: Rulebook) -> Iterator[Fault]:
    spending, precision = rulebook.spending, rulebook.program.precision
    if not ZERO <= spending.max_percent <= HUNDRED:
        yield Fault("/spending/max_percent", "percent")
    for name in ("per_receipt", "per_day", "min_points", "step", "redeem_from"):
        value: Decimal | None = getattr(spending, name)
        if value is None:
            continue
        if value < 0 or (name == "step" and value == 0):
            yield Fault(f"/spending/{name}", "negative")
        elif value % unit(precision):
            yield Fault(f"/spending/{name}", "precision")
    if spending.per_receipt is not None and spending.min_points > spending.per_receipt:
        yield Fault("/spending/min_points", "minimum_above_cap")


def _tiers(tiers: tuple[Tier, ...], precision: int) -> Iterator[Fault]:
    seen: set[str] = set()
    for n, tier in enumerate(tiers):
        at = f"/tiers/{n}"
        if tier.id in seen:
            yield Fault(f"{at}/id", "repeated", tier.title)
        seen.add(tier.id)
        for name in ("earn_percent", "max_percent", "discount_percent"):
            percent: Decimal | None = getattr(tier, name)
            if percent is not None and not ZERO <= percent <= HUNDRED:
                yield Fault(f"{at}/{name}", "percent", tier.title)
        yield from _points(tier.gift, f"{at}/gift", tier.title, precision, zero=True)
        if n:
            yield from _threshold(tier, tiers[:n], at)


def _threshold(tier: Tier, lower: tuple[Tier, ...], at: str) -> Iterator[Fault]:
    """A tier is reached by something, and by more of it than those below."""
    if tier.spent is None and tier.visits is None:
        yield Fault(at, "tier_unreachable", tier.title)
    if tier.spent is not None and tier.spent <= max((t.spent for t in lower if t.spent is not None), default=-ONE):
        yield Fault(f"{at}/spent", "tier_order", tier.title)
    if tier.visits is not None and tier.visits <= max((t.visits for t in lower if t.visits is not None), default=-1):
        yield Fault(f"{at}/visits", "tier_order", tier.title)


def _rule(rule: Rule, at: str, precision: int) -> Iterator[Fault]:
    place = f"{at}/effect"
    match rule.effect:
        case (Percent() | Discount()) as effect:
            if not ZERO < effect.percent <= HUNDRED:
                yield Fault(f"{place}/percent", "percent", rule.title)
        case PerUnit() as effect:
            if effect.points <= 0:
                yield Fault(f"{place}/points", "not_positive", rule.title)
        case ForEvery() as effect:
            yield from _points(effect.points, f"{place}/points", rule.title, precision)
            if effect.amount <= 0:
                yield Fault(f"{place}/amount", "not_positive", rule.title)
        case Multiply() as effect:
            if effect.by <= ONE:
                yield Fault(f"{place}/by", "multiplier", rule.title)
        case Welcome() as effect:
            yield from _points(effect.points, f"{place}/points", rule.title, precision)


def _points(points: Decimal, at: str, subject: str, precision: int, *, zero: bool = False) -> Iterator[Fault]:
    """Points that are given as they stand must be countable in the programme's precision."""
    if points < 0 or (points == 0 and not zero):
        yield Fault(at, "not_positive", subject)
    elif points % unit(precision):
        yield Fault(at, "precision", subject)
