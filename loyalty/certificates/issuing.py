"""Issue certificates: by staff, one or a batch, or at a till that has taken the money."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from decimal import ROUND_UP, Decimal
from typing import Final, Literal

from django.db import transaction
from msgspec import Struct

from loyalty import hand_limits
from loyalty.certificates.codes import new_code
from loyalty.certificates.rows import NewCertificate, uses_of, write
from loyalty.engine.quantities import ZERO
from loyalty.ids import uuid7
from loyalty.models import Account, Certificate
from loyalty.programs import rulebook_at
from loyalty.refusals import Refused
from loyalty.standing import NO_RULES
from merchants import audit
from merchants.access import Actor, same_tenant
from merchants.authentication import Caller
from merchants.models import Merchant, Role

LARGEST_BATCH: Final = 500
_SMALLEST: Final = Decimal("0.01")


class Terms(Struct, frozen=True, kw_only=True):
    """What is issued. `amount` is the sum of one for a sum, and nothing for the others; `price` what was paid for one
    (of a sum that was sold: the sum itself)."""

    kind: Literal["sum", "percent", "product"]
    expires_at: dt.datetime
    amount: Decimal = ZERO
    percent: Decimal = ZERO
    sku: str = ""
    title: str = ""
    is_sold: bool = False
    price: Decimal = ZERO
    for_whom: str = ""
    wish: str = ""

    @property
    def worth(self) -> Decimal:
        """What a batch of one puts into circulation: money for a sum, nothing that could be counted for the others."""
        return self.amount if self.kind == "sum" else ZERO


class AboveLimitError(Exception):
    """More than an operator may give away at once, or (`is_of_day`) today; `left` is the money that he still may."""

    def __init__(self, left: Decimal, *, is_of_day: bool) -> None:
        super().__init__(left)
        self.left, self.is_of_day = left, is_of_day


@transaction.atomic
def issue(
    *,
    merchant: Merchant,
    terms: Terms,
    now: dt.datetime,
    by: Actor,
    number: int = 1,
    holder: Account | None = None,
    once: uuid.UUID | None = None,
    is_approved: bool = False,
) -> list[Certificate]:
    """Issue so many alike; those of a batch share its id. ValueError for terms that no certificate can have.

    What an operator gives away counts as points by hand, unless it `is_approved`: AboveLimitError.

    `once` is the batch's id from the page that asked: sent twice, what was issued the first time is answered.
    """
    program_id = same_tenant(merchant, *([holder] if holder else []))
    if once is not None:
        # Two presses of the button wait for each other here.
        Merchant.objects.select_for_update().get(program_id=program_id, pk=merchant.pk)
        known = list(Certificate.objects.filter(program_id=program_id, merchant=merchant, batch=once).order_by("pk"))
        if known:
            return known
    rows = _rows(merchant.pk, terms, number, now, str(by), holder=holder, batch=once)
    write(program_id=program_id, rows=rows, now=now)
    issued = _read(program_id, rows)
    audit.record(
        program_id=program_id,
        action="certificates.issued",
        at=now,
        by=by,
        subject=issued[0] if number == 1 else merchant,
        details=_told(terms, number),
    )
    if not is_approved and not terms.is_sold:
        _count(merchant, terms.worth * number, now, by)
    return issued


def _count(merchant: Merchant, given: Decimal, now: dt.datetime, by: Actor) -> None:
    """Against the day of points by hand, for what it would be in points. It is the last lock of the write."""
    if not given or hand_limits.limited_role(by, merchant.pk) != Role.OPERATOR:
        return
    try:
        value = rulebook_at(merchant.program_id, now)[1].points.value
    except Refused:
        value = NO_RULES.points.value
    points = (given / value).quantize(_SMALLEST, rounding=ROUND_UP)
    try:
        hand_limits.take(program_id=merchant.program_id, merchant_id=merchant.pk, points=points, now=now, by=by)
    except Refused as refused:
        left = Decimal(str(refused.facts["left"])) * value
        raise AboveLimitError(left, is_of_day=refused.facts["limit"] == "day") from None


def issue_to_many(*, merchant: Merchant, terms: Terms, holders: Sequence[int], now: dt.datetime, by: Actor) -> None:
    """One for each of these accounts, in the caller's transaction, which knows that it comes once. ValueError."""
    program_id = same_tenant(merchant)
    rows = [row for key in holders for row in _rows(merchant.pk, terms, 1, now, str(by), holder_id=key)]
    if not rows:
        return
    write(program_id=program_id, rows=rows, now=now)
    audit.record(
        program_id=program_id,
        action="certificates.issued",
        at=now,
        by=by,
        subject=merchant,
        details=_told(terms, len(rows)),
    )


def issue_at_till(
    *, caller: Caller, terms: Terms, now: dt.datetime, cashier: str = "", holder: Account | None = None
) -> Certificate:
    """One, by a till. The caller keeps the answer with the request's key, in this transaction (`once`)."""
    program_id = caller.program_id
    actor = f"{caller} {cashier}".strip()
    rows = _rows(caller.merchant_id, terms, 1, now, actor, outlet=caller.outlet_id, till=caller.till_id, holder=holder)
    write(program_id=program_id, rows=rows, now=now)
    one = _read(program_id, rows)[0]
    audit.record(
        program_id=program_id,
        action="certificates.issued",
        at=now,
        by=actor,
        subject=one,
        details=_told(terms, 1),
    )
    return one


def _told(terms: Terms, number: int) -> dict[str, object]:
    """For the log: how many, and what all of them hold."""
    holds = {"total": str(terms.amount * number)} if terms.kind == "sum" else {}
    return {"certificates": number, **holds, "kind": terms.kind, "sold": terms.is_sold}


def _rows(
    merchant_id: int,
    terms: Terms,
    number: int,
    now: dt.datetime,
    actor: str,
    *,
    outlet: int | None = None,
    till: int | None = None,
    holder: Account | None = None,
    holder_id: int | None = None,
    batch: uuid.UUID | None = None,
) -> list[NewCertificate]:
    _check(terms, number, now)
    if number > 1 and batch is None:
        batch = uuid.uuid4()
    price = terms.amount if terms.is_sold and terms.kind == "sum" and not terms.price else terms.price
    return [
        NewCertificate(
            merchant_id=merchant_id,
            public_id=uuid7(now),
            code=new_code(),
            kind=terms.kind,
            nominal=uses_of(terms.kind, terms.amount),
            percent=terms.percent,
            sku=terms.sku,
            title=terms.title,
            is_sold=terms.is_sold,
            price=price if terms.is_sold else ZERO,
            expires_at=terms.expires_at,
            outlet_id=outlet,
            till_id=till,
            holder_id=holder.pk if holder else holder_id,
            for_whom=terms.for_whom,
            wish=terms.wish,
            batch=batch,
            actor=actor[:120],
        )
        for _n in range(number)
    ]


def _check(terms: Terms, number: int, now: dt.datetime) -> None:
    if not 1 <= number <= LARGEST_BATCH:
        raise ValueError("number")
    if terms.expires_at <= now:
        raise ValueError("expires_at")
    fits = {
        "sum": terms.amount > 0 and not terms.percent and not terms.sku,
        "percent": 0 < terms.percent <= 100 and not terms.sku,
        "product": bool(terms.sku) and not terms.percent,
    }
    if not fits[terms.kind]:
        raise ValueError(terms.kind)


def _read(program_id: int, rows: Sequence[NewCertificate]) -> list[Certificate]:
    found = Certificate.objects.filter(program_id=program_id, public_id__in=[row.public_id for row in rows])
    return list(found.order_by("pk"))
