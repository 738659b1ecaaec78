"""Who did what, when and why."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from merchants.access import Action
from merchants.acts import ACTS, GROUPS, Group
from merchants.doors import Workplace, members_only
from merchants.forms import PageForm
from merchants.log import read, records_of
from merchants.models import AuditRecord, Member
from merchants.paging import newest_first

TILLS, SERVER = "tills", "server"


class Filters(PageForm):
    """By whom, what, and on which day. Whatever is wrong filters nothing, and says so."""

    who = forms.ChoiceField(label=gettext_lazy("Who"), required=False)
    what = forms.ChoiceField(
        label=gettext_lazy("What"), required=False, choices=[("", gettext_lazy("Everything")), *GROUPS.items()]
    )
    day = forms.DateField(
        label=gettext_lazy("On the day"),
        required=False,
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
    )

    def __init__(self, *args: Any, place: Workplace, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = Member.objects.filter(merchant=place.merchant).select_related("user")
        field: Any = self.fields["who"]
        field.choices = [
            ("", gettext_lazy("Everybody")),
            *sorted(((str(one.user_id), one.user.name or one.user.email) for one in people), key=lambda pair: pair[1]),
            (TILLS, gettext_lazy("Tills")),
            (SERVER, gettext_lazy("Programs on the server")),
        ]

    def applied(self, records: QuerySet[AuditRecord]) -> QuerySet[AuditRecord]:
        self.full_clean()
        match self.cleaned_data.get("who"):
            case "tills":
                records = records.filter(actor__startswith="till:")
            case "server":
                records = records.filter(~Q(actor__startswith="till:"), user=None)
            case str(user) if user:
                records = records.filter(user=int(user))
        if what := self.cleaned_data.get("what"):
            records = records.filter(action__in=list(ACTS[Group(what)]))
        if day := self.cleaned_data.get("day"):
            records = records.filter(at__gte=midnight(day))
            if day < dt.date.max:
                records = records.filter(at__lt=midnight(day + dt.timedelta(days=1)))
        return records


def midnight(day: dt.date) -> dt.datetime:
    return timezone.make_aware(dt.datetime.combine(day, dt.time()))


@members_only(Action.SEE_LOG)
@require_safe
def audit_log(request: HttpRequest, place: Workplace) -> HttpResponse:
    filters = Filters(request.GET, place=place)
    page = newest_first(filters.applied(records_of(place)), request.GET.get("before", ""), by="at")
    context = {
        "filters": filters,
        "filtered": any(filters.cleaned_data.values()),
        "page": page,
        "lines": read(page.rows, place),
    }
    return render(request, "audit/log.html", context)
