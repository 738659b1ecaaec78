"""Messages are taken up here, a batch of one merchant's at a time, and what became of them is written down.

A message is ours by its `claim` until `due_at`; a killed worker's come back when that is over. `begin` is called just
before a gateway is spoken to: only what it returns may be sent.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections import Counter
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any, Final

from django.conf import settings as installation
from django.db import connection, transaction
from django.db.models import Count
from msgspec import Struct

from campaigns.messages import reaching
from campaigns.messages.quiet import next_waking
from campaigns.messages.reaching import Reach, Way
from campaigns.models import Channel, Message, MessageSettings, MessageTemplate
from loyalty import ledger
from merchants.access import every_tenant
from merchants.models import Merchant

State = Message.State
BATCH: Final = 200
# Time-outs of gateways are far shorter than the rest of the lease after the last start.
LEASE: Final = dt.timedelta(minutes=3)
LAST_START: Final = dt.timedelta(seconds=60)
# So much of it must be left: waiting for locks may have used it up.
LEAST_LEFT: Final = dt.timedelta(seconds=110)
# A pause in sending leaves room for so much at once.
BURST: Final = dt.timedelta(seconds=10)
OPEN_SQL: Final = "state IN ('waiting', 'sending')"

_DUE_MERCHANTS: Final = f"""
    SELECT one.id FROM merchants_merchant one
    WHERE one.is_active AND (
        EXISTS (SELECT FROM campaigns_message m WHERE m.merchant_id = one.id AND m.purpose = 'service'
                AND m.mailing_id IS NULL AND m.{OPEN_SQL} AND m.due_at <= %s)
        OR EXISTS (SELECT FROM campaigns_message m WHERE m.merchant_id = one.id AND m.purpose = 'advertising'
                AND m.mailing_id IS NULL AND m.{OPEN_SQL} AND m.due_at <= %s)
        OR EXISTS (SELECT FROM campaigns_mailing mailing JOIN campaigns_message m ON m.mailing_id = mailing.id
                WHERE mailing.merchant_id = one.id AND mailing.state = 'sending'
                AND m.{OPEN_SQL} AND m.due_at <= %s))
    ORDER BY one.id
"""  # noqa: S608  # of ours
_BY_ITSELF: Final = f"""
    SELECT id, account_id FROM campaigns_message
    WHERE merchant_id = %s AND purpose = %s AND mailing_id IS NULL AND {OPEN_SQL} AND due_at <= %s
    ORDER BY due_at LIMIT %s
"""  # noqa: S608
_OF_MAILING: Final = f"""
    SELECT id, account_id FROM campaigns_message
    WHERE mailing_id = %s AND {OPEN_SQL} AND due_at <= %s ORDER BY due_at LIMIT %s
"""  # noqa: S608
_MAILINGS: Final = "SELECT id FROM campaigns_mailing WHERE merchant_id = %s AND state = 'sending' ORDER BY id"
_BEGIN: Final = """
    UPDATE campaigns_message m SET begun_at = %s
    FROM loyalty_account a, clients_client c, campaigns_messagetemplate t,
         unnest(%s::bigint[], %s::bigint[]) k (id, chat)
    WHERE m.id = k.id AND m.claim = %s AND m.state = 'sending' AND m.due_at > %s
      AND a.id = m.account_id AND a.status = 'active' AND c.account_id = a.id AND t.id = m.template_id
      AND (m.mailing_id IS NULL
           OR EXISTS (SELECT FROM campaigns_mailing g WHERE g.id = m.mailing_id AND g.state = 'sending'))
      AND ('advertising' NOT IN (m.purpose, t.purpose) AND m.channel NOT IN ('email', 'sms')
           OR (SELECT s.given FROM clients_consent s
               WHERE s.program_id = m.program_id AND s.client_id = c.id
                 AND s.kind = CASE WHEN 'advertising' IN (m.purpose, t.purpose) THEN 'advertising' ELSE 'notices' END
               ORDER BY s.at DESC, s.id DESC LIMIT 1))
      AND ('advertising' NOT IN (m.purpose, t.purpose) OR NOT EXISTS (
           SELECT FROM campaigns_channelrefusal r WHERE r.program_id = m.program_id
             AND r.account_id = m.account_id AND r.channel = m.channel AND r.address = ''))
      AND (m.channel <> 'telegram' OR EXISTS (
           SELECT FROM campaigns_telegramlink l WHERE l.program_id = m.program_id AND l.chat = k.chat
             AND l.account_id IN (SELECT loyalty_kin(m.program_id, ARRAY[m.account_id]))))
      AND (m.channel <> 'push' OR EXISTS (
           SELECT FROM campaigns_pushsubscription b WHERE b.program_id = m.program_id
             AND b.account_id IN (SELECT loyalty_kin(m.program_id, ARRAY[m.account_id]))))
    RETURNING m.id
