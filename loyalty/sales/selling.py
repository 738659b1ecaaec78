"""Quote, sell, hold, and book what an offline till has already sold."""

from __future__ import annotations

import datetime as dt
import hashlib
import uuid
from collections.abc import Callable
from decimal import Decimal
from typing import TypeVar

import msgspec
from django.db import IntegrityError, transaction

from loyalty import confirmation, ledger
from loyalty.engine import quote as engine
from loyalty.engine.books import Books
from loyalty.engine.cart import Client
from loyalty.engine.earning import Earning
from loyalty.engine.explanation import Fact
from loyalty.engine.quantities import ZERO
from loyalty.engine.quote import Quote
from loyalty.engine.rulebook import Rulebook
from loyalty.ids import uuid7
from loyalty.ledger import AccountState
from loyalty.refusals import Refused
from loyalty.sales import afterwards
from loyalty.sales.opening import (
    Opened,
    WrongConfirmation,
    account_of,
    client_for,
    local_day,
    open_sale,
    rules_for,
)
from loyalty.sales.receipt import Allowed, Receipt, ReceiptLine, Status
from loyalty.sales.request import Answer, Idempotency, RenderSale, SaleRequest
from loyalty.sales.stored import get
from loyalty.standing import standing_of
from merchants import audit
from merchants.authentication import Caller

R = TypeVar("R")


def quote(*, caller: Caller, request: SaleRequest, now: dt.datetime) -> Receipt:
    """Compute a receipt and keep nothing. Points beyond the limit are cut to it."""
    return _counting_failures(caller, lambda: _quote(caller, request, now))


def sell(*, caller: Caller, request: SaleRequest, key: Idempotency, now: dt.datetime, render: RenderSale) -> Answer:
    """Book a sale at once. The same key, or the same receipt again, gives the first answer.

    Refused `redemption_limit` (with the allowed number of points) where a quote would have cut the request.
    """
    return _write(caller, request, key, now, None, render)


def hold(
    *,
    caller: Caller,
    request: SaleRequest,
    key: Idempotency,
    now: dt.datetime,
    until: dt.datetime,
    render: RenderSale,
) -> Answer:
    """Compute a sale and keep its points for it until a moment; `commit` books it as computed."""
    return _write(caller, request, key, now, until, render)


def _quote(caller: Caller, request: SaleRequest, now: dt.datetime) -> Receipt:
    opened = open_sale(caller=caller, request=request, now=now, lock=False)
    work = Work.begin(opened, caller, request, now)
    return work.receipt("quoted")


def _write(
    caller: Caller,
    request: SaleRequest,
    key: Idempotency,
    now: dt.datetime,
    until: dt.datetime | None,
    render: RenderSale,
) -> Answer:
    def attempt() -> Answer:
        with transaction.atomic():
            opened = open_sale(caller=caller, request=request, now=now, lock=True, key=key)
            known = already_answered(opened, caller, request, key, render)
            if known is not None:
                return known
            work = Work.begin(opened, caller, request, now)
            work.refuse_unless_as_asked()
            return work.write(key, until, render)

    return _counting_failures(caller, lambda: twice(attempt))


def twice(attempt: Callable[[], R]) -> R:
    """Two tills' requests with one key or one receipt number, neither with a client to lock: the slower one fails on
    the unique index, and finds the other's answer when it looks again."""
    try:
        return attempt()
    except IntegrityError as error:
        if "_unique" not in str(error):
            raise
        return attempt()


def already_answered(
    opened: Opened, caller: Caller, request: SaleRequest, key: Idempotency, render: RenderSale
) -> Answer | None:
    """The stored answer of the key, or the first answer to the same receipt; None for something new."""
    if opened.stored is not None:
        if opened.stored.digest != key.body_digest.hex():
            raise Refused("idempotency_key_reused")
        return Answer(opened.stored.status, opened.stored.text, replayed=True)
    if opened.receipt is not None:
        if opened.receipt.digest != contents_digest(request):
            raise Refused("receipt_exists", receipt_number=request.receipt_number)
        first = get(program_id=caller.program_id, sale_id=opened.receipt.id)
        return Answer(200, render(first), first.id, replayed=True)
    return None


