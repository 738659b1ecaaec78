"""Rules that may be published and yet do not what their owner thinks: one that never applies, one that another always
outbids, a limit that nothing reaches. They warn; `loyalty.conflict_words` says what to do.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import combinations
from typing import Any, Final

from msgspec import Struct

from loyalty.engine.conditions import (
    AtOutlet,
    Between,
    ByChannel,
    Condition,
    FirstPurchase,
    Goods,
    Identified,
    InTier,
    MinimumReceipt,
    WithCode,
)
from loyalty.engine.conditions.history import ComesBack, NthVisit, Turnover, VisitsWithin
from loyalty.engine.conditions.person import Age, Tagged
from loyalty.engine.conditions.receipt import spelled
from loyalty.engine.effects import (
    BaseEffect,
    BonusEffect,
    Discount,
    DiscountSum,
    ForEvery,
    Give,
    Multiply,
)
from loyalty.engine.quantities import HUNDRED, ZERO
from loyalty.engine.rulebook import CalendarPeriod, LastDays, Lifetime, OnDate, Rule, Rulebook, Tier


class Finding(Struct, frozen=True):
    """`rule` is the id of the rule, `tier:` and that of a tier, or `points` for all points; `other` the title of what
    it meets; `limit` the name of a limit."""

    rule: str
    code: str
    other: str = ""
    limit: str = ""


def conflicts(rulebook: Rulebook, today: dt.date) -> list[Finding]:
    """What to look at, rule by rule; rules that are switched off are not looked at."""
    rules = [rule for rule in rulebook.rules if rule.enabled]
    found: list[Finding] = []
    for rule in rules:
        never = next(_never(rule, rulebook, today), None)
        # Of a rule that never applies there is nothing more to say.
        found += [never] if never else [*_outbid(rule, rules, rulebook), *_limits(rule)]
    return [*over(rulebook, today), *found, *_groups(rules), *_codes(rules), *_tiers(rulebook)]


def over(rulebook: Rulebook, today: dt.date) -> list[Finding]:
    """Points that are gone as they come: the one day on which they all end is over."""
    ends = [("points", rulebook.points.expiry), *((rule.id, rule.expiry) for rule in rulebook.rules if rule.enabled)]
    return [Finding(of, "points_over") for of, end in ends if isinstance(end, OnDate) and end.date < today]


# ---------------------------------------------------------------- a rule that never applies


def _never(rule: Rule, rulebook: Rulebook, today: dt.date) -> Iterator[Finding]:
    for condition in rule.when if rule.effect.on_receipt else ():
        if isinstance(condition, Between) and condition.until is not None and condition.until < today:
            yield Finding(rule.id, "period_over")
        elif condition.never(rulebook):
            yield Finding(rule.id, "never")
    if rule.effect.on_receipt and any(_contradict(one, other) for one, other in combinations(rule.when, 2)):
        yield Finding(rule.id, "contradiction")
    if rule.limits.budget == ZERO or rule.limits.uses == 0:
        yield Finding(rule.id, "budget_empty")
    if rule.effect.of_goods and _takes_nothing(rule.goods):
        yield Finding(rule.id, "no_goods")
    if isinstance(rule.effect, BaseEffect | BonusEffect) and _within(rule.goods, rulebook.points.goods):
        yield Finding(rule.id, "goods_do_not_earn")
    if isinstance(rule.effect, Multiply) and not _earns_at_all(rulebook):
        yield Finding(rule.id, "nothing_to_multiply")


def _contradict(one: Condition, other: Condition) -> bool:
    """Whether no receipt can fit both. What can't be decided is no contradiction."""
    if isinstance(one, FirstPurchase) or isinstance(other, FirstPurchase):
        return _bought_before(other if isinstance(one, FirstPurchase) else one)
    if type(one) is not type(other):
        return False
    apart = _APART.get(type(one))
    return apart is not None and apart(one, other)


def _bought_before(condition: Condition) -> bool:
    match condition:
        case NthVisit(number=number):
            return number > 1
        case VisitsWithin(visits=visits):
            return visits > 1
        case Turnover(at_least=at_least):
            return at_least is not None and at_least > 0
    return isinstance(condition, ComesBack)


def _disjoint(one: Sequence[Any], other: Sequence[Any]) -> bool:
    return not set(one) & set(other)


def _periods_apart(one: Any, other: Any) -> bool:
    if one.weekdays and other.weekdays and _disjoint(one.weekdays, other.weekdays):
        return True
    first = max((day for day in (one.since, other.since) if day is not None), default=None)
    last = min((day for day in (one.until, other.until) if day is not None), default=None)
    return first is not None and last is not None and last < first


def _sums_apart(one: Any, other: Any) -> bool:
    least = max(one.at_least or ZERO, other.at_least or ZERO)
    below = [bound for bound in (one.below, other.below) if bound is not None]
    return one.days == other.days and bool(below) and min(below) <= least


def _ages_apart(one: Any, other: Any) -> bool:
    most = [bound for bound in (one.at_most, other.at_most) if bound is not None]
    return bool(most) and min(most) < max(one.at_least or 0, other.at_least or 0)


def _tags_apart(one: Any, other: Any) -> bool:
    return any(a.any and set(a.any) <= set(b.none) for a, b in ((one, other), (other, one)))


_APART: Final[Mapping[type[Condition], Callable[[Any, Any], bool]]] = {
    InTier: lambda one, other: _disjoint(one.tiers, other.tiers),
    AtOutlet: lambda one, other: _disjoint(one.outlets, other.outlets),
    ByChannel: lambda one, other: _disjoint(one.channels, other.channels),
    Identified: lambda one, other: _disjoint(one.by, other.by),
    Between: _periods_apart,
    Turnover: _sums_apart,
    Age: _ages_apart,
    Tagged: _tags_apart,
}


