"""Rules from and to files: export, validate, publish, try on the past."""

from __future__ import annotations

import datetime as dt
import json
import sys
from argparse import ArgumentParser
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from loyalty import drafts, program_file, programs
from loyalty.backtest import csv_file, running, telling
from loyalty.backtest.file_history import FileHistory, outlets_of
from loyalty.engine.faults import Fault
from loyalty.engine.rulebook import Rulebook, dump, json_schema, load
from loyalty.models import ProgramVersion
from loyalty.refusals import Refused
from loyalty.sheets import UnreadableError
from loyalty.vocabulary import reference
from merchants.access import tenant
from merchants.models import Program


class Command(BaseCommand):
    help = "Export, validate, publish or back-test rules as a file; print the format's schema or vocabulary."

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        for verb in ("validate", "publish", "backtest"):
            sub = verbs.add_parser(verb)
            sub.add_argument("file", help="YAML or JSON; - for standard input")
            sub.add_argument("--program", type=int, help="id; may be left out where there is only one")
        sub.add_argument("--since", type=dt.date.fromisoformat, help="first local day; a year back unless said")
        sub.add_argument("--until", type=dt.date.fromisoformat, help="last local day; up to now unless said")
        sub.add_argument("--margin", type=Decimal, help="of list prices, in percent: tells the profit, too")
        sub.add_argument("--receipts", type=Path, help="a CSV of receipts instead of the shop's own; all of it")
        sub.add_argument("--save-up", action="store_true", help="with --receipts: clients spend no points")
        sub.add_argument("--json", action="store_true", help="the whole report as JSON and nothing else")
        sub = verbs.add_parser("export")
        sub.add_argument("--program", type=int, help="id; may be left out where there is only one")
        sub.add_argument("--number", type=int, help="version; the one in force unless said")
        verbs.add_parser("schema", help="the JSON Schema of the format")
        verbs.add_parser("vocabulary", help="a reference of all effects and conditions, in Markdown")

    def handle(self, *args: Any, **options: Any) -> None:
        verb = options["verb"]
        if verb == "schema":
            self.stdout.write(json.dumps(json_schema(), ensure_ascii=False, indent=2))
            return
        if verb == "vocabulary":
            self.stdout.write(reference(), ending="")
            return
        program = _program(options["program"])
        with tenant(program.pk):
            if verb == "export":
                self.stdout.write(_export(program, options["number"]), ending="")
            elif verb == "validate":
                _refuse(programs.check(program=program, document=_document(options["file"])))
                self.stdout.write("The rules are valid.")
            elif verb == "backtest":
                self.stdout.write(_backtest(program, _document(options["file"]), options))
            else:
                self.stdout.write(_publish(program, _document(options["file"])))


def _program(number: int | None) -> Program:
    programs_ = Program.objects.order_by("pk") if number is None else Program.objects.filter(pk=number)
    found = list(programs_[:2])
    if len(found) != 1:
        raise CommandError("No such programme." if not found else "There are several programmes: say --program ID.")
    return found[0]


def _document(name: str) -> dict[str, Any]:
    try:
        text = sys.stdin.read() if name == "-" else Path(name).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"{name} can't be read: {error}") from None
    try:
        return program_file.parse(text)
    except program_file.MalformedFile as error:
        _refuse([error.fault])
        raise


def _export(program: Program, number: int | None) -> str:
    if number is None:
        version = ProgramVersion.objects.started(program.pk, timezone.now()).first()
    else:
        version = ProgramVersion.objects.filter(program=program, number=number).first()
    if version is None:
        raise CommandError("There is no such version.")
    return program_file.render(dump(load(version.document)))


def _publish(program: Program, document: dict[str, Any]) -> str:
    try:
        version = programs.publish(program=program, document=document, now=timezone.now(), by="manage.py program")
    except Refused as refused:
        _refuse(list(refused.facts["faults"]))  # type: ignore[call-overload]
        raise
    except programs.NotNow:
        raise CommandError("There is a version that waits for its time: take it back first.") from None
    return f"Version {version.number} is in force since {version.published_at:%Y-%m-%d %H:%M} UTC."


def _backtest(program: Program, document: dict[str, Any], options: dict[str, Any]) -> str:
    _refuse(programs.check(program=program, document=document))
    draft = drafts.rulebook_in(program, document)
    now, calendar = timezone.now(), load({"program": programs.dump_frame(program)}).calendar
    since = options["since"] or calendar.day_of(now) - dt.timedelta(days=365)
    until = min(calendar.end_of(options["until"]), now) if options["until"] else now
    number = ProgramVersion.objects.in_force(program.pk, now) or 0
    tried = draft or Rulebook()
    if options["receipts"]:
        report, since = _of_file(program, tried, number, options["receipts"], spend=not options["save_up"])
    else:
        plan = running.Plan(program.pk, msgspec.json.encode(dump(tried)), number, calendar.start_of(since), until)
        report = running.run(plan)
    if options["json"]:
        return json.dumps(msgspec.to_builtins(report, str_keys=True), ensure_ascii=False, indent=2)
    live = programs.rulebook_of(program.pk, number) if number else Rulebook()
    rows = [*telling.points(report), *telling.money(report, live, draft or Rulebook(), options["margin"])]
    lines = [f"{report['receipts']} receipts from {since} on, version {number} and the file:"]
    lines += [f"  {'':<12}{'in force':>18}{'file':>18}{'difference':>18}"]
    lines += [
        f"  {row.key:<12}{row.live!s:>18}{row.draft!s:>18}{row.change!s:>18}" for row in rows if row.live is not None
    ]
    return "\n".join(lines)


def _of_file(
    program: Program, draft: Rulebook, live: int, file: Path, *, spend: bool
) -> tuple[dict[str, Any], dt.date]:
    """The report on a file's receipts, and their first day. Lines that can't be taken are told on standard error."""
    try:
        with file.open("rb") as opened:
            upload = csv_file.keep(opened)
    except (OSError, UnreadableError) as error:
        raise CommandError(f"{file} can't be read: {error}") from None
    with FileHistory(upload.content, upload.columns, draft, outlets=outlets_of(program.pk), spend=spend) as source:
        facts = source.facts
        for one in facts.problems:
            sys.stderr.write(f"line {one.row}: {one.column}: {one.code} {one.value}\n")
        if facts.refused:
            sys.stderr.write(f"{facts.refused} lines refused\n")
        if facts.first is None:
            raise CommandError("Not one line of the file can be taken.")
        report = running.run_on(source, draft, program_id=program.pk, live=live)
        return report, draft.calendar.day_of(facts.first)


def _refuse(faults: list[Fault]) -> None:
    if faults:
        lines = (f"  {fault.pointer or '/'}: {fault.code} {fault.subject} {fault.detail}".rstrip() for fault in faults)
        raise CommandError("The rules can't be published:\n" + "\n".join(lines))
