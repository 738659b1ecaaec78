"""Stamp cards, as they are shown. What a card is stands in the rules, how full it is in `RuleUse`."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from django.utils.translation import ngettext
from msgspec import Struct

from loyalty.engine.conditions.time import Between
from loyalty.engine.effects import Stamps
from loyalty.engine.rulebook import Rule, Rulebook
from loyalty.models import RuleUse
from loyalty.programs import rulebook_at
from loyalty.refusals import Refused
from loyalty.wording import Words


class Card(Struct, frozen=True):
    """One card of a client: `have` of `needed` stamps since the last full one. `circles` say of each whether it is
    there."""

    rule: str
    title: str
    have: int
    needed: int
    points: Decimal

    @property
    def missing(self) -> int:
        return self.needed - self.have

    @property
    def circles(self) -> list[bool]:
        return [n < self.have for n in range(self.needed)]

    def to_go(self, words: Words) -> str:
        """`2 stamps more to 200 points`"""
        said = ngettext("%(count)s stamp more to %(points)s", "%(count)s stamps more to %(points)s", self.missing)
        return said % {"count": self.missing, "points": words.points(self.points)}


def shown(*, program_id: int, account_id: int, now: dt.datetime, words: Words) -> list[tuple[Card, str]]:
    """Each card with what is to go, for parts/stamps.html."""
    cards = cards_of(program_id=program_id, account_id=account_id, now=now)
    return [(card, card.to_go(words)) for card in cards]


def cards_of(*, program_id: int, account_id: int, now: dt.datetime) -> list[Card]:
    """All that are open to him now, in the order of the rules; one query where there are any."""
    try:
        rulebook = rulebook_at(program_id, now)[1]
    except Refused:
        return []
    rules = [(rule, card) for rule, card in rulebook.rules_that(Stamps) if _is_on(rule, rulebook, now)]
    if not rules:
        return []
    rows = RuleUse.objects.filter(
        program_id=program_id, account=account_id, period="", rule__in=[rule.id for rule, _card in rules]
    )
    measures = dict(rows.values_list("rule", "measure"))
    found = []
    for rule, card in rules:
        have = int(max(measures.get(rule.id, Decimal(0)), Decimal(0))) % card.needed
        found.append(Card(rule.id, rule.title, have, card.needed, card.points))
    return found


def _is_on(rule: Rule, rulebook: Rulebook, now: dt.datetime) -> bool:
    """Within its dates; hours and weekdays don't matter."""
    today = rulebook.calendar.day_of(now)
    return not any(
        (condition.since and today < condition.since) or (condition.until and today > condition.until)
        for condition in rule.when
        if isinstance(condition, Between)
    )
