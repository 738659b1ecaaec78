"""Published versions: the history of the rules, each with what it changed."""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from loyalty import program_file
from loyalty.differences import Document, differences
from loyalty.engine.rulebook import Rulebook, dump
from loyalty.models import ProgramVersion
from merchants.admin.base import ProgramFilter, ReadOnlyAdmin
from merchants.admin.panels import Panel
from merchants.models import AuditRecord


@admin.register(ProgramVersion)
class ProgramVersionAdmin(ReadOnlyAdmin[ProgramVersion]):
    list_display = ("named", "in_program", "published_at", "by_whom")
    list_filter = (("program", ProgramFilter),)
    list_select_related = ("program", "published_by")
    ordering = ("-published_at", "-pk")
    fields = ("in_program", "number", "published_at", "by_whom", "digest", "rules")

    def get_queryset(self, request: HttpRequest) -> QuerySet[ProgramVersion]:
        rows = super().get_queryset(request)
        in_list = request.resolver_match and request.resolver_match.url_name == "loyalty_programversion_changelist"
        return rows.defer("document") if in_list else rows

    @admin.display(description=gettext_lazy("version"))
    def named(self, version: ProgramVersion) -> str:
        return f"№ {version.number}"

    @admin.display(description=gettext_lazy("published by"))
    def by_whom(self, version: ProgramVersion) -> str:
        return str(version.published_by or "")

    @admin.display(description=gettext_lazy("rules"))
    def rules(self, version: ProgramVersion) -> SafeString:
        text = program_file.readable(version.document)
        return format_html('<pre class="k-code" tabindex="0">{}</pre>', text)

    def links(self, row: ProgramVersion) -> Sequence[dict[str, str]]:
        path = reverse("admin:loyalty_programdraft_edit", args=[row.program_id])
        return ({"title": _("Take over into the draft"), "icon": "edit_note", "path": f"{path}?version={row.number}"},)

    def panels(self, request: HttpRequest, row: ProgramVersion) -> Sequence[Panel]:
        versions = ProgramVersion.objects.filter(program=row.program_id, number__lt=row.number)
        before = versions.order_by("-number").first()
        note = AuditRecord.objects.filter(
            program=row.program_id, action="program.published", object_id=str(row.pk)
        ).first()
        title = _("Changed since version %(number)s") % {"number": before.number} if before else _("First version")
        return (
            differences_panel(before.document if before else NOTHING, row.document, title, note.reason if note else ""),
        )


NOTHING: Document = dump(Rulebook())


def differences_panel(before: Document, after: Document, title: str, note: str = "") -> Panel:
    return Panel(
        title,
        (_("What"), _("Before"), _("After")),
        [(change.place, change.before, change.after) for change in differences(before, after)],
        empty=_("Nothing changes."),
        note=note,
    )
