"""What the fields of the vocabulary are: money, points, days, names of tiers.

A field's kind is declared once, beside its type. The JSON Schema (title, description, bounds), the validation, the
form, the sentences and the documentation are made from it.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Final, Literal, get_args, get_type_hints

from msgspec import NODEFAULT, Meta, Struct
from msgspec.structs import fields as struct_fields

Kind = Literal[
    "money",
    "points",
    "percent",
    "factor",
    "quantity",
    "count",
    "days",
    "tiers",
    "outlets",
    "channels",
    "ways",
    "tags",
    "skus",
    "categories",
    "brands",
    "text",
    "action",
    "choice",
    "yes",
    "date",
    "time",
    "weekdays",
    "steps",
    "levels",
]


class Field(Struct, frozen=True):
    """A field of a condition or an effect. `positive`: nothing and less is a fault. `default` is NODEFAULT where the
    field must be said; `optional` where it may be None."""

    name: str
    kind: Kind
    title: str
    help: str
    positive: bool
    optional: bool
    default: Any
    choices: tuple[tuple[str, str], ...] = ()
    least: int | None = None
    most: int | None = None


def field(
    kind: Kind,
    title: str,
    help: str = "",  # noqa: A002  # the form's word for it
    *,
    positive: bool = False,
    choices: Any = (),
    **bounds: Any,
) -> Meta:
    """The mark of a field, for `Annotated`. `choices` are pairs of a value and its words."""
    return Meta(
        title=title,
        description=help or None,
        extra={"kind": kind, "positive": positive, "choices": tuple(choices), "help": help},
        **bounds,
    )


_NO_KIND: Final[dict[str, Any]] = {}


@lru_cache(maxsize=512)
def fields_of(cls: type[Struct]) -> tuple[Field, ...]:
    """The declared fields of a class, in its order; what has no kind (a tag, a nested part) is left out."""
    return tuple(_fields(cls))


def _fields(cls: type[Struct]) -> Iterator[Field]:
    hints = get_type_hints(cls, include_extras=True)
    for one in struct_fields(cls):
        meta = _meta(hints[one.name])
        extra = (meta.extra if meta else None) or _NO_KIND
        if meta is None or "kind" not in extra:
            continue
        default = one.default
        if default is NODEFAULT and one.default_factory is not NODEFAULT:
            default = one.default_factory()
        yield Field(
            one.name,
            extra["kind"],
            meta.title or one.name,
            extra["help"],
            extra["positive"],
            optional=type(None) in get_args(get_args(hints[one.name])[0]),
            default=default,
            choices=extra["choices"],
            least=_bound(hints[one.name], "ge"),
            most=_bound(hints[one.name], "le"),
        )


def _bound(hint: Any, name: str) -> int | None:
    """A bound of the type itself, or of the type that may be left out."""
    for each in (hint, *get_args(get_args(hint)[0])):
        for meta in getattr(each, "__metadata__", ()):
            if isinstance(meta, Meta) and getattr(meta, name) is not None:
                return int(getattr(meta, name))
    return None


def _meta(hint: Any) -> Meta | None:
    metadata = getattr(hint, "__metadata__", ())
    return next((each for each in metadata if isinstance(each, Meta) and each.extra), None)
