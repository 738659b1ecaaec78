"""The worker's side: claims an act that waits, or was left by a dead worker, and goes on where that one was stopped.

A chunk of clients is a transaction, which moves the mark: what was done and how far it went are there together.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from typing import Final

import structlog
from django.db import transaction
from django.db.models import F, QuerySet
from django.utils.translation import gettext, override

from clients.acts import doing
from clients.acts.asking import State, Terms, record, terms_of
from clients.models import ClientAct, ClientActLine
from loyalty import ledger
from merchants.access import Actor, every_tenant, tenant
from merchants.models import User

logger = structlog.get_logger(__name__)

# Tills wait for a chunk at the most.
CHUNK: Final = 50
Clock = Callable[[], dt.datetime]
Outcome = ClientActLine.Outcome


class Stopped(Exception):  # noqa: N818
    """Another worker has taken over."""


def run_due(*, clock: Clock, most: int = 1) -> int:
    """Work on up to so many acts; how many were begun."""
    begun = 0
    while begun < most and (act := claim(clock())) is not None:
        begun += 1
        with tenant(act.program_id):
            run(act, clock)
    return begun


def run_now(act: ClientAct, *, clock: Clock) -> None:
    """Of few clients, without waiting for a worker."""
    found = claim(clock(), act.pk)
    if found is not None:
        run(found, clock)


@transaction.atomic
def claim(now: dt.datetime, act_id: int | None = None) -> ClientAct | None:
    with every_tenant():
        due = ClientAct.objects.due(now).select_for_update(skip_locked=True, of=("self",))
        if act_id is not None:
            due = due.filter(pk=act_id)
        act = due.select_related("program", "merchant", "created_by").order_by("id").first()
        if act is None:
            return None
        act.claim, act.seen_at = uuid.uuid4(), now
        act.save(update_fields=["claim", "seen_at"])
        return act


def run(act: ClientAct, clock: Clock) -> None:
    """Do a claimed act to its end. Its state says how it went."""
    try:
        with override(act.program.language):
            terms = terms_of(act)
            by: Actor = act.created_by
            if act.state == State.UNDO and terms.undone_by is not None:
                by = User.objects.get(pk=terms.undone_by)
            while _chunk(act, terms, clock(), by):
                pass
            _finish(act, clock(), by)
    except Stopped:
        logger.info("client_act_stopped", client_act=act.pk)
    except Exception:
        # Of what went wrong only the kind is written down: its words may quote a phone.
        logger.exception("client_act_failed", client_act=act.pk)
        with override(act.program.language):
            why = gettext("Something went wrong on our side. What was done so far stands.")
        _mine(act).update(state=State.STOPPED, why=why, claim=None, finished_at=clock())


@transaction.atomic
def _chunk(act: ClientAct, terms: Terms, now: dt.datetime, by: Actor) -> bool:
    """The next clients; False where there are no more."""
    lines = ClientActLine.objects.filter(program_id=act.program_id, act=act, account__gt=act.mark)
    keys = list(lines.order_by("account").values_list("account", flat=True)[:CHUNK])
    if not keys:
        return False
    # Accounts first, as everywhere: whoever erases a client comes from his account to the act.
    ledger.lock_all(program_id=act.program_id, accounts=keys)
    # The row is locked from here on: nobody else works on it, or has taken it over.
    if not _mine(act).update(mark=keys[-1], passed=F("passed") + len(keys), seen_at=now):
        raise Stopped
    undoing = act.state == State.UNDO
    rows = list(lines.filter(account__in=keys).select_related("account").order_by("account"))
    if undoing:
        rows = [row for row in rows if row.outcome == Outcome.DONE]
    for row in rows:
        (doing.undo if undoing else doing.do)(act, terms, row, now, by)
    ClientActLine.objects.bulk_update(rows, ["outcome", "why", "before", "entry"])
    if not undoing:
        done = sum(row.outcome == Outcome.DONE for row in rows)
        _mine(act).update(done=F("done") + done)
    act.mark = keys[-1]
    return True


@transaction.atomic
def _finish(act: ClientAct, now: dt.datetime, by: Actor) -> None:
    undone = act.state == State.UNDO
    after = State.UNDONE if undone else State.DONE
    if not _mine(act).update(state=after, claim=None, finished_at=now):
        raise Stopped
    lines = ClientActLine.objects.filter(program_id=act.program_id, act=act)
    done = lines.filter(outcome=Outcome.UNDONE if undone else Outcome.DONE).count()
    record(act, "client_act.undone" if undone else "client_act.done", now, by, done=done)


def _mine(act: ClientAct) -> QuerySet[ClientAct]:
    return ClientAct.objects.filter(program_id=act.program_id, pk=act.pk, claim=act.claim, state=act.state)
