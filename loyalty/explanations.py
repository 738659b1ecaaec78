"""The engine's typed facts put into words, when somebody reads them and in the reader's language."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal

from django.utils.translation import gettext as _
from msgspec import Struct

from loyalty.engine.explanation import Fact, Rejected
from loyalty.engine.quantities import ZERO
from loyalty.engine.rulebook import Rulebook
from loyalty.limits import LIMITS
from loyalty.wording import Words, number, percent, shortest

Sentence = Callable[[Fact, Words], str]


class Explained(Struct, frozen=True):
    """One fact with its title and its sentence; numbers as in the fact."""

    fact: Fact
    title: str
    why: str


def explain(fact: Fact, words: Words, *, rulebook: Rulebook | None = None) -> Explained:
    """Raises nothing: a fact of a kind that this release does not know is worded by its title and its numbers."""
    on_total = rulebook is not None and rulebook.points.earn_on == "total"
    return Explained(fact, title_of(fact), _why(fact, words, on_total))


def title_of(fact: Fact) -> str:
    title = fact.title
    if fact.rule.startswith("tier:"):
        if fact.effect == "tier_reached":
            return _("Tier reached: “%(title)s”") % {"title": title}
        if fact.effect == "tier":
            return _("Next tier: “%(title)s”") % {"title": title}
        if fact.rate is not None:
            return _("%(rate)s by tier “%(title)s”") % {"rate": percent(fact.rate), "title": title}
    if fact.rule.startswith("discount:"):
        return _("Discount of tier “%(title)s”") % {"title": title}
    if fact.rule.startswith("gift:"):
        return _("Gift for tier “%(title)s”") % {"title": title}
    if title:
        return title
    named = {"points": _("Payment with points"), "round_to_pay": _("Rounding"), "earning": _("Earning")}
    return named.get(fact.effect, fact.rule)


def _why(fact: Fact, words: Words, on_total: bool) -> str:
    if fact.effect == "points":
        return _redeemed(fact, words)
    if not fact.applied:
        sentence = REASONS.get(fact.reason)
        return sentence(fact, words) if sentence else _("Did not apply")
    if fact.effect in ("percent", "per_unit"):
        return _base(fact, words, on_total) + _rounding(fact, words)
    applied = APPLIED.get(fact.effect)
    if applied is not None:
        return applied(fact, words)
    return words.points(fact.points) if fact.points is not None else words.money(fact.money or ZERO)


# ---------------------------------------------------------------- what applied


def _base(fact: Fact, words: Words, on_total: bool) -> str:
    rate = fact.rate or ZERO
    parts = {
        "base": words.money(fact.base or ZERO),
        "rate": percent(rate)
        if fact.effect == "percent"
        else _("%(points)s per %(money)s") % {"points": words.points(rate), "money": _one(words)},
        "exact": words.exact(fact.exact or ZERO),
    }
    if on_total:
        return _("Receipt after discounts %(base)s × %(rate)s = %(exact)s") % parts
    return _("Paid with money %(base)s × %(rate)s = %(exact)s") % parts


def _one(words: Words) -> str:
    return words.money(Decimal(1)).replace(number(Decimal(1), words.currency_digits), "1")


def _rounding(fact: Fact, words: Words) -> str:
    if fact.exact is None or fact.points is None or fact.exact == fact.points:
        return ""
    return _(", rounded to %(points)s") % {"points": words.points(fact.points)}


def _for_every(fact: Fact, words: Words) -> str:
    said = _("%(points)s for every %(per)s of %(base)s: %(given)s") % {
        "points": words.points(fact.rate or ZERO),
        "per": words.money(fact.per or ZERO),
        "base": words.money(fact.base or ZERO),
        "given": words.points(fact.exact or ZERO),
    }
    return said + _rounding(fact, words)


def _multiply(fact: Fact, words: Words) -> str:
    rate = fact.rate or ZERO
    said = _("×%(factor)s on %(base)s: %(base)s × %(extra)s = %(exact)s more") % {
        "factor": shortest(rate),
        "extra": shortest(rate - 1),
        "base": words.points(fact.base or ZERO),
        "exact": words.exact(fact.exact or ZERO),
    }
    return said + _rounding(fact, words)


def _discount(fact: Fact, words: Words) -> str:
    parts = {
        "rate": percent(fact.rate or ZERO),
        "base": words.money(fact.base or ZERO),
        "money": words.money(fact.money or ZERO),
    }
    if fact.reason == "line_minimum":
        return _("%(rate)s of %(base)s, but no line below its minimum price: %(money)s off") % parts
    return _("%(rate)s of %(base)s = %(money)s off") % parts


def _rounded_to_pay(fact: Fact, words: Words) -> str:
    return _("The sum to pay rounded down by %(money)s") % {"money": words.money(fact.money or ZERO)}


def _gift(fact: Fact, words: Words) -> str:
    return _("Given once: %(points)s") % {"points": words.points(fact.points or ZERO)}


def _tier_reached(fact: Fact, words: Words) -> str:
    return _("Tier “%(title)s” reached with %(base)s") % {"title": fact.title, "base": words.money(fact.base or ZERO)}


def _redeemed(fact: Fact, words: Words) -> str:
    parts = {"points": words.points(fact.points or ZERO), "money": words.money(fact.money or ZERO)}
    said = _("%(points)s paid %(money)s") % parts if fact.applied else _("No points were taken")
    if not fact.reason:
        return said
    asked = ""
    if fact.asked is not None:
        asked = _("Asked for %(points)s. ") % {"points": words.points(fact.asked)}
    return f"{asked}{said}: {limit(fact.reason)}"


APPLIED: Mapping[str, Sentence] = {
    "for_every": _for_every,
    "multiply": _multiply,
    "discount": _discount,
    "round_to_pay": _rounded_to_pay,
    "welcome": _gift,
    "tier_gift": _gift,
    "tier_reached": _tier_reached,
}


# ---------------------------------------------------------------- what nearly applied


def limit(reason: str) -> str:
    """What a limit of spending was about: the end of a sentence."""
    return str(LIMITS.get(reason, reason))


def _missing_money(fact: Fact, words: Words) -> str:
    return _("%(money)s short of “%(title)s”") % {"money": words.money(fact.missing or ZERO), "title": fact.title}


def _next_tier(fact: Fact, words: Words) -> str:
    parts = {"title": fact.title, "money": words.money(fact.missing or ZERO), "visits": fact.missing_visits or 0}
    if fact.missing is None:
        return _("Visits left to the tier “%(title)s”: %(visits)s") % parts
    if fact.missing_visits is None:
        return _("After this receipt, %(money)s short of the tier “%(title)s”") % parts
    return _("After this receipt, %(money)s or visits (%(visits)s) short of the tier “%(title)s”") % parts


def _too_little(fact: Fact, words: Words) -> str:
    return _("%(exact)s is less than the smallest number of points") % {"exact": words.exact(fact.exact or ZERO)}


def _said(sentence: Callable[[], str]) -> Sentence:
    return lambda _fact, _words: sentence()


REASONS: Mapping[str, Sentence] = {
    "minimum_receipt": _missing_money,
    "for_every": _missing_money,
    "tier_threshold": _next_tier,
    "too_little": _too_little,
    "tier": _said(lambda: _("Only for clients of other tiers")),
    "outlet": _said(lambda: _("Only at other outlets")),
    "channel": _said(lambda: _("Only in another channel of sales")),
    "identified": _said(lambda: _("Only when the client is identified in another way")),
    "period": _said(lambda: _("Not on these dates")),
    "weekday": _said(lambda: _("Not on this day of the week")),
    "hours": _said(lambda: _("Not at these hours")),
    "no_goods": _said(lambda: _("The receipt has no goods of this offer")),
    "redeeming": _said(lambda: _("Nothing is earned on a receipt that points paid a part of")),
}


# ---------------------------------------------------------------- what was sent and did not fit

REJECTIONS: Mapping[str, Callable[[], str]] = {
    "unknown": lambda: _("There is no such code"),
}


def why_rejected(rejected: Rejected) -> str:
    sentence = REJECTIONS.get(rejected.reason)
    return sentence() if sentence else rejected.reason
