"""What a programme gives, in a few words for somebody who has never heard of it: posters, the join page, the card.

Only what every client gets on every purchase is promised; rules with conditions or for some goods are left out.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from msgspec import Struct
from msgspec.structs import replace

from loyalty.engine.conditions import EVERYTHING
from loyalty.engine.effects import BaseEffect, Coupon, Discount, ForEvery, Welcome
from loyalty.engine.quantities import HUNDRED, ONE, ZERO
from loyalty.engine.rulebook import AfterDays, OnDate, Rule, Rulebook, Tier
from loyalty.programs import rulebook_at
from loyalty.refusals import Refused
from loyalty.wording import DEFAULT_POINTS, Words, whole


class Promise(Struct, frozen=True):
    """`headline` for the top of a poster, `gains` and `terms` as short sentences, `tiers` from the lowest up."""

    headline: str
    gains: tuple[str, ...] = ()
    terms: tuple[str, ...] = ()
    tiers: tuple[tuple[str, str], ...] = ()


def promise_of(*, program_id: int, words: Words, now: dt.datetime) -> Promise:
    """In the active language, from the rules in force."""
    try:
        rulebook = rulebook_at(program_id, now)[1]
    except Refused:
        return Promise(_("Our loyalty card"))
    gains = tuple(_gains(rulebook, words))
    return Promise(
        headline=_headline(gains, words),
        gains=gains,
        terms=tuple(_terms(rulebook, words)),
        tiers=tuple((tier.title, _of_tier(tier, rulebook, words)) for tier in rulebook.tiers)
        if len(rulebook.tiers) > 1
        else (),
    )


def _headline(gains: tuple[str, ...], words: Words) -> str:
    if not gains:
        return _("Our loyalty card")
    if words.point_names == DEFAULT_POINTS:
        return _("Collect points: %(gain)s") % {"gain": gains[0]}
    return _("Our card: %(gain)s") % {"gain": gains[0]}


def _gains(rulebook: Rulebook, words: Words) -> Iterator[str]:
    rates = _rates(rulebook)
    if rates[-1]:
        yield _earned(rates, rulebook, words)
    for rule, every in rulebook.rules_that(ForEvery):
        if _for_all(rule):
            yield _("%(points)s for every %(money)s") % {
                "points": words.points(every.points),
                "money": brief(every.amount, words),
            }
    for _rule, coupon in rulebook.rules_that(Coupon):
        worth = brief(coupon.amount, words) if coupon.amount else words.percent(coupon.percent or ZERO)
        yield _("a coupon of %(worth)s for every %(points)s") % {"worth": worth, "points": words.points(coupon.every)}
    discount = max([tier.discount_percent for tier in rulebook.tiers], default=ZERO)
    discount = max([discount, *(effect.percent for rule, effect in rulebook.rules_that(Discount) if _for_all(rule))])
    if discount:
        yield _("a discount of up to %(percent)s") % {"percent": words.percent(discount)}
    welcome = sum((effect.points for _rule, effect in rulebook.rules_that(Welcome)), ZERO)
    if welcome:
        yield _("%(points)s for joining") % {"points": words.points(welcome)}


def _rates(rulebook: Rulebook) -> list[Decimal]:
    """Points for one unit of money that each tier earns everywhere, ascending."""
    everywhere = max((effect.rate for rule, effect in rulebook.rules_that(BaseEffect) if _for_all(rule)), default=ZERO)
    return sorted(max(everywhere, (tier.earn_percent or ZERO) / HUNDRED) for tier in rulebook.tiers) or [everywhere]


def _earned(rates: list[Decimal], rulebook: Rulebook, words: Words) -> str:
    low, high = rates[0], rates[-1]
    if rulebook.points.value != ONE or not _paid_most(rulebook):
        # A percent would be read as a part of the money.
        parts = {"points": words.points(high * HUNDRED), "money": brief(HUNDRED, words)}
        return (
            _("%(points)s for every %(money)s") if low == high else _("up to %(points)s for every %(money)s")
        ) % parts
    if low == high:
        return _("%(percent)s of every purchase") % {"percent": words.percent(high * HUNDRED)}
    if not low:
        return _("up to %(percent)s of every purchase") % {"percent": words.percent(high * HUNDRED)}
    return _("from %(low)s to %(percent)s of every purchase") % {
        "low": words.shortest(low * HUNDRED),
        "percent": words.percent(high * HUNDRED),
    }


def _paid_most(rulebook: Rulebook) -> Decimal:
    """The largest part of a receipt that points pay, in percent; zero where they pay nothing."""
    return max([rulebook.spending.max_percent, *(tier.max_percent or ZERO for tier in rulebook.tiers)])


def _terms(rulebook: Rulebook, words: Words) -> Iterator[str]:
    points, spending = rulebook.points, rulebook.spending
    most = _paid_most(rulebook)
    if most:
        yield f"{words.points(ONE)} = {brief(points.value, words)}"
    if most >= HUNDRED:
        yield _("points can pay for the whole receipt")
    elif most:
        yield _("up to %(percent)s of a receipt can be paid so") % {"percent": words.percent(most)}
    if spending.redeem_from:
        yield _("spending begins with a balance of %(points)s") % {"points": words.points(spending.redeem_from)}
    if points.pending_days:
        yield ngettext(
            "points can be spent the day after the purchase",
            "points can be spent %(days)s days after the purchase",
            points.pending_days,
        ) % {"days": points.pending_days}
    match points.expiry:
        case AfterDays(days=days):
            yield ngettext("points are good for %(days)s day", "points are good for %(days)s days", days) % {
                "days": days
            }
        case OnDate(date=date):
            yield _("points are good until %(date)s") % {"date": f"{date:%d.%m.%Y}"}
        case _never:
            yield _("points do not expire")


def _of_tier(tier: Tier, rulebook: Rulebook, words: Words) -> str:
    """`5 %, with purchases of 8 000 ₽`"""
    said = []
    if tier.earn_percent:
        said.append(words.percent(tier.earn_percent))
    if tier.discount_percent:
        said.append(_("discount %(percent)s") % {"percent": words.percent(tier.discount_percent)})
    if tier.spent:
        said.append(_("from %(money)s of purchases") % {"money": brief(tier.spent, words)})
    if tier.visits:
        said.append(ngettext("from %(n)s visit", "from %(n)s visits", tier.visits) % {"n": tier.visits})
    return ", ".join(said)


def brief(amount: Decimal, words: Words) -> str:
    """Money without kopecks that are none: `300 ₽`."""
    return replace(words, currency_digits=0).money(amount) if whole(amount) else words.money(amount)


def _for_all(rule: Rule) -> bool:
    return rule.goods == EVERYTHING and not rule.when
