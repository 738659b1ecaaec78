"""A row of the file as a line of the staging table: understood cell by cell, refused as a whole where one is bad.

Made for a million rows: a line is a text in COPY's format, nothing is kept of it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from os import urandom
from typing import Any, Final

import msgspec

from clients.imports import widgets
from clients.imports.choices import Choices, Rules, is_higher
from clients.imports.problems import Problem
from clients.imports.widgets import CellWidget
from clients.models import Consent
from clients.models.imports import LINES
from loyalty.cards import card_with
from loyalty.engine.rulebook import Tier
from loyalty.openings import VIRTUAL
from loyalty.sheets import BadCell

# The order of the columns of COPY.
COPIED: Final = (
    *("id", "program_id", "row", "outcome", "account", "name", "phone", "email", "birthday", "note", "tags", "points"),
    *("expires_at", "tier", "manual_tier", "spent", "visits", "cards", "virtual", "referrer", "consents", "joined_at"),
    "any_year",
    "problems",
)
CONSENTS: Final = {
    "processing": Consent.Kind.PROCESSING,
    "advertising": Consent.Kind.ADVERTISING,
    "notices": Consent.Kind.NOTICES,
}
NAME_LENGTH: Final = 120
MOST_PROBLEMS: Final = 10

_NULL: Final = "\\N"
_json = msgspec.json.Encoder()


def widgets_for(rules: Rules, choices: Choices) -> Mapping[str, CellWidget]:
    """How each column of a file is read."""
    frame, today = rules.rulebook.program, rules.today
    name = widgets.TextWidget(NAME_LENGTH)
    return {
        "phone": widgets.PhoneWidget(),
        "card": widgets.CardsWidget(),
        "virtual": widgets.CardsWidget(),
        "name": name,
        "surname": name,
        "patronymic": name,
        "email": widgets.EmailWidget(),
        "birthday": widgets.BirthdayWidget(today),
        "points": widgets.AmountWidget(frame.precision, whole=choices.round_points),
        "expires": widgets.expires_widget(today),
        "tier": widgets.TextWidget(80),
        "spent": widgets.AmountWidget(2),
        "visits": widgets.CountWidget(),
        "referrer": widgets.ReferrerWidget(),
        "tags": widgets.ListWidget(most=widgets.MOST_TAGS, limit=40),
        "processing": widgets.FlagWidget(),
        "advertising": widgets.FlagWidget(),
        "notices": widgets.FlagWidget(),
        "note": widgets.TextWidget(300),
        "joined": widgets.joined_widget(today),
    }


def judged(values: dict[str, Any], rules: Rules, *, in_parts: bool) -> list[Problem]:
    """What is wrong with cells that are right each for itself. The tier becomes the rules' own, and the name one where
    the file has it `in_parts`."""
    problems = []
    if in_parts:
        parts = (values.get("surname"), values.get("name"), values.get("patronymic"))
        name = " ".join(part for part in parts if part)
        if len(name) > NAME_LENGTH:
            problems.append(Problem("name", "too_long", limit=NAME_LENGTH))
        values["name"] = name or None
    if not (values.get("phone") or values.get("card") or values.get("virtual")):
        problems.append(Problem("", "nobody"))
    if title := values.get("tier"):
        values["tier"] = rules.named(title)
        if values["tier"] is None:
            known = ", ".join(one.title for one in rules.rulebook.tiers) or "—"
            problems.append(Problem("tier", "unknown_tier", value=title, known=known))
    return problems


def tiers_of(values: Mapping[str, Any], rules: Rules) -> tuple[str, str]:
    """The tier by what was bought, and the one by hand where the file names a higher one."""
    reached, named = rules.reached(values.get("spent"), values.get("visits")), values.get("tier")
    manual = named.id if named is not None and is_higher(rules.rulebook, named, reached) else ""
    return reached.id if reached else "", manual


class LineReader:
    """Rows of one import. `columns` has a column for each place of a row, empty where it is not needed; `accounts`
    gives the keys that new accounts will have."""

    def __init__(
        self,
        *,
        program_id: int,
        import_id: int,
        columns: Sequence[str],
        choices: Choices,
        rules: Rules,
        accounts: Iterator[int],
    ) -> None:
        self.program_id, self.base = program_id, import_id * LINES
        self.choices, self.rules, self.accounts = choices, rules, accounts
        known = widgets_for(rules, choices)
        self.readers = [(place, column, known[column].read) for place, column in enumerate(columns) if column]
        self.in_parts = "surname" in columns or "patronymic" in columns
        self.expires = _moment(rules.expiry(choices))
        self.end_of = lru_cache(maxsize=4096)(lambda day: _moment(rules.rulebook.calendar.end_of(day)))
        self.start_of = lru_cache(maxsize=20_000)(lambda day: _moment(rules.rulebook.calendar.start_of(day)))
        self.tiers = lru_cache(maxsize=20_000)(self._tiers)

    def read(self, row: int, cells: Sequence[str]) -> str | None:
        """The line for COPY; None for an empty row."""
        values: dict[str, Any] = {}
        problems: list[Problem] = []
        width, is_empty = len(cells), True
        for place, column, read in self.readers:
            if place >= width:
                continue
            cell = cells[place]
            if not cell:
                continue
            try:
                value = read(cell)
            except BadCell as bad:
                is_empty = False
                problems.append(Problem(column, bad.code, value=bad.value, limit=bad.limit))
                continue
            if value is not None:
                is_empty = False
                values[column] = value
        if is_empty and not any(cell.strip() for cell in cells):
            return None
        if not problems:
            problems += judged(values, self.rules, in_parts=self.in_parts)
        return self._refused(row, problems) if problems else self._taken(row, values)

    def _refused(self, row: int, problems: Sequence[Problem]) -> str:
        said = _json.encode(problems[:MOST_PROBLEMS]).decode()
        empty = [_NULL] * (len(COPIED) - 6)
        return "\t".join((str(self.base + row), str(self.program_id), str(row), "refused", "0", *empty, _text(said)))

    def _taken(self, row: int, values: Mapping[str, Any]) -> str:
        get = values.get
        spent, visits, points = get("spent"), get("visits"), get("points")
        reached, manual = self.tiers(spent, visits, get("tier"))
        cards = get("card", ())
        own = get("virtual", ())
        if own:
            cards = (*cards, *(VIRTUAL + number for number in own))
        expires, joined, birthday = get("expires"), get("joined"), get("birthday")
        return "\t".join(
            (
                str(self.base + row),
                str(self.program_id),
                str(row),
                "fresh",
                str(next(self.accounts)),
                _text(get("name")),
                get("phone") or _NULL,
                _text(get("email")),
                _NULL if birthday is None else birthday.day.isoformat(),
                _text(get("note")),
                _array(get("tags")),
                _NULL if not points else str(points),
                _NULL if not points else self.end_of(expires) if expires else self.expires,
                _text(reached),
                _text(manual),
                _NULL if spent is None else str(spent),
                _NULL if visits is None else str(visits),
                _array(cards),
                _NULL if own else card_with(int.from_bytes(urandom(6)) % 10**10),
                get("referrer") or _NULL,
                self._consents(values),
                _NULL if joined is None else self.start_of(joined),
                _NULL if birthday is None or birthday.year_known else "t",
                _NULL,
            )
        )

    def _consents(self, values: Mapping[str, Any]) -> str:
        said = {column: values[column] for column in CONSENTS if column in values}
        if self.choices.all_consented:
            said.setdefault("processing", True)
        return _array([f"{CONSENTS[column]}{'+' if yes else '-'}" for column, yes in said.items()]) if said else _NULL

    def _tiers(self, spent: Decimal | None, visits: int | None, tier: Tier | None) -> tuple[str, str]:
        return tiers_of({"spent": spent, "visits": visits, "tier": tier}, self.rules)


def _moment(at: dt.datetime | None) -> str:
    return _NULL if at is None else at.isoformat()


def _text(value: str | None) -> str:
    """Tabs and line breaks are not in it any more; backslashes are doubled."""
    if not value:
        return _NULL
    return value.replace("\\", "\\\\") if "\\" in value else value


def _array(values: Sequence[str] | None) -> str:
    if not values:
        return _NULL
    quoted = ",".join('"' + one.replace("\\", "\\\\").replace('"', '\\"') + '"' for one in values)
    return _text("{" + quoted + "}")
