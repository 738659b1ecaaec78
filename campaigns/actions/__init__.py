"""The vocabulary of actions. A new one is one class in a file of this folder, and nothing else.

The form, the validation, the sentence and the reference (docs/campaigns-reference.md) are made from the classes that
stand here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Union

from campaigns.actions.base import Action
from loyalty.engine.collecting import collected

ACTIONS: tuple[type[Action], ...] = collected(__name__, __path__, Action)

if TYPE_CHECKING:
    AnyAction = Action
else:
    AnyAction: Any = Union[ACTIONS]  # noqa: UP007  # made of what is there

BY_KIND: dict[str, type[Action]] = {str(cls.__struct_config__.tag): cls for cls in ACTIONS}

__all__ = ["ACTIONS", "BY_KIND", "Action", "AnyAction"]
