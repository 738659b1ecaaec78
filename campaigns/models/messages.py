from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from loyalty.models import Account
from merchants.models import Merchant, Program, TenantManager


class Channel(models.TextChoices):
    EMAIL = "email", _("e-mail")
    SMS = "sms", _("SMS")
    PUSH = "push", _("push message")
    TELEGRAM = "telegram", "Telegram"


class MessageTemplate(models.Model):
    """What is said, in each channel that it may go by; `channels` is their order, the first that reaches the client is
    taken. `texts` are by channel, in the little language of `campaigns.messages.language`; `subject` is the e-mail's
    (and the push's title). A mailing has a copy of its own (`is_copy`): later edits change nothing that was confirmed.
    """

    class Purpose(models.TextChoices):
        ADVERTISING = "advertising", _("advertising")
        SERVICE = "service", _("service notice")

    program = models.ForeignKey(Program, models.PROTECT, related_name="+", db_index=False)
    merchant = models.ForeignKey(Merchant, models.PROTECT, related_name="+", db_index=False)
    name = models.CharField(_("name"), max_length=80)
    purpose = models.CharField(_("purpose"), max_length=11, choices=Purpose.choices, default=Purpose.ADVERTISING)
    channels: ArrayField[list[str], list[str]] = ArrayField(models.CharField(max_length=8), verbose_name=_("channels"))
    subject = models.CharField(_("subject"), max_length=150, blank=True)
    texts: models.JSONField[Any, Any] = models.JSONField(_("texts"), default=dict)
    is_copy = models.BooleanField(default=False, db_default=False, editable=False)
    removed_at = models.DateTimeField(_("removed"), null=True, blank=True)
    created_at = models.DateTimeField(_("made"), default=timezone.now)
    changed_at = models.DateTimeField(_("changed"), default=timezone.now)

    objects = TenantManager()

    class Meta:
        verbose_name = _("message template")
        verbose_name_plural = _("message templates")
        constraints = [
            models.UniqueConstraint(
                "program",
                "merchant",
                "name",
                condition=Q(is_copy=False, removed_at=None),
                name="message_template_name_unique",
            )
        ]

    def __str__(self) -> str:
        return self.name


