"""The engine with a memory: at a counter the same receipt comes again and again.

What the engine says depends on the cart, the version, the tier, the points asked for, and on those conditions of the
rules that look at time and place. Two things besides are the client's own, and are put in each time: the dates of the
lots, and what is missing to the next tier.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Literal

import msgspec
from msgspec import Struct

from loyalty.engine import tiers
from loyalty.engine.cart import Cart, Client, Line
from loyalty.engine.conditions import AtOutlet, Between, Receipt
from loyalty.engine.earning import Earning, lot_dates
from loyalty.engine.explanation import Fact
from loyalty.engine.quantities import ZERO
from loyalty.engine.quote import Quote, quote
from loyalty.engine.rulebook import Rulebook
from loyalty.ledger import AccountState

Asked = Decimal | Literal["max"] | None
Dates = tuple[dt.datetime, dt.datetime | None]
_KEPT_AT_MOST = 30_000
# The demo's tiers look at the whole life of an account: no moment makes a difference.
_SOME_TIME = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)
_PLENTY = Decimal(10**9)
# What a cashier offers: «спишем сто?»
ROUND_SUMS = tuple(Decimal(n) for n in (500, 300, 200, 100, 50, 30))
encode = msgspec.json.encode


def as_json(value: object) -> str:
    """For COPY's text format."""
    return encode(value).decode().replace("\\", "\\\\")


class Published(Struct, frozen=True):
    number: int
    at: int
    rulebook: Rulebook


class Priced(Struct, frozen=True):
    """A receipt as the engine made it, with its texts for COPY. The facts stand only here.

    They lack what is missing to the next tier.
    """

    quote: Quote
    sums: str
    lines: tuple[str, ...]
    parts: tuple[str, ...]
    facts: str


class Pricing:
    def __init__(self, versions: Sequence[Published], carts: Sequence[tuple[Line, ...]], *, remember: bool) -> None:
        self.versions, self.carts, self.remember = versions, carts, remember
        self._priced: dict[tuple[object, ...], Priced] = {}
        self._limits: dict[tuple[object, ...], Decimal] = {}
        self._moods: dict[tuple[object, ...], tuple[bool, ...]] = {}
        self._dates: dict[tuple[int, int], Dates] = {}

    def rules_at(self, at: int) -> Published:
        return next(version for version in reversed(self.versions) if version.at <= at)

    def dates(self, rules: Published, day: int, at: dt.datetime) -> Dates:
        if not rules.rulebook.points.pending_days:
            return lot_dates(rules.rulebook, at)
        known = self._dates.get((rules.number, day))
        if known is None:
            known = self._dates[rules.number, day] = lot_dates(rules.rulebook, at)
        return known

    def price(
        self,
        rules: Published,
        cart: int,
        *,
        day: int,
        at: dt.datetime,
        outlet: str,
        state: AccountState | None,
        available: Decimal = ZERO,
        asked: Asked = None,
    ) -> Priced:
        """The receipt for a client in his present state, as `engine.quote` prices it."""
        if asked == "max" or not self.remember:
            return self._price(rules, cart, at, outlet, state, available, asked)
        mood = self._mood(rules, day, at, outlet)
        key = (rules.number, cart, mood, self._tier(rules, state), asked)
        known = self._priced.get(key)
        if known is None:
            if len(self._priced) >= _KEPT_AT_MOST:
                self._priced.clear()
            known = self._priced[key] = self._price(rules, cart, at, outlet, state, available, asked)
        return known

    def round_sum(self, rules: Published, cart: int, at: dt.datetime, state: AccountState, available: Decimal) -> Asked:
        """The largest round number of points that this receipt may take."""
        key = (rules.number, cart, self._tier(rules, state))
        most = self._limits.get(key)
        if most is None:
            most = self._price(rules, cart, at, "", state, _PLENTY, "max").quote.points
            self._limits[key] = most
        most = min(most, available)
        return next((points for points in ROUND_SUMS if points <= most), None)

    def next_tier(self, rules: Published, priced: Priced, state: AccountState | None) -> str:
        """The engine's last fact as JSON, for this client's turnover; nothing where no tier is left."""
        missing = _next_tier(rules.rulebook, priced.quote, state) if state else None
        return as_json(missing) if missing else ""

    def _price(
        self,
        rules: Published,
        cart: int,
        at: dt.datetime,
        outlet: str,
        state: AccountState | None,
        available: Decimal,
        asked: Asked,
    ) -> Priced:
        client = None
        if state is not None:
            client = _client(state, available)
        bought = Cart(self.carts[cart], points=asked, outlet=outlet, channel="store")
        made = quote(rules.rulebook, client, bought, at)
        facts = [fact for fact in made.facts if fact.applied or fact.effect != "tier"]
        return Priced(
            quote=msgspec.structs.replace(made, facts=()),
            sums=_tabbed(
                made.total,
                made.discount,
                made.points,
                made.points_value,
                made.certificates_paid,
                made.to_pay,
                made.earned,
            ),
            lines=tuple(_line_text(made, n) for n in range(len(made.lines))),
            parts=tuple(as_json(earning.parts) for earning in made.earnings),
            facts=as_json(facts)[1:-1],
        )

    def _tier(self, rules: Published, state: AccountState | None) -> str | None:
        if state is None:
            return None
        tier = tiers.held(rules.rulebook, _client(state, ZERO), _SOME_TIME).tier
        return tier.id if tier else ""

    def _mood(self, rules: Published, day: int, at: dt.datetime, outlet: str) -> tuple[bool, ...]:
        """Which conditions of time and place hold: by the hour, as the demo's rules name whole hours."""
        key = (rules.number, day, at.hour, outlet)
        known = self._moods.get(key)
        if known is None:
            book = rules.rulebook
            local = book.calendar.local(at)
            receipt = Receipt(Cart((), outlet=outlet), at, local, book.calendar.day_of(at), ZERO)
            conditions = [condition for rule in book.rules for condition in rule.when]
            known = tuple(c.misses(receipt) is None for c in conditions if isinstance(c, Between | AtOutlet))
            self._moods[key] = known
        return known


