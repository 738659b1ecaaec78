"""GET /program"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from django.http import HttpResponse
from msgspec import Meta, Struct
from rest_framework.request import Request

from cashier.api.answers.quantities import Format, MoneyText, NumberText, PointsText, places, shortest
from cashier.api.schema import documented
from cashier.api.view import ApiView
from loyalty import giving_cards
from loyalty.engine import rulebook as rules
from loyalty.programs import rulebook_at
from merchants.models import Program


class PointName(Struct, frozen=True):
    """1 балл, 2 балла, 5 баллов."""

    one: str
    few: str
    many: str


class TierAnswer(Struct, frozen=True):
    """A step of the ladder. `spent` and `visits` are its thresholds, None where it is not reached that way."""

    id: str
    title: str
    spent: MoneyText | None
    visits: int | None
    earn_percent: NumberText | None
    discount_percent: NumberText
    max_percent: Annotated[NumberText | None, Meta(description="Instead of the programme's limit.")]


class Limits(Struct, frozen=True):
    """What a receipt may take in points."""

    max_percent: NumberText
    per_receipt: PointsText | None
    per_day: PointsText | None
    min_points: PointsText
    step: NumberText
    redeem_from: PointsText
    confirmation_for: Annotated[
        list[str], Meta(description="Ways of identification with which spending needs a confirmation.")
    ]


class CardTerms(Struct, frozen=True):
    """When a till gives a plastic card of a batch, and for how much."""

    given: Annotated[
        Literal["at_once", "first_purchase", "receipt"],
        Meta(description="`receipt`: for one of the day from `least`, one card for each."),
    ]
    least: MoneyText
    price: MoneyText


class ProgramAnswer(Struct, frozen=True, kw_only=True):
    """What a till needs to show. `point_value` is what one point pays, in money."""

    name: str
    currency: str
    currency_digits: int
    precision: Annotated[int, Meta(description="Decimal places of points.")]
    point_name: PointName
    point_value: NumberText
    time_zone: str
    version: Annotated[int, Meta(description="Version of the rules in force.")]
    pending_days: int
    limits: Limits
    tiers: list[TierAnswer]
    cards: CardTerms


class GetProgram(ApiView):
    scopes: ClassVar = {"GET": ("sell", "read")}

    @documented(
        operation="getProgram",
        summary="The programme: currency, points, tiers, limits",
        answers={200: ProgramAnswer},
        problems=("program_not_published",),
        tag="program",
    )
    def get(self, request: Request) -> HttpResponse:
        version, rulebook = rulebook_at(self.caller.program_id, self.now)
        return self.answer(_answer(Program.objects.get(pk=self.caller.program_id), version, rulebook))


def _answer(program: Program, version: int, rulebook: rules.Rulebook) -> ProgramAnswer:
    money, points = places(rulebook.program.currency_digits), places(rulebook.program.precision)
    return ProgramAnswer(
        name=program.name,
        currency=rulebook.program.currency,
        currency_digits=rulebook.program.currency_digits,
        precision=rulebook.program.precision,
        point_name=PointName(program.point_one, program.point_few, program.point_many),
        point_value=shortest(rulebook.points.value),
        time_zone=rulebook.program.time_zone,
        version=version,
        pending_days=rulebook.points.pending_days,
        limits=_limits(rulebook, points),
        tiers=[_tier(tier, money) for tier in rulebook.tiers],
        cards=_cards(program.pk, money),
    )


def _cards(program_id: int, money: Format) -> CardTerms:
    terms = giving_cards.terms(program_id)
    return CardTerms(terms.given, money(terms.least), money(terms.price))  # type: ignore[arg-type]  # its choices


def _limits(rulebook: rules.Rulebook, points: Format) -> Limits:
    spending = rulebook.spending
    return Limits(
        max_percent=shortest(spending.max_percent),
        per_receipt=None if spending.per_receipt is None else points(spending.per_receipt),
        per_day=None if spending.per_day is None else points(spending.per_day),
        min_points=points(spending.min_points),
        step=shortest(rulebook.spending_step),
        redeem_from=points(spending.redeem_from),
        confirmation_for=list(spending.confirm),
    )


def _tier(tier: rules.Tier, money: Format) -> TierAnswer:
    return TierAnswer(
        tier.id,
        tier.title,
        None if tier.spent is None else money(tier.spent),
        tier.visits,
        None if tier.earn_percent is None else shortest(tier.earn_percent),
        shortest(tier.discount_percent),
        None if tier.max_percent is None else shortest(tier.max_percent),
    )
