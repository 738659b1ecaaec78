"""The editor of a draft, and its publication."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from loyalty import drafts, programs
from loyalty.admin.acts import worded
from loyalty.admin.editor import Editor
from loyalty.admin.versions import NOTHING, differences_panel
from loyalty.engine.rulebook import dump, load
from loyalty.models import ProgramDraft, ProgramVersion
from merchants.access import tenant
from merchants.admin.acts import Act, ActForm, CommentForm, Shown
from merchants.admin.base import ReadOnlyAdmin
from merchants.admin.panels import Panel
from merchants.admin.widgets import Select
from merchants.models import Program, User


class Publish(Act[ProgramDraft]):
    slug = "publish"
    title = gettext_lazy("Publish")
    icon = "rocket_launch"
    form = CommentForm
    template = "admin/kopilka/publish.html"

    def about(self) -> str:
        return str(self.row.program)

    def seen(self) -> str:
        # A draft saved, or a version published, by somebody else meanwhile would make another difference.
        live = self.live()
        return f"{self.row.revision} {live.number if live else 0}"

    def live(self) -> ProgramVersion | None:
        return ProgramVersion.objects.started(self.row.program_id, timezone.now()).first()

    def says(self) -> Sequence[str]:
        return (
            _("The rules are in force for every till from the moment of publication."),
            _("A version can't be changed or deleted: publish another one to correct it."),
        )

    def context(self) -> dict[str, Any]:
        found = programs.check(program=self.row.program, document=self.row.document)
        live = self.live()
        return {
            "faults": Editor.worded(found, self.row.document, ""),
            "panels": () if found else (self.changes(live),),
            "number": (live.number if live else 0) + 1,
        }

    def changes(self, live: ProgramVersion | None) -> Panel:
        complete = {**self.row.document, "program": programs.dump_frame(self.row.program)}
        title = _("Changes to version %(number)s") % {"number": live.number} if live else _("Rules to be published")
        return differences_panel(live.document if live else NOTHING, dump(load(complete)), title)

    def do(self, data: dict[str, Any]) -> str:
        with worded():
            version = drafts.publish(
                program=self.row.program, revision=self.row.revision, now=self.now, by=self.by, reason=data["reason"]
            )
        return _("Version %(number)s is in force.") % {"number": version.number}

    def tried(self, form: ActForm) -> str | Shown | None:
        try:
            return super().tried(form)
        except ProgramDraft.DoesNotExist:  # somebody else has published it in this very moment
            raise Http404 from None

    def page(self, request: HttpRequest, *, back: str, context: dict[str, Any]) -> HttpResponse:
        """The draft is gone when it is published: on to the programme's editor."""
        editor = reverse("admin:loyalty_programdraft_edit", args=[self.row.program_id])
        return super().page(request, back=editor, context=context)


class ProgramForm(forms.Form):
    program = forms.ModelChoiceField(
        queryset=Program.objects.order_by("name"), label=gettext_lazy("Programme"), widget=Select
    )


@admin.register(ProgramDraft)
class ProgramDraftAdmin(ReadOnlyAdmin[ProgramDraft]):
    list_display = ("program_name", "revision", "edited_at", "edited_by_whom")
    list_select_related = ("program", "edited_by")
    ordering = ("program__name", "pk")
    acts = (Publish,)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return True

    @admin.display(description=gettext_lazy("programme"))
    def program_name(self, draft: ProgramDraft) -> str:
        return str(draft.program)

    @admin.display(description=gettext_lazy("edited by"))
    def edited_by_whom(self, draft: ProgramDraft) -> str:
        return str(draft.edited_by or "")

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.edit_view)
        return [path("edit/<int:program_id>/", view, name="loyalty_programdraft_edit"), *super().get_urls()]

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """Which programme is it about?"""
        form = ProgramForm(request.POST if request.method == "POST" else None)
        if form.is_valid():
            return HttpResponseRedirect(
                reverse("admin:loyalty_programdraft_edit", args=[form.cleaned_data["program"].pk])
            )
        back = reverse("admin:loyalty_programdraft_changelist")
        context = {"title": _("Rules of a programme"), "form": form, "back": back, "button": _("Edit the rules")}
        return TemplateResponse(request, "admin/kopilka/form.html", self.page_context(request) | context)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        draft = get_object_or_404(ProgramDraft, pk=int(object_id) if object_id.isdecimal() else 0)
        return HttpResponseRedirect(reverse("admin:loyalty_programdraft_edit", args=[draft.program_id]))

    def edit_view(self, request: HttpRequest, program_id: int) -> HttpResponse:
        program = get_object_or_404(Program, pk=program_id)
        if not isinstance(request.user, User):
            raise PermissionDenied
        with tenant(program.pk):
            editor = Editor(program, by=request.user)
            if request.method == "POST":
                if editor.save(request.POST):
                    messages.success(request, _("The draft is saved."))
                    return HttpResponseRedirect(self.after_saving(request, editor))
            else:
                editor.open(request.GET.get("version", ""))
            context = {"title": _("Rules of “%(program)s”") % {"program": program}, "editor": editor}
            page = TemplateResponse(request, "admin/kopilka/draft.html", self.page_context(request) | context)
            return page.render()

    def after_saving(self, request: HttpRequest, editor: Editor) -> str:
        if "publish" in request.POST and not editor.faults and editor.draft:
            return reverse("admin:loyalty_programdraft_act", args=[editor.draft.pk, Publish.slug])
        return reverse("admin:loyalty_programdraft_edit", args=[editor.program.pk])

    def page_context(self, request: HttpRequest) -> dict[str, Any]:
        return self.admin_site.each_context(request)
