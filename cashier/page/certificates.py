"""Gift certificates at the till page: what one holds, and selling one. Paying is a part of the receipt."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from django import forms
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods
from msgspec import Struct

from cashier.api.cart import CartInput, LineInput, sale_request
from cashier.api.problems.values import sentence
from cashier.api.sales.rendering import receipt_text
from cashier.page import saying, tickets
from cashier.page.codes import code_in
from cashier.page.door import Post, for_cashiers
from cashier.page.forms import text_field
from cashier.page.numbers import money_field
from cashier.page.rendering import page, see
from cashier.page.saying import MustWaitError
from cashier.page.selling import sale_of
from loyalty import sales
from loyalty.certificates import checking, codes, links, wording
from loyalty.models import Certificate, Sale
from loyalty.refusals import Refused
from loyalty.wording import words_on_page
from merchants import qr
from merchants.forms import PageForm


class CheckForm(PageForm):
    """A scanner ends with Enter, which sends the form."""

    q = text_field(
        limit=300,
        required=True,
        label=gettext_lazy("Code of the certificate"),
        help_text=gettext_lazy("Twelve letters and digits, or scan it."),
        widget=forms.TextInput(
            attrs={
                "autocomplete": "off",
                "autocapitalize": "characters",
                "spellcheck": "false",
                "enterkeyhint": "search",
            }
        ),
    )


class SellForm(PageForm):
    amount = money_field(label=gettext_lazy("Sum of the certificate"), required=True)
    receipt_number = text_field(limit=64, label=gettext_lazy("Receipt number"))


class Held(Struct, frozen=True):
    """What a certificate holds, in words."""

    code: str
    worth: str
    state: str
    said: str
    rest: str
    kept: Decimal
    until: dt.datetime


class SoldOne(Struct, frozen=True):
    """A certificate that a receipt has sold, to be handed over."""

    code: str
    worth: str
    until: dt.datetime
    link: str
    qr: str


@for_cashiers
@require_http_methods(["GET", "HEAD", "POST"])
def certificates(request: HttpRequest, post: Post) -> HttpResponse:
    wanted = request.POST.get("act") if request.method == "POST" else None
    check = CheckForm(request.POST if wanted == "check" else None)
    sell = SellForm(request.POST if wanted == "sell" else None)
    ticket = tickets.read(request.POST, post, "sale") if wanted == "sell" else None
    context: dict[str, object] = {"check": check, "sell": sell, "problem": ""}
    if wanted == "check" and check.is_valid():
        context["held"] = _look(check, post)
    elif wanted == "sell" and sell.is_valid():
        done = _sell(request, post, sell, ticket, context)
        if done is not None:
            return done
    context["ticket"] = request.POST.get(tickets.FIELD) if ticket else tickets.new(post, "sale")
    return page(request, post, "certificates", context)


def show(request: HttpRequest, post: Post, text: str) -> HttpResponse:
    """The same page for a certificate that was scanned where clients are looked for."""
    check = CheckForm({"q": text})
    check.is_valid()
    context = {"check": check, "sell": SellForm(), "problem": "", "held": _look(check, post)}
    return page(request, post, "certificates", {**context, "ticket": tickets.new(post, "sale")})


def _look(form: CheckForm, post: Post) -> Held | None:
    try:
        saying.refuse_guessing(post)
        return held(code_in(form.cleaned_data["q"]), post)
    except MustWaitError as error:
        form.add_error("q", _("Too many wrong numbers. Wait %(minutes)s min.") % {"minutes": -(-error.seconds // 60)})
    except Refused as refused:
        saying.count_guess(post, refused)
        form.add_error("q", saying.sentence_of(refused, post))
    return None


def held(code: str, post: Post) -> Held:
    """Refused `certificate_not_found`."""
    caller, words = post.caller, words_on_page(post.caller.program_id)
    one = checking.find(program_id=caller.program_id, merchant_id=caller.merchant_id, code=code)
    kept = one.rest - checking.available(one, now=post.now) if one.state(post.now) == "good" else Decimal(0)
    return Held(
        code=codes.shown(one.code),
        worth=wording.worth(one, words),
        state=one.state(post.now),
        said=wording.state(one, post.now),
        rest=wording.rest(one, words),
        kept=kept if one.kind == Certificate.Kind.SUM else Decimal(0),
        until=one.expires_at,
    )


def _sell(
    request: HttpRequest, post: Post, form: SellForm, ticket: tickets.Ticket | None, context: dict[str, object]
) -> HttpResponse | None:
    amount = form.cleaned_data["amount"]
    if not amount:
        form.add_error("amount", sentence("must_be_positive", {}))
        return None
    if ticket is None:
        context["problem"] = saying.sale_form_is_over()
        return None
    body = CartInput(
        receipt_number=form.cleaned_data["receipt_number"].strip(),
        cashier=ticket.cashier,
        lines=[LineInput(name=_("Gift certificate"), price=amount, sells_certificate=True)],
        occurred_at=tickets.happened_at(ticket, request.POST, post.now),
    )
    try:
        answer = sales.sell(
            caller=post.caller,
            request=sale_request(body, caller=post.caller, now=post.now),
            key=tickets.idempotency(ticket, request.POST),
            now=post.now,
            render=receipt_text(post.caller.program_id),
        )
    except Refused as refused:
        if refused.code == "key_revoked":
            raise
        context["problem"] = saying.sentence_of(refused, post)
        return None
    return see("till_receipt", sale_of(answer))


def sold_by(sale: Sale, site: str, post: Post) -> list[SoldOne]:
    """What the receipt's page hands over: those that can still pay."""
    words = words_on_page(post.caller.program_id)
    rows = Certificate.objects.good(post.now).filter(program_id=sale.program_id, sale=sale).order_by("line")
    found = []
    for one in rows:
        link = links.address(one, site)
        found.append(SoldOne(codes.shown(one.code), wording.worth(one, words), one.expires_at, link, qr.svg(link)))
    return found
