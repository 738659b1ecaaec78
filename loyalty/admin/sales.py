"""Receipts and returns, with why they came out as they did."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from loyalty.admin import finding, shown
from loyalty.admin.books import shorter
from loyalty.admin.moving import Move, MoveBack
from loyalty.admin.shown import shortest
from loyalty.models import Entry, Return, ReturnLine, Sale, SaleLine
from loyalty.wording import words_on_page
from merchants.admin.base import LargeTable
from merchants.admin.panels import Panel, link

LINES_SHOWN = 200
_RECEIPT_HELP = gettext_lazy("Receipt number or id, phone or card")


@admin.register(Sale)
class SaleAdmin(LargeTable[Sale]):
    list_display = (
        "occurred_at", "receipt", "status", "total_shown", "points_redeemed_shown", "points_earned_shown", "client",
        "at_till", "in_program",
    )  # fmt: skip
    list_display_links = ("occurred_at", "receipt")
    list_select_related = ("account", "till__outlet", "program")
    search_help_text = _RECEIPT_HELP
    acts = (Move, MoveBack)
    list_before_template = "admin/kopilka/receipts_hint.html"
    fieldsets = (
        (
            None,
            {
                "fields": (
                    "public_id", ("receipt", "status"), ("occurred_at", "local_day"), ("in_program", "of_merchant"),
                    ("at_till", "channel"), ("cashier", "client"), ("identified_by", "hold_until"), "created_at",
                ),
            },
        ),
        (
            gettext_lazy("Sums"),
            {
                "fields": (
                    ("total_shown", "discount_shown"), ("points_value_shown", "certificates_shown"), "to_pay_shown",
                    ("points_redeemed_shown", "points_earned_shown"),
                ),
            },
        ),
        (gettext_lazy("Rules"), {"fields": (("version", "visit"), ("tier_before", "tier_after"), "flagged")}),
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[Sale]:
        rows = super().get_queryset(request)
        in_list = request.resolver_match and request.resolver_match.url_name == "loyalty_sale_changelist"
        return rows.defer("explanation", "earnings", "flags") if in_list else rows

    def find(self, queryset: QuerySet[Sale], term: str) -> QuerySet[Sale]:
        found = finding.accounts(term)
        if found:
            return finding.of_accounts(queryset, term)
        return queryset.filter(pk__in=list(finding.sales(term).values_list("pk", flat=True)[:200]))

    def panels(self, request: HttpRequest, row: Sale) -> Sequence[Panel]:
        words = words_on_page(row.program_id)
        mine = {"program": row.program_id, "sale": row}
        return (
            lines_panel(SaleLine.objects.filter(**mine).order_by("position")[:LINES_SHOWN]),
            shown.explanation_panel(row, words),
            shown.entries_panel(Entry.objects.filter(**mine).select_related("sale").order_by("pk"), words),
            shown.lots_panel(row.lots.filter(program=row.program_id).order_by("pk"), _("Lots")),
            shown.returns_panel(Return.objects.filter(**mine).order_by("pk"), words),
        )

    @admin.display(description=gettext_lazy("receipt"))
    def receipt(self, sale: Sale) -> str:
        return sale.receipt_number or shorter(sale.public_id)

    @admin.display(description=gettext_lazy("account"))
    def client(self, sale: Sale) -> str:
        return link(sale.account, shorter(sale.account.public_id)) if sale.account else ""

    @admin.display(description=gettext_lazy("total"))
    def total_shown(self, sale: Sale) -> str:
        return shown.money(sale, sale.total)

    @admin.display(description=gettext_lazy("discount"))
    def discount_shown(self, sale: Sale) -> str:
        return shown.money(sale, sale.discount)

    @admin.display(description=gettext_lazy("paid by points"))
    def points_value_shown(self, sale: Sale) -> str:
        return shown.money(sale, sale.points_value)

    @admin.display(description=gettext_lazy("paid by certificates"))
    def certificates_shown(self, sale: Sale) -> str:
        return shown.money(sale, sale.certificates_paid)

    @admin.display(description=gettext_lazy("paid by money"))
    def to_pay_shown(self, sale: Sale) -> str:
        return shown.money(sale, sale.to_pay)

    @admin.display(description=gettext_lazy("points redeemed"))
    def points_redeemed_shown(self, sale: Sale) -> str:
        return shortest(sale.points_redeemed)

    @admin.display(description=gettext_lazy("points earned"))
    def points_earned_shown(self, sale: Sale) -> str:
        return shortest(sale.points_earned)

    @admin.display(description=gettext_lazy("the day's first"), boolean=True)
    def visit(self, sale: Sale) -> bool:
        return sale.is_visit

    @admin.display(description=gettext_lazy("to be looked at"))
    def flagged(self, sale: Sale) -> str:
        return shown.joined(sale.flags)


@admin.register(Return)
class ReturnAdmin(LargeTable[Return]):
    list_display = ("at", "sale_shown", "is_void", "money_shown", "back", "taken", "cashier", "in_program")
    list_select_related = ("sale", "program")
    search_help_text = gettext_lazy("Id of the return, or number or id of the receipt")
    fields = (
        "public_id", "in_program", "sale_shown", "is_void", "at", "money_shown", "value_shown", "back",
        "called", "taken", "expired", "forgiven", "tier_undone", "cashier", "actor", "reason", "created_at",
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[Return]:
        return super().get_queryset(request).defer("sale__explanation", "sale__earnings", "sale__flags")

    def find(self, queryset: QuerySet[Return], term: str) -> QuerySet[Return]:
        return queryset.filter(finding.returns(term))

    def panels(self, request: HttpRequest, row: Return) -> Sequence[Panel]:
        words = words_on_page(row.program_id)
        lines = ReturnLine.objects.filter(program=row.program_id, given_back=row).select_related("line").order_by("pk")
        # By the receipt: entries have no index by return.
        entries = Entry.objects.filter(program=row.program_id, sale=row.sale_id, given_back=row)
        return (
            Panel(
                _("Returned lines"),
                (_("Goods"), _("Quantity"), _("Money"), _("Points returned"), _("Points to take back")),
                [
                    (
                        line.line,
                        shortest(line.quantity),
                        words.money(line.money),
                        shortest(line.points),
                        shortest(line.earned),
                    )
                    for line in lines[:LINES_SHOWN]
                ],
                numbers=(1, 2, 3, 4),
            ),
            shown.entries_panel(entries.select_related("sale").order_by("pk"), words),
        )

    @admin.display(description=gettext_lazy("receipt"))
    def sale_shown(self, row: Return) -> str:
        return link(row.sale, row.sale.receipt_number or shorter(row.sale.public_id))

    @admin.display(description=gettext_lazy("money"))
    def money_shown(self, row: Return) -> str:
        return shown.money(row, row.money)

    @admin.display(description=gettext_lazy("value of the points"))
    def value_shown(self, row: Return) -> str:
        return shown.money(row, row.points_value)

    @admin.display(description=gettext_lazy("points returned"))
    def back(self, row: Return) -> str:
        return shortest(row.points_back)

    @admin.display(description=gettext_lazy("points to take back"))
    def called(self, row: Return) -> str:
        return shortest(row.earned_called)

    @admin.display(description=gettext_lazy("points taken back"))
    def taken(self, row: Return) -> str:
        return shortest(row.earned_taken)

    @admin.display(description=gettext_lazy("points that had expired"))
    def expired(self, row: Return) -> str:
        return shortest(row.earned_expired)

    @admin.display(description=gettext_lazy("points let go"))
    def forgiven(self, row: Return) -> str:
        return shortest(row.earned_forgiven)


def lines_panel(lines: Any) -> Panel:
    return Panel(
        _("Lines"),
        (
            _("Goods"), _("Category"), _("Quantity"), _("Price"), _("Sum"), _("Discount"), _("Paid by points"),
            _("Paid by money"), _("Earned"),
        ),
        [
            (
                str(line), line.category, shortest(line.quantity), *map(shortest, (
                    line.price, line.amount, line.discount, line.points_value, line.paid, line.earned,
                )),
            )
            for line in lines
        ],
        empty=_("No lines."),
        numbers=(2, 3, 4, 5, 6, 7, 8),
    )  # fmt: skip
