"""Step 6: points that a receipt earns, rule by rule."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TypeVar

from msgspec import Struct, structs

from loyalty.engine import limits
from loyalty.engine.bill import Bill
from loyalty.engine.cart import Used
from loyalty.engine.conditions import EVERYTHING, Goods, Miss, Sold
from loyalty.engine.effects import BaseEffect, BonusEffect, Carried, Effect, Give, Milestone, Multiply
from loyalty.engine.explanation import Fact
from loyalty.engine.quantities import HUNDRED, ONE, ZERO, floor, rounded
from loyalty.engine.rulebook import Rule, Rulebook
from loyalty.engine.spreading import spread

E = TypeVar("E", bound=Effect)


class Earning(Struct, frozen=True):
    """Points that one rule gives: a lot in the making.

    `parts` are the points of each line of the receipt, for a return to take back; a one-off has none. A one-off of
    `steps` was given for passing so many of them.
    """

    rule: str
    points: Decimal
    available_at: dt.datetime
    expires_at: dt.datetime | None
    parts: tuple[Decimal, ...] = ()
    one_off: bool = False
    steps: int = 0


@dataclass
class _Draft:
    """What a rule would give, before caps. `shares` weigh the lines; None for a one-off."""

    rule: Rule | None
    fact: Fact
    exact: Decimal
    points: Decimal
    lines: Sequence[int]
    shares: Sequence[Decimal] | None
    steps: int = 0
    used: list[Used] = field(default_factory=list)
    reason: str = ""


class _Base(Struct, frozen=True):
    """A way to earn base points: `rate` points for one unit of money."""

    rule: Rule | None
    id: str
    title: str
    effect: str
    rate: Decimal
    shown: Decimal
    lines: list[int]


def lot_dates(rulebook: Rulebook, at: dt.datetime, rule: Rule | None = None) -> tuple[dt.datetime, dt.datetime | None]:
    """When points earned at this moment become available, and when they expire (None: never)."""
    calendar, points = rulebook.calendar, rulebook.points
    pending = points.pending_days if rule is None or rule.pending_days is None else rule.pending_days
    expiry = points.expiry if rule is None or rule.expiry is None else rule.expiry
    first_day = calendar.day_of(at) + dt.timedelta(days=pending)
    available_at = calendar.start_of(first_day) if pending else at
    last_day = expiry.last_day(first_day)
    return available_at, None if last_day is None else calendar.end_of(last_day)


def one_off(rulebook: Rulebook, rule: str, points: Decimal, at: dt.datetime) -> Earning:
    available_at, expires_at = lot_dates(rulebook, at)
    return Earning(rule, points, available_at, expires_at, one_off=True)


def earn(bill: Bill, *, redeemed: Decimal) -> list[Earning]:
    """What the receipt earns, in the order of the rules; the facts go onto the bill."""
    if bill.client is None:
        return []
    if redeemed and not bill.rulebook.points.earn_when_redeeming:
        bill.facts.append(Fact("earning", "earn", "earning", applied=False, reason="redeeming"))
        return []
    collector = _Collector(bill)
    excluded = _excluded(collector)
    collected = collector.collect(excluded)
    _cap(bill, collected.drafts)
    earnings = list(_finished(bill, collected.drafts))
    bill.facts += collected.misses
    bill.used += collected.grown
    return earnings


@dataclass
class _Collected:
    drafts: list[_Draft] = field(default_factory=list)
    misses: list[Fact] = field(default_factory=list)
    grown: list[Used] = field(default_factory=list)

    @property
    def total(self) -> Decimal:
        return sum((draft.points for draft in self.drafts), ZERO)


class _Collector:
    """Asks each rule what it gives for one receipt."""

    def __init__(self, bill: Bill) -> None:
        self.bill = bill
        self.receipt = bill.receipt()
        on_total = bill.rulebook.points.earn_on == "total"
        self.paid = [
            cost + (value if on_total else ZERO) for cost, value in zip(bill.cost, bill.points_value, strict=True)
        ]
        goods = bill.rulebook.points.goods
        self.earning_lines = [
            i
            for i, line in enumerate(bill.lines)
            if line.earn and i not in bill.closed_to_earning and (goods == EVERYTHING or goods.takes(line))
        ]

    def collect(self, excluded: Collection[str] = ()) -> _Collected:
        """What the rules give, but for those excluded. Nothing is remembered between two calls."""
        found = _Collected()
        base = self._base_rules(found, excluded)
        self._bonus_rules(found, excluded)
        self._multipliers(found, excluded, base)
        self._gifts(found, excluded)
        self._progress(found, excluded)
        for rule in self.bill.rulebook.rules:
            if rule.id in excluded:
                found.misses.append(self._missed(rule, Miss("excluded")))
        return found

    def _base_rules(self, found: _Collected, excluded: Collection[str]) -> list[Decimal]:
        """Each line takes the highest rate that it may; a rule's lines are summed and rounded once."""
        bases = list(self._bases(found, excluded))
        best: dict[int, int] = {}
        for n, base in enumerate(bases):
            for i in base.lines:
                if i not in best or base.rate > bases[best[i]].rate:
                    best[i] = n
        chosen: dict[int, list[int]] = {}
        for i in sorted(best):
            chosen.setdefault(best[i], []).append(i)
        sums = [ZERO] * len(self.paid)
        for n, lines in sorted(chosen.items()):
            base = bases[n]
            money = sum((self.paid[i] for i in lines), ZERO)
            fact = Fact(base.id, "earn", base.effect, base.title, base=money, rate=base.shown)
            draft = self._give(found, base.rule, money * base.rate, lines, fact, self.paid)
            sums = [a + b for a, b in zip(sums, parts_of(self.bill, draft), strict=True)]
        for n, base in enumerate(bases):
            if n not in chosen and base.rule is not None and base.rule.group:
                found.misses.append(self._missed(base.rule, Miss("higher_rate")))
        return sums

    def _bonus_rules(self, found: _Collected, excluded: Collection[str]) -> None:
        for rule, effect, lines in self._applying(BonusEffect, found, excluded):
            sold = [Sold(self.bill.lines[i], self.paid[i]) for i in lines]
            points = effect.earns(sold)
            if points:
                money = sum((one.cost for one in sold), ZERO)
                rate, per = effect.shown
                fact = Fact(rule.id, "earn", effect.name, rule.title, base=money, rate=rate, per=per)
                self._give(found, rule, points, lines, fact, self.paid)
            else:
                found.misses.append(self._missed(rule, Miss(effect.name, effect.short(sold))))

    def _multipliers(self, found: _Collected, excluded: Collection[str], base_points: Sequence[Decimal]) -> None:
        """Each adds (m - 1) × the base points of its lines, so several of them add up."""
        for rule, effect, lines in self._applying(Multiply, found, excluded):
            base = sum((base_points[i] for i in lines), ZERO)
            if base:
                fact = Fact(rule.id, "earn", effect.name, rule.title, base=base, rate=effect.by)
                self._give(found, rule, base * (effect.by - ONE), lines, fact, base_points)

    def _gifts(self, found: _Collected, excluded: Collection[str]) -> None:
        for rule, effect, lines in self._applying(Give, found, excluded):
            fact = Fact(rule.id, "earn", effect.name, rule.title)
            self._give(found, rule, effect.points, lines, fact, None)

    def _progress(self, found: _Collected, excluded: Collection[str]) -> None:
        """What passes a step with this receipt. A milestone looks at all the money paid, wherever it was earned."""
        client = self.bill.client
        if client is None:
            return
        for rule, effect, _lines in self._applying(Milestone, found, excluded):
            used = client.used_by(rule.id, "")
            before, after = effect.steps(client.spent), effect.steps(client.spent + self.bill.net)
            highest = max(before, used.times)
            self._stepped(found, rule, effect, after - highest, client.spent + self.bill.net, after - used.times, ZERO)
        for rule, carried, lines in self._applying(Carried, found, excluded):
            used = client.used_by(rule.id, "")
            money = sum((self.paid[i] for i in lines), ZERO)
            steps = carried.steps(used.measure + money) - used.times
            self._stepped(found, rule, carried, steps, used.measure + money, max(steps, 0), money)

    def _stepped(
        self,
        found: _Collected,
        rule: Rule,
        effect: Milestone | Carried,
        steps: int,
        measure: Decimal,
        risen: int,
        grown: Decimal,
    ) -> None:
        if steps > 0:
            fact = Fact(rule.id, "earn", effect.name, rule.title, base=measure, rate=effect.points, count=steps)
            draft = self._give(found, rule, effect.points * steps, (), fact, None)
            draft.steps = steps
            draft.used = [Used(rule.id, "", ZERO, risen, grown)]
            return
        following = effect.next_step(measure)
        missing = None if following is None else following - measure
        miss = Miss(effect.name if following is not None else "passed", missing)
        found.misses.append(self._missed(rule, miss))
        if grown:
            found.grown.append(Used(rule.id, "", ZERO, 0, grown))

    def _bases(self, found: _Collected, excluded: Collection[str]) -> Iterator[_Base]:
        tier = self.bill.tier
        if tier and tier.earn_percent:
            rate = tier.earn_percent / HUNDRED
            yield _Base(None, tier.rule, tier.title, "percent", rate, tier.earn_percent, self.earning_lines)
        for rule, effect, lines in self._applying(BaseEffect, found, excluded):
            yield _Base(rule, rule.id, rule.title, effect.name, effect.rate, effect.shown, lines)

    def _applying(
        self, effect: type[E], found: _Collected, excluded: Collection[str]
    ) -> Iterator[tuple[Rule, E, list[int]]]:
        """Rules whose conditions hold, with their lines. The others leave a fact that says what was missing."""
        for rule, its_effect in self.bill.rulebook.rules_that(effect):
            if rule.id in excluded:
                continue
            miss = rule.misses(self.receipt)
            if miss is not None:
                found.misses.append(self._missed(rule, miss))
                continue
            lines = self._lines_of(rule.goods)
            if lines or not its_effect.of_goods:
                yield rule, its_effect, lines
            else:
                found.misses.append(self._missed(rule, Miss("no_goods")))

    def _lines_of(self, goods: Goods) -> list[int]:
        if goods == EVERYTHING:
            return self.earning_lines
        return [i for i in self.earning_lines if goods.takes(self.bill.lines[i])]

    def _missed(self, rule: Rule, miss: Miss) -> Fact:
        return Fact(
            rule.id,
            "earn",
            rule.effect.name,
            rule.title,
            applied=False,
            reason=miss.reason,
            missing=miss.missing,
            count=miss.count,
        )

    def _give(
        self,
        found: _Collected,
        rule: Rule | None,
        exact: Decimal,
        lines: Sequence[int],
        fact: Fact,
        weights: Sequence[Decimal] | None,
    ) -> _Draft:
        """Round once, and remember with the weights of its lines."""
        points = rounded(exact, self.bill.precision, self.bill.rulebook.points.rounding)
        shares = None
        if weights is not None:
            chosen = set(lines)
            shares = [weight if i in chosen else ZERO for i, weight in enumerate(weights)]
        draft = _Draft(rule, fact, exact, points, lines, shares)
        found.drafts.append(draft)
        return draft


