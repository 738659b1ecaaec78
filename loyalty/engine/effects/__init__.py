"""The vocabulary of effects. A new one is one class in a file of this folder, below the stage at which it works."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Union

from loyalty.engine.collecting import collected
from loyalty.engine.effects.base import BaseEffect, BonusEffect, DiscountEffect, Effect, Offer, ProgressEffect
from loyalty.engine.effects.discounts import Discount, DiscountSum, Ladder
from loyalty.engine.effects.earning import ForEvery, Give, Multiply, Percent, PerItem, PerUnit
from loyalty.engine.effects.others import Activity, Referral, ReferralGift, Welcome
from loyalty.engine.effects.progress import Carried, Coupon, Milestone
from loyalty.engine.effects.stamps import Stamps

EFFECTS: tuple[type[Effect], ...] = collected(__name__, __path__, Effect)

if TYPE_CHECKING:
    AnyEffect = Effect
else:
    AnyEffect: Any = Union[EFFECTS]  # noqa: UP007  # made of what is there

__all__ = [
    "EFFECTS",
    "Activity",
    "AnyEffect",
    "BaseEffect",
    "BonusEffect",
    "Carried",
    "Coupon",
    "Discount",
    "DiscountEffect",
    "DiscountSum",
    "Effect",
    "ForEvery",
    "Give",
    "Ladder",
    "Milestone",
    "Multiply",
    "Offer",
    "PerItem",
    "PerUnit",
    "Percent",
    "ProgressEffect",
    "Referral",
    "ReferralGift",
    "Stamps",
    "Welcome",
]
