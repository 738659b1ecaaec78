"""What has become of a mailing's messages."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import msgspec
from django.db.models import Count, Sum
from msgspec import Struct

from campaigns.models import ChannelRefusal, Mailing, Message

State = Message.State


class Results(Struct, frozen=True):
    """Numbers of messages. `sent` are all that a gateway has taken, `delivered` those of them that are known to have
    come; the others by why. `cost` is None where no gateway names one."""

    total: int
    waiting: int
    sent: int
    delivered: int
    failed: Mapping[str, int]
    skipped: Mapping[str, int]
    by_channel: Mapping[str, int]
    cost: Decimal | None
    unsubscribed: int

    @property
    def done(self) -> int:
        return self.total - self.waiting

    @property
    def percent(self) -> int:
        return self.done * 100 // self.total if self.total else 100


def source_of(mailing: Mailing) -> str:
    return f"mailing:{mailing.pk}"


def of(mailing: Mailing) -> Results:
    """As they stand; of one that ended days ago, as they were kept."""
    if mailing.results is not None:
        return msgspec.convert(mailing.results, Results)
    return of_source(mailing.program_id, source_of(mailing))


def keep(mailing: Mailing) -> None:
    """Gateways have said what they know: nobody counts its messages again, and they may be purged."""
    counted = msgspec.to_builtins(of(mailing))
    Mailing.objects.filter(program_id=mailing.program_id, pk=mailing.pk).update(results=counted)


def of_source(program_id: int, source: str) -> Results:
    """Of whatever has asked for messages. Two queries."""
    rows = Message.objects.filter(program_id=program_id, source=source).order_by()
    grouped: list[Any] = list(rows.values("state", "why", "channel").annotate(number=Count("pk"), paid=Sum("cost")))
    costs = [one["paid"] for one in grouped if one["paid"] is not None]

    def number(*states: str) -> int:
        return sum(one["number"] for one in grouped if one["state"] in states)

    def by(field: str, *states: str) -> dict[str, int]:
        found: dict[str, int] = {}
        for one in grouped:
            if one["state"] in states:
                found[one[field]] = found.get(one[field], 0) + one["number"]
        return dict(sorted(found.items(), key=lambda pair: -pair[1]))

    return Results(
        total=number(*State.values),
        waiting=number(*Message.OPEN),
        sent=number(State.SENT, State.DELIVERED),
        delivered=number(State.DELIVERED),
        failed=by("why", State.FAILED),
        skipped=by("why", State.SKIPPED),
        by_channel=by("channel", State.SENT, State.DELIVERED),
        cost=sum(costs, Decimal(0)) if costs else None,
        unsubscribed=ChannelRefusal.objects.filter(program_id=program_id, source=source, address="").count(),
    )