"""
_SETTLE: Final = """
    UPDATE campaigns_message m
    SET state = s.state, why = s.why, channel = s.channel, due_at = s.due_at, sent_at = s.sent_at,
        ended_at = CASE WHEN s.state IN ('waiting', 'sending') THEN NULL ELSE %s END,
        gateway = s.gateway, gateway_id = s.gateway_id, cost = s.cost, poll_at = s.poll_at, attempts = s.attempts,
        lost = s.lost, address = s.address, claim = CASE WHEN s.state = 'sending' THEN %s::uuid END, begun_at = NULL
    FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[], %s::timestamptz[], %s::timestamptz[], %s::text[],
                %s::text[], %s::numeric[], %s::timestamptz[], %s::int[], %s::int[], %s::text[])
         AS s (id, state, why, channel, due_at, sent_at, gateway, gateway_id, cost, poll_at, attempts, lost, address)
    WHERE m.id = s.id AND m.claim IS NOT DISTINCT FROM %s::uuid
"""


class Claimed(Struct):
    """A message of ours, with what has been read of its client and the channel that was chosen."""

    message: Message
    reach: Reach
    way: Way


class Settled(Struct, frozen=True, kw_only=True):
    """What a message is from now on."""

    id: int
    state: State
    why: str = ""
    channel: str = ""
    due_at: dt.datetime
    sent_at: dt.datetime | None = None
    gateway: str = ""
    gateway_id: str = ""
    cost: Decimal | None = None
    poll_at: dt.datetime | None = None
    attempts: int = 0
    lost: int = 0
    address: str = ""


class Batch(Struct, frozen=True):
    """What a worker has taken up: `looked` at so many, of which some were put off or skipped at once."""

    claim: uuid.UUID
    looked: int
    claimed: list[Claimed]
    settings: MessageSettings


def merchants_with_due(now: dt.datetime) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(_DUE_MERCHANTS, [now, now, now])
        return [key for (key,) in cursor.fetchall()]


def settings_of(merchant: Merchant) -> MessageSettings:
    row, _is_new = MessageSettings.objects.get_or_create(program_id=merchant.program_id, merchant=merchant)
    return row


@transaction.atomic(durable=True)
def claim(merchant: Merchant, now: dt.datetime) -> Batch | None:
    """Take up what is due of a merchant: None where another worker is at it, or the rate of sending is used up.

    Everything is looked at behind the accounts' locks, so that no two messages to a client are counted apart.
    """
    rows = MessageSettings.objects.filter(program_id=merchant.program_id, merchant=merchant)
    settings = rows.select_for_update(skip_locked=True).first()
    if settings is None or (room := _room(settings, now)) == 0:
        return None
    keys = _due(merchant, now)
    if not keys:
        return None
    # Accounts before anything that is waited for: whoever erases a client comes from his account to his messages.
    ledger.lock_all(program_id=merchant.program_id, accounts=[account for _key, account in keys])
    found = (
        Message.objects.filter(program_id=merchant.program_id, pk__in=[key for key, _account in keys])
        .filter(state__in=Message.OPEN, due_at__lte=now)
        .select_for_update(skip_locked=True, of=("self",))
        .select_related("template")
    )
    messages = sorted(found, key=lambda one: (one.purpose != "service", one.due_at, one.pk))
    key = uuid.uuid4()
    decided = _Deciding(merchant, settings, now, room)
    claimed, settled = decided.look(messages)
    settle(settled, now=now, was=None, claim=key)
    if claimed:
        settings.paced_at = _paced(settings, now, len(claimed))
        settings.save(update_fields=["paced_at"])
    return Batch(key, len(settled), claimed, settings)


def begin(batch: Batch, keys: Sequence[int], now: dt.datetime) -> set[int]:
    """Of these messages, those that are still ours, and still to be sent where they are going."""
    chats = {one.message.pk: int(one.way.address) for one in batch.claimed if one.way.channel == Channel.TELEGRAM}
    with connection.cursor() as cursor:
        cursor.execute(_BEGIN, [now, list(keys), [chats.get(key) for key in keys], batch.claim, now + LEAST_LEFT])
        return {key for (key,) in cursor.fetchall()}


def settle(
    settled: Sequence[Settled], *, now: dt.datetime, was: uuid.UUID | None, claim: uuid.UUID | None = None
) -> int:
    """Write down what became of messages, as far as they are still claimed by `was`: one statement.

    While they are being claimed they are locked, and whose they were does not matter.
    """
    if not settled:
        return 0
    columns: list[Any] = [list(column) for column in zip(*(_row(one) for one in settled), strict=True)]
    sql = _SETTLE if was is not None else _SETTLE.replace("AND m.claim IS NOT DISTINCT FROM %s::uuid", "")
    with connection.cursor() as cursor:
        cursor.execute(sql, [now, claim, *columns, *([was] if was is not None else [])])
        return int(cursor.rowcount)


def _row(one: Settled) -> tuple[Any, ...]:
    return (
        one.id, str(one.state), one.why, str(one.channel), one.due_at, one.sent_at, one.gateway, one.gateway_id,
        one.cost, one.poll_at, one.attempts, one.lost, one.address,
    )  # fmt: skip


def _due(merchant: Merchant, now: dt.datetime) -> list[tuple[int, int]]:
    """Service notices first, then advertising, then mailings, the older ones before the newer."""
    found: list[tuple[int, int]] = []
    with connection.cursor() as cursor:
        for purpose in (MessageTemplate.Purpose.SERVICE, MessageTemplate.Purpose.ADVERTISING):
            if len(found) < BATCH:
                cursor.execute(_BY_ITSELF, [merchant.pk, purpose, now, BATCH - len(found)])
                found += cursor.fetchall()
        if len(found) < BATCH:
            cursor.execute(_MAILINGS, [merchant.pk])
            for (mailing,) in cursor.fetchall():
                if len(found) < BATCH:
                    cursor.execute(_OF_MAILING, [mailing, now, BATCH - len(found)])
                    found += cursor.fetchall()
    return found


def _room(settings: MessageSettings, now: dt.datetime) -> int:
    """How many may be sent now, at the installation's rate for each shop."""
    rate = installation.MESSAGES_PER_SECOND
    if not rate:
        return BATCH
    since = max(settings.paced_at or now - BURST, now - BURST)
    return min(BATCH, max(0, int((now - since).total_seconds() * rate)))


