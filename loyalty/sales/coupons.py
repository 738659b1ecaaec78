"""Personal coupons of a sale: given, cancelled, and free again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from loyalty.models import PersonalCoupon, PromoCodeUse, Sale
from loyalty.sales.consequences import Consequences, CouponRow


def issue(*, sale: Sale, rows: Sequence[CouponRow], now: dt.datetime) -> None:
    PersonalCoupon.objects.bulk_create(
        PersonalCoupon(
            program_id=sale.program_id,
            account_id=row.account_id,
            code=row.code,
            rule=row.rule,
            title=row.title,
            percent=row.percent,
            amount=row.amount,
            minimum=row.minimum,
            expires_at=row.expires_at,
            earned_by=sale,
            created_at=now,
        )
        for row in rows
    )


def cancel(*, sale: Sale, rule: str, number: int, now: dt.datetime) -> int:
    """Cancel up to so many coupons of the client by this rule, the youngest first, that nobody has used. Returns how
    many: those used stay."""
    if sale.account_id is None:
        return 0
    unused = PersonalCoupon.objects.good(now).filter(program_id=sale.program_id, account_id=sale.account_id, rule=rule)
    keys = list(unused.order_by("-id").values_list("pk", flat=True)[:number])
    return PersonalCoupon.objects.filter(program_id=sale.program_id, pk__in=keys).update(cancelled_at=now)


def release(*, sale: Sale, kept: Consequences, now: dt.datetime) -> None:
    """A sale that is no more gives back the coupons and the codes of batches that it used; most used none."""
    if kept.coupons_used:
        PersonalCoupon.objects.filter(program_id=sale.program_id, sale=sale).update(sale=None)
    if kept.codes:
        uses = PromoCodeUse.objects.filter(program_id=sale.program_id, sale=sale, released_at=None)
        uses.update(released_at=now)
