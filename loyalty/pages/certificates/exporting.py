"""The certificates of the list as a file. Codes are money: only whoever may issue certificates gets them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from zoneinfo import ZoneInfo

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from loyalty.certificates import wording
from loyalty.models import Certificate
from loyalty.pages.certificates.forms import FindForm
from loyalty.pages.certificates.lists import in_state
from merchants import exports
from merchants.access import Action
from merchants.doors import Workplace, members_only


@members_only(Action.EXPORT)
@require_safe
def certificates_export(request: HttpRequest, place: Workplace, kind: exports.Kind) -> HttpResponseBase:
    """What the list shows, as CSV or XLSX, with whole codes for those who may issue certificates."""
    now, zone = timezone.now(), ZoneInfo(place.program.time_zone)
    form = FindForm(request.GET)
    mine = Certificate.objects.filter(program_id=place.program.pk, merchant=place.merchant)
    rows = in_state(mine.filter(form.filters()), form.asked().get("show", ""), now).select_related("outlet")
    whole = place.may(Action.ISSUE_CERTIFICATES)

    def told(page: Sequence[Certificate]) -> list[exports.Line]:
        return [_line(one, now, zone, whole=whole) for one in page]

    titles = [
        *(_("Code"), _("Kind"), _("What it is called"), _("Nominal"), _("Discount, %"), _("Left"), _("State")),
        *(_("Sold"), _("Paid for it"), _("Outlet"), _("For whom"), _("Issued on"), _("Good until")),
    ]
    return exports.download(
        request,
        place,
        kind,
        name="certificates",
        titles=titles,
        body=exports.lines(rows, told, program_id=place.program.pk),
        action="certificates.exported",
        narrowed=bool(form.asked()),
        back="certificates",
        now=now,
    )


def _line(one: Certificate, now: dt.datetime, zone: ZoneInfo, *, whole: bool) -> exports.Line:
    return (
        one.code if whole else f"…{one.code[-4:]}",
        str(one.get_kind_display()),
        one.title or one.sku,
        one.nominal,
        one.percent or None,
        one.rest,
        str(wording.state(one, now)),
        _("yes") if one.is_sold else _("no"),
        one.price if one.is_sold else None,
        one.outlet.name if one.outlet else "",
        one.for_whom,
        one.created_at.astimezone(zone),
        one.expires_at.astimezone(zone),
    )
