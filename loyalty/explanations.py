"""The engine's typed facts put into words, when somebody reads them and in the reader's language."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from django.utils.translation import gettext_noop as _
from msgspec import Struct

from loyalty.engine.conditions import CONDITIONS, Condition
from loyalty.engine.explanation import Fact, Rejected
from loyalty.engine.quantities import HUNDRED, ONE, ZERO, unit
from loyalty.engine.rulebook import Rulebook
from loyalty.engine.words import Plural, ngettext
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
    prefix, _colon, name = fact.rule.partition(":")
    pattern = TITLES.get((prefix, fact.effect)) if name else None
    if pattern is not None:
        return words.say(pattern, title=fact.title or name, rate=words.percent(fact.rate or ZERO))
    return fact.title or words.say(UNTITLED.get(fact.effect, fact.rule))


def why_rejected(rejected: Rejected, words: Words) -> str:
    """Without numbers: what is missing says the fact of the rule."""
    reason = rejected.reason
    if rejected.kind == "certificate":
        return words.say(REJECTED_CERTIFICATES.get(reason, _("It can’t be taken")))
    if reason in REJECTIONS:
        return words.say(REJECTIONS[reason])
    condition = VOCABULARY.get(reason)
    if condition is None:
        return words.say(PLAINLY.get(reason, _("It does not fit this receipt")))
    if isinstance(condition.missed, str) and "%(" not in condition.missed:
        return words.say(condition.missed)
    return words.say(_("A condition does not hold: “%(title)s”"), title=words.say(condition.title))


def certificate_refused(reason: str, words: Words) -> str:
    """Why a certificate can't pay: the end of a sentence."""
    sentence = words.say(REJECTED_CERTIFICATES.get(reason, _("It can’t be taken")))
    return sentence[:1].lower() + sentence[1:]


def limit(reason: str, words: Words) -> str:
    """What a limit of spending was about: the end of a sentence."""
    return words.say(LIMITS.get(reason, reason))


VOCABULARY: Mapping[str, type[Condition]] = {str(cls.__struct_config__.tag): cls for cls in CONDITIONS}

# By the prefix of the rule and the effect.
TITLES: Mapping[tuple[str, str], str] = {
    ("tier", "percent"): _("%(rate)s by tier “%(title)s”"),
    ("tier", "tier"): _("Next tier: “%(title)s”"),
    ("tier", "tier_reached"): _("Tier reached: “%(title)s”"),
    ("discount", "discount"): _("Discount of tier “%(title)s”"),
    ("gift", "tier_gift"): _("Gift for tier “%(title)s”"),
    ("certificate", "certificate_sum"): _("Gift certificate …%(title)s"),
    ("certificate", "certificate_product"): _("Gift certificate …%(title)s"),
    ("certificate", "certificate_percent"): _("Gift certificate …%(title)s"),
    ("coupon", "coupon"): _("Personal coupon “%(title)s”"),
    ("promo", "promo_percent"): _("Promo code “%(title)s”"),
    ("promo", "promo_sum"): _("Promo code “%(title)s”"),
    ("promo", "promo_product"): _("Promo code “%(title)s”"),
    ("promo", "promo_points"): _("Promo code “%(title)s”"),
    ("promo", "promo_rule"): _("Promo code “%(title)s”"),
}
UNTITLED: Mapping[str, str] = {
    "points": _("Payment with points"),
    "round_to_pay": _("Rounding"),
    "earning": _("Earning"),
}
REJECTED_CERTIFICATES: Mapping[str, str] = {
    "unknown": _("There is no such certificate"),
    "cancelled": _("The certificate is cancelled"),
    "expired": _("The certificate’s time has passed"),
    "used_up": _("Nothing is left of the certificate"),
    "kept_by_hold": _("Another receipt that is not finished keeps the certificate"),
    "not_later": _("The new end is not later than the old one"),
    "nothing_to_pay": _("Nothing is left for the certificate to pay"),
    "no_goods": _("Nothing on the receipt is what the certificate is for"),
}
REJECTIONS: Mapping[str, str] = {
    "unknown": _("There is no such code"),
    "mistyped": _("There is no such code: a character is wrong. Look at it once more"),
    "excluded": _("A better offer applied: the two don’t add up"),
    "no_goods": _("Nothing on the receipt is what the code is for"),
    "no_client": _("The code is for clients of the programme: find the client first"),
    "minimum_receipt": _("The receipt is too small for this code"),
    "minimum_goods": _("There are too few goods of this offer on the receipt"),
    "uses": _("This code has been used as often as it may be"),
    "nth_visit": _("The code is for another visit"),
    "visits_within": _("The code is for more visits than there were"),
    "turnover": _("The code is for clients with larger purchases"),
    "member_for": _("The code is for clients who joined earlier"),
}


