"""The rules as a value: typed, frozen, loaded from the JSON of a published version."""

from __future__ import annotations

import datetime as dt
import hashlib
import math
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import Meta, Struct, field

from loyalty.engine.calendar import Calendar, calendar_of
from loyalty.engine.cart import IdentifiedBy
from loyalty.engine.conditions import EVERYTHING, AnyCondition, Goods, GoodsCondition, Miss, Receipt, Sold
from loyalty.engine.conditions.history import Turnover, VisitsWithin
from loyalty.engine.effects import AnyEffect, Effect, Ladder, ProgressEffect, Referral, ReferralGift
from loyalty.engine.quantities import HUNDRED, ONE, ZERO, Rounding, unit

E = TypeVar("E", bound=Effect)

Id = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9_-]*$", max_length=40)]
Title = Annotated[str, Meta(min_length=1, max_length=120)]
Days = Annotated[int, Meta(ge=0, le=3660)]


class Frame(Struct, frozen=True, forbid_unknown_fields=True):
    """Facts of the programme that the arithmetic needs, as they were when the version was published."""

    currency: Annotated[str, Meta(pattern=r"^[A-Z]{3}$")] = "RUB"
    currency_digits: Literal[0, 2] = 2
    precision: Annotated[Literal[0, 2], Meta(description="Decimal places of points.")] = 0
    time_zone: str = "Europe/Moscow"
    day_starts_at: dt.time = dt.time(0)


class Never(Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="never"):
    """Points never expire."""

    def last_day(self, from_day: dt.date) -> dt.date | None:
        return None


class AfterDays(Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="days"):
    """Points are gone at the end of the local day so many days after they became available."""

    days: Annotated[int, Meta(ge=1, le=3660)]

    def last_day(self, from_day: dt.date) -> dt.date | None:
        return from_day + dt.timedelta(days=self.days)


class OnDate(Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="date"):
    """Points are gone at the end of this local day."""

    date: dt.date

    def last_day(self, from_day: dt.date) -> dt.date | None:
        return self.date


Expiry = Never | AfterDays | OnDate


class Limits(Struct, frozen=True, forbid_unknown_fields=True):
    """The most that a rule gives: points, or money for a discount; `times` count receipts. The periods are local days,
    ISO weeks and months of the receipt; `budget` and `uses` are of all clients together."""

    per_receipt: Decimal | None = None
    per_day: Decimal | None = None
    per_week: Decimal | None = None
    per_month: Decimal | None = None
    per_client: Annotated[Decimal | None, Meta(description="For each client, in all.")] = None
    times_per_day: int | None = None
    times_per_month: int | None = None
    times_per_client: int | None = None
    budget: Annotated[Decimal | None, Meta(description="For all clients together, in all.")] = None
    uses: Annotated[int | None, Meta(description="Receipts of all clients together, in all.")] = None


NO_LIMITS = Limits()


class Caps(Struct, frozen=True, forbid_unknown_fields=True):
    """The most points that one client earns, all rules together."""

    per_receipt: Decimal | None = None
    per_day: Decimal | None = None
    per_week: Decimal | None = None
    per_month: Decimal | None = None


NO_CAPS = Caps()


class Points(Struct, frozen=True, forbid_unknown_fields=True):
    """How points are counted, how long they live, and what happens when there are too few to take back."""

    value: Annotated[Decimal, Meta(description="What one point pays, in money.")] = ONE
    rounding: Rounding = "down"
    earn_on: Annotated[
        Literal["money", "total"], Meta(description="Whether the part paid by points earns points too.")
    ] = "money"
    earn_when_redeeming: bool = True
    pending_days: Annotated[Days, Meta(description="Spendable from the start of this local day after earning.")] = 0
    expiry: Expiry = field(default_factory=Never)
    inactivity_days: Annotated[
        Annotated[int, Meta(ge=1, le=3660)] | None,
        Meta(description="All points are gone at the end of this local day without a purchase."),
    ] = None
    goods: Annotated[Goods, Meta(description="Goods that earn points at all.")] = EVERYTHING
    caps: Caps = NO_CAPS
    debt: Literal["allow", "clamp"] = "allow"
    reinstate_days: Annotated[Days, Meta(description="Life of returned points whose time had passed.")] = 30
    late_days: Annotated[Days, Meta(description="How old a receipt may be.")] = 30


