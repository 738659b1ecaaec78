"""A whole programme as sentences that an owner understands: every setting is said, defaults included.

Each sentence has a key, by which two versions of the rules are compared sentence by sentence (`changes`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Final

from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from msgspec import Struct

from loyalty.differences import differences
from loyalty.engine.conditions import EVERYTHING, Goods
from loyalty.engine.effects import (
    Activity,
    BaseEffect,
    BonusEffect,
    DiscountEffect,
    Effect,
    Give,
    Multiply,
    ProgressEffect,
    Referral,
    ReferralGift,
    Welcome,
)
from loyalty.engine.quantities import ZERO
from loyalty.engine.rulebook import (
    AfterDays,
    CalendarPeriod,
    LastDays,
    OnDate,
    Points,
    Rule,
    Rulebook,
    Spending,
    Status,
    Tier,
    Window,
    dump,
)
from loyalty.rule_sentences import NO_NAMES, Names, goods_sentence, rule_sentence, ways
from loyalty.wording import Words, currency
from merchants import zones


class Sentence(Struct, frozen=True):
    """`key` says which part of the rules it is about: `points.value`, `tier:gold`, `rule:welcome`."""

    key: str
    text: str


class Chapter(Struct, frozen=True):
    title: str
    sentences: tuple[Sentence, ...]


class Change(Struct, frozen=True):
    """A sentence before and after; empty where it is new or gone."""

    before: str
    after: str


def told(rulebook: Rulebook, words: Words, *, outlets: Mapping[str, str] | None = None) -> tuple[Chapter, ...]:
    """The programme in chapters. `outlets` are names of outlets by their codes."""
    names = Names({tier.id: tier.title for tier in rulebook.tiers}, outlets or {})
    chapters = (
        Chapter(_("Earning"), tuple(_earning(rulebook, words, names))),
        Chapter(_("Invitations and actions"), tuple(_rules(rulebook, _INVITING, words, names))),
        Chapter(_("Tiers"), tuple(_tiers(rulebook, words))),
        Chapter(_("Discounts"), tuple(_rules(rulebook, (DiscountEffect,), words, names))),
        Chapter(_("Paying with points"), tuple(_spending(rulebook, words))),
        Chapter(_("Life of points"), tuple(_life(rulebook.points))),
        Chapter(_("Returns and late receipts"), tuple(_returns(rulebook.points))),
        Chapter(_("How it is counted"), tuple(_counting(rulebook))),
    )
    return tuple(chapter for chapter in chapters if chapter.sentences)


def changes(
    before: Rulebook, after: Rulebook, words: Words, *, outlets: Mapping[str, str] | None = None
) -> list[Change]:
    """What becomes different, sentence by sentence; what sentences don't tell (an order, an id) by its name."""
    old, new = (
        {
            sentence.key: sentence.text
            for chapter in told(rules, words, outlets=outlets)
            for sentence in chapter.sentences
        }
        for rules in (before, after)
    )
    found = [
        Change(old.get(key, ""), new.get(key, "")) for key in {**old, **new} if old.get(key, "") != new.get(key, "")
    ]
    if _orders(before) != _orders(after) or not found:
        rest = differences(dump(before), dump(after))
        said = rest if not found else [one for one in rest if one.place.endswith(_("%(part)s: order") % {"part": ""})]
        found += [Change(f"{one.place}: {one.before}", f"{one.place}: {one.after}") for one in said]
    return found


def _orders(rulebook: Rulebook) -> tuple[tuple[str, ...], ...]:
    return tuple(tier.id for tier in rulebook.tiers), tuple(rule.id for rule in rulebook.rules)


# ---------------------------------------------------------------- earning


_INVITING: Final[tuple[type[Effect], ...]] = (Referral, ReferralGift, Activity)
# Steps of a receipt, in their order. What belongs to none of them, and is told nowhere else, comes at the end.
_STEPS: Final[tuple[type[Effect], ...]] = (BaseEffect, BonusEffect, Multiply, Give, ProgressEffect)


