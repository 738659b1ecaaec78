"""Receipts of the till: the last ones, one of them, the shift."""

from __future__ import annotations

import uuid

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from cashier.page.certificates import sold_by
from cashier.page.door import Post, for_cashiers
from cashier.page.rendering import page
from cashier.page.selling import told
from cashier.page.today import by_number, last_receipts, summed, totals
from cashier.page.who import Named
from clients.models import Client
from loyalty import giving_cards, stamps
from loyalty.goods.marking import SELLS_CERTIFICATE
from loyalty.models import Card, CardSettings, Sale, SaleLine
from loyalty.refusals import Refused
from loyalty.sales import stored
from loyalty.sales.consequences import stored as stored_consequences
from loyalty.sales.correcting import may_correct
from loyalty.sales.moved import living
from loyalty.sales.opening import local_day
from loyalty.sales.receipt import Receipt
from loyalty.wording import words_on_page


@for_cashiers
@require_safe
def receipts(request: HttpRequest, post: Post) -> HttpResponse:
    """Today's of this till; with a number, those of the outlet that have it."""
    # Addresses are edited by hand, and the database takes no NUL.
    number, cashier = (request.GET.get(name, "").replace("\0", "").strip()[:64] for name in ("number", "cashier"))
    if number:
        found = by_number(post.caller, number, post.now)
    else:
        found = last_receipts(post.caller, post.now, cashier=cashier)
    mine = cashier == post.cashier.name
    return page(request, post, "receipts", {"found": found, "number": number, "mine": mine})


@for_cashiers
@require_safe
def receipt(request: HttpRequest, post: Post, sale_id: uuid.UUID) -> HttpResponse:
    """One receipt: what the till shows when it is done, and where it is corrected or taken back."""
    sale = sale_for(post, sale_id)
    stands = stored.receipt_of(sale, post.now)
    client = Client.objects.filter(program_id=post.caller.program_id, account=sale.account_id).first()
    context = {
        "sale": sale,
        "told": told(stands, post),
        "client": client,
        "word": word_for(sale, post),
        "sold": sold_by(sale, request.build_absolute_uri("/"), post) if stands.certificates_sold else [],
        "stamps": _stamps(sale, post),
        "already": "already" in request.GET,
        "may_give_card": _may_give_card(sale, post),
        "corrected": Sale.objects.filter(pk=sale.replaces_id).first() if sale.replaces_id else None,
        **what_may_follow(sale, stands, post),
    }
    response = page(request, post, "receipt", context)
    # The script that sent the sale knows by this that it is booked.
    response["X-Till-Sale"] = str(sale.public_id)
    return response


def _may_give_card(sale: Sale, post: Post) -> bool:
    """Where cards are given with receipts, to whoever has none."""
    if sale.account_id is None or sale.status != Sale.Status.COMMITTED:
        return False
    if giving_cards.terms(post.caller.program_id).given == CardSettings.Given.AT_ONCE:
        return False
    return not Card.objects.filter(
        program_id=sale.program_id, account=sale.account_id, kind=Card.Kind.PLASTIC, status=Card.Status.ACTIVE
    ).exists()


def _stamps(sale: Sale, post: Post) -> list[tuple[stamps.Card, str]]:
    """How far the client's cards are, to tell him with his receipt."""
    if sale.account_id is None or sale.status != Sale.Status.COMMITTED:
        return []
    words = words_on_page(post.caller.program_id)
    return stamps.shown(program_id=post.caller.program_id, account_id=sale.account_id, now=post.now, words=words)


@for_cashiers
@require_safe
def shift(request: HttpRequest, post: Post) -> HttpResponse:
    parts = totals(post.caller, post.now)
    today = local_day(post.caller, post.now)
    return page(request, post, "shift", {"parts": parts, "whole": summed(parts), "today": today})


def sale_for(post: Post, sale_id: uuid.UUID) -> Sale:
    """A sale of this merchant; of one that was moved to another client, the receipt in its place. Http404 for others'
    and for holds, which belong to the tills that made them."""
    try:
        sale = living(stored.find(post.caller.program_id, sale_id, post.caller.merchant_id))
    except Refused:
        raise Http404 from None
    if sale.status not in (Sale.Status.COMMITTED, Sale.Status.VOIDED):
        raise Http404
    return sale


def what_may_follow(sale: Sale, stands: Receipt, post: Post) -> dict[str, bool]:
    untouched = not stands.money_returned and not stands.points_returned
    correctable = untouched and sold_here(sale) and may_correct(sale, caller=post.caller, now=post.now)
    return {
        "may_correct": correctable,
        "may_attach": correctable and sale.account_id is None,
        "may_return": sale.status == Sale.Status.COMMITTED,
    }


def sold_here(sale: Sale) -> bool:
    """Whether this page may have made the receipt. A till's program says more of its lines than the page could repeat
    (goods, what may not be earned or paid): such a receipt is given back and sold anew, there."""
    lines = SaleLine.objects.filter(program_id=sale.program_id, sale=sale)
    said_more = lines.exclude(sku="", category="", brand="") | lines.filter(marks__gte=SELLS_CERTIFICATE)
    return not stored_consequences(sale.consequences).certificates and not said_more.exists()


def word_for(sale: Sale, post: Post) -> str:
    """The client of a receipt as he was named then; a one-time code, which is used up, counts as the card it stood
    for."""
    if sale.account is None:
        return ""
    by = sale.identified_by if sale.identified_by in ("phone", "id") else "card"
    return Named(sale.account.public_id, by).word(post)  # type: ignore[arg-type]
