"""What the pages of imports say where the file has past receipts."""

from __future__ import annotations

from typing import Any, Final

from django.http import HttpRequest
from django.utils.translation import gettext as _

from clients.imports import reports, samples
from clients.imports.receipts import samples as of_receipts
from clients.imports.receipts import work
from clients.imports.receipts.choices import choices_of
from clients.models import ClientImport, ReceiptImportLine
from clients.pages.staff.imports.forms import ReceiptChoicesForm
from loyalty.wording import words_of
from merchants.models import Outlet

SHOWN: Final = 50
# What may be looked at of a report, in the order of the page.
OUTCOMES: Final = ("refused", "remark", "fresh", "same")


def choices_form(posted: Any, one: ClientImport) -> ReceiptChoicesForm:
    outlets = Outlet.objects.filter(program_id=one.program_id, merchant_id=one.merchant_id).order_by("name")
    return ReceiptChoicesForm(posted, choices=choices_of(one), outlets=list(outlets.values_list("pk", "name")))


def report(one: ClientImport, request: HttpRequest) -> dict[str, Any]:
    """What the file would do, or did."""
    counts = work.told(one)
    found = counts.found
    numbers = {"refused": found.refused, "remark": found.remarks, "fresh": found.fresh_lines, "same": found.same}
    shown = request.GET.get("show", "")
    if shown not in OUTCOMES:
        shown = next((outcome for outcome in OUTCOMES if numbers[outcome]), "")
    lines: list[ReceiptImportLine] = []
    if shown and one.forgotten_at is None:
        after = reports.row_of(request.GET.get("after", ""))
        lines = reports.lines_of(one, shown, after=after, size=SHOWN)
    return {
        "counts": counts,
        "anonymous": found.fresh - found.known,
        "tabs": [(outcome, numbers[outcome]) for outcome in OUTCOMES if numbers[outcome]],
        "shown": shown,
        "lines": [(line, reports.problems_of(line)) for line in lines],
        "further": lines[-1].row if len(lines) == SHOWN else None,
    }


def asks_to_load(one: ClientImport) -> dict[str, Any]:
    found = work.told(one).found
    return {
        "title": _("Load the receipts?") if one.state == ClientImport.State.CHECKED else _("Go on loading?"),
        "sentence": _(
            "They become the history that back tests read. Nobody gets points for them, and no balance, tier or figure"
            " of the overview changes. You can take all of it back within a month."
        ),
        "figures": [
            *_figures(one),
            (_("Lines left out"), reports.grouped(found.refused)),
        ],
        "verb": _("Load"),
    }


def asks_to_undo(one: ClientImport) -> dict[str, Any]:
    return {
        "title": _("Take the receipts back?"),
        "sentence": _("All receipts of this file leave the history. Nothing else changes."),
        "figures": _figures(one),
        "verb": _("Undo the import"),
        "danger": True,
    }


def _figures(one: ClientImport) -> list[tuple[str, str]]:
    found, words = work.told(one).found, words_of(one.program_id)
    return [
        (_("New receipts"), reports.grouped(found.fresh)),
        (_("Of clients"), reports.grouped(found.known)),
        (_("For a sum of"), words.money(found.total)),
    ]


def sample(kind: str) -> bytes:
    rows = of_receipts.HEADER, of_receipts.ROWS
    return samples.as_xlsx(*rows, title="Чеки") if kind == "xlsx" else samples.as_csv(*rows)
