"""Entries and lots: written by the ledger, read here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from loyalty.admin import finding, shown
from loyalty.admin.shown import shortest
from loyalty.models import Entry, IdempotencyKey, Lot
from merchants.admin.base import LargeTable
from merchants.admin.panels import Panel, link
from merchants.models import Till


@admin.register(Entry)
class EntryAdmin(LargeTable[Entry]):
    list_display = ("at", "kind", "points_shown", "balance_shown", "account_shown", "sale_shown", "in_program", "actor")
    list_select_related = ("account", "program", "sale")
    fields = (
        "in_program", "account_shown", "kind", "points_shown", "balance_shown", "rule", "sale_shown",
        "given_back_shown", "at", "created_at", "actor", "reason",
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[Entry]:
        return super().get_queryset(request).defer("sale__explanation", "sale__earnings", "sale__flags")

    def find(self, queryset: QuerySet[Entry], term: str) -> QuerySet[Entry]:
        return finding.of_accounts(queryset, term)

    def panels(self, request: HttpRequest, row: Entry) -> Sequence[Panel]:
        lots = Lot.objects.filter(pk__in=row.lots).in_bulk()
        return (
            Panel(
                _("Lots"),
                (_("Lot"), _("Change"), _("Rest now"), _("Expires")),
                [
                    (link(lots[pk]), shown.signed(part), shortest(lots[pk].rest), lots[pk].expires_at)
                    for pk, part in zip(row.lots, row.parts, strict=False)
                    if pk in lots
                ],
                empty=_("The debt alone has changed."),
                numbers=(1, 2),
            ),
        )

    @admin.display(description=gettext_lazy("points"))
    def points_shown(self, entry: Entry) -> str:
        return shown.signed(entry.points)

    @admin.display(description=gettext_lazy("balance after"))
    def balance_shown(self, entry: Entry) -> str:
        return shortest(entry.balance_after)

    @admin.display(description=gettext_lazy("account"))
    def account_shown(self, entry: Entry) -> str:
        return link(entry.account, shorter(entry.account.public_id))

    @admin.display(description=gettext_lazy("receipt"))
    def sale_shown(self, entry: Entry) -> str:
        return link(entry.sale, entry.sale.receipt_number or shorter(entry.sale.public_id)) if entry.sale else ""

    @admin.display(description=gettext_lazy("return"))
    def given_back_shown(self, entry: Entry) -> str:
        return link(entry.given_back) if entry.given_back else ""


@admin.register(Lot)
class LotAdmin(LargeTable[Lot]):
    list_display = (
        "created_at",
        "rule",
        "amount_shown",
        "rest_shown",
        "available_at",
        "expires_at",
        "account_shown",
        "in_program",
    )
    list_select_related = ("account", "program")
    search_help_text = gettext_lazy("Phone, card number or id of an account: its open lots")
    fields = (
        "in_program", "account_shown", "of_merchant", "sale_shown", "origin_shown", "rule", "amount_shown",
        "rest_shown", "available_at", "expires_at", "created_at",
    )  # fmt: skip

    def find(self, queryset: QuerySet[Lot], term: str) -> QuerySet[Lot]:
        # The index knows open lots only; those used up are named by the entries.
        return finding.of_accounts(queryset, term).filter(rest__gt=0)

    @admin.display(description=gettext_lazy("points"))
    def amount_shown(self, lot: Lot) -> str:
        return shortest(lot.amount)

    @admin.display(description=gettext_lazy("rest"))
    def rest_shown(self, lot: Lot) -> str:
        return shortest(lot.rest)

    @admin.display(description=gettext_lazy("account"))
    def account_shown(self, lot: Lot) -> str:
        return link(lot.account, shorter(lot.account.public_id))

    @admin.display(description=gettext_lazy("receipt"))
    def sale_shown(self, lot: Lot) -> str:
        return link(lot.sale) if lot.sale else ""

    @admin.display(description=gettext_lazy("taken from the lot"))
    def origin_shown(self, lot: Lot) -> str:
        return link(lot.origin) if lot.origin else ""


@admin.register(IdempotencyKey)
class IdempotencyKeyAdmin(LargeTable[IdempotencyKey]):
    """Without the answers: personal data stands in them."""

    list_display = ("key_shown", "at_till", "in_program", "code", "written")
    list_select_related = ("till__outlet", "program")
    search_help_text = gettext_lazy("The Idempotency-Key, in full")
    fields = ("key_shown", "at_till", "in_program", "code", "written")

    def get_queryset(self, request: HttpRequest) -> QuerySet[IdempotencyKey]:
        return super().get_queryset(request).defer("answer", "body_digest")

    def find(self, queryset: QuerySet[IdempotencyKey], term: str) -> QuerySet[IdempotencyKey]:
        tills = list(Till.objects.values_list("pk", flat=True))
        return queryset.filter(program__in=finding.programs(), till__in=tills, key=term)

    @admin.display(description=gettext_lazy("key"))
    def key_shown(self, row: IdempotencyKey) -> str:
        return row.key

    @admin.display(description=gettext_lazy("status of the answer"))
    def code(self, row: IdempotencyKey) -> int:
        return row.status

    @admin.display(description=gettext_lazy("written"))
    def written(self, row: IdempotencyKey) -> Any:
        return row.created_at


def shorter(public_id: object) -> str:
    """The beginning of an id is enough to tell rows of a list apart."""
    return f"{str(public_id)[:8]}…"
