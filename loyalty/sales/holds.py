"""Commit a hold: what was computed and kept becomes a sale."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from decimal import Decimal

import msgspec
from django.db import transaction

from loyalty.engine.earning import Earning
from loyalty.models import Reservation, Sale
from loyalty.refusals import Refused
from loyalty.sales import afterwards, certificates, coupons
from loyalty.sales.consequences import coupon_rows
from loyalty.sales.keys import store_answer, stored_answer
from loyalty.sales.locking import LockedSale
from loyalty.sales.repeating import twice
from loyalty.sales.request import Answer, Idempotency, RenderSale
from loyalty.sales.stored import facts_of, receipt_of, rules_of
from loyalty.standing import standing_of
from merchants import outbox
from merchants.authentication import Caller

# Learned at import, by one thread: see `loyalty.engine.rulebook.load`.
msgspec.json.Decoder(Earning)


def commit(*, caller: Caller, sale_id: uuid.UUID, key: Idempotency, now: dt.datetime, render: RenderSale) -> Answer:
    """Book a hold exactly as it was computed. A sale that is booked already is answered again.

    Refused `hold_ended` where its time has passed or it was voided.
    """
    return twice(lambda: commit_locked(caller, sale_id, key, now, render))


@transaction.atomic
def commit_locked(caller: Caller, sale_id: uuid.UUID, key: Idempotency, now: dt.datetime, render: RenderSale) -> Answer:
    """The commit itself, for a caller that looks again by itself where two keys meet."""
    locked = LockedSale(caller=caller, sale_id=sale_id, now=now)
    known = stored_answer(program_id=caller.program_id, till_id=caller.till_id, key=key)
    if known is not None:
        return known
    sale = locked.sale
    if sale.status == Sale.Status.HELD:
        if sale.hold_until is not None and sale.hold_until <= now:
            raise Refused("hold_ended")
        _book(locked, actor=f"{caller} {sale.cashier}".strip())
    elif sale.status != Sale.Status.COMMITTED:
        raise Refused("hold_ended" if sale.status == Sale.Status.ENDED else "sale_not_held")
    rulebook = rules_of(sale)
    client = standing_of(locked.account, locked.books, rulebook, now) if locked.account and locked.books else None
    answer = Answer(200, render(receipt_of(sale, now, client)), sale.public_id)
    store_answer(
        program_id=caller.program_id,
        till_id=caller.till_id,
        account_id=sale.account_id,
        key=key,
        answer=answer,
        now=now,
    )
    return answer


def _book(locked: LockedSale, *, actor: str) -> None:
    sale, account, books = locked.sale, locked.account, locked.books
    earnings: Sequence[Earning] = [msgspec.convert(earning, Earning) for earning in sale.earnings]
    facts = list(facts_of(sale))
    gifts: list[Earning] = []
    if account is not None and books is not None:
        if sale.points_redeemed:
            books.spend_held(sale.points_redeemed, _reserved(sale))
        for earning in earnings:
            afterwards.credit(books, earning)
        account.changes += locked.consequences.used
        day = rules_of(sale).calendar.day_of(sale.occurred_at)
        for state, their_books in locked.books_of_others():
            afterwards.credit_invited(state, their_books, locked.consequences.awards, day)
        sale.tier_before = account.tier
        sale.is_visit = not Sale.objects.visited(sale)
        gifts = afterwards.count_purchase(
            account,
            books,
            rules_of(sale),
            paid=sale.to_pay + sale.turnover_off,
            is_visit=sale.is_visit,
            at=sale.occurred_at,
            facts=facts,
        )
        sale.tier_after = account.tier
    sale.reservations.filter(program_id=sale.program_id).delete()
    sale.status = Sale.Status.COMMITTED
    sale.earnings = msgspec.to_builtins([*earnings, *gifts])
    sale.explanation = msgspec.to_builtins(facts)
    sale.save(update_fields=["status", "earnings", "explanation", "is_visit", "tier_before", "tier_after"])
    locked.post(actor=actor)
    certificates.book(locked, actor=actor)
    if account is not None:
        coupons.issue(sale=sale, rows=coupon_rows(locked.consequences, rules_of(sale), account.id), now=locked.now)
    outbox.put(
        program_id=sale.program_id, topic="sale.committed", payload={"sale": str(sale.public_id)}, now=locked.now
    )


def _reserved(sale: Sale) -> dict[int, Decimal]:
    rows = Reservation.objects.filter(program_id=sale.program_id, sale=sale)
    return dict(rows.values_list("lot_id", "points"))
