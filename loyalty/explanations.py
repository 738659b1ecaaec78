"""The engine's typed facts put into words, when somebody reads them and in the reader's language."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from django.utils.translation import gettext_noop as _
from msgspec import Struct

from loyalty.engine.explanation import Fact, Rejected
from loyalty.engine.quantities import ONE, ZERO
from loyalty.engine.rulebook import Rulebook
from loyalty.limits import LIMITS
from loyalty.wording import Words

Sentence = Callable[[Fact, Words], str]


class Explained(Struct, frozen=True):
    """One fact with its title and its sentence."""

    fact: Fact
    title: str
    why: str


def explain(fact: Fact, words: Words, *, rulebook: Rulebook | None = None) -> Explained:
    """Raises nothing: a fact of a kind that this release does not know is worded by its title and its numbers."""
    on_total = rulebook is not None and rulebook.points.earn_on == "total"
    return Explained(fact, title_of(fact, words), _why(fact, words, on_total))


def title_of(fact: Fact, words: Words) -> str:
    pattern = TITLES.get((fact.rule.partition(":")[0], fact.effect))
    if pattern is not None:
        return words.say(pattern, title=fact.title, rate=words.percent(fact.rate or ZERO))
    return fact.title or words.say(UNTITLED.get(fact.effect, fact.rule))


def why_rejected(rejected: Rejected, words: Words) -> str:
    return words.say(REJECTIONS.get(rejected.reason, rejected.reason))


def limit(reason: str, words: Words) -> str:
    """What a limit of spending was about: the end of a sentence."""
    return words.say(LIMITS.get(reason, reason))


# By the prefix of the rule and the effect.
TITLES: Mapping[tuple[str, str], str] = {
    ("tier", "percent"): _("%(rate)s by tier “%(title)s”"),
    ("tier", "tier"): _("Next tier: “%(title)s”"),
    ("tier", "tier_reached"): _("Tier reached: “%(title)s”"),
    ("discount", "discount"): _("Discount of tier “%(title)s”"),
    ("gift", "tier_gift"): _("Gift for tier “%(title)s”"),
}
UNTITLED: Mapping[str, str] = {
    "points": _("Payment with points"),
    "round_to_pay": _("Rounding"),
    "earning": _("Earning"),
}
REJECTIONS: Mapping[str, str] = {
    "unknown": _("There is no such code"),
}


def _why(fact: Fact, words: Words, on_total: bool) -> str:
    if fact.effect == "points":
        return _redeemed(fact, words)
    if not fact.applied:
        sentence = NEARLY.get(fact.reason)
        return sentence(fact, words) if sentence else words.say(PLAINLY.get(fact.reason, _("Did not apply")))
    if fact.effect in ("percent", "per_unit"):
        return _base(fact, words, on_total) + _rounding(fact, words)
    applied = APPLIED.get(fact.effect)
    if applied is not None:
        return applied(fact, words)
    return words.points(fact.points) if fact.points is not None else words.money(fact.money or ZERO)


# ---------------------------------------------------------------- what applied


def _base(fact: Fact, words: Words, on_total: bool) -> str:
    rate = fact.rate or ZERO
    if fact.effect == "percent":
        rated = words.percent(rate)
    else:
        rated = words.say(_("%(points)s per %(money)s"), points=words.points(rate), money=words.per_unit())
    sentence = _("Paid with money %(base)s × %(rate)s = %(exact)s")
    if on_total:
        sentence = _("Receipt after discounts %(base)s × %(rate)s = %(exact)s")
    return words.say(sentence, base=words.money(fact.base or ZERO), rate=rated, exact=words.exact(fact.exact or ZERO))


def _rounding(fact: Fact, words: Words) -> str:
    if fact.exact is None or fact.points is None or fact.exact == fact.points:
        return ""
    return words.say(_(", rounded to %(points)s"), points=words.points(fact.points))


def _for_every(fact: Fact, words: Words) -> str:
    said = words.say(
        _("%(points)s for every %(per)s of %(base)s: %(given)s"),
        points=words.points(fact.rate or ZERO),
        per=words.money(fact.per or ZERO),
        base=words.money(fact.base or ZERO),
        given=words.points(fact.exact or ZERO),
    )
    return said + _rounding(fact, words)


def _multiply(fact: Fact, words: Words) -> str:
    rate = fact.rate or ONE
    said = words.say(
        _("×%(factor)s: %(base)s × %(extra)s = %(exact)s more"),
        factor=words.shortest(rate),
        extra=words.shortest(rate - ONE),
        base=words.points(fact.base or ZERO),
        exact=words.exact(fact.exact or ZERO),
    )
    return said + _rounding(fact, words)


def _discount(fact: Fact, words: Words) -> str:
    sentence = _("%(rate)s of %(base)s: %(money)s off")
    if fact.reason == "line_minimum":
        sentence = _("%(rate)s of %(base)s, but no line below its minimum price: %(money)s off")
    return words.say(
        sentence,
        rate=words.percent(fact.rate or ZERO),
        base=words.money(fact.base or ZERO),
        money=words.money(fact.money or ZERO),
    )


def _rounded_to_pay(fact: Fact, words: Words) -> str:
    return words.say(_("The sum to pay rounded down by %(money)s"), money=words.money(fact.money or ZERO))


def _gift(fact: Fact, words: Words) -> str:
    return words.say(_("Given once: %(points)s"), points=words.points(fact.points or ZERO))


def _tier_reached(fact: Fact, words: Words) -> str:
    return words.say(_("Purchases of %(base)s altogether"), base=words.money(fact.base or ZERO))


def _redeemed(fact: Fact, words: Words) -> str:
    said = words.say(_("No points were taken"))
    if fact.applied:
        points, money = words.points(fact.points or ZERO), words.money(fact.money or ZERO)
        said = words.say(_("%(points)s paid %(money)s"), points=points, money=money)
    if not fact.reason:
        return said
    if fact.asked is not None:
        said = words.say(_("Asked for %(points)s. "), points=words.points(fact.asked)) + said
    return f"{said}: {limit(fact.reason, words)}"


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


def _missing_money(fact: Fact, words: Words) -> str:
    return words.say(_("%(money)s short of “%(title)s”"), money=words.money(fact.missing or ZERO), title=fact.title)


def _next_tier(fact: Fact, words: Words) -> str:
    sentence = _("After this receipt, %(money)s or visits (%(visits)s) short of the tier “%(title)s”")
    if fact.missing is None:
        sentence = _("Visits left to the tier “%(title)s”: %(visits)s")
    elif fact.missing_visits is None:
        sentence = _("After this receipt, %(money)s short of the tier “%(title)s”")
    visits = fact.missing_visits or 0
    return words.say(sentence, title=fact.title, money=words.money(fact.missing or ZERO), visits=visits)


def _too_little(fact: Fact, words: Words) -> str:
    return words.say(_("%(exact)s is less than can be given"), exact=words.exact(fact.exact or ZERO))


NEARLY: Mapping[str, Sentence] = {
    "minimum_receipt": _missing_money,
    "for_every": _missing_money,
    "tier_threshold": _next_tier,
    "too_little": _too_little,
}
PLAINLY: Mapping[str, str] = {
    "tier": _("Only for clients of other tiers"),
    "outlet": _("Only at other outlets"),
    "channel": _("Only in another channel of sales"),
    "identified": _("Only when the client is identified in another way"),
    "period": _("Not on these dates"),
    "weekday": _("Not on this day of the week"),
    "hours": _("Not at these hours"),
    "no_goods": _("The receipt has no goods of this offer"),
    "redeeming": _("Nothing is earned on a receipt that points paid a part of"),
}
