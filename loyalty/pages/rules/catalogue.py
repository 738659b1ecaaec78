"""The vocabulary to choose from: effects with examples, and conditions, in chapters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from msgspec import Struct

from loyalty.engine.conditions import CONDITIONS
from loyalty.engine.effects import EFFECTS, AnyEffect, Effect
from loyalty.rule_sentences import said
from loyalty.wording import Words


class Card(Struct, frozen=True):
    kind: str
    title: str
    example: str


class Group(Struct, frozen=True):
    title: str
    cards: list[Card]


# By the file in which they stand.
STAGES: Final[Mapping[str, Promise]] = {
    "earning": gettext_lazy("Points for purchases"),
    "discounts": gettext_lazy("Discounts"),
    "progress": gettext_lazy("Gifts and steps"),
    "stamps": gettext_lazy("Stamp cards"),
    "others": gettext_lazy("Invitations and actions"),
}
SUBJECTS: Final[Mapping[str, Promise]] = {
    "time": gettext_lazy("When"),
    "receipt": gettext_lazy("What is bought"),
    "person": gettext_lazy("Who the client is"),
    "history": gettext_lazy("What was bought before"),
    "place": gettext_lazy("Where and how"),
}
# A card shows a sentence made of these; an effect without an example shows its title alone.
EXAMPLES: Final[Mapping[str, Mapping[str, Any]]] = {
    "percent": {"percent": "5"},
    "per_unit": {"points": "1"},
    "for_every": {"points": "100", "amount": "300"},
    "per_item": {"points": "20"},
    "multiply": {"by": "2"},
    "give": {"points": "200"},
    "discount": {"percent": "10"},
    "discount_sum": {"amount": "300"},
    "ladder": {
        "by": "turnover",
        "steps": [{"at_least": "500", "percent": "3"}, {"at_least": "3000", "percent": "5"}],
    },
    "milestone": {"points": "500", "every": "10000"},
    "for_every_carried": {"points": "100", "amount": "300"},
    "stamps": {"points": "200", "needed": 6},
    "coupon": {"every": "500", "amount": "300"},
    "welcome": {"points": "200"},
    "referral": {"percents": ["5", "3", "1"]},
    "referral_gift": {"points": ["200"]},
    "activity": {"action": "review", "points": "50"},
}


def effects_by_chapter(words: Words) -> list[Group]:
    return _grouped(EFFECTS, STAGES, lambda kind: _example(kind, words))


def conditions_by_chapter() -> list[Group]:
    return _grouped(CONDITIONS, SUBJECTS, lambda _kind: "")


def _grouped(classes: Iterable[Any], chapters: Mapping[str, Promise], example: Any) -> list[Group]:
    """The chapters in their order; files that none is known for come last."""
    found: dict[str, list[Card]] = {name: [] for name in chapters}
    for cls in classes:
        kind = str(cls.__struct_config__.tag)
        name = cls.__module__.rpartition(".")[2]
        found.setdefault(name, []).append(Card(kind, _(cls.title), example(kind)))
    return [Group(str(chapters.get(name, _("Others"))), cards) for name, cards in found.items() if cards]


def _example(kind: str, words: Words) -> str:
    if kind not in EXAMPLES:
        return ""
    effect: Effect = msgspec.convert({"kind": kind, **EXAMPLES[kind]}, AnyEffect)
    return said(effect, words)
