"""The start of every change of a stored sale: the account first, then the sale, then its stored answers."""

from __future__ import annotations

import datetime as dt
import uuid

from loyalty import ledger
from loyalty.engine.books import Books
from loyalty.ledger import AccountState
from loyalty.models import Sale
from loyalty.sales.stored import find
from merchants.authentication import Caller


class LockedSale:
    """A sale and its client's books, held until the end of the transaction."""

    def __init__(self, *, caller: Caller, sale_id: uuid.UUID, now: dt.datetime) -> None:
        program_id = caller.program_id
        sale = find(program_id, sale_id, caller.merchant_id)
        self.account: AccountState | None = None
        self.books: Books | None = None
        if sale.account_id is not None:
            self.account = ledger.lock(program_id=program_id, account_id=sale.account_id, now=now)
            self.books = ledger.books_of(self.account, now)
        # Read again behind the lock: what stood there before may have changed while this one waited.
        self.sale = Sale.objects.select_for_update(of=("self",)).get(program_id=program_id, pk=sale.pk)
        self.now = now

    def post(self, *, actor: str, return_id: int | None = None, reason: str = "") -> None:
        if self.account is None or self.books is None:
            return
        group = ledger.grouped(
            self.account,
            self.books,
            program_id=self.sale.program_id,
            merchant_id=self.sale.merchant_id,
            at=self.now if return_id else self.sale.occurred_at,
            now=self.now,
            actor=actor,
            reason=reason,
        )
        ledger.post(group, sale_id=self.sale.pk, return_id=return_id)
