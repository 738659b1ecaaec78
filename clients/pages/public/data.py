"""A client takes his data with him: all that the shop holds, behind his link and a fresh code to his phone."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from clients import joining, limits
from clients.joining import WrongCode
from clients.pages.public.doors import Holder, dress, for_holder
from clients.pages.public.forms import CodeForm
from clients.pages.public.visitors import in_words, visitor
from clients.personal import dossier, dossier_files
from merchants import audit

SOURCE = "card page"


class DataForm(CodeForm):
    """The code is asked for where a phone can be asked."""

    kind = forms.ChoiceField(
        label=gettext_lazy("How"),
        choices=[
            ("zip", gettext_lazy("tables for a spreadsheet (CSV)")),
            ("json", gettext_lazy("for programs (JSON)")),
        ],
        widget=forms.RadioSelect,
        initial="zip",
    )

    def __init__(self, *args: Any, checks: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not checks:
            del self.fields["code"]


@require_http_methods(["GET", "HEAD", "POST"])
@for_holder
def card_data(request: HttpRequest, holder: Holder) -> HttpResponseBase:
    checks = bool(holder.client.phone) and joining.checks_phones(holder.program)
    if not checks:
        form = DataForm(request.POST if request.method == "POST" else None, checks=False)
        return _file(holder, form) if form.is_valid() else _page(request, holder, form, asks=True)
    if request.POST.get("do") == "send":
        return _page(request, holder, DataForm(checks=True), asks=True, refusal=_send(request, holder))
    if request.method != "POST":
        return _page(request, holder, DataForm(checks=True), asks=False)
    form = DataForm(request.POST, checks=True)
    if wait := limits.use(limits.GUESSES_BY_VISITOR, visitor(request)):
        return _page(request, holder, form, asks=True, refusal=_later(wait))
    if form.is_valid():
        wrong = joining.prove(
            program_id=holder.program.pk,
            phone=str(holder.client.phone),
            code=form.cleaned_data["code"],
            now=timezone.now(),
        )
        if wrong is None:
            return _file(holder, form)
        form.add_error("code", _said(wrong))
    return _page(request, holder, form, asks=True)


def _file(holder: Holder, form: DataForm) -> HttpResponseBase:
    now, kind = timezone.now(), form.cleaned_data["kind"]
    audit.record(
        program_id=holder.program.pk,
        action="client.data_given",
        at=now,
        by=SOURCE,
        subject=holder.client,
        details={"kind": kind},
    )
    return dossier_files.answer("json" if kind == "json" else "zip", dossier.asked_by(holder.client, now=now))


def _send(request: HttpRequest, holder: Holder) -> str:
    """Send a code; what keeps it from being sent, in words."""
    now, phone = timezone.now(), str(holder.client.phone)
    if joining.seconds_to_wait(program_id=holder.program.pk, phone=phone, now=now):
        return ""
    for limit, key in (
        (limits.SMS_BY_PHONE, f"{holder.program.pk}:{phone}"),
        (limits.SMS_BY_PHONE_A_DAY, f"{holder.program.pk}:{phone}"),
        (limits.SMS_BY_VISITOR, visitor(request)),
        (limits.SMS_BY_MERCHANT, str(holder.merchant.pk)),
    ):
        if wait := limits.use(limit, key):
            return _later(wait)
    joining.send_code(merchant=holder.merchant, phone=phone, now=now)
    return ""


def _said(wrong: WrongCode) -> str:
    if not wrong.attempts_left:
        return _("This code is no longer good. Have a new one sent.")
    return _("The code is not right. Attempts left: %(n)s.") % {"n": wrong.attempts_left}


def _later(wait: int) -> str:
    return _("Too many attempts. Try again in %(time)s.") % {"time": in_words(wait)}


def _page(request: HttpRequest, holder: Holder, form: DataForm, *, asks: bool, refusal: str = "") -> HttpResponse:
    context = {**dress(holder.merchant), "holder": holder, "form": form, "asks": asks, "refusal": refusal}
    return render(request, "clients/public/data.html", context, status=429 if refusal else 200)
