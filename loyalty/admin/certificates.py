"""Certificates and their history. Codes are money: of each only the end is shown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from loyalty.admin import finding
from loyalty.admin.books import shorter
from loyalty.admin.shown import shortest
from loyalty.certificates import wording
from loyalty.certificates.codes import spelled
from loyalty.models import Certificate, CertificateEntry
from loyalty.wording import words_on_page
from merchants.admin.base import LargeTable
from merchants.admin.panels import Panel, link


@admin.register(Certificate)
class CertificateAdmin(LargeTable[Certificate]):
    list_display = ("created_at", "worth", "ends_with", "state", "rest_shown", "is_sold", "expires_at", "in_program")
    list_select_related = ("program",)
    search_help_text = gettext_lazy("The whole code, or the id")
    fields = (
        "public_id", "ends_with", ("in_program", "of_merchant"), ("worth", "state"), ("rest_shown", "is_sold"),
        ("price", "sale_shown"), "account_shown", ("expires_at", "warned_at"), ("expired_at", "cancelled_at"),
        ("created_at", "actor"),
    )  # fmt: skip

    def find(self, queryset: QuerySet[Certificate], term: str) -> QuerySet[Certificate]:
        public_id = finding.as_uuid(term)
        mine = queryset.filter(program__in=finding.programs())
        return mine.filter(public_id=public_id) if public_id is not None else mine.filter(code=spelled(term))

    def panels(self, request: HttpRequest, row: Certificate) -> Sequence[Panel]:
        moves = CertificateEntry.objects.filter(program=row.program_id, certificate=row).select_related("sale")
        return (
            Panel(
                _("History"),
                (_("When"), _("Entry"), _("Change"), _("Left"), _("Receipt"), _("By"), _("Reason")),
                [
                    (
                        move.at,
                        move.get_kind_display(),
                        shortest(move.amount),
                        shortest(move.rest_after),
                        link(move.sale) if move.sale else "",
                        move.actor,
                        move.reason,
                    )
                    for move in moves.order_by("pk")
                ],
                numbers=(2, 3),
            ),
        )

    @admin.display(description=gettext_lazy("what for"))
    def worth(self, row: Certificate) -> str:
        return wording.worth(row, words_on_page(row.program_id))

    @admin.display(description=gettext_lazy("code ends with"))
    def ends_with(self, row: Certificate) -> str:
        return f"…{row.code[-4:]}"

    @admin.display(description=gettext_lazy("status"))
    def state(self, row: Certificate) -> str:
        return wording.state(row, timezone.now())

    @admin.display(description=gettext_lazy("rest"))
    def rest_shown(self, row: Certificate) -> str:
        return wording.rest(row, words_on_page(row.program_id))

    @admin.display(description=gettext_lazy("receipt"))
    def sale_shown(self, row: Certificate) -> Any:
        return link(row.sale) if row.sale else ""

    @admin.display(description=gettext_lazy("account"))
    def account_shown(self, row: Certificate) -> Any:
        return link(row.holder, shorter(row.holder.public_id)) if row.holder else ""
