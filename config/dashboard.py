"""What the admin's first page shows: a few figures, none of which counts a large table."""

from __future__ import annotations

from typing import Any

from django.db.models import OuterRef, Subquery
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from clients.models import Client
from loyalty.models import Account, Entry, ProgramDraft, ProgramVersion, Sale
from merchants.admin.figures import rough_counts
from merchants.models import AuditRecord, Member, Merchant, OutboxMessage, Outlet, Program, Till, TillKey

PROGRAMS_SHOWN = 20
MESSAGES_COUNTED = 1_000


def figures(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    rough = rough_counts(Client, Account, Sale, Entry)
    return context | {
        "figures": [
            figure(_("Programmes"), Program.objects.count(), "merchants_program"),
            figure(_("Merchants"), Merchant.objects.filter(is_active=True).count(), "merchants_merchant"),
            figure(_("Outlets"), Outlet.objects.filter(is_active=True).count(), "merchants_outlet"),
            figure(_("Tills"), Till.objects.filter(is_active=True).count(), "merchants_till"),
            figure(_("Keys in use"), TillKey.objects.filter(revoked_at=None).count(), "merchants_tillkey"),
            figure(_("People in teams"), Member.objects.active().count(), "merchants_member"),
            figure(_("Clients"), rough[Client], "clients_client"),
            figure(_("Loyalty accounts"), rough[Account], "loyalty_account"),
            figure(_("Receipts"), rough[Sale], "loyalty_sale"),
            figure(_("Entries"), rough[Entry], "loyalty_entry"),
        ],
        "programs": programs(),
        "waiting": waiting(),
        "acts": AuditRecord.objects.select_related("user", "program").order_by("-pk")[:10],
    }


def figure(title: str, value: Any, name: str) -> dict[str, Any]:
    return {"title": title, "value": value, "url": f"admin:{name}_changelist"}


def programs() -> Any:
    """Each programme with the number of its rules in force and of its draft."""
    versions = ProgramVersion.objects.started(OuterRef("pk"), timezone.now())
    drafts = ProgramDraft.objects.filter(program=OuterRef("pk"))
    return Program.objects.annotate(
        version=Subquery(versions.values("number")[:1]),
        published_at=Subquery(versions.values("published_at")[:1]),
        revision=Subquery(drafts.values("revision")[:1]),
    ).order_by("name", "pk")[:PROGRAMS_SHOWN]


def waiting() -> dict[str, Any]:
    """What the worker has not yet done: an old message means that the worker stands still."""
    due = OutboxMessage.objects.due(timezone.now())
    return {
        "messages": due[:MESSAGES_COUNTED].count(),
        "failed": due.filter(attempts__gt=0)[:MESSAGES_COUNTED].count(),
        "oldest": due.values_list("due_at", flat=True).first(),
    }
