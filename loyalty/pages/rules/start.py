"""The start: six questions with what the answers mean beside them, and a shop that works."""

from __future__ import annotations

import uuid
from typing import Any

import segno
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from msgspec import Struct

from loyalty import starting
from loyalty.engine.rulebook import load
from loyalty.pages.rules.start_form import StartForm, answers_of
from loyalty.samples import TwoVisits, two_visits, usual
from loyalty.sentences import Chapter, told
from loyalty.starting import Answers
from loyalty.wording import NO_BREAK, Words, spoken
from merchants import devices
from merchants.access import Action
from merchants.doors import Workplace, members_only
from merchants.models import Till, User

# In the session: the PIN of the shop that is being answered for, and of the one just opened.
ASKED, OPENED = "start.asked", "start.opened"


class Meaning(Struct, frozen=True):
    """What the answers come to, in words and in two receipts."""

    words: Words
    visits: TwoVisits
    chapters: tuple[Chapter, ...]
    max_percent: str
    days: int


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def start(request: HttpRequest) -> HttpResponse:
    """For anybody with an account: also for an owner who opens another shop."""
    if not isinstance(request.user, User):
        return redirect_to_login(request.get_full_path())
    if request.method != "POST":
        form = StartForm(initial={"token": uuid.uuid4(), "outlet": ""})
        return page(request, form, Answers(token="", pin="", name="", days=form.fields["days"].initial))
    form = StartForm(request.POST)
    answers = answers_of(form, pin_for(request, str(form["token"].value() or "")))
    if request.POST.get("do") == "sample":
        shown = StartForm(initial=request.POST.dict())
        return page(request, shown if form.is_valid() else form, answers)
    if form.is_valid():
        try:
            merchant = starting.open_shop(user=request.user, answers=answers, now=timezone.now())
        except ValidationError as error:
            form.add_error(None, error)
            return page(request, form, answers)
        request.session[OPENED] = {"merchant": merchant.pk, "pin": answers.pin}
        return redirect("start_done", merchant.pk)
    return page(request, form, answers)


@never_cache
@require_POST
def start_sample(request: HttpRequest) -> HttpResponse:
    """The example alone, while somebody types."""
    if not isinstance(request.user, User):
        return redirect_to_login(reverse("start"))
    answers = answers_of(StartForm(request.POST), pin="")
    return render(request, "start/sample.html", {"meaning": meaning_of(answers)})


@require_safe
@members_only(Action.MANAGE_TILLS)
def start_done(request: HttpRequest, place: Workplace) -> HttpResponse:
    """The programme works: how to open the till. The PIN is shown once, to the session that opened the shop."""
    opened: dict[str, Any] = request.session.get(OPENED) or {}
    pin = ""
    if opened.get("merchant") == place.merchant.pk:
        pin = str(request.session.pop(OPENED)["pin"])
        request.session.pop(ASKED, None)
    tills = Till.objects.filter(outlet__in=place.open_outlets(), is_active=True)
    till = tills.select_related("outlet", "merchant").order_by("pk").first()
    connect = ""
    if till is not None:
        token = devices.invite(till=till, by=request.user, now=timezone.now())  # type: ignore[arg-type]
        connect = reverse("till_connect", args=[token])
    address = request.build_absolute_uri(connect) if connect else ""
    links = {
        name: reverse(name, args=[place.merchant.pk])
        for name in ("till_here", "poster", "team", "settings", "programme")
    }
    return render(
        request, "start/done.html", {"pin": pin, "till": till, "address": address, "code": qr(address), "links": links}
    )


def page(request: HttpRequest, form: StartForm, answers: Answers) -> HttpResponse:
    return render(request, "start/start.html", {"form": form, "meaning": meaning_of(answers)})


def meaning_of(answers: Answers) -> Meaning:
    rulebook = load({**starting.document(answers), "program": {"currency": answers.currency}})
    words = Words(currency=answers.currency, language=spoken(), space=NO_BREAK)
    visits = two_visits(rulebook, total=usual(answers.currency), at=timezone.now())
    chapters = told(rulebook, words)[:2] if answers.tiers else ()
    return Meaning(words, visits, chapters, words.percent(answers.max_percent), answers.days)


def pin_for(request: HttpRequest, token: str) -> str:
    """The same PIN for the same answers: two clicks make one shop, and either may show its PIN."""
    asked: dict[str, str] = request.session.get(ASKED) or {}
    if asked.get("token") != token:
        asked = request.session[ASKED] = {"token": token[:40], "pin": starting.new_pin()}
    return asked["pin"]


def qr(address: str) -> str:
    """Markup of ours alone: dark on nothing, the page gives it a light ground."""
    if not address:
        return ""
    code = segno.make_qr(address, error="m")
    return str(code.svg_inline(border=4, svgclass="qr", lineclass=None, omitsize=True))