def _excluded(collector: _Collector) -> set[str]:
    """The rules that give way to a better one of their exclusion group. Of equals the first stays."""
    grouped: dict[str, list[Rule]] = {}
    for rule in collector.bill.rulebook.rules:
        if rule.enabled and rule.group and isinstance(rule.effect, _IN_GROUPS):
            grouped.setdefault(rule.group, []).append(rule)
    excluded: set[str] = set()
    for members in grouped.values():
        given = {draft.rule.id: draft.points for draft in collector.collect(excluded).drafts if draft.rule}
        rivals = [rule for rule in members if isinstance(rule.effect, _DEPENDENT) or given.get(rule.id)]
        if len(rivals) < 2:
            continue
        if any(isinstance(rule.effect, _DEPENDENT) for rule in rivals):
            others = {rule.id for rule in rivals}
            best = max(rivals, key=lambda rule: collector.collect(excluded | (others - {rule.id})).total)
        else:
            best = max(rivals, key=lambda rule: given[rule.id])
        excluded |= {rule.id for rule in rivals if rule is not best}
    return excluded


# What these give depends on the other rules: a line's next best base, the points that are multiplied.
_DEPENDENT = (BaseEffect, Multiply)
_IN_GROUPS = (BaseEffect, BonusEffect, Multiply, Give)


