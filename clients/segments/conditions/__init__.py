"""The vocabulary of segments. A new condition is one class in a file of this folder, and nothing else.

The form, the validation, the sentence and the reference (docs/segments-reference.md) are made from the classes that
stand here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Union

from clients.segments.conditions.base import Condition
from loyalty.engine.collecting import collected

CONDITIONS: tuple[type[Condition], ...] = collected(__name__, __path__, Condition)

if TYPE_CHECKING:
    AnyCondition = Condition
else:
    AnyCondition: Any = Union[CONDITIONS]  # noqa: UP007  # made of what is there

BY_KIND: dict[str, type[Condition]] = {str(cls.__struct_config__.tag): cls for cls in CONDITIONS}

__all__ = ["BY_KIND", "CONDITIONS", "AnyCondition", "Condition"]
