"""Gifts for points at the till page: what the client may take, taking it, and handing over what was taken elsewhere."""

from __future__ import annotations

import uuid

from django import forms
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe
from msgspec import Struct

from cashier.page import saying, tickets
from cashier.page.desk import CARD_DIGITS, SMS_DIGITS
from cashier.page.door import Post, for_cashiers
from cashier.page.forms import text_field
from cashier.page.panel import panel_of
from cashier.page.rendering import page, see
from cashier.page.saying import MustWaitError
from cashier.page.who import Named, account_of, named, named_by, who_of
from loyalty import confirmation
from loyalty.models import Exchange
from loyalty.presence import DIGITS
from loyalty.programs import rulebook_at
from loyalty.refusals import Refused
from loyalty.rewards import at_till, codes, ending, exchanging, offering, wording
from loyalty.rewards.offering import Offer
from loyalty.sales.request import Who
from merchants.forms import PageForm

FORM = ["GET", "HEAD", "POST"]


class CheckForm(PageForm):
    """A scanner ends with Enter, which sends the form."""

    q = text_field(
        limit=60,
        required=True,
        label=gettext_lazy("Code of the gift"),
        help_text=gettext_lazy("Eight letters and digits from the client’s phone, or scan it."),
        widget=forms.TextInput(
            attrs={
                "autocomplete": "off",
                "autocapitalize": "characters",
                "spellcheck": "false",
                "enterkeyhint": "search",
            }
        ),
    )