def _earning(rulebook: Rulebook, words: Words, names: Names) -> Iterator[Sentence]:
    by_tier = any(tier.earn_percent for tier in rulebook.tiers)
    if by_tier:
        yield Sentence("earning", _("Purchases earn by tier: see “Tiers”."))
    elif not any(rule.enabled and isinstance(rule.effect, _STEPS) for rule in rulebook.rules):
        yield Sentence("earning", _("Purchases earn nothing yet."))
    for step in _STEPS:
        yield from _rules(rulebook, (step,), words, names)
    told: tuple[type[Effect], ...] = (*_STEPS, *_INVITING, DiscountEffect, Welcome)
    for rule in rulebook.rules:
        if not isinstance(rule.effect, told):
            yield _rule(rule, words, names)
    yield from _rules(rulebook, (Welcome,), words, names)
    points = rulebook.points
    yield Sentence("points.earn_on", EARN_ON[points.earn_on]())
    if points.earn_when_redeeming:
        yield Sentence("points.redeeming", _("A receipt that points paid a part of earns, too."))
    else:
        yield Sentence("points.redeeming", _("A receipt that points paid a part of earns nothing."))
    if points.goods != EVERYTHING:
        said = _("Points are earned only %(goods)s.") if _chosen(points.goods) else _("Points are earned %(goods)s.")
        yield Sentence("points.goods", said % {"goods": goods_sentence(points.goods)})
    for name, sentence in CAPS.items():
        most: Decimal | None = getattr(points.caps, name)
        if most is not None:
            yield Sentence(f"points.caps.{name}", sentence() % {"points": words.points(most)})
    yield Sentence("points.rounding", ROUNDING[points.rounding]())
    yield Sentence("points.pending_days", _pending(points.pending_days))


def _rules(rulebook: Rulebook, effects: tuple[type[Effect], ...], words: Words, names: Names) -> Iterator[Sentence]:
    for rule in rulebook.rules:
        if isinstance(rule.effect, effects):
            yield _rule(rule, words, names)


def _rule(rule: Rule, words: Words, names: Names) -> Sentence:
    return Sentence(f"rule:{rule.id}", rule_sentence(rule, words, names))


def others(rulebook: Rulebook, known: tuple[str, ...], words: Words, names: Names = NO_NAMES) -> tuple[Sentence, ...]:
    """The rules with other ids than the known ones."""
    return tuple(_rule(rule, words, names) for rule in rulebook.rules if rule.id not in known)


EARN_ON: Final[Mapping[str, Callable[[], str]]] = {
    "money": lambda: _("Points are earned on what is paid with money, not on the part paid by points."),
    "total": lambda: _("Points are earned on the whole receipt, also on the part paid by points."),
}
ROUNDING: Final[Mapping[str, Callable[[], str]]] = {
    "down": lambda: _("Earned points are rounded down."),
    "half_up": lambda: _("Earned points are rounded to the nearest number."),
    "up": lambda: _("Earned points are rounded up."),
}


def _chosen(goods: Goods) -> bool:
    """Some goods, and not all but some."""
    return bool(goods.skus or goods.categories or goods.brands)


CAPS: Final[Mapping[str, Callable[[], str]]] = {
    "per_receipt": lambda: _("All rules together give at most %(points)s for a receipt."),
    "per_day": lambda: _("All rules together give a client at most %(points)s a day."),
    "per_week": lambda: _("All rules together give a client at most %(points)s a week."),
    "per_month": lambda: _("All rules together give a client at most %(points)s a month."),
}


def _pending(days: int) -> str:
    if not days:
        return _("Points can be spent at once, from the next receipt on.")
    said = ngettext(
        "Points can be spent %(days)s day after they were earned.",
        "Points can be spent %(days)s days after they were earned.",
        days,
    )
    return said % {"days": days}


# ---------------------------------------------------------------- tiers


def _tiers(rulebook: Rulebook, words: Words) -> Iterator[Sentence]:
    for rank, tier in enumerate(rulebook.tiers):
        yield Sentence(f"tier:{tier.id}", tier_sentence(tier, words, first=rank == 0))
    if rulebook.tiers:
        yield from _status(rulebook.status)


def _status(status: Status) -> Iterator[Sentence]:
    yield Sentence("status.window", _window(status.window))
    yield Sentence("status.downgrade", DOWNGRADE[status.downgrade]())
    if status.downgrade == "never":
        return
    if status.grace_days:
        said = ngettext(
            "A tier is kept for %(days)s day more.", "A tier is kept for %(days)s days more.", status.grace_days
        )
        yield Sentence("status.grace_days", said % {"days": status.grace_days})
    yield Sentence("status.fall", FALL[status.fall]())


