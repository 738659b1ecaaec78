"""What the admin's pages have in common: nothing is deleted, acts go through services, every act is recorded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from django.contrib.admin import RelatedFieldListFilter, display
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from merchants import audit
from merchants.admin.acts import Act, program_of
from merchants.admin.figures import RoughPaginator
from merchants.admin.panels import Panel, link
from merchants.models import User

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin
    from django.contrib.admin.views.main import ChangeList
else:
    from unfold.admin import ModelAdmin
    from unfold.views import ChangeList

Row = TypeVar("Row", bound=Model)


RELATIONS: Mapping[str, Any] = {
    "program": gettext_lazy("programme"),
    "merchant": gettext_lazy("merchant"),
    "outlet": gettext_lazy("outlet"),
    "user": gettext_lazy("user"),
}


class RowsList(ChangeList):
    """Says how many rows a search has found, and nothing where none was asked for."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        if not self.query and not self.has_active_filters:
            self.full_result_count = self.result_count


class ProgramFilter(RelatedFieldListFilter):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.title = str(RELATIONS["program"])


class PlatformAdmin(ModelAdmin[Row]):
    """A page of rows that are never deleted: the books name them for ever."""

    list_per_page = 50
    # Whatever the table's size: one page is read, and the rest is estimated.
    show_full_result_count = False
    show_facets = None  # type: ignore[assignment]
    list_max_show_all = 0
    actions = None
    empty_value_display = "—"
    change_form_outer_after_template = "admin/kopilka/panels.html"
    acts: ClassVar[Sequence[type[Act[Any]]]] = ()

    def panels(self, request: HttpRequest, row: Row) -> Sequence[Panel]:
        """Tables below the form: what belongs to the row."""
        return ()

    def links(self, row: Row) -> Sequence[dict[str, str]]:
        """Further buttons of a row's page: `title`, `icon`, `path`."""
        return ()

    def has_delete_permission(self, request: HttpRequest, obj: Row | None = None) -> bool:
        return False

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return RowsList

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field is not None and db_field.name in RELATIONS:
            field.label = capfirst(str(RELATIONS[db_field.name]))
        return field

    @display(description=RELATIONS["program"], ordering="program")
    def in_program(self, row: Any) -> str:
        return link(row.program)

    @display(description=RELATIONS["merchant"], ordering="merchant")
    def of_merchant(self, row: Any) -> str:
        return link(row.merchant)

    @display(description=RELATIONS["outlet"], ordering="outlet")
    def at_outlet(self, row: Any) -> str:
        return link(row.outlet)

    @display(description=gettext_lazy("till"), ordering="till")
    def at_till(self, row: Any) -> str:
        return link(row.till)

    @display(description=RELATIONS["user"], ordering="user")
    def of_user(self, row: Any) -> str:
        return str(row.user)

    def get_urls(self) -> list[URLPattern]:
        acts = path(
            "<path:object_id>/acts/<slug:slug>/", self.admin_site.admin_view(self.act_view), name=self.url_name("act")
        )
        return [acts, *super().get_urls()] if self.acts else super().get_urls()

    def url_name(self, page: str) -> str:
        return f"{self.opts.app_label}_{self.opts.model_name}_{page}"

    def act_view(self, request: HttpRequest, object_id: str, slug: str) -> HttpResponse:
        row = self.get_object(request, unquote(object_id))
        kind = next((act for act in self.acts if act.slug == slug), None)
        if row is None or kind is None:
            raise Http404
        if not self.has_view_permission(request, row) or not isinstance(request.user, User):
            raise PermissionDenied
        back = reverse(f"admin:{self.url_name('change')}", args=[row.pk])
        act = kind(row=row, by=request.user, now=timezone.now(), site=request.build_absolute_uri("/"))
        return act.page(request, back=back, context=self.admin_site.each_context(request))

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        row: Row | None = context.get("original")
        if row is not None:
            context["panels"] = self.panels(request, row)
            context["actions_detail"] = [*self.links(row), *self.act_links(row), *self.log_links(row)]
        return super().render_change_form(request, context, *args, **kwargs)

    def act_links(self, row: Row) -> list[dict[str, str]]:
        name = f"admin:{self.url_name('act')}"
        return [
            {"title": str(act.title), "icon": act.icon, "path": reverse(name, args=[row.pk, act.slug])}
            for act in self.acts
            if act.possible(row)
        ]

    def log_links(self, row: Row) -> list[dict[str, str]]:
        if program_of(row) is None:
            return []
        log = reverse("admin:merchants_auditrecord_changelist")
        found = f"?object_type__exact={self.opts.model_name}&object_id__exact={row.pk}"
        return [{"title": _("Log"), "icon": "policy", "path": log + found}]

    # Django's own log keeps no programme and no reason, so what is saved here goes into ours as well.

    def log_addition(self, request: HttpRequest, obj: Row, message: Any) -> Any:
        self.record(request, obj, "added", {})
        return super().log_addition(request, obj, message)

    def log_change(self, request: HttpRequest, obj: Row, message: Any) -> Any:
        fields = [
            name for part in message if isinstance(part, dict) for name in part.get("changed", {}).get("fields", [])
        ]
        self.record(request, obj, "changed", {"fields": [str(name) for name in fields]})
        return super().log_change(request, obj, message)

    def record(self, request: HttpRequest, row: Row, verb: str, details: dict[str, Any]) -> None:
        program_id = program_of(row)
        if program_id is not None and isinstance(request.user, User):
            action = f"{self.opts.model_name}.{verb}"
            audit.record(
                program_id=program_id, action=action, at=timezone.now(), by=request.user, subject=row, details=details
            )


class ReadOnlyAdmin(PlatformAdmin[Row]):
    """Books and logs: to be looked at."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Row | None = None) -> bool:
        return False


class LargeTable(ReadOnlyAdmin[Row]):
    """Millions of rows: the newest first, no sorting by other columns, search by exact value."""

    paginator = RoughPaginator
    ordering = ("-pk",)
    sortable_by = ()
    # A box to search in appears only where fields are named; `find` does the search.
    search_fields = ("pk",)
    search_help_text = gettext_lazy("Phone, card number or id, in full")

    def find(self, queryset: Any, term: str) -> Any:
        """The rows that a term names exactly, by an index."""
        raise NotImplementedError

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        # PostgreSQL has no NUL in texts; nothing that long is the name of anything.
        term = search_term.replace("\x00", "").strip()[:100]
        return (self.find(queryset, term) if term else queryset), False
