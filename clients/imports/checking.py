"""The dry run: the file is read into lines, the lines are compared with what is there. Nothing else changes.

Whatever was interrupted begins anew: the same file gives the same lines.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec
from django.db import transaction
from django.utils.translation import gettext as _

from clients.imports import keeping, staging, tables
from clients.imports.choices import Rules, choices_of, rules_at
from clients.imports.keeper import Keeper
from clients.imports.lines import LineReader
from clients.imports.staging import Counts, Span
from clients.imports.tables import MOST_ROWS, Layout
from clients.models import ClientImport
from clients.models.imports import LINES
from loyalty import bulk
from loyalty.models import Account
from loyalty.sheets import UnreadableError

# Lines of one look at the database, and of one COPY: those are held in memory.
PORTION: Final = 20_000
COPIED_AT_ONCE: Final = 5_000


def check(one: ClientImport, keeper: Keeper) -> Counts:
    """What the file would do. UnreadableError: it turned out to be no table after all."""
    choices, rules = choices_of(one), rules_at(one.program_id, keeper.clock())
    staging.forget(Span.of(one))
    last = _read(one, keeper, rules)
    whole = Span.of(one, 0, last)
    keeper.be_long()
    with transaction.atomic():
        staging.settle()
        staging.refuse_repeated(whole, cards="card" in one.columns or "virtual" in one.columns)
    for span in spans(one, last):
        with transaction.atomic():
            staging.find_known(span)
        keeper.move(one.mark)
    keeper.be_long()
    staging.refuse_repeated_clients(whole)
    for span in spans(one, last):
        with transaction.atomic():
            staging.compare(span, choices)
        keeper.say(one.mark)
    keeper.be_long()
    if "referrer" in one.columns:
        with transaction.atomic():
            staging.lay_out_numbers(whole)
            for span in spans(one, last):
                staging.find_referrers(span)
            staging.break_rings(whole)
    return staging.counted(whole)


def spans(one: ClientImport, last: int, size: int = PORTION) -> Iterator[Span]:
    for first in range(0, last + 1, size):
        yield Span.of(one, first, min(first + size - 1, last))


def _read(one: ClientImport, keeper: Keeper, rules: Rules) -> int:
    """Read all lines into the table; the number of the last row."""
    layout = msgspec.convert(one.layout, Layout)
    reader = LineReader(
        program_id=one.program_id,
        import_id=one.pk,
        columns=one.columns,
        choices=choices_of(one),
        rules=rules,
        accounts=bulk.ids(Account),
    )
    lines: list[str] = []
    number = found = 0
    with keeping.opened(one, layout) as file:
        for number, row in enumerate(tables.rows(file, layout), 1):
            if number <= layout.header or (line := reader.read(number, row)) is None:
                continue
            lines.append(line)
            if len(lines) == COPIED_AT_ONCE:
                found += len(lines)
                _write(lines, keeper, number)
            if found > MOST_ROWS or number >= LINES - 1:
                raise UnreadableError(
                    _("The file has more than %(most)d lines. Divide it, and load the parts one after the other.")
                    % {"most": MOST_ROWS}
                )
    found += len(lines)
    _write(lines, keeper, number)
    if not found:
        raise UnreadableError(_("The file has no clients: only the names of the columns."))
    return number


def _write(lines: list[str], keeper: Keeper, number: int) -> None:
    with transaction.atomic():
        keeper.move(number)
        staging.copy(lines)
    lines.clear()
