"""A client's personal coupons, and promo codes given to him alone: those that he can use now, and what they are good
for in words."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _
from msgspec import Struct

from clients.promises import brief
from loyalty.models import PersonalCoupon, PromoBatch, PromoCode, PromoCodeUse
from loyalty.promo.checking import live
from loyalty.promo.shown import code_shown, worth
from loyalty.wording import Words

MOST = 50


class Given(Struct, frozen=True):
    """A promo code that was given to the client alone, as his pages show it beside his coupons."""

    code: str
    title: str
    expires_at: dt.datetime | None


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


def codes_at_hand(*, program_id: int, account_id: int, now: dt.datetime, words: Words) -> Sequence[tuple[Given, str]]:
    """Promo codes given to him that he may use now, with their terms; the newest first."""
    codes = given_codes(program_id=program_id, account_id=account_id, now=now)
    return [(_given(code), _terms(code.batch, words)) for code in codes]


def given_codes(
    *, program_id: int, account_id: int, now: dt.datetime, merchant_id: int | None = None
) -> list[PromoCode]:
    """The same with their batches; of one merchant, at whose tills alone they are taken, or of all."""
    batches = PromoBatch.objects.filter(program_id=program_id).running(now)
    if merchant_id is not None:
        batches = batches.filter(merchant=merchant_id)
    uses = live(PromoCodeUse.objects.filter(program_id=program_id, code=OuterRef("pk")), now)
    mine = PromoCode.objects.filter(~Exists(uses), program_id=program_id, account=account_id).lasting(now)
    return list(mine.filter(batch__in=batches).select_related("batch").order_by("-pk")[:MOST])


def _given(code: PromoCode) -> Given:
    return Given(code_shown(code.batch, code.code), code.batch.name, code.ends_at)


def _terms(batch: PromoBatch, words: Words) -> str:
    said = worth(batch, words)
    if batch.minimum:
        return _("%(worth)s on a receipt from %(money)s") % {"worth": said, "money": brief(batch.minimum, words)}
    return said
