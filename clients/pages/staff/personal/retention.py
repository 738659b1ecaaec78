"""How long personal data are kept: the terms, and what would be erased now, before anything is switched on."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods
from msgspec.structs import asdict

from clients.personal import retention as terms_service
from clients.personal.retention import Over, Terms
from loyalty.wording import words_on_page
from merchants.access import Action
from merchants.doors import Workplace, members_only
from merchants.forms import PageForm


class TermsForm(PageForm):
    """`seen` are the numbers that the page showed before."""

    idle_years = forms.IntegerField(
        label=gettext_lazy("Erase clients without any activity after, years"),
        required=False,
        min_value=1,
        max_value=20,
        help_text=gettext_lazy("Neither purchases nor points, nor consents, for so long. Empty: never."),
    )
    import_days = forms.IntegerField(
        label=gettext_lazy("Delete loaded files of clients after, days"),
        min_value=1,
        max_value=30,
        help_text=gettext_lazy("With their refused lines. Loading can be undone until then, for 30 days at the most."),
    )
    address_days = forms.IntegerField(
        label=gettext_lazy("Delete the network addresses of consents after, days"),
        required=False,
        min_value=1,
        max_value=3650,
        help_text=gettext_lazy("They help to prove that a consent was given. Empty: with the client."),
    )
    seen = forms.CharField(required=False, widget=forms.HiddenInput, max_length=80)

    @property
    def terms(self) -> Terms:
        return Terms(**{name: self.cleaned_data[name] for name in Terms.__struct_fields__})


@members_only(Action.CHANGE_PROGRAM)
@require_http_methods(["GET", "HEAD", "POST"])
def retention(request: HttpRequest, place: Workplace) -> HttpResponse:
    """A first press shows the numbers, a second one with the same numbers saves."""
    now, over = timezone.now(), None
    form = TermsForm(request.POST if request.method == "POST" else None, initial=asdict(_terms(place)))
    if form.is_valid():
        terms = form.terms
        over = terms_service.foresee(program_id=place.program.pk, terms=terms, now=now)
        seen = _numbers(terms, over)
        if not over or form.cleaned_data["seen"] == seen:
            changed = terms_service.change(merchant=place.merchant, terms=terms, by=place.user, now=now)
            messages.success(request, _("Saved.") if changed else _("Nothing was changed."))
            return redirect("retention", place.merchant.pk)
        form = TermsForm(initial={**asdict(terms), "seen": seen})
    figures = _figures(place, over) if over else []
    return render(request, "clients/personal/retention.html", {"form": form, "figures": figures})


def _numbers(terms: Terms, over: Over) -> str:
    """What somebody agrees to."""
    parts = [terms.idle_years, terms.import_days, terms.address_days, over.clients, over.points, over.files]
    return "/".join(str(part) for part in parts)


def _terms(place: Workplace) -> Terms:
    return terms_service.terms_of(place.program.pk)


def _figures(place: Workplace, over: Over) -> list[tuple[str, str]]:
    words = words_on_page(place.program.pk)
    return [
        (_("Clients erased for ever"), str(over.clients)),
        (_("Points that are lost with them"), words.points(over.points)),
        (_("Loaded files deleted"), str(over.files)),
        (_("Addresses deleted"), str(over.addresses)),
    ]
