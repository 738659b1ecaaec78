"""Every error of a body, not just the first: a walk along its type, value by value. Only wrong bodies come here."""

from __future__ import annotations

import functools
import operator
import re
import types
from collections.abc import Iterator
from typing import Annotated, Any, Union, get_args, get_origin

import msgspec
from msgspec import Meta, Struct

from cashier.api.input.errors import Invalid, Wrong
from cashier.api.input.numbers import Number, decode_number
from cashier.api.input.texts import UNSEEN

_UNSEEN = re.compile(f"[{UNSEEN}]")

# What msgspec says of one value, as our codes.
_CODES = (
    (re.compile(r"length <= (?P<limit>\d+)"), "too_long"),
    (re.compile(r"length >= (?P<limit>\d+)"), "too_short"),
    (re.compile(r"Expected `\w+` [<>]=? (?P<limit>-?\d+)"), "out_of_range"),
    (re.compile(r"Expected `date`|Invalid RFC3339 encoded date$"), "not_a_date"),
    (re.compile(r"Invalid RFC3339|timezone component"), "not_a_time"),
    (re.compile(r"Invalid UUID"), "not_an_id"),
    (re.compile(r"Invalid enum value"), "not_allowed"),
    (re.compile(r"Expected `[^`]+`, got `"), "wrong_type"),
)


def errors_of(value: Any, kind: Any, pointer: str, *, strict: bool = True) -> Iterator[Wrong]:
    kind, metas = _bare(kind)
    if value is None and kind is not None and _is_optional(kind):
        return
    kind, more = _bare(_without_none(kind))
    metas += more
    if isinstance(kind, type) and issubclass(kind, Struct):
        yield from _errors_of_object(value, kind, pointer, strict)
    elif get_origin(kind) in (list, tuple):
        yield from _errors_of_array(value, kind, metas, pointer)
    else:
        wrong = _error_of_leaf(value, Annotated[kind, *metas] if metas else kind, strict)
        if wrong is not None:
            yield Wrong(pointer, wrong.code, wrong.facts)


def _errors_of_object(value: Any, kind: type[Struct], pointer: str, strict: bool) -> Iterator[Wrong]:
    if not isinstance(value, dict):
        yield Wrong(pointer, "wrong_type")
        return
    fields = {field.encode_name: field for field in msgspec.structs.fields(kind)}
    for name in value:
        if name not in fields:
            yield Wrong(f"{pointer}/{_escaped(name)}", "unknown_field")
    for name, field in fields.items():
        if name in value:
            yield from errors_of(value[name], field.type, f"{pointer}/{name}", strict=strict)
        elif field.required:
            yield Wrong(f"{pointer}/{name}", "required")


def _errors_of_array(value: Any, kind: Any, metas: list[Meta], pointer: str) -> Iterator[Wrong]:
    if not isinstance(value, list):
        yield Wrong(pointer, "wrong_type")
        return
    for meta in metas:
        if meta.max_length is not None and len(value) > meta.max_length:
            yield Wrong(pointer, "too_many", {"limit": meta.max_length})
            return
        if meta.min_length is not None and len(value) < meta.min_length:
            yield Wrong(pointer, "too_few", {"limit": meta.min_length})
    for i, item in enumerate(value):
        yield from errors_of(item, get_args(kind)[0], f"{pointer}/{i}")


def _error_of_leaf(value: Any, kind: Any, strict: bool) -> Invalid | None:
    bare = _bare(kind)[0]
    try:
        if isinstance(bare, type) and issubclass(bare, Number):
            bare.read(value)
        else:
            msgspec.convert(value, kind, dec_hook=decode_number, strict=strict)
    except Invalid as error:
        return error
    except msgspec.ValidationError as error:
        return _named(value, str(error))
    return None


def _named(value: Any, said: str) -> Invalid:
    for pattern, code in _CODES:
        match = pattern.search(said)
        if match:
            return Invalid(code, **match.groupdict())
    if isinstance(value, str):
        return Invalid("bad_characters" if _UNSEEN.search(value) else "bad_format")
    return Invalid("wrong_type")


def _bare(kind: Any) -> tuple[Any, list[Meta]]:
    if get_origin(kind) is Annotated:
        inner, *metas = get_args(kind)
        return inner, [meta for meta in metas if isinstance(meta, Meta)]
    return kind, []


def _is_optional(kind: Any) -> bool:
    return get_origin(kind) in (Union, types.UnionType) and type(None) in get_args(kind)


def _without_none(kind: Any) -> Any:
    if not _is_optional(kind):
        return kind
    options = [option for option in get_args(kind) if option is not type(None)]
    return functools.reduce(operator.or_, options)


def _escaped(name: str) -> str:
    """RFC 6901, and without what would not be seen."""
    return _UNSEEN.sub("\ufffd", name[:64]).replace("~", "~0").replace("/", "~1")
