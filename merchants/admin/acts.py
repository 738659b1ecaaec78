"""Acts on one row: a page that says what will happen, a form with the reason, and a service behind it.

An act is done in the programme's own scope, although the page around it sees all of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar, Generic, TypeVar

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from msgspec import Struct

from merchants.access import tenant
from merchants.admin.widgets import TextArea, TextInput
from merchants.models import Program, User

Row = TypeVar("Row", bound=Model)


class ActForm(forms.Form):
    """`seen` is the state that the page was made from: what changed since is shown before anything is done."""

    required_css_class = "required"
    seen = forms.CharField(widget=forms.HiddenInput, required=False, strip=False)


class ReasonForm(ActForm):
    reason = forms.CharField(
        label=gettext_lazy("Reason"), max_length=250, widget=TextInput, help_text=gettext_lazy("Goes into the log.")
    )


class CommentForm(ActForm):
    reason = forms.CharField(
        label=gettext_lazy("Comment"),
        max_length=250,
        required=False,
        widget=TextArea(rows=2),
        help_text=gettext_lazy("Goes into the log."),
    )


class Shown(Struct, frozen=True):
    """What an act has to show, once: the page that follows it instead of the row's."""

    title: str
    secret: str
    notes: Sequence[str] = ()


class Act(Generic[Row]):
    slug: ClassVar[str]
    title: ClassVar[str | Promise]
    icon: ClassVar[str] = "bolt"
    form: ClassVar[type[ActForm]] = ReasonForm
    template: ClassVar[str] = "admin/kopilka/act.html"
    dangerous: ClassVar[bool] = False
    # Whether the sum of it is shown, and agreed to, on a page of its own.
    asks_twice: ClassVar[bool] = False

    def __init__(self, *, row: Row, by: User, now: datetime, site: str) -> None:
        self.row = row
        self.by = by
        self.now = now
        self.site = site

    @classmethod
    def possible(cls, row: Row) -> bool:
        """Whether the row's page offers the act."""
        return True

    @property
    def program_id(self) -> int:
        program_id = program_of(self.row)
        if program_id is None:
            raise TypeError("Acts are for rows of a programme.")
        return program_id

    def prepare(self, form: ActForm) -> None:
        """Fill in the choices of a form."""

    def seen(self) -> str:
        """The state that the page speaks of, in short."""
        return ""

    def about(self) -> str:
        """Whose page it is."""
        return str(self.row)

    def says(self) -> Sequence[str]:
        """What the act does, before it is chosen."""
        return ()

    def preview(self, data: dict[str, Any]) -> Sequence[str]:
        """What it will do with what was typed in."""
        return ()

    def context(self) -> dict[str, Any]:
        return {}

    def do(self, data: dict[str, Any]) -> str | Shown:
        """Do it. ValidationError says no; the answer says what was done."""
        raise NotImplementedError

    def page(self, request: HttpRequest, *, back: str, context: dict[str, Any]) -> HttpResponse:
        form = self.form(request.POST if request.method == "POST" else None)
        self.prepare(form)
        preview: Sequence[str] = ()
        if request.method == "POST" and form.is_valid():
            with tenant(self.program_id):
                if self.asks_twice and "confirmed" not in request.POST:
                    preview = self.previewed(form)
                else:
                    done = self.tried(form)
                    if isinstance(done, Shown):
                        return self.shown(request, done, back, context)
                    if done is not None:
                        messages.success(request, done)
                        return HttpResponseRedirect(back)
        with tenant(self.program_id):
            parts = {
                "act": self,
                "form": form,
                "says": self.says(),
                "seen": self.seen(),
                "preview": preview,
                "back": back,
                "title": self.title,
                "row": self.row,
                **self.context(),
            }
            return TemplateResponse(request, self.template, context | parts).render()

    def previewed(self, form: ActForm) -> Sequence[str]:
        try:
            return self.preview(form.cleaned_data)
        except ValidationError as error:
            form.add_error(None, error)
            return ()

    def tried(self, form: ActForm) -> str | Shown | None:
        try:
            with transaction.atomic():
                # Of two who act at once, or of one who clicks twice, the second looks again.
                self.row = self.locked()
                self.check_seen(form.cleaned_data["seen"])
                return self.do(form.cleaned_data)
        except ValidationError as error:
            form.add_error(None, error)
            self.row.refresh_from_db()
            return None

    def check_seen(self, seen: str) -> None:
        if seen != self.seen():
            raise ValidationError(_("Something has changed since this page was opened. Look again."))

    def locked(self) -> Row:
        rows = type(self.row)._default_manager.select_for_update(no_key=True, of=("self",))
        found: Row = rows.get(pk=self.row.pk)
        return found

    def shown(self, request: HttpRequest, shown: Shown, back: str, context: dict[str, Any]) -> HttpResponse:
        parts = {"shown": shown, "title": shown.title, "back": back, "row": self.row}
        return TemplateResponse(request, "admin/kopilka/shown.html", context | parts)


def program_of(row: Model) -> int | None:
    """The tenant of a row; None for users and the tables of other people's apps."""
    if isinstance(row, Program):
        return row.pk
    program_id: int | None = getattr(row, "program_id", None)
    return program_id
