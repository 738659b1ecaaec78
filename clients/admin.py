"""The people behind the accounts, for support."""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clients.models import Client, ClientAct, ClientActLine, Consent, Segment
from loyalty.admin import shown
from loyalty.admin.accounts import account_panels
from loyalty.admin.acts import ACCOUNT_ACTS
from merchants.admin.base import LargeTable, ReadOnlyAdmin
from merchants.admin.panels import Panel, link


@admin.register(Client)
class ClientAdmin(LargeTable[Client]):
    list_display = ("full_name", "phone_shown", "status", "points", "in_program", "created_at")
    list_select_related = ("account", "program")
    search_help_text = gettext_lazy("Any part of the name, or three digits of the phone or more")
    fields = (
        "full_name",
        "phone_shown",
        "email",
        "birthday",
        "birthday_year_known",
        "in_program",
        "account_link",
        "status",
        "points",
        "created_at",
    )
    acts = ACCOUNT_ACTS

    def find(self, queryset: QuerySet[Client], term: str) -> QuerySet[Client]:
        return queryset.filter(pk__in=Client.objects.matching(term).values("pk"))

    def panels(self, request: HttpRequest, row: Client) -> Sequence[Panel]:
        consents = Consent.objects.filter(program=row.program_id, client=row).order_by("kind", "-at")[:50]
        given = Panel(
            _("Consents"),
            (_("Consent"), _("Given"), _("When"), _("Where"), _("Version of the text")),
            [(one.get_kind_display(), one.given, one.at, one.source, one.text_version) for one in consents],
            empty=_("No consents."),
        )
        return (*account_panels(row.account), given)

    @admin.display(description=gettext_lazy("full name"))
    def full_name(self, client: Client) -> str:
        return client.name or _("without a name")

    @admin.display(description=gettext_lazy("phone"))
    def phone_shown(self, client: Client) -> str:
        return client.phone.as_international if client.phone else ""

    @admin.display(description=gettext_lazy("status"))
    def status(self, client: Client) -> str:
        return client.account.get_status_display()

    @admin.display(description=gettext_lazy("points"))
    def points(self, client: Client) -> str:
        return shown.points(client, client.account.points)

    @admin.display(description=gettext_lazy("account"))
    def account_link(self, client: Client) -> str:
        return link(client.account)


@admin.register(Segment)
class SegmentAdmin(ReadOnlyAdmin[Segment]):
    list_display = ("name", "of_merchant", "in_program", "counted", "counted_at", "frozen_at")
    list_select_related = ("merchant", "program")
    ordering = ("-pk",)
    fields = (
        "name", ("in_program", "of_merchant"), "definition", ("counted", "counted_at"), ("frozen_at", "frozen_by"),
        ("created_by", "created_at"),
    )  # fmt: skip


@admin.register(ClientAct)
class ClientActAdmin(ReadOnlyAdmin[ClientAct]):
    list_display = ("created_at", "kind", "title", "state", "clients", "done", "of_merchant", "in_program")
    list_select_related = ("merchant", "program")
    list_filter = ("state", "kind")
    ordering = ("-pk",)
    fields = (
        "public_id", ("in_program", "of_merchant"), ("kind", "state"), ("title", "clients", "done"), "terms", "reason",
        ("created_by", "created_at"), ("decided_by", "finished_at"), "why",
    )  # fmt: skip

    def panels(self, request: HttpRequest, row: ClientAct) -> Sequence[Panel]:
        lines = ClientActLine.objects.filter(program=row.program_id, act=row).select_related("account").order_by("pk")
        return (
            Panel(
                _("Clients of the act"),
                (_("Account"), _("Outcome"), _("Why")),
                [(link(line.account), line.get_outcome_display(), line.why) for line in lines[:50]],
                empty=_("Nobody."),
                more=_("The first 50 are shown.") if row.clients > 50 else "",
            ),
        )
