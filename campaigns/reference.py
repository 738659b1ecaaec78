"""The vocabulary of campaigns as a reference in Markdown, made from its classes: `manage.py campaign_vocabulary`."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator

from msgspec import Struct

from campaigns.actions import ACTIONS
from campaigns.plan import Limits, Order, Step, Timing
from campaigns.triggers import TRIGGERS
from loyalty.engine.fields import fields_of
from loyalty.vocabulary import row


def reference() -> str:
    """Every trigger and action: its tag, what it does, its fields; then the parts that all campaigns have."""
    lines = [
        "# Triggers and actions of campaigns",
        "",
        "Made by `manage.py campaign_vocabulary > docs/campaigns-reference.md`.",
        "What campaigns are: [campaigns.md](campaigns.md).",
    ]
    for module in ("calendar", "purchases", "standing"):
        own = [one for one in TRIGGERS if one.__module__ == f"campaigns.triggers.{module}"]
        lines += ["", f"## {_text(sys.modules[own[0].__module__].__doc__).rstrip('.')}"]
        for one in sorted(own, key=lambda one: inspect.getsourcelines(one)[1]):
            lines += _part(one, f"### `{one.__struct_config__.tag}`: {one.title}")
    lines += ["", "## Actions"]
    for action in ACTIONS:
        lines += _part(action, f"### `{action.__struct_config__.tag}`: {action.title}")
    lines += ["", "## Steps, timing, limits, order"]
    for part in (Step, Timing, Limits, Order):
        lines += _part(part, f"### {part.__name__}")
    return "\n".join(lines) + "\n"


def _part(part: type[Struct], title: str) -> Iterator[str]:
    yield from ("", title)
    if text := _text(part.__dict__.get("__doc__")):
        yield from ("", text)
    fields = fields_of(part)
    if fields:
        yield from ("", "| field | kind | bounds | default | |", "|---|---|---|---|---|", *map(row, fields))


def _text(docstring: str | None) -> str:
    return " ".join(inspect.cleandoc(docstring or "").split())