class Message(models.Model):
    """One message to one client, for one occasion of the programme. It is written when it is sent.

    `due_at` is when a worker looks at it next: for one that is being sent, the end of that worker's lease. `begun_at`
    is set just before the gateway is spoken to: whoever finds it after the lease knows that an answer was `lost`.
    `public_id` goes to the gateway, the same at each try. `why` is a key of `campaigns.messages.reasons`.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("waits")
        SENDING = "sending", _("is being sent")
        SENT = "sent", _("sent")
        DELIVERED = "delivered", _("delivered")
        FAILED = "failed", _("failed")
        SKIPPED = "skipped", _("not sent")

    OPEN = (State.WAITING, State.SENDING)

    # No foreign keys of the database where a million rows are written at once: what they name is never deleted.
    program = models.ForeignKey(Program, models.DO_NOTHING, db_constraint=False, related_name="+", db_index=False)
    merchant = models.ForeignKey(Merchant, models.DO_NOTHING, db_constraint=False, related_name="+", db_index=False)
    account = models.ForeignKey(Account, models.PROTECT, related_name="+", db_index=False)
    template = models.ForeignKey(MessageTemplate, models.PROTECT, related_name="+", db_index=False)
    mailing = models.ForeignKey(
        "campaigns.Mailing", models.PROTECT, null=True, blank=True, related_name="messages", db_index=False
    )
    purpose = models.CharField(_("purpose"), max_length=11, choices=MessageTemplate.Purpose.choices)
    # Exactly once: no other message of the programme is for this.
    occasion = models.CharField(max_length=120)
    # What asked for it: `mailing:7`, `campaign:3`.
    source = models.CharField(max_length=40)
    details: models.JSONField[Any, Any] = models.JSONField(default=dict, db_default={})
    state = models.CharField(
        _("state"), max_length=9, choices=State.choices, default=State.WAITING, db_default=State.WAITING
    )
    why = models.CharField(_("why"), max_length=20, blank=True, default="", db_default="")
    channel = models.CharField(
        _("channel"), max_length=8, choices=Channel.choices, blank=True, default="", db_default=""
    )
    due_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True, blank=True)
    claim = models.UUIDField(null=True)
    begun_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0, db_default=0)
    lost = models.PositiveSmallIntegerField(default=0, db_default=0)
    public_id = models.UUIDField(default=uuid.uuid4)
    gateway = models.CharField(max_length=20, blank=True, default="", db_default="")
    gateway_id = models.CharField(max_length=120, blank=True, default="", db_default="")
    cost = models.DecimalField(_("cost"), max_digits=10, decimal_places=2, null=True)
    # A digest of where it went: what comes back of it is about that address, whatever the client's is by then.
    address = models.CharField(max_length=32, blank=True, default="", db_default="", editable=False)
    # When the gateway is asked next what became of it.
    poll_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(_("asked"), default=timezone.now, db_default=Now())
    sent_at = models.DateTimeField(_("sent"), null=True)
    ended_at = models.DateTimeField(_("ended"), null=True)

    objects = TenantManager()

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        constraints = [models.UniqueConstraint("program", "occasion", name="message_occasion_unique")]
        indexes = [
            # What a worker looks for: by itself, and of each mailing that is running.
            models.Index(
                "merchant",
                "purpose",
                "due_at",
                condition=Q(state__in=["waiting", "sending"], mailing__isnull=True),
                name="message_due",
            ),
            models.Index(
                "mailing",
                "due_at",
                condition=Q(state__in=["waiting", "sending"], mailing__isnull=False),
                name="message_due_of_mailing",
            ),
            models.Index("program", "source", "state", name="message_source"),
            # Whose they are: for the frequency cap, the client's page, the dossier, erasing.
            models.Index("program", "account", "sent_at", name="message_account"),
            models.Index("gateway", "gateway_id", condition=Q(gateway_id__gt=""), name="message_gateway"),
            models.Index("poll_at", condition=Q(poll_at__isnull=False), name="message_poll"),
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} #{self.pk}"


class MessageSettings(models.Model):
    """How a merchant writes to clients. Quiet hours are in the programme's time zone and may pass midnight; equal ends
    mean none. A cap of 0 is none. `paced_at` is how far the rate of sending has been used up."""

    program = models.ForeignKey(Program, models.PROTECT, related_name="+", db_index=False)
    merchant = models.ForeignKey(Merchant, models.PROTECT, related_name="message_settings", db_index=False)
    sender_name = models.CharField(_("sender’s name in e-mail"), max_length=60, blank=True)
    reply_to = models.EmailField(_("answers go to"), blank=True)
    sms_sender = models.CharField(_("sender’s name in SMS"), max_length=11, blank=True)
    quiet_from = models.TimeField(_("quiet from"), default=dt.time(21))
    quiet_until = models.TimeField(_("quiet until"), default=dt.time(9))
    cap_number = models.PositiveSmallIntegerField(_("advertising messages at the most"), default=3)
    cap_days = models.PositiveSmallIntegerField(_("in days"), default=7)
    sms_price = models.DecimalField(_("price of an SMS"), max_digits=6, decimal_places=2, null=True, blank=True)
    paced_at = models.DateTimeField(null=True, editable=False)

    objects = TenantManager()

    class Meta:
        verbose_name = _("settings of messages")
        verbose_name_plural = _("settings of messages")
        constraints = [models.UniqueConstraint("program", "merchant", name="message_settings_unique")]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} #{self.pk}"


class ChannelRefusal(models.Model):
    """A client wants no advertising by this channel, or can't be reached by it.

    With an `address` (a digest of it), only there: a mailbox that does not exist, a number that is off. Without, it is
    the client's own word, and stands until he takes it back.
    """

    program = models.ForeignKey(Program, models.PROTECT, related_name="+", db_index=False)
    account = models.ForeignKey(Account, models.PROTECT, related_name="+", db_index=False)
    channel = models.CharField(_("channel"), max_length=8, choices=Channel.choices)
    address = models.CharField(max_length=32, blank=True, default="", db_default="")
    at = models.DateTimeField(_("when"))
    # «unsubscribe link», «card page», «bounce», or the message that led to it: `mailing:7`.
    source = models.CharField(_("where"), max_length=40)

    objects = TenantManager()

    class Meta:
        verbose_name = _("refusal of a channel")
        verbose_name_plural = _("refusals of channels")
        constraints = [
            models.UniqueConstraint("program", "account", "channel", "address", name="channel_refusal_unique")
        ]
        indexes = [models.Index("program", "source", name="channel_refusal_source")]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} #{self.pk}"


class TelegramLink(models.Model):
    """The chat in which a client has started the bot from his card."""

    program = models.ForeignKey(Program, models.PROTECT, related_name="+", db_index=False)
    account = models.ForeignKey(Account, models.PROTECT, related_name="+", db_index=False)
    chat = models.BigIntegerField()
    linked_at = models.DateTimeField(_("linked"))

    objects = TenantManager()

    class Meta:
        verbose_name = _("Telegram chat")
        verbose_name_plural = _("Telegram chats")
        constraints = [models.UniqueConstraint("program", "account", name="telegram_link_unique")]
        indexes = [models.Index("chat", name="telegram_link_chat")]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} #{self.pk}"


class PushSubscription(models.Model):
    """A browser of a client that takes push messages. `digest` is the endpoint's."""

    program = models.ForeignKey(Program, models.PROTECT, related_name="+", db_index=False)
    account = models.ForeignKey(Account, models.PROTECT, related_name="+", db_index=False)
    digest = models.CharField(max_length=64)
    endpoint = models.CharField(max_length=1000)
    p256dh = models.CharField(max_length=120)
    auth = models.CharField(max_length=60)
    created_at = models.DateTimeField(_("subscribed"))

    objects = TenantManager()

    class Meta:
        verbose_name = _("push subscription")
        verbose_name_plural = _("push subscriptions")
        constraints = [models.UniqueConstraint("program", "account", "digest", name="push_subscription_unique")]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} #{self.pk}"
