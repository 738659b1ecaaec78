"""The rules of a programme: edit a draft, validate, publish a version, read the version in force."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import msgspec
from django.db import transaction

from loyalty.engine.rulebook import Frame, Rulebook, digest, dump, load
from loyalty.engine.validation import Fault, faults_of
from loyalty.models import ProgramDraft, ProgramVersion
from loyalty.refusals import Refused
from merchants import audit
from merchants.access import Actor
from merchants.models import Program, User

Document = Mapping[str, Any]

# Versions never change, so a compiled one is good for the life of the process.
_compiled: dict[tuple[int, int], Rulebook] = {}
_COMPILED_AT_MOST = 2_000


def rulebook_of(program_id: int, number: int) -> Rulebook:
    """The compiled version; the database is asked once per process. LookupError where there is none."""
    rulebook = _compiled.get((program_id, number))
    if rulebook is None:
        version = ProgramVersion.objects.filter(program_id=program_id, number=number).first()
        if version is None:
            raise LookupError(f"programme {program_id} has no version {number}")
        if len(_compiled) >= _COMPILED_AT_MOST:
            _compiled.clear()
        rulebook = _compiled[program_id, number] = load(version.document)
    return rulebook


def rulebook_at(program_id: int, at: dt.datetime) -> tuple[int, Rulebook]:
    """The version in force at a moment: its number and its rules. Refused `program_not_published` before the first."""
    number = ProgramVersion.objects.in_force(program_id, at)
    if number is None:
        raise Refused("program_not_published")
    return number, rulebook_of(program_id, number)


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
def publish(*, program: Program, document: Document, now: dt.datetime, by: Actor, reason: str = "") -> ProgramVersion:
    """Make a document the next version, in force from `now`. Refused `rules_invalid` with `faults`.

    Every default is spelled out in what is stored. The same rules again give the version that is in force.
    """
    # One publication at a time: the numbers have no gaps and follow the time of publication.
    program = Program.objects.select_for_update().get(pk=program.pk)
    faults = check(program=program, document=document)
    if faults:
        raise Refused("rules_invalid", faults=faults)
    rulebook = load({**document, "program": dump_frame(program)})
    complete = dump(rulebook)
    latest = ProgramVersion.objects.filter(program=program).order_by("-number").first()
    if latest is not None and latest.digest == digest(complete):
        return latest
    version = ProgramVersion.objects.create(
        program=program,
        number=latest.number + 1 if latest else 1,
        document=complete,
        digest=digest(complete),
        needs=msgspec.to_builtins(rulebook.needs()),
        published_by=by if isinstance(by, User) else None,
        published_at=now,
    )
    audit.record(
        program_id=program.pk,
        action="program.published",
        at=now,
        by=by,
        subject=version,
        details={"number": version.number, "digest": version.digest},
        reason=reason,
    )
    return version


def dump_frame(program: Program) -> dict[str, Any]:
    return dict(dump(Rulebook(program=frame_of(program)))["program"])
