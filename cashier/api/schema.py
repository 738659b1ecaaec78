"""OpenAPI from the very structs that bodies are decoded into and answers are encoded from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

import msgspec
from drf_spectacular.extensions import OpenApiSerializerExtension
from drf_spectacular.plumbing import ResolvedComponent
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import (
    Direction,
    OpenApiParameter,
    OpenApiResponse,
    PolymorphicProxySerializer,
    extend_schema,
)
from msgspec import Struct, inspect

from cashier.api.input.numbers import number_schema
from cashier.api.problems.codes import KINDS
from cashier.api.problems.problem import CONTENT_TYPE, Problem
from cashier.api.view import JSON, REPLAYED

V = TypeVar("V", bound=Callable[..., Any])

ALWAYS = (
    "not_authenticated",
    "invalid_key",
    "key_revoked",
    "scope_missing",
    "not_acceptable",
    "throttled",
    "internal_error",
    "busy",
)
WITH_BODY = (
    "malformed_json",
    "idempotency_key_missing",
    "idempotency_key_invalid",
    "invalid",
    "idempotency_key_reused",
    "conflict",
    "impossible_value",
    "body_too_large",
    "unsupported_media_type",
)
# A quote is a body without a key: it keeps nothing.
WITH_QUOTE = tuple(code for code in WITH_BODY if not code.startswith("idempotency"))

REF = "#/components/schemas/{name}"


class StructExtension(OpenApiSerializerExtension):  # type: ignore[no-untyped-call]
    """Lets drf-spectacular take a msgspec struct wherever it takes a serializer."""

    target_class = Struct
    match_subclasses = True

    def get_name(self, auto_schema: Any, direction: Direction) -> str:
        return str(self._kind.__name__)

    def map_serializer(self, auto_schema: Any, direction: Direction) -> dict[str, Any]:
        components = components_of(self._kind)
        for inner in structs_in(self._kind):
            if inner is not self._kind:
                component = ResolvedComponent(  # type: ignore[no-untyped-call]
                    name=inner.__name__,
                    type=ResolvedComponent.SCHEMA,
                    schema=components[inner.__name__],
                    object=inner,
                )
                auto_schema.registry.register_on_missing(component)
        return components[self._kind.__name__]

    @property
    def _kind(self) -> type[Struct]:
        target: type[Struct] = self.target
        return target


def components_of(kind: type[Struct]) -> dict[str, dict[str, Any]]:
    """The JSON Schemas of a struct and of all that it holds, by name."""
    _refs, components = msgspec.json.schema_components([kind], schema_hook=number_schema, ref_template=REF)
    return components


def structs_in(kind: type[Struct]) -> set[type[Struct]]:
    """The struct itself and every one that it holds."""
    found: set[type[Struct]] = set()
    waiting: list[inspect.Type] = [inspect.type_info(kind)]
    while waiting:
        match waiting.pop():
            case inspect.StructType(cls=cls, fields=fields) if cls not in found:
                found.add(cls)
                waiting += [field.type for field in fields]
            case inspect.ListType(item_type=inner) | inspect.Metadata(type=inner):
                waiting.append(inner)
            case inspect.UnionType(types=options):
                waiting += options
    return found


def either(*kinds: type[Struct]) -> PolymorphicProxySerializer:
    """One answer or another."""
    return PolymorphicProxySerializer(
        component_name="Or".join(kind.__name__ for kind in kinds),
        serializers=list(kinds),  # type: ignore[arg-type]  # the extension below makes structs pass
        resource_type_field_name=None,
    )


REQUEST_ID = OpenApiParameter(
    "X-Request-Id",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    response=True,
    description="Names the request in the logs; a request's own header is kept if it is 8–64 letters, digits, ._-",
)
LANGUAGE = OpenApiParameter(
    "Accept-Language",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    description="Language of sentences: ru (default) or en.",
)
IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "minLength": 1, "maxLength": 255, "pattern": r"^[!-~]([ -~]*[!-~])?$"},
    OpenApiParameter.HEADER,
    required=True,
    description="The same key with the same body gives the stored answer; kept for 30 days.",
)
RETRY_AFTER = OpenApiParameter(
    "Retry-After", OpenApiTypes.INT, OpenApiParameter.HEADER, response=[429, 503], description="Seconds."
)


def documented(
    *,
    operation: str,
    summary: str,
    answers: Mapping[int, Any],
    description: str = "",
    request: type[Struct] | None = None,
    query: type[Struct] | None = None,
    problems: Iterable[str] = (),
    tag: str,
    keeps: bool = True,
) -> Callable[[V], V]:
    """What the schema says of an operation. `problems` are its own codes, besides those that every call may meet.

    `keeps` is False for a body that is only computed with and needs no Idempotency-Key.
    """
    parameters = [REQUEST_ID, LANGUAGE, RETRY_AFTER, *_query_parameters(query)]
    codes = [*ALWAYS, *problems]
    if request is not None:
        codes += WITH_BODY if keeps else WITH_QUOTE
        if keeps:
            parameters += [IDEMPOTENCY_KEY, _replayed(answers)]
    if query is not None:
        codes.append("invalid_query")
    responses: dict[Any, Any] = {(status, JSON): answer for status, answer in answers.items()}
    for status, response in _problem_responses(codes).items():
        responses[status, CONTENT_TYPE] = response
    decorator: Callable[[V], V] = extend_schema(
        operation_id=operation,
        summary=summary,
        description=description,
        request={JSON: request} if request is not None else None,
        parameters=parameters,
        responses=responses,
        tags=[tag],
    )
    return decorator


def _problem_responses(codes: Iterable[str]) -> dict[int, OpenApiResponse]:
    by_status: dict[int, list[str]] = {}
    for code in dict.fromkeys(codes):
        by_status.setdefault(KINDS[code].status, []).append(code)
    return {
        status: OpenApiResponse(Problem, description=", ".join(f"`{code}`" for code in named))
        for status, named in sorted(by_status.items())
    }


def _replayed(answers: Mapping[int, Any]) -> OpenApiParameter:
    return OpenApiParameter(
        REPLAYED,
        {"type": "string", "enum": ["true"]},
        OpenApiParameter.HEADER,
        response=list(answers),
        description="The answer was stored before: byte for byte the first one.",
    )


def _query_parameters(query: type[Struct] | None) -> list[OpenApiParameter]:
    if query is None:
        return []
    schema = components_of(query)[query.__name__]
    return [
        OpenApiParameter(
            name,
            _without_null(prop),
            OpenApiParameter.QUERY,
            required=name in schema.get("required", ()),
            description=_without_null(prop).get("description", ""),
        )
        for name, prop in schema["properties"].items()
    ]


def _without_null(prop: dict[str, Any]) -> dict[str, Any]:
    options = [option for option in prop.get("anyOf", ()) if option.get("type") != "null"]
    return dict(options[0]) if len(options) == 1 else prop
