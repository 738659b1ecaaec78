"""A receipt worked out by the engine, to show what rules mean before anybody has bought anything."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Final

from msgspec import Struct

from loyalty.engine.cart import Cart, Client, line
from loyalty.engine.quantities import ZERO
from loyalty.engine.quote import Quote, quote
from loyalty.engine.rulebook import Rulebook
from loyalty.explanations import Explained, explain
from loyalty.wording import Words

# A purchase that people of the country would call an ordinary one.
USUAL: Final = {"USD": 20, "EUR": 20, "GEL": 50, "BYN": 50, "AZN": 50, "KZT": 5_000, "AMD": 5_000, "UZS": 100_000}
# As many points as nobody has: only the rules limit what is spent.
PLENTY: Final = Decimal(10) ** 9


class Sample(Struct, frozen=True):
    """A receipt and why it came out so."""

    quote: Quote
    explained: tuple[Explained, ...]


class TwoVisits(Struct, frozen=True):
    """A client buys, and comes again for the same sum to spend what he earned."""

    total: Decimal
    first: Quote
    second: Quote


def usual(currency: str) -> Decimal:
    return Decimal(USUAL.get(currency, 1_000))


def sample(
    rulebook: Rulebook,
    words: Words,
    *,
    total: Decimal,
    at: dt.datetime,
    tier: str = "",
    points: bool = False,
    category: str = "",
) -> Sample:
    """A receipt of one line for a client of this tier with points enough, paid with as many as the rules allow."""
    client = Client(confirmed=True, available=PLENTY, manual_tier=tier, tier=tier)
    computed = quote(rulebook, client, _cart(rulebook, total, category=category, points=points), at)
    return Sample(computed, tuple(explain(fact, words, rulebook=rulebook) for fact in computed.facts))


class Outcome(Struct, frozen=True):
    """What a receipt comes to for clients of a tier: paid with money alone, and with all the points that it takes."""

    title: str
    plain: Quote
    spent: Quote


def by_tier(rulebook: Rulebook, *, total: Decimal, at: dt.datetime) -> list[Outcome]:
    """An outcome for each tier; one without a title where there are no tiers."""
    found = []
    for tier_id, title in [(tier.id, tier.title) for tier in rulebook.tiers] or [("", "")]:
        client = Client(confirmed=True, available=PLENTY, manual_tier=tier_id, tier=tier_id)
        plain, spent = (quote(rulebook, client, _cart(rulebook, total, points=points), at) for points in (False, True))
        found.append(Outcome(title, plain, spent))
    return found


def two_visits(rulebook: Rulebook, *, total: Decimal, at: dt.datetime) -> TwoVisits:
    first = quote(rulebook, Client(confirmed=True), _cart(rulebook, total), at)
    back = Client(confirmed=True, available=first.earned)
    return TwoVisits(total, first, quote(rulebook, back, _cart(rulebook, total, points=True), at))


def categories(rulebook: Rulebook) -> list[str]:
    """The categories that any rule speaks of: a sample may be about one of them."""
    named: dict[str, None] = {}
    for rule in rulebook.rules:
        named |= dict.fromkeys((*rule.goods.categories, *rule.goods.except_categories))
    return list(named)


def _cart(rulebook: Rulebook, total: Decimal, *, category: str = "", points: bool = False) -> Cart:
    bought = line(amount=max(total, ZERO), digits=rulebook.program.currency_digits, category=category)
    return Cart((bought,), points="max" if points else None)
