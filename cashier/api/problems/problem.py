"""The shape of an error."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import UNSET, Meta, Struct, UnsetType

CONTENT_TYPE = "application/problem+json"


class Error(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One wrong value: of the body by its JSON pointer, or of the address by its parameter."""

    pointer: Annotated[str, Meta(description="JSON pointer into the body.")] | UnsetType = UNSET
    parameter: Annotated[str, Meta(description="Name of the query parameter or header.")] | UnsetType = UNSET
    code: str
    detail: str


class Problem(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """RFC 9457. `detail` is a sentence that a cashier can act on, in the language of Accept-Language."""

    type: Annotated[str, Meta(examples=["urn:kopilka:problem:redemption_limit"])]
    title: str
    status: Annotated[int, Meta(ge=400, le=599)]
    detail: str
    code: Annotated[str, Meta(description="Stable; docs/api/errors.md lists them all.")]
    request_id: str
    errors: list[Error] = []
    facts: Annotated[
        dict[str, Any],
        Meta(description="Numbers and names of the sentence, for programs; sums as text."),
    ] = {}
