"""Void a sale, or take a part of it back."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from decimal import Decimal
from functools import partial

from django.db import transaction

from loyalty import ledger
from loyalty.engine import giving_back
from loyalty.engine.cart import Line
from loyalty.engine.giving_back import LineBack, SoldLine, TooMuch
from loyalty.engine.quantities import ZERO
from loyalty.goods.marking import NO_EARN, SELLS_CERTIFICATE
from loyalty.ids import uuid7
from loyalty.models import Return, ReturnLine, Sale, SaleLine
from loyalty.refusals import Refused
from loyalty.sales import taking_back
from loyalty.sales.certificates import GivingBack
from loyalty.sales.keys import store_answer, stored_answer
from loyalty.sales.locking import LockedSale
from loyalty.sales.moved import MovedOn, followed, next_of
from loyalty.sales.receipt import GivenBack, GivenBackLine
from loyalty.sales.repeating import twice
from loyalty.sales.request import Answer, Idempotency, RenderReturn, ReturnRequest
from loyalty.sales.stored import rules_of, taken_back
from loyalty.standing import standing_of
from merchants import outbox
from merchants.authentication import Caller


class PointsSpentError(Exception):
    """Points of the sale would be forgiven, and whoever voids it lets go of none."""


def void(
    *,
    caller: Caller,
    sale_id: uuid.UUID,
    key: Idempotency,
    now: dt.datetime,
    render: RenderReturn,
    cashier: str = "",
    reason: str = "",
    forgiving: bool = True,
) -> Answer:
    """Take back everything that is left of a sale, or end a hold. A second void changes nothing and says the same. Of
    a sale that was moved to another client, the one in its place is voided. Without `forgiving` PointsSpentError."""
    request = ReturnRequest(cashier=cashier, reason=reason)
    one = partial(
        _give_back, caller, request=request, key=key, now=now, render=render, is_void=True, forgiving=forgiving
    )
    return followed(sale_id, lambda living: twice(lambda: one(living)))


def give_back(
    *,
    caller: Caller,
    sale_id: uuid.UUID,
    request: ReturnRequest,
    key: Idempotency,
    now: dt.datetime,
    render: RenderReturn,
) -> Answer:
    """Take back lines, a sum, or all that is left. Refused `return_exceeds_sale` for more than is left,
    `line_not_found`, `sale_not_sold` for a hold or a voided sale. Never refused for want of points. Of a sale that was
    moved to another client it is taken back from him."""
    one = partial(_give_back, caller, request=request, key=key, now=now, render=render, is_void=False)
    return followed(sale_id, lambda living: twice(lambda: one(living)))


@transaction.atomic
def _give_back(
    caller: Caller,
    sale_id: uuid.UUID,
    *,
    request: ReturnRequest,
    key: Idempotency,
    now: dt.datetime,
    render: RenderReturn,
    is_void: bool,
    forgiving: bool = True,
) -> Answer:
    locked = LockedSale(caller=caller, sale_id=sale_id, now=now)
    known = stored_answer(program_id=caller.program_id, till_id=caller.till_id, key=key)
    if known is not None:
        return known
    sale = locked.sale
    after = next_of(sale)
    if after is not None:
        raise MovedOn(after.public_id)
    if sale.status == Sale.Status.COMMITTED:
        actor = f"{caller} {request.cashier}".strip()
        back = _book(locked, request, is_void=is_void, actor=actor, forgiving=forgiving)
    elif not is_void:
        raise Refused("sale_not_sold", status=sale.status)
    elif sale.status == Sale.Status.HELD:
        ledger.call("SELECT loyalty_end_hold(%s)", [sale.pk])
        sale.status = Sale.Status.ENDED
        locked = LockedSale(caller=caller, sale_id=sale_id, now=now)
        back = _told(locked, None)
    else:
        back = _told(locked, sale.returns.filter(program_id=sale.program_id).order_by("id").last())
    answer = Answer(200 if is_void else 201, render(back), sale.public_id)
    store_answer(
        program_id=caller.program_id,
        till_id=caller.till_id,
        account_id=sale.account_id,
        key=key,
        answer=answer,
        now=now,
    )
    return answer


def _book(locked: LockedSale, request: ReturnRequest, *, is_void: bool, actor: str, forgiving: bool) -> GivenBack:
    sale = locked.sale
    rulebook = rules_of(sale)
    sold = _sold_lines(sale)
    parts = _parts(sold, request, rulebook.program.currency_digits, rulebook.program.precision)
    whole = _nothing_left(sold, parts, by_sum=request.amount is not None)
    certificates = GivingBack(locked, sold, parts, whole=whole)
    outcome = taking_back.apply(locked, rulebook, sold, parts, whole=whole, off=certificates.turnover_off)
    if not forgiving and locked.forgiven:
        raise PointsSpentError
    row = Return.objects.create(
        program_id=sale.program_id,
        sale=sale,
        public_id=uuid7(locked.now),
        is_void=is_void,
        at=locked.now,
        money=_sum(parts, "money"),
        points_value=_sum(parts, "points_value"),
        points_back=_sum(parts, "points"),
        certificates_back=_sum(parts, "certificate"),
        turnover_off=certificates.turnover_off,
        earned_called=_sum(parts, "earned"),
        earned_taken=outcome.taken,
        earned_expired=outcome.expired,
        earned_forgiven=outcome.forgiven,
        tier_undone=outcome.tier_undone,
        one_offs=list(outcome.one_offs),
        cashier=request.cashier,
        actor=actor[:120],
        reason=request.reason,
        created_at=locked.now,
    )
    keys = dict(SaleLine.objects.filter(program_id=sale.program_id, sale=sale).values_list("position", "pk"))
    ReturnLine.objects.bulk_create(
        ReturnLine(
            program_id=sale.program_id,
            given_back=row,
            line_id=keys[part.position],
            quantity=part.quantity,
            value=part.value,
            money=part.money,
            points_value=part.points_value,
            points=part.points,
            certificate=part.certificate,
            earned=part.earned,
        )
        for part in parts
    )
    certificates.write(row, rulebook, actor=actor)
    if whole:
        sale.status = Sale.Status.VOIDED
        sale.save(update_fields=["status"])
    locked.post(actor=actor, return_id=row.pk, reason=request.reason)
    outbox.put(
        program_id=sale.program_id,
        topic="sale.returned",
        payload={"sale": str(sale.public_id), "return": str(row.public_id)},
        now=locked.now,
    )
    return _told(locked, row)


def _sold_lines(sale: Sale) -> list[SoldLine]:
    """The lines with what earlier returns called for."""
    earlier: dict[int, list[LineBack]] = {}
    for row in ReturnLine.objects.filter(program_id=sale.program_id, given_back__sale=sale).select_related("line"):
        earlier.setdefault(row.line.position, []).append(_as_called(row))
    lines = [
        SoldLine(
            position=line.position,
            line=Line(
                line.quantity,
                line.price,
                line.amount,
                line.sku,
                category=line.category,
                brand=line.brand,
                earn=not line.marks & NO_EARN,
                sells_certificate=bool(line.marks & SELLS_CERTIFICATE),
            ),
            points_value=line.points_value,
            points=line.points,
            certificate=line.certificate,
            paid=line.paid,
            earned=line.earned,
        )
        for line in SaleLine.objects.filter(program_id=sale.program_id, sale=sale).order_by("position")
    ]
    return [line.after(earlier.get(line.position, ())) for line in lines]


def _as_called(row: ReturnLine) -> LineBack:
    return LineBack(
        position=row.line.position,
        quantity=row.quantity,
        value=row.value,
        money=row.money,
        points_value=row.points_value,
        points=row.points,
        certificate=row.certificate,
        earned=row.earned,
    )


def _parts(sold: Sequence[SoldLine], request: ReturnRequest, digits: int, precision: int) -> list[LineBack]:
    try:
        if request.lines:
            quantities: dict[int, Decimal] = {}
            for asked in request.lines:
                quantities[asked.line] = quantities.get(asked.line, ZERO) + asked.quantity
            strange = quantities.keys() - {line.position for line in sold}
            if strange:
                raise Refused("line_not_found", line=min(strange))
            for line in sold:
                # A certificate comes back as a whole.
                if line.line.sells_certificate and 0 < quantities.get(line.position, ZERO) < line.line.quantity:
                    raise Refused("return_exceeds_sale", line=line.position, left=line.line.quantity)
            return giving_back.by_quantities(sold, quantities, digits=digits, precision=precision)
        if request.amount is not None:
            goods = [line for line in sold if not line.line.sells_certificate]
            return giving_back.by_sum(goods, request.amount, digits=digits, precision=precision)
    except TooMuch as error:
        raise Refused("return_exceeds_sale", line=error.position, left=error.left) from None
    return giving_back.everything(sold, digits=digits, precision=precision)


def _nothing_left(sold: Sequence[SoldLine], parts: Sequence[LineBack], *, by_sum: bool) -> bool:
    """Whether these parts are the rest of the sale. A sum can't name a line that cost nothing: it goes along."""
    last = {part.position for part in parts if part.last}
    return all(line.position in last or line.share_back == 1 or (by_sum and not line.value) for line in sold)


