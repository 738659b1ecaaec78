"""Joining: the form behind the poster, and the code that proves the phone.

Between the two steps what was typed in stays with its owner: a signed cookie for the join pages alone. The address
never holds anything, and nothing is stored before the consent is proved to be his who gave it.
"""

from __future__ import annotations

import base64
from typing import Any, Final

import msgspec
from django.core.signing import BadSignature
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from clients import card_links, consents, joining, limits
from clients.card_links import token_of
from clients.joining import Applicant, WrongCode
from clients.models import Client
from clients.pages.public.doors import dress, for_everybody
from clients.pages.public.forms import CodeForm, JoinForm
from clients.pages.public.visitors import in_words, visitor
from clients.promises import promise_of
from loyalty.programs import has_referrals
from loyalty.wording import words_on_page
from merchants.models import Merchant, Outlet

COOKIE: Final = "joining"
COOKIE_SECONDS: Final = 30 * 60


@require_http_methods(["GET", "HEAD", "POST"])
@for_everybody
def join(request: HttpRequest, merchant: Merchant) -> HttpResponse:
    """`?at=` is the code of the outlet where the poster hangs, `?from=` says whose friend it is."""
    texts = consents.texts_in_force(merchant)
    form = JoinForm(request.POST if request.method == "POST" else None, texts=texts)
    if request.method != "POST":
        return _show(request, merchant, form)
    if wait := limits.use(limits.FORMS_BY_VISITOR, visitor(request)):
        return _later(request, merchant, form, wait)
    if not form.is_valid():
        return _show(request, merchant, form)
    if form.cleaned_data["website"]:
        form.add_error(None, _("That did not work. Reload the page and try once more."))
        return _show(request, merchant, form)
    applicant = form.applicant(_source(request, merchant))
    if (friend := _inviter(request, merchant)) is not None:
        applicant = msgspec.structs.replace(applicant, invited_by=str(friend.account.public_id))
    applicant = msgspec.structs.replace(applicant, address=visitor(request))
    if joining.checks_phones(merchant.program):
        return _send(request, merchant, form, applicant)
    return _admit(request, merchant, form, applicant)


@require_http_methods(["GET", "HEAD", "POST"])
@for_everybody
def join_code(request: HttpRequest, merchant: Merchant) -> HttpResponse:
    applicant = _remembered(request, merchant)
    if applicant is None or not joining.checks_phones(merchant.program):
        return redirect("join", merchant.pk)
    if request.method == "POST" and "again" in request.POST:
        return _send(request, merchant, CodeForm(), applicant)
    form = CodeForm(request.POST if request.method == "POST" else None)
    if request.method == "POST":
        if wait := limits.use(limits.GUESSES_BY_VISITOR, visitor(request)):
            return _later(request, merchant, form, wait, applicant)
        if form.is_valid() and (client := _prove(form, merchant, applicant)):
            return _to_card(client, merchant)
    return _show(request, merchant, form, applicant)


def _send(request: HttpRequest, merchant: Merchant, form: JoinForm | CodeForm, applicant: Applicant) -> HttpResponse:
    """Send a code and ask for it. Whether the phone is known makes no difference here."""
    now, phone = timezone.now(), f"{merchant.program_id}:{applicant.phone}"
    if not joining.seconds_to_wait(program_id=merchant.program_id, phone=applicant.phone, now=now):
        for limit, key in (
            (limits.SMS_BY_PHONE, phone),
            (limits.SMS_BY_PHONE_A_DAY, phone),
            (limits.SMS_BY_VISITOR, visitor(request)),
            (limits.SMS_BY_MERCHANT, str(merchant.pk)),
        ):
            if wait := limits.use(limit, key):
                asked = applicant if isinstance(form, CodeForm) else None
                return _later(request, merchant, form, wait, asked)
        joining.send_code(merchant=merchant, phone=applicant.phone, now=now)
    response = redirect("join_code", merchant.pk)
    response.set_signed_cookie(
        COOKIE,
        base64.urlsafe_b64encode(msgspec.json.encode(applicant)).decode(),
        salt=_salt(merchant),
        max_age=COOKIE_SECONDS,
        path=reverse("join", args=[merchant.pk]),
        secure=request.is_secure(),
        httponly=True,
        samesite="Lax",
    )
    return response


