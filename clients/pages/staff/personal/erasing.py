"""Who asks to be erased, and the erasing itself: first the numbers, then the deed."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from clients.consents import partners_of
from clients.models import Client, Erasure
from clients.pages.staff.forms import ReasonForm
from clients.pages.staff.merging import SeenForm
from clients.pages.staff.one import name_of, where_of
from clients.pages.staff.scope import client_of, not_ours, ours, phone_for
from clients.personal import erasing, requests
from clients.personal.erasing import ChangedError, Foreseen
from loyalty import closing
from loyalty.closing import ClosedAlreadyError, Closing
from loyalty.models import Account
from loyalty.wording import words_on_page
from merchants import paging
from merchants.access import Action
from merchants.doors import Workplace, members_only

FORM = ["GET", "HEAD", "POST"]


@members_only(Action.ERASE_CLIENTS)
@require_safe
def erasures(request: HttpRequest, place: Workplace) -> HttpResponse:
    now = timezone.now()
    asked = list(requests.waiting(place.program.pk)[: paging.SIZE * 10])
    found = Client.objects.filter(account__in=[row.account_id for row in asked]).select_related("account__merchant")
    clients = {one.account_id: one for one in found}
    mine = ours(place, list(clients))
    rows = [
        (
            row,
            clients[row.account_id],
            phone_for(place, clients[row.account_id]),
            where_of(row.source),
            row.until < now,
            "" if row.account_id in mine else clients[row.account_id].account.merchant.name,
        )
        for row in asked
        if row.account_id in clients
    ]
    done = Erasure.objects.filter(program_id=place.program.pk, state=Erasure.State.DONE).order_by("-done_at")[:20]
    return render(request, "clients/personal/erasures.html", {"rows": rows, "done": list(done)})


@members_only(Action.ERASE_CLIENTS)
@require_http_methods(FORM)
def client_erase(request: HttpRequest, place: Workplace, client_id: uuid.UUID) -> HttpResponse:
    now, one = timezone.now(), client_of(place, client_id)
    if not ours(place, [one.account_id]):
        return not_ours(request)
    told = erasing.foresee(client=one, now=now)
    seen = _numbers(told.books)
    form = SeenForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        if form.cleaned_data["seen"] == seen:
            try:
                source = f"member:{place.member.pk}"
                erasing.erase(
                    client=one,
                    merchant=place.merchant,
                    source=source,
                    now=now,
                    by=place.user,
                    still=lambda one: _numbers(closing.foresee(account=one.account, now=now)) == seen,
                )
            except ChangedError:
                # A sale came between: look again.
                messages.warning(request, _("The numbers have changed meanwhile. Look at them again."))
                return redirect("client_erase", place.merchant.pk, client_id)
            except (ClosedAlreadyError, Client.DoesNotExist):
                messages.info(request, _("Somebody has done that already."))
            else:
                messages.success(
                    request, _("The client is erased. Receipts and points of the shop stay, without a name.")
                )
            return redirect("clients", place.merchant.pk)
        messages.warning(request, _("The numbers have changed meanwhile. Look at them again."))
    context = {
        "title": _("Erase %(name)s for ever?") % {"name": name_of(one)},
        "sentence": _(
            "Name, phones, e-mail, birthday, notes, tags, consents, cards and everything typed in about the client are "
            "deleted. It can’t be undone. The books stay whole, without a name; the phone may join again as a new "
            "client."
        ),
        "figures": _figures(place, told),
        "form": SeenForm(initial={"seen": seen}),
        "verb": _("Erase for ever"),
        "danger": True,
        "back": reverse("client", args=[place.merchant.pk, client_id]),
    }
    return render(request, "shop/confirm.html", context)


@members_only(Action.ERASE_CLIENTS)
@require_http_methods(FORM)
def erasure_drop(request: HttpRequest, place: Workplace, erasure_id: int) -> HttpResponse:
    """The client stays, with his word for it."""
    row = get_object_or_404(requests.waiting(place.program.pk), pk=erasure_id)
    one = get_object_or_404(Client, account=row.account_id)
    if not ours(place, [one.account_id]):
        return not_ours(request)
    form = ReasonForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        requests.drop(request=row, reason=form.cleaned_data["reason"], now=timezone.now(), by=place.user)
        messages.success(request, _("The client stays. Note the new consent to processing here."))
        return redirect("client_consents", place.merchant.pk, row.account.public_id)
    context = {
        "title": _("%(name)s stays?") % {"name": name_of(one)},
        "sentence": _(
            "The card works again, and the request leaves the list. Do so only if the client has asked for it."
        )
        if requests.is_freed(row) or row.account.status != Account.Status.BLOCKED
        else _(
            "The request leaves the list. The card was blocked for another reason, too, and stays blocked. Do so only "
            "if the client has asked for it."
        ),
        "form": form,
        "verb": _("The client stays"),
        "danger": False,
        "back": reverse("erasures", args=[place.merchant.pk]),
    }
    return render(request, "shop/confirm.html", context)


def _numbers(books: Closing) -> str:
    """What somebody agrees to."""
    return f"{books.points}/{books.debt}/{books.holds}/{books.receipts}/{books.certificates}"


def _figures(place: Workplace, told: Foreseen) -> list[tuple[str, str]]:
    words, books = words_on_page(place.program.pk), told.books
    figures = [(_("Points that are lost"), words.points(books.points))]
    if books.debt:
        figures.append((_("Debt that is let go"), words.points(books.debt)))
    if books.holds:
        figures.append((_("Receipts under way that end"), str(books.holds)))
    if books.coupons:
        figures.append((_("Coupons that end"), str(books.coupons)))
    if books.certificates:
        number = ngettext("%(n)s certificate", "%(n)s certificates", books.certificates) % {"n": books.certificates}
        figures.append((_("Pays on for whoever has the code"), number))
    figures.append(
        (_("Stays without a name"), ngettext("%(n)s receipt", "%(n)s receipts", books.receipts) % {"n": books.receipts})
    )
    if told.merged:
        figures.append((_("Merged cards, erased with this one"), str(told.merged)))
    if told.import_lines:
        figures.append((_("Lines of loaded files that are deleted"), str(told.import_lines)))
    if told.files:
        figures.append((_("Loaded files that name the client"), _("%(n)s; deleted within 30 days") % {"n": told.files}))
    if partners := partners_of(place.merchant):
        figures.append((_("Disappears at these companies, too"), ", ".join(partners)))
    return figures
