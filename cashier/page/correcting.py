"""«Исправить сумму» and «Забыл карту»: the old receipt is voided and a new one sold in its place."""

from __future__ import annotations

import datetime as dt
import uuid

import msgspec
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from cashier.api.sales.rendering import receipt_text
from cashier.page import saying, tickets
from cashier.page.desk import Desk, spelled_lines
from cashier.page.door import Post, for_cashiers
from cashier.page.forms import FindForm
from cashier.page.numbers import spelled
from cashier.page.panel import panel_of
from cashier.page.receipts import sale_for, what_may_follow, word_for
from cashier.page.rendering import page, rehearsed, see
from cashier.page.saying import MustWaitError
from cashier.page.selling import act, refused_or_known, sale_of, show, told
from cashier.page.who import Named, look_for, named_by, who_of
from loyalty.engine.cart import Cart, Line
from loyalty.models import Sale, SaleLine
from loyalty.refusals import Refused
from loyalty.sales import stored
from loyalty.sales.correcting import correct
from loyalty.sales.receipt import Receipt
from loyalty.sales.request import Idempotency, SaleRequest, Who


class Correction(Desk):
    """Its quote is the correction itself, taken back before anybody has seen it."""

    old: Sale

    def request(self, at: dt.datetime, cashier: str) -> SaleRequest | None:
        asked = super().request(at, cashier)
        if asked is None or asked.client is None or self.client is None or asked.client.by != "card":
            return asked
        points = asked.cart.points
        if not points or (points != "max" and points <= self.old.points_redeemed):
            return asked
        # The card was shown for the old receipt; for more points than that one took, nobody has shown it.
        return msgspec.structs.replace(asked, client=Who("id", str(self.client.account_id)))

    def compute(self, asked: SaleRequest) -> Receipt:
        # A code is tried when it counts: here its failure could not be remembered.
        return preview(self.post, self.old, msgspec.structs.replace(asked, confirmation=""))


def preview(post: Post, old: Sale, asked: SaleRequest) -> Receipt:
    seen: list[Receipt] = []

    def keep(receipt: Receipt) -> str:
        seen.append(receipt)
        return ""

    key = Idempotency(uuid.uuid4().hex, b"")
    rehearsed(
        lambda: correct(caller=post.caller, sale_id=old.public_id, request=asked, key=key, now=post.now, render=keep)
    )
    return seen[-1]


@for_cashiers
@require_http_methods(["GET", "HEAD", "POST"])
def change(request: HttpRequest, post: Post, sale_id: uuid.UUID) -> HttpResponse:
    old = sale_for(post, sale_id)
    stands = stored.receipt_of(old, post.now)
    client = named_by(word_for(old, post), post) if old.account_id else None
    initial = {
        "receipt_number": old.receipt_number,
        "points": spelled(old.points_redeemed) if old.points_redeemed else "",
        **spelled_lines(stands),
    }
    desk = Correction(post, client, request.POST if request.method == "POST" else None, initial)
    desk.old = old
    done = act(request, desk, lambda: _correct(request, desk))
    if done is not None:
        return done
    if not what_may_follow(old, stands, post)["may_correct"]:
        return see("till_receipt", sale_id)
    context = {
        "desk": desk,
        "old": old,
        "panel": panel_of(client, post) if client else None,
        "by": client.by if client else "",
    }
    return show(request, desk, "correct", context)


def _correct(request: HttpRequest, desk: Correction) -> HttpResponse | None:
    post, ticket = desk.post, desk.ticket
    if ticket is None:
        desk.problem = saying.sale_form_is_over()
        return None
    try:
        asked = desk.request(post.now, ticket.cashier)
        if asked is None:
            return None
        if asked.confirmation:
            saying.refuse_guessing(post)
        return _corrected(request, post, desk.old, asked, ticket)
    except (Refused, MustWaitError) as error:
        return refused_or_known(desk, error)


def _corrected(request: HttpRequest, post: Post, old: Sale, asked: SaleRequest, ticket: tickets.Ticket) -> HttpResponse:
    answer = correct(
        caller=post.caller,
        sale_id=old.public_id,
        request=asked,
        key=tickets.idempotency(ticket, request.POST),
        now=post.now,
        render=receipt_text(post.caller.program_id),
    )
    return see("till_receipt", sale_of(answer))


@for_cashiers
@require_http_methods(["GET", "HEAD", "POST"])
def attach(request: HttpRequest, post: Post, sale_id: uuid.UUID, word: str = "") -> HttpResponse:
    """The client was forgotten: name him, look at what the receipt gives him, and book it."""
    old = sale_for(post, sale_id)
    if old.account_id is not None:  # somebody's points already, and not the cashier's to give away
        return see("till_receipt", sale_id)
    stands = stored.receipt_of(old, post.now)
    client = named_by(word, post) if word else None
    if client is not None:
        return _attach(request, post, old, client)
    if not what_may_follow(old, stands, post)["may_attach"]:
        return see("till_receipt", sale_id)
    form = FindForm(request.POST or None)
    context: dict[str, object] = {"form": form, "old": old}
    if request.method != "POST" or not form.is_valid():
        return page(request, post, "attach_find", context)
    try:
        found = look_for(form.cleaned_data["q"], post)
    except MustWaitError as error:
        form.add_error("q", _("Too many wrong numbers. Wait %(minutes)s min.") % {"minutes": -(-error.seconds // 60)})
    except Refused as refused:
        form.add_error("q", saying.sentence_of(refused, post))
    else:
        if isinstance(found, Named):
            return see("till_attach_to", sale_id, found.word(post))
        return page(request, post, "attach_find", {**context, "matches": found})
    return page(request, post, "attach_find", context)


def _attach(request: HttpRequest, post: Post, old: Sale, client: Named) -> HttpResponse:
    context: dict[str, object] = {"old": old, "ticket": tickets.new(post, "sale")}
    asked = as_it_was(old, post)
    problem = ""
    try:
        asked = msgspec.structs.replace(asked, client=who_of(client, post))
        if request.method == "POST":
            ticket = tickets.read(request.POST, post, "sale")
            if ticket is not None:
                return _corrected(request, post, old, asked, ticket)
            problem = saying.sale_form_is_over()
        context["told"] = told(preview(post, old, asked), post)
        context["panel"] = panel_of(client, post)
    except Refused as refused:
        problem = saying.sentence_of(refused, post)
    return page(request, post, "attach", {**context, "problem": problem})


def as_it_was(old: Sale, post: Post) -> SaleRequest:
    """What was sold then, without a client."""
    rows: models.QuerySet[SaleLine] = SaleLine.objects.filter(program_id=old.program_id, sale=old)
    lines = tuple(
        Line(row.quantity, row.price, row.amount, row.sku, row.name, row.category, row.brand)
        for row in rows.order_by("position")
    )
    return SaleRequest(
        cart=Cart(lines, outlet=post.caller.outlet_code, channel=old.channel),
        occurred_at=old.occurred_at,
        receipt_number=old.receipt_number,
        cashier=post.cashier.name,
    )
