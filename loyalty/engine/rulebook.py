"""The rules as a value: typed, frozen, loaded from the JSON of a published version."""

from __future__ import annotations

import datetime as dt
import hashlib
import math
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import Meta, Struct, field

from loyalty.engine.calendar import Calendar
from loyalty.engine.cart import IdentifiedBy
from loyalty.engine.conditions import EVERYTHING, AnyCondition, Goods, Miss, Receipt
from loyalty.engine.effects import AnyEffect, Effect
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
    line_minimum: Annotated[
        Literal["0", "0.01", "1"], Meta(description="No line costs less than this after discounts and points.")
    ] = "0"
    round_to_pay: Annotated[bool, Meta(description="Round the sum to pay down to whole units of money.")] = False


class Tier(Struct, frozen=True, forbid_unknown_fields=True):
    """A step of the ladder, reached by money spent or by visits, whichever comes first. None: not by this."""

    id: Id
    title: Title
    spent: Decimal | None = None
    visits: int | None = None
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

    def reached(self, *, spent: Decimal, visits: int) -> bool:
        by_money = self.spent is not None and spent >= self.spent
        return by_money or (self.visits is not None and visits >= self.visits)


class Rule(Struct, frozen=True, forbid_unknown_fields=True):
    """An effect, the goods it is about, and the conditions on the receipt, all of which must hold."""

    id: Id
    title: Title
    effect: AnyEffect
    goods: Goods = EVERYTHING
    when: tuple[AnyCondition, ...] = ()

    def misses(self, receipt: Receipt) -> Miss | None:
        """The first condition that does not hold; None where all of them do."""
        for condition in self.when:
            miss = condition.misses(receipt)
            if miss is not None:
                return miss
        return None


class Rulebook(Struct, frozen=True, forbid_unknown_fields=True, dict=True):
    """A whole version. Tiers stand from the lowest to the highest; rules apply in their order."""

    format: Literal[1] = 1
    program: Frame = field(default_factory=Frame)
    points: Points = field(default_factory=Points)
    spending: Spending = field(default_factory=Spending)
    tiers: tuple[Tier, ...] = ()
    rules: tuple[Rule, ...] = ()

    @cached_property
    def calendar(self) -> Calendar:
        return Calendar(self.program.time_zone, self.program.day_starts_at)

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
            known = tuple((rule, rule.effect) for rule in self.rules if isinstance(rule.effect, effect))
            self._rules_by_effect[effect] = known
        return known


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
