"""Quote, sell, hold, and book what an offline till has already sold."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import TypeVar

from django.db import transaction

from loyalty import confirmation
from loyalty.refusals import Refused
from loyalty.sales.holds import commit_locked
from loyalty.sales.opening import Opened, WrongConfirmation, open_sale
from loyalty.sales.receipt import Receipt
from loyalty.sales.repeating import twice, within_budgets
from loyalty.sales.request import Answer, Idempotency, RenderSale, SaleRequest
from loyalty.sales.stored import get
from loyalty.sales.work import Work
from loyalty.sales.writing import contents_digest, write
from merchants.authentication import Caller

R = TypeVar("R")


def quote(*, caller: Caller, request: SaleRequest, now: dt.datetime) -> Receipt:
    """Compute a receipt and keep nothing. Points beyond the limit are cut to it."""
    if not request.confirmation:
        return _quote(caller, request, now)
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
    opened = open_sale(caller=caller, request=request, now=now, lock=bool(request.confirmation))
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
    def attempt(*, exact: bool = False) -> Answer:
        opened = open_sale(caller=caller, request=request, now=now, lock=True, key=key, exact=exact)
        known = already_answered(opened, caller, request, key, now, render, holding=until is not None)
        if known is not None:
            return known
        work = Work.begin(opened, caller, request, now)
        work.refuse_unless_as_asked()
        return write(work, work.book(until, render), key, sent=request)

    return twice(lambda: within_budgets(lambda exact: _counting_failures(caller, lambda: attempt(exact=exact))))


def already_answered(
    opened: Opened,
    caller: Caller,
    request: SaleRequest,
    key: Idempotency,
    now: dt.datetime,
    render: RenderSale,
    *,
    holding: bool = False,
) -> Answer | None:
    """The stored answer of the key, or the first answer to the same receipt; None for something new."""
    if opened.stored is not None:
        if opened.stored.digest != key.body_digest.hex():
            raise Refused("idempotency_key_reused")
        return Answer(opened.stored.status, opened.stored.text, replayed=True)
    if opened.receipt is not None:
        if opened.receipt.digest != contents_digest(request):
            raise Refused("receipt_exists", receipt_number=request.receipt_number)
        if opened.receipt.held and not holding:
            # The till has lost sight of its hold: selling the receipt books it.
            return commit_locked(caller, opened.receipt.id, key, now, render)
        first = get(program_id=caller.program_id, sale_id=opened.receipt.id)
        return Answer(200, render(first), first.id, replayed=True)
    return None


def _counting_failures(caller: Caller, attempt: Callable[[], R]) -> R:
    """Count a wrong code while the account is still locked, and keep the count although nothing is sold."""
    with transaction.atomic():
        try:
            return attempt()
        except WrongConfirmation as error:
            confirmation.count_failure(program_id=caller.program_id, account_id=error.account_id)
            wrong = error
    raise wrong
