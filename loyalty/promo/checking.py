"""What a code is, and who has used it. Whoever asks counts wrong codes as guesses."""

from __future__ import annotations

import datetime as dt
from typing import Literal

from django.db.models import Exists, OuterRef, QuerySet
from msgspec import Struct

from loyalty.engine.codes import mistyped, read
from loyalty.engine.conditions.receipt import spelled
from loyalty.models import PromoBatch, PromoCode, PromoCodeUse, Sale
from loyalty.promo.shown import code_shown, state
from loyalty.refusals import Refused

Status = Literal["good", "used", "early", "over", "stopped", "spent"]


class Found(Struct, frozen=True):
    """A code with its batch. `use` is the receipt that has used it, where it is good once."""

    code: PromoCode
    batch: PromoBatch
    shown: str
    status: Status
    use: PromoCodeUse | None = None


def find(*, program_id: int, merchant_id: int, code: str, now: dt.datetime) -> Found:
    """A merchant's code, however it is spelled. Refused `promo_code_not_found`, and `promo_code_mistyped` for what
    can't be a drawn one."""
    named = PromoCode.objects.filter(
        program_id=program_id, code__in={spelled(code), read(code)}, batch__merchant=merchant_id, batch__state="ready"
    )
    row = named.select_related("batch", "account").first()
    if row is None:
        raise Refused("promo_code_mistyped" if mistyped(code) else "promo_code_not_found")
    use = _use(row, now)
    status = _status(row.batch, use, now)
    if status == "good" and row.expires_at is not None and row.expires_at <= now:
        status = "over"
    return Found(row, row.batch, code_shown(row.batch, row.code), status, use)


def _use(code: PromoCode, now: dt.datetime) -> PromoCodeUse | None:
    if code.batch.kind == PromoBatch.Kind.SHARED:
        return None
    return live(PromoCodeUse.objects.filter(program_id=code.program_id, code=code), now).select_related("sale").first()


def live(uses: QuerySet[PromoCodeUse], now: dt.datetime) -> QuerySet[PromoCodeUse]:
    """Those that count: not given back, and not of a hold whose time has passed, before somebody has swept it. Those
    are few, so that all the others are counted in the index `promo_use_live`, a million of them too, and no receipt
    is read."""
    lapsed = Sale.objects.filter(status=Sale.Status.HELD, hold_until__lte=now, program_id=OuterRef("program_id"))
    return uses.filter(~Exists(lapsed.filter(pk=OuterRef("sale_id"))), released_at=None)


def _status(batch: PromoBatch, use: PromoCodeUse | None, now: dt.datetime) -> Status:
    if use is not None:
        return "used"
    match state(batch, now):
        case "stopped":
            return "stopped"
        case "over":
            return "over"
        case "early":
            return "early"
    return "spent" if batch.total_limit is not None and uses_of(batch, now) >= batch.total_limit else "good"


def uses_of(batch: PromoBatch, now: dt.datetime) -> int:
    return live(PromoCodeUse.objects.filter(program_id=batch.program_id, batch=batch), now).count()
