"""Drafts of the rules as people work on them: kept, taken from an old version, thrown away, published.

Each act is audited."""

from __future__ import annotations

import datetime as dt
from typing import Any

import msgspec
from django.db import transaction

from loyalty import programs
from loyalty.engine.rulebook import Rulebook, dump, load
from loyalty.models import ProgramDraft, ProgramVersion
from loyalty.programs import Document
from loyalty.refusals import Refused
from merchants import audit
from merchants.access import Actor
from merchants.models import Program


def rulebook_in(program: Program, document: Document) -> Rulebook | None:
    """A draft as rules of this programme, whether or not they make sense; None where they can't even be read."""
    try:
        return load({**document, "program": programs.dump_frame(program)})
    except msgspec.ValidationError:
        return None


def document_of(rulebook: Rulebook) -> dict[str, Any]:
    """A draft's document: the programme itself says the rest, and a copy could only contradict it."""
    document: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(dump(rulebook)))
    del document["program"]
    return document


@transaction.atomic
def keep(*, program: Program, document: Document, revision: int, by: Actor, now: dt.datetime) -> ProgramDraft:
    """Save the draft; Refused `draft_is_stale` where `revision` is not its present one."""
    draft = programs.save_draft(program=program, document=document, revision=revision, now=now, by=by)
    _record(draft, "draft.saved", by, now, revision=draft.revision)
    return draft


@transaction.atomic
def restore(*, version: ProgramVersion, revision: int, by: Actor, now: dt.datetime) -> ProgramDraft:
    """Put an old version into the draft; nothing is in force before it is published. Refused `draft_is_stale`."""
    document = {name: part for name, part in version.document.items() if name != "program"}
    draft = programs.save_draft(program=version.program, document=document, revision=revision, now=now, by=by)
    _record(draft, "draft.restored", by, now, revision=draft.revision, number=version.number)
    return draft


@transaction.atomic
def discard(*, program: Program, revision: int, by: Actor, now: dt.datetime) -> None:
    """Throw the draft away; what is in force stays. Refused `draft_is_stale`; without a draft nothing happens."""
    draft = ProgramDraft.objects.select_for_update().filter(program=program).first()
    if draft is None:
        return
    if draft.revision != revision:
        raise Refused("draft_is_stale", revision=draft.revision)
    _record(draft, "draft.discarded", by, now, revision=revision)
    draft.delete()


@transaction.atomic
def publish(
    *,
    program: Program,
    revision: int,
    by: Actor,
    now: dt.datetime,
    reason: str = "",
    starts_at: dt.datetime | None = None,
) -> ProgramVersion:
    """Make the draft the next version, from now or from `starts_at`: with that it is used up. Refused `draft_is_stale`,
    also where there is none, and as `programs.publish` does."""
    draft = ProgramDraft.objects.select_for_update().filter(program=program).first()
    if draft is None or draft.revision != revision:
        raise Refused("draft_is_stale", revision=draft.revision if draft else 0)
    version = programs.publish(
        program=program, document=draft.document, now=now, by=by, reason=reason, starts_at=starts_at
    )
    draft.delete()
    return version


def _record(draft: ProgramDraft, action: str, by: Actor, now: dt.datetime, **details: object) -> None:
    audit.record(program_id=draft.program_id, action=action, at=now, by=by, subject=draft, details=details)
