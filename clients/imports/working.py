"""The worker's side: claims an import that waits, or was left by a dead worker, and does what its state asks for."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable

import structlog
from django.db import transaction
from django.utils.translation import gettext, override

from clients.imports.keeper import Keeper, Stopped
from clients.imports.kinds import Done, kind_of
from clients.models import ClientImport
from loyalty.sheets import UnreadableError
from merchants import audit
from merchants.access import every_tenant, tenant

logger = structlog.get_logger(__name__)

State = ClientImport.State


def run_due(*, clock: Callable[[], dt.datetime], most: int = 1) -> int:
    """Work on up to so many imports; how many were begun."""
    begun = 0
    while begun < most and (one := claim(clock())) is not None:
        begun += 1
        with tenant(one.program_id):
            run(one, clock)
    return begun


@transaction.atomic
def claim(now: dt.datetime) -> ClientImport | None:
    with every_tenant():
        due = ClientImport.objects.due(now).select_for_update(skip_locked=True, of=("self",))
        one = due.select_related("program").order_by("id").first()
        if one is None:
            return None
        one.claim, one.seen_at = uuid.uuid4(), now
        one.save(update_fields=["claim", "seen_at"])
        return one


def run(one: ClientImport, clock: Callable[[], dt.datetime]) -> None:
    """Do the work of a claimed import to its end. Its state says how it went."""
    keeper = Keeper(one, clock)
    try:
        with override(one.program.language):
            _work(one, keeper)
    except Stopped:
        logger.info("client_import_stopped", client_import=one.pk)
    except UnreadableError as error:
        _fail(one, str(error), clock())
    except Exception:
        # Of what went wrong only the kind is written down: its words may quote a phone.
        logger.exception("client_import_failed", client_import=one.pk)
        with override(one.program.language):
            _fail(one, gettext("Something went wrong on our side. What was loaded so far stands."), clock())


def _work(one: ClientImport, keeper: Keeper) -> None:
    kind = kind_of(one)
    match one.state:
        case State.CHECK:
            found = kind.check(one, keeper)
            _done(one, keeper, State.CHECKED, found, lines=found.lines, mark=0)
        case State.APPLY:
            _done(one, keeper, State.DONE, kind.load(one, keeper), record=f"{kind.acts}.loaded")
        case State.UNDO:
            _done(one, keeper, State.UNDONE, kind.take_back(one, keeper), record=f"{kind.acts}.undone")


def _done(one: ClientImport, keeper: Keeper, state: State, done: Done, *, record: str = "", **more: int) -> None:
    now = keeper.clock()
    with transaction.atomic():
        if record:
            audit.record(
                program_id=one.program_id,
                action=record,
                at=now,
                by=one.created_by or "worker",
                subject=one,
                details={"file": one.file_name, **done.logged},
            )
        keeper.keep(state=state, counts=done.counts, claim=None, finished_at=now, **more)


def _fail(one: ClientImport, why: str, now: dt.datetime) -> None:
    """A failed loading may be gone on with, or taken back."""
    state = State.FAILED if one.state == State.CHECK else State.STOPPED
    ClientImport.objects.filter(program_id=one.program_id, pk=one.pk, claim=one.claim, state=one.state).update(
        state=state, why=why[:300], claim=None, finished_at=now
    )