def _window(window: Window) -> str:
    match window:
        case LastDays(days=days):
            said = ngettext("For tiers the last %(days)s day counts.", "For tiers the last %(days)s days count.", days)
            return said % {"days": days}
        case CalendarPeriod(unit=unit):
            return UNITS[unit]()
    return _("For tiers everything since joining counts.")


UNITS: Final[Mapping[str, Callable[[], str]]] = {
    "month": lambda: _("For tiers the calendar month counts."),
    "quarter": lambda: _("For tiers the calendar quarter counts."),
    "year": lambda: _("For tiers the calendar year counts."),
}
DOWNGRADE: Final[Mapping[str, Callable[[], str]]] = {
    "never": lambda: _("A tier once reached is kept for ever."),
    "at_once": lambda: _("Who buys too little for the tier loses it at once."),
    "period_end": lambda: _("Who buys too little for the tier keeps it to the end of the period."),
}
FALL: Final[Mapping[str, Callable[[], str]]] = {
    "straight": lambda: _("Then the client gets the tier that the purchases are enough for."),
    "one_step": lambda: _("Then the client gets one tier lower."),
}


def tier_sentence(tier: Tier, words: Words, *, first: bool = False) -> str:
    """«Серебро: от 8 000 ₽ покупок — 7 % баллами, подарок 200 баллов.»"""
    gives = []
    if tier.earn_percent is not None:
        gives.append(_("%(percent)s as points") % {"percent": words.percent(tier.earn_percent)})
    if tier.discount_percent:
        gives.append(_("discount of %(percent)s") % {"percent": words.percent(tier.discount_percent)})
    if tier.max_percent is not None:
        gives.append(_("points pay up to %(percent)s of a receipt") % {"percent": words.percent(tier.max_percent)})
    if tier.gift:
        gives.append(_("a gift of %(points)s") % {"points": words.points(tier.gift)})
    return f"{tier.title}: {_reached(tier, words, first=first)} — {', '.join(gives) or _('nothing of its own')}."


def _reached(tier: Tier, words: Words, *, first: bool) -> str:
    ways = []
    if tier.spent is not None:
        ways.append(_("from %(money)s of purchases") % {"money": words.round_money(tier.spent)})
    if tier.visits is not None:
        ways.append(ngettext("from %(number)s visit", "from %(number)s visits", tier.visits) % {"number": tier.visits})
    if tier.referrals is not None:
        text = ngettext("from %(number)s invited client", "from %(number)s invited clients", tier.referrals)
        ways.append(text % {"number": tier.referrals})
    if first:
        return " ".join(
            [
                _("everybody from the start"),
                *(f"({way})" for way in ways if tier.spent or tier.visits or tier.referrals),
            ]
        )
    return _(" or ").join(ways) or _("nobody, as no threshold is set")


# ---------------------------------------------------------------- spending


def _spending(rulebook: Rulebook, words: Words) -> Iterator[Sentence]:
    spending = rulebook.spending
    yield Sentence("points.value", _worth(rulebook.points.value, words))
    yield Sentence("spending.max_percent", _share(spending.max_percent, words))
    for name, sentence in LIMITS.items():
        amount: Decimal | None = getattr(spending, name)
        if amount is not None and (amount or name.startswith("per_")):
            yield Sentence(f"spending.{name}", sentence() % {"points": words.points(amount)})
    if spending.goods != EVERYTHING:
        said = (
            _("Points can be spent only %(goods)s.") if _chosen(spending.goods) else _("Points can be spent %(goods)s.")
        )
        yield Sentence("spending.goods", said % {"goods": goods_sentence(spending.goods)})
    if spending.min_line_price:
        said = _("Points can’t pay for goods cheaper than %(money)s.")
        yield Sentence("spending.min_line_price", said % {"money": words.round_money(spending.min_line_price)})
    yield Sentence("spending.confirm", _confirmed(spending))
    yield Sentence("spending.line_minimum", _line_minimum(spending, words))
    if spending.round_to_pay:
        yield Sentence(
            "spending.round_to_pay",
            _("The sum to pay is rounded down to whole %(money)s.") % {"money": words.per_unit()},
        )
    else:
        yield Sentence("spending.round_to_pay", _("The sum to pay is not rounded."))


