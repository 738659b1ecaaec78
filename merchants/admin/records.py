"""The audit log and the outbox."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import admin
from django.db.models import JSONField, QuerySet
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy

from merchants.admin.base import LargeTable, ProgramFilter, ReadOnlyAdmin
from merchants.admin.figures import RoughPaginator
from merchants.models import AuditRecord, OutboxMessage


@admin.register(AuditRecord)
class AuditRecordAdmin(LargeTable[AuditRecord]):
    list_display = ("at", "in_program", "who", "action", "object_type", "object_id", "reason")
    list_select_related = ("user", "program")
    list_filter = (("program", ProgramFilter),)
    search_help_text = gettext_lazy("Action, in full, or the e-mail of who acted")
    fields = ("at", "in_program", "who", "action", "object_type", "object_id", "reason", "what")

    def lookup_allowed(self, lookup: str, value: Any, request: Any = None) -> bool:
        return lookup in {"object_type__exact", "object_id__exact"} or super().lookup_allowed(lookup, value, request)

    def find(self, queryset: QuerySet[AuditRecord], term: str) -> QuerySet[AuditRecord]:
        return queryset.filter(user__email=term.lower()) if "@" in term else queryset.filter(action=term)

    @admin.display(description=gettext_lazy("who"))
    def who(self, record: AuditRecord) -> str:
        return str(record.user) if record.user else record.actor

    @admin.display(description=gettext_lazy("details"))
    def what(self, record: AuditRecord) -> SafeString:
        return pretty(record.details)


@admin.register(OutboxMessage)
class OutboxMessageAdmin(ReadOnlyAdmin[OutboxMessage]):
    """Without the payload: links that let people in and codes stand there."""

    paginator = RoughPaginator
    list_display = ("topic_shown", "in_program", "due", "tries", "error")
    list_select_related = ("program",)
    ordering = ("due_at",)
    sortable_by = ()
    fields = ("topic_shown", "in_program", "written", "due", "tries", "error")

    def get_queryset(self, request: Any) -> QuerySet[OutboxMessage]:
        return super().get_queryset(request).defer("payload")

    @admin.display(description=gettext_lazy("message"))
    def topic_shown(self, message: OutboxMessage) -> str:
        return str(message)

    @admin.display(description=gettext_lazy("written"))
    def written(self, message: OutboxMessage) -> Any:
        return message.created_at

    @admin.display(description=gettext_lazy("due"))
    def due(self, message: OutboxMessage) -> Any:
        return message.due_at

    @admin.display(description=gettext_lazy("attempts"))
    def tries(self, message: OutboxMessage) -> int:
        return message.attempts

    @admin.display(description=gettext_lazy("last error"))
    def error(self, message: OutboxMessage) -> str:
        return message.last_error


def pretty(value: Any) -> SafeString:
    """JSON for people, as text."""
    text = json.dumps(value, ensure_ascii=False, indent=2, cls=JSONField().encoder)
    return format_html('<pre class="k-code">{}</pre>', text)