class Spending(Struct, frozen=True, forbid_unknown_fields=True):
    """Limits of paying with points. Sums of points are in points, percents are of the receipt after discounts."""

    max_percent: Decimal = HUNDRED
    per_receipt: Decimal | None = None
    per_day: Decimal | None = None
    min_points: Decimal = ZERO
    step: Decimal | None = None
    redeem_from: Annotated[Decimal, Meta(description="A balance below this can't be spent yet.")] = ZERO
    confirm: Annotated[
        tuple[IdentifiedBy, ...], Meta(description="Ways of identification with which spending needs a confirmation.")
    ] = ("phone", "id")
    goods: Annotated[Goods, Meta(description="Goods that points may pay.")] = EVERYTHING
    min_line_price: Annotated[
        Decimal, Meta(description="Points pay nothing of a line whose unit costs less than this.")
    ] = ZERO
    line_minimum: Annotated[
        Literal["0", "0.01", "1"], Meta(description="No line costs less than this after discounts and points.")
    ] = "0"
    round_to_pay: Annotated[bool, Meta(description="Round the sum to pay down to whole units of money.")] = False


class Tier(Struct, frozen=True, forbid_unknown_fields=True):
    """A step of the ladder, reached by money spent, by visits or by invited clients who bought, whichever comes first.
    None: not by this."""

    id: Id
    title: Title
    spent: Decimal | None = None
    visits: int | None = None
    referrals: int | None = None
    earn_percent: Decimal | None = None
    max_percent: Annotated[Decimal | None, Meta(description="Instead of the programme's limit of spending.")] = None
    discount_percent: Decimal = ZERO
    gift: Annotated[Decimal, Meta(description="Points given once, on reaching the tier.")] = ZERO

    @property
    def rule(self) -> str:
        return f"tier:{self.id}"

    @property
    def discount_rule(self) -> str:
        return f"discount:{self.id}"

    @property
    def gift_rule(self) -> str:
        return f"gift:{self.id}"

    def reached(self, amounts: Amounts) -> bool:
        return (
            (self.spent is not None and amounts.spent >= self.spent)
            or (self.visits is not None and amounts.visits >= self.visits)
            or (self.referrals is not None and amounts.referrals >= self.referrals)
        )


class Amounts(Struct, frozen=True):
    """What counts for a tier, within the window that the rules look at."""

    spent: Decimal = ZERO
    visits: int = 0
    referrals: int = 0


class Lifetime(Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="lifetime"):
    """Everything since joining counts."""


class LastDays(Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="days"):
    """The last so many local days count, the present one included."""

    days: Annotated[int, Meta(ge=1, le=1100)]


class CalendarPeriod(Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="calendar"):
    """The present calendar month, quarter or year counts."""

    unit: Literal["month", "quarter", "year"] = "year"


Window = Lifetime | LastDays | CalendarPeriod


class Status(Struct, frozen=True, forbid_unknown_fields=True):
    """How tiers are kept.

    `window`: what counts. `downgrade`: never; `at_once`, as soon as the window holds too little; `period_end`: a tier
    reached in a calendar period is kept through the next one (in a window of days: until the window holds too
    little), and `grace_days` more. `fall`: one tier lower, or straight to where the client belongs.
    """

    window: Window = field(default_factory=Lifetime)
    downgrade: Literal["never", "at_once", "period_end"] = "never"
    grace_days: Days = 0
    fall: Literal["straight", "one_step"] = "straight"


