"""What changes between two versions of the rules, line by line, for somebody who is about to publish one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from django.utils.translation import gettext as _
from msgspec import Struct

from loyalty.rule_words import part

Document = Mapping[str, Any]


class Difference(Struct, frozen=True):
    """`before` or `after` is empty where something is new or gone."""

    place: str
    before: str
    after: str


def differences(before: Document, after: Document) -> list[Difference]:
    """Both documents with every default spelled out, as `engine.rulebook.dump` makes them."""
    return list(_objects((), _kept(before), _kept(after)))


def _kept(document: Document) -> Document:
    """As the database gives it back: of lists and texts."""
    kept: Document = msgspec.json.decode(msgspec.json.encode(document))
    return kept


def _objects(path: tuple[str, ...], before: Document, after: Document) -> Iterator[Difference]:
    for name in {**before, **after}:
        if name in _NAMED and not path:
            yield from _named(name, before.get(name) or (), after.get(name) or ())
        else:
            yield from _values((*path, part(name, of=after)), before.get(name), after.get(name))


def _values(path: tuple[str, ...], before: Any, after: Any) -> Iterator[Difference]:
    if before == after:
        return
    if isinstance(before, Mapping) and isinstance(after, Mapping) and before.get("kind") == after.get("kind"):
        yield from _objects(path, before, after)
    else:
        yield Difference(" · ".join(path), said(before), said(after))


_NAMED = {
    "tiers": lambda title: _("Tier “%(title)s”") % {"title": title},
    "rules": lambda title: _("Rule “%(title)s”") % {"title": title},
}


def _named(name: str, before: Any, after: Any) -> Iterator[Difference]:
    """Tiers and rules are the same ones by their ids, wherever they stand."""
    old, new = {item["id"]: item for item in before}, {item["id"]: item for item in after}
    for key, item in old.items():
        if key not in new:
            yield Difference(_NAMED[name](item["title"]), said(item), "")
    for key, item in new.items():
        if key not in old:
            yield Difference(_NAMED[name](item["title"]), "", said(item))
        else:
            yield from _objects((_NAMED[name](old[key]["title"]),), old[key], item)
    stayed = [key for key in old if key in new]
    if stayed != [key for key in new if key in old]:
        order = (", ".join(items[key]["title"] for key in items if key in stayed) for items in (old, new))
        yield Difference(_("%(part)s: order") % {"part": part(name)}, *order)


def said(value: Any) -> str:
    """A value as a person reads it; what is empty is left out."""
    match value:
        case None:
            return _("none")
        case True:
            return _("yes")
        case False:
            return _("no")
        case Mapping():
            parts = ((name, said(inner)) for name, inner in value.items() if inner not in (None, "", (), [], {}))
            return "; ".join(f"{part(name, of=value)}: {text}" for name, text in parts if text)
        case list() | tuple():
            return ", ".join(said(item) for item in value) or _("none")
        case _:
            return str(value)
