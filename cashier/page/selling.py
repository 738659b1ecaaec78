"""Key in a receipt, look at the quote, book it."""

from __future__ import annotations

import uuid
from collections.abc import Callable

import msgspec
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods

from cashier.api.sales.rendering import receipt_text
from cashier.page import saying, tickets
from cashier.page.desk import Desk
from cashier.page.door import Post, for_cashiers
from cashier.page.fiscal import pieces_of
from cashier.page.forms import LONGEST_CODE
from cashier.page.panel import panel_of
from cashier.page.rendering import page, see
from cashier.page.saying import MustWaitError
from cashier.page.who import named_by
from loyalty import sales
from loyalty.explanations import explain, why_rejected
from loyalty.models import IdempotencyKey
from loyalty.programs import rulebook_of
from loyalty.refusals import Refused
from loyalty.sales.receipt import Receipt
from loyalty.sales.request import Answer
from loyalty.wording import words_on_page


@for_cashiers
@require_http_methods(["GET", "HEAD", "POST"])
def sale(request: HttpRequest, post: Post, word: str = "") -> HttpResponse:
    client = named_by(word, post) if word else None
    if word and client is None:
        return see("till")
    initial = {"certificate": request.GET.get("certificate", "")[:LONGEST_CODE]}
    desk = Desk(post, client, request.POST if request.method == "POST" else None, initial)
    done = act(request, desk, lambda: _sell(request, desk))
    if done is not None:
        return done
    context: dict[str, object] = {
        "desk": desk,
        "panel": panel_of(client, post) if client else None,
        "word": word,
        "by": client.by if client else "",
        "joined": "joined" in request.GET,
        "bound": "bound" in request.GET,
        "card_back": "card_back" in request.GET,
    }
    return show(request, desk, "sale", context)


def act(request: HttpRequest, desk: Desk, sell: Callable[[], HttpResponse | None]) -> HttpResponse | None:
    """What the button asks for. The answer where that is another page."""
    if request.method != "POST":
        return None
    wanted = request.POST.get("act")
    if wanted == "sell":
        return sell()
    if "coupon" in request.POST:
        desk.use_coupon(request.POST["coupon"])
    elif wanted == "add":
        desk.add_line()
    elif wanted == "all":
        desk.ask_for_all()
    elif wanted == "send":
        desk.send_code()
    desk.quote()
    return None


def show(request: HttpRequest, desk: Desk, template: str, context: dict[str, object]) -> HttpResponse:
    context |= {
        "ticket": request.POST.get(tickets.FIELD) if desk.ticket else tickets.new(desk.post, "sale"),
        "told": told(desk.quoted, desk.post) if desk.quoted else None,
    }
    return page(request, desk.post, template, context)


def _sell(request: HttpRequest, desk: Desk) -> HttpResponse | None:
    post, ticket = desk.post, desk.ticket
    if ticket is None:
        desk.problem = saying.sale_form_is_over()
        return None
    try:
        asked = desk.request(tickets.happened_at(ticket, request.POST, post.now), ticket.cashier)
        if asked is None:
            return None
        if asked.confirmation or asked.cart.certificates:
            saying.refuse_guessing(post)
        key = tickets.idempotency(ticket, request.POST)
        render = receipt_text(post.caller.program_id)
        answer = sales.sell(caller=post.caller, request=asked, key=key, now=post.now, render=render)
    except (Refused, MustWaitError) as error:
        return refused_or_known(desk, error)
    return see("till_receipt", sale_of(answer))


def refused_or_known(desk: Desk, error: Refused | MustWaitError) -> HttpResponse | None:
    """A form that was changed after it had been booked leads to what was booked; so does one whose one-time code it
    used up itself."""
    known = booked_by(desk)
    if known is not None:
        return see("till_receipt", known, query="?already=1")
    desk.refused(error)
    return None


def booked_by(desk: Desk) -> uuid.UUID | None:
    if desk.ticket is None:
        return None
    caller = desk.post.caller
    row = IdempotencyKey.objects.filter(
        program_id=caller.program_id, till_id=caller.till_id, key=desk.ticket.key
    ).first()
    return uuid.UUID(msgspec.json.decode(row.answer)["id"]) if row else None


def sale_of(answer: Answer) -> uuid.UUID:
    return answer.sale_id or uuid.UUID(msgspec.json.decode(answer.text)["id"])


def told(receipt: Receipt, post: Post) -> dict[str, object]:
    """A receipt for people: why it came out so, and what is to be keyed in at the fiscal till."""
    words = words_on_page(post.caller.program_id)
    rulebook = rulebook_of(post.caller.program_id, receipt.version) if receipt.version else None
    off = receipt.discount + receipt.points_value
    return {
        "receipt": receipt,
        "why": [explain(fact, words, rulebook=rulebook) for fact in receipt.facts],
        "rejected": [(one.value, why_rejected(one, words)) for one in receipt.rejected],
        "fiscal": pieces_of(receipt) if off else [],
        "off": off,
    }