def _client(state: AccountState, available: Decimal) -> Client:
    return Client(
        available=available,
        tier=state.tier,
        tier_gifts=tuple(state.tier_gifts),
        spent=state.spent,
        visits=state.visits,
        purchases=state.purchases,
    )


def earnings_json(earnings: Sequence[Earning], parts: Sequence[str], dates: Dates) -> str:
    """As msgspec writes them, the dates apart."""
    available, expires = as_json(dates[0]), as_json(dates[1])
    return ",".join(
        f'{{"rule":"{earning.rule}","points":"{earning.points}","available_at":{available},"expires_at":{expires},'
        f'"parts":{part},"one_off":false}}'
        for earning, part in zip(earnings, parts, strict=True)
    )


def _next_tier(rulebook: Rulebook, made: Quote, state: AccountState) -> Fact | None:
    following = tiers.following(rulebook, tiers.known(rulebook, made.tier))
    if following is None:
        return None
    money = None if following.spent is None else max(ZERO, following.spent - state.spent - made.to_pay)
    visits = None if following.visits is None else max(0, following.visits - state.visits)
    if money == 0 or visits == 0:
        return None
    return Fact(
        following.rule,
        "earn",
        "tier",
        following.title,
        applied=False,
        reason="tier_threshold",
        missing=money,
        missing_visits=visits,
    )


def _line_text(made: Quote, n: int) -> str:
    priced = made.lines[n]
    line = priced.line
    return _tabbed(
        n,
        line.sku,
        line.name,
        line.category,
        line.brand,
        line.quantity,
        line.price,
        line.amount,
        priced.discount,
        priced.points_value,
        priced.points,
        priced.certificate,
        priced.paid,
        priced.earned,
    )


def _tabbed(*values: object) -> str:
    return "\t".join(map(str, values))
