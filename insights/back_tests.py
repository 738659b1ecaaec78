"""Back tests as rows: asked for on a page, run by a worker, kept until somebody deletes them."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from decimal import Decimal
from pathlib import PurePath
from typing import Any, Final

import msgspec
import structlog
from django.db import transaction

from insights.models import BackTest, ReceiptFile
from loyalty.backtest import running
from loyalty.backtest.csv_file import Upload
from loyalty.backtest.file_history import FileHistory, outlets_of
from loyalty.backtest.history import History
from loyalty.backtest.running import Plan
from loyalty.engine.rulebook import Rulebook, digest, dump, load
from loyalty.sheets import clean
from merchants import audit
from merchants.access import Actor, every_tenant, tenant
from merchants.models import Merchant, User

logger = structlog.get_logger(__name__)

SAVED_EVERY: Final = dt.timedelta(seconds=2)
# Of a programme, that wait or are being tried.
MOST_FILES: Final = 3


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


class TooManyFilesError(Exception):
    """So many files wait for their turn already."""


@transaction.atomic
def ask_with_file(
    *,
    merchant: Merchant,
    rulebook: Rulebook,
    live: int,
    upload: Upload,
    file_name: str,
    spend: bool,
    margin: Decimal | None,
    by: Actor,
    now: dt.datetime,
) -> BackTest:
    """A back test of these rules on the receipts of a file, all of them. TooManyFilesError."""
    kept = ReceiptFile.objects.filter(program_id=merchant.program_id, content__isnull=False)
    if kept.count() >= MOST_FILES:
        raise TooManyFilesError
    one = ask(merchant=merchant, rulebook=rulebook, live=live, since=now, until=now, margin=margin, by=by, now=now)
    ReceiptFile.objects.create(
        program_id=merchant.program_id,
        back_test=one,
        file_name=clean(PurePath(file_name).name)[-120:] or "—",
        spend=spend,
        columns=upload.columns,
        unused=upload.unused,
        rows=upload.rows,
        content=upload.content,
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
    _forget_receipts(one)
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
    try:
        file = ReceiptFile.objects.filter(program_id=one.program_id, back_test=one).first()
        result, receipts = _of_file(one, file, keeper) if file else _of_shop(one, keeper)
        keeper.keep(state=BackTest.State.DONE, result=result, finished_at=clock(), done=receipts)
        _forget_receipts(one)
    except Stopped:
        logger.info("back_test_stopped", back_test=one.pk)
    except Exception:
        logger.exception("back_test_failed", back_test=one.pk)
        BackTest.objects.filter(program_id=one.program_id, pk=one.pk, claim=one.claim).update(
            state=BackTest.State.FAILED, finished_at=clock()
        )
        _forget_receipts(one)


def _of_shop(one: BackTest, keeper: Keeper) -> tuple[dict[str, Any], int]:
    calendar = msgspec.convert(one.document, Rulebook).calendar
    history = History(one.program_id, calendar, until=one.until)
    receipts = history.count()
    keeper.keep(receipts=receipts, loaded=history.count_past(one.since))
    return running.run(plan_of(one), progress=keeper.progress), receipts


def _of_file(one: BackTest, file: ReceiptFile, keeper: Keeper) -> tuple[dict[str, Any] | None, int]:
    """No result where not one line could be taken: the file's facts say why."""
    draft = load(one.document)
    source = FileHistory(
        bytes(file.content or b""), file.columns, draft, outlets=outlets_of(one.program_id), spend=file.spend
    )
    with source:
        facts = source.facts
        file.facts = msgspec.to_builtins(facts)
        file.save(update_fields=["facts"])
        if facts.first is None or facts.last is None:
            return None, 0
        keeper.keep(receipts=facts.receipts, since=facts.first, until=facts.last + dt.timedelta(seconds=1))
        result = running.run_on(source, draft, program_id=one.program_id, live=one.live, progress=keeper.progress)
    return result, facts.receipts


def _forget_receipts(one: BackTest) -> None:
    """Only the report stays."""
    ReceiptFile.objects.filter(program_id=one.program_id, back_test=one).update(content=None)


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
