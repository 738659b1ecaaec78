"""Accounts and the cards that find them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from loyalty.admin import finding, shown
from loyalty.admin.acts import ACCOUNT_ACTS
from loyalty.models import Account, Card, Entry, Lot, Sale
from loyalty.standing import standing
from loyalty.wording import words_on_page
from merchants.admin.base import LargeTable
from merchants.admin.panels import Panel, link


@admin.register(Account)
class AccountAdmin(LargeTable[Account]):
    list_display = (
        "public_id",
        "in_program",
        "status",
        "sum_of_points",
        "sum_of_debt",
        "tier_shown",
        "visits",
        "created_at",
    )
    list_select_related = ("program",)
    fieldsets = (
        (
            None,
            {
                "fields": (
                    "public_id",
                    ("in_program", "of_merchant"),
                    ("status", "block_reason"),
                    ("created_at", "merged"),
                )
            },
        ),
        (gettext_lazy("Points"), {"fields": (("sum_of_points", "sum_of_debt"),)}),
        (gettext_lazy("Tier"), {"fields": (("tier", "gifts"), ("manual_tier", "manual_tier_until"))}),
        (
            gettext_lazy("Purchases"),
            {"fields": ("money_spent", ("visits", "purchases"), ("first_purchase_at", "last_purchase_at"))},
        ),
        (
            gettext_lazy("Facts for the rules"),
            {"fields": (("birthday", "birthday_year_known", "tagged"), "invited_by")},
        ),
    )
    acts = ACCOUNT_ACTS

    def find(self, queryset: QuerySet[Account], term: str) -> QuerySet[Account]:
        return queryset.filter(pk__in=[account for _program, account in finding.accounts(term)])

    def panels(self, request: HttpRequest, row: Account) -> Sequence[Panel]:
        return account_panels(row)

    @admin.display(description=gettext_lazy("points"))
    def sum_of_points(self, account: Account) -> str:
        return shown.points(account, account.points)

    @admin.display(description=gettext_lazy("debt"))
    def sum_of_debt(self, account: Account) -> str:
        return shown.points(account, account.debt) if account.debt else ""

    @admin.display(description=gettext_lazy("money spent"))
    def money_spent(self, account: Account) -> str:
        return shown.money(account, account.spent)

    @admin.display(description=gettext_lazy("tier"))
    def tier_shown(self, account: Account) -> str:
        return account.manual_tier or account.tier

    @admin.display(description=gettext_lazy("tiers whose gift was given"))
    def gifts(self, account: Account) -> str:
        return shown.joined(account.tier_gifts)

    @admin.display(description=gettext_lazy("tags"))
    def tagged(self, account: Account) -> str:
        return shown.joined(account.tags)

    @admin.display(description=gettext_lazy("invited by"))
    def invited_by(self, account: Account) -> Any:
        return link(account.referrer) if account.referrer else ""

    @admin.display(description=gettext_lazy("merged into"))
    def merged(self, account: Account) -> Any:
        return link(account.merged_into) if account.merged_into else ""


def account_panels(account: Account) -> tuple[Panel, ...]:
    """What an account has: each table is one query by an index, however long the history is."""
    words = words_on_page(account.program_id)
    mine = {"program": account.program_id, "account": account}
    entries = Entry.objects.filter(**mine).select_related("sale").order_by("-pk")[: shown.SHOWN]
    lots = Lot.objects.filter(**mine, rest__gt=0).order_by("available_at", "pk")[: shown.SHOWN]
    sales = Sale.objects.filter(**mine).defer("explanation", "earnings").order_by("-local_day", "-pk")[: shown.SHOWN]
    return (
        standing_panel(account),
        cards_panel(account),
        shown.lots_panel(lots, more=all_of(account, "lot")),
        shown.entries_panel(entries, words, more=all_of(account, "entry")),
        shown.sales_panel(sales, words, more=all_of(account, "sale")),
    )


def standing_panel(account: Account) -> Panel:
    words = words_on_page(account.program_id)
    now = standing(program_id=account.program_id, account_id=account.pk, now=timezone.now())
    rows: list[tuple[Any, ...]] = [
        (_("Available"), words.points(now.available)),
        (_("Pending"), words.points(now.pending)),
        (_("Held"), words.points(now.held)),
    ]
    if now.debt:
        rows.append((_("Debt"), words.points(now.debt)))
    if now.next_expiry_points is not None:
        rows.append((_("Expires next"), f"{words.points(now.next_expiry_points)} — {now.next_expiry_at:%d.%m.%Y}"))
    rows.append((_("Tier"), now.tier_title or _("none")))
    if now.next_tier_title:
        ways = [words.money(now.to_next_money) if now.to_next_money is not None else ""]
        ways.append(_("visits: %(visits)s") % {"visits": now.to_next_visits} if now.to_next_visits is not None else "")
        rows.append((_("To the tier “%(title)s”") % {"title": now.next_tier_title}, _(" or ").join(filter(None, ways))))
    return Panel(_("At this moment"), (), rows)


def cards_panel(account: Account) -> Panel:
    cards = Card.objects.filter(account=account).order_by("pk")[: shown.SHOWN]
    return Panel(
        _("Cards"),
        (_("Number"), _("Kind"), _("Status"), _("Issued")),
        [
            (link(card, card.number), card.get_kind_display(), card.get_status_display(), card.created_at)
            for card in cards
        ],
        empty=_("No cards."),
    )


def all_of(account: Account, model: str) -> str:
    return f"{reverse(f'admin:loyalty_{model}_changelist')}?q={account.public_id}"


@admin.register(Card)
class CardAdmin(LargeTable[Card]):
    list_display = ("number", "kind", "status", "account_shown", "in_program", "created_at")
    list_select_related = ("account", "program")
    fields = (
        "number",
        "kind",
        ("status", "block_why", "block_note", "blocked_at"),
        "account_shown",
        "in_program",
        "created_at",
    )

    def find(self, queryset: QuerySet[Card], term: str) -> QuerySet[Card]:
        if finding.as_uuid(term):
            return queryset.filter(account__in=[account for _program, account in finding.accounts(term)])
        return queryset.filter(program__in=finding.programs(), number__in=finding.numbers(term))

    @admin.display(description=gettext_lazy("account"))
    def account_shown(self, card: Card) -> str:
        return link(card.account)
