from __future__ import annotations

from typing import Any, Final

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clients.models.claims import Claimed, ClaimedQuerySet
from loyalty.models.fields import MoneyField, PointsField, QuantityField
from merchants.models import Merchant, Program, TenantManager

# More lines than any file may have: the key of a line is its import's, times this, and its number.
LINES: Final = 1 << 21


class ClientImportQuerySet(ClaimedQuerySet["ClientImport"]):
    pass


class ClientImport(Claimed, models.Model):
    """A file of clients, or of past receipts: uploaded, its columns told, looked through by a worker, written, perhaps
    taken back.

    `mark` is the last line that the work in hand is done with; it moves in the transaction of the work itself. A worker
    says in `claim` and `seen_at` that it is there; one that has lost its claim stops.
    """

    class Kind(models.TextChoices):
        CLIENTS = "clients", _("clients")
        RECEIPTS = "receipts", _("past receipts")

    class State(models.TextChoices):
        NEW = "new", _("columns to be checked")
        CHECK = "check", _("is being looked through")
        CHECKED = "checked", _("waits for your word")
        APPLY = "apply", _("is being loaded")
        STOPPED = "stopped", _("stopped half-way")
        DONE = "done", _("loaded")
        UNDO = "undo", _("is being taken back")
        UNDONE = "undone", _("loading undone")
        FAILED = "failed", _("could not be loaded")
        DROPPED = "dropped", _("not loaded")

    AT_WORK = (State.CHECK, State.APPLY, State.UNDO)

    program = models.ForeignKey(Program, models.PROTECT, related_name="+", db_index=False)
    merchant = models.ForeignKey(Merchant, models.PROTECT, related_name="+", db_index=False)
    kind = models.CharField(
        _("what is in it"), max_length=8, choices=Kind.choices, default="clients", db_default="clients"
    )
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.NEW)
    file_name = models.CharField(_("file"), max_length=120)
    size = models.BigIntegerField(_("size"), default=0)
    digest = models.CharField(_("SHA-256 of the file"), max_length=64)
    # How the file is read (`tables.Layout`), what its columns are, and what the owner wants (`choices.Choices`).
    layout: models.JSONField[Any, Any] = models.JSONField(default=dict)
    titles: models.JSONField[Any, Any] = models.JSONField(default=list)
    # What stands in the columns, some of each.
    examples: models.JSONField[Any, Any] = models.JSONField(default=list)
    columns: models.JSONField[Any, Any] = models.JSONField(default=list)
    choices: models.JSONField[Any, Any] = models.JSONField(default=dict)
    # What was found in it and what was done: `counting.Counts`.
    counts: models.JSONField[Any, Any] = models.JSONField(default=dict)
    why = models.CharField(_("why it failed"), max_length=300, blank=True)
    lines = models.PositiveIntegerField(_("lines"), default=0)
    mark = models.PositiveIntegerField(default=0)
    claim = models.UUIDField(null=True)
    seen_at = models.DateTimeField(null=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(_("uploaded"), default=timezone.now)
    applied_at = models.DateTimeField(_("loaded at"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)
    # The file and its lines are forgotten after a while: then nothing can be taken back.
    forgotten_at = models.DateTimeField(null=True, blank=True)

    objects = TenantManager.from_queryset(ClientImportQuerySet)()

    class Meta:
        verbose_name = _("import of clients")
        verbose_name_plural = _("imports of clients")
        indexes = [
            models.Index(fields=["program", "merchant", "-id"], name="client_import_newest"),
            models.Index("id", condition=Q(state__in=["check", "apply", "undo"]), name="client_import_due"),
        ]

    def __str__(self) -> str:
        return self.file_name

    @property
    def percent(self) -> int:
        return min(self.mark * 100 // self.lines, 100) if self.lines else 0


class ClientImportPiece(models.Model):
    """A megabyte of the file, packed: nobody ever has to hold all of it in memory."""

    program = models.ForeignKey(Program, models.PROTECT, related_name="+", db_index=False)
    client_import = models.ForeignKey(ClientImport, models.CASCADE, related_name="pieces", db_index=False)
    number = models.PositiveIntegerField()
    content = models.BinaryField()

    objects = TenantManager()

    class Meta:
        verbose_name = _("piece of a file of clients")
        verbose_name_plural = _("pieces of files of clients")
        constraints = [models.UniqueConstraint("program", "client_import", "number", name="client_import_piece_unique")]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} #{self.pk}"


class ClientImportLine(models.Model):
    """A line of the file as it was understood, beside the database; what it did and how it was.

    The key says the import and the line. There are a million of them, so there is no other index, the account that a
    new client will have is drawn when the line is read, and most lines are never written again.
    """

    class Outcome(models.TextChoices):
        FRESH = "fresh", _("new client")
        CHANGE = "change", _("changes a client")
        SAME = "same", _("known, nothing to change")
        REFUSED = "refused", _("refused")

    id = models.BigIntegerField(primary_key=True)
    program = models.ForeignKey(Program, models.DO_NOTHING, db_constraint=False, related_name="+", db_index=False)
    row = models.PositiveIntegerField()
    outcome = models.CharField(max_length=7, choices=Outcome.choices)
    # Of a new client the account to be, of another his; no foreign key: it may never come to be.
    account = models.BigIntegerField()
    name = models.CharField(max_length=120, null=True)  # noqa: DJ001  # NULL: the file has no such column
    phone = models.CharField(max_length=40, null=True)  # noqa: DJ001
    email = models.CharField(max_length=254, null=True)  # noqa: DJ001
    birthday = models.DateField(null=True)
    # The file says the day and the month of the birthday alone (see `clients.birthdays`).
    any_year = models.BooleanField(null=True)
    note = models.CharField(max_length=300, null=True)  # noqa: DJ001
    tags: ArrayField[list[str] | None, list[str] | None] = ArrayField(models.CharField(max_length=40), null=True)
    points = PointsField(null=True)
    expires_at = models.DateTimeField(null=True)
    tier = models.CharField(max_length=40, null=True)  # noqa: DJ001
    manual_tier = models.CharField(max_length=40, null=True)  # noqa: DJ001
    spent = MoneyField(null=True)
    visits = models.PositiveIntegerField(null=True)
    cards: ArrayField[list[str] | None, list[str] | None] = ArrayField(models.CharField(max_length=40), null=True)
    virtual = models.CharField(max_length=40, null=True)  # noqa: DJ001
    referrer = models.CharField(max_length=40, null=True)  # noqa: DJ001
    # The referrer's account, once it is known.
    invited_by = models.BigIntegerField(null=True)
    # «processing+», «advertising-».
    consents: ArrayField[list[str] | None, list[str] | None] = ArrayField(models.CharField(max_length=14), null=True)
    joined_at = models.DateTimeField(null=True)
    # What is wrong: `problems.Problem`s.
    problems: models.JSONField[Any, Any] = models.JSONField(null=True)
    # Of a known client by field: what was, what is to be; once loaded, what was done.
    changes: models.JSONField[Any, Any] = models.JSONField(null=True)
    # After the work: the opening entry of a known client, and why the line could not be taken back.
    entry = models.BigIntegerField(null=True)
    left = models.CharField(max_length=12, null=True)  # noqa: DJ001

    objects = TenantManager()

    class Meta:
        verbose_name = _("line of a file of clients")
        verbose_name_plural = _("lines of files of clients")

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} #{self.pk}"


class ReceiptImportLine(models.Model):
    """A line of a file of past receipts as it was understood. `head` is the first line of its receipt: a receipt is
    loaded whole, known whole or refused whole. As with lines of clients, the key says the import and the line."""

    class Outcome(models.TextChoices):
        FRESH = "fresh", _("new receipt")
        SAME = "same", _("there already")
        REFUSED = "refused", _("refused")

    id = models.BigIntegerField(primary_key=True)
    program = models.ForeignKey(Program, models.DO_NOTHING, db_constraint=False, related_name="+", db_index=False)
    row = models.PositiveIntegerField()
    outcome = models.CharField(max_length=7, choices=Outcome.choices)
    head = models.BigIntegerField(null=True)
    outlet = models.BigIntegerField(null=True)
    day = models.DateField(null=True)
    key = models.CharField(max_length=140, null=True)  # noqa: DJ001  # NULL: not understood
    at = models.DateTimeField(null=True)
    number = models.CharField(max_length=64, null=True)  # noqa: DJ001
    # His phone or card, and whose account that is.
    client = models.CharField(max_length=40, null=True)  # noqa: DJ001
    account = models.BigIntegerField(null=True)
    sku = models.CharField(max_length=64, null=True)  # noqa: DJ001
    product = models.CharField(max_length=200, null=True)  # noqa: DJ001
    category = models.CharField(max_length=120, null=True)  # noqa: DJ001
    brand = models.CharField(max_length=120, null=True)  # noqa: DJ001
    quantity = QuantityField(null=True)
    price = MoneyField(null=True)
    amount = MoneyField(null=True)
    problems: models.JSONField[Any, Any] = models.JSONField(null=True)

    objects = TenantManager()

    class Meta:
        verbose_name = _("line of a file of receipts")
        verbose_name_plural = _("lines of files of receipts")
        indexes = [models.Index("head", condition=Q(head__isnull=False), name="receipt_line_head")]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} #{self.pk}"
