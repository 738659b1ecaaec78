"""Rules that wait for the codes of a batch, or for a word of their own."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from loyalty.engine.conditions import WithCode, WithCodeOf
from loyalty.engine.conditions.receipt import spelled
from loyalty.models import PromoBatch
from loyalty.programs import rulebook_at
from loyalty.refusals import Refused


def rules_for(batch: PromoBatch, now: dt.datetime) -> Sequence[str]:
    """The titles of the rules in force that go by its codes."""
    try:
        _version, rulebook = rulebook_at(batch.program_id, now)
    except Refused:
        return ()
    return [
        rule.title
        for rule in rulebook.rules
        if rule.enabled and any(isinstance(one, WithCodeOf) and one.batch == batch.name for one in rule.when)
    ]


def rule_with_word(program_id: int, word: str, now: dt.datetime) -> str | None:
    """The title of a rule in force that waits for this very code."""
    try:
        _version, rulebook = rulebook_at(program_id, now)
    except Refused:
        return None
    found = (
        rule.title
        for rule in rulebook.rules
        if rule.enabled and any(isinstance(one, WithCode) and spelled(one.code) == spelled(word) for one in rule.when)
    )
    return next(found, None)