def contents_digest(request: SaleRequest) -> str:
    """What was sold to whom, however it was spelled, as a hash: tells a repeat from another receipt."""
    contents = msgspec.structs.replace(request, confirmation="", override="")
    return hashlib.sha256(msgspec.json.encode(contents)).hexdigest()


def _counting_failures(caller: Caller, attempt: Callable[[], R]) -> R:
    try:
        return attempt()
    except WrongConfirmation as error:
        confirmation.count_failure(program_id=caller.program_id, account_id=error.account_id)
        raise


class Work:
    """One receipt on its way into the books."""

    def __init__(
        self,
        opened: Opened,
        caller: Caller,
        request: SaleRequest,
        now: dt.datetime,
        version: int,
        rulebook: Rulebook,
        account: AccountState | None,
        flags: tuple[str, ...] = (),
    ) -> None:
        self.opened, self.caller, self.request, self.now = opened, caller, request, now
        self.version, self.rulebook, self.account, self.flags = version, rulebook, account, flags
        self.books: Books | None = ledger.books_of(account, now) if account else None
        self.client: Client | None = client_for(opened, account, self.books, request, caller)
        self.quote: Quote = engine.quote(rulebook, self.client, request.cart, request.occurred_at)
        self.facts: list[Fact] = list(self.quote.facts)
        self.gifts: list[Earning] = []
        self.tier_before = account.tier if account else ""
        self.is_visit = False

    @classmethod
    def begin(cls, opened: Opened, caller: Caller, request: SaleRequest, now: dt.datetime) -> Work:
        version, rulebook = rules_for(opened, caller, request, now)
        return cls(opened, caller, request, now, version, rulebook, account_of(opened, request))

    def refuse_unless_as_asked(self) -> None:
        """A sale takes exactly what was asked: cashier and client never see two different sums."""
        asked, allowed = self.request.cart.points, self.quote.allowance
        if asked is None or asked == ZERO:
            return
        if self.client is None:
            raise Refused("redemption_limit", allowed=ZERO, limit="no_client")
        if allowed.needs_confirmation:
            raise Refused("confirmation_required", allowed=allowed.points)
        if asked != "max" and asked != self.quote.points:
            raise Refused("redemption_limit", allowed=self.quote.points, limit=allowed.limit)
        sent = self.opened.confirmation
        if self.request.confirmation and sent and sent.points is not None and self.quote.points > sent.points:
            raise Refused("confirmation_invalid")

    def write(self, key: Idempotency, until: dt.datetime | None, render: RenderSale) -> Answer:
        """Move the points, then write sale, lines, books, answer and outbox in one round trip."""
        reserve: list[tuple[int, Decimal]] = []
        if self.books is not None and self.account is not None:
            if until is not None:
                reserve = self._reserve(self.books)
            else:
                self._book(self.account, self.books)
        sale_id = uuid7(self.now)
        receipt = self.receipt("held" if until else "committed", sale_id=sale_id, until=until)
        answer = Answer(201, render(receipt), sale_id)
        payload = self._payload(receipt, key, answer, reserve)
        ledger.call("SELECT loyalty_write_sale(%s::jsonb)", [msgspec.json.encode(payload).decode()])
        if self.request.override and self.quote.points:
            self._log_override(sale_id)
        return answer

    def _book(self, account: AccountState, books: Books) -> None:
        if self.quote.points:
            spend = books.spend_given if self.request.cart.given else books.spend
            spend(self.quote.points)
        for earning in self.quote.earnings:
            afterwards.credit(books, earning)
        self.is_visit = self.opened.day is None or not self.opened.day.visited
        self.gifts = afterwards.count_purchase(
            account,
            books,
            self.rulebook,
            paid=self.quote.to_pay,
            is_visit=self.is_visit,
            at=self.request.occurred_at,
            facts=self.facts,
        )

    def _reserve(self, books: Books) -> list[tuple[int, Decimal]]:
        if not self.quote.points:
            return []
        picked = books.pick(self.quote.points)
        lots = {lot.id: lot for lot in books.lots}
        for lot_id, points in picked:
            lots[lot_id].reserved += points
        return picked

    def receipt(self, status: Status, *, sale_id: uuid.UUID | None = None, until: dt.datetime | None = None) -> Receipt:
        quote, request, rulebook = self.quote, self.request, self.rulebook
        standing = None
        if self.account is not None and self.books is not None:
            standing = standing_of(self.account, self.books, rulebook, self.now)
        return Receipt(
            status=status,
            occurred_at=request.occurred_at,
            currency_digits=rulebook.program.currency_digits,
            precision=rulebook.program.precision,
            version=self.version,
            total=quote.total,
            discount=quote.discount,
            points_redeemed=quote.points,
            points_value=quote.points_value,
            certificates_paid=quote.certificates_paid,
            to_pay=quote.to_pay,
            points_earned=quote.earned,
            lines=tuple(
                ReceiptLine(
                    position=n,
                    sku=priced.line.sku,
                    name=priced.line.name,
                    quantity=priced.line.quantity,
                    price=priced.line.price,
                    amount=priced.line.amount,
                    discount=priced.discount,
                    points_value=priced.points_value,
                    points=priced.points,
                    certificate=priced.certificate,
                    paid=priced.paid,
                    earned=priced.earned,
                )
                for n, priced in enumerate(quote.lines)
            ),
            facts=tuple(self.facts),
            id=sale_id,
            receipt_number=request.receipt_number,
            cashier=request.cashier,
            identified_by=request.client.by if request.client else "",
            points_pending_until=pending_until(quote.earnings, self.now),
            hold_until=until,
            client=standing,
            allowed=self._allowed(),
            rejected=quote.rejected,
            flags=self.flags,
        )

    def _allowed(self) -> Allowed:
        allowance = self.quote.allowance
        return Allowed(
            points=allowance.points,
            money=allowance.points * self.rulebook.points.value,
            limit=allowance.limit,
            needs_confirmation=allowance.needs_confirmation,
        )

    def _payload(
        self, receipt: Receipt, key: Idempotency, answer: Answer, reserve: list[tuple[int, Decimal]]
    ) -> dict[str, object]:
        caller, request, account, books = self.caller, self.request, self.account, self.books
        post = None
        # A hold touches the books only where points were due to expire.
        if account is not None and books is not None and (books.postings or receipt.status == "committed"):
            post = ledger.grouped(
                account,
                books,
                program_id=caller.program_id,
                merchant_id=caller.merchant_id,
                at=request.occurred_at,
                now=self.now,
                actor=f"{caller} {request.cashier}".strip(),
            )
        return {
            "program_id": caller.program_id,
            "now": self.now,
            "account_id": account.id if account else None,
            "contents_digest": contents_digest(request),
            "body_digest": key.body_digest.hex(),
            "key": key.key,
            "http_status": answer.status,
            "answer": answer.text,
            "topic": "sale.held" if receipt.status == "held" else "sale.committed",
            "code_id": self.opened.code_id,
            "confirmed": bool(request.confirmation and self.quote.points),
            "reserve": reserve,
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
                "version": self.version,
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
                "points_earned": receipt.points_earned,
                "earnings": [*self.quote.earnings, *self.gifts],
                "explanation": self.facts,
                "flags": self.flags,
                "tier_before": self.tier_before,
                "tier_after": account.tier if account else "",
                "is_visit": self.is_visit,
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
                }
                for n, priced in enumerate(self.quote.lines)
            ],
        }

    def _log_override(self, sale_id: uuid.UUID) -> None:
        audit.record(
            program_id=self.caller.program_id,
            action="sale.confirmation_overridden",
            at=self.now,
            by=f"{self.caller} {self.request.cashier}".strip(),
            details={"sale": str(sale_id), "points": str(self.quote.points)},
            reason=self.request.override[:250],
        )


def pending_until(earnings: tuple[Earning, ...], now: dt.datetime) -> dt.datetime | None:
    """When the last of the earned points become spendable; None where they are already."""
    latest = max((earning.available_at for earning in earnings), default=now)
    return latest if latest > now else None
