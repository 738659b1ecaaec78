"""The vocabulary of segments as a reference in Markdown, made from its classes: `manage.py segment_vocabulary`."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator

from clients.segments import rfm
from clients.segments.conditions import CONDITIONS, Condition
from loyalty.engine.fields import fields_of
from loyalty.vocabulary import row


def reference() -> str:
    """Every condition: its tag, what it asks, its fields; then the groups of RFM."""
    lines = [
        "# Conditions of segments",
        "",
        "Made by `manage.py segment_vocabulary > docs/segments-reference.md`.",
        "What segments are: [segments.md](segments.md).",
    ]
    for module in ("profile", "behaviour", "rfm"):
        own = [one for one in CONDITIONS if one.__module__ == f"clients.segments.conditions.{module}"]
        lines += ["", f"## {_text(sys.modules[own[0].__module__].__doc__)}"]
        for one in sorted(own, key=lambda one: inspect.getsourcelines(one)[1]):
            lines += _condition(one)
    lines += ["", "## Groups of RFM", "", "| group | | recency and frequency |", "|---|---|---|"]
    for name, cells in rfm.CELLS.items():
        lines.append(f"| `{name}` | {rfm.NAMES[name]} | {', '.join(f'R{r} F{f}' for r, f in cells)} |")
    return "\n".join(lines) + "\n"


def _condition(one: type[Condition]) -> Iterator[str]:
    yield from ("", f"### `{one.__struct_config__.tag}`: {one.title}", "", _text(one.__doc__))
    fields = fields_of(one)
    if fields:
        yield from ("", "| field | kind | bounds | default | |", "|---|---|---|---|---|", *map(row, fields))


def _text(docstring: str | None) -> str:
    return " ".join(inspect.cleandoc(docstring or "").split())
