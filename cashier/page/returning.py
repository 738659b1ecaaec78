"""Goods come back: what the client gets is shown before it happens."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import msgspec
from django.db.models import Sum
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from cashier.api.sales.rendering import given_back_text
from cashier.page import saying, tickets
from cashier.page.door import Post, for_cashiers
from cashier.page.forms import ReturnForm
from cashier.page.receipts import sale_for
from cashier.page.rendering import page, rehearsed, see
from loyalty import sales
from loyalty.models import Return, Sale
from loyalty.refusals import Refused
from loyalty.sales import stored
from loyalty.sales.opening import local_day
from loyalty.sales.receipt import GivenBack, Receipt, ReceiptLine
from loyalty.sales.request import Answer, Idempotency, RenderReturn, ReturnLineRequest, ReturnRequest

WAYS = ("all", "lines", "sum", "void")


@for_cashiers
@require_http_methods(["GET", "HEAD", "POST"])
def give_back(request: HttpRequest, post: Post, sale_id: uuid.UUID) -> HttpResponse:
    """First the choice, then (`act=show`) the numbers, then (`act=give`) the return itself."""
    sale = sale_for(post, sale_id)
    stands = stored.receipt_of(sale, post.now)
    lines = left_of(stands)
    # All lines, of a form that is sent once more those that are gone by now, too.
    form = ReturnForm(request.POST or None, lines=stands.lines)
    ticket = tickets.read(request.POST, post, "return") if request.method == "POST" else None
    context: dict[str, Any] = {"sale": sale, "receipt": stands, "form": form, "ticket": tickets.new(post, "return")}
    context["lines"] = [(line, form[f"line-{line.position}"]) for line in lines]
    context["may_void"] = _may_void(sale, stands, post)
    # A receipt of one sum has nothing to choose among.
    context["has_goods"] = len(stands.lines) > 1 or bool(stands.lines and stands.lines[0].name)
    context |= _most(sale, stands)
    if sale.status != Sale.Status.COMMITTED and ticket is None:
        return see("till_receipt", sale_id)
    if request.method != "POST" or not form.is_valid():
        return page(request, post, "return", context)
    way = request.POST.get("way", "")
    asked = _asked(way, form, stands.lines, ticket.cashier if ticket else post.cashier.name)
    gives = request.POST.get("act") == "give"
    context["problem"] = _problem(way, sale, gives=gives, is_ours=ticket is not None, may_void=context["may_void"])
    if asked is None or context["problem"]:
        return page(request, post, "return", context)
    try:
        if gives and ticket is not None:
            _give(post, sale, way, asked, tickets.idempotency(ticket, request.POST), given_back_text)
            return see("till_given_back", sale_id)
        context["given"] = _preview(post, sale, way, asked)
    except Refused as refused:
        context["problem"] = saying.sentence_of(refused, post)
        return page(request, post, "return", context)
    context |= {"way": way, "fields": [(name, value) for name, value in request.POST.items() if name in form.fields]}
    return page(request, post, "return_sure", context)


@for_cashiers
@require_http_methods(["GET", "HEAD"])
def given_back(request: HttpRequest, post: Post, sale_id: uuid.UUID) -> HttpResponse:
    """What has just come back."""
    sale = sale_for(post, sale_id)
    back = Return.objects.filter(program_id=sale.program_id, sale=sale).order_by("-id").first()
    if back is None:
        return see("till_receipt", sale_id)
    stands = stored.receipt_of(sale, post.now)
    response = page(request, post, "given_back", {"sale": sale, "back": back, "receipt": stands})
    response["X-Till-Sale"] = str(sale.public_id)
    return response


def left_of(receipt: Receipt) -> list[ReceiptLine]:
    """The lines of which something is left."""
    return [line for line in receipt.lines if line.returned_quantity < line.quantity]


def _most(sale: Sale, stands: Receipt) -> dict[str, Decimal]:
    """`most` that a return by a sum may be worth; of it `most_money` is money and `most_points` are points."""
    given = sale.returns.aggregate(points=Sum("points_value"), certificates=Sum("certificates_back"))
    money = stands.to_pay - stands.money_returned
    rest = stands.points_value + stands.certificates_paid - (given["points"] or 0) - (given["certificates"] or 0)
    return {"most": money + rest, "most_money": money, "most_points": stands.points_redeemed - stands.points_returned}


def _may_void(sale: Sale, stands: Receipt, post: Post) -> bool:
    today = sale.local_day == local_day(post.caller, post.now) and sale.till_id == post.caller.till_id
    return today and not stands.money_returned


def _problem(way: str, sale: Sale, *, gives: bool, is_ours: bool, may_void: bool) -> str:
    """Why it can't be asked for; empty where it can. A receipt that is voided already may be what this form did."""
    if gives and not is_ours:
        return _("This form is out of date. See what is left of the receipt, and send it once more.")
    if way == "void" and not may_void and sale.status == Sale.Status.COMMITTED:
        return _(
            "Only a receipt of today and of this till, of which nothing has come back, can be voided. "
            "Return everything that is left instead."
        )
    return ""


def _asked(way: str, form: ReturnForm, lines: Sequence[ReceiptLine], cashier: str) -> ReturnRequest | None:
    """None where the form names nothing, and then it says so."""
    given = form.cleaned_data
    asked = ReturnRequest(cashier=cashier, reason=given["reason"].strip())
    if way == "sum":
        if not given["amount"]:
            form.add_error("amount", _("Enter the sum to return."))
            return None
        return msgspec.structs.replace(asked, amount=given["amount"])
    if way == "lines":
        back = [(line.position, given[f"line-{line.position}"]) for line in lines]
        chosen = tuple(ReturnLineRequest(n, quantity) for n, quantity in back if quantity)
        if not chosen:
            form.add_error(None, _("Enter how much of which line comes back."))
            return None
        return msgspec.structs.replace(asked, lines=chosen)
    if way not in WAYS:
        form.add_error(None, _("Choose what comes back."))
        return None
    return asked


def _give(post: Post, sale: Sale, way: str, asked: ReturnRequest, key: Idempotency, render: RenderReturn) -> Answer:
    if way == "void":
        return sales.void(
            caller=post.caller,
            sale_id=sale.public_id,
            key=key,
            now=post.now,
            render=render,
            cashier=asked.cashier,
            reason=asked.reason,
        )
    return sales.give_back(
        caller=post.caller, sale_id=sale.public_id, request=asked, key=key, now=post.now, render=render
    )


def _preview(post: Post, sale: Sale, way: str, asked: ReturnRequest) -> GivenBack:
    seen: list[GivenBack] = []

    def keep(given: GivenBack) -> str:
        seen.append(given)
        return ""

    rehearsed(lambda: _give(post, sale, way, asked, Idempotency(uuid.uuid4().hex, b""), keep))
    return seen[-1]
