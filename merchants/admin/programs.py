"""Programmes, the merchants in them, and their outlets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from merchants.admin.base import PlatformAdmin
from merchants.admin.panels import Panel, link
from merchants.admin.teams import Invite
from merchants.models import Invitation, Member, Merchant, Outlet, Program, Till

# Points are counted in these: after the first publication the books stand on them.
FIXED_BY_PUBLICATION = ("currency", "currency_digits", "precision")


@admin.register(Program)
class ProgramAdmin(PlatformAdmin[Program]):
    list_display = ("name", "currency", "precision", "time_zone", "language", "created_at")
    search_fields = ("name",)
    fieldsets = (
        (None, {"fields": ("name", "language")}),
        (
            gettext_lazy("Counting"),
            {
                "fields": ("currency", "currency_digits", "precision", "time_zone", "day_starts_at"),
                "description": gettext_lazy(
                    "Currency and decimal places stay as they are once rules are published. A new time zone counts "
                    "from the next publication."
                ),
            },
        ),
        (
            gettext_lazy("The name of the points"),
            {
                "fields": ("point_one", "point_few", "point_many"),
                "description": gettext_lazy("1 point, 2 points, 5 points"),
            },
        ),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Program | None = None) -> tuple[str, ...]:
        published = obj is not None and self.versions(obj).exists()
        return FIXED_BY_PUBLICATION if published else ()

    def versions(self, program: Program) -> QuerySet[Any]:
        # The room to the left has the versions; from here they are known by their relation only.
        versions: QuerySet[Any] = program.versions.all()
        return versions

    def links(self, row: Program) -> Sequence[dict[str, str]]:
        try:
            path = reverse("admin:loyalty_programdraft_edit", args=[row.pk])
        except NoReverseMatch:
            return ()
        return ({"title": _("Rules"), "icon": "edit_note", "path": path},)

    def panels(self, request: HttpRequest, row: Program) -> Sequence[Panel]:
        merchants = Merchant.objects.filter(program=row).order_by("name")[:50]
        versions = self.versions(row).select_related("published_by").order_by("-number")[:10]
        return (
            Panel(
                _("Merchants"),
                (_("Name"), _("Active")),
                [(link(merchant), merchant.is_active) for merchant in merchants],
                empty=_("No merchants yet."),
            ),
            Panel(
                _("Versions of the rules"),
                (_("Version"), _("Published"), _("By")),
                [
                    (link(version, f"№ {version.number}"), version.published_at, version.published_by)
                    for version in versions
                ],
                empty=_("No rules have been published: nothing is earned or spent yet."),
            ),
        )


@admin.register(Merchant)
class MerchantAdmin(PlatformAdmin[Merchant]):
    list_display = ("name", "in_program", "is_active", "created_at")
    list_filter = ("is_active",)
    list_select_related = ("program",)
    search_fields = ("name",)
    autocomplete_fields = ("program",)
    acts = (Invite,)

    def get_fields(self, request: HttpRequest, obj: Merchant | None = None) -> tuple[str, ...]:
        return ("in_program", "name", "is_active") if obj else ("program", "name")

    readonly_fields = ("in_program",)

    def panels(self, request: HttpRequest, row: Merchant) -> Sequence[Panel]:
        outlets = Outlet.objects.filter(merchant=row).order_by("name")[:50]
        members = Member.objects.filter(merchant=row).select_related("user").order_by("-is_active", "user__email")[:50]
        open_ = Invitation.objects.pending().filter(merchant=row).order_by("-pk")[:20]
        return (
            Panel(
                _("Outlets"),
                (_("Name"), _("Code"), _("Address"), _("Active")),
                [(link(outlet), outlet.code, outlet.address, outlet.is_active) for outlet in outlets],
                empty=_("No outlets yet."),
            ),
            Panel(
                _("Team"),
                (_("Person"), _("Role"), _("Active")),
                [(link(member, member.user), member.get_role_display(), member.is_active) for member in members],
                empty=_("Nobody yet. Invite the owner."),
            ),
            Panel(
                _("Invitations"),
                (_("E-mail"), _("Role"), _("Valid until")),
                [(link(one), one.get_role_display(), one.expires_at) for one in open_],
                empty=_("No open invitations."),
            ),
        )


@admin.register(Outlet)
class OutletAdmin(PlatformAdmin[Outlet]):
    list_display = ("name", "code", "of_merchant", "in_program", "is_active")
    list_filter = ("is_active",)
    list_select_related = ("merchant", "program")
    search_fields = ("name", "code")
    autocomplete_fields = ("merchant",)

    def get_fields(self, request: HttpRequest, obj: Outlet | None = None) -> tuple[str, ...]:
        if obj is None:
            return ("merchant", "name", "code", "address")
        return ("of_merchant", "code", "name", "address", "is_active")

    def get_readonly_fields(self, request: HttpRequest, obj: Outlet | None = None) -> tuple[str, ...]:
        # Rules and integrators name an outlet by its code.
        return ("of_merchant", "code") if obj else ()

    def save_model(self, request: HttpRequest, obj: Outlet, form: Any, change: bool) -> None:
        obj.program_id = obj.merchant.program_id
        super().save_model(request, obj, form, change)

    def panels(self, request: HttpRequest, row: Outlet) -> Sequence[Panel]:
        tills = Till.objects.filter(outlet=row).order_by("name")[:50]
        return (
            Panel(
                _("Tills"),
                (_("Name"), _("Active")),
                [(link(till, till.name), till.is_active) for till in tills],
                empty=_("No tills yet."),
            ),
        )