def _why(fact: Fact, words: Words, on_total: bool) -> str:
    if fact.effect == "points":
        return _redeemed(fact, words)
    if not fact.applied:
        return _missed(fact, words)
    if fact.kind == "coupon":
        return _coupon_given(fact, words)
    if fact.effect in ("percent", "per_unit"):
        return _base(fact, words, on_total) + _rounding(fact, words) + _cut(fact, words)
    applied = APPLIED.get(fact.effect)
    if applied is not None:
        return applied(fact, words) + _cut(fact, words)
    return _given(fact, words) + _cut(fact, words)


# ---------------------------------------------------------------- what applied


def _base(fact: Fact, words: Words, on_total: bool) -> str:
    rate = fact.rate or ZERO
    if fact.effect == "percent":
        rated = words.percent(rate)
    else:
        rated = words.say(_("%(points)s per %(money)s"), points=words.rate(rate), money=words.per_unit())
    sentence = _("Paid with money %(base)s × %(rate)s = %(exact)s")
    if on_total:
        sentence = _("Receipt after discounts %(base)s × %(rate)s = %(exact)s")
    return words.say(sentence, base=words.money(fact.base or ZERO), rate=rated, exact=words.exact(fact.exact or ZERO))


def _rounding(fact: Fact, words: Words) -> str:
    if fact.exact is None or fact.points is None or fact.exact == fact.points or fact.reason:
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


def _per_item(fact: Fact, words: Words) -> str:
    said = words.say(
        _("%(points)s for every %(per)s pcs: %(given)s"),
        points=words.points(fact.rate or ZERO),
        per=words.shortest(fact.per or ONE),
        given=words.points(fact.exact or ZERO),
    )
    return said + _rounding(fact, words)


def _give(fact: Fact, words: Words) -> str:
    return words.say(_("For this receipt: %(points)s"), points=_given(fact, words))


def _milestone(fact: Fact, words: Words) -> str:
    sentence = _("Purchases have come to %(base)s: %(points)s")
    return words.say(sentence, base=words.money(fact.base or ZERO), points=_times(fact, words))


def _carried(fact: Fact, words: Words) -> str:
    return words.say(_("With the rest of earlier receipts: %(points)s"), points=_times(fact, words))


def _stamps(fact: Fact, words: Words) -> str:
    return words.say(_("The card is full: %(points)s"), points=_times(fact, words))


def _times(fact: Fact, words: Words) -> str:
    if (fact.count or 1) == 1 or fact.rate is None:
        return words.points(fact.rate or fact.points or ZERO)
    return words.say(
        "%(count)s × %(rate)s = %(points)s",
        count=fact.count,
        rate=words.points(fact.rate),
        points=words.points(fact.exact or fact.points or ZERO),
    )


def _discount(fact: Fact, words: Words) -> str:
    rate, base, money = fact.rate, fact.base or ZERO, fact.money or ZERO
    parts = {"base": words.money(base), "money": words.money(money), "rate": words.percent(rate or ZERO)}
    if rate is None:
        sentence = _("%(money)s off")
        if fact.reason == "line_minimum":
            sentence = _("No line below its minimum price: %(money)s off")
        elif fact.effect == "ladder":
            sentence = _("Of %(base)s, each line at its own percent: %(money)s off")
        return words.say(sentence, **parts)
    sentence = _("%(rate)s of %(base)s: %(money)s off")
    if fact.reason == "line_minimum":
        sentence = _("%(rate)s of %(base)s, but no line below its minimum price: %(money)s off")
    elif not fact.reason and base * rate / HUNDRED - money > unit(words.currency_digits) * max(len(fact.lines), 1):
        sentence = _("%(rate)s of %(base)s, but no more than %(money)s")
    return words.say(sentence, **parts)


