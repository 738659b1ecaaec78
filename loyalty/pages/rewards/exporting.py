"""The gifts of the list as a file."""

from __future__ import annotations

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from loyalty.models import Exchange
from loyalty.pages.rewards.exchanges import found
from loyalty.pages.rewards.forms import TakenForm
from merchants import exports
from merchants.access import Action
from merchants.doors import Workplace, members_only


@members_only(Action.EXPORT)
@require_safe
def exchanges_export(request: HttpRequest, place: Workplace, kind: exports.Kind) -> HttpResponseBase:
    """What the list shows, as CSV or XLSX; of the codes the last four characters."""
    zone = ZoneInfo(place.program.time_zone)
    form = TakenForm(request.GET, merchant_id=place.merchant.pk)

    def told(page: Sequence[Exchange]) -> list[exports.Line]:
        return [_line(one, zone) for one in page]

    titles = [
        *(_("Gift"), _("Points"), _("State"), _("Code ends with"), _("Client"), _("What the client said")),
        *(_("Where"), _("Outlet"), _("Taken"), _("Kept until"), _("Handed over or cancelled"), _("By whom")),
    ]
    return exports.download(
        request,
        place,
        kind,
        name="gifts",
        titles=titles,
        body=exports.lines(found(place, form), told, program_id=place.program.pk),
        action="exchanges.exported",
        narrowed=bool(form.asked()),
        back="exchanges",
        now=timezone.now(),
    )


def _line(one: Exchange, zone: ZoneInfo) -> exports.Line:
    client = getattr(one.account, "client", None)
    return (
        one.title,
        one.points,
        str(one.get_state_display()),
        one.code[-4:],
        client.name if client else "",
        one.note,
        str(one.get_channel_display()),
        one.outlet.name if one.outlet else "",
        one.created_at.astimezone(zone),
        one.claim_until.astimezone(zone) if one.claim_until else None,
        one.ended_at.astimezone(zone) if one.ended_at else None,
        one.ended_by,
    )