class Rule(Struct, frozen=True, forbid_unknown_fields=True, dict=True):
    """An effect, the goods it is about, and the conditions on the receipt, all of which must hold.

    Of the rules of one `group`, the one that gives the client most applies. `expiry` and `pending_days` are of the
    points that it gives, instead of the programme's. `closes`: the lines that the discount took money off earn
    nothing, or can't be paid by points.
    """

    id: Id
    title: Title
    effect: AnyEffect
    goods: Goods = EVERYTHING
    when: tuple[AnyCondition, ...] = ()
    group: Annotated[str, Meta(max_length=40)] = ""
    limits: Limits = NO_LIMITS
    expiry: Expiry | None = None
    pending_days: Days | None = None
    closes: tuple[Literal["points", "earning"], ...] = ()
    enabled: bool = True

    @cached_property
    def is_limited(self) -> bool:
        return self.limits != NO_LIMITS

    def misses(self, receipt: Receipt) -> Miss | None:
        """The first condition that does not hold; None where all of them do."""
        return self._first_miss(self.when, receipt)

    def still_meets(self, left: Receipt) -> bool:
        """Whether what is left of a receipt would do. What the client was then, he stays: of the conditions only those
        are asked that a return can end."""
        about = any(self.goods.takes(line) for line in left.cart.lines)
        return about and self._first_miss([each for each in self.when if each.of_receipt], left) is None

    def _first_miss(self, conditions: Sequence[AnyCondition], receipt: Receipt) -> Miss | None:
        for condition in conditions:
            if isinstance(condition, GoodsCondition):
                lines = zip(receipt.cart.lines, receipt.cost, strict=True)
                miss = condition.misses_of([Sold(line, cost) for line, cost in lines if self.goods.takes(line)])
            else:
                miss = condition.misses(receipt)
            if miss is not None:
                return miss
        return None


class Needs(Struct, frozen=True):
    """`back`: local days of history; `levels` of those who invited; `remembers`: what rules have given; `referred`: the
    invited clients; `budgets`: rules."""

    back: int = 0
    levels: int = 0
    remembers: bool = False
    referred: bool = False
    budgets: tuple[str, ...] = ()


