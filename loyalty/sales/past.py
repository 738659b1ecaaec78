"""What has become of a sale since it was sold: all that a return has to know beside the books.

The tills ask the database (`StoredPast`); the back test keeps it in memory. What a return then does is one code.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

from django.db.models import Max, Min, Sum
from msgspec import Struct

from loyalty import ledger
from loyalty.engine.books import Books
from loyalty.engine.earning import Earning
from loyalty.engine.quantities import ZERO
from loyalty.kin import kin_of
from loyalty.ledger import AccountState
from loyalty.models import Entry, Lot, Return, Sale
from loyalty.sales import coupons
from loyalty.sales.consequences import Consequences

if TYPE_CHECKING:
    from loyalty.sales.locking import LockedSale


class SpentLot(Struct, frozen=True):
    """A lot that paid for the sale."""

    id: int
    rule: str
    available_at: dt.datetime
    expires_at: dt.datetime | None


class Redeemed(Protocol):
    """An entry, written or still to be."""

    @property
    def points(self) -> Decimal: ...
    @property
    def lots(self) -> Sequence[int]: ...
    @property
    def parts(self) -> Sequence[Decimal]: ...


def taken_by(entry: Redeemed) -> Iterator[tuple[int | None, Decimal]]:
    """What an entry took of which lot, in the order of taking; what it made the client owe comes last, without one."""
    owed = -entry.points
    for lot, part in zip(entry.lots, entry.parts, strict=True):
        yield lot, -part
        owed += part
    if owed:
        yield None, owed


class Past(Protocol):
    def points_back(self) -> Decimal:
        """Spent points that earlier returns gave back."""

    def expired_counted(self) -> Decimal:
        """Expired points that earlier returns have called for."""

    def one_offs_back(self) -> set[str]:
        """Rules whose one-offs went back."""

    def tier_was_undone(self) -> bool: ...

    def taken(self) -> Sequence[tuple[SpentLot | None, Decimal]]:
        """What the sale spent, in the order of taking; what it made the client owe comes last, without a lot."""

    def expired(self, gift: str | None = None) -> Decimal:
        """What has expired of the lots that the sale earned: of this rule's gift, or of all that were no gifts."""

    def pass_visit_on(self) -> bool:
        """The day stays a visit if the client bought something else on it: that sale counts from now on."""

    def dates_without(self) -> tuple[dt.datetime | None, dt.datetime | None]:
        """The first and the last purchase of the client without this sale."""

    def award_was_back(self, rule: str) -> bool: ...

    def cancel_coupons(self, rule: str, number: int) -> int:
        """Cancel up to so many unused coupons; how many."""

    def release_coupons(self) -> None: ...

    def refill_budget(self, rule: str, given: Decimal, uses: int) -> None: ...


class OfSale(Protocol):
    """A sale as far as a return looks at it."""

    @property
    def pk(self) -> int: ...
    @property
    def occurred_at(self) -> dt.datetime: ...
    @property
    def is_visit(self) -> bool: ...
    @property
    def tier_before(self) -> str: ...
    @property
    def tier_after(self) -> str: ...


class Returning(Protocol):
    """A sale that is being returned: locked in the database, or kept in memory."""

    now: dt.datetime
    account: AccountState | None
    books: Books | None
    consequences: Consequences

    @property
    def sale(self) -> OfSale: ...
    @property
    def earnings(self) -> Sequence[Earning]: ...
    @property
    def past(self) -> Past: ...
    def books_of_others(self) -> list[tuple[AccountState, Books]]: ...


