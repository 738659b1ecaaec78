"""The rules as a file: YAML or JSON, for people and version control.

Decimals stay exact: YAML's own floats would turn 5.1 into 5.0999…, so a number with a point is read as text.
"""

from __future__ import annotations

import re
from typing import Any, Final

import yaml
from django.utils.translation import gettext

from loyalty.engine.faults import Fault
from loyalty.rule_words import PARTS

# Rules go seven levels down.
DEEPEST: Final = 40


class MalformedFile(Exception):  # noqa: N818
    """The text is not YAML, or not a mapping."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.detail)
        self.fault = fault


class _ExactLoader(yaml.SafeLoader):
    """Safe YAML in which `5.1`, `2026-12-31` and `09:30` stay what was written."""

    yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith((":float", ":timestamp", ":int"))]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    depth = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        event: Any = self.peek_event()  # type: ignore[no-untyped-call]
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            # A few lines of aliases can stand for gigabytes, and rules need none.
            raise self._refusal(gettext("& and * have no meaning here"), event)
        if self.depth == DEEPEST:
            raise self._refusal(gettext("too many levels"), event)
        self.depth += 1
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node

    @staticmethod
    def _refusal(why: str, event: Any) -> yaml.YAMLError:
        return yaml.composer.ComposerError(None, None, why, event.start_mark)


# YAML 1.1 reads 10:30 as 630 and 012 as 10: only what looks like a whole number to everybody is one.
_ExactLoader.add_implicit_resolver("tag:yaml.org,2002:int", re.compile(r"^-?(?:0|[1-9][0-9]*)$"), list("-0123456789"))


def parse(text: str) -> dict[str, Any]:
    """The document in a file. MalformedFile says where it breaks; whether its rules make sense is not asked here."""
    try:
        document = yaml.load(text, _ExactLoader)  # noqa: S506  # a safe loader with fewer types
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        raise MalformedFile(Fault("", "malformed", detail=f"{place}{getattr(error, 'problem', error)}")) from None
    if not isinstance(document, dict):
        raise MalformedFile(Fault("", "malformed", detail="a mapping is expected"))
    return document


def compose(text: str) -> yaml.Node | None:
    """The nodes of a file, which know their lines. yaml.YAMLError where `parse` would refuse it."""
    node: yaml.Node | None = yaml.compose(text, _ExactLoader)
    return node


class _WholeDumper(yaml.SafeDumper):
    """Writes a part out wherever it stands: files with aliases are not taken back."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def render(document: dict[str, Any]) -> str:
    """A document as YAML, in the order of the format: the same document always gives the same bytes."""
    return yaml.dump(document, Dumper=_WholeDumper, allow_unicode=True, sort_keys=False, width=100)


def readable(document: dict[str, Any]) -> str:
    """A stored document as YAML. The database keeps no order of names: people read a rule by its id, title, kind."""
    return render(_ordered(document))


def _ordered(part: Any) -> Any:
    if isinstance(part, dict):
        return {name: _ordered(part[name]) for name in sorted(part, key=lambda name: (_ORDER.get(name, 999), name))}
    return [_ordered(item) for item in part] if isinstance(part, list) else part


_FIRST = ("id", "title", "kind")
_ORDER = {name: n for n, name in enumerate(dict.fromkeys((*_FIRST, *PARTS)))}