def _paced(settings: MessageSettings, now: dt.datetime, number: int) -> dt.datetime:
    rate = installation.MESSAGES_PER_SECOND or 1_000_000
    return max(settings.paced_at or now - BURST, now - BURST) + dt.timedelta(seconds=number / rate)


class _Deciding:
    """Each message of a batch: taken, put off, or not to be sent at all."""

    def __init__(self, merchant: Merchant, settings: MessageSettings, now: dt.datetime, room: int) -> None:
        self.merchant, self.settings, self.now, self.room = merchant, settings, now, room
        self.wakes_at = next_waking(settings, merchant.program.time_zone, now)
        self.set_up = reaching.set_up()

    def look(self, messages: Sequence[Message]) -> tuple[list[Claimed], list[Settled]]:
        reaches = reaching.read(self.merchant.program_id, {one.account_id for one in messages})
        self.counts = self._counts(one.account_id for one in messages if one.purpose == "advertising")
        claimed: list[Claimed] = []
        settled: list[Settled] = []
        for one in messages:
            reach = reaches[one.account_id]
            decided, way = self._decide(one, reach)
            if decided is None:
                continue
            settled.append(decided)
            if decided.state == State.SENDING:
                claimed.append(Claimed(one, reach, way))
                one.channel, one.attempts, one.lost = decided.channel, decided.attempts, decided.lost
                self.room -= 1
        return claimed, settled

    def _decide(self, one: Message, reach: Reach) -> tuple[Settled | None, Way]:
        # Whoever had it before has spoken to the gateway and did not live to write down what it said.
        lost = one.lost + (one.begun_at is not None)
        # Its template may have become advertising since it was asked for.
        is_advertising = "advertising" in (one.purpose, one.template.purpose)
        purpose = "advertising" if is_advertising else one.purpose
        if lost > 1:
            return self._over(one, State.FAILED, "no_answer", lost), Way()
        if one.expires_at is not None and one.expires_at <= max(self.now, self.wakes_at):
            return self._over(one, State.SKIPPED, "expired", lost), Way()
        channels = [channel for channel in one.template.channels if channel in self.set_up]
        way = reaching.way_to(reach, purpose, channels)
        if way.why:
            return self._over(one, State.SKIPPED, way.why, lost), way
        if self.wakes_at > self.now:
            return self._wait(one, self.wakes_at, lost), way
        if is_advertising and self._is_too_much(one):
            return self._over(one, State.SKIPPED, "too_often", lost), way
        if self.room <= 0:
            return None, way
        if one.purpose == "advertising":
            self.counts[one.account_id] = self.counts.get(one.account_id, 0) + 1
        taken = Settled(
            id=one.pk, state=State.SENDING, channel=way.channel, due_at=self.now + LEASE, sent_at=self.now,
            attempts=one.attempts + 1, lost=lost,
        )  # fmt: skip
        return taken, way

    def _is_too_much(self, one: Message) -> bool:
        # A message that is tried again has been counted already.
        others = self.counts.get(one.account_id, 0) - (one.state == State.SENDING and one.sent_at is not None)
        return 0 < self.settings.cap_number <= others

    def _counts(self, accounts: Iterable[int]) -> dict[int, int]:
        """Advertising that this shop has sent to each of them, or is just sending; to cards merged with his, too."""
        if not self.settings.cap_number:
            return {}
        since = self.now - dt.timedelta(days=self.settings.cap_days)
        family = reaching.family(self.merchant.program_id, set(accounts))
        rows = Message.objects.filter(
            program_id=self.merchant.program_id, account__in=family, sent_at__gt=since,
            merchant=self.merchant, purpose="advertising",
        ).order_by()  # fmt: skip
        found: Counter[int] = Counter()
        for account, number in rows.values("account").annotate(number=Count("pk")).values_list("account", "number"):
            found[family[account]] += number
        return found

    def _over(self, one: Message, state: State, why: str, lost: int) -> Settled:
        return Settled(
            id=one.pk, state=state, why=why, channel=one.channel, due_at=self.now, attempts=one.attempts, lost=lost,
        )  # fmt: skip

    def _wait(self, one: Message, until: dt.datetime, lost: int) -> Settled:
        return Settled(id=one.pk, state=State.WAITING, due_at=until, attempts=one.attempts, lost=lost)


def release(batch: Batch, messages: Iterable[Message], due_at: dt.datetime, now: dt.datetime) -> None:
    """Hand back what was claimed and not begun."""
    settle(
        [
            Settled(id=one.pk, state=State.WAITING, due_at=due_at, attempts=one.attempts - 1, lost=one.lost)
            for one in messages
        ],
        now=now,
        was=batch.claim,
    )


def merchant_of(key: int) -> Merchant:
    with every_tenant():
        return Merchant.objects.select_related("program").get(pk=key)