class TakeForm(PageForm):
    note = text_field(limit=250, label=gettext_lazy("What the client says"))
    confirmation = text_field(
        limit=DIGITS,
        label=gettext_lazy("Code of the client"),
        help_text=gettext_lazy("Four digits from the message, or six from the client’s card on the phone."),
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )
    handed = forms.BooleanField(label=gettext_lazy("The client gets it right now"), required=False, initial=True)

    def __init__(self, *args: object, asks: str, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        if asks:
            self.fields["note"].label, self.fields["note"].required = asks, True
        else:
            del self.fields["note"]


class Shown(Struct, frozen=True):
    """A gift of the catalogue beside its reason."""

    offer: Offer
    why: str


@for_cashiers
@require_http_methods(FORM)
def gifts(request: HttpRequest, post: Post) -> HttpResponse:
    """What a client has taken on his phone is handed over here."""
    form = CheckForm(request.POST if "q" in request.POST else None)
    found: Exchange | None = None
    if form.is_valid():
        found = _look(form, post)
    if found is not None and request.POST.get("act") == "hand":
        return _hand_over(request, post, found, form)
    return show(request, post, form, found)


def scanned(request: HttpRequest, post: Post, text: str) -> HttpResponse:
    """The same page for a gift that was scanned where clients are looked for."""
    form = CheckForm({"q": text})
    return show(request, post, form, _look(form, post) if form.is_valid() else None)


def show(request: HttpRequest, post: Post, form: CheckForm, found: Exchange | None, problem: str = "") -> HttpResponse:
    context = {"form": form, "found": found, "problem": problem, "code": codes.shown(found.code) if found else ""}
    return page(request, post, "gifts", {**context, "over": found is not None and _is_over(found, post)})


def _is_over(row: Exchange, post: Post) -> bool:
    return row.claim_until is not None and row.claim_until <= post.now


def _look(form: CheckForm, post: Post) -> Exchange | None:
    try:
        saying.refuse_guessing(post)
        caller = post.caller
        return exchanging.find(
            program_id=caller.program_id, merchant_id=caller.merchant_id, code=form.cleaned_data["q"]
        )
    except MustWaitError as error:
        form.add_error("q", _("Too many wrong numbers. Wait %(minutes)s min.") % {"minutes": -(-error.seconds // 60)})
    except Refused as refused:
        saying.count_guess(post, refused)
        form.add_error("q", saying.sentence_of(refused, post))
    return None


def _hand_over(request: HttpRequest, post: Post, found: Exchange, form: CheckForm) -> HttpResponse:
    try:
        ending.hand_over(exchange=found, now=post.now, by=post.source)
    except Refused as refused:
        found.refresh_from_db()
        return show(request, post, form, found, saying.sentence_of(refused, post))
    return see("till_gift_taken", found.public_id)


@for_cashiers
@require_safe
def shelf(request: HttpRequest, post: Post, word: str) -> HttpResponse:
    """What the client who stands there may take."""
    client = named_by(word, post)
    if client is None:
        return see("till")
    account = account_of(client, post)
    caller = post.caller
    offers = offering.offers(
        program_id=caller.program_id, merchant_id=caller.merchant_id, account=account, now=post.now
    )
    rows = [Shown(offer, wording.reason(offer.reason) if offer.reason else "") for offer in offers]
    return page(request, post, "gift_shelf", {"rows": rows, "panel": panel_of(client, post), "word": word})


@for_cashiers
@require_http_methods(FORM)
def take(request: HttpRequest, post: Post, word: str, reward_id: uuid.UUID) -> HttpResponse:
    """Asks first, with the numbers, and for the client's code where the rules want one."""
    client = named_by(word, post)
    if client is None:
        return see("till")
    account = account_of(client, post)
    try:
        reward = at_till.reward_of(post.caller, reward_id)
    except Refused:
        return see("till_gift_shelf", word)
    offer = offering.offer_of(reward=reward, account=account, now=post.now)
    posted = request.method == "POST"
    form = TakeForm(request.POST if posted else None, asks=reward.asks)
    context: dict[str, object] = {"problem": "", "notice": ""}
    ticket = tickets.read(request.POST, post, "gift") if posted else None
    if request.POST.get("act") == "send":
        context |= _send(client, post, offer)
        form = TakeForm(initial={"note": request.POST.get("note", "")}, asks=reward.asks)
    elif posted and ticket is None:
        context["problem"] = _("This form is too old. Send it once more.")
    elif posted and ticket is not None and form.is_valid():
        done = _take(request, post, client, reward_id, form, ticket, context)
        if done is not None:
            return done
    stands = offering.standing_now(program_id=post.caller.program_id, account_id=account.pk, now=post.now)
    context |= {
        "form": form,
        "offer": offer,
        "why": wording.reason(offer.reason) if offer.reason and not posted else "",
        "before": stands.available,
        "after": stands.available - reward.price,
        "asks_code": _needs_code(client, post),
        "panel": panel_of(client, post),
        "word": word,
        "ticket": request.POST.get(tickets.FIELD) if ticket else tickets.new(post, "gift"),
    }
    return page(request, post, "gift_take", context)


def _needs_code(client: Named, post: Post) -> bool:
    try:
        rulebook = rulebook_at(post.caller.program_id, post.now)[1]
    except Refused:
        return False
    return at_till.needs_code(who=who_of(client, post), rulebook=rulebook)


def _send(client: Named, post: Post, offer: Offer) -> dict[str, object]:
    try:
        confirmation.send(
            account=account_of(client, post),
            shop=post.till.merchant.name,
            points=offer.reward.price,
            now=post.now,
        )
    except Refused as refused:
        return {"problem": saying.sentence_of(refused, post)}
    return {"notice": _("The code is on its way to the client’s phone.")}


def _take(
    request: HttpRequest,
    post: Post,
    client: Named,
    reward_id: uuid.UUID,
    form: TakeForm,
    ticket: tickets.Ticket,
    context: dict[str, object],
) -> HttpResponse | None:
    code = "".join(form.cleaned_data["confirmation"].split())
    try:
        who = _who(client, code, post)
        asked = at_till.Asked(
            reward_id=reward_id,
            client=who,
            note=form.cleaned_data.get("note", ""),
            confirmation=code if len(code) == SMS_DIGITS else "",
            cashier=ticket.cashier,
            handed=form.cleaned_data["handed"],
            channel=Exchange.Channel.TILL,
        )
        key = tickets.idempotency(ticket, request.POST)
        answer = at_till.exchange(
            caller=post.caller, asked=asked, key=key, now=post.now, render=lambda row: str(row.public_id)
        )
    except MustWaitError as error:
        context["problem"] = _("Too many wrong numbers. Wait %(minutes)s min.") % {"minutes": -(-error.seconds // 60)}
    except Refused as refused:
        if refused.code == "key_revoked":
            raise
        saying.count_guess(post, refused)
        about_code = refused.code.startswith("confirmation") or (refused.code == "client_not_found" and code)
        said = saying.sentence_of(refused, post)
        if about_code:
            form.add_error("confirmation", said)
        else:
            context["problem"] = said
    else:
        return see("till_gift_taken", answer.text)
    return None


def _who(client: Named, code: str, post: Post) -> Who:
    """By the code where he shows one, which has to be his."""
    if not code:
        return who_of(client, post)
    saying.refuse_guessing(post)
    if len(code) not in (CARD_DIGITS, DIGITS) or not code.isascii() or not code.isdigit():
        return who_of(client, post)
    shown = named(Who("code", code), post)
    if shown.account_id != client.account_id:
        raise Refused("client_not_found")
    return Who("code", shown.code)


@for_cashiers
@require_safe
def taken(request: HttpRequest, post: Post, exchange_id: uuid.UUID) -> HttpResponse:
    caller = post.caller
    try:
        row = exchanging.find(program_id=caller.program_id, merchant_id=caller.merchant_id, exchange_id=exchange_id)
    except Refused:
        return see("till_gifts")
    left = offering.standing_now(program_id=caller.program_id, account_id=row.account_id, now=post.now).available
    return page(request, post, "gift_taken", {"row": row, "code": codes.shown(row.code), "left": left})
