"""A rule in one sentence, made from the vocabulary: what it does, to which goods, and when.

Like all sentences for pages they are in the active language; `Words` has the numbers and the programme's own words.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from django.utils import formats
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, ngettext_lazy

from loyalty.engine.conditions import EVERYTHING, Condition, Goods
from loyalty.engine.effects import DiscountEffect, Effect
from loyalty.engine.effects.discounts import Step
from loyalty.engine.fields import Field, fields_of
from loyalty.engine.rulebook import AfterDays, Expiry, OnDate, Rule
from loyalty.engine.words import Plural, Text
from loyalty.rule_words import action
from loyalty.wording import Words


@dataclass(frozen=True)
class Names:
    """What ids in the rules are called on pages. What has no name here is shown as it stands."""

    tiers: Mapping[str, str] = field(default_factory=dict)
    outlets: Mapping[str, str] = field(default_factory=dict)


NO_NAMES: Final = Names()


def rule_sentence(rule: Rule, words: Words, names: Names = NO_NAMES) -> str:
    """«Сладкие выходные: основные баллы × 2 на категорию «Десерты», по субботам, по воскресеньям.»"""
    clauses = [said(condition, words, names) for condition in rule.when]
    parts = [_does(rule, words, names), *clauses, *_limits(rule, words), *_life(rule)]
    text = f"{rule.title}: {', '.join(filter(None, parts)).rstrip('.')}."
    if not rule.effect.on_receipt and (rule.goods != EVERYTHING or rule.when):
        text += " " + _("There is no receipt for this: goods and conditions are not looked at.")
    if not rule.enabled:
        text += " " + _("Switched off.")
    return text


def _does(rule: Rule, words: Words, names: Names) -> str:
    goods = goods_sentence(rule.goods) if rule.effect.of_goods else ""
    does = said(rule.effect, words, names, goods=goods)
    return does if goods and goods in does else f"{does} {goods}".rstrip()


def said(part: Condition | Effect, words: Words, names: Names = NO_NAMES, *, goods: str = "") -> str:
    """What an effect or a condition says of itself."""
    shown = {one.name: _shown(part, one, words, names) for one in fields_of(type(part))}
    shown |= {"unit": words.per_unit(), "goods": goods}
    texts = part.says if isinstance(part.says, tuple) else (part.says,)
    best = max(texts, key=lambda text: _fits(text, shown))
    return _tidy(counted(best, part) % shown)


def _fits(text: Text, shown: Mapping[str, str]) -> tuple[int, int]:
    """How much of what there is to say a sentence has a place for, and how few places it leaves empty."""
    places = _PLACES.findall(text.many if isinstance(text, Plural) else text)
    filled = sum(bool(shown[place]) for place in places)
    return filled, filled - len(places)


_PLACES: Final = re.compile(r"%\((\w+)\)s")


def _tidy(text: str) -> str:
    """Without the blanks and commas around what was left empty."""
    text = re.sub(r"\s+([,:)])", r"\1", re.sub(r"[ \n]+", " ", text).strip(" "))
    return re.sub(r",(?=,|$)", "", text).lstrip(", ")


def counted(text: Text, part: Any) -> str:
    """A marked sentence in the active language, in the form that its counting field asks for."""
    if not isinstance(text, Plural):
        return _(text)
    value = getattr(part, text.by) or 0
    if isinstance(value, tuple):
        value = len(value)
    # A part of something is counted like two of them: «0,5 штуки», «0.5 pieces».
    return ngettext(text.one, text.many, int(value) if value == int(value) else 2)


# ---------------------------------------------------------------- fields


def _shown(part: Condition | Effect, one: Field, words: Words, names: Names) -> str:
    """A field's value as a part of the sentence; nothing where it is left out, or says nothing: none, one."""
    value = getattr(part, one.name)
    if value is None or value is False or (value == one.default and (not value or one.kind == "quantity")):
        return ""
    if one.kind == "choice":
        text = _(dict(one.choices)[value])
    elif one.kind in _NAMED:
        text = quoted(value, getattr(names, one.kind, None))["names"]
    else:
        text = KINDS[one.kind](value, words) if one.kind in KINDS else str(value)
    if one.kind == "steps":
        text = _steps(value, words, pieces=str(getattr(part, "by", "")).endswith("quantity"))
    if one.name not in part.parts:
        return text
    many = value if isinstance(value, tuple) else (value,)
    return counted(part.parts[one.name], part) % {
        "value": text,
        "as_points": ", ".join(words.rate(each) for each in many) if one.kind in _FIGURES else "",
        "as_percents": ", ".join(words.percent(each) for each in many) if one.kind in _FIGURES else "",
    }


def _steps(steps: Iterable[Step], words: Words, *, pieces: bool) -> str:
    """«от 500 ₽ — 3 %, от 3 000 ₽ — 5 %»"""
    sentence = _("from %(from)s pieces — %(percent)s") if pieces else _("from %(from)s — %(percent)s")
    shown = words.shortest if pieces else words.round_money
    return ", ".join(
        sentence % {"from": shown(step.at_least), "percent": words.percent(step.percent)} for step in steps
    )


_NAMED: Final = frozenset({"tiers", "outlets", "channels", "tags", "skus", "categories", "brands"})
_FIGURES: Final = frozenset({"factor", "levels"})
# How the value of a field is written, by its kind; others as they stand.
KINDS: Final[Mapping[str, Callable[[Any, Words], str]]] = {
    "money": lambda value, words: words.round_money(value),
    "points": lambda value, words: words.points(value),
    "percent": lambda value, words: words.percent(value),
    "factor": lambda value, words: words.shortest(value),
    "quantity": lambda value, words: words.shortest(value),
    "levels": lambda value, words: ", ".join(words.shortest(each) for each in value),
    "ways": lambda value, _words: ways(value),
    "action": lambda value, _words: action(value),
    "date": lambda value, _words: _day(value),
    "time": lambda value, _words: _time(value),
    "weekdays": lambda value, _words: _weekdays(value),
}


