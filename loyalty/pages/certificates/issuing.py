"""Issue certificates by hand: the form, then the numbers, then the deed, once."""

from __future__ import annotations

import datetime as dt
import uuid

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from loyalty.certificates import issuing
from loyalty.certificates.issuing import AboveLimitError, Terms
from loyalty.engine.calendar import Calendar
from loyalty.models import Account
from loyalty.pages.certificates.forms import IssueForm
from loyalty.templatetags.kopilka import through
from loyalty.wording import Words, words_on_page
from merchants.access import Action
from merchants.doors import Workplace, members_only


@members_only(Action.ISSUE_CERTIFICATES)
@require_http_methods(["GET", "HEAD", "POST"])
def issue(request: HttpRequest, place: Workplace) -> HttpResponse:
    """`?client=` names the client who holds it. The page to confirm carries a key of its own: whatever is sent twice
    with it is done once."""
    now = timezone.now()
    holder = _holder(place, request.GET.get("client", ""))
    form = _form(request.POST if request.method == "POST" else None, place, now)
    if form.is_valid():
        if "confirmed" in request.POST and form.cleaned_data["once"]:
            return _issue(request, place, form, holder, now)
        return _ask(request, place, form, holder, now)
    return render(request, "certificates/issue.html", {"form": form, "holder": holder})


def _form(data: QueryDict | None, place: Workplace, now: dt.datetime) -> IssueForm:
    calendar = Calendar(place.program.time_zone, place.program.day_starts_at)
    return IssueForm(data, calendar=calendar, now=now, digits=place.program.currency_digits)


def _holder(place: Workplace, client: str) -> Account | None:
    if not client:
        return None
    try:
        wanted = uuid.UUID(client)
    except ValueError:
        raise Http404 from None
    found = Account.objects.filter(program_id=place.program.pk, public_id=wanted, status=Account.Status.ACTIVE)
    account = found.select_related("client").first()
    if account is None:
        raise Http404
    return account


def _issue(
    request: HttpRequest, place: Workplace, form: IssueForm, holder: Account | None, now: dt.datetime
) -> HttpResponse:
    try:
        issued = issuing.issue(
            merchant=place.merchant,
            terms=form.terms,
            now=now,
            by=place.user,
            number=form.cleaned_data["number"],
            holder=holder,
            once=form.cleaned_data["once"],
        )
    except AboveLimitError as above:
        said = _("You may give certificates away for %(sum)s more. A larger one is issued by an owner or a manager.")
        if above.is_of_day:
            said = _(
                "Today you may give certificates away for %(sum)s more. The rest is issued by an owner or a manager."
            )
        form.add_error("amount", said % {"sum": words_on_page(place.program.pk).money(above.left)})
        return render(request, "certificates/issue.html", {"form": form, "holder": holder})
    said = ngettext("%(n)s certificate is issued.", "%(n)s certificates are issued.", len(issued))
    messages.success(request, said % {"n": len(issued)})
    if len(issued) == 1:
        return redirect("certificate", place.merchant.pk, issued[0].public_id)
    return redirect(f"{reverse('certificates', args=[place.merchant.pk])}?batch={issued[0].batch}")


def _ask(
    request: HttpRequest, place: Workplace, form: IssueForm, holder: Account | None, now: dt.datetime
) -> HttpResponse:
    data = request.POST.copy()
    data["once"] = uuid.uuid4().hex
    hidden = _form(data, place, now)
    for field in hidden.fields.values():
        field.widget = forms.HiddenInput()
    number = form.cleaned_data["number"]
    back = reverse("certificates", args=[place.merchant.pk])
    return render(
        request,
        "shop/confirm.html",
        {
            "title": ngettext("Issue %(n)s certificate?", "Issue %(n)s certificates?", number) % {"n": number},
            "sentence": _("Each gets a code of its own, and can pay at once."),
            "figures": _figures(form.terms, number, holder, words_on_page(place.program.pk)),
            "form": hidden,
            "verb": ngettext("Issue %(n)s certificate", "Issue %(n)s certificates", number) % {"n": number},
            "danger": False,
            "back": back,
        },
    )


def _figures(terms: Terms, number: int, holder: Account | None, words: Words) -> list[tuple[str, str]]:
    figures = []
    match terms.kind:
        case "sum":
            figures.append((_("One"), words.money(terms.amount)))
        case "percent":
            figures.append((_("One"), _("%(percent)s off") % {"percent": words.percent(terms.percent)}))
        case _:
            figures.append((_("One"), terms.title or terms.sku))
    if terms.kind == "sum" and number > 1:
        figures.append((_("All together"), words.money(terms.amount * number)))
    if terms.is_sold:
        price = terms.price or terms.amount
        figures.append((_("Money that has been taken"), words.money(price * number)))
    else:
        figures.append((_("Money that has been taken"), _("none: given away")))
    figures.append((_("Good through"), through(terms.expires_at)))
    if terms.for_whom:
        figures.append((_("For whom"), terms.for_whom))
    if holder is not None:
        figures.append((_("Client"), str(getattr(holder, "client", "") and holder.client.name) or "—"))
    return figures
