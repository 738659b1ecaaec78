"""Other people's tables in the platform operator's admin, in its clothes and by its rules."""

from __future__ import annotations

from typing import Any

from allauth.account.admin import EmailAddressAdmin as TheirEmailAddressAdmin
from allauth.account.models import EmailAddress
from allauth.mfa import admin as mfa_admin
from allauth.mfa.models import Authenticator
from allauth.usersessions import admin as sessions_admin
from allauth.usersessions.models import UserSession
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth import admin as auth_admin
from django.contrib.auth.models import Group
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django_celery_beat.admin import PeriodicTaskAdmin as TheirPeriodicTaskAdmin
from django_celery_beat.admin import PeriodicTaskForm as TheirPeriodicTaskForm
from django_celery_beat.admin import TaskSelectWidget as TheirTaskSelectWidget
from django_celery_beat.models import (
    ClockedSchedule,
    CrontabSchedule,
    IntervalSchedule,
    PeriodicTask,
    SolarSchedule,
)
from unfold.admin import ModelAdmin
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from merchants.admin.base import LargeTable, PlatformAdmin

# Imported for what they register: it is taken off again below.
THEIR_ADMINS = (auth_admin, mfa_admin, sessions_admin)
THEIRS = (
    Group,
    EmailAddress,
    Authenticator,
    UserSession,
    PeriodicTask,
    IntervalSchedule,
    CrontabSchedule,
    ClockedSchedule,
    SolarSchedule,
)
# Importing their admins registers them; what follows takes their places. Groups have none: roles are rows of
# `Member`. Sessions have none: taking a row off the list would end nothing.
for model in THEIRS:
    if admin.site.is_registered(model):
        admin.site.unregister(model)


class TaskSelectWidget(UnfoldAdminSelectWidget, TheirTaskSelectWidget):  # type: ignore[misc]
    pass


class PeriodicTaskForm(TheirPeriodicTaskForm):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["task"].widget = UnfoldAdminTextInputWidget()
        self.fields["regtask"].widget = TaskSelectWidget()


@admin.register(PeriodicTask)
class PeriodicTaskAdmin(TheirPeriodicTaskAdmin, ModelAdmin):  # type: ignore[misc]
    """The tasks that the settings name are set back to the settings when beat starts; `enabled` stays."""

    form = PeriodicTaskForm
    date_hierarchy = None
    list_filter = ("enabled", "one_off")
    list_select_related = ("interval", "crontab", "clocked", "solar")


@admin.register(IntervalSchedule, CrontabSchedule, ClockedSchedule)
class ScheduleAdmin(ModelAdmin):  # type: ignore[misc]
    pass


@admin.register(Authenticator)
class AuthenticatorAdmin(PlatformAdmin[Authenticator]):
    """To take a lost phone off somebody's login. The secrets behind it are never shown."""

    list_display = ("of_user", "type", "created_at", "last_used_at")
    list_select_related = ("user",)
    search_fields = ("user__email",)
    fields = readonly_fields = ("of_user", "type", "created_at", "last_used_at")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Authenticator | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Authenticator | None = None) -> bool:
        return True


@admin.register(EmailAddress)
class EmailAddressAdmin(TheirEmailAddressAdmin, ModelAdmin):  # type: ignore[misc]
    list_select_related = ("user",)


@admin.register(LogEntry)
class LogEntryAdmin(LargeTable[LogEntry]):
    """What was saved in this admin, users and schedules included: those belong to no programme's log."""

    list_display = ("action_time", "of_user", "content_type", "object_repr", "what")
    list_select_related = ("user", "content_type")
    fields = ("action_time", "of_user", "content_type", "object_id", "object_repr", "what")
    search_help_text = _("E-mail of who acted")

    def find(self, queryset: Any, term: str) -> Any:
        return queryset.filter(user__email=term.lower())

    @admin.display(description=_("action"))
    def what(self, entry: LogEntry) -> str:
        return str(entry)
