"""A client's personal coupons: those that he can use now, and what they are good for in words."""

from __future__ import annotations

import datetime as dt

from django.utils.translation import gettext as _

from clients.promises import brief
from loyalty.models import PersonalCoupon
from loyalty.wording import Words

MOST = 50


def at_hand(*, program_id: int, account_id: int, now: dt.datetime) -> list[PersonalCoupon]:
    """Those that may be used now, the first to end first."""
    coupons = PersonalCoupon.objects.filter(program_id=program_id, account=account_id).good(now)
    return list(coupons.order_by("expires_at", "pk")[:MOST])


def terms(coupon: PersonalCoupon, words: Words) -> str:
    """`300 ₽ off a receipt from 1 000 ₽`"""
    off = words.percent(coupon.percent) if coupon.percent is not None else brief(coupon.amount or coupon.minimum, words)
    if coupon.minimum:
        return _("%(off)s off a receipt from %(money)s") % {"off": off, "money": brief(coupon.minimum, words)}
    return _("%(off)s off a receipt") % {"off": off}
