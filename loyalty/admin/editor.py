"""A draft as text: what was typed in is never lost, whatever is wrong with it and whoever was faster."""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping, Sequence
from typing import Any

import yaml
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from msgspec import Struct

from loyalty import faults as words
from loyalty import program_file, programs
from loyalty.engine.faults import Fault
from loyalty.models import ProgramDraft, ProgramVersion
from loyalty.program_file import MalformedFile
from loyalty.refusals import Refused
from merchants import audit
from merchants.models import Program, User

# A programme has a page or two of rules.
LONGEST = 200_000
EMPTY: Mapping[str, Any] = {"points": {}, "spending": {}, "tiers": [], "rules": []}


class WordedFault(Struct, frozen=True):
    """`line` is where the fault stands in the text, from 1; 0 where it can't be told."""

    place: str
    sentence: str
    line: int = 0


class Editor:
    """`revision` is the one that the text was made from: 0 where there was no draft."""

    def __init__(self, program: Program, *, by: User) -> None:
        self.program = program
        self.by = by
        self.draft = ProgramDraft.objects.filter(program=program).select_related("edited_by").first()
        self.live = ProgramVersion.objects.started(program.pk, timezone.now()).first()
        self.text = ""
        self.revision = 0
        self.faults: Sequence[WordedFault] = ()
        self.unreadable = False
        self.overtaken: Sequence[str] = ()
        self.stale = False
        self.taken_from: ProgramVersion | None = None

    def open(self, version: str = "") -> None:
        """Show the draft; or a version to go on from, with the draft's revision."""
        self.revision = self.draft.revision if self.draft else 0
        if version.isdecimal():
            self.taken_from = ProgramVersion.objects.filter(program=self.program, number=int(version[:9])).first()
        source = self.taken_from or self.draft or self.live
        document = dict(source.document) if source else dict(EMPTY)
        if not isinstance(source, ProgramDraft):
            # The programme itself says these, and a copy could only contradict it.
            document.pop("program", None)
        self.text = program_file.readable(document)
        self.validate(document)

    def save(self, post: Mapping[str, str]) -> bool:
        """Keep the text as the draft; False where it can't be kept, with what is to be said about it."""
        self.text = post.get("text", "").replace("\r\n", "\n").replace("\x00", "")[:LONGEST]
        revision = post.get("revision", "")
        self.revision = int(revision[:9]) if revision.isdecimal() else 0
        try:
            document = read(self.text)
        except MalformedFile as error:
            self.unreadable = True
            self.faults = self.worded([error.fault], None, self.text)
            return False
        self.validate(document)
        try:
            self.draft = keep(self.program, document, self.revision, self.by)
        except Refused:
            self.meet_the_other()
            return False
        return True

    def validate(self, document: Mapping[str, Any]) -> None:
        found = programs.check(program=self.program, document=document)
        self.faults = self.worded(found, document, self.text)

    def meet_the_other(self) -> None:
        """Somebody saved first: show what differs, and let this text be saved on top of it."""
        self.stale = True
        self.draft = ProgramDraft.objects.filter(program=self.program).select_related("edited_by").first()
        theirs = program_file.readable(self.draft.document) if self.draft else ""
        self.revision = self.draft.revision if self.draft else 0
        difference = difflib.unified_diff(
            theirs.splitlines(), self.text.splitlines(), _("theirs"), _("yours"), lineterm="", n=1
        )
        self.overtaken = list(difference)

    @staticmethod
    def worded(faults: Sequence[Fault], document: Any, text: str) -> list[WordedFault]:
        lines = lines_of(text)
        return [
            WordedFault(words.place(fault, document), words.sentence(fault), line_of(lines, fault.pointer))
            for fault in faults
        ]


def read(text: str) -> dict[str, Any]:
    """Raises MalformedFile."""
    try:
        document = program_file.parse(text)
        kept = json.dumps(document, ensure_ascii=False).encode()
    except (TypeError, ValueError):  # a tag of YAML's that JSON has no kind for; half a character
        raise MalformedFile(Fault("", "malformed", detail=_("only texts, numbers and lists are possible"))) from None
    if b"\\u0000" in kept:
        raise MalformedFile(Fault("", "malformed", detail=_("only texts, numbers and lists are possible")))
    return document


@transaction.atomic
def keep(program: Program, document: dict[str, Any], revision: int, by: User) -> ProgramDraft:
    now = timezone.now()
    draft = programs.save_draft(program=program, document=document, revision=revision, now=now, by=by)
    audit.record(
        program_id=program.pk,
        action="draft.saved",
        at=now,
        by=by,
        subject=draft,
        details={"revision": draft.revision},
    )
    return draft


def lines_of(text: str) -> dict[str, int]:
    """The line of every part of a text, by its JSON pointer."""
    try:
        root = program_file.compose(text)
    except yaml.YAMLError:
        return {}
    lines: dict[str, int] = {}
    _walk(root, "", lines)
    return lines


def _walk(node: yaml.Node | None, pointer: str, lines: dict[str, int]) -> None:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            place = f"{pointer}/{key.value}"
            lines[place] = key.start_mark.line + 1
            _walk(value, place, lines)
    elif isinstance(node, yaml.SequenceNode):
        for n, item in enumerate(node.value):
            place = f"{pointer}/{n}"
            lines[place] = item.start_mark.line + 1
            _walk(item, place, lines)


def line_of(lines: Mapping[str, int], pointer: str) -> int:
    """The line of a part, or of the nearest part around it that is written down."""
    while pointer:
        if pointer in lines:
            return lines[pointer]
        pointer = pointer.rpartition("/")[0]
    return 0
