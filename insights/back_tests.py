"""Back tests as rows: asked for on a page, run by a worker, kept until somebody deletes them."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

import msgspec
import structlog
from django.db import transaction

from insights.models import BackTest
from loyalty.backtest import running
from loyalty.backtest.history import History
from loyalty.backtest.running import Plan
from loyalty.engine.rulebook import Rulebook, digest, dump
from merchants import audit
from merchants.access import Actor, every_tenant, tenant
from merchants.models import Merchant, User

logger = structlog.get_logger(__name__)

SAVED_EVERY: Final = dt.timedelta(seconds=2)


class Stopped(Exception):  # noqa: N818
    """Cancelled, deleted, or another worker has taken over."""


@transaction.atomic
def ask(
    *,
    merchant: Merchant,
    rulebook: Rulebook,
    live: int,
    since: dt.datetime,
    until: dt.datetime,
    margin: Decimal | None,
    by: Actor,
    now: dt.datetime,
) -> BackTest:
    """A back test of these rules on the programme's own receipts, for a worker to run."""
    document = msgspec.json.decode(msgspec.json.encode(dump(rulebook)))
    one = BackTest.objects.create(
        program_id=merchant.program_id,
        merchant=merchant,
        document=document,
        digest=digest(document),
        live=live,
        since=since,
        until=until,
        margin=margin,
        created_by=by if isinstance(by, User) else None,
        created_at=now,
    )
    audit.record(
        program_id=merchant.program_id,
        action="back_test.asked",
        at=now,
        by=by,
        subject=one,
        details={"digest": one.digest, "live": live},
    )
    return one


@transaction.atomic
def cancel(*, one: BackTest, by: Actor, now: dt.datetime) -> bool:
    """Stop it; the worker notices within seconds. False where it is over already."""
    open_ = BackTest.objects.filter(
        program_id=one.program_id, pk=one.pk, state__in=[BackTest.State.WAITING, BackTest.State.RUNNING]
    )
    if not open_.update(state=BackTest.State.CANCELLED, claim=None, finished_at=now):
        return False
    audit.record(program_id=one.program_id, action="back_test.cancelled", at=now, by=by, subject=one)
    return True


@transaction.atomic
def delete(*, one: BackTest, by: Actor, now: dt.datetime) -> None:
    audit.record(program_id=one.program_id, action="back_test.deleted", at=now, by=by, subject=one)
    one.delete()


# ---------------------------------------------------------------- the worker's side


def run_due(*, clock: Callable[[], dt.datetime], most: int = 1) -> int:
    """Run up to so many back tests that wait or were left by a dead worker. How many were begun."""
    begun = 0
    while begun < most and (one := claim(clock())) is not None:
        begun += 1
        with tenant(one.program_id):
            run(one, clock)
    return begun


@transaction.atomic
def claim(now: dt.datetime) -> BackTest | None:
    with every_tenant():
        one = BackTest.objects.due(now).select_for_update(skip_locked=True).order_by("id").first()
        if one is None:
            return None
        one.state, one.claim, one.seen_at, one.done = BackTest.State.RUNNING, uuid.uuid4(), now, 0
        one.save(update_fields=["state", "claim", "seen_at", "done"])
        return one


def run(one: BackTest, clock: Callable[[], dt.datetime]) -> None:
    """Run a claimed back test to its end. Its state says how it went."""
    keeper = Keeper(one, clock)
    plan = plan_of(one)
    try:
        calendar = msgspec.convert(one.document, Rulebook).calendar
        receipts = History(one.program_id, calendar, until=one.until).count()
        keeper.keep(receipts=receipts)
        result = running.run(plan, progress=keeper.progress)
        keeper.keep(state=BackTest.State.DONE, result=result, finished_at=clock(), done=receipts)
    except Stopped:
        logger.info("back_test_stopped", back_test=one.pk)
    except Exception:
        logger.exception("back_test_failed", back_test=one.pk)
        BackTest.objects.filter(program_id=one.program_id, pk=one.pk, claim=one.claim).update(
            state=BackTest.State.FAILED, finished_at=clock()
        )


def plan_of(one: BackTest) -> Plan:
    return Plan(one.program_id, msgspec.json.encode(one.document), one.live, one.since, one.until)


class Keeper:
    """Says how far it is, and stops the run when the claim is lost."""

    def __init__(self, one: BackTest, clock: Callable[[], dt.datetime]) -> None:
        self.one, self.clock, self.done, self.saved = one, clock, 0, clock()

    def progress(self, done: int) -> None:
        self.done = done
        now = self.clock()
        if now - self.saved >= SAVED_EVERY:
            self.saved = now
            self.keep(done=done, seen_at=now)

    def keep(self, **values: Any) -> None:
        mine = BackTest.objects.filter(
            program_id=self.one.program_id, pk=self.one.pk, claim=self.one.claim, state=BackTest.State.RUNNING
        )
        if not mine.update(**values):
            raise Stopped
