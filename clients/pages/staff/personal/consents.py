"""What a client has agreed to, all of it, and a consent or its withdrawal that came on paper."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from clients import consents
from clients.consents import ASKED, Kind, texts_in_force
from clients.models import Consent
from clients.pages.staff.one import where_of
from clients.pages.staff.scope import client_of
from clients.personal import requests
from merchants import audit
from merchants.access import Action
from merchants.doors import Workplace, members_only
from merchants.forms import PageForm

SHOWN = 100


class PaperForm(PageForm):
    """What a client has signed. The text is the one in force: whoever has signed an older one says so in the place."""

    kind = forms.ChoiceField(label=gettext_lazy("Consent"))
    given = forms.ChoiceField(
        label=gettext_lazy("The client"),
        choices=[("yes", gettext_lazy("agrees")), ("no", gettext_lazy("withdraws the consent"))],
    )
    place = forms.CharField(
        label=gettext_lazy("Where and when it was signed"),
        max_length=120,
        help_text=gettext_lazy("For instance: application of 12 May, 5 Lesnaya street. Keep the paper."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kinds: Any = self.fields["kind"]
        kinds.choices = [(str(kind), str(kind.label).capitalize()) for kind in ASKED]


@members_only(Action.SEE_CLIENTS)
@require_http_methods(["GET", "HEAD", "POST"])
def client_consents(request: HttpRequest, place: Workplace, client_id: uuid.UUID) -> HttpResponse:
    now, one = timezone.now(), client_of(place, client_id)
    may_edit = place.may(Action.EDIT_CLIENTS)
    if request.method == "POST":
        place.require(Action.EDIT_CLIENTS)
    form = PaperForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        kind, given = Kind(form.cleaned_data["kind"]), form.cleaned_data["given"] == "yes"
        source = f"paper:{place.member.pk}"
        said: dict[str, Any] = {"client": one, "source": source, "address": form.cleaned_data["place"], "now": now}
        if kind == Kind.PROCESSING and not given:
            requests.ask(**said, by=place.user)
            messages.success(request, _("Noted. The card is closed, and the client is among those to be erased."))
        elif consents.say(**said, said={kind: given}, texts=texts_in_force(place.merchant) if given else {}):
            audit.record(
                program_id=place.program.pk,
                action="client.consent_noted",
                at=now,
                by=place.user,
                subject=one,
                details={"kind": str(kind), "given": given},
            )
            messages.success(request, _("Noted."))
        else:
            messages.info(request, _("That is what the client said last: nothing was changed."))
        return redirect("client_consents", place.merchant.pk, client_id)
    rows = list(Consent.objects.filter(client=one).order_by("-at", "-pk")[:SHOWN])
    context = {
        "client": one,
        "rows": [(row, where_of(row.source), row.address if place.may(Action.SEE_PHONES) else "") for row in rows],
        "form": form if may_edit else None,
    }
    return render(request, "clients/personal/consents.html", context)
