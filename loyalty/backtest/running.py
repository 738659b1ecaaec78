"""A back test from its beginning to its report. Nothing is written; the same past gives the same report."""

from __future__ import annotations

import datetime as dt
import gc
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import msgspec
from msgspec import Struct

from loyalty.backtest import comparing
from loyalty.backtest.comparing import Part
from loyalty.backtest.events import Event, Receipt
from loyalty.backtest.file_history import FileHistory
from loyalty.backtest.history import History, welcomes_of
from loyalty.backtest.side import RulesAt, Side
from loyalty.engine.rulebook import Rulebook, load
from loyalty.models import Account, ProgramVersion
from loyalty.programs import rulebook_of

EVERY: Final = 500
# Lived through together: what is known of more clients than these no longer fits the processor's cache.
CLIENTS_AT_ONCE: Final = 5_000
Progress = Callable[[int], None]


class Plan(Struct, frozen=True):
    """What to try: a whole rulebook as JSON beside the version `live` (0: none was ever published), on what was written
    from `since` up to `until`. Plain values: another process can be handed them.

    `shards` is in how many parts the clients are taken, one part after the other; 0: as their number asks for."""

    program_id: int
    draft: bytes
    live: int
    since: dt.datetime
    until: dt.datetime
    shards: int = 0


def run(plan: Plan, *, progress: Progress = lambda _done: None) -> dict[str, Any]:
    """The report of the back test, in this process. What `progress` raises ends it."""
    shards, lived = shards_of(plan), _Lived(progress)

    def parts() -> Iterator[Part]:
        for shard in range(shards):
            lived.before, lived.here = lived.before + lived.here, 0
            yield run_shard(plan, shard, shards, progress=lived)

    with seldom_collected():
        return report(plan, parts())


class _Lived:
    """Says how many receipts all shards have lived through, those before the present one included."""

    def __init__(self, progress: Progress) -> None:
        self.progress, self.before, self.here = progress, 0, 0

    def __call__(self, receipts: int) -> None:
        self.here = receipts
        self.progress(self.before + receipts)


def run_on(
    source: FileHistory, draft: Rulebook, *, program_id: int, live: int, progress: Progress = lambda _done: None
) -> dict[str, Any]:
    """The report of a back test on the receipts of a file; they must be staged, and there is one at least."""
    now, facts = Past(program_id).live(live), source.facts
    if facts.first is None or facts.last is None:
        raise ValueError("a file without receipts")
    first = Side(
        always(now),
        calendar=draft.calendar,
        precision=draft.program.precision,
        back=max(now.looks_back, draft.looks_back),
    )
    until = facts.last + dt.timedelta(seconds=1)
    with seldom_collected():
        part = compare(source.events(), first, live=now, draft=draft, since=facts.first, until=until, progress=progress)
    found: dict[str, Any] = msgspec.to_builtins(comparing.told(part))
    return found


@contextmanager
def seldom_collected() -> Iterator[None]:
    """Clients live to the end, and next to nothing here goes in circles: to look for circles after every 700 objects
    costs a tenth of the run."""
    usual = gc.get_threshold()
    gc.set_threshold(50_000, 20, 100)
    try:
        yield
    finally:
        gc.set_threshold(*usual)


def report(plan: Plan, parts: Iterable[Part]) -> dict[str, Any]:
    whole = None
    for part in parts:
        if whole is None:
            whole = part
        else:
            whole.add(part)
    if whole is None:
        raise ValueError("a back test has a part at least")
    found: dict[str, Any] = msgspec.to_builtins(comparing.told(whole))
    return found


def run_shard(plan: Plan, shard: int, shards: int, *, progress: Progress) -> Part:
    past = Past(plan.program_id)
    draft, live = load(msgspec.json.decode(plan.draft)), past.live(plan.live)
    history = History(plan.program_id, draft.calendar, since=plan.since, until=plan.until, shard=shard, shards=shards)
    first = Side(
        past.rules_at,
        calendar=draft.calendar,
        precision=draft.program.precision,
        back=max(past.looks_back, draft.looks_back),
        welcomes=past.welcomes,
    )
    return compare(
        history.events(past.welcomes),
        first,
        live=live,
        draft=draft,
        since=plan.since,
        until=plan.until,
        progress=progress,
    )


def compare(
    events: Iterator[Event],
    first: Side,
    *,
    live: Rulebook,
    draft: Rulebook,
    since: dt.datetime,
    until: dt.datetime,
    progress: Progress,
) -> Part:
    """Live through the past as it was up to `since`, and from there on twice."""
    one, two = first, None
    receipts = counted = 0
    for event in events:
        if two is None and event.at >= since:
            one, two = _part_ways(first, live, draft, since)
        wish = one.live(event)
        if two is not None:
            two.live(event, wish)
        if isinstance(event, Receipt):
            receipts += 1
            counted += two is not None
            if not receipts % EVERY:
                progress(receipts)
    if two is None:
        one, two = _part_ways(first, live, draft, since)
    values = live.points.value, draft.points.value
    ended = one.end(until), two.end(until)
    winners, losers, spread = comparing.changes(one, two, values)
    return Part(*ended, winners, losers, spread, counted)


def _part_ways(first: Side, live: Rulebook, draft: Rulebook, since: dt.datetime) -> tuple[Side, Side]:
    first.begin(since)
    second = first.fork(always(draft))
    first.rules = always(live)
    return first, second


def always(rulebook: Rulebook) -> RulesAt:
    return lambda _at, _version: rulebook


def shards_of(plan: Plan) -> int:
    """One, where clients have to do with each other: by a budget for all, or by inviting."""
    shards = plan.shards or Account.objects.filter(program_id=plan.program_id).count() // CLIENTS_AT_ONCE + 1
    if shards == 1:
        return 1
    past = Past(plan.program_id)
    together = any(meet(rulebook) for rulebook in (*past.rulebooks, load(msgspec.json.decode(plan.draft))))
    return 1 if together else shards


def meet(rulebook: Rulebook) -> bool:
    invited = any(tier.referrals is not None for tier in rulebook.tiers)
    return bool(rulebook.budgeted or rulebook.levels or invited)


class Past:
    """The versions of a programme, as they followed each other."""

    def __init__(self, program_id: int) -> None:
        self.program_id = program_id
        rows = ProgramVersion.objects.filter(program_id=program_id).order_by("published_at", "number")
        self.versions = list(rows.values_list("published_at", "number"))
        self._times = [at for at, _number in self.versions]
        self.welcomes = welcomes_of(program_id)

    @property
    def rulebooks(self) -> list[Rulebook]:
        return [rulebook_of(self.program_id, number) for _at, number in self.versions]

    @property
    def looks_back(self) -> int:
        return max((rulebook.looks_back for rulebook in self.rulebooks), default=0)

    def live(self, number: int) -> Rulebook:
        return rulebook_of(self.program_id, number) if number else NO_RULES

    def rules_at(self, at: dt.datetime, version: int) -> Rulebook:
        """The rules of a receipt's version, or of a moment."""
        if version:
            return rulebook_of(self.program_id, version)
        n = bisect_right(self._times, at)
        return rulebook_of(self.program_id, self.versions[n - 1][1]) if n else NO_RULES


NO_RULES: Final = Rulebook()
