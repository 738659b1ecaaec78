"""The worker that sends: batches of one merchant at a time, several messages to gateways at once.

What is decided of a message is decided behind the account's lock (`claiming.claim`), and looked at again just before it
goes (`claiming.begin`). A message that was handed over and whose answer was lost, or whose worker was killed, is sent
once more with the same id, and then no more.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import structlog
from django.conf import settings
from django.utils import translation

from campaigns.messages import channels, claiming, refusing, variables
from campaigns.messages.claiming import LAST_START, Batch, Claimed, Settled, State
from campaigns.messages.quiet import is_quiet
from campaigns.messages.writing import Desk, Letter, lacking, write
from campaigns.models import Channel, Message, PushSubscription
from clients.models import Client
from loyalty.kin import kin_of
from merchants.access import tenant
from merchants.gateways.answers import AnswerLost, GatewayError, Handed, NobodyThere, NotNow, Trouble
from merchants.models import Merchant

logger = structlog.get_logger(__name__)

Clock = Callable[[], dt.datetime]
FIRST_RETRY: Final = dt.timedelta(seconds=30)
LONGEST_RETRY: Final = dt.timedelta(hours=1)
MOST_ATTEMPTS: Final = 8
# While a gateway takes nothing from anybody: no message is to blame, and none is given up for this long.
TROUBLED_RETRY: Final = dt.timedelta(minutes=5)
TROUBLED_FOR: Final = dt.timedelta(days=3)
FIRST_POLL: Final = dt.timedelta(minutes=1)


def send_due(*, clock: Clock, seconds: float = 60.0) -> int:
    """Send what is due, of each merchant a batch in turn, until nothing is or the time is over; how many were sent."""
    until, sent = time.monotonic() + seconds, 0
    with ThreadPoolExecutor(settings.MESSAGE_THREADS) as pool:
        waiting = claiming.merchants_with_due(clock())
        while waiting and time.monotonic() < until:
            again = []
            for key in waiting:
                try:
                    looked, done = turn(claiming.merchant_of(key), pool, clock)
                except Exception:  # one shop's trouble is not the others'
                    logger.exception("merchant_not_sent", merchant=key)
                    continue
                sent += done
                again += [key] if looked else []
            waiting = again
        for _thread in range(settings.MESSAGE_THREADS):
            pool.submit(channels.close)
    return sent


def turn(merchant: Merchant, pool: ThreadPoolExecutor, clock: Clock) -> tuple[int, int]:
    """One batch of a merchant: how many were looked at, and sent."""
    with tenant(merchant.program_id), translation.override(merchant.program.language):
        claiming.settings_of(merchant)
        batch = claiming.claim(merchant, clock())
        if batch is None:
            return 0, 0
        return batch.looked, _Sending(merchant, batch, pool, clock).run()


class _Sending:
    """A claimed batch on its way."""

    def __init__(self, merchant: Merchant, batch: Batch, pool: ThreadPoolExecutor, clock: Clock) -> None:
        self.merchant, self.batch, self.pool, self.clock = merchant, batch, pool, clock
        self.desk = Desk(merchant, batch.settings, clock())
        # Channels whose gateway takes nothing at the moment.
        self.troubled: dict[str, str] = {}

    def run(self) -> int:
        started, sent = time.monotonic(), 0
        ready = list(self._ready())
        for begin in range(0, len(ready), settings.MESSAGE_THREADS):
            some = ready[begin : begin + settings.MESSAGE_THREADS]
            now = self.clock()
            late = time.monotonic() - started > LAST_START.total_seconds()
            if late or is_quiet(self.batch.settings, self.merchant.program.time_zone, now):
                rest = [claimed.message for claimed, _letter in ready[begin:]]
                claiming.release(self.batch, rest, now, now)
                break
            sent += self._send(some, now)
        return sent

    def _ready(self) -> Iterator[tuple[Claimed, Letter]]:
        """The claimed messages, written; those that can't be are settled."""
        claimed = self.batch.claimed
        values = self.desk.values([_client(one) for one in claimed], [one.message.template for one in claimed])
        bad: list[Settled] = []
        for one in claimed:
            message, client = one.message, _client(one)
            own = {**values[message.account_id], **variables.given_of(message.details)}
            parsed = self.desk.parse(message.template)
            if parsed is None or lacking(parsed, one.way.channel, own):
                bad.append(_ended(message, State.SKIPPED, "incomplete", self.clock()))
                continue
            yield (
                one,
                write(
                    parsed,
                    client=client,
                    merchant=self.merchant,
                    settings=self.batch.settings,
                    channel=one.way.channel,
                    address=one.way.address,
                    browsers=one.way.browsers,
                    values=own,
                    source=message.source,
                    key=message.public_id,
                    again=message.lost > 0,
                ),
            )
        claiming.settle(bad, now=self.clock(), was=self.batch.claim)

    def _send(self, some: Sequence[tuple[Claimed, Letter]], now: dt.datetime) -> int:
        held = [one for one, letter in some if letter.channel in self.troubled]
        claiming.release(self.batch, [one.message for one in held], now + TROUBLED_RETRY, now)
        some = [pair for pair in some if pair[1].channel not in self.troubled]
        still = claiming.begin(self.batch, [one.message.pk for one, _letter in some], now)
        # What has changed meanwhile is looked at anew by the next claim.
        claiming.release(self.batch, [one.message for one, _letter in some if one.message.pk not in still], now, now)
        going = [pair for pair in some if pair[0].message.pk in still]
        answers = list(self.pool.map(channels.attempt, [letter for _one, letter in going]))
        now = self.clock()
        settled = [
            self._settled(one.message, letter, answer, now)
            for (one, letter), answer in zip(going, answers, strict=True)
        ]
        claiming.settle(settled, now=now, was=self.batch.claim)
        for (one, letter), answer in zip(going, answers, strict=True):
            if answer.gone:
                self._forget_browsers(one.message, answer.gone)
            elif isinstance(answer, NobodyThere):
                self._forget_address(one.message, letter, now)
        return sum(isinstance(answer, Handed) for answer in answers)

    def _settled(self, message: Message, letter: Letter, answer: Handed | GatewayError, now: dt.datetime) -> Settled:
        if isinstance(answer, Handed):
            gateway = channels.gateway_of(letter.channel)
            return Settled(
                id=message.pk,
                state=State.SENT,
                channel=letter.channel,
                due_at=now,
                sent_at=now,
                gateway=gateway,
                gateway_id=answer.id[:120],
                cost=answer.cost,
                poll_at=now + FIRST_POLL if letter.channel == Channel.SMS and answer.id else None,
                attempts=message.attempts,
                lost=message.lost,
                address=refusing.digest_of(letter.address) if letter.channel in (Channel.EMAIL, Channel.SMS) else "",
            )
        if isinstance(answer, Trouble):
            self.troubled[letter.channel] = answer.why
            logger.warning("gateway_trouble", channel=letter.channel, merchant=self.merchant.pk, why=answer.why)
            # A mailing may have been paused for weeks, and whoever sees it wait can stop it.
            if message.mailing_id is None and now - message.created_at > TROUBLED_FOR:
                return _ended(message, State.FAILED, answer.why, now)
            return _again(message, now + TROUBLED_RETRY, attempts=message.attempts - 1)
        if isinstance(answer, AnswerLost):
            if message.lost:
                return _ended(message, State.FAILED, answer.why, now)
            return _again(message, now + FIRST_RETRY, lost=1)
        if isinstance(answer, NotNow) and message.attempts < MOST_ATTEMPTS:
            wait = min(FIRST_RETRY * 2 ** (message.attempts - 1), LONGEST_RETRY)
            asked = dt.timedelta(seconds=min(answer.after, LONGEST_RETRY.total_seconds()))
            return _again(message, now + max(wait, asked))
        return _ended(message, State.FAILED, answer.why, now)

    def _forget_browsers(self, message: Message, endpoints: Sequence[str]) -> None:
        """They have unsubscribed, and are not asked again; they may have been let in on a card that was merged."""
        family = kin_of(message.program_id, [message.account_id])
        rows = PushSubscription.objects.filter(program_id=message.program_id, account__in=family)
        rows.filter(endpoint__in=endpoints).delete()

    def _forget_address(self, message: Message, letter: Letter, now: dt.datetime) -> None:
        """Nobody is there: no other advertising goes there."""
        refusing.note_dead(
            program_id=message.program_id,
            account_id=message.account_id,
            channel=letter.channel,
            address=refusing.digest_of(letter.address),
            source=message.source,
            now=now,
        )


def _client(one: Claimed) -> Client:
    if one.reach.client is None:
        raise TypeError("nobody to write to")
    return one.reach.client


def _ended(message: Message, state: State, why: str, now: dt.datetime) -> Settled:
    return Settled(
        id=message.pk,
        state=state,
        why=why,
        channel=message.channel,
        due_at=now,
        attempts=message.attempts,
        lost=message.lost,
    )


def _again(message: Message, at: dt.datetime, *, attempts: int | None = None, lost: int | None = None) -> Settled:
    return Settled(
        id=message.pk,
        state=State.WAITING,
        due_at=at,
        attempts=message.attempts if attempts is None else attempts,
        lost=message.lost if lost is None else lost,
    )
