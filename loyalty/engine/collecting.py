"""Finds the classes of a vocabulary: all that stand in a package's modules."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable
from typing import TypeVar

from msgspec import Struct

S = TypeVar("S", bound=Struct)


def collected(package: str, path: Iterable[str], base: type[S]) -> tuple[type[S], ...]:
    """The classes under `base` that have a tag of their own, in the order of modules and lines."""
    for module in sorted(info.name for info in pkgutil.iter_modules(path)):
        importlib.import_module(f"{package}.{module}")
    found: dict[str, type[S]] = {}
    for cls in _below(base):
        tag = cls.__struct_config__.tag
        if isinstance(tag, str) and not cls.__subclasses__():
            if found.get(tag, cls) is not cls:
                raise TypeError(f"two classes are called {tag}: {found[tag].__name__}, {cls.__name__}")
            found[tag] = cls
    return tuple(found.values())


def _below(base: type[S]) -> Iterable[type[S]]:
    for cls in base.__subclasses__():
        yield cls
        yield from _below(cls)
