"""Gifts for points: the catalogue, and what clients have taken of it."""

from __future__ import annotations

import datetime as dt

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from loyalty.models.account import Account
from loyalty.models.fields import PointsField
from merchants.models import Merchant, Outlet, Program, TenantManager


class Reward(models.Model):
    """Something that points are exchanged for. `stock` is how many were put there ever, `left` how many of them are;
    both are none where there is no end of them. `left` changes in the transaction of the exchange alone."""

    program = models.ForeignKey(Program, models.PROTECT, related_name="+", db_index=False)
    merchant = models.ForeignKey(Merchant, models.PROTECT, related_name="+", db_index=False)
    public_id = models.UUIDField(_("id"))
    title = models.CharField(_("title"), max_length=120)
    text = models.CharField(_("description"), max_length=1000, blank=True)
    price = PointsField(_("price in points"))
    # What is handed over is no thing: a donation, an invitation, a delivery.
    is_service = models.BooleanField(_("not a thing"), default=False)
    # What the client has to say: an address, a name on the invitation. Empty: nothing.
    asks = models.CharField(_("what to ask the client"), max_length=120, blank=True)
    stock = models.PositiveIntegerField(_("put there altogether"), null=True, blank=True)
    left = models.IntegerField(_("left"), null=True, blank=True)
    per_client = models.PositiveIntegerField(_("for one client at most"), null=True, blank=True)
    per_month = models.PositiveIntegerField(_("for one client in a month"), null=True, blank=True)
    tiers: ArrayField[list[str], list[str]] = ArrayField(models.CharField(max_length=60), default=list, blank=True)
    first_day = models.DateField(_("from day"), null=True, blank=True)
    last_day = models.DateField(_("through day"), null=True, blank=True)
    # Whoever has not come for it within so many days gets the points back.
    claim_days = models.PositiveSmallIntegerField(_("kept for days"), null=True, blank=True)
    position = models.PositiveSmallIntegerField(_("place in the catalogue"), default=100)
    enabled = models.BooleanField(_("switched on"), default=True)
    created_at = models.DateTimeField(_("made"), default=timezone.now)

    objects = TenantManager()

    class Meta:
        verbose_name = _("gift")
        verbose_name_plural = _("gifts")
        constraints = [
            models.UniqueConstraint("program", "public_id", name="reward_public_id_unique"),
            models.CheckConstraint(condition=Q(price__gt=0), name="reward_costs_something"),
            models.CheckConstraint(condition=Q(left__isnull=True) | Q(left__gte=0), name="reward_left_not_below_zero"),
            models.CheckConstraint(
                condition=Q(left__isnull=True, stock__isnull=True) | Q(left__isnull=False, stock__isnull=False),
                name="reward_left_of_stock",
            ),
        ]

    def __str__(self) -> str:
        return self.title


class RewardPicture(models.Model):
    """The picture of a gift, small and written anew by us. In the database: web servers share no disk."""

    program = models.ForeignKey(Program, models.PROTECT, related_name="+", db_index=False)
    reward = models.ForeignKey(Reward, models.CASCADE, related_name="pictures", db_index=False)
    content = models.BinaryField()
    digest = models.CharField(max_length=64)
    changed_at = models.DateTimeField(default=timezone.now)

    objects = TenantManager()

    class Meta:
        verbose_name = _("picture of a gift")
        verbose_name_plural = _("pictures of gifts")
        constraints = [models.UniqueConstraint("program", "reward", name="reward_picture_unique")]

    def __str__(self) -> str:
        return self.digest[:8]


class ExchangeQuerySet(models.QuerySet["Exchange"]):
    def counted(self) -> ExchangeQuerySet:
        """Those that count for limits and for the stock."""
        return self.exclude(state="cancelled")

    def waiting(self) -> ExchangeQuerySet:
        return self.filter(state="ordered")

    def overdue(self, now: dt.datetime) -> ExchangeQuerySet:
        return self.waiting().filter(claim_until__lte=now)


class Exchange(models.Model):
    """A gift that a client has taken for points. Title and points are those of the moment; `from_stock` says that the
    gift's `left` went down by one. Its entry in the books has the rule `reward:<public id>`."""

    class State(models.TextChoices):
        ORDERED = "ordered", _("to be handed over")
        HANDED = "handed", _("handed over")
        CANCELLED = "cancelled", _("cancelled, points are back")

    class Channel(models.TextChoices):
        TILL = "till", _("at the till")
        API = "api", _("by the shop’s till or site")
        CARD = "card", _("on the client’s page")

    program = models.ForeignKey(Program, models.PROTECT, related_name="+", db_index=False)
    merchant = models.ForeignKey(Merchant, models.PROTECT, related_name="+", db_index=False)
    reward = models.ForeignKey(Reward, models.PROTECT, related_name="exchanges", db_index=False)
    account = models.ForeignKey(Account, models.CASCADE, related_name="exchanges", db_index=False)
    outlet = models.ForeignKey(Outlet, models.PROTECT, null=True, blank=True, related_name="+", db_index=False)
    public_id = models.UUIDField(_("id"))
    code = models.CharField(_("code"), max_length=12)
    # The key of the form that was sent on the client's page: twice is once.
    once = models.CharField(max_length=40, blank=True)
    title = models.CharField(_("gift"), max_length=120)
    points = PointsField(_("points"))
    state = models.CharField(_("state"), max_length=10, choices=State.choices)
    channel = models.CharField(_("where"), max_length=5, choices=Channel.choices)
    from_stock = models.BooleanField(default=False)
    note = models.CharField(_("what the client said"), max_length=250, blank=True)
    claim_until = models.DateTimeField(_("kept until"), null=True, blank=True)
    created_at = models.DateTimeField(_("taken"), default=timezone.now)
    actor = models.CharField(_("by"), max_length=120, blank=True)
    ended_at = models.DateTimeField(_("handed over or cancelled"), null=True, blank=True)
    ended_by = models.CharField(_("by"), max_length=120, blank=True)
    reason = models.CharField(_("reason"), max_length=250, blank=True)

    objects = TenantManager.from_queryset(ExchangeQuerySet)()

    class Meta:
        verbose_name = _("exchange for a gift")
        verbose_name_plural = _("exchanges for gifts")
        constraints = [
            models.UniqueConstraint("program", "public_id", name="exchange_public_id_unique"),
            models.UniqueConstraint("program", "code", name="exchange_code_unique"),
            models.UniqueConstraint("program", "account", "once", condition=~Q(once=""), name="exchange_once_unique"),
        ]
        indexes = [
            models.Index("program", "account", "id", name="exchange_account"),
            models.Index("program", "reward", "state", name="exchange_reward"),
            models.Index("program", "merchant", "id", name="exchange_merchant"),
            models.Index("program", "claim_until", condition=Q(state="ordered"), name="exchange_due"),
        ]

    def __str__(self) -> str:
        return f"{self.title} {self.code}"

    @property
    def mark(self) -> str:
        """The rule of its entries."""
        return f"{EXCHANGED}{self.public_id.hex}"


EXCHANGED = "reward:"
