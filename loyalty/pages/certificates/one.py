"""A certificate's page, and what staff do with it: print, send, extend, cancel."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from loyalty.certificates import changing, checking, codes, links, printing, wording
from loyalty.engine.calendar import Calendar
from loyalty.explanations import certificate_refused
from loyalty.models import Certificate, CertificateEntry
from loyalty.pages.certificates.forms import CancelForm, ExtendForm, SendForm
from loyalty.refusals import Refused
from loyalty.templatetags.kopilka import through
from loyalty.wording import words_on_page
from merchants import qr
from merchants.access import Action
from merchants.doors import Workplace, members_only

MOST_PRINTED = 500


def _one(place: Workplace, certificate_id: uuid.UUID) -> Certificate:
    found = Certificate.objects.filter(program_id=place.program.pk, merchant=place.merchant, public_id=certificate_id)
    one = found.select_related("program", "merchant", "outlet", "holder__client", "sale").first()
    if one is None:
        raise Http404
    return one


@members_only(Action.ISSUE_CERTIFICATES)
@require_safe
def certificate(request: HttpRequest, place: Workplace, certificate_id: uuid.UUID) -> HttpResponse:
    return _page(request, place, _one(place, certificate_id), SendForm())


def _page(request: HttpRequest, place: Workplace, one: Certificate, send: SendForm) -> HttpResponse:
    now, words = timezone.now(), words_on_page(place.program.pk)
    moves = CertificateEntry.objects.filter(program_id=place.program.pk, certificate=one)
    link = links.address(one, request.build_absolute_uri("/"))
    state = one.state(now)
    return render(
        request,
        "certificates/one.html",
        {
            "one": one,
            "state": state,
            "state_said": wording.state(one, now),
            "worth": wording.worth(one, words),
            "rest": wording.rest(one, words),
            "has_batch": one.batch is not None and _others(one),
            "kept": one.rest - checking.available(one, now=now) if state == "good" else 0,
            "code": codes.shown(one.code),
            "link": link,
            "qr": qr.svg(link),
            "send": send,
            "moves": [
                (move, wording.change(one, move.amount, words), move.sale)
                for move in moves.select_related("sale").order_by("-id")
            ],
            "may_see_clients": place.may(Action.SEE_CLIENTS),
            "may_see_sales": place.may(Action.SEE_SALES),
        },
    )


def _others(one: Certificate) -> bool:
    """Whether it was issued together with others."""
    return Certificate.objects.filter(program_id=one.program_id, batch=one.batch).exclude(pk=one.pk).exists()


@members_only(Action.ISSUE_CERTIFICATES)
@require_safe
def print_one(request: HttpRequest, place: Workplace, certificate_id: uuid.UUID) -> HttpResponse:
    one = _one(place, certificate_id)
    changing.note_shown(certificate=one, now=timezone.now(), by=place.user)
    return _pdf(request, place, [one], f"certificate-{one.code[-4:]}")


@members_only(Action.ISSUE_CERTIFICATES)
@require_safe
def print_batch(request: HttpRequest, place: Workplace, batch: uuid.UUID) -> HttpResponse:
    """Those of a batch that can still pay."""
    now = timezone.now()
    found = Certificate.objects.good(now).filter(program_id=place.program.pk, merchant=place.merchant, batch=batch)
    rows = list(found.select_related("program", "merchant").order_by("pk")[:MOST_PRINTED])
    if not rows:
        raise Http404
    for one in rows:
        changing.note_shown(certificate=one, now=now, by=place.user)
    return _pdf(request, place, rows, f"certificates-{len(rows)}")


def _pdf(request: HttpRequest, place: Workplace, rows: list[Certificate], name: str) -> HttpResponse:
    # It speaks to whom it is given, whatever language its maker reads.
    with translation.override(place.program.language):
        content = printing.pdf(rows, site=request.build_absolute_uri("/"), now=timezone.now())
    return printing.response(content, name=name)


@members_only(Action.ISSUE_CERTIFICATES)
@require_POST
def send(request: HttpRequest, place: Workplace, certificate_id: uuid.UUID) -> HttpResponse:
    one = _one(place, certificate_id)
    form = SendForm(request.POST)
    if not form.is_valid():
        return _page(request, place, one, form)
    try:
        changing.send(
            certificate=one,
            email=form.cleaned_data["email"],
            site=request.build_absolute_uri("/"),
            now=timezone.now(),
            by=place.user,
        )
    except Refused as refused:
        messages.error(request, _why(refused, place))
    else:
        messages.success(request, _("The letter is on its way."))
    return redirect("certificate", place.merchant.pk, certificate_id)


@members_only(Action.ISSUE_CERTIFICATES)
@require_http_methods(["GET", "HEAD", "POST"])
def extend(request: HttpRequest, place: Workplace, certificate_id: uuid.UUID) -> HttpResponse:
    now, words = timezone.now(), words_on_page(place.program.pk)
    one = _one(place, certificate_id)
    calendar = Calendar(place.program.time_zone, place.program.day_starts_at)
    data = request.POST if request.method == "POST" else None
    form = ExtendForm(data, certificate=one, today=calendar.day_of(now), calendar=calendar)
    back = reverse("certificate", args=[place.merchant.pk, certificate_id])
    if form.is_valid():
        try:
            changing.extend(
                certificate=one, until=form.until, now=now, by=place.user, reason=form.cleaned_data["reason"]
            )
        except Refused as refused:
            messages.error(request, _why(refused, place))
        else:
            messages.success(request, _("Good through %(day)s now.") % {"day": through(form.until)})
        return redirect(back)
    figures = [
        (_("For"), wording.worth(one, words)),
        (_("Left"), wording.rest(one, words)),
        (_("Good through now"), through(one.expires_at)),
    ]
    return render(
        request,
        "shop/confirm.html",
        {
            "title": _("Extend the certificate?"),
            "sentence": _("What had expired comes back to it."),
            "figures": figures,
            "form": form,
            "verb": _("Extend"),
            "danger": False,
            "back": back,
        },
    )


@members_only(Action.ISSUE_CERTIFICATES)
@require_http_methods(["GET", "HEAD", "POST"])
def cancel(request: HttpRequest, place: Workplace, certificate_id: uuid.UUID) -> HttpResponse:
    now, words = timezone.now(), words_on_page(place.program.pk)
    one = _one(place, certificate_id)
    form = CancelForm(request.POST if request.method == "POST" else None)
    back = reverse("certificate", args=[place.merchant.pk, certificate_id])
    if form.is_valid():
        try:
            changing.cancel(certificate=one, now=now, by=place.user, reason=form.cleaned_data["reason"])
        except Refused as refused:
            messages.error(request, _why(refused, place))
        else:
            messages.success(request, _("The certificate is cancelled."))
        return redirect(back)
    figures = [(_("For"), wording.worth(one, words)), (_("Left, and will be gone"), wording.rest(one, words))]
    if one.is_sold:
        figures.append((_("Paid for it"), words.money(one.price)))
    return render(
        request,
        "shop/confirm.html",
        {
            "title": _("Cancel the certificate?"),
            "sentence": _("Nothing can be paid with it any more. Money that was paid for it is given back by hand."),
            "figures": figures,
            "form": form,
            "verb": _("Cancel the certificate"),
            "danger": True,
            "back": back,
        },
    )


def _why(refused: Refused, place: Workplace) -> str:
    reason = str(refused.facts.get("reason", ""))
    sentence = certificate_refused(reason, words_on_page(place.program.pk))
    return sentence[:1].upper() + sentence[1:] + "."
