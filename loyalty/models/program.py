from __future__ import annotations

import datetime as dt

import pgtrigger
from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from merchants.models import Program, TenantManager


class VersionQuerySet(models.QuerySet["ProgramVersion"]):
    def in_force(self, program_id: int, at: dt.datetime) -> int | None:
        """The number of the version in force at a moment."""
        return self.started(program_id, at).values_list("number", flat=True).first()

    def started(self, program_id: int | models.OuterRef, at: dt.datetime) -> models.QuerySet[ProgramVersion]:
        """The versions that have begun by a moment, the one in force first."""
        return self.filter(program_id=program_id, published_at__lte=at).order_by("-published_at", "-number")

    def scheduled(self, program_id: int, now: dt.datetime) -> ProgramVersion | None:
        """The version that waits for its time; there is at most one."""
        return self.filter(program_id=program_id, published_at__gt=now).order_by("number").last()


class ProgramDraft(models.Model):
    """The rules as somebody is writing them. `revision` tells two people who edit at once apart."""

    program = models.OneToOneField(Program, models.PROTECT, related_name="draft")
    document = models.JSONField(_("rules"))
    revision = models.PositiveIntegerField(_("revision"), default=1)
    edited_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    edited_at = models.DateTimeField(_("edited"), default=timezone.now)

    objects = TenantManager()

    class Meta:
        verbose_name = _("draft of the rules")
        verbose_name_plural = _("drafts of the rules")

    def __str__(self) -> str:
        return f"{self.program} (draft {self.revision})"


class ProgramVersion(models.Model):
    """Published rules. Immutable: a receipt of any age can be explained by the version that it names.

    A version is in force from `published_at` until the next one's. One whose time is still ahead may be taken back.
    """

    program = models.ForeignKey(Program, models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField(_("number"))
    document = models.JSONField(_("rules"))
    digest = models.CharField(_("SHA-256 of the rules"), max_length=64)
    # What a sale under these rules has to read besides the account: `engine.rulebook.Needs`.
    needs = models.JSONField(default=dict, db_default={})
    published_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    published_at = models.DateTimeField(_("published"), default=timezone.now)

    objects = TenantManager.from_queryset(VersionQuerySet)()

    class Meta:
        verbose_name = _("version of the rules")
        verbose_name_plural = _("versions of the rules")
        constraints = [
            models.UniqueConstraint("program", "number", name="version_number_unique"),
        ]
        indexes = [models.Index("program", "published_at", name="version_published")]
        triggers = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update),
            # Nothing was computed by a version whose time is ahead. The minute is for clocks that differ.
            pgtrigger.Protect(
                name="started_stays",
                operation=pgtrigger.Delete,
                condition=pgtrigger.Condition("OLD.published_at <= now() + interval '1 minute'"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.program}, v{self.number}"
