"""Certificates of a stored sale: what a hold kept is taken, new ones are issued, a return gives back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import msgspec
from msgspec import Struct

from loyalty import ledger
from loyalty.certificates import entries
from loyalty.certificates.rows import sold_in_receipt, write
from loyalty.engine.giving_back import LineBack, SoldLine
from loyalty.engine.quantities import ONE, ZERO
from loyalty.engine.rulebook import Rulebook
from loyalty.models import Certificate, CertificateEntry, CertificateReservation, Return
from loyalty.refusals import Refused
from loyalty.sales.locking import LockedSale
from loyalty.sales.stored import rules_of

# What comes back to a certificate whose time has passed is good for so long.
DAYS_AGAIN = 30


def book(locked: LockedSale, *, actor: str) -> None:
    """A hold becomes a sale: its certificates pay, and those that it sells are there."""
    sale, kept = locked.sale, locked.consequences
    if kept.certificates:
        CertificateReservation.objects.filter(program_id=sale.program_id, sale=sale).delete()
        ledger.call(
            "SELECT loyalty_take_certificates(%s, %s, %s::jsonb, %s, %s, %s)",
            [
                sale.program_id,
                sale.pk,
                msgspec.json.encode(kept.certificates).decode(),
                sale.occurred_at,
                locked.now,
                actor,
            ],
        )
    if kept.sells:
        rows = [
            sold_in_receipt(
                merchant_id=sale.merchant_id,
                outlet_id=sale.outlet_id,
                till_id=sale.till_id,
                holder_id=sale.account_id,
                line=sells.line,
                amount=sells.amount,
                calendar=rules_of(sale).calendar,
                now=locked.now,
                actor=actor,
            )
            for sells in kept.sells
        ]
        write(program_id=sale.program_id, rows=rows, now=locked.now, sale_id=sale.pk)


class Back(Struct):
    """What a return gives back to one certificate: money by line."""

    lines: list[int]
    parts: list[Decimal]

    @property
    def money(self) -> Decimal:
        return sum(self.parts, ZERO)


class GivingBack:
    """The certificates that paid for a sale, or were sold by it, while goods come back. Held by id from the start."""

    def __init__(self, locked: LockedSale, sold: Sequence[SoldLine], parts: Sequence[LineBack], *, whole: bool) -> None:
        self.locked, self.sale, self.whole = locked, locked.sale, whole
        self.sells = {line.position for line in sold if line.line.sells_certificate}
        self.parts = parts
        self.rows: dict[int, Certificate] = {}
        self.backs: dict[int, Back] = {}
        self.paid: list[CertificateEntry] = []
        if locked.consequences.certificates or self.sells:
            self._read()

    def _read(self) -> None:
        program_id = self.sale.program_id
        moved = CertificateEntry.objects.filter(
            program_id=program_id,
            sale=self.sale,
            kind__in=[CertificateEntry.Kind.REDEEM, CertificateEntry.Kind.GIVE_BACK],
        )
        self.paid = list(moved.order_by("id"))
        ids = {entry.certificate_id for entry in self.paid} | set(self._sold().values_list("pk", flat=True))
        locked = Certificate.objects.select_for_update().filter(program_id=program_id, pk__in=ids)
        self.rows = {row.pk: row for row in locked.order_by("pk")}
        left = self._left()
        for part in self.parts:
            needed = part.certificate
            # The last that paid is the first that gets back.
            for (key, line), rest in reversed(left.items()):
                if line == part.position and needed and rest:
                    money = min(needed, rest)
                    needed -= money
                    back = self.backs.setdefault(key, Back([], []))
                    back.lines.append(line)
                    back.parts.append(money)

    def _sold(self) -> Any:
        positions = [part.position for part in self.parts if part.position in self.sells]
        return Certificate.objects.filter(program_id=self.sale.program_id, sale=self.sale, line__in=positions)

    def _left(self) -> dict[tuple[int, int], Decimal]:
        """What each certificate has paid of each line, in the order of paying, less what it has got back."""
        left: dict[tuple[int, int], Decimal] = {}
        for entry in self.paid:
            sign = ONE if entry.kind == CertificateEntry.Kind.REDEEM else -ONE
            for line, part in zip(entry.lines, entry.parts, strict=True):
                key = (entry.certificate_id, line)
                left[key] = left.get(key, ZERO) + sign * part
        return left

    @property
    def turnover_off(self) -> Decimal:
        """What the return takes off the turnover beside its money."""
        counted = sum((back.money for key, back in self.backs.items() if self.rows[key].is_sold), ZERO)
        return counted - sum((part.money for part in self.parts if part.position in self.sells), ZERO)

    def write(self, row: Return, rulebook: Rulebook, *, actor: str) -> None:
        """Refused `certificate_used` where a certificate that comes back with its line has paid for something."""
        now = self.locked.now
        sold = set(self._sold().values_list("pk", flat=True)) if self.sells else set()
        again = rulebook.calendar.end_of(rulebook.calendar.day_of(now) + dt.timedelta(days=DAYS_AGAIN))
        for key, certificate in self.rows.items():
            if key in sold:
                self._take_back(certificate, row, actor)
            elif key in self.backs or self._percent_comes_back(key):
                entries.give_back(
                    certificate,
                    amount=self._amount(certificate),
                    lines=self.backs[key].lines if key in self.backs else [],
                    parts=self.backs[key].parts if key in self.backs else [],
                    given_back=row,
                    again_until=again,
                    now=now,
                    actor=actor,
                )

    def _amount(self, certificate: Certificate) -> Decimal:
        back = self.backs.get(certificate.pk)
        if back is None:
            return ONE
        if certificate.kind == Certificate.Kind.SUM:
            return back.money
        # One for an article is good again when all that it paid has come back.
        left = sum((rest for (key, _line), rest in self._left().items() if key == certificate.pk), ZERO)
        return ONE if left == back.money else ZERO

    def _percent_comes_back(self, key: int) -> bool:
        moves = [entry for entry in self.paid if entry.certificate_id == key]
        return self.whole and not any(entry.parts for entry in moves) and sum(entry.amount for entry in moves) < 0

    def _take_back(self, certificate: Certificate, row: Return, actor: str) -> None:
        if certificate.cancelled_at is not None:
            return
        kept = certificate.reservations.filter(program_id=certificate.program_id, until__gt=self.locked.now)
        if certificate.rest != certificate.nominal or kept.exists():
            raise Refused("certificate_used", rest=certificate.rest)
        entries.cancel(certificate, now=self.locked.now, actor=actor, sale=self.sale, given_back=row)
