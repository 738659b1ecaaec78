"""A rule in one sentence: what it does, to which goods, and when. `loyalty.sentences` says the rest of a programme.

Like all sentences for pages they are in the active language; `Words` has the numbers and the programme's own words.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from django.utils import formats
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from loyalty.engine.conditions import (
    EVERYTHING,
    AtOutlet,
    Between,
    ByChannel,
    Condition,
    Goods,
    Identified,
    InTier,
    MinimumReceipt,
)
from loyalty.engine.effects import Discount, Effect, ForEvery, Multiply, Percent, PerUnit, Welcome
from loyalty.engine.rulebook import Rule
from loyalty.wording import Words


@dataclass(frozen=True)
class Names:
    """What ids in the rules are called on pages. What has no name here is shown as it stands."""

    tiers: Mapping[str, str] = field(default_factory=dict)
    outlets: Mapping[str, str] = field(default_factory=dict)


NO_NAMES: Final = Names()


def rule_sentence(rule: Rule, words: Words, names: Names = NO_NAMES) -> str:
    """«Сладкие выходные: основные баллы × 2 на категорию «Десерты», по субботам, по воскресеньям.»"""
    does = f"{_effect(rule.effect, words)} {_goods(rule)}".rstrip()
    clauses = [clause for condition in rule.when for clause in condition_clauses(condition, words, names)]
    said = f"{rule.title}: {', '.join([does, *clauses])}."
    if isinstance(rule.effect, Welcome) and (rule.goods != EVERYTHING or rule.when):
        said += " " + _("On joining there is no receipt yet: goods and conditions are not looked at.")
    return said


def _effect(effect: Effect, words: Words) -> str:
    return EFFECTS[type(effect)](effect, words)


def _per_unit(effect: PerUnit, words: Words) -> str:
    given = f"{words.shortest(effect.points)} {words.points(effect.points).rpartition(' ')[2]}"
    return _("%(points)s for every %(money)s paid, in proportion") % {"points": given, "money": words.per_unit()}


EFFECTS: Final[Mapping[type[Effect], Callable[[Any, Words], str]]] = {
    Percent: lambda effect, words: (
        _("%(percent)s of what is paid comes back as points") % {"percent": words.percent(effect.percent)}
    ),
    PerUnit: _per_unit,
    ForEvery: lambda effect, words: (
        _("%(points)s for every full %(money)s")
        % {"points": words.points(effect.points), "money": words.round_money(effect.amount)}
    ),
    Multiply: lambda effect, words: _("the base points × %(by)s") % {"by": words.shortest(effect.by)},
    Discount: lambda effect, words: _("discount of %(percent)s") % {"percent": words.percent(effect.percent)},
    Welcome: lambda effect, words: (
        _("%(points)s for a new client on joining") % {"points": words.points(effect.points)}
    ),
}


# ---------------------------------------------------------------- goods


def _goods(rule: Rule) -> str:
    if rule.goods == EVERYTHING:
        return "" if isinstance(rule.effect, Welcome) else _("on everything")
    return ", ".join([_named(rule.goods), *_excepted(rule.goods)])


def _named(goods: Goods) -> str:
    parts = []
    if goods.skus:
        parts.append(ngettext("the product %(names)s", "the products %(names)s", len(goods.skus)) % quoted(goods.skus))
    if goods.categories:
        said = ngettext("the category %(names)s", "the categories %(names)s", len(goods.categories))
        parts.append(said % quoted(goods.categories))
    if goods.brands:
        parts.append(ngettext("the brand %(names)s", "the brands %(names)s", len(goods.brands)) % quoted(goods.brands))
    return _("on %(goods)s") % {"goods": ", ".join(parts)} if parts else _("on everything")


def _excepted(goods: Goods) -> Iterator[str]:
    if goods.except_skus:
        said = ngettext("except the product %(names)s", "except the products %(names)s", len(goods.except_skus))
        yield said % quoted(goods.except_skus)
    if goods.except_categories:
        said = ngettext(
            "except the category %(names)s", "except the categories %(names)s", len(goods.except_categories)
        )
        yield said % quoted(goods.except_categories)
    if goods.except_brands:
        said = ngettext("except the brand %(names)s", "except the brands %(names)s", len(goods.except_brands))
        yield said % quoted(goods.except_brands)


def quoted(names: Iterable[str], titles: Mapping[str, str] | None = None) -> dict[str, str]:
    return {"names": ", ".join(_("“%(name)s”") % {"name": (titles or {}).get(name, name)} for name in names)}


# ---------------------------------------------------------------- conditions


def condition_clauses(condition: Condition, words: Words, names: Names = NO_NAMES) -> list[str]:
    """The parts of a sentence that say when a rule applies; most conditions are one."""
    return list(CONDITIONS[type(condition)](condition, words, names))


def _minimum(condition: MinimumReceipt, words: Words, _names: Names) -> Iterator[str]:
    yield _("on receipts from %(money)s") % {"money": words.round_money(condition.amount)}


def _tier(condition: InTier, _words: Words, names: Names) -> Iterator[str]:
    said = ngettext("for the tier %(names)s", "for the tiers %(names)s", len(condition.tiers))
    yield said % quoted(condition.tiers, names.tiers)


def _outlet(condition: AtOutlet, _words: Words, names: Names) -> Iterator[str]:
    said = ngettext("at the outlet %(names)s", "at the outlets %(names)s", len(condition.outlets))
    yield said % quoted(condition.outlets, names.outlets)


def _channel(condition: ByChannel, _words: Words, _names: Names) -> Iterator[str]:
    said = ngettext("in the channel of sales %(names)s", "in the channels of sales %(names)s", len(condition.channels))
    yield said % quoted(condition.channels)


def _identified(condition: Identified, _words: Words, _names: Names) -> Iterator[str]:
    yield _("when the client is found %(ways)s") % {"ways": ways(condition.by)}


def _between(condition: Between, _words: Words, _names: Names) -> Iterator[str]:
    if condition.since:
        yield _("from %(day)s") % {"day": _day(condition.since)}
    if condition.until:
        yield _("through %(day)s") % {"day": _day(condition.until)}
    yield from (str(WEEKDAYS[weekday]) for weekday in condition.weekdays)
    if condition.time_from:
        yield _("from %(time)s o’clock") % {"time": _time(condition.time_from)}
    if condition.time_to:
        yield _("until %(time)s o’clock") % {"time": _time(condition.time_to)}


CONDITIONS: Final[Mapping[type[Condition], Callable[[Any, Words, Names], Iterator[str]]]] = {
    MinimumReceipt: _minimum,
    InTier: _tier,
    AtOutlet: _outlet,
    ByChannel: _channel,
    Identified: _identified,
    Between: _between,
}

WAYS: Final[Mapping[str, Promise]] = {
    "phone": gettext_lazy("by phone number"),
    "card": gettext_lazy("by card"),
    "code": gettext_lazy("by one-time code"),
    "id": gettext_lazy("by the programme’s own number"),
}
WEEKDAYS: Final[Mapping[int, Promise]] = {
    1: gettext_lazy("on Mondays"),
    2: gettext_lazy("on Tuesdays"),
    3: gettext_lazy("on Wednesdays"),
    4: gettext_lazy("on Thursdays"),
    5: gettext_lazy("on Fridays"),
    6: gettext_lazy("on Saturdays"),
    7: gettext_lazy("on Sundays"),
}


def ways(by: Iterable[str]) -> str:
    return _(" or ").join(str(WAYS[way]) for way in WAYS if way in set(by))


def _day(day: dt.date) -> str:
    return formats.date_format(day, "SHORT_DATE_FORMAT")


def _time(time: dt.time) -> str:
    return time.isoformat("seconds" if time.second else "minutes")