def _takes_nothing(goods: Goods) -> bool:
    named = [("skus", goods.skus), ("categories", goods.categories), ("brands", goods.brands)]
    return any(names for _kind, names in named) and all(
        set(names) <= set(getattr(goods, f"except_{kind}")) for kind, names in named
    )


def _within(goods: Goods, earning: Goods) -> bool:
    """Whether all goods of the rule are among those that earn nothing."""
    only_categories = goods.categories and not goods.skus and not goods.brands
    only_brands = goods.brands and not goods.skus and not goods.categories
    return bool(
        (only_categories and set(goods.categories) <= set(earning.except_categories))
        or (only_brands and set(goods.brands) <= set(earning.except_brands))
    )


def _earns_at_all(rulebook: Rulebook) -> bool:
    return any(tier.earn_percent for tier in rulebook.tiers) or bool(rulebook.rules_that(BaseEffect))


# ---------------------------------------------------------------- base rules: each line takes the highest rate


def _outbid(rule: Rule, rules: Sequence[Rule], rulebook: Rulebook) -> Iterator[Finding]:
    if not isinstance(rule.effect, BaseEffect):
        return
    rate = rule.effect.rate
    place = rules.index(rule)
    for n, other in enumerate(rules):
        if other is rule or not isinstance(other.effect, BaseEffect) or other.when or other.group:
            continue
        higher = other.effect.rate > rate or (other.effect.rate == rate and n < place)
        if higher and _covers(other.goods, rule.goods):
            yield Finding(rule.id, "outbid", other=other.title)
            return
    percents = [tier.earn_percent for tier in rulebook.tiers]
    if percents and all(percent is not None and percent > rate * HUNDRED for percent in percents):
        yield Finding(rule.id, "outbid_by_tiers")


def _covers(wide: Goods, narrow: Goods) -> bool:
    return wide in (Goods(), narrow)


# ---------------------------------------------------------------- limits


def _limits(rule: Rule) -> Iterator[Finding]:
    limits, fixed = rule.limits, _fixed(rule)
    least = _least(rule)
    amounts = [(name, getattr(limits, name)) for name in _LONGER if getattr(limits, name) is not None]
    for n, (name, most) in enumerate(amounts):
        if any(longer <= most for _name, longer in amounts[n + 1 :]) or (
            fixed is not None and _reached_never(rule, name, most, fixed)
        ):
            yield Finding(rule.id, "limit_idle", limit=name)
        elif least is not None and most < least:
            yield Finding(rule.id, "limit_cuts_always", limit=name)


# Each period lies within the next.
_LONGER: Final = ("per_receipt", "per_day", "per_week", "per_month", "per_client", "budget")
_TIMES: Final = {
    "per_day": "times_per_day",
    "per_month": "times_per_month",
    "per_client": "times_per_client",
    "budget": "uses",
}


def _reached_never(rule: Rule, name: str, most: Decimal, fixed: Decimal) -> bool:
    if name == "per_receipt":
        return most >= fixed
    times: int | None = getattr(rule.limits, _TIMES[name]) if name in _TIMES else None
    return times is not None and most >= fixed * times


def _fixed(rule: Rule) -> Decimal | None:
    """The most that one receipt can give, where it is known."""
    match rule.effect:
        case Give(points=points):
            return points
        case DiscountSum(amount=amount):
            return amount
        case Discount(at_most=at_most):
            return at_most
    return None


def _least(rule: Rule) -> Decimal | None:
    """What every receipt that fits gives at least, where it is known."""
    effect = rule.effect
    if isinstance(effect, Give):
        return effect.points
    if isinstance(effect, ForEvery):
        return effect.points
    smallest = max((c.amount for c in rule.when if isinstance(c, MinimumReceipt)), default=None)
    if isinstance(effect, BaseEffect) and smallest is not None and rule.goods == Goods():
        return effect.rate * smallest
    return None


# ---------------------------------------------------------------- groups, codes, tiers


def _groups(rules: Sequence[Rule]) -> Iterator[Finding]:
    members = Counter(rule.group for rule in rules if rule.group)
    for rule in rules:
        if rule.group and members[rule.group] == 1:
            yield Finding(rule.id, "group_of_one", other=rule.group)


def _codes(rules: Sequence[Rule]) -> Iterator[Finding]:
    """One code for two rules of a group: only one of them will ever answer to it. Without a group both do."""
    first: dict[tuple[str, str], Rule] = {}
    for rule in rules:
        for code in {spelled(each.code) for each in rule.when if isinstance(each, WithCode)}:
            known = first.setdefault((rule.group, code), rule)
            if rule.group and known is not rule:
                yield Finding(rule.id, "same_code", other=known.title)


def _tiers(rulebook: Rulebook) -> Iterator[Finding]:
    """A visit is a day: a window of thirty days holds no forty of them."""
    match rulebook.status.window:
        case LastDays(days=days):
            most = days
        case CalendarPeriod(unit=unit):
            most = {"month": 31, "quarter": 92, "year": 366}[unit]
        case Lifetime():
            return
    for tier in rulebook.tiers[1:]:
        if _by_visits_alone(tier) and (tier.visits or 0) > most:
            yield Finding(f"tier:{tier.id}", "tier_unreachable", other=tier.title)


def _by_visits_alone(tier: Tier) -> bool:
    return tier.visits is not None and tier.spent is None and tier.referrals is None
