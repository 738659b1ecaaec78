"""A mailing is estimated, asked for, paused, gone on with and stopped here."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final

from django.db import transaction
from django.db.models import Case, CharField, Count, Exists, OuterRef, Q, Subquery, Value, When
from msgspec import Struct

from campaigns.messages import reaching
from campaigns.models import Channel, ChannelRefusal, Mailing, MessageTemplate, PushSubscription, TelegramLink
from clients.models import Client, Consent, Segment
from clients.models.client import ClientQuerySet
from clients.segments import using
from loyalty.models import Account
from merchants import audit
from merchants.access import Action, require, same_tenant
from merchants.models import Merchant, User

State = Mailing.State
# Nobody plans further ahead, and by then the clients are others.
FURTHEST: Final = dt.timedelta(days=180)


class Estimate(Struct, frozen=True):
    """How many clients the audience has, how many each channel reaches, and why the others are not reached. One that
    is rough knows only how many it can be at the most."""

    total: int
    by_channel: Mapping[str, int]
    without: Mapping[str, int]
    cost: Decimal = Decimal(0)
    is_rough: bool = False

    @property
    def reached(self) -> int:
        return self.total if self.is_rough else sum(self.by_channel.values())


class NotNowError(Exception):
    """Somebody was faster, or it is too late."""


def audience(merchant: Merchant, segment: Segment | None, now: dt.datetime) -> ClientQuerySet:
    """A segment's clients at this moment, or all of the programme's."""
    if segment is not None:
        return using.members(segment, now)
    rows: ClientQuerySet = Client.objects.filter(program_id=merchant.program_id)
    return rows


def estimate(rows: ClientQuerySet, template: MessageTemplate, price: Decimal) -> Estimate:
    """`price` is what one text message costs. One query."""
    open_channels = [channel for channel in template.channels if channel in reaching.set_up()]
    kind = Consent.Kind.ADVERTISING if template.purpose == MessageTemplate.Purpose.ADVERTISING else Consent.Kind.NOTICES
    latest = Consent.objects.filter(program_id=OuterRef("program_id"), client=OuterRef("pk"), kind=kind)
    agreed = Subquery(latest.order_by("-at", "-pk").values("given")[:1])
    ways = [When(~Q(account__status=Account.Status.ACTIVE), then=Value("blocked"))]
    if template.purpose == MessageTemplate.Purpose.ADVERTISING:
        ways.append(When(Q(agreed=None) | Q(agreed=False), then=Value("no_consent")))
    ways += [
        When(_reaches(channel) & _wants(channel, template.purpose), then=Value(channel)) for channel in open_channels
    ]
    ways.append(When(_any(_reaches(channel) for channel in open_channels), then=Value("refused")))
    told = rows.order_by().alias(agreed=agreed)
    counted = told.annotate(way=Case(*ways, default=Value("no_address"), output_field=CharField()))
    numbers = dict(counted.values("way").annotate(number=Count("pk")).values_list("way", "number"))
    by_channel = {channel: numbers[channel] for channel in open_channels if numbers.get(channel)}
    without = {why: number for why, number in numbers.items() if why not in by_channel}
    cost = price * by_channel.get(Channel.SMS, 0)
    return Estimate(sum(numbers.values()), by_channel, without, cost)


def rough_estimate(merchant: Merchant, template: MessageTemplate, price: Decimal) -> Estimate:
    """Where counting takes too long: no more than all clients, each by the dearest channel."""
    total = Client.objects.filter(program_id=merchant.program_id).count()
    by_sms = total if Channel.SMS in template.channels and Channel.SMS in reaching.set_up() else 0
    return Estimate(total, {}, {}, price * by_sms, is_rough=True)


def _any(conditions: object) -> Q:
    found = Q(pk__in=())
    for one in conditions:  # type: ignore[attr-defined]
        found |= one
    return found


def _reaches(channel: str) -> Q:
    """Whether there is an address of the kind."""
    mine = {"program_id": OuterRef("program_id"), "account": OuterRef("account")}
    match channel:
        case Channel.EMAIL:
            return ~Q(email="")
        case Channel.SMS:
            return Q(phone__isnull=False)
        case Channel.TELEGRAM:
            return Q(Exists(TelegramLink.objects.filter(**mine)))
    return Q(Exists(PushSubscription.objects.filter(**mine)))


def _wants(channel: str, purpose: str) -> Q:
    if purpose == MessageTemplate.Purpose.ADVERTISING:
        refusals = ChannelRefusal.objects.filter(
            program_id=OuterRef("program_id"), account=OuterRef("account"), channel=channel
        )
        return ~Q(Exists(refusals))
    return Q(agreed=True) if channel in (Channel.EMAIL, Channel.SMS) else Q()


@transaction.atomic
def plan(
    *,
    merchant: Merchant,
    template: MessageTemplate,
    segment: Segment | None,
    title: str,
    starts_at: dt.datetime,
    expected: Estimate,
    key: uuid.UUID,
    now: dt.datetime,
    by: User,
) -> Mailing:
    """Have a worker send it from `starts_at` on; with the same key, what was asked for the first time."""
    program_id = same_tenant(merchant, template, *([segment] if segment is not None else []))
    require(by, Action.RUN_CAMPAIGNS, merchant=merchant)
    Merchant.objects.select_for_update(no_key=True).get(pk=merchant.pk)
    known = Mailing.objects.filter(program_id=program_id, public_id=key).first()
    if known is not None:
        return known
    mailing = Mailing.objects.create(
        program_id=program_id,
        merchant=merchant,
        public_id=key,
        template=_copy(template, now),
        title=title[:80],
        segment=segment,
        whom=segment.name if segment is not None else "",
        expected=expected.reached,
        expected_cost=expected.cost,
        starts_at=max(starts_at, now),
        created_by=by,
        created_at=now,
    )
    record(mailing, "mailing.planned", now, by, clients=expected.reached)
    return mailing


def pause(*, mailing: Mailing, now: dt.datetime, by: User) -> Mailing:
    """Nothing more goes out until it is gone on with; what a gateway is just being told still goes. NotNowError."""
    return _change(mailing, (State.SENDING,), State.PAUSED, "mailing.paused", now, by)


def go_on(*, mailing: Mailing, now: dt.datetime, by: User) -> Mailing:
    """NotNowError."""
    return _change(mailing, (State.PAUSED,), State.SENDING, "mailing.continued", now, by)


def stop(*, mailing: Mailing, now: dt.datetime, by: User) -> Mailing:
    """For ever: whoever has not been written to is not written to. NotNowError."""
    return _change(mailing, Mailing.LIVING, State.STOPPED, "mailing.stopped", now, by)


@transaction.atomic
def _change(mailing: Mailing, before: Sequence[str], after: str, action: str, now: dt.datetime, by: User) -> Mailing:
    same_tenant(mailing)
    require(by, Action.RUN_CAMPAIGNS, merchant=mailing.merchant)
    # `no_key`: whoever is writing the audience down meanwhile is not waited for.
    rows = Mailing.objects.select_for_update(of=("self",), no_key=True)
    found = rows.select_related("merchant").get(pk=mailing.pk)
    if found.state not in before:
        raise NotNowError(found.state)
    found.state = after
    found.save(update_fields=["state"])
    record(found, action, now, by)
    return found


def _copy(template: MessageTemplate, now: dt.datetime) -> MessageTemplate:
    """Later edits of the template change nothing that was confirmed."""
    return MessageTemplate.objects.create(
        program_id=template.program_id,
        merchant_id=template.merchant_id,
        name=template.name,
        purpose=template.purpose,
        channels=template.channels,
        subject=template.subject,
        texts=template.texts,
        is_copy=True,
        created_at=now,
        changed_at=now,
    )


def record(mailing: Mailing, action: str, now: dt.datetime, by: User | str, **details: object) -> None:
    audit.record(
        program_id=mailing.program_id,
        action=action,
        at=now,
        by=by,
        subject=mailing,
        details={"mailing": mailing.pk, "merchant": mailing.merchant_id, **details},
    )