def _told(locked: LockedSale, row: Return | None) -> GivenBack:
    """The answer for a return; for the end of a hold there is no row, and nothing but the points kept is free again."""
    sale, rulebook = locked.sale, rules_of(locked.sale)
    client = None
    if locked.account is not None and locked.books is not None:
        client = standing_of(locked.account, locked.books, rulebook, locked.now)
    lines = ReturnLine.objects.filter(program_id=sale.program_id, given_back=row) if row else ReturnLine.objects.none()
    return GivenBack(
        sale_id=sale.public_id,
        is_void=row.is_void if row else True,
        currency_digits=rulebook.program.currency_digits,
        precision=rulebook.program.precision,
        money=row.money if row else ZERO,
        points_value=row.points_value if row else ZERO,
        points_back=row.points_back if row else ZERO,
        certificates_back=row.certificates_back if row else ZERO,
        earned_taken=taken_back(sale).get(row.pk, ZERO) if row else ZERO,
        earned_expired=row.earned_expired if row else ZERO,
        earned_forgiven=row.earned_forgiven if row else ZERO,
        lines=tuple(
            GivenBackLine(
                position=line.line.position,
                quantity=line.quantity,
                money=line.money,
                points_value=line.points_value,
                points=line.points,
                certificate=line.certificate,
                earned=line.earned,
            )
            for line in lines.select_related("line").order_by("line__position")
        ),
        sale_status=sale.status,  # type: ignore[arg-type]
        id=row.public_id if row else None,
        at=row.at if row else None,
        client=client,
    )


def _sum(parts: Sequence[LineBack], name: str) -> Decimal:
    return sum((getattr(part, name) for part in parts), ZERO)