class Rulebook(Struct, frozen=True, forbid_unknown_fields=True, dict=True):
    """A whole version. Tiers stand from the lowest to the highest; rules apply in their order."""

    format: Literal[1] = 1
    program: Frame = field(default_factory=Frame)
    points: Points = field(default_factory=Points)
    spending: Spending = field(default_factory=Spending)
    status: Status = field(default_factory=Status)
    tiers: tuple[Tier, ...] = ()
    rules: tuple[Rule, ...] = ()

    @cached_property
    def calendar(self) -> Calendar:
        return calendar_of(self.program.time_zone, self.program.day_starts_at)

    @cached_property
    def tiers_by_id(self) -> dict[str, int]:
        return {tier.id: rank for rank, tier in enumerate(self.tiers)}

    @cached_property
    def line_minimum(self) -> Decimal:
        return Decimal(self.spending.line_minimum)

    @cached_property
    def smallest_spend(self) -> Decimal:
        """The fewest points that are worth a whole number of kopecks, itself in units of the precision."""
        worth = Fraction(self.points.value) * Fraction(unit(self.program.precision))
        kopecks = worth / Fraction(unit(self.program.currency_digits))
        return kopecks.denominator * unit(self.program.precision)

    @cached_property
    def spending_step(self) -> Decimal:
        """Points are spent in multiples of this: of the programme's step, and worth whole kopecks."""
        smallest = Fraction(self.smallest_spend)
        step = Fraction(self.spending.step or smallest)
        common = Fraction(
            math.lcm(step.numerator * smallest.denominator, smallest.numerator * step.denominator),
            step.denominator * smallest.denominator,
        )
        return Decimal(common.numerator) / Decimal(common.denominator)

    @cached_property
    def _rules_by_effect(self) -> dict[type[Effect], tuple[tuple[Rule, Any], ...]]:
        return {}

    def rules_that(self, effect: type[E]) -> tuple[tuple[Rule, E], ...]:
        """The rules with an effect of this class, in the version's order, each with its effect."""
        known = self._rules_by_effect.get(effect)
        if known is None:
            known = tuple(
                (rule, rule.effect) for rule in self.rules if rule.enabled and isinstance(rule.effect, effect)
            )
            self._rules_by_effect[effect] = known
        return known

    @cached_property
    def groups(self) -> tuple[tuple[Rule, ...], ...]:
        """The exclusion groups, in the order of their first rules, each with its rules in the version's order."""
        found: dict[str, list[Rule]] = {}
        for rule in self.rules:
            if rule.enabled and rule.group:
                found.setdefault(rule.group, []).append(rule)
        return tuple(map(tuple, found.values()))

    def needs(self) -> Needs:
        """What a sale has to read besides the account, for the database to know without reading the rules."""
        return Needs(
            back=self.looks_back,
            levels=self.levels,
            remembers=self.remembers,
            referred=any(tier.referrals is not None for tier in self.tiers),
            budgets=tuple(rule.id for rule in self.budgeted),
        )

    @cached_property
    def looks_back(self) -> int:
        """How many local days before the receipt's the rules look at; 0 where the counters of the account will do."""
        days = [0]
        match self.status.window:
            case LastDays(days=window):
                days.append(window + self.status.grace_days)
            case CalendarPeriod(unit="year"):
                days.append(2 * 366 + self.status.grace_days)
            case CalendarPeriod(unit=_):
                days.append(2 * 92 + self.status.grace_days)
        for rule in self.rules:
            days += [c.days or 0 for c in rule.when if isinstance(c, Turnover | VisitsWithin)]
            if isinstance(rule.effect, Ladder):
                days.append(rule.effect.days or 0)
        return max(days)

    @cached_property
    def levels(self) -> int:
        """How many levels of those who invited have a part in a sale."""
        percents = (len(effect.percents) for _rule, effect in self.rules_that(Referral))
        gifts = (len(effect.points) for _rule, effect in self.rules_that(ReferralGift))
        return max([0, *percents, *gifts])

    @cached_property
    def budgeted(self) -> tuple[Rule, ...]:
        """The rules that stop when they have given enough to all clients together."""
        limited = (rule for rule in self.rules if rule.enabled)
        return tuple(rule for rule in limited if rule.limits.budget is not None or rule.limits.uses is not None)

    @cached_property
    def remembers(self) -> bool:
        """Whether a client's account keeps what rules have given."""
        limited = any(rule.is_limited or isinstance(rule.effect, ProgressEffect) for rule in self.rules)
        return limited or self.points.caps != NO_CAPS or bool(self.levels)


def load(document: Any) -> Rulebook:
    """The rulebook of a version's JSON. Raises `msgspec.ValidationError`, whose text names the place."""
    return msgspec.convert(document, Rulebook)


# msgspec 0.22 learns a type at its first use, and two threads that teach it the same one at once crash the process:
# a web worker whose first two sales came together. At import there is one thread.
load({})


def dump(rulebook: Rulebook) -> dict[str, Any]:
    """The JSON of a rulebook, every default spelled out: a default that changes later changes no old version."""
    document: dict[str, Any] = msgspec.to_builtins(rulebook)
    return document


def digest(document: dict[str, Any]) -> str:
    return hashlib.sha256(msgspec.json.encode(document, order="sorted")).hexdigest()


def json_schema() -> dict[str, Any]:
    """JSON Schema of the format, for editors and other programs."""
    (ref,), components = msgspec.json.schema_components([Rulebook], ref_template="#/$defs/{name}")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Kopilka programme, format 1",
        **ref,
        "$defs": components,
    }