def _product(fact: Fact, words: Words) -> str:
    return words.say(_("One for nothing: %(money)s off"), money=words.money(fact.money or ZERO))


def _rounded_to_pay(fact: Fact, words: Words) -> str:
    return words.say(_("The sum to pay rounded down by %(money)s"), money=words.money(fact.money or ZERO))


def _certificate(fact: Fact, words: Words) -> str:
    return words.say(_("Paid by the certificate: %(money)s"), money=words.money(fact.money or ZERO))


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


def _given(fact: Fact, words: Words) -> str:
    return words.points(fact.points) if fact.points is not None else words.money(fact.money or ZERO)


def _coupon_given(fact: Fact, words: Words) -> str:
    number = fact.count or 1
    every = words.points(fact.rate or ZERO)
    return words.say_many(COUPONS_GIVEN.one, COUPONS_GIVEN.many, number, count=number, every=every)


NEXT_STAMPS = ngettext("%(count)s stamp more to the gift", "%(count)s stamps more to the gift", "count")
COUPONS_GIVEN = ngettext(
    "%(count)s coupon as a gift: one for every %(every)s earned",
    "%(count)s coupons as a gift: one for every %(every)s earned",
    "count",
)


def _referred(fact: Fact, words: Words) -> str:
    sentence, points = _("To the one who invited: %(points)s"), fact.points or ZERO
    if (fact.count or 1) > 1:
        sentence = _("To those who invited, level %(level)s: %(points)s")
    said = words.say(sentence, points=words.points(points), level=fact.count)
    if fact.exact is not None and fact.exact - points >= 1:
        return said + words.say(_(" (more is not given within a month)"))
    return said


APPLIED: Mapping[str, Sentence] = {
    "for_every": _for_every,
    "per_item": _per_item,
    "multiply": _multiply,
    "give": _give,
    "milestone": _milestone,
    "for_every_carried": _carried,
    "stamps": _stamps,
    "referral": _referred,
    "referral_gift": _referred,
    "discount": _discount,
    "discount_sum": _discount,
    "ladder": _discount,
    "coupon": _discount,
    "promo_percent": _discount,
    "promo_sum": _discount,
    "promo_product": _product,
    "promo_points": _give,
    "round_to_pay": _rounded_to_pay,
    "certificate_sum": _certificate,
    "certificate_product": _certificate,
    "certificate_percent": _discount,
    "welcome": _gift,
    "tier_gift": _gift,
    "tier_reached": _tier_reached,
}


# ---------------------------------------------------------------- what a limit cut


def _cut(fact: Fact, words: Words) -> str:
    """The end of the sentence of what applied, and would have given more."""
    sentence = CUTS.get(fact.reason)
    return ". " + words.say(sentence, given=_given(fact, words)) if sentence else ""


# What the rule's own limit for a receipt lets through is the limit itself; of the others it is what was left.
CUTS: Mapping[str, str] = {
    "limit_per_receipt": _("No more than %(given)s for a receipt"),
    "limit_per_day": _("No more today: %(given)s were left of the day’s limit"),
    "limit_per_week": _("No more this week: %(given)s were left of its limit"),
    "limit_per_month": _("No more this month: %(given)s were left of its limit"),
    "limit_per_client": _("No more for one client: %(given)s were left of the limit"),
    "budget": _("No more was left in the budget of this offer: %(given)s"),
    "cap_per_receipt": _("By the limit of points for a receipt: %(given)s"),
    "cap_per_day": _("By the limit of points a day: %(given)s"),
    "cap_per_week": _("By the limit of points a week: %(given)s"),
    "cap_per_month": _("By the limit of points a month: %(given)s"),
}


# ---------------------------------------------------------------- what nearly applied


