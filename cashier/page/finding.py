"""The first page: who is buying. And joining, for those who are not clients yet."""

from __future__ import annotations

import uuid

import msgspec
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from cashier.api.answers.client import client_answer
from cashier.api.problems.values import sentence
from cashier.page import gifts, saying, tickets
from cashier.page.certificates import show as show_certificate
from cashier.page.codes import is_certificate
from cashier.page.door import Post, for_cashiers
from cashier.page.forms import EnrolForm, FindForm
from cashier.page.rendering import page, see
from cashier.page.saying import MustWaitError
from cashier.page.who import Named, account_of, look_for, read
from clients.birthdays import fields_of
from clients.consents import place_of, texts_in_force
from clients.enrolment import Consented, NotABirthdayError, enrol
from clients.models import Client, Consent
from clients.phones import NotAPhoneError
from loyalty import binding, giving_cards
from loyalty.giving_cards import GiveAt
from loyalty.idempotency import Done, once
from loyalty.models import Account
from loyalty.programs import has_referrals
from loyalty.refusals import Refused
from loyalty.rewards import codes
from loyalty.sales.request import Who
from merchants import qr


@for_cashiers
@require_safe
def home(request: HttpRequest, post: Post) -> HttpResponse:
    return page(request, post, "home", {"form": FindForm()})


@for_cashiers
@require_http_methods(["GET", "HEAD", "POST"])
def find(request: HttpRequest, post: Post) -> HttpResponse:
    """What was keyed in comes by POST: a phone has no business in an address."""
    if request.method != "POST":
        return see("till")
    form = FindForm(request.POST)
    if not form.is_valid():
        return page(request, post, "home", {"form": form})
    text = form.cleaned_data["q"]
    if codes.is_scanned(text):
        return gifts.scanned(request, post, text)
    if is_certificate(text):
        # Looked at there, as if it had been keyed in there.
        return show_certificate(request, post, text)
    try:
        found = look_for(text, post)
    except MustWaitError as error:
        wait = -(-error.seconds // 60)
        form.add_error("q", _("Too many wrong numbers. Wait %(minutes)s min.") % {"minutes": wait})
        return page(request, post, "home", {"form": form})
    except Refused as refused:
        who = read(text)
        form.add_error("q", _not_found(who, refused, post))
        unknown = who.value if who and who.by == "phone" else ""
        waiting = who.value if who and who.by == "card" and _is_waiting(who, refused, post) else ""
        return page(request, post, "home", {"form": form, "unknown": unknown, "waiting": waiting})
    if isinstance(found, Named):
        return see("till_sale", found.word(post))
    if len(found) == 1:
        return see("till_sale", found[0].word)
    return page(request, post, "matches", {"matches": found})


def _is_waiting(who: Who, refused: Refused, post: Post) -> bool:
    return refused.code == "client_not_found" and binding.is_waiting(post.caller.program_id, who.value)


def _not_found(who: Who | None, refused: Refused, post: Post) -> str:
    if who and who.by == "card" and _is_waiting(who, refused, post):
        return _("This card is nobody’s yet. Find the client by the phone number and bind the card, or enrol him.")
    if who and who.by == "code":
        return _("The one-time code is wrong, used or too old. Ask the client for a new one.")
    if who and who.by == "phone":
        return _("This number has not joined yet.")
    return saying.sentence_of(refused, post)


@for_cashiers
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest, post: Post) -> HttpResponse:
    """A new client in two fields. `phone` may be filled in by the page before."""
    texts = texts_in_force(post.till.merchant)
    address = request.build_absolute_uri(reverse("join", args=[post.till.merchant_id]))
    referrals = has_referrals(post.caller.program_id, post.now)
    context = {
        "text": texts[Consent.Kind.PROCESSING],
        "join": address,
        "qr": qr.svg(address),
        "ticket": request.POST.get(tickets.FIELD) or tickets.new(post, "client"),
        "card_terms": giving_cards.terms(post.caller.program_id),
    }
    if request.method != "POST":
        return page(request, post, "new", {"form": EnrolForm(referrals=referrals), **context})
    if "find" in request.POST or "give" in request.POST:  # from the first page, with a number that nobody has
        given = {"phone": request.POST.get("find", "")[:40], "card": request.POST.get("give", "")[:60]}
        form = EnrolForm(initial=given, referrals=referrals)
        return page(request, post, "new", {"form": form, **context})
    form = EnrolForm(request.POST, referrals=referrals)
    ticket = tickets.read(request.POST, post, "client")
    if ticket is None:
        context["ticket"] = tickets.new(post, "client")
        form.add_error(None, _("This form is too old. Send it once more."))
    if ticket is not None and form.is_valid():
        try:
            if form.cleaned_data["card"]:
                saying.refuse_guessing(post)
            referrer = _referrer(form, post)
            if not form.errors:
                return _joined(request, post, form, texts[Consent.Kind.PROCESSING].version, ticket, referrer)
        except (NotAPhoneError, NotABirthdayError, MustWaitError, Refused) as error:
            context |= _say(error, form, post)
    return page(request, post, "new", {"form": form, **context})


