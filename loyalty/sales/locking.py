"""The start of every change of a stored sale: the account first, then the sale, then its stored answers."""

from __future__ import annotations

import datetime as dt
import uuid
from functools import cached_property

import msgspec
from msgspec import structs

from loyalty import ledger
from loyalty.engine.books import Books
from loyalty.engine.earning import Earning
from loyalty.kin import living_of
from loyalty.ledger import AccountState
from loyalty.models import Sale
from loyalty.sales.consequences import stored
from loyalty.sales.past import StoredPast
from loyalty.sales.stored import find
from merchants.authentication import Caller


class LockedSale:
    """A sale and its client's books, held until the end of the transaction."""

    def __init__(self, *, caller: Caller, sale_id: uuid.UUID, now: dt.datetime) -> None:
        program_id = caller.program_id
        sale = find(program_id, sale_id, caller.merchant_id)
        self.account: AccountState | None = None
        self.books: Books | None = None
        self.others: list[tuple[AccountState, Books]] = []
        self.now = now
        # All accounts that the sale has written to, by id, before its own client's is read.
        self.consequences = stored(sale.consequences)
        if self.consequences.awards and sale.account_id is not None:
            self._lock_invited(program_id, sale.account_id)
        self._lock_client(program_id, sale.account_id)
        # Read again behind the lock: what stood there before may have changed while this one waited.
        self.sale = Sale.objects.select_for_update(of=("self",)).get(program_id=program_id, pk=sale.pk)
        while self.account is not None and self.sale.account_id != self.account.id:
            # A merge was undone at this very moment, and the receipt went with it.
            self._lock_client(program_id, self.sale.account_id)
            self.sale.refresh_from_db()

    def _lock_client(self, program_id: int, account_id: int | None) -> None:
        if account_id is not None:
            self.account = ledger.lock(program_id=program_id, account_id=account_id, now=self.now)
            self.books = ledger.books_of(self.account, self.now)

    def _lock_invited(self, program_id: int, account_id: int) -> None:
        """Those who invited, where they live on now: one may have been merged into another since."""
        locked: set[int] = set()
        while True:
            living = living_of(program_id, self.consequences.accounts)
            wanted = {account_id, *living.values()}
            if wanted <= locked:
                break
            ledger.lock_all(program_id=program_id, accounts=wanted)
            locked |= wanted
        self.consequences = structs.replace(
            self.consequences,
            awards=tuple(structs.replace(one, account=living[one.account]) for one in self.consequences.awards),
        )

    @cached_property
    def earnings(self) -> list[Earning]:
        return [msgspec.convert(earning, Earning) for earning in self.sale.earnings]

    @cached_property
    def past(self) -> StoredPast:
        return StoredPast(self)

    def post(self, *, actor: str, return_id: int | None = None, reason: str = "") -> None:
        if self.account is None or self.books is None:
            return
        for state, books in ((self.account, self.books), *self.others):
            group = ledger.grouped(
                state,
                books,
                program_id=self.sale.program_id,
                merchant_id=self.sale.merchant_id,
                at=self.now if return_id else self.sale.occurred_at,
                now=self.now,
                actor=actor,
                reason=reason,
            )
            ledger.post(group, sale_id=self.sale.pk, return_id=return_id)

    @property
    def forgiven(self) -> bool:
        """Whether points that a return called for were let go, of the client or of those who invited him."""
        every = [self.books, *(books for _state, books in self.others)]
        return any(books.forgiven for books in every if books is not None)

    def books_of_others(self) -> list[tuple[AccountState, Books]]:
        """The books of those who invited the client and got points for this sale; `post` writes them, too."""
        if not self.others:
            for account_id in self.consequences.accounts:
                state = ledger.read(program_id=self.sale.program_id, account_id=account_id, now=self.now)
                self.others.append((state, ledger.books_of(state, self.now)))
        return self.others
