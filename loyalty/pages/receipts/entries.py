"""Operations with points across all clients: what an accountant asks for."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final
from zoneinfo import ZoneInfo

from django import forms
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from loyalty import by_hand
from loyalty.engine.calendar import Calendar
from loyalty.models import Entry
from loyalty.pages.receipts.forms import DayInput
from merchants import exports, paging
from merchants.access import Action
from merchants.doors import Workplace, members_only
from merchants.forms import PageForm
from merchants.models import Member, Merchant, Outlet

# Without a first day, and at the most: entries are many, and their days are found by the order of writing.
USUAL: Final = dt.timedelta(days=31)
LONGEST: Final = dt.timedelta(days=366)


class EntriesForm(PageForm):
    """Addresses are edited by hand: what is wrong is as good as empty, and said beside the field."""

    since = forms.DateField(label=gettext_lazy("From day"), required=False, widget=DayInput)
    until = forms.DateField(label=gettext_lazy("To day"), required=False, widget=DayInput)
    kind = forms.ChoiceField(
        label=gettext_lazy("Operation"),
        required=False,
        choices=[("", gettext_lazy("All operations")), *Entry.Kind.choices],
    )
    outlet = forms.ModelChoiceField(Outlet.objects.none(), label=gettext_lazy("Outlet"), required=False)
    who = forms.ChoiceField(label=gettext_lazy("Who did it by hand"), required=False)
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        required=False,
        max_length=100,
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off"}),
    )

    def __init__(self, *args: Any, place: Workplace, people: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        outlet: Any = self.fields["outlet"]
        outlets = Outlet.objects.filter(merchant=place.merchant).order_by("name")
        outlet.queryset = outlets if place.outlets is None else outlets.filter(pk__in=place.outlets)
        outlet.empty_label = _("All outlets")
        outlet.label_from_instance = lambda one: one.name
        if people:
            who: Any = self.fields["who"]
            who.choices = [("", _("Everybody")), *sorted(people.items(), key=lambda pair: pair[1])]
        else:
            del self.fields["who"]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        since, until = data.get("since"), data.get("until")
        if since and until and since > until:
            self.add_error("until", _("The last day comes before the first."))
        elif since and until and until - since > LONGEST:
            self.add_error("until", _("A year at the most: take a shorter period."))
        return data

    def asked(self) -> dict[str, Any]:
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value not in ("", None)}

    def days(self, today: dt.date) -> tuple[dt.date, dt.date]:
        """The first and the last day that are looked at."""
        asked = self.asked()
        until = max(min(asked.get("until", today), today), dt.date.min + LONGEST)
        return max(asked.get("since", until - USUAL), until - LONGEST, dt.date.min + USUAL), until

    def filters(self, calendar: Calendar, today: dt.date) -> Q:
        asked, (since, until) = self.asked(), self.days(today)
        found = Q(created_at__gte=calendar.start_of(since), created_at__lt=calendar.end_of(until))
        if "kind" in asked:
            found &= Q(kind=asked["kind"])
        if "outlet" in asked:
            found &= Q(sale__outlet=asked["outlet"])
        if "who" in asked:
            found &= Q(kind=Entry.Kind.ADJUST, actor=asked["who"])
        if "reason" in asked:
            found &= Q(kind=Entry.Kind.ADJUST, reason__icontains=asked["reason"])
        return found


def entries_of(place: Workplace) -> QuerySet[Entry]:
    """Those that the workplace may know: in a programme of one merchant all of them, in a coalition those of its own
    receipts and of its own hands, at some outlets those of their receipts."""
    rows = Entry.objects.select_related("account__client", "sale__outlet")
    if place.outlets is not None:
        return rows.filter(sale__outlet__in=place.outlets)
    if not Merchant.objects.exclude(pk=place.merchant.pk).exists():
        return rows
    own = Q(kind=Entry.Kind.ADJUST, rule__startswith=by_hand.mark_of(merchant_id=place.merchant.pk))
    return rows.filter(Q(sale__merchant=place.merchant) | own)


def people_of(place: Workplace) -> dict[str, str]:
    """Names by e-mail, which is what entries by hand keep; nobody's for whoever may not read the log."""
    if not place.may(Action.SEE_LOG):
        return {}
    team = Member.objects.filter(merchant=place.merchant).select_related("user")
    return {one.user.email: one.user.name or one.user.email for one in team}


