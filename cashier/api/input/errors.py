"""What can be wrong with one value of a body, and where."""

from __future__ import annotations

from typing import Any

from msgspec import Struct


class Wrong(Struct, frozen=True):
    """One wrong value: a JSON pointer into the body (or the name of a query parameter), a code and its numbers."""

    pointer: str
    code: str
    facts: dict[str, Any] = {}


class Invalid(ValueError):  # noqa: N818  # it names the value, as `Refused` names what was done
    """One value is wrong. Whoever knows its place turns this into a `Wrong`."""

    def __init__(self, code: str, **facts: Any) -> None:
        super().__init__(code)
        self.code = code
        self.facts = facts


class InvalidBody(Exception):  # noqa: N818
    """A body whose JSON is fine and whose values are not; all the errors that could be found at once."""

    def __init__(self, *errors: Wrong) -> None:
        super().__init__(", ".join(f"{error.pointer} {error.code}" for error in errors))
        self.errors = errors


class BadRequest(Exception):  # noqa: N818
    """A request that is wrong as a whole: `code` is one of `cashier.api.problems.codes`."""

    def __init__(self, code: str, **facts: Any) -> None:
        super().__init__(code)
        self.code = code
        self.facts = facts