def _cap(bill: Bill, drafts: Sequence[_Draft]) -> None:
    """Each rule's own limits first; then the programme's, taken from the last rule upwards."""
    for draft in drafts:
        if draft.rule is not None:
            left = limits.left(draft.rule, bill.client, bill.day, bill.spent)
            _cut(bill, draft, left.most, left.limit)
    if bill.client is None:
        return
    left = limits.left_of_programme(bill.rulebook.points.caps, bill.client, bill.day)
    if left.most is None:
        return
    over = sum((draft.points for draft in drafts), ZERO) - left.most
    for draft in reversed(drafts):
        if over > 0:
            before = draft.points
            _cut(bill, draft, max(before - over, ZERO), left.limit)
            over -= before - draft.points


def _cut(bill: Bill, draft: _Draft, most: Decimal | None, limit: str) -> None:
    if most is not None and draft.points > most:
        draft.points, draft.reason = floor(most, bill.precision), limit


def parts_of(bill: Bill, draft: _Draft) -> list[Decimal]:
    """The points of each line."""
    if draft.points <= 0 or draft.shares is None:
        return [ZERO] * len(bill.lines)
    return spread(draft.points, draft.shares, bill.lines, digits=bill.precision)


def _finished(bill: Bill, drafts: Sequence[_Draft]) -> Iterator[Earning]:
    total = ZERO
    for draft in drafts:
        points = draft.points
        nothing = draft.reason or "too_little"
        bill.facts.append(
            structs.replace(
                draft.fact,
                applied=points > 0,
                exact=draft.exact,
                points=max(points, ZERO),
                lines=tuple(draft.lines),
                reason=draft.reason if points > 0 else nothing,
            )
        )
        bill.used += [structs.replace(used, given=max(points, ZERO)) for used in draft.used]
        if points <= 0:
            continue
        total += points
        rule = draft.rule
        if rule is not None:
            bill.used += limits.counted(rule, points, bill.day)
            bill.spend_budget(rule, points)
        yield Earning(
            draft.fact.rule,
            points,
            *lot_dates(bill.rulebook, bill.at, rule),
            parts=() if draft.shares is None else tuple(parts_of(bill, draft)),
            one_off=draft.shares is None,
            steps=draft.steps,
        )
    bill.used += limits.counted_for_programme(bill.rulebook.points.caps, total, bill.day)
