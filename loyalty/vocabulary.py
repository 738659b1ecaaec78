"""The vocabulary of the rules as a reference in Markdown, made from its classes: `manage.py program vocabulary`."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from msgspec import NODEFAULT

from loyalty.engine.conditions import CONDITIONS, Condition, GoodsCondition
from loyalty.engine.effects import EFFECTS, BaseEffect, BonusEffect, DiscountEffect, Effect, ProgressEffect
from loyalty.engine.fields import Field, fields_of

Part = type[Condition] | type[Effect]


def reference() -> str:
    """Every effect and condition: its tag, what it does, its fields."""
    lines = [
        "# Effects and conditions",
        "",
        "Made by `manage.py program vocabulary > docs/rules-reference.md`. How rules are made: [rules.md](rules.md).",
        "",
        "## Effects",
        *_sections(EFFECTS),
        "## Conditions",
        *_sections(CONDITIONS),
    ]
    return "\n".join(lines).rstrip() + "\n"


def _sections(parts: Sequence[Part]) -> Iterator[str]:
    """One for each module, in the order of their names, as they are collected."""
    for module in sorted({part.__module__ for part in parts}):
        yield from ("", _text(sys.modules[module].__doc__))
        own = [part for part in parts if part.__module__ == module]
        for part in sorted(own, key=lambda part: inspect.getsourcelines(part)[1]):
            yield from _part(part)
    yield ""


def _part(part: Part) -> Iterator[str]:
    yield from ("", f"### `{part.__struct_config__.tag}`: {part.title}", "", _text(part.__doc__))
    notes = [note for kind, note in NOTES.items() if issubclass(part, kind)]
    if issubclass(part, Effect):
        notes += [] if part.of_goods else ["It is about no goods."]
        notes += [] if part.on_receipt else ["No receipt: the rule’s goods and conditions are not looked at."]
    if notes:
        yield from ("", " ".join(notes))
    fields = fields_of(part)
    if fields:
        yield from ("", "| field | kind | bounds | default | |", "|---|---|---|---|---|", *map(row, fields))


NOTES: Final[Mapping[type, str]] = {
    DiscountEffect: "*A discount.*",
    BaseEffect: "*Base points.*",
    BonusEffect: "*A bonus.*",
    ProgressEffect: "*Goes by steps: the account remembers how far it has come.*",
    GoodsCondition: "*Looks at the lines that the rule’s goods name.*",
}


def row(field: Field) -> str:
    """A field as a row of a table."""
    said = ". ".join(text.rstrip(".") for text in (field.title, field.help) if text) + "."
    if field.choices:
        said += " " + "; ".join(f"`{value}`: {words}" for value, words in field.choices) + "."
    return f"| `{field.name}` | {field.kind} | {_bounds(field)} | {_default(field)} | {said} |"


def _bounds(field: Field) -> str:
    if field.kind == "percent":
        return "above 0, to 100" if field.positive else "0 to 100"
    if field.least is not None and field.most is not None:
        return f"{field.least} to {field.most}"
    if field.least is not None:
        return f"from {field.least}"
    if field.most is not None:
        return f"to {field.most}"
    return "above 0" if field.positive else ""


def _default(field: Field) -> str:
    match field.default:
        case default if default is NODEFAULT:
            return "must be said"
        case None | ():
            return "none"
        case bool() as default:
            return "yes" if default else "no"
        case default:
            return f"`{default}`"


def _text(docstring: str | None) -> str:
    return " ".join(inspect.cleandoc(docstring or "").split())
