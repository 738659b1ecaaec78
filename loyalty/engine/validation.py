"""What is wrong with a draft of the rules, by place and code. Words are put to it by `loyalty.explanations`."""

from __future__ import annotations

import zoneinfo
from collections.abc import Iterator
from decimal import Decimal
from functools import cache

import msgspec
from msgspec import Struct, structs

from loyalty.engine.effects import DiscountEffect, Multiply
from loyalty.engine.faults import Fault
from loyalty.engine.fields import fields_of
from loyalty.engine.quantities import HUNDRED, ONE, ZERO, unit
from loyalty.engine.rulebook import Caps, LastDays, Lifetime, Limits, Rule, Rulebook, Status, Tier, load

_TOO_MUCH = Decimal(10) ** 12


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
    yield from _limits(rulebook.points.caps, "/points/caps", "", rulebook.program.precision)
    yield from _status(rulebook.status)
    yield from _tiers(rulebook.tiers, rulebook.program.precision)
    seen: set[str] = set()
    for n, rule in enumerate(rulebook.rules):
        yield from _rule(rule, f"/rules/{n}", rulebook)
        if rule.id in seen:
            yield Fault(f"/rules/{n}/id", "repeated", rule.title)
        seen.add(rule.id)
    yield from _groups(rulebook)


@cache
def _time_zones() -> frozenset[str]:
    """Kept: to find them, hundreds of files are opened."""
    return frozenset(zoneinfo.available_timezones())


def _program(rulebook: Rulebook) -> Iterator[Fault]:
    if rulebook.program.time_zone not in _time_zones():
        yield Fault("/program/time_zone", "unknown_time_zone", rulebook.program.time_zone)
    if not Decimal("0.0001") <= rulebook.points.value <= 10_000:
        yield Fault("/points/value", "point_value")


def _spending(rulebook: Rulebook) -> Iterator[Fault]:
    spending, precision = rulebook.spending, rulebook.program.precision
    if not ZERO <= spending.max_percent <= HUNDRED:
        yield Fault("/spending/max_percent", "percent")
    if spending.min_line_price < 0:
        yield Fault("/spending/min_line_price", "negative")
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
    if tier.spent is None and tier.visits is None and tier.referrals is None:
        yield Fault(at, "tier_unreachable", tier.title)
    if tier.spent is not None and tier.spent <= max((t.spent for t in lower if t.spent is not None), default=-ONE):
        yield Fault(f"{at}/spent", "tier_order", tier.title)
    if tier.visits is not None and tier.visits <= max((t.visits for t in lower if t.visits is not None), default=-1):
        yield Fault(f"{at}/visits", "tier_order", tier.title)
    most = max((t.referrals for t in lower if t.referrals is not None), default=-1)
    if tier.referrals is not None and tier.referrals <= most:
        yield Fault(f"{at}/referrals", "tier_order", tier.title)


def _status(status: Status) -> Iterator[Fault]:
    if isinstance(status.window, Lifetime) and status.downgrade != "never":
        # What counts for ever only grows: a tier can't be lost by waiting.
        yield Fault("/status/downgrade", "lifetime_never_falls")
    if isinstance(status.window, LastDays) and status.window.days < 7:
        yield Fault("/status/window/days", "window_too_short")


def _rule(rule: Rule, at: str, rulebook: Rulebook) -> Iterator[Fault]:
    precision = rulebook.program.precision
    yield from _declared(rule.effect, f"{at}/effect", rule.title, precision)
    yield from (structs.replace(fault, subject=rule.title) for fault in rule.effect.faults(f"{at}/effect", rulebook))
    if isinstance(rule.effect, Multiply) and rule.effect.by <= ONE:
        yield Fault(f"{at}/effect/by", "multiplier", rule.title)
    for n, condition in enumerate(rule.when):
        yield from _declared(condition, f"{at}/when/{n}", rule.title, precision)
        yield from condition.faults(f"{at}/when/{n}", rulebook)
    yield from _limits(rule.limits, f"{at}/limits", rule.title, precision)


def _declared(part: Struct, at: str, subject: str, precision: int) -> Iterator[Fault]:
    """What the fields of an effect or a condition say of themselves."""
    for field in fields_of(type(part)):
        value = getattr(part, field.name)
        place = f"{at}/{field.name}"
        if not isinstance(value, Decimal):
            continue
        if field.kind == "points":
            yield from _points(value, place, subject, precision, zero=not field.positive)
        elif field.kind == "percent":
            if not ZERO <= value <= HUNDRED or (value == 0 and field.positive):
                yield Fault(place, "percent", subject)
        elif value < 0 or (field.positive and value == 0):
            yield Fault(place, "not_positive" if field.positive else "negative", subject)


def _limits(limits: Limits | Caps, at: str, subject: str, precision: int) -> Iterator[Fault]:
    for name in limits.__struct_fields__:
        value: Decimal | int | None = getattr(limits, name)
        if value is not None and value <= 0:
            yield Fault(f"{at}/{name}", "not_positive", subject)
        elif isinstance(value, Decimal) and value % unit(2 if isinstance(limits, Limits) else precision):
            yield Fault(f"{at}/{name}", "precision", subject)


def _groups(rulebook: Rulebook) -> Iterator[Fault]:
    """«The best for the client» compares points with points and money with money."""
    kinds: dict[str, bool] = {}
    for n, rule in enumerate(rulebook.rules):
        discount = isinstance(rule.effect, DiscountEffect)
        if rule.group and kinds.setdefault(rule.group, discount) != discount:
            yield Fault(f"/rules/{n}/group", "mixed_group", rule.group)


def _points(points: Decimal, at: str, subject: str, precision: int, *, zero: bool = False) -> Iterator[Fault]:
    """Points that are given as they stand must be countable in the programme's precision."""
    if points < 0 or (points == 0 and not zero):
        yield Fault(at, "not_positive", subject)
    elif points % unit(precision):
        yield Fault(at, "precision", subject)