# ---------------------------------------------------------------- goods


def goods_sentence(goods: Goods) -> str:
    """«на категорию «Десерты», кроме товара «торт»»; «на всё»."""
    return _("on everything") if goods == EVERYTHING else ", ".join([_named(goods), *_excepted(goods)])


def _named(goods: Goods) -> str:
    parts = []
    if goods.skus:
        parts.append(ngettext("the product %(names)s", "the products %(names)s", len(goods.skus)) % quoted(goods.skus))
    if goods.categories:
        text = ngettext("the category %(names)s", "the categories %(names)s", len(goods.categories))
        parts.append(text % quoted(goods.categories))
    if goods.brands:
        parts.append(ngettext("the brand %(names)s", "the brands %(names)s", len(goods.brands)) % quoted(goods.brands))
    return _("on %(goods)s") % {"goods": ", ".join(parts)} if parts else _("on everything")


def _excepted(goods: Goods) -> Iterator[str]:
    if goods.except_skus:
        text = ngettext("except the product %(names)s", "except the products %(names)s", len(goods.except_skus))
        yield text % quoted(goods.except_skus)
    if goods.except_categories:
        text = ngettext(
            "except the category %(names)s", "except the categories %(names)s", len(goods.except_categories)
        )
        yield text % quoted(goods.except_categories)
    if goods.except_brands:
        text = ngettext("except the brand %(names)s", "except the brands %(names)s", len(goods.except_brands))
        yield text % quoted(goods.except_brands)


def quoted(names: Iterable[str], titles: Mapping[str, str] | None = None) -> dict[str, str]:
    return {"names": ", ".join(_("“%(name)s”") % {"name": (titles or {}).get(name, name)} for name in names)}


# ---------------------------------------------------------------- limits, life


def _limits(rule: Rule, words: Words) -> Iterator[str]:
    """Points, or money for a discount; how many times."""
    discount = isinstance(rule.effect, DiscountEffect)
    for name, pattern in LIMITS.items():
        value = getattr(rule.limits, name)
        if isinstance(value, Decimal):
            yield str(pattern) % {"value": words.round_money(value) if discount else words.points(value)}
        elif value is not None:
            yield pattern % {"value": value}
    if rule.group:
        yield _("not together with others of the group “%(group)s”") % {"group": rule.group}
    if rule.closes:
        yield CLOSES[tuple(sorted(set(rule.closes)))]()


LIMITS: Final[Mapping[str, Any]] = {
    "per_receipt": gettext_lazy("at most %(value)s for a receipt"),
    "per_day": gettext_lazy("at most %(value)s a day for a client"),
    "per_week": gettext_lazy("at most %(value)s a week for a client"),
    "per_month": gettext_lazy("at most %(value)s a month for a client"),
    "per_client": gettext_lazy("at most %(value)s for a client in all"),
    "times_per_day": ngettext_lazy(
        "at most %(value)s time a day for a client", "at most %(value)s times a day for a client", "value"
    ),
    "times_per_month": ngettext_lazy(
        "at most %(value)s time a month for a client", "at most %(value)s times a month for a client", "value"
    ),
    "times_per_client": ngettext_lazy(
        "at most %(value)s time for a client in all", "at most %(value)s times for a client in all", "value"
    ),
    "budget": gettext_lazy("until all clients together have got %(value)s"),
    "uses": ngettext_lazy(
        "until it was used %(value)s time by all clients together",
        "until it was used %(value)s times by all clients together",
        "value",
    ),
}
CLOSES: Final[Mapping[tuple[str, ...], Callable[[], str]]] = {
    ("points",): lambda: _("these goods can’t be paid with points then"),
    ("earning",): lambda: _("these goods earn no points then"),
    ("earning", "points"): lambda: _("these goods earn no points and can’t be paid with them then"),
}


def _life(rule: Rule) -> Iterator[str]:
    if rule.pending_days is not None:
        yield ngettext("to be spent after %(days)s day", "to be spent after %(days)s days", rule.pending_days) % {
            "days": rule.pending_days
        }
    if rule.expiry is not None:
        yield _good_for(rule.expiry)


def _good_for(expiry: Expiry) -> str:
    match expiry:
        case AfterDays(days=days):
            return ngettext("the points live %(days)s day", "the points live %(days)s days", days) % {"days": days}
        case OnDate(date=date):
            return _("the points live through %(day)s") % {"day": _day(date)}
    return _("the points never expire")


# ---------------------------------------------------------------- words


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


def _weekdays(chosen: Iterable[int]) -> str:
    days = tuple(sorted(chosen))
    if days == (1, 2, 3, 4, 5):
        return _("from Monday to Friday")
    if days == (6, 7):
        return _("on Saturdays and Sundays")
    return ", ".join(str(WEEKDAYS[weekday]) for weekday in days)


def ways(by: Iterable[str]) -> str:
    return _(" or ").join(str(WAYS[way]) for way in WAYS if way in set(by))


def _day(day: dt.date) -> str:
    return formats.date_format(day, "SHORT_DATE_FORMAT")


def _time(time: dt.time) -> str:
    return time.isoformat("seconds" if time.second else "minutes")
