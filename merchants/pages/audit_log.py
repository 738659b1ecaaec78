"""Who did what, when and why."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
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

from merchants import exports
from merchants.access import Action
from merchants.acts import ACTS, GROUPS, Group
from merchants.doors import Workplace, members_only
from merchants.forms import PageForm
from merchants.log import about, fact_in_words, read, records_of
from merchants.models import AuditRecord, Member
from merchants.paging import newest_first

TILLS, SERVER = "tills", "server"
# Words are looked for among the records of so many days, not of all years.
LOOKED_BACK: Final = dt.timedelta(days=366)


class DayInput(forms.DateInput):
    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class Filters(PageForm):
    """By whom, what, about whom or in which words, in which days. Whatever is wrong filters nothing, and says so."""

    q = forms.CharField(
        label=gettext_lazy("About whom, or why"),
        required=False,
        max_length=100,
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off"}),
    )
    who = forms.ChoiceField(label=gettext_lazy("Who"), required=False)
    what = forms.ChoiceField(label=gettext_lazy("What"), required=False)
    since = forms.DateField(label=gettext_lazy("From day"), required=False, widget=DayInput)
    until = forms.DateField(label=gettext_lazy("To day"), required=False, widget=DayInput)

    def __init__(self, *args: Any, place: Workplace, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.place = place
        people = Member.objects.filter(merchant=place.merchant).select_related("user")
        who: Any = self.fields["who"]
        who.choices = [
            ("", gettext_lazy("Everybody")),
            *sorted(((str(one.user_id), one.user.name or one.user.email) for one in people), key=lambda pair: pair[1]),
            (TILLS, gettext_lazy("Tills")),
            (SERVER, gettext_lazy("Programs on the server")),
        ]
        what: Any = self.fields["what"]
        what.choices = [
            ("", gettext_lazy("Everything")),
            *((title, [(group, _("All of it")), *ACTS[group].items()]) for group, title in GROUPS.items()),
        ]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("since") and data.get("until") and data["since"] > data["until"]:
            self.add_error("until", _("The last day comes before the first."))
        return data

    @property
    def is_asked(self) -> bool:
        self.is_valid()
        return any(self.cleaned_data.values())

    def applied(self, records: QuerySet[AuditRecord], today: dt.date) -> QuerySet[AuditRecord]:
        self.full_clean()
        data = self.cleaned_data
        match data.get("who"):
            case "tills":
                records = records.filter(actor__startswith="till:")
            case "server":
                records = records.filter(~Q(actor__startswith="till:"), user=None)
            case str(user) if user:
                records = records.filter(user=int(user))
        if what := data.get("what"):
            records = records.filter(action__in=list(ACTS[Group(what)]) if what in GROUPS else [what])
        since, words = data.get("since"), " ".join(data.get("q", "").replace("\0", "").split())
        if words:
            records = records.filter(about(self.place, words) | Q(reason__icontains=words))
            since = since or max(data.get("until") or today, dt.date.min + LOOKED_BACK) - LOOKED_BACK
        if since:
            records = records.filter(at__gte=midnight(since))
        if (until := data.get("until")) and until < dt.date.max:
            records = records.filter(at__lt=midnight(until + dt.timedelta(days=1)))
        return records


def midnight(day: dt.date) -> dt.datetime:
    return timezone.make_aware(dt.datetime.combine(day, dt.time()))


@members_only(Action.SEE_LOG)
@require_safe
def audit_log(request: HttpRequest, place: Workplace) -> HttpResponse:
    filters = Filters(request.GET, place=place)
    found = filters.applied(records_of(place), timezone.localdate())
    page = newest_first(found, request.GET.get("before", ""), by="at")
    context = {
        "filters": filters,
        "filtered": filters.is_asked,
        "page": page,
        "lines": read(page.rows, place),
        "may_export": place.may(Action.EXPORT),
    }
    return render(request, "audit/log.html", context)


@members_only(Action.SEE_LOG)
@require_safe
def audit_export(request: HttpRequest, place: Workplace, kind: exports.Kind) -> HttpResponseBase:
    """What the page shows, as CSV or XLSX; that it was taken stands in the log, too."""
    place.require(Action.EXPORT)
    filters = Filters(request.GET, place=place)
    rows = filters.applied(records_of(place), timezone.localdate())
    # The file is written when the view is over, and its time zone with it.
    zone = ZoneInfo(place.program.time_zone)

    def told(page: Sequence[AuditRecord]) -> list[exports.Line]:
        return [
            (
                line.record.at.astimezone(zone),
                line.who,
                str(line.act),
                line.subject.name,
                line.record.reason,
                "; ".join(fact_in_words(fact) for fact in line.facts),
            )
            for line in read(page, place)
        ]

    return exports.download(
        request,
        place,
        kind,
        name="log",
        titles=[_("When"), _("Who"), _("What"), _("About whom or what"), _("Reason"), _("Details")],
        body=exports.lines(rows, told, program_id=place.program.pk, by="at"),
        action="log.exported",
        narrowed=filters.is_asked,
        back="audit_log",
        now=timezone.now(),
    )