def _missed(fact: Fact, words: Words) -> str:
    sentence = NEARLY.get(fact.reason)
    if sentence is not None:
        return sentence(fact, words)
    condition = VOCABULARY.get(fact.reason)
    if condition is not None:
        return _condition_missed(condition, fact, words)
    return words.say(PLAINLY.get(fact.reason, _("Did not apply")))


def _condition_missed(condition: type[Condition], fact: Fact, words: Words) -> str:
    text, count = condition.missed, fact.count or 0
    parts = {"missing": words.money(fact.missing or ZERO), "count": count, "title": fact.title}
    if isinstance(text, Plural):
        return words.say_many(text.one, text.many, count, **parts)
    return words.say(text, **parts)


def _missing_money(fact: Fact, words: Words) -> str:
    return words.say(_("%(money)s short of “%(title)s”"), money=words.money(fact.missing or ZERO), title=fact.title)


def _missing_stamps(fact: Fact, words: Words) -> str:
    return words.say_many(NEXT_STAMPS.one, NEXT_STAMPS.many, fact.count or 0, count=fact.count)


def _missing_points(fact: Fact, words: Words) -> str:
    return words.say(_("%(points)s more to the coupon"), points=words.points(fact.points or ZERO))


def _next_milestone(fact: Fact, words: Words) -> str:
    return words.say(_("Purchases of %(money)s more to the next gift"), money=words.money(fact.missing or ZERO))


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
    "for_every": _missing_money,
    "for_every_carried": _missing_money,
    "milestone": _next_milestone,
    "stamps": _missing_stamps,
    "coupon": _missing_points,
    "tier_threshold": _next_tier,
    "too_little": _too_little,
}
PLAINLY: Mapping[str, str] = {
    "weekday": _("Not on this day of the week"),
    "hours": _("Not at these hours"),
    "stamped_today": _("The stamp of this day is there already"),
    "no_goods": _("The receipt has no goods of this offer"),
    "redeeming": _("Nothing is earned on a receipt that points paid a part of"),
    "no_client": _("Only for clients of the programme"),
    "excluded": _("A better offer applied: the two don’t add up"),
    "higher_rate": _("These goods earn more by another rule"),
    "below_first_step": _("Not enough yet for the first step of the discount"),
    "per_item": _("Too few pieces of these goods"),
    "passed": _("This has been passed already"),
    "visited_today": _("Today’s visit has been counted already"),
    "birthday_unknown": _("The birthday is not known"),
    # limits of a rule, and of the programme
    "limit_per_receipt": _("The limit for a receipt leaves nothing to give"),
    "limit_per_day": _("The day’s limit of this offer is used up"),
    "limit_per_week": _("The week’s limit of this offer is used up"),
    "limit_per_month": _("The month’s limit of this offer is used up"),
    "limit_per_client": _("This offer has given one client all that it may"),
    "times_per_day": _("Not so often in one day: come again tomorrow"),
    "times_per_month": _("Not so often in one month"),
    "times_per_client": _("This offer is only for a few times, and they are used up"),
    "budget": _("The budget of this offer is used up"),
    "uses": _("This offer has been used as often as it may be"),
    "cap_per_receipt": _("The limit of points for a receipt is reached"),
    "cap_per_day": _("The limit of points for a day is reached"),
    "cap_per_week": _("The limit of points for a week is reached"),
    "cap_per_month": _("The limit of points for a month is reached"),
    # personal coupons
    "coupon_used": _("The coupon has been used already"),
    "coupon_expired": _("The coupon’s time is over"),
    "coupon_cancelled": _("The coupon was cancelled"),
    # codes of batches
    "promo_used": _("The code has been used already"),
    "promo_spent": _("The offer is over: its codes have been used as often as they may be"),
    "promo_times": _("The client has used this offer as often as he may"),
    "promo_not_first": _("The code is for the first purchase only"),
    "promo_stranger": _("The code was given to another client"),
    "promo_audience": _("The code is for other clients"),
    "promo_early": _("The offer has not begun yet"),
    "promo_over": _("The offer is over: its time has passed"),
    "promo_stopped": _("The offer was stopped"),
    "promo_one": _("Only one code of an offer counts on a receipt"),
    "promo_no_rule": _("No rule of the programme is for this code now"),
}
