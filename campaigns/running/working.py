"""The worker's side: turns that are due, chunk by chunk.

A chunk is a transaction: the turns are claimed (whoever comes meanwhile passes over them), their accounts locked in the
order of ids, what stands in the way is looked at behind the locks, the action is done to all of them at once, and the
turns say so. Killed at any moment, all of a chunk has happened or nothing; the campaign's row, with what it has given
so far, is locked last.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Final

import structlog
from django.db import connection, transaction
from django.db.models import Exists, F, OuterRef
from msgspec import Struct

from campaigns.actions.base import Chunk, Cost, NothingToGive, Turned
from campaigns.models import Campaign, CampaignTurn
from campaigns.plan import Step
from campaigns.running.due import Sight, judged, sight_of
from campaigns.running.ending import finish
from campaigns.running.one_by_one import each_or_all
from campaigns.triggers.base import Rows, at_hour
from loyalty import ledger
from loyalty.engine.quantities import ZERO
from merchants.access import every_tenant, tenant

logger = structlog.get_logger(__name__)

CHUNK: Final = 1_000
# Whom a campaign of a higher priority has first, looks again after so long.
LOOK_AGAIN: Final = dt.timedelta(minutes=10)
AT_WORK: Final = (Campaign.State.RUNNING, Campaign.State.FINISHED)
State = CampaignTurn.State


class Claimed(Struct, frozen=True):
    id: int
    account: int
    occasion: str
    state: str
    step: int
    at: dt.datetime | None
    created_at: dt.datetime
    why: str


class Becomes(Struct):
    """What a turn is after the chunk. `points` and `money` are added."""

    id: int
    state: str
    why: str = ""
    step: int = 0
    due_at: dt.datetime | None = None
    points: Decimal = ZERO
    money: Decimal = ZERO


def work_due(*, clock: Callable[[], dt.datetime], going_on: Callable[[], bool] = lambda: True) -> int:
    """Go through all turns that are due, campaigns of a higher priority first; how many were looked at."""
    looked = 0
    for key, program_id in _with_turns(clock()):
        with tenant(program_id):
            try:
                while going_on() and (number := work(key, now=clock())):
                    looked += number
            except Exception:
                # Its turns stay as they are; the others' go on.
                logger.exception("campaign_work_failed", campaign=key)
    return looked


def _with_turns(now: dt.datetime) -> list[tuple[int, int]]:
    with every_tenant():
        due = CampaignTurn.objects.filter(campaign=OuterRef("pk"), due_at__lte=now)
        rows = list(Campaign.objects.filter(Exists(due), state__in=AT_WORK).values_list("pk", "program_id", "plan"))
    ordered = sorted(rows, key=lambda row: (-int((row[2].get("order") or {}).get("priority", 5)), row[0]))
    return [(pk, program_id) for pk, program_id, _plan in ordered]


@transaction.atomic
def work(campaign_id: int, *, now: dt.datetime, chunk: int = CHUNK) -> int:
    """One chunk of a campaign; how many turns were looked at. 0 in its quiet hours, and where nothing is due."""
    rows = Campaign.objects.select_related("merchant__program", "audience__merchant__program")
    campaign = rows.filter(pk=campaign_id, state__in=AT_WORK).first()
    if campaign is None:
        return 0
    sight = sight_of(campaign, now)
    if sight.plan.timing.is_quiet(sight.look.calendar.local(now).time()):
        return 0
    claimed = _claim(sight, chunk)
    if not claimed:
        return 0
    ledger.lock_all(program_id=sight.program_id, accounts=[one.account for one in claimed])
    _Chunk(sight, claimed).run()
    return len(claimed)


def _claim(sight: Sight, chunk: int) -> list[Claimed]:
    """Turns that are due, one for a client."""
    rows = CampaignTurn.objects.filter(campaign=sight.campaign, due_at__lte=sight.now)
    if sight.campaign.state == Campaign.State.FINISHED:
        rows = rows.filter(state=State.DONE)
    found = rows.order_by("due_at", "id").select_for_update(skip_locked=True)[:chunk]
    values = found.values_list("pk", "account_id", "occasion", "state", "step", "at", "created_at", "why")
    claimed: dict[int, Claimed] = {}
    for row in values:
        claimed.setdefault(row[1], Claimed(*row))
    return list(claimed.values())


class _Chunk:
    """Turns that are claimed, of accounts that are locked."""

    def __init__(self, sight: Sight, claimed: Sequence[Claimed]) -> None:
        self.sight, self.claimed = sight, claimed
        self.campaign, self.plan, self.now = sight.campaign, sight.plan, sight.now
        self.becomes: dict[int, Becomes] = {}

    def run(self) -> None:
        begin = [one for one in self.claimed if one.state == State.WAITING]
        going = [one for one in self.claimed if one.state != State.WAITING]
        treated = self._begin(begin) if begin else []
        by_step: dict[int, list[Claimed]] = {}
        for one in [*treated, *self._still_there(going)]:
            by_step.setdefault(one.step, []).append(one)
        for step in sorted(by_step):
            self._steps(step, by_step[step])
        self._write()

    # ------------------------------------------------------------ those who begin

    def _begin(self, rows: Sequence[Claimed]) -> list[Claimed]:
        """Those whom nothing stands in the way of, and whom the budget holds for."""
        why = self._verdicts(rows)
        treated = []
        oldest = self.now - dt.timedelta(days=self.plan.timing.late_days + 1)
        for one in rows:
            reason = why.get(one.account, "removed")
            # So many an hour: the campaign itself lets them wait, however long.
            if one.created_at < oldest and not reason and one.why != "pace":
                reason = "late"
            if not reason:
                treated.append(one)
            else:
                self.becomes[one.id] = self._left(one, reason)
        return self._within_budget(treated)

    def _verdicts(self, rows: Sequence[Claimed]) -> dict[int, str]:
        turns = Rows(
            "SELECT x.account, x.occasion, %s::timestamptz FROM unnest(%s::bigint[], %s::text[]) x (account, occasion)",
            (self.now, [one.account for one in rows], [one.occasion for one in rows]),
        )
        asked = judged(self.sight, turns)
        with connection.cursor() as cursor:
            cursor.execute(asked.sql, asked.params)
            return {account: why for account, _occasion, _at, why in cursor.fetchall()}

    def _left(self, one: Claimed, reason: str) -> Becomes:
        if reason == "held_out":
            return Becomes(one.id, State.HELD_OUT)
        if reason == "waits":
            return self._later(one, self.now + LOOK_AGAIN, "waits")
        if reason == "busy" and self.plan.order.when_busy == "wait":
            return self._later(one, self._on_day(1), "busy")
        return Becomes(one.id, State.SKIPPED, reason)

    def _later(self, one: Claimed, moment: dt.datetime, why: str) -> Becomes:
        if moment - one.created_at > dt.timedelta(days=self.plan.timing.late_days + 1):
            return Becomes(one.id, State.SKIPPED, why)
        return Becomes(one.id, State.WAITING, why, due_at=moment)

    def _on_day(self, days: int) -> dt.datetime:
        day = self.sight.look.calendar.local(self.now).date() + dt.timedelta(days=days)
        return at_hour(self.sight.look, day, self.plan.timing.hour)

    def _within_budget(self, rows: list[Claimed]) -> list[Claimed]:
        """As many as the budget still holds; it ends the campaign. The campaign's row is locked from here on."""
        limits = self.plan.limits
        if not rows or (limits.clients, limits.points, limits.money, limits.per_hour) == (None, None, None, None):
            return rows
        locked = Campaign.objects.select_for_update(no_key=True).get(pk=self.campaign.pk)
        if locked.state != Campaign.State.RUNNING:
            # Somebody was faster: it pauses, and they wait; or it is over.
            paused = locked.state == Campaign.State.PAUSED
            for one in rows:
                self.becomes[one.id] = (
                    Becomes(one.id, State.WAITING, due_at=self.now)
                    if paused
                    else Becomes(one.id, State.SKIPPED, locked.why if locked.why == "budget" else "over")
                )
            return []
        first = self.plan.steps[0].action.cost if self.plan.steps else Cost()
        fits = len(rows)
        for limit, given, each in (
            (limits.clients, Decimal(locked.treated), Decimal(1)),
            (limits.points, locked.points, first.points),
            (limits.money, locked.money, first.money),
        ):
            if limit is not None and each:
                fits = min(fits, max(int((limit - given) // each), 0))
        spent = fits < len(rows)
        paced = self._within_hour(locked, fits)
        for one in rows[paced:fits]:
            self.becomes[one.id] = Becomes(one.id, State.WAITING, "pace", due_at=self._next_hour(locked))
        for one in rows[fits:]:
            self.becomes[one.id] = Becomes(one.id, State.SKIPPED, "budget")
        if spent and paced == fits:
            finish(locked, Campaign.Finished.BUDGET, self.now, "sweep")
        return rows[:paced]

    def _within_hour(self, locked: Campaign, fits: int) -> int:
        pace = self.plan.limits.per_hour
        if pace is None:
            return fits
        if locked.hour_from is None or self.now >= locked.hour_from + dt.timedelta(hours=1):
            locked.hour_from, locked.hour_treated = self.now, 0
        allowed = min(fits, max(pace - locked.hour_treated, 0))
        locked.hour_treated += allowed
        locked.save(update_fields=["hour_from", "hour_treated"])
        return allowed

    def _next_hour(self, locked: Campaign) -> dt.datetime:
        return (locked.hour_from or self.now) + dt.timedelta(hours=1)

    # ------------------------------------------------------------ steps

    def _still_there(self, rows: Sequence[Claimed]) -> list[Claimed]:
        """Of those who have begun: without who was blocked, merged or removed since."""
        if not rows:
            return []
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT id, status FROM loyalty_account WHERE program_id = %s AND id = ANY (%s)",
                [self.sight.program_id, [one.account for one in rows]],
            )
            status = dict(cursor.fetchall())
        left = [one for one in rows if status.get(one.account) != "active"]
        for one in left:
            self.becomes[one.id] = Becomes(one.id, State.DONE, status.get(one.account, "removed"), one.step)
        return [one for one in rows if one.id not in self.becomes]

    def _steps(self, number: int, rows: list[Claimed]) -> None:
        """A step, and those that follow it at once."""
        for one in rows:
            self.becomes[one.id] = Becomes(one.id, State.DONE, step=number)
        while rows and number < len(self.plan.steps):
            step = self.plan.steps[number]
            given, why = self._due_for(step, number, rows)
            if given:
                why |= self._give(step, number, given)
            if not number:
                # Who could not even be given the first step has had no turn.
                rows = self._without(rows, why)
            number += 1
            for one in rows:
                after = self.becomes[one.id]
                after.step, after.why = number, why.get(one.id, after.why)
            if number < len(self.plan.steps) and self.plan.steps[number].after_days:
                due = self._on_day(self.plan.steps[number].after_days)
                for one in rows:
                    self.becomes[one.id].due_at = due
                return

    def _due_for(self, step: Step, number: int, rows: list[Claimed]) -> tuple[list[Claimed], dict[int, str]]:
        if step.action.late(self.sight.look.rulebook, self.now):
            return [], {one.id: "expired" for one in rows}
        why: dict[int, str] = {}
        if step.unless_bought and number:
            bought = self._bought([one for one in rows if one.at is not None])
            why = {one.id: "bought" for one in rows if one.id in bought}
        given = [one for one in rows if one.id not in why]
        if number:
            # The first step was counted before.
            kept = self._affordable(step.action.cost, given)
            why |= {one.id: "budget" for one in given[kept:]}
            given = given[:kept]
        return given, why

    def _affordable(self, cost: Cost, rows: list[Claimed]) -> int:
        limits, fits = self.plan.limits, len(rows)
        if not ((limits.points and cost.points) or (limits.money and cost.money)):
            return fits
        locked = Campaign.objects.select_for_update(no_key=True).get(pk=self.campaign.pk)
        points = locked.points + sum((one.points for one in self.becomes.values()), ZERO)
        money = locked.money + sum((one.money for one in self.becomes.values()), ZERO)
        for limit, given, each in ((limits.points, points, cost.points), (limits.money, money, cost.money)):
            if limit is not None and each:
                fits = min(fits, max(int((limit - given) // each), 0))
        return fits

    def _bought(self, rows: Sequence[Claimed]) -> set[int]:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT x.turn FROM unnest(%s::bigint[], %s::bigint[], %s::timestamptz[]) x (turn, account, at)"
                "  JOIN loyalty_account a ON a.program_id = %s AND a.id = x.account AND a.last_purchase_at > x.at",
                [
                    [one.id for one in rows],
                    [one.account for one in rows],
                    [one.at for one in rows],
                    self.sight.program_id,
                ],
            )
            return {turn for (turn,) in cursor.fetchall()}

    def _without(self, rows: list[Claimed], why: Mapping[int, str]) -> list[Claimed]:
        failed = [one for one in rows if why.get(one.id) == "failed"]
        for one in failed:
            self.becomes[one.id] = Becomes(one.id, State.SKIPPED, "failed")
        return [one for one in rows if one not in failed]

    def _give(self, step: Step, number: int, rows: Sequence[Claimed]) -> dict[int, str]:
        """The step for all of them; who got nothing, and why."""
        try:
            failed = each_or_all(lambda part: self._do(step, number, part), rows)
        except NothingToGive as nothing:
            return {one.id: nothing.why for one in rows}
        for one, error in failed:
            # Without its text: that may name the client.
            kind = f"{type(error.__cause__ or error).__module__}.{type(error.__cause__ or error).__name__}"
            logger.error("campaign_turn_failed", campaign=self.campaign.pk, turn=one.id, step=number, error=kind)
        why = {one.id: "failed" for one, _error in failed}
        cost = step.action.cost
        for one in rows:
            if one.id not in why:
                after = self.becomes[one.id]
                after.points += cost.points
                after.money += cost.money
        return why

    def _do(self, step: Step, number: int, rows: Sequence[Claimed]) -> None:
        chunk = Chunk(
            campaign=self.campaign.pk,
            merchant=self.campaign.merchant,
            title=self.campaign.name,
            step=number,
            turns=[Turned(one.id, one.account, one.occasion) for one in rows],
            rulebook=self.sight.look.rulebook,
            now=self.now,
        )
        step.action.give(chunk)

    # ------------------------------------------------------------ written down

    def _write(self) -> None:
        rows = sorted(self.becomes.values(), key=lambda one: one.id)
        began = {one.id for one in self.claimed if one.state == State.WAITING}
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE campaigns_campaignturn t SET state = b.state, why = b.why, step = b.step, due_at = b.due_at,"
                " at = CASE WHEN t.at IS NULL AND b.state <> 'waiting' THEN %s ELSE t.at END,"
                " points = t.points + b.points, money = t.money + b.money"
                " FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::smallint[], %s::timestamptz[], %s::numeric[],"
                " %s::numeric[]) AS b (id, state, why, step, due_at, points, money) WHERE t.id = b.id",
                [
                    self.now,
                    [one.id for one in rows],
                    [str(one.state) for one in rows],
                    [one.why for one in rows],
                    [one.step for one in rows],
                    [one.due_at for one in rows],
                    [one.points for one in rows],
                    [one.money for one in rows],
                ],
            )
        treated = sum(one.id in began and one.state == State.DONE for one in rows)
        points = sum((one.points for one in rows), ZERO)
        money = sum((one.money for one in rows), ZERO)
        if treated or points or money:
            Campaign.objects.filter(pk=self.campaign.pk).update(
                treated=F("treated") + treated, points=F("points") + points, money=F("money") + money
            )
