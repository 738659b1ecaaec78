"""Book a receipt that has already happened at a till without a connection: never refused for its rules."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from django.db import transaction
from msgspec import structs

from loyalty.engine.rulebook import Rulebook
from loyalty.ledger import AccountState
from loyalty.models import ProgramVersion
from loyalty.programs import rulebook_of
from loyalty.refusals import Refused
from loyalty.sales.opening import AHEAD, Opened, open_sale
from loyalty.sales.repeating import twice, within_budgets
from loyalty.sales.request import Answer, Idempotency, RenderSale, SaleRequest
from loyalty.sales.selling import already_answered
from loyalty.sales.work import Work
from loyalty.sales.writing import write
from merchants.authentication import Caller


def book(*, caller: Caller, request: SaleRequest, key: Idempotency, now: dt.datetime, render: RenderSale) -> Answer:
    """Book a receipt of an offline till. What does not fit is booked without it and flagged for the manager.

    Points named by a number were given at the till: what the client did not have becomes a debt. Refused only for
    another receipt under the same number or key, and while the programme has no published rules at all.
    """
    return twice(lambda: within_budgets(lambda exact: _book(caller, request, key, now, render, exact=exact)))


@transaction.atomic
def _book(
    caller: Caller, request: SaleRequest, key: Idempotency, now: dt.datetime, render: RenderSale, *, exact: bool
) -> Answer:
    flags: list[str] = []
    if request.occurred_at > now + AHEAD:
        flags.append("clock_ahead")
        request = structs.replace(request, occurred_at=now)
    request = structs.replace(request, confirmation="", override="")
    opened = open_sale(caller=caller, request=request, now=now, lock=True, key=key, exact=exact)
    known = already_answered(opened, caller, request, key, now, render)
    if known is not None:
        return known
    account, booked = _client(opened, request, flags)
    version, rulebook, booked = _rules(opened, caller, booked, now, flags)
    booked = _given(opened, booked, flags, account, rulebook, caller)
    work = Work(opened, caller, booked, now, version, rulebook, account, tuple(flags))
    if _over_limit(work):
        work.flags += ("points_over_limit",)
    if _certificates_short(work):
        work.flags += ("certificates_not_booked",)
    if any(rejected.kind == "promo_code" for rejected in work.quote.rejected):
        work.flags += ("promo_codes_not_booked",)
    return write(work, work.book(None, render), key, sent=request)


def _client(opened: Opened, request: SaleRequest, flags: list[str]) -> tuple[AccountState | None, SaleRequest]:
    if request.client is None:
        return None, request
    account = opened.account
    if account is not None and account.status == "removed":
        account = None
    if account is not None and account.status != "blocked":
        return account, request
    flags.append("card_blocked" if opened.card else "client_blocked" if account else "client_not_found")
    return None, structs.replace(request, client=None)


def _rules(
    opened: Opened, caller: Caller, request: SaleRequest, now: dt.datetime, flags: list[str]
) -> tuple[int, Rulebook, SaleRequest]:
    """The rules of the receipt's time; the first ones for what is older than they are, and then nothing is earned."""
    version = opened.version
    if version is None:
        versions = ProgramVersion.objects.filter(program_id=caller.program_id, published_at__lte=now)
        version = versions.order_by("number").values_list("number", flat=True).first()
        if version is None:
            raise Refused("program_not_published")
        flags.append("before_first_version")
    rulebook = rulebook_of(caller.program_id, version)
    if request.occurred_at < now - dt.timedelta(days=rulebook.points.late_days):
        flags.append("too_old")
    if {"too_old", "before_first_version"} & set(flags):
        lines = tuple(structs.replace(line, earn=False) for line in request.cart.lines)
        request = structs.replace(request, cart=structs.replace(request.cart, lines=lines))
    return version, rulebook, request


def _over_limit(work: Work) -> bool:
    asked, allowed = work.request.cart.points, work.quote.allowance
    if not isinstance(asked, Decimal) or not asked:
        return False
    return asked > allowed.points or asked != work.quote.points or allowed.needs_confirmation


def _certificates_short(work: Work) -> bool:
    """Whether a certificate that the till has taken does not pay what it took of it."""
    paid = {part.code: part.money for part in work.quote.certificates}
    if any(rejected.kind == "certificate" for rejected in work.quote.rejected):
        return True
    return any(one.amount not in ("max", paid.get(one.code)) for one in work.request.cart.certificates)


def _given(
    opened: Opened,
    request: SaleRequest,
    flags: list[str],
    account: AccountState | None,
    rulebook: Rulebook,
    caller: Caller,
) -> SaleRequest:
    """Points that the till says it has taken are taken; «as many as possible» says nothing of what it did.

    Where spending needs a confirmation there was none, or a till could empty any client whose phone it knows: only a
    key that may adjust accounts is believed.
    """
    points, who = request.cart.points, request.client
    if points is None:
        return request
    confirm = rulebook.spending.confirm
    proves = who is not None and who.by not in confirm and not (opened.unproven and "phone" in confirm)
    believed = who is not None and (proves or "adjust" in caller.scopes)
    given = isinstance(points, Decimal) and account is not None and believed
    if not given:
        flags.append("points_not_booked")
    cart = structs.replace(request.cart, points=points if given else None, given=given)
    return structs.replace(request, cart=cart)