class StoredPast:
    """As the database has it."""

    def __init__(self, locked: LockedSale) -> None:
        self.locked, self.sale = locked, locked.sale

    def points_back(self) -> Decimal:
        found = self._returns().aggregate(sum=Sum("points_back"))["sum"]
        return found or ZERO

    def expired_counted(self) -> Decimal:
        found = self._returns().aggregate(sum=Sum("earned_expired"))["sum"]
        return found or ZERO

    def one_offs_back(self) -> set[str]:
        return {rule for row in self._returns() for rule in row.one_offs}

    def tier_was_undone(self) -> bool:
        return bool(self._returns().filter(tier_undone=True).exists())

    def taken(self) -> list[tuple[SpentLot | None, Decimal]]:
        taken = list(self._taken())
        lots = Lot.objects.filter(program_id=self.sale.program_id).in_bulk([key for key, _part in taken if key])
        return [(_spent(lots.get(key)) if key else None, part) for key, part in taken]

    def expired(self, gift: str | None = None) -> Decimal:
        sale, locked = self.sale, self.locked
        lots = Lot.objects.filter(program_id=sale.program_id, sale=sale)
        if gift is None:
            gifts = [earning.rule for earning in locked.earnings if earning.one_off]
            lots = lots.filter(account__in=self._client).exclude(rule__in=gifts)
        else:
            lots = lots.filter(rule=gift)
        ids = set(lots.values_list("id", flat=True))
        entries = Entry.objects.filter(
            program_id=sale.program_id, account__in=self._client, kind=Entry.Kind.EXPIRE, lots__overlap=list(ids)
        )
        gone = [(entry.lots, entry.parts) for entry in entries]
        # Those that this very write expires stand in the books and not yet in the table.
        if locked.books is not None:
            gone += [(list(p.lots), list(p.parts)) for p in locked.books.postings if p.kind == "expire"]
        return sum((-part for moved, parts in gone for lot, part in zip(moved, parts, strict=True) if lot in ids), ZERO)

    def pass_visit_on(self) -> bool:
        sale = self.sale
        others = Sale.objects.same_day(sale).filter(status=Sale.Status.COMMITTED, is_visit=False)
        other = others.order_by("id").first()
        if other is None:
            return False
        Sale.objects.filter(program_id=sale.program_id, pk=sale.pk).update(is_visit=False)
        Sale.objects.filter(program_id=sale.program_id, pk=other.pk).update(is_visit=True)
        return True

    def dates_without(self) -> tuple[dt.datetime | None, dt.datetime | None]:
        sale = self.sale
        others = Sale.objects.filter(program_id=sale.program_id, account=sale.account_id, status=Sale.Status.COMMITTED)
        dates = others.exclude(pk=sale.pk).aggregate(first=Min("occurred_at"), last=Max("occurred_at"))
        return dates["first"], dates["last"]

    def award_was_back(self, rule: str) -> bool:
        others = self.locked.consequences.accounts
        if not others:
            return False
        program_id = self.sale.program_id
        back = self.sale.entries.filter(
            program_id=program_id, account__in=kin_of(program_id, others), kind=Entry.Kind.CLAW_BACK, rule=rule
        )
        return back.exists()

    def cancel_coupons(self, rule: str, number: int) -> int:
        return coupons.cancel(sale=self.sale, rule=rule, number=number, now=self.locked.now)

    def release_coupons(self) -> None:
        coupons.release(sale=self.sale, kept=self.locked.consequences, now=self.locked.now)

    def refill_budget(self, rule: str, given: Decimal, uses: int) -> None:
        sale = self.sale
        ledger.call(
            "SELECT loyalty_refill_budget(%s, %s, %s, %s, %s)", [sale.program_id, rule, sale.till_id, given, uses]
        )

    @cached_property
    def _client(self) -> list[int]:
        """The client's account, and those merged with it: what it earned may have expired there."""
        return kin_of(self.sale.program_id, [self.sale.account_id] if self.sale.account_id else [])

    def _returns(self) -> Any:
        return Return.objects.filter(program_id=self.sale.program_id, sale=self.sale)

    def _taken(self) -> Iterator[tuple[int | None, Decimal]]:
        sale = self.sale
        for entry in Entry.objects.filter(program_id=sale.program_id, sale=sale, kind=Entry.Kind.REDEEM).order_by("id"):
            yield from taken_by(entry)


def _spent(lot: Lot | None) -> SpentLot | None:
    return SpentLot(lot.pk, lot.rule, lot.available_at, lot.expires_at) if lot else None
