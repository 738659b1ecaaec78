"""The rules of a programme: edit a draft, validate, publish a version, read the version in force."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, Literal

import msgspec
from django.db import transaction
from django.utils import timezone

from loyalty.engine.faults import Fault
from loyalty.engine.rulebook import Frame, Rulebook, digest, dump, load
from loyalty.engine.validation import faults_of
from loyalty.models import ProgramDraft, ProgramVersion
from loyalty.refusals import Refused
from merchants import audit
from merchants.access import Actor
from merchants.models import Program, User

Document = Mapping[str, Any]


class NotNow(Exception):  # noqa: N818  # it reads: `raise NotNow("waits")`
    """A time of publication that does not do: `past`, `waits` (another version does), `started`."""

    def __init__(self, why: Literal["past", "waits", "started"]) -> None:
        super().__init__(why)
        self.why = why


# Versions that have begun never change, so a compiled one is good for the life of the process.
_compiled: dict[tuple[int, int], Rulebook] = {}
_COMPILED_AT_MOST = 2_000
# Clocks differ: in its last minutes a version that waits can't be taken back any more.
TOO_LATE = dt.timedelta(minutes=2)


def rulebook_of(program_id: int, number: int) -> Rulebook:
    """The compiled version; the database is asked once per process. LookupError where there is none."""
    rulebook = _compiled.get((program_id, number))
    if rulebook is None:
        version = ProgramVersion.objects.filter(program_id=program_id, number=number).first()
        if version is None:
            raise LookupError(f"programme {program_id} has no version {number}")
        rulebook = load(version.document)
        if version.published_at > timezone.now():
            # It may be taken back, and its number given to another.
            return rulebook
        if len(_compiled) >= _COMPILED_AT_MOST:
            _compiled.clear()
        _compiled[program_id, number] = rulebook
    return rulebook


def rulebook_at(program_id: int, at: dt.datetime) -> tuple[int, Rulebook]:
    """The version in force at a moment: its number and its rules. Refused `program_not_published` before the first."""
    number = ProgramVersion.objects.in_force(program_id, at)
    if number is None:
        raise Refused("program_not_published")
    return number, rulebook_of(program_id, number)


def has_referrals(program_id: int, at: dt.datetime) -> bool:
    """Whether the rules in force give anything to those who invite."""
    try:
        return bool(rulebook_at(program_id, at)[1].levels)
    except Refused:
        return False


def frame_of(program: Program) -> Frame:
    return Frame(
        currency=program.currency,
        currency_digits=program.currency_digits,  # type: ignore[arg-type]
        precision=program.precision,  # type: ignore[arg-type]
        time_zone=program.time_zone,
        day_starts_at=program.day_starts_at,
    )


def check(*, program: Program, document: Document) -> list[Fault]:
    """What keeps a document from being published for this programme; nothing is written."""
    faults = faults_of(document)
    if faults:
        return faults
    frame, stated = frame_of(program), load(document).program
    faults = [
        Fault(f"/program/{name}", "differs_from_program")
        for name in Frame.__struct_fields__
        if name in document.get("program", {}) and getattr(frame, name) != getattr(stated, name)
    ]
    first = ProgramVersion.objects.filter(program=program).order_by("number").first()
    # The books are kept in these: what they hold could not be told any more.
    fixed = ("precision", "currency", "currency_digits") if first else ()
    faults += [
        Fault(f"/program/{name}", "fixed_by_first_version")
        for name in fixed
        if first and first.document["program"][name] != getattr(frame, name)
    ]
    return faults


@transaction.atomic
def save_draft(*, program: Program, document: Document, revision: int, now: dt.datetime, by: Actor) -> ProgramDraft:
    """Keep an edited draft. `revision` is the one that the editor started from (0 for the first); Refused
    `draft_is_stale` where somebody else has saved since. A draft may have faults: they are told, not refused."""
    draft, _created = ProgramDraft.objects.select_for_update().get_or_create(
        program=program, defaults={"document": dict(document), "revision": 0, "edited_at": now}
    )
    if draft.revision != revision:
        raise Refused("draft_is_stale", revision=draft.revision)
    draft.document = dict(document)
    draft.revision += 1
    draft.edited_by = by if isinstance(by, User) else None
    draft.edited_at = now
    draft.save()
    return draft


@transaction.atomic
def publish(
    *,
    program: Program,
    document: Document,
    now: dt.datetime,
    by: Actor,
    reason: str = "",
    starts_at: dt.datetime | None = None,
) -> ProgramVersion:
    """Make a document the next version, in force from `starts_at` (None: from `now`). Refused `rules_invalid` with
    `faults`; NotNow `past` where that is over, and `waits` while an earlier version waits for its time.

    Every default is spelled out in what is stored. The same rules again give the version that is in force.
    """
    if starts_at is not None and starts_at < now:
        raise NotNow("past")
    # One publication at a time: the numbers have no gaps and follow the time of publication.
    program = Program.objects.select_for_update().get(pk=program.pk)
    faults = check(program=program, document=document)
    if faults:
        raise Refused("rules_invalid", faults=faults)
    rulebook = load({**document, "program": dump_frame(program)})
    complete = dump(rulebook)
    latest = ProgramVersion.objects.filter(program=program).order_by("-number").first()
    if latest is not None and latest.published_at > now:
        raise NotNow("waits")
    if latest is not None and latest.digest == digest(complete):
        return latest
    version = ProgramVersion.objects.create(
        program=program,
        number=latest.number + 1 if latest else 1,
        document=complete,
        digest=digest(complete),
        needs=msgspec.to_builtins(rulebook.needs()),
        published_by=by if isinstance(by, User) else None,
        published_at=starts_at or now,
    )
    audit.record(
        program_id=program.pk,
        action="program.published",
        at=now,
        by=by,
        subject=version,
        details={"number": version.number, "digest": version.digest}
        | ({"starts_at": starts_at.isoformat()} if starts_at else {}),
        reason=reason,
    )
    return version


@transaction.atomic
def take_back(*, program: Program, number: int, now: dt.datetime, by: Actor) -> None:
    """Take back the version that waits for its time; its number is free again. NotNow `started` where it does not
    wait (any more)."""
    program = Program.objects.select_for_update().get(pk=program.pk)
    version = ProgramVersion.objects.scheduled(program.pk, now)
    if version is None or version.number != number or version.published_at <= now + TOO_LATE:
        raise NotNow("started")
    audit.record(
        program_id=program.pk,
        action="program.taken_back",
        at=now,
        by=by,
        subject=version,
        details={"number": version.number, "digest": version.digest},
    )
    version.delete()


def dump_frame(program: Program) -> dict[str, Any]:
    return dict(dump(Rulebook(program=frame_of(program)))["program"])
