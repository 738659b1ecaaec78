"""Why a receipt came out as it did, for programs (numbers) and for people (sentences)."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from cashier.api.answers.quantities import MoneyText, NumberText, PointsText, places, shortest
from loyalty.engine.explanation import Fact, Kind, Rejected
from loyalty.engine.rulebook import Rulebook
from loyalty.explanations import explain, why_rejected
from loyalty.wording import Words


class ExplanationAnswer(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one rule did; `"applied": false` is one that nearly did: `reason` and `missing` say what it lacked."""

    rule: str
    title: str
    kind: Kind
    why: Annotated[str, Meta(description="A sentence in the reader's language.")]
    applied: bool = True
    base: Annotated[NumberText, Meta(description="Money; points for a multiplier.")] | None = None
    rate: NumberText | None = None
    points: PointsText | None = None
    money: MoneyText | None = None
    lines: list[int] = []
    reason: str = ""
    missing: MoneyText | None = None
    missing_visits: int | None = None
    version: int | None = None


class RejectedAnswer(Struct, frozen=True):
    """Something sent that does not fit; the sale went on without it."""

    kind: str
    value: str
    reason: str
    why: str


def explanation(
    facts: tuple[Fact, ...], words: Words, *, version: int | None, rulebook: Rulebook | None
) -> list[ExplanationAnswer]:
    money, points = places(words.currency_digits), places(words.precision)
    answers = []
    for fact in facts:
        said = explain(fact, words, rulebook=rulebook)
        base = fact.base
        answers.append(
            ExplanationAnswer(
                rule=fact.rule,
                title=said.title,
                kind=fact.kind,
                why=said.why,
                applied=fact.applied,
                base=None if base is None else (points if fact.effect == "multiply" else money)(base),
                rate=None if fact.rate is None else shortest(fact.rate),
                points=None if fact.points is None else points(fact.points),
                money=None if fact.money is None else money(fact.money),
                lines=list(fact.lines),
                reason=fact.reason,
                missing=None if fact.missing is None else money(fact.missing),
                missing_visits=fact.missing_visits,
                version=version,
            )
        )
    return answers


def rejected(items: tuple[Rejected, ...], words: Words) -> list[RejectedAnswer]:
    return [RejectedAnswer(item.kind, item.value, item.reason, why_rejected(item, words)) for item in items]
