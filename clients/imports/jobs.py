"""The front door: upload, choose columns, have it looked through, load, stop, take back. A worker does the rest."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import PurePath
from typing import BinaryIO, Final

import msgspec
from django.db import transaction

from clients.imports import columns, keeping, kinds, tables
from clients.imports.choices import Choices
from clients.imports.kinds import kind_named, kind_of
from clients.imports.receipts.choices import ReceiptChoices
from clients.imports.tables import Layout
from clients.models import ClientImport, ClientImportPiece, Retention
from loyalty.sheets import clean
from merchants import audit
from merchants.access import Actor, every_tenant, tenant
from merchants.models import Merchant, User

State = ClientImport.State

# Of a programme, that nobody has loaded yet.
MOST_WAITING: Final = 5
REMEMBERED: Final = 20
# Then the file and its lines are forgotten, and nothing can be taken back any more.
KEPT: Final = dt.timedelta(days=30)
KEPT_UNUSED: Final = dt.timedelta(days=7)
_OPEN: Final = (State.NEW, State.CHECK, State.CHECKED)


class TooManyFilesError(Exception):
    """So many files wait already."""


class NotNowError(Exception):
    """The import is not in a state for that: somebody was faster."""


@transaction.atomic
def upload(
    *,
    merchant: Merchant,
    file: BinaryIO,
    file_name: str,
    by: Actor,
    now: dt.datetime,
    kind: str = ClientImport.Kind.CLIENTS,
) -> ClientImport:
    """Keep a file, and guess how it is to be read. `sheets.UnreadableError`, TooManyFilesError."""
    words = kind_named(kind).words
    rows = ClientImport.objects.filter(program_id=merchant.program_id)
    if rows.filter(state__in=_OPEN).count() >= MOST_WAITING:
        raise TooManyFilesError
    layout = tables.look_at(file, words)
    head = tables.head_of(file, layout)
    digest, size = keeping.digest_of(file)
    one = ClientImport.objects.create(
        program_id=merchant.program_id,
        merchant=merchant,
        kind=kind,
        file_name=clean(PurePath(file_name).name)[-120:] or "—",
        size=size,
        digest=digest,
        layout=msgspec.to_builtins(layout),
        titles=head.titles,
        examples=head.examples,
        columns=words.guessed(head.titles, remembered(merchant, kind)),
        choices=_last_choices(merchant, kind),
        created_by=by if isinstance(by, User) else None,
        created_at=now,
    )
    keeping.keep(one, file)
    return one


@transaction.atomic
def lay_out(*, one: ClientImport, layout: Layout) -> ClientImport:
    """Read the file another way: another line of names, another encoding. The columns are guessed anew."""
    one = _locked(one, State.NEW, State.CHECKED, State.FAILED)
    with keeping.opened(one, layout) as file:
        head = tables.head_of(file, layout)
    one.titles, one.examples = head.titles, head.examples
    one.layout = msgspec.to_builtins(layout)
    one.columns = kind_of(one).words.guessed(one.titles, remembered(one.merchant, one.kind))
    one.state = State.NEW
    one.save(update_fields=["layout", "titles", "examples", "columns", "state"])
    return one


@transaction.atomic
def look_through(
    *, one: ClientImport, chosen: Sequence[str], choices: Choices | ReceiptChoices, by: Actor, now: dt.datetime
) -> None:
    """Have a worker compare the file with what is there. NotNowError."""
    one = _locked(one, State.NEW, State.CHECKED, State.FAILED)
    one.columns, one.choices = list(chosen), msgspec.to_builtins(choices)
    one.state, one.mark, one.lines, one.claim, one.counts, one.why = State.CHECK, 0, 0, None, {}, ""
    one.save(update_fields=["columns", "choices", "state", "mark", "lines", "claim", "counts", "why"])
    _record(one, "checked", by, now)


@transaction.atomic
def load(*, one: ClientImport, by: Actor, now: dt.datetime) -> None:
    """Load what was looked through, or go on where it was stopped. NotNowError."""
    one = _locked(one, State.CHECKED, State.STOPPED)
    if one.state == State.CHECKED:
        one.mark = 0
    one.state, one.claim, one.why = State.APPLY, None, ""
    one.applied_at = one.applied_at or now
    one.save(update_fields=["state", "mark", "claim", "why", "applied_at"])
    _record(one, "confirmed", by, now)


@transaction.atomic
def stop(*, one: ClientImport, by: Actor, now: dt.datetime) -> None:
    """Stop what is under way: the worker notices with the next chunk. NotNowError."""
    one = _locked(one, State.CHECK, State.APPLY)
    one.state = State.NEW if one.state == State.CHECK else State.STOPPED
    one.claim, one.finished_at = None, now
    one.save(update_fields=["state", "claim", "finished_at"])
    _record(one, "stopped", by, now)


@transaction.atomic
def drop(*, one: ClientImport, by: Actor, now: dt.datetime) -> None:
    """Forget a file that was not loaded. NotNowError."""
    one = _locked(one, State.NEW, State.CHECKED, State.FAILED)
    one.state, one.finished_at = State.DROPPED, now
    one.save(update_fields=["state", "finished_at"])
    _forget(one, now)
    _record(one, "dropped", by, now)


@transaction.atomic
def take_back(*, one: ClientImport, by: Actor, now: dt.datetime) -> None:
    """Have a worker undo it, as far as it is untouched. NotNowError."""
    one = _locked(one, State.DONE, State.STOPPED)
    one.counts, one.lines = kind_of(one).before_undoing(one)
    one.mark = 0
    one.state, one.claim = State.UNDO, None
    one.save(update_fields=["state", "mark", "lines", "claim", "counts"])
    _record(one, "undo_asked", by, now)


def may_be_undone(one: ClientImport) -> bool:
    return one.state in (State.DONE, State.STOPPED) and one.forgotten_at is None


def remembered(merchant: Merchant, kind: str) -> dict[str, str]:
    """What the shop chose for columns of these names before, the newest first."""
    rows = ClientImport.objects.filter(program_id=merchant.program_id, merchant=merchant, kind=kind)
    rows = rows.exclude(state=State.NEW).order_by("-id")
    found: dict[str, str] = {}
    for titles, chosen in rows.values_list("titles", "columns")[:REMEMBERED]:
        for title, column in zip(titles, chosen, strict=False):
            found.setdefault(columns.folded(title), column)
    return found


def twin_of(one: ClientImport) -> ClientImport | None:
    """The same file, loaded before."""
    rows = ClientImport.objects.filter(program_id=one.program_id, merchant=one.merchant_id, kind=one.kind)
    rows = rows.filter(digest=one.digest)
    return rows.filter(state=State.DONE).exclude(pk=one.pk).order_by("-id").first()


def forget_old(*, now: dt.datetime) -> int:
    """Forget files and lines that have served; how many imports."""
    forgotten = 0
    with every_tenant():
        days = dict(Retention.objects.values_list("program_id", "import_days"))
        old = ClientImport.objects.filter(forgotten_at=None)
        ripe = [
            one
            for one in old.exclude(state__in=ClientImport.AT_WORK).order_by("id")
            if _is_ripe(one, now, days.get(one.program_id, KEPT.days))
        ]
    for one in ripe:
        with tenant(one.program_id), transaction.atomic():
            if one.state in (*_OPEN, State.FAILED):
                ClientImport.objects.filter(pk=one.pk).update(state=State.DROPPED)
            _forget(one, now)
            forgotten += 1
    return forgotten


def _is_ripe(one: ClientImport, now: dt.datetime, days: int) -> bool:
    """A programme may want files to be gone earlier than they could be."""
    if one.state in (*_OPEN, State.FAILED):
        return one.created_at < now - KEPT_UNUSED
    return (one.finished_at or one.created_at) < now - min(dt.timedelta(days=days), KEPT)


def _forget(one: ClientImport, now: dt.datetime) -> None:
    ClientImportPiece.objects.filter(program_id=one.program_id, client_import=one).delete()
    kinds.forget(one)
    ClientImport.objects.filter(program_id=one.program_id, pk=one.pk).update(forgotten_at=now, examples=[])


def _last_choices(merchant: Merchant, kind: str) -> dict[str, object]:
    rows = ClientImport.objects.filter(program_id=merchant.program_id, merchant=merchant, kind=kind)
    rows = rows.exclude(state=State.NEW)
    found = rows.order_by("-id").values_list("choices", flat=True).first()
    return dict(found or {})


def _locked(one: ClientImport, *states: State) -> ClientImport:
    found = ClientImport.objects.select_for_update().get(program_id=one.program_id, pk=one.pk)
    if found.state not in states or found.forgotten_at is not None:
        raise NotNowError(found.state)
    return found


def _record(one: ClientImport, act: str, by: Actor, now: dt.datetime) -> None:
    audit.record(
        program_id=one.program_id,
        action=f"{kind_of(one).acts}.{act}",
        at=now,
        by=by,
        subject=one,
        details={"file": one.file_name},
    )
