"""The platform operator's admin: who may enter, and how far it sees."""

from __future__ import annotations

from collections.abc import Callable
from functools import update_wrapper
from typing import TYPE_CHECKING, Any, TypeAlias

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template.response import SimpleTemplateResponse
from django.templatetags.static import static
from django.utils.translation import gettext_lazy as _

from merchants.access import every_tenant

if TYPE_CHECKING:
    from django.contrib.admin import AdminSite
else:
    from unfold.sites import UnfoldAdminSite as AdminSite

View: TypeAlias = Callable[..., HttpResponseBase]


class PlatformSite(AdminSite):
    """Every view of it works across the programmes: this is the one place where the admin's scope is set."""

    index_title = _("Overview")
    index_template = "admin/kopilka/index.html"

    def has_permission(self, request: HttpRequest) -> bool:
        """Operators of the platform alone: half an operator (staff without the rest) is nobody here."""
        user = request.user
        return bool(user.is_active and user.is_staff and user.is_superuser)

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        inner = super().admin_view(view, cacheable)

        def across_tenants(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            with every_tenant():
                response = inner(request, *args, **kwargs)
                # A template reads rows, too, so it has to be rendered while the scope lasts.
                return response.render() if isinstance(response, SimpleTemplateResponse) else response

        return update_wrapper(across_tenants, view)

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """There is one form to log in, allauth's, with its limits; Django's own is never shown."""
        if not self.has_permission(request):
            raise PermissionDenied
        return super().login(request, extra_context)


def stylesheet(request: HttpRequest) -> str:
    return static("admin/kopilka/admin.css")


def favicon(request: HttpRequest) -> str:
    return static("img/icon.svg")
