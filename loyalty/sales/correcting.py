"""Correct a receipt of today: the old one is voided and the new one sold in its place, or neither."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
import uuid
from decimal import Decimal

import msgspec
from django.db import IntegrityError, transaction
from django.utils.translation import gettext, override

from loyalty import confirmation, ledger
from loyalty.accounts import find
from loyalty.models import Sale
from loyalty.programs import rulebook_at
from loyalty.refusals import Refused
from loyalty.sales import stored
from loyalty.sales.keys import stored_answer
from loyalty.sales.locking import LockedSale
from loyalty.sales.moved import FLAG, MovedOn, followed, next_of
from loyalty.sales.opening import WrongConfirmation, local_day
from loyalty.sales.request import Answer, Idempotency, RenderSale, SaleRequest
from loyalty.sales.returning import void
from loyalty.sales.selling import sell
from merchants import audit
from merchants.authentication import Caller

WITHIN = dt.timedelta(hours=24)
REASON = "correction"
_NUMBERED = re.compile(r"(.*)/([0-9]+)")


def correct(
    *, caller: Caller, sale_id: uuid.UUID, request: SaleRequest, key: Idempotency, now: dt.datetime, render: RenderSale
) -> Answer:
    """Void a sale and sell `request` in its place, at the time of the old one and with the rules of that time.

    The new sale names the old one in `replaces`. A receipt number is taken already, by the old one: the same number
    becomes «17/2». Points need no second confirmation while they are no more than the old receipt took of the same
    client. The same key gives the first answer.

    A receipt that was moved to another client is corrected by its old id, too: the one in its place is.

    Refused `sale_not_found` at another till, `sale_not_sold` for what is voided (corrected, too) or held,
    `occurred_at_too_old` where it is neither of this local day nor of the last 24 hours, `return_exceeds_sale` where
    goods have come back; and for all that `sell` refuses.
    """
    try:
        return followed(sale_id, lambda living: _correct(caller, living, request, key, now, render))
    except (IntegrityError, Refused) as error:
        # The same request may have won on another connection: then its answer is there now.
        known = stored_answer(program_id=caller.program_id, till_id=caller.till_id, key=key)
        if known is not None:
            return known
        if isinstance(error, WrongConfirmation):
            # Where the sale counted it, the count went back with everything else.
            confirmation.count_failure(program_id=caller.program_id, account_id=error.account_id)
        raise


def may_correct(sale: Sale, *, caller: Caller, now: dt.datetime) -> bool:
    """Whether `correct` would take this sale; whether goods have come back is not looked at."""
    if sale.status != Sale.Status.COMMITTED or sale.till_id != caller.till_id:
        return False
    return sale.local_day == local_day(caller, now) or now - sale.occurred_at <= WITHIN


@transaction.atomic
def _correct(
    caller: Caller, sale_id: uuid.UUID, request: SaleRequest, key: Idempotency, now: dt.datetime, render: RenderSale
) -> Answer:
    known = stored_answer(program_id=caller.program_id, till_id=caller.till_id, key=key)
    if known is not None:
        return known
    before = stored.find(caller.program_id, sale_id, caller.merchant_id)
    _lock_accounts(caller, before, request, now)
    old = LockedSale(caller=caller, sale_id=sale_id, now=now).sale
    known = stored_answer(program_id=caller.program_id, till_id=caller.till_id, key=key)
    if known is not None:
        return known
    after = next_of(old)
    if after is not None:
        raise MovedOn(after.public_id)
    _refuse_unless_correctable(old, caller, now)
    request = msgspec.structs.replace(
        request, occurred_at=old.occurred_at, receipt_number=next_number(old, request.receipt_number)
    )
    seller, request = _confirmed(old, caller, request)
    void(
        caller=caller,
        sale_id=sale_id,
        key=Idempotency(hashlib.sha256(f"{key.key}\nvoid".encode()).hexdigest(), key.body_digest),
        now=now,
        render=lambda _given: "",
        cashier=request.cashier,
        reason=REASON,
    )
    answer = sell(caller=seller, request=request, key=key, now=now, render=render)
    if answer.replayed or answer.sale_id is None:  # a receipt with the new number is there, and not for this one
        raise Refused("receipt_exists", receipt_number=request.receipt_number)
    Sale.objects.filter(program_id=caller.program_id, public_id=answer.sale_id).update(replaces=old)
    audit.record(
        program_id=caller.program_id,
        action="sale.corrected",
        at=now,
        by=f"{caller} {request.cashier}".strip(),
        subject=old,
        details={"sale": str(sale_id), "by": str(answer.sale_id)},
    )
    return answer


def _lock_accounts(caller: Caller, old: Sale, request: SaleRequest, now: dt.datetime) -> None:
    """Accounts come before sales, by id: the client of the old receipt and that of the new one."""
    accounts = set() if old.account_id is None else {old.account_id}
    if request.client is not None:
        accounts.add(find(program_id=caller.program_id, who=request.client, now=now).pk)
    ledger.lock_with_uplines(program_id=caller.program_id, accounts=accounts)


def _refuse_unless_correctable(old: Sale, caller: Caller, now: dt.datetime) -> None:
    if old.till_id != caller.till_id:
        raise Refused("sale_not_found")
    if old.status != Sale.Status.COMMITTED:
        raise Refused("sale_not_sold", status=old.status)
    if not may_correct(old, caller=caller, now=now):
        raise Refused("occurred_at_too_old", days=WITHIN.days)
    if old.returns.filter(program_id=old.program_id).exists():
        raise Refused("return_exceeds_sale")


def next_number(old: Sale, wanted: str) -> str:
    """«17» → «17/2» → «17/3»; another number, or none, stays as it is. A till knows a moved receipt, which is «17/2»
    here, as «17»."""
    numbered = _NUMBERED.fullmatch(old.receipt_number) if old.replaces_id is not None else None
    if numbered and numbered[1] == wanted and FLAG in old.flags:
        wanted = old.receipt_number
    if not wanted or wanted != old.receipt_number:
        return wanted
    stem, n = (numbered[1], int(numbered[2]) + 1) if numbered else (wanted, 2)
    return f"{stem[: 63 - len(str(n))]}/{n}"


def _confirmed(old: Sale, caller: Caller, request: SaleRequest) -> tuple[Caller, SaleRequest]:
    """What the client has confirmed for the old receipt holds for the new one: as a senior's override would."""
    points = request.cart.points
    if request.confirmation or request.client is None or not isinstance(points, Decimal) or not points:
        return caller, request
    _version, rulebook = rulebook_at(caller.program_id, old.occurred_at)
    account = find(program_id=caller.program_id, who=request.client, now=old.occurred_at)
    if request.client.by not in rulebook.spending.confirm or account.pk != old.account_id:
        return caller, request
    if points > old.points_redeemed:
        return caller, request
    seller = msgspec.structs.replace(caller, scopes=caller.scopes | {"adjust"})
    return seller, msgspec.structs.replace(request, override=_said(old, caller))


def _said(old: Sale, caller: Caller) -> str:
    """The reason as the team reads it in the audit log."""
    with override(caller.language):
        if not old.receipt_number:
            return gettext("Correction of a receipt without a number")
        return gettext("Correction of receipt %(number)s") % {"number": old.receipt_number}
