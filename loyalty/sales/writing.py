"""What a sale looks like to the database: one JSON for `loyalty_write_sale`."""

from __future__ import annotations

import datetime as dt
import hashlib

import msgspec

from loyalty import binding, ledger
from loyalty.goods import marking
from loyalty.ledger import AccountState
from loyalty.sales.consequences import coupon_rows
from loyalty.sales.opening import local_day
from loyalty.sales.receipt import Receipt
from loyalty.sales.request import Answer, Idempotency, SaleRequest, Who
from loyalty.sales.work import Booked, Work
from merchants.authentication import Caller

_NO_TIME = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def write(work: Work, booked: Booked, key: Idempotency, *, sent: SaleRequest) -> Answer:
    """Write sale, lines, books, reservations, stored answer and outbox in one round trip. `sent` is the receipt as
    the till sent it: when it is sent again, it is known by that."""
    text = msgspec.json.encode(_payload(work, booked, key, sent)).decode()
    ledger.call("SELECT loyalty_write_sale(%s::jsonb)", [text])
    who = work.request.client
    if work.opened.unproven and work.request.confirmation and work.quote.points and who is not None:
        # The client has confirmed with this card in hand: from now on it is his word.
        binding.prove(program_id=work.caller.program_id, number=who.value)
    return booked.answer


def contents_digest(request: SaleRequest) -> str:
    """What was sold to whom, as a hash: tells a repeat from another receipt with its number.

    Without the time: the day is part of the number, and a till that retries without a time says another «now». With the
    rotating code as it was sent: later on it stands for nobody any more.
    """
    who = request.client
    who = Who(who.by, who.sent) if who is not None and who.sent else who
    contents = msgspec.structs.replace(request, client=who, confirmation="", override="", occurred_at=_NO_TIME)
    return hashlib.sha256(msgspec.json.encode(contents)).hexdigest()


def _payload(work: Work, booked: Booked, key: Idempotency, sent: SaleRequest) -> dict[str, object]:
    receipt, answer = booked.receipt, booked.answer
    caller, request, account, books = work.caller, work.request, work.account, work.books
    post = None
    # A hold touches the books only where points were due to expire.
    if account is not None and books is not None and (books.postings or receipt.status == "committed"):
        post = ledger.grouped(
            account,
            books,
            program_id=caller.program_id,
            merchant_id=caller.merchant_id,
            at=request.occurred_at,
            now=work.now,
            actor=f"{caller} {request.cashier}".strip(),
        )
    return {
        "program_id": caller.program_id,
        "now": work.now,
        "account_id": account.id if account else None,
        "contents_digest": contents_digest(sent),
        "body_digest": key.body_digest.hex(),
        "key": key.key,
        "http_status": answer.status,
        "answer": answer.text,
        "topic": "sale.held" if receipt.status == "held" else "sale.committed",
        "code_id": work.opened.code_id,
        "confirmed": bool(request.confirmation and work.quote.points),
        "beside": _beside(work, caller, account, receipt),
        "reserve": booked.reserve,
        "post": post,
        "sale": {
            "program_id": caller.program_id,
            "merchant_id": caller.merchant_id,
            "outlet_id": caller.outlet_id,
            "till_id": caller.till_id,
            "public_id": receipt.id,
            "status": receipt.status,
            "receipt_number": request.receipt_number,
            "occurred_at": request.occurred_at,
            "local_day": local_day(caller, request.occurred_at),
            "version": work.version,
            "channel": request.cart.channel,
            "cashier": request.cashier,
            "identified_by": receipt.identified_by,
            "hold_until": receipt.hold_until,
            "total": receipt.total,
            "discount": receipt.discount,
            "points_redeemed": receipt.points_redeemed,
            "points_value": receipt.points_value,
            "certificates_paid": receipt.certificates_paid,
            "to_pay": receipt.to_pay,
            "turnover_off": work.quote.turnover - work.quote.to_pay,
            "points_earned": receipt.points_earned,
            "earnings": [*work.quote.earnings, *work.gifts],
            "explanation": work.facts,
            "consequences": work.consequences,
            "flags": work.flags,
            "tier_before": work.tier_before,
            "tier_after": account.tier if account else "",
            "is_visit": work.is_visit,
        },
        "lines": [
            {
                "position": n,
                "sku": priced.line.sku,
                "name": priced.line.name,
                "category": priced.line.category,
                "brand": priced.line.brand,
                "quantity": priced.line.quantity,
                "price": priced.line.price,
                "amount": priced.line.amount,
                "discount": priced.discount,
                "points_value": priced.points_value,
                "points": priced.points,
                "certificate": priced.certificate,
                "paid": priced.paid,
                "earned": priced.earned,
                **marking.kept(priced.line),
            }
            for n, priced in enumerate(work.quote.lines)
        ],
    }


def _beside(work: Work, caller: Caller, account: AccountState | None, receipt: Receipt) -> dict[str, object] | None:
    """What the sale does beside its own books; None where there is nothing. A hold binds coupons, budgets and
    certificates."""
    kept = work.consequences
    if not (
        work.posts
        or kept.budgets
        or kept.coupons
        or kept.coupons_used
        or kept.certificates
        or kept.codes
        or work.issued
    ):
        return None
    booked = bool(account) and work.is_booked
    return {
        "program_id": caller.program_id,
        "till_id": caller.till_id,
        "posts": work.posts,
        "budgets": kept.budgets,
        "coupons": coupon_rows(kept, work.rulebook, account.id) if account and booked else [],
        "coupons_used": kept.coupons_used,
        **_promo(work, account),
        **_certificates(work, caller, receipt),
    }


def _promo(work: Work, account: AccountState | None) -> dict[str, object]:
    if not work.consequences.codes:
        return {}
    used = [
        {"batch": one.code.batch, "id": one.code.id, "money": one.money, "points": one.points}
        for one in work.consequences.codes
    ]
    return {"promo": used, "account_id": account.id if account else None, "at": work.request.occurred_at}


def _certificates(work: Work, caller: Caller, receipt: Receipt) -> dict[str, object]:
    found: dict[str, object] = {}
    if work.issued:
        found["issued"] = work.issued
    if work.consequences.certificates:
        found |= {
            "certificates": work.consequences.certificates,
            "hold_until": receipt.hold_until,
            "at": work.request.occurred_at,
            "actor": f"{caller} {work.request.cashier}".strip(),
        }
    return found