def _say(
    error: NotAPhoneError | NotABirthdayError | MustWaitError | Refused, form: EnrolForm, post: Post
) -> dict[str, str]:
    """Beside the field. Whoever has the phone already is offered."""
    match error:
        case NotAPhoneError():
            form.add_error("phone", sentence("not_a_phone", {}))
        case NotABirthdayError():
            form.add_error("birthday", sentence("not_a_birthday", {}))
        case MustWaitError():
            wait = -(-error.seconds // 60)
            form.add_error("card", _("Too many wrong numbers. Wait %(minutes)s min.") % {"minutes": wait})
        case Refused():
            saying.count_guess(post, error)
            about = "card" if error.code.startswith("card_") else "phone"
            form.add_error(about, saying.sentence_of(error, post))
            if error.code == "client_exists":
                return {"exists": Named(error.facts["account_id"], "phone").word(post)}  # type: ignore[arg-type]
    return {}


def _referrer(form: EnrolForm, post: Post) -> Account | None:
    """Who invited; where nobody is found, the form says so."""
    text = form.cleaned_data.get("invited_by", "")
    if not text:
        return None
    try:
        found = look_for(text, post)
    except MustWaitError as error:
        wait = -(-error.seconds // 60)
        form.add_error("invited_by", _("Too many wrong numbers. Wait %(minutes)s min.") % {"minutes": wait})
        return None
    except Refused:
        found = []
    if isinstance(found, Named):
        return account_of(found, post)
    form.add_error("invited_by", _("There is no such client. Enter the whole phone or card number, or leave it empty."))
    return None


def _joined(
    request: HttpRequest,
    post: Post,
    form: EnrolForm,
    text_version: str,
    ticket: tickets.Ticket,
    referrer: Account | None,
) -> HttpResponse:
    """Enrol once for each form, then on to the client's receipt."""

    def act() -> Done:
        client = _enrol(post, form, text_version, ticket.cashier, referrer)
        if number := form.cleaned_data["card"]:
            by = f"{post.caller} {ticket.cashier}"
            at = GiveAt(post.caller, ticket.cashier)
            binding.bind(account=client.account, number=number, now=post.now, by=by, gift=at)
        answer = client_answer(client.account, caller=post.caller, now=post.now)
        return client.account, msgspec.json.encode(answer).decode()

    key = tickets.idempotency(ticket, request.POST)
    answer = once(caller=post.caller, key=key, now=post.now, status=201, act=act)
    client = Named(uuid.UUID(msgspec.json.decode(answer.text)["id"]), "phone")
    return see("till_sale", client.word(post), query="?joined=1")


def _enrol(post: Post, form: EnrolForm, text_version: str, cashier: str, referrer: Account | None) -> Client:
    return enrol(
        program_id=post.caller.program_id,
        merchant_id=post.caller.merchant_id,
        phone=form.cleaned_data["phone"],
        name=form.cleaned_data["name"],
        **fields_of(form.cleaned_data["birthday"]),
        consents=[Consented(Consent.Kind.PROCESSING, given=True, text_version=text_version)],
        referrer=referrer,
        source=f"{post.caller} {cashier}",
        address=place_of(post.till.outlet),
        now=post.now,
    )
