"""One receipt on its way into the books: the engine's quote, what follows from it, and the answer."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal

from msgspec import Struct, structs

from loyalty import ledger
from loyalty.certificates.rows import NewCertificate, sold_in_receipt
from loyalty.engine import quote as engine
from loyalty.engine.books import Books
from loyalty.engine.cart import Client
from loyalty.engine.earning import Earning
from loyalty.engine.explanation import Fact
from loyalty.engine.quantities import ZERO, floor
from loyalty.engine.quote import Quote
from loyalty.engine.rulebook import Rulebook
from loyalty.goods.marking import marked
from loyalty.ids import uuid7
from loyalty.ledger import AccountState
from loyalty.refusals import Refused
from loyalty.sales import afterwards
from loyalty.sales.consequences import Consequences, of_quote
from loyalty.sales.opening import Opened, account_of, client_for, local_day, rules_for
from loyalty.sales.receipt import Allowed, PayingCertificate, Receipt, ReceiptLine, SoldCertificate, Status
from loyalty.sales.request import Answer, RenderSale, SaleRequest
from loyalty.standing import standing_of
from merchants import audit
from merchants.authentication import Caller


class Booked(Struct, frozen=True):
    """A receipt that is ready to be written, its answer, and the points of lots that its hold keeps."""

    receipt: Receipt
    answer: Answer
    reserve: list[tuple[int, Decimal]]


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
        cart = structs.replace(request.cart, lines=marked(request.cart.lines, opened.goods))
        request = structs.replace(request, cart=cart)
        self.opened, self.caller, self.request, self.now = opened, caller, request, now
        self.version, self.rulebook, self.account, self.flags = version, rulebook, account, flags
        self.books: Books | None = ledger.books_of(account, now) if account else None
        self.client: Client | None = client_for(opened, account, self.books, request, caller, rulebook)
        self.quote: Quote = engine.quote(
            rulebook, self.client, request.cart, request.occurred_at, opened.spent, opened.certificates, opened.promo
        )
        self.consequences: Consequences = of_quote(self.quote, opened.uplines)
        self.issued: list[NewCertificate] = []
        self.posts: list[ledger.PostingGroup] = []
        self.facts: list[Fact] = list(self.quote.facts)
        self.gifts: list[Earning] = []
        self.tier_before = account.tier if account else ""
        self.is_visit = False
        self.is_booked = False

    @classmethod
    def begin(cls, opened: Opened, caller: Caller, request: SaleRequest, now: dt.datetime) -> Work:
        version, rulebook = rules_for(opened, caller, request, now)
        return cls(opened, caller, request, now, version, rulebook, account_of(opened, request))

    def refuse_unless_as_asked(self) -> None:
        """A sale takes exactly what was asked: cashier and client never see two different sums."""
        self._refuse_strange_certificates()
        asked, allowed = self.request.cart.points, self.quote.allowance
        if asked is None or asked == ZERO:
            return
        if self.client is None:
            raise Refused("redemption_limit", allowed=ZERO, limit="no_client")
        if allowed.needs_confirmation:
            raise Refused("confirmation_required", allowed=allowed.points)
        if asked != "max" and asked != self.quote.points:
            limit = next(fact.reason for fact in self.facts if fact.effect == "points")
            raise Refused("redemption_limit", allowed=self.quote.points, limit=limit, **self._waiting(limit))
        sent = self.opened.confirmation
        if self.request.confirmation and sent and sent.points is not None and self.quote.points > sent.points:
            raise Refused("confirmation_invalid")

    def _refuse_strange_certificates(self) -> None:
        """A certificate that does not pay fails the sale: the client has been told what is left to pay."""
        for rejected in self.quote.rejected:
            if rejected.kind == "certificate" and rejected.reason != "nothing_to_pay":
                if rejected.reason == "unknown":
                    raise Refused("certificate_not_found")
                raise Refused("certificate_refused", reason=rejected.reason)
        paid = {part.code: part.money for part in self.quote.certificates}
        kinds = {one.code: one.kind for one in self.opened.certificates}
        for asked in self.request.cart.certificates:
            allowed = paid.get(asked.code, ZERO)
            if kinds[asked.code] == "sum" and asked.amount not in ("max", allowed):
                raise Refused("certificate_limit", money=allowed)

    def _waiting(self, limit: str) -> dict[str, object]:
        """What the client has besides, where having too little is what limits him."""
        if limit != "balance" or self.books is None or not self.books.pending:
            return {}
        digits = self.rulebook.program.precision
        available, pending = (floor(each, digits) for each in (self.books.available, self.books.pending))
        return {"available": available, "pending": pending, "pending_until": self.books.pending_until}

    def book(self, until: dt.datetime | None, render: RenderSale) -> Booked:
        """Decide everything that is to be written: what moves in the books, or is kept by a hold until then."""
        reserve: list[tuple[int, Decimal]] = []
        if self.books is not None and self.account is not None:
            if until is not None:
                reserve = self._reserve(self.books)
            else:
                self._move(self.account, self.books)
                self.is_booked = True
        if until is None:
            self.issued = [
                sold_in_receipt(
                    merchant_id=self.caller.merchant_id,
                    outlet_id=self.caller.outlet_id,
                    till_id=self.caller.till_id,
                    holder_id=self.account.id if self.account else None,
                    line=sells.line,
                    amount=sells.amount,
                    calendar=self.rulebook.calendar,
                    now=self.now,
                    actor=f"{self.caller} {self.request.cashier}".strip(),
                )
                for sells in self.consequences.sells
            ]
        sale_id = uuid7(self.now)
        receipt = self.receipt("held" if until else "committed", sale_id=sale_id, until=until)
        if self.request.override and self.quote.points:
            self._log_override(sale_id)
        return Booked(receipt, Answer(201, render(receipt), sale_id), reserve)

    def _move(self, account: AccountState, books: Books) -> None:
        if self.quote.points:
            spend = books.spend_given if self.request.cart.given else books.spend
            spend(self.quote.points)
        for earning in self.quote.earnings:
            afterwards.credit(books, earning)
        account.changes += self.consequences.used
        for state in self.opened.uplines:
            self._award(state)
        self.is_visit = self.opened.day is None or not self.opened.day.visited
        self.gifts = afterwards.count_purchase(
            account,
            books,
            self.rulebook,
            paid=self.quote.turnover,
            is_visit=self.is_visit,
            at=self.request.occurred_at,
            facts=self.facts,
        )

    def _award(self, state: AccountState) -> None:
        """What somebody who invited the client gets."""
        group = afterwards.awarded(
            state,
            self.consequences.awards,
            program_id=self.caller.program_id,
            merchant_id=self.caller.merchant_id,
            day=local_day(self.caller, self.request.occurred_at),
            at=self.request.occurred_at,
            now=self.now,
            actor=f"{self.caller} {self.request.cashier}".strip(),
        )
        if group is not None:
            self.posts.append(group)

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
        kinds = {one.id: one.kind for one in self.opened.certificates}
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
            certificates=tuple(
                PayingCertificate(part.code, kinds[part.id], part.money, part.left) for part in quote.certificates
            ),
            certificates_sold=tuple(
                SoldCertificate(row.line or 0, row.public_id, row.code, row.nominal, row.expires_at)
                for row in self.issued
            ),
        )

    def _allowed(self) -> Allowed:
        allowance = self.quote.allowance
        return Allowed(
            points=allowance.points,
            money=allowance.points * self.rulebook.points.value,
            limit=allowance.limit,
            needs_confirmation=allowance.needs_confirmation,
        )

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