def _worth(value: Decimal, words: Words) -> str:
    return _("One point pays %(money)s.") % {"money": words.worth(value)}


def _share(percent: Decimal, words: Words) -> str:
    if not percent:
        return _("Points can’t pay for purchases.")
    if percent == 100:
        return _("Points can pay a whole receipt.")
    return _("Points can pay up to %(percent)s of a receipt.") % {"percent": words.percent(percent)}


LIMITS: Final[Mapping[str, Callable[[], str]]] = {
    "per_receipt": lambda: _("At most %(points)s can be spent on one receipt."),
    "per_day": lambda: _("At most %(points)s can be spent in one day."),
    "min_points": lambda: _("At least %(points)s are spent at once."),
    "step": lambda: _("Points are spent in steps of %(points)s."),
    "redeem_from": lambda: _("Spending begins with a balance of %(points)s."),
}


def _confirmed(spending: Spending) -> str:
    if not spending.confirm:
        return _("Spending needs no confirmation.")
    return _("When the client is found %(ways)s, spending is confirmed with a code.") % {"ways": ways(spending.confirm)}


def _line_minimum(spending: Spending, words: Words) -> str:
    least = Decimal(spending.line_minimum)
    if least == ZERO:
        return _("Discounts and points may pay a product in full.")
    return _("After discounts and points each unit costs at least %(money)s.") % {"money": words.round_money(least)}


# ---------------------------------------------------------------- the life of points; returns; counting


def _life(points: Points) -> Iterator[Sentence]:
    match points.expiry:
        case AfterDays(days=days):
            said = ngettext(
                "Points expire %(days)s day after they can first be spent.",
                "Points expire %(days)s days after they can first be spent.",
                days,
            )
            yield Sentence("points.expiry", said % {"days": days})
        case OnDate(date=date):
            yield Sentence("points.expiry", _("Points are good through %(day)s.") % {"day": _day(date)})
        case _:
            yield Sentence("points.expiry", _("Points never expire."))
    if points.inactivity_days is not None:
        said = ngettext(
            "All points expire after %(days)s day without purchases.",
            "All points expire after %(days)s days without purchases.",
            points.inactivity_days,
        )
        yield Sentence("points.inactivity_days", said % {"days": points.inactivity_days})
    said = ngettext(
        "Points that come back with a return after their time live %(days)s day more.",
        "Points that come back with a return after their time live %(days)s days more.",
        points.reinstate_days,
    )
    yield Sentence("points.reinstate_days", said % {"days": points.reinstate_days})


def _day(day: dt.date) -> str:
    return formats.date_format(day, "SHORT_DATE_FORMAT")


def _returns(points: Points) -> Iterator[Sentence]:
    if points.debt == "allow":
        text = _("If points of a returned purchase are spent already, the next points make up for them.")
    else:
        text = _("If points of a returned purchase are spent already, the rest is forgiven.")
    yield Sentence("points.debt", text)
    said = ngettext(
        "A receipt can be entered up to %(days)s day later.",
        "A receipt can be entered up to %(days)s days later.",
        points.late_days,
    )
    yield Sentence("points.late_days", said % {"days": points.late_days})


POINTS_TO: Final[Mapping[int, Callable[[], str]]] = {
    0: lambda: _("Points are counted in whole numbers."),
    2: lambda: _("Points are counted to two decimal places."),
}
MONEY_TO: Final[Mapping[int, Callable[[], str]]] = {
    0: lambda: _("Currency: %(currency)s, counted in whole numbers."),
    2: lambda: _("Currency: %(currency)s, counted to two decimal places."),
}


def _counting(rulebook: Rulebook) -> Iterator[Sentence]:
    frame = rulebook.program
    yield Sentence("program.precision", POINTS_TO[frame.precision]())
    yield Sentence("program.currency", MONEY_TO[frame.currency_digits]() % {"currency": currency(frame.currency)})
    yield Sentence(
        "program.day",
        _("A day begins at %(time)s; time zone: %(zone)s.")
        % {
            "time": frame.day_starts_at.isoformat("seconds" if frame.day_starts_at.second else "minutes"),
            "zone": zones.named(frame.time_zone),
        },
    )
