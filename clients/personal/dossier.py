"""Everything that the shop holds about a client, in sections: what he gets when he asks for his data.

Of other people there are keys alone. What staff have written about him is his; the codes of certificates and cards are
money, and only their ends stand here. A merchant who shares the programme gives out alone what comes of his own
receipts, files and decisions; the client himself gets all of it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final, TypeAlias

from django.db.models import Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from msgspec import Struct

from clients import birthdays
from clients.history import RulesOverTime, told
from clients.models import Client, ClientImport, ClientImportLine, ClientMerge, Consent
from clients.models.imports import LINES
from clients.personal import traces
from loyalty import by_hand, stamps
from loyalty.models import (
    Account,
    Activity,
    Card,
    Certificate,
    Entry,
    Exchange,
    Lot,
    PastReceiptLine,
    PersonalCoupon,
    PromoCode,
    PromoCodeUse,
    ReturnLine,
    Sale,
    SaleLine,
)
from loyalty.standing import standing
from loyalty.wording import words_of
from merchants.models import Merchant, OutboxMessage

Cell: TypeAlias = Any
VERSION: Final = 1
BATCH: Final = 500


class Asked(Struct, frozen=True):
    """Whose data, at which moment, and from where: of one merchant who shares the programme, or all (None)."""

    client: Client
    accounts: tuple[int, ...]
    now: dt.datetime
    merchant_id: int | None = None

    @property
    def program_id(self) -> int:
        return self.client.program_id

    def his(self, field: str = "account") -> dict[str, Any]:
        return {"program_id": self.program_id, f"{field}__in": self.accounts}

    def sales(self) -> QuerySet[Sale]:
        seen = Q() if self.merchant_id is None else Q(merchant_id=self.merchant_id)
        held = Q(status__in=(Sale.Status.HELD, Sale.Status.ENDED))
        return Sale.objects.filter(seen, ~held, **self.his()).order_by("pk")


class Section(Struct, frozen=True):
    """A table of the answer: the key of each column (JSON) with its title (CSV), and its rows."""

    key: str
    title: Promise
    columns: Mapping[str, Promise]
    rows: Callable[[Asked], Iterator[Sequence[Cell]]]


def asked_by(client: Client, *, now: dt.datetime, merchant_id: int | None = None) -> Asked:
    if merchant_id is not None:
        others = Merchant.objects.filter(program_id=client.program_id).exclude(pk=merchant_id)
        merchant_id = merchant_id if others.exists() else None
    return Asked(client, traces.Known.of(client).accounts, now, merchant_id)


def _profile(asked: Asked) -> Iterator[Sequence[Cell]]:
    client = asked.client
    account = Account.objects.get(pk=client.account_id)
    yield (
        str(account.public_id),
        client.name,
        str(client.phone or ""),
        client.email,
        birthdays.iso(client.birthday, year_known=client.birthday_year_known) or None,
        client.note,
        ", ".join(account.tags),
        client.created_at,
        account.status,
        account.block_reason,
        str(account.referrer.public_id) if account.referrer else "",
    )


def _merged(asked: Asked) -> Iterator[Sequence[Cell]]:
    """People of cards that became this one, while the merge can still be undone."""
    for row in ClientMerge.objects.filter(program_id=asked.program_id, client=asked.client).select_related("merge"):
        one = row.person
        born = dt.date.fromisoformat(one["birthday"]) if one["birthday"] else None
        birthday = birthdays.iso(born, year_known=one.get("birthday_year_known", True))
        yield row.merge.at, one["name"], one["phone"] or "", one["email"], birthday, one["note"]


def _cards(asked: Asked) -> Iterator[Sequence[Cell]]:
    for card in Card.objects.filter(**asked.his()).order_by("pk"):
        number = card.number if card.kind == Card.Kind.PHONE else f"…{card.number[-4:]}"
        yield card.kind, number, card.status, card.created_at


def _consents(asked: Asked) -> Iterator[Sequence[Cell]]:
    for one in Consent.objects.filter(program_id=asked.program_id, client=asked.client).order_by("at", "pk"):
        yield one.kind, one.given, one.at, one.source, one.address, one.text_version


def _balance(asked: Asked) -> Iterator[Sequence[Cell]]:
    one = standing(program_id=asked.program_id, account_id=asked.client.account_id, now=asked.now)
    account = Account.objects.get(pk=asked.client.account_id)
    yield (
        asked.now, one.available, one.pending, one.held, one.debt, one.balance, one.tier_title, account.spent,
        account.visits, account.purchases, account.first_purchase_at, account.last_purchase_at,
    )  # fmt: skip


def _lots(asked: Asked) -> Iterator[Sequence[Cell]]:
    for lot in Lot.objects.filter(**asked.his()).order_by("pk").iterator(BATCH):
        yield lot.pk, lot.created_at, lot.rule, lot.amount, lot.rest, lot.available_at, lot.expires_at


def _entries(asked: Asked) -> Iterator[Sequence[Cell]]:
    words, rules = words_of(asked.program_id), RulesOverTime(asked.program_id)
    entries = Entry.objects.filter(**asked.his()).select_related("sale").order_by("pk")
    hidden: set[int] = set()
    if asked.merchant_id is not None:
        for account in asked.accounts:
            mine = Entry.objects.filter(program_id=asked.program_id, account=account, kind=Entry.Kind.ADJUST)
            hidden |= by_hand.of_others(mine, merchant_id=asked.merchant_id)
    for entry in entries.iterator(BATCH):
        partner = asked.merchant_id is not None and entry.sale and entry.sale.merchant_id != asked.merchant_id
        if partner:
            entry.sale = None
        event = told(entry, words, rules, reader="partner" if entry.pk in hidden else "staff")
        sale = str(event.sale_id) if event.sale_id else ""
        yield event.id, event.at, event.kind, event.points, event.balance_after, event.title, event.why, sale


def _receipts(asked: Asked) -> Iterator[Sequence[Cell]]:
    for sale in asked.sales().select_related("merchant", "outlet").iterator(BATCH):
        yield (
            str(sale.public_id), sale.occurred_at, sale.receipt_number, sale.merchant.name, sale.outlet.name,
            sale.status, sale.total, sale.discount, sale.points_redeemed, sale.points_value, sale.certificates_paid,
            sale.to_pay, sale.points_earned, sale.channel,
        )  # fmt: skip


def _lines(asked: Asked) -> Iterator[Sequence[Cell]]:
    for sales in _batches(asked):
        keys = {sale.pk: str(sale.public_id) for sale in sales}
        lines = SaleLine.objects.filter(program_id=asked.program_id, sale__in=keys).order_by("sale", "position")
        for line in lines:
            yield (
                keys[line.sale_id], line.position, line.sku, line.name, line.category, line.quantity, line.price,
                line.amount, line.discount, line.paid, line.earned,
            )  # fmt: skip


def _returns(asked: Asked) -> Iterator[Sequence[Cell]]:
    for sales in _batches(asked):
        keys = {sale.pk: str(sale.public_id) for sale in sales}
        rows = ReturnLine.objects.filter(program_id=asked.program_id, given_back__sale__in=keys)
        for row in rows.select_related("given_back", "line").order_by("given_back", "pk"):
            back = row.given_back
            yield keys[back.sale_id], back.at, row.line.position, row.quantity, row.money, row.points, row.earned


def _batches(asked: Asked) -> Iterator[list[Sale]]:
    last = 0
    while sales := list(asked.sales().filter(pk__gt=last).only("pk", "public_id")[:BATCH]):
        yield sales
        last = sales[-1].pk


def _certificates(asked: Asked) -> Iterator[Sequence[Cell]]:
    found = Certificate.objects.filter(**asked.his("holder")).order_by("pk")
    if asked.merchant_id is not None:
        found = found.filter(merchant_id=asked.merchant_id)
    for one in found:
        yield (
            one.kind, f"…{one.code[-4:]}", one.nominal, one.rest, one.percent, one.for_whom, one.wish, one.email,
            one.created_at, one.expires_at, one.state(asked.now),
        )  # fmt: skip


def _coupons(asked: Asked) -> Iterator[Sequence[Cell]]:
    found = PersonalCoupon.objects.filter(**asked.his()).order_by("pk")
    if asked.merchant_id is not None:
        found = found.filter(Q(earned_by__merchant=asked.merchant_id) | Q(sale__merchant=asked.merchant_id))
    for one in found:
        yield one.title, f"…{one.code[-4:]}", one.percent, one.amount, one.created_at, one.expires_at, bool(one.sale_id)


def _promo_codes(asked: Asked) -> Iterator[Sequence[Cell]]:
    """Codes that were given to him alone."""
    found = PromoCode.objects.filter(**asked.his()).select_related("batch").order_by("pk")
    if asked.merchant_id is not None:
        found = found.filter(batch__merchant=asked.merchant_id)
    for one in found.iterator(BATCH):
        yield one.batch.name, f"…{one.code[-4:]}", one.given_at, one.ends_at, not one.free


def _promo_uses(asked: Asked) -> Iterator[Sequence[Cell]]:
    """Receipts of his that used a code of a batch; of one that is void it is said when it came back."""
    found = PromoCodeUse.objects.filter(**asked.his()).select_related("batch", "code", "sale").order_by("pk")
    if asked.merchant_id is not None:
        found = found.filter(sale__merchant=asked.merchant_id)
    for one in found.iterator(BATCH):
        code = f"…{one.code.code[-4:]}" if one.code else one.batch.word
        yield one.at, one.batch.name, code, str(one.sale.public_id), one.money, one.points, one.released_at


def _gifts(asked: Asked) -> Iterator[Sequence[Cell]]:
    found = Exchange.objects.filter(**asked.his()).order_by("pk")
    if asked.merchant_id is not None:
        found = found.filter(merchant=asked.merchant_id)
    for one in found.iterator(BATCH):
        yield (
            one.created_at, one.title, one.points, one.state, one.channel, one.note, one.claim_until, one.ended_at,
            one.reason,
        )  # fmt: skip


def _stamps(asked: Asked) -> Iterator[Sequence[Cell]]:
    for card in stamps.cards_of(program_id=asked.program_id, account_id=asked.client.account_id, now=asked.now):
        yield card.title, card.have, card.needed, card.points


def _invited(asked: Asked) -> Iterator[Sequence[Cell]]:
    """Those whom he invited: keys, and nothing else of them."""
    for account in Account.objects.filter(**asked.his("referrer")).order_by("pk").iterator(BATCH):
        yield str(account.public_id), account.created_at


def _actions(asked: Asked) -> Iterator[Sequence[Cell]]:
    found = Activity.objects.filter(**asked.his()).order_by("pk")
    if asked.merchant_id is not None:
        found = found.filter(merchant=asked.merchant_id)
    for one in found:
        yield one.action, one.reference, one.at, one.points, one.status, one.reason


def _messages(asked: Asked) -> Iterator[Sequence[Cell]]:
    """What waits to be sent. What was sent is kept nowhere."""
    for one in OutboxMessage.objects.filter(program_id=asked.program_id, payload__client=asked.client.pk):
        yield one.created_at, one.topic, one.due_at


def _imports(asked: Asked) -> Iterator[Sequence[Cell]]:
    lines = ClientImportLine.objects.filter(**asked.his()).order_by("pk")
    files = ClientImport.objects.filter(program_id=asked.program_id).in_bulk({line.pk // LINES for line in lines})
    for line in lines:
        one = files.get(line.pk // LINES)
        if asked.merchant_id is not None and (one is None or one.merchant_id != asked.merchant_id):
            continue
        yield (
            one.file_name if one else "", one.created_at if one else None, line.row, line.outcome, line.name or "",
            line.phone or "", line.email or "", line.birthday, line.note or "", line.points,
        )  # fmt: skip


def _past_receipts(asked: Asked) -> Iterator[Sequence[Cell]]:
    """What he bought in the former system, as far as it was loaded."""
    lines = PastReceiptLine.objects.filter(**asked.his("receipt__account")).select_related("receipt")
    if asked.merchant_id is not None:
        lines = lines.filter(receipt__merchant=asked.merchant_id)
    for line in lines.order_by("receipt", "position").iterator(BATCH):
        receipt = line.receipt
        yield (
            receipt.receipt_number, receipt.occurred_at, line.position, line.sku, line.name, line.quantity, line.amount,
        )  # fmt: skip


# Apps above this one add what they know.
SECTIONS: Final[list[Section]] = [
    Section(
        "profile",
        _("About the client"),
        {
            "id": _("Id"), "name": _("Name of the client"), "phone": _("Phone"), "email": _("E-mail"),
            "birthday": _("Birthday"), "note": _("Note of the staff"), "tags": _("Tags"), "joined_at": _("Joined"),
            "status": _("State"), "block_reason": _("Blocked because"), "invited_by": _("Invited by, id"),
        },
        _profile,
    ),
    Section(
        "merged_cards",
        _("Merged cards"),
        {
            "merged_at": _("Merged"), "name": _("Name of the client"), "phone": _("Phone"), "email": _("E-mail"),
            "birthday": _("Birthday"), "note": _("Note of the staff"),
        },
        _merged,
    ),
    Section(
        "cards",
        _("Cards"),
        {"kind": _("Kind"), "number": _("Number"), "status": _("State"), "issued_at": _("Given on")},
        _cards,
    ),
    Section(
        "consents",
        _("Consents"),
        {
            "kind": _("Consent"), "given": _("Given"), "at": _("When"), "source": _("Where"), "address": _("Address"),
            "text_version": _("Version of the text"),
        },
        _consents,
    ),
    Section(
        "balance",
        _("Balance"),
        {
            "at": _("As of"), "available": _("Available"), "pending": _("Pending"), "held": _("Held"),
            "debt": _("Debt"), "balance": _("Balance"), "tier": _("Tier"), "spent": _("Spent"),
            "visits": _("Visits"), "purchases": _("Purchases"), "first_purchase_at": _("First purchase"),
            "last_purchase_at": _("Last purchase"),
        },
        _balance,
    ),
    Section(
        "lots",
        _("What the points are made of"),
        {
            "id": _("Id"), "given_at": _("Given on"), "rule": _("Rule"), "points": _("Points"), "rest": _("Left"),
            "available_at": _("Can be spent"), "expires_at": _("Expires"),
        },
        _lots,
    ),
    Section(
        "entries",
        _("History of the points"),
        {
            "id": _("Id"), "at": _("When"), "kind": _("Kind"), "points": _("Points"), "balance_after": _("Balance"),
            "title": _("What happened"), "why": _("Why"), "receipt": _("Receipt, id"),
        },
        _entries,
    ),
    Section(
        "receipts",
        _("Receipts"),
        {
            "id": _("Id"), "at": _("When"), "number": _("Receipt"), "merchant": _("Company"), "outlet": _("Outlet"),
            "status": _("State"), "total": _("Total"), "discount": _("Discount"),
            "points_redeemed": _("Points spent"), "points_value": _("Paid by points"),
            "certificates_paid": _("Paid by certificates"), "paid": _("Paid"), "points_earned": _("Points earned"),
            "channel": _("Channel"),
        },
        _receipts,
    ),
    Section(
        "receipt_lines",
        _("Lines of receipts"),
        {
            "receipt": _("Receipt, id"), "position": _("Line"), "sku": _("SKU"), "name": _("Name"),
            "category": _("Category"), "quantity": _("Quantity"), "price": _("Price"), "amount": _("Amount"),
            "discount": _("Discount"), "paid": _("Paid"), "points_earned": _("Points earned"),
        },
        _lines,
    ),
    Section(
        "returns",
        _("Returns"),
        {
            "receipt": _("Receipt, id"), "at": _("When"), "position": _("Line"), "quantity": _("Quantity"),
            "money": _("Money back"), "points_back": _("Points back"), "points_taken": _("Points taken back"),
        },
        _returns,
    ),
    Section(
        "certificates",
        _("Gift certificates"),
        {
            "kind": _("Kind"), "code_ends": _("Code ends in"), "nominal": _("Nominal"), "rest": _("Left"),
            "percent": _("Discount, %"), "for_whom": _("For whom"), "wish": _("Wish"), "email": _("E-mail"),
            "issued_at": _("Given on"), "expires_at": _("Expires"), "state": _("State"),
        },
        _certificates,
    ),
    Section(
        "coupons",
        _("Personal coupons"),
        {
            "title": _("For what"), "code_ends": _("Code ends in"), "percent": _("Discount, %"),
            "amount": _("Discount"), "given_at": _("Given on"), "expires_at": _("Expires"), "used": _("Used"),
        },
        _coupons,
    ),
    Section(
        "promo_codes",
        _("Promo codes given to the client"),
        {
            "title": _("For what"), "code_ends": _("Code ends in"), "given_at": _("Given on"),
            "expires_at": _("Expires"), "used": _("Used"),
        },
        _promo_codes,
    ),
    Section(
        "promo_code_uses",
        _("Receipts with promo codes"),
        {
            "at": _("When"), "title": _("For what"), "code": _("Promo code"), "receipt": _("Receipt, id"),
            "discount": _("Discount"), "points": _("Points"), "given_back_at": _("Came back on"),
        },
        _promo_uses,
    ),
    Section(
        "gifts",
        _("Gifts for points"),
        {
            "at": _("When"), "gift": _("Gift"), "points": _("Points"), "state": _("State"), "channel": _("Channel"),
            "note": _("What the client said"), "claim_until": _("Kept until"),
            "ended_at": _("Handed over or cancelled"), "reason": _("Why"),
        },
        _gifts,
    ),
    Section(
        "stamps",
        _("Stamp cards"),
        {
            "card": _("Stamp card"), "have": _("Stamps"), "needed": _("Stamps for a full card"),
            "points": _("Points for a full card"),
        },
        _stamps,
    ),
    Section("invited", _("Has invited"), {"id": _("Id"), "joined_at": _("Joined")}, _invited),
    Section(
        "actions",
        _("Clients’ actions"),
        {
            "action": _("Kind"), "reference": _("What exactly"), "at": _("When"), "points": _("Points"),
            "status": _("State"), "reason": _("Why"),
        },
        _actions,
    ),
    Section(
        "messages_waiting",
        _("Messages that wait to be sent"),
        {"at": _("When"), "topic": _("Kind"), "due_at": _("To be sent")},
        _messages,
    ),
    Section(
        "imports",
        _("Loaded files that name the client"),
        {
            "file": _("File"), "at": _("When"), "row": _("Line"), "outcome": _("State"),
            "name": _("Name of the client"), "phone": _("Phone"), "email": _("E-mail"), "birthday": _("Birthday"),
            "note": _("Note of the staff"), "points": _("Points"),
        },
        _imports,
    ),
    Section(
        "past_receipts",
        _("Receipts of the former system"),
        {
            "receipt": _("Receipt"), "at": _("When"), "position": _("Line"), "sku": _("SKU"), "name": _("Product"),
            "quantity": _("Quantity"), "amount": _("Sum"),
        },
        _past_receipts,
    ),
]  # fmt: skip


def plain(cell: Cell) -> Any:
    """A cell in JSON: numbers as text, so that no point is lost; moments with their zone."""
    match cell:
        case Decimal():
            return f"{cell:f}"
        case dt.datetime() | dt.date():
            return cell.isoformat()
        case Promise():
            return str(cell)
        case _:
            return cell
