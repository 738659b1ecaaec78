"""A stored sale, as its receipt."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal

import msgspec
from django.db.models import Sum
from django.utils import timezone

from loyalty.engine.explanation import Fact
from loyalty.engine.quantities import ZERO
from loyalty.engine.rulebook import Rulebook
from loyalty.kin import kin_of
from loyalty.models import Certificate, Entry, ReturnLine, Sale, SaleLine
from loyalty.programs import rulebook_of
from loyalty.refusals import Refused
from loyalty.sales.consequences import stored
from loyalty.sales.moved import living
from loyalty.sales.receipt import PayingCertificate, Receipt, ReceiptLine, SoldCertificate
from loyalty.standing import NO_RULES, Standing, standing


def find(program_id: int, sale_id: uuid.UUID, merchant_id: int | None = None) -> Sale:
    """Refused `sale_not_found` for somebody else's sale, too: partners of one programme don't see each other's."""
    sales = Sale.objects.filter(program_id=program_id, public_id=sale_id)
    sale = sales.first() if merchant_id is None else sales.filter(merchant_id=merchant_id).first()
    if sale is None:
        raise Refused("sale_not_found")
    return sale


def get(
    *, program_id: int, sale_id: uuid.UUID, merchant_id: int | None = None, now: dt.datetime | None = None
) -> Receipt:
    """The receipt with its explanation, for ever; the client's standing is the present one. Of a sale that was moved to
    another client, the one in its place."""
    sale = living(find(program_id, sale_id, merchant_id))
    return receipt_of(sale, now or timezone.now())


def taken_back(sale: Sale) -> dict[int, Decimal]:
    """The points that each return took from the client, by its key: those of lines, and those given once for the whole
    receipt, for a step or for a tier."""
    entries = Entry.objects.filter(program_id=sale.program_id, sale=sale, kind=Entry.Kind.CLAW_BACK)
    # What those lost who had invited the client is none of his.
    mine = entries.exclude(account__in=kin_of(sale.program_id, stored(sale.consequences).accounts))
    sums = mine.values_list("given_back").annotate(points=-Sum("points"))
    return {key: points for key, points in sums if key is not None}


def receipt_of(sale: Sale, now: dt.datetime, client: Standing | None = None) -> Receipt:
    rulebook = rules_of(sale)
    lines = list(SaleLine.objects.filter(program_id=sale.program_id, sale=sale).order_by("position"))
    returns = sale.returns.filter(program_id=sale.program_id).aggregate(money=Sum("money"), points=Sum("points_back"))
    taken = sum(taken_back(sale).values(), ZERO) if returns["money"] is not None else ZERO
    if client is None and sale.account_id is not None:
        client = standing(program_id=sale.program_id, account_id=sale.account_id, now=now)
    returned = returned_quantities(sale)
    earnings = [dt.datetime.fromisoformat(earning["available_at"]) for earning in sale.earnings]
    latest = max(earnings, default=now)
    # A hold is over when its time is, whether or not the sweep has said so.
    over = sale.status == Sale.Status.HELD and sale.hold_until is not None and sale.hold_until <= now
    paying, sold_ones = _certificates(sale)
    return Receipt(
        status="ended" if over else sale.status,  # type: ignore[arg-type]
        occurred_at=sale.occurred_at,
        currency_digits=rulebook.program.currency_digits,
        precision=rulebook.program.precision,
        version=sale.version,
        total=sale.total,
        discount=sale.discount,
        points_redeemed=sale.points_redeemed,
        points_value=sale.points_value,
        certificates_paid=sale.certificates_paid,
        to_pay=sale.to_pay,
        points_earned=sale.points_earned,
        lines=tuple(
            ReceiptLine(
                position=line.position,
                sku=line.sku,
                name=line.name,
                quantity=line.quantity,
                price=line.price,
                amount=line.amount,
                discount=line.discount,
                points_value=line.points_value,
                points=line.points,
                certificate=line.certificate,
                paid=line.paid,
                earned=line.earned,
                returned_quantity=returned.get(line.pk, ZERO),
            )
            for line in lines
        ),
        facts=facts_of(sale),
        id=sale.public_id,
        receipt_number=sale.receipt_number,
        cashier=sale.cashier,
        identified_by=sale.identified_by,
        points_pending_until=latest if latest > now else None,
        hold_until=sale.hold_until if sale.status == Sale.Status.HELD else None,
        client=client,
        flags=tuple(sale.flags),
        money_returned=returns["money"] or ZERO,
        points_returned=returns["points"] or ZERO,
        points_taken_back=taken,
        certificates=paying,
        certificates_sold=sold_ones,
    )


def _certificates(sale: Sale) -> tuple[tuple[PayingCertificate, ...], tuple[SoldCertificate, ...]]:
    """The certificates that paid, with what is left of them now, and those that were sold."""
    kept = stored(sale.consequences)
    if not kept.certificates and not kept.sells:
        return (), ()
    found = Certificate.objects.filter(program_id=sale.program_id)
    paying = found.in_bulk([part.id for part in kept.certificates])
    sold = found.filter(sale=sale).order_by("line") if kept.sells else []
    return (
        tuple(
            PayingCertificate(row.code, row.kind, part.money, row.rest)
            for part in kept.certificates
            if (row := paying.get(part.id)) is not None
        ),
        tuple(SoldCertificate(row.line or 0, row.public_id, row.code, row.nominal, row.expires_at) for row in sold),
    )


def facts_of(sale: Sale) -> tuple[Fact, ...]:
    return tuple(msgspec.convert(fact, Fact) for fact in sale.explanation)


def rules_of(sale: Sale) -> Rulebook:
    return rulebook_of(sale.program_id, sale.version) if sale.version else NO_RULES


def returned_quantities(sale: Sale) -> dict[int, Decimal]:
    """How much of each line, by its primary key, has come back by quantity."""
    rows = ReturnLine.objects.filter(program_id=sale.program_id, given_back__sale=sale)
    return dict(rows.values("line").annotate(sum=Sum("quantity")).values_list("line", "sum"))
