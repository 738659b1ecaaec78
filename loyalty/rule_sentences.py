"""A rule in one sentence, made from the vocabulary: what it does, to which goods, and when.

Like all sentences for pages they are in the active language; `Words` has the numbers and the programme's own words.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from django.utils import formats
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from msgspec import Struct

from loyalty.engine.conditions import EVERYTHING, Condition, Goods
from loyalty.engine.effects import Effect
from loyalty.engine.fields import Field, fields_of
from loyalty.engine.rulebook import AfterDays, Expiry, Limits, OnDate, Rule
from loyalty.engine.words import Plural, Text
from loyalty.wording import Words


@dataclass(frozen=True)
class Names:
    """What ids in the rules are called on pages. What has no name here is shown as it stands."""

    tiers: Mapping[str, str] = field(default_factory=dict)
    outlets: Mapping[str, str] = field(default_factory=dict)


NO_NAMES: Final = Names()


def rule_sentence(rule: Rule, words: Words, names: Names = NO_NAMES) -> str:
    """«Сладкие выходные: основные баллы × 2 на категорию «Десерты», по субботам, по воскресеньям.»"""
    does = f"{said(rule.effect, words, names)} {_goods(rule)}".rstrip()
    clauses = [clause for condition in rule.when for clause in condition_clauses(condition, words, names)]
    text = f"{rule.title}: {', '.join([does, *clauses, *_limits(rule, words), *_life(rule)])}."
    if not rule.effect.on_receipt and (rule.goods != EVERYTHING or rule.when):
        text += " " + _("There is no receipt for this: goods and conditions are not looked at.")
    if not rule.enabled:
        text += " " + _("Switched off.")
    return text


def condition_clauses(condition: Condition, words: Words, names: Names = NO_NAMES) -> list[str]:
    """The parts of a sentence that say when a rule applies; most conditions are one."""
    if isinstance(condition.says, str) and condition.says.startswith("%(since)s"):
        # Each of its fields is a clause of its own.
        return [part for one in fields_of(type(condition)) if (part := _shown(condition, one, words, names))]
    return [said(condition, words, names)]


def said(part: Condition | Effect, words: Words, names: Names = NO_NAMES) -> str:
    """What an effect or a condition says of itself."""
    shown = {one.name: _shown(part, one, words, names) for one in fields_of(type(part))}
    shown["unit"] = words.per_unit()
    return " ".join((sentence(part.says, part) % shown).split()).replace(" :", ":").replace(" ,", ",")


def sentence(text: Text, part: Any) -> str:
    """A marked sentence in the active language, in the form that its counting field asks for."""
    if isinstance(text, Plural):
        counted = getattr(part, text.by)
        return ngettext(text.one, text.many, counted if isinstance(counted, int) else len(counted))
    return _(text)


# ---------------------------------------------------------------- fields


def _shown(part: Struct, one: Field, words: Words, names: Names) -> str:
    """A field's value as a part of the sentence; nothing where it is left out."""
    value = getattr(part, one.name)
    if value is None or value == () or value is False:
        return ""
    kind = type(part).__struct_config__.tag
    phrase = PHRASES.get((kind, one.name))
    text = _value(one, value, words, names)
    return _(str(phrase)) % {"value": text} if phrase is not None else text


def _value(one: Field, value: Any, words: Words, names: Names) -> str:
    shown = KINDS.get(one.kind)
    if one.kind == "choice":
        return _(dict(one.choices)[value])
    if one.kind == "yes":
        return _(one.title).lower()
    if one.kind == "tiers":
        return quoted(value, names.tiers)["names"]
    if one.kind == "outlets":
        return quoted(value, names.outlets)["names"]
    return shown(value, words) if shown else str(value)


def _days(value: int, _words: Words) -> str:
    return str(value)


def _steps(value: Any, words: Words) -> str:
    return ", ".join(
        _("from %(from)s — %(percent)s") % {"from": words.shortest(step.at_least), "percent": words.percent(step.percent)}
        for step in value
    )


def _factor(value: Decimal, words: Words) -> str:
    return words.shortest(value)


KINDS: Final[Mapping[str, Callable[[Any, Words], str]]] = {
    "money": lambda value, words: words.round_money(value),
    "points": lambda value, words: words.points(value),
    "percent": lambda value, words: words.percent(value),
    "factor": _factor,
    "quantity": _factor,
    "count": _days,
    "days": _days,
    "ways": lambda value, _words: ways(value),
    "channels": lambda value, _words: quoted(value)["names"],
    "tags": lambda value, _words: quoted(value)["names"],
    "date": lambda value, _words: _day(value),
    "time": lambda value, _words: _time(value),
    "weekdays": lambda value, _words: ", ".join(str(WEEKDAYS[weekday]) for weekday in value),
    "steps": _steps,
    "levels": lambda value, words: ", ".join(words.shortest(one) for one in value),
    "text": lambda value, _words: str(value),
}