def _prove(form: CodeForm, merchant: Merchant, applicant: Applicant) -> Client | None:
    try:
        outcome = joining.join_with_code(
            merchant=merchant, applicant=applicant, code=form.cleaned_data["code"], now=timezone.now()
        )
    except joining.NoCardError:
        form.add_error(None, _("This number can't be given a card here: ask at the till."))
        return None
    if isinstance(outcome, WrongCode):
        form.add_error("code", _wrong(outcome))
        return None
    return outcome


def _wrong(outcome: WrongCode) -> str:
    if not outcome.attempts_left:
        return _("This code is no longer good. Have a new one sent.")
    return _("The code is not right. Attempts left: %(n)s.") % {"n": outcome.attempts_left}


def _admit(request: HttpRequest, merchant: Merchant, form: JoinForm, applicant: Applicant) -> HttpResponse:
    try:
        client = joining.join_without_code(merchant=merchant, applicant=applicant, now=timezone.now())
    except joining.KnownPhoneError:
        form.add_error(
            "phone", _("There is a card with this number already. Open it by your link, or ask for it at the till.")
        )
        return _show(request, merchant, form)
    return _to_card(client, merchant)


def _to_card(client: Client, merchant: Merchant) -> HttpResponse:
    response = redirect("card", token_of(client))
    response.delete_cookie(COOKIE, path=reverse("join", args=[merchant.pk]))
    return response


def _later(
    request: HttpRequest, merchant: Merchant, form: JoinForm | CodeForm, wait: int, applicant: Applicant | None = None
) -> HttpResponse:
    form.errors  # noqa: B018  # a form is checked before it is given another error
    text = _("Too many attempts. Try again in %(time)s, or ask for a card at the till.") % {"time": in_words(wait)}
    response = _show(request, merchant, form, applicant, refusal=text)
    response.status_code = 429
    response["Retry-After"] = str(wait)
    return response


def _show(
    request: HttpRequest,
    merchant: Merchant,
    form: JoinForm | CodeForm,
    applicant: Applicant | None = None,
    *,
    refusal: str = "",
) -> HttpResponse:
    now, program_id = timezone.now(), merchant.program_id
    context: dict[str, Any] = {**dress(merchant), "form": form, "refusal": refusal}
    if applicant is not None:
        wait = joining.seconds_to_wait(program_id=program_id, phone=applicant.phone, now=now)
        context |= {"applicant": applicant, "wait": in_words(wait) if wait else ""}
        return render(request, "clients/public/join_code.html", context)
    context |= {
        "promise": promise_of(program_id=program_id, words=words_on_page(program_id), now=now),
        "outlet": _outlet(request, merchant),
        "is_invited": _inviter(request, merchant) is not None,
        "checks_phones": joining.checks_phones(merchant.program),
    }
    return render(request, "clients/public/join.html", context)


def _outlet(request: HttpRequest, merchant: Merchant) -> Outlet | None:
    code = request.GET.get("at", "")[:40]
    outlets = Outlet.objects.filter(program_id=merchant.program_id, merchant=merchant, is_active=True)
    return outlets.filter(code=code).first() if code and "\0" not in code else None


def _inviter(request: HttpRequest, merchant: Merchant) -> Client | None:
    """The client of the programme whose link was followed, while the rules give something for it."""
    token = request.GET.get("from", "")
    friend = card_links.inviter(token) if token else None
    if friend is None or friend.program_id != merchant.program_id:
        return None
    return friend if has_referrals(merchant.program_id, timezone.now()) else None


def _source(request: HttpRequest, merchant: Merchant) -> str:
    outlet = _outlet(request, merchant)
    return f"poster:{outlet.code}" if outlet else "join page"


def _remembered(request: HttpRequest, merchant: Merchant) -> Applicant | None:
    try:
        kept = request.get_signed_cookie(COOKIE, default="", salt=_salt(merchant), max_age=COOKIE_SECONDS) or ""
        return msgspec.json.decode(base64.urlsafe_b64decode(kept), type=Applicant)
    except (BadSignature, msgspec.DecodeError):
        return None


def _salt(merchant: Merchant) -> str:
    return f"clients.join:{merchant.pk}"
