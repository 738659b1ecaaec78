"""The vocabulary of conditions. A new one is one class in a file of this folder, and nothing else.

The JSON Schema, the validation of a draft, the form, the sentences, the explanations and the documentation are made
from the classes that stand here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Union

from loyalty.engine.collecting import collected
from loyalty.engine.conditions.base import EVERYTHING, Condition, Goods, GoodsCondition, Miss, Receipt, Sold
from loyalty.engine.conditions.history import FirstPurchase
from loyalty.engine.conditions.place import AtOutlet, ByChannel, Identified, InTier
from loyalty.engine.conditions.receipt import MinimumReceipt, WithCode, WithCodeOf
from loyalty.engine.conditions.time import Between

CONDITIONS: tuple[type[Condition], ...] = collected(__name__, __path__, Condition)

if TYPE_CHECKING:
    AnyCondition = Condition
else:
    AnyCondition: Any = Union[CONDITIONS]  # noqa: UP007  # made of what is there

__all__ = [
    "CONDITIONS",
    "EVERYTHING",
    "AnyCondition",
    "AtOutlet",
    "Between",
    "ByChannel",
    "Condition",
    "FirstPurchase",
    "Goods",
    "GoodsCondition",
    "Identified",
    "InTier",
    "MinimumReceipt",
    "Miss",
    "Receipt",
    "Sold",
    "WithCode",
    "WithCodeOf",
]
