"""The vocabulary of triggers. A new one is one class in a file of this folder, and nothing else.

The form, the validation, the sentence and the reference (docs/campaigns-reference.md) are made from the classes that
stand here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Union

from campaigns.triggers.base import Trigger
from loyalty.engine.collecting import collected

TRIGGERS: tuple[type[Trigger], ...] = collected(__name__, __path__, Trigger)

if TYPE_CHECKING:
    AnyTrigger = Trigger
else:
    AnyTrigger: Any = Union[TRIGGERS]  # noqa: UP007  # made of what is there

BY_KIND: dict[str, type[Trigger]] = {str(cls.__struct_config__.tag): cls for cls in TRIGGERS}

__all__ = ["BY_KIND", "TRIGGERS", "AnyTrigger", "Trigger"]
