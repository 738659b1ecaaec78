"""The receipts of the list as a file."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from loyalty.engine.calendar import Calendar
from loyalty.models import Sale
from loyalty.pages.receipts.forms import FindForm
from merchants import exports
from merchants.access import Action
from merchants.doors import Workplace, members_only


@members_only(Action.EXPORT)
@require_safe
def sales_export(request: HttpRequest, place: Workplace, kind: exports.Kind) -> HttpResponseBase:
    """What the list shows, as CSV or XLSX, newest day first. It leaves a line in the log."""
    now, zone = timezone.now(), ZoneInfo(place.program.time_zone)
    form = FindForm(request.GET, place=place)
    filters, _looked_from = form.filters(Calendar(place.program.time_zone, place.program.day_starts_at).day_of(now))
    rows = (
        Sale.objects.filter(place.seen(), filters)
        .select_related("outlet", "till", "account__client")
        .defer("explanation", "earnings", "consequences")
    )

    step = Decimal(1).scaleb(-place.program.precision)

    def told(page: Sequence[Sale]) -> list[exports.Line]:
        return [_line(sale, zone, step) for sale in page]

    titles = [
        *(
            _("Day"),
            _("When"),
            _("Receipt"),
            _("Status"),
            _("Outlet"),
            _("Till"),
            _("Cashier"),
            _("Client"),
            _("Phone"),
        ),
        *(_("Sum"), _("Discount"), _("Points redeemed"), _("Paid by points"), _("Paid by certificates"), _("Paid")),
        _("Points earned"),
    ]
    body = exports.lines(rows, told, program_id=place.program.pk, by="local_day")
    return exports.download(
        request,
        place,
        kind,
        name="receipts",
        titles=titles,
        body=body,
        action="sales.exported",
        narrowed=bool(form.asked()),
        back="sales",
        now=now,
    )


def _line(sale: Sale, zone: ZoneInfo, step: Decimal) -> exports.Line:
    """`step`: the programme counts points so finely."""
    client = getattr(sale.account, "client", None) if sale.account_id else None
    return (
        sale.local_day,
        sale.occurred_at.astimezone(zone),
        sale.receipt_number,
        sale.get_status_display(),
        sale.outlet.name,
        sale.till.name,
        sale.cashier,
        client.name if client else "",
        str(client.phone or "") if client else "",
        sale.total,
        sale.discount,
        sale.points_redeemed.quantize(step),
        sale.points_value,
        sale.certificates_paid,
        sale.to_pay,
        sale.points_earned.quantize(step),
    )