# Where a field in a sentence is more than its value; by the tag of its condition or effect.
PHRASES: Final[Mapping[tuple[Any, str], Promise]] = {
    ("period", "since"): gettext_lazy("from %(value)s"),
    ("period", "until"): gettext_lazy("through %(value)s"),
    ("period", "time_from"): gettext_lazy("from %(value)s o’clock"),
    ("period", "time_to"): gettext_lazy("until %(value)s o’clock"),
    ("age", "at_least"): gettext_lazy("from %(value)s"),
    ("age", "at_most"): gettext_lazy("to %(value)s years"),
    ("tags", "any"): gettext_lazy("with the tags %(value)s"),
    ("tags", "none"): gettext_lazy("without the tags %(value)s"),
    ("turnover", "at_least"): gettext_lazy("from %(value)s"),
    ("turnover", "below"): gettext_lazy("below %(value)s"),
    ("turnover", "days"): gettext_lazy("in the last %(value)s days"),
    ("ladder", "days"): gettext_lazy("in the last %(value)s days"),
    ("nth_visit", "again"): gettext_lazy("and then every so many visits"),
    ("discount", "at_most"): gettext_lazy("(at most %(value)s)"),
    ("milestone", "every"): gettext_lazy("every %(value)s"),
    ("coupon", "percent"): gettext_lazy("for a discount of %(value)s"),
    ("coupon", "amount"): gettext_lazy("for a discount of %(value)s"),
    ("coupon", "days"): gettext_lazy("%(value)s days"),
    ("coupon", "minimum"): gettext_lazy("on receipts from %(value)s"),
    ("referral", "percents"): gettext_lazy("%(value)s %%"),
    ("referral_gift", "points"): gettext_lazy("%(value)s points"),
    ("referral", "per_month"): gettext_lazy("(at most %(value)s a month for each)"),
    ("referral_gift", "per_month"): gettext_lazy("(at most %(value)s a month for each)"),
    ("activity", "approval"): gettext_lazy("(after somebody has looked at it)"),
}


# ---------------------------------------------------------------- goods


def _goods(rule: Rule) -> str:
    if not rule.effect.of_goods:
        return ""
    return goods_sentence(rule.goods)


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
    for name, pattern in LIMITS.items():
        value = getattr(rule.limits, name)
        if value is None:
            continue
        shown = words.shortest(value) if isinstance(value, Decimal) else str(value)
        yield _(str(pattern)) % {"value": shown}
    if rule.closes:
        yield CLOSES[tuple(sorted(rule.closes))]()


LIMITS: Final[Mapping[str, Promise]] = {
    "per_receipt": gettext_lazy("at most %(value)s for a receipt"),
    "per_day": gettext_lazy("at most %(value)s a day for a client"),
    "per_week": gettext_lazy("at most %(value)s a week for a client"),
    "per_month": gettext_lazy("at most %(value)s a month for a client"),
    "per_client": gettext_lazy("at most %(value)s for a client in all"),
    "times_per_day": gettext_lazy("receipts a day: %(value)s"),
    "times_per_month": gettext_lazy("receipts a month: %(value)s"),
    "times_per_client": gettext_lazy("receipts of a client: %(value)s"),
    "budget": gettext_lazy("until %(value)s are given to all clients together"),
    "uses": gettext_lazy("until it was used %(value)s times by all clients together"),
}
CLOSES: Final[Mapping[tuple[str, ...], Callable[[], str]]] = {
    ("points",): lambda: _("these goods can’t be paid with points then"),
    ("earning",): lambda: _("these goods earn no points then"),
    ("earning", "points"): lambda: _("these goods earn no points and can’t be paid with them then"),
}
assert set(LIMITS) == set(Limits.__struct_fields__)  # noqa: S101  # nothing is left unsaid


def _life(rule: Rule) -> Iterator[str]:
    if rule.pending_days is not None:
        yield ngettext(
            "to be spent after %(days)s day", "to be spent after %(days)s days", rule.pending_days
        ) % {"days": rule.pending_days}
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


def ways(by: Iterable[str]) -> str:
    return _(" or ").join(str(WAYS[way]) for way in WAYS if way in set(by))


def _day(day: dt.date) -> str:
    return formats.date_format(day, "SHORT_DATE_FORMAT")


def _time(time: dt.time) -> str:
    return time.isoformat("seconds" if time.second else "minutes")