def who_did(entry: Entry, people: Mapping[str, str]) -> str:
    """Of what was done by hand; a cashier's name stands with the receipt."""
    if entry.sale is not None:
        return entry.sale.cashier
    return people.get(entry.actor, entry.actor) if people and entry.kind == Entry.Kind.ADJUST else ""


def why(entry: Entry) -> str:
    return entry.reason if entry.kind == Entry.Kind.ADJUST else ""


@members_only(Action.SEE_SALES)
@require_safe
def entries(request: HttpRequest, place: Workplace) -> HttpResponse:
    """By the moment of writing, newest first."""
    people = people_of(place)
    form = EntriesForm(request.GET, place=place, people=people)
    calendar = Calendar(place.program.time_zone, place.program.day_starts_at)
    today = calendar.day_of(timezone.now())
    rows = entries_of(place).filter(form.filters(calendar, today)).defer("sale__explanation", "sale__earnings")
    page = paging.newest_first(rows, request.GET.get("before", ""))
    since, until = form.days(today)
    context = {
        "form": form,
        "page": page,
        "rows": [(entry, who_did(entry, people), why(entry)) for entry in page.rows],
        "asked": bool(form.asked()),
        "since": since,
        "until": until,
        "is_part": place.outlets is not None or Merchant.objects.exclude(pk=place.merchant.pk).exists(),
        "may_export": place.may(Action.EXPORT),
        "may_see_clients": place.may(Action.SEE_CLIENTS),
    }
    return render(request, "receipts/entries.html", context)


@members_only(Action.EXPORT)
@require_safe
def entries_export(request: HttpRequest, place: Workplace, kind: exports.Kind) -> HttpResponseBase:
    """What the page shows, as CSV or XLSX."""
    now, people = timezone.now(), people_of(place)
    form = EntriesForm(request.GET, place=place, people=people)
    calendar = Calendar(place.program.time_zone, place.program.day_starts_at)
    rows = entries_of(place).filter(form.filters(calendar, calendar.day_of(now)))
    rows = rows.defer("sale__explanation", "sale__earnings", "sale__consequences")
    zone, step = ZoneInfo(place.program.time_zone), Decimal(1).scaleb(-place.program.precision)

    def told(page: Sequence[Entry]) -> list[exports.Line]:
        return [_line(entry, people, zone, step) for entry in page]

    titles = [
        *(_("Written"), _("When"), _("Operation"), _("Points"), _("Balance after"), _("Client"), _("Phone")),
        *(_("Receipt"), _("Outlet"), _("Who"), _("Reason")),
    ]
    return exports.download(
        request,
        place,
        kind,
        name="points",
        titles=titles,
        body=exports.lines(rows, told, program_id=place.program.pk),
        action="entries.exported",
        narrowed=bool(form.asked()),
        back="entries",
        now=now,
    )


def _line(entry: Entry, people: Mapping[str, str], zone: ZoneInfo, step: Decimal) -> exports.Line:
    client = getattr(entry.account, "client", None)
    sale = entry.sale
    return (
        entry.created_at.astimezone(zone),
        entry.at.astimezone(zone),
        str(entry.get_kind_display()),
        entry.points.quantize(step),
        entry.balance_after.quantize(step),
        client.name if client else "",
        str(client.phone or "") if client else "",
        sale.receipt_number if sale else "",
        sale.outlet.name if sale else "",
        who_did(entry, people),
        why(entry),
    )
