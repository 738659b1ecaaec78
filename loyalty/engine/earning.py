"""Step 6: points that a receipt earns, rule by rule."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import TypeVar

from msgspec import Struct, structs

from loyalty.engine import limits, promo
from loyalty.engine.bill import Bill, missed
from loyalty.engine.cart import Client, PromoCode, Used
from loyalty.engine.conditions import EVERYTHING, Goods, Miss, Sold
from loyalty.engine.effects import BaseEffect, BonusEffect, Carried, Effect, Give, Milestone, Multiply, Stamps
from loyalty.engine.explanation import Fact
from loyalty.engine.quantities import HUNDRED, ONE, ZERO, floor, rounded
from loyalty.engine.rulebook import Expiry, Rule, Rulebook
from loyalty.engine.spreading import Weights

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


class _Draft(Struct):
    """What a rule would give, before caps. `weights` are those of its lines; None for a one-off."""

    rule: Rule | None
    fact: Fact
    exact: Decimal
    points: Decimal
    lines: Sequence[int]
    weights: Weights | None
    steps: int = 0
    used: tuple[Used, ...] = ()
    reason: str = ""
    code: PromoCode | None = None


class _Bought:
    """The lines that rules with the same goods are about. Many rules ask for the same."""

    def __init__(self, bill: Bill, lines: list[int], paid: Sequence[Decimal]) -> None:
        self._bill, self.lines, self._paid = bill, lines, paid

    @cached_property
    def sold(self) -> list[Sold]:
        return [Sold(self._bill.lines[i], self._paid[i]) for i in self.lines]

    @cached_property
    def money(self) -> Decimal:
        return sum((self._paid[i] for i in self.lines), ZERO)

    @cached_property
    def weights(self) -> Weights:
        """By the money paid."""
        return weighed(self._bill, self._paid, self.lines)


class _Base(Struct, frozen=True):
    """A way to earn base points: `rate` points for one unit of money."""

    rule: Rule | None
    id: str
    title: str
    effect: str
    rate: Decimal
    shown: Decimal
    lines: list[int]


Dates = tuple[dt.datetime, dt.datetime | None]


def lot_dates(rulebook: Rulebook, at: dt.datetime, rule: Rule | None = None) -> Dates:
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


def earn(bill: Bill, *, redeemed: Decimal, codes: Sequence[PromoCode] = ()) -> list[Earning]:
    """What the receipt earns, in the order of the rules, and then by codes; the facts go onto the bill."""
    if bill.client is None:
        return []
    giving = [one for one in codes if one.gives == "points"]
    if redeemed and not bill.rulebook.points.earn_when_redeeming:
        for one in giving:
            promo.refuse(bill, one, "redeeming")
        bill.facts.append(Fact("earning", "earn", "earning", applied=False, reason="redeeming"))
        return []
    collector = _Collector(bill)
    excluded = _excluded(collector)
    collected = collector.collect(excluded)
    collected.drafts += _by_codes(bill, [one for one in giving if promo.fits(bill, one)])
    _cap(bill, collected.drafts)
    earnings = list(_finished(bill, collected.drafts))
    bill.facts += collected.misses
    bill.used += collected.grown
    return earnings


def _by_codes(bill: Bill, codes: Sequence[PromoCode]) -> Iterator[_Draft]:
    """Of codes that don't stack the one that gives most; of equals the first."""
    best = max((one for one in codes if not one.stacks), key=lambda one: one.points or ZERO, default=None)
    for one in codes:
        if not one.stacks and one is not best:
            promo.refuse(bill, one, "excluded")
            continue
        given = one.points or ZERO
        fact = Fact(one.rule, "earn", "promo_points", one.name)
        points = rounded(given, bill.precision, bill.rulebook.points.rounding)
        yield _Draft(None, fact, given, points, (), None, code=one)


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
            cost + (value if on_total else ZERO) for cost, value in zip(bill.counted, bill.points_value, strict=True)
        ]
        goods = bill.rulebook.points.goods
        earning_lines = [
            i
            for i, line in enumerate(bill.lines)
            if line.earn and i not in bill.closed_to_earning and (goods == EVERYTHING or goods.takes(line))
        ]
        self.everything = _Bought(bill, earning_lines, self.paid)
        self._bought = {EVERYTHING: self.everything}

    def collect(self, excluded: Collection[str] = ()) -> _Collected:
        """What the rules give, but for those excluded. Nothing is remembered between two calls."""
        found = _Collected()
        base = self._base_rules(found, excluded)
        self._bonus_rules(found, excluded)
        self._multipliers(found, excluded, base)
        self._gifts(found, excluded)
        self._progress(found, excluded)
        if excluded:
            rules = (rule for rule in self.bill.rulebook.rules if rule.id in excluded)
            found.misses += [missed(rule, "earn", Miss("excluded")) for rule in rules]
        return found

    def _base_rules(self, found: _Collected, excluded: Collection[str]) -> list[Decimal]:
        """Each line takes the highest rate that it may; a rule's lines are summed and rounded once."""
        bases = list(self._bases(found, excluded))
        chosen: dict[int, list[int]] = {}
        taken: set[int] = set()
        # The highest rate first; of equal ones the first rule.
        for n in sorted(range(len(bases)), key=lambda n: bases[n].rate, reverse=True):
            lines = [i for i in bases[n].lines if i not in taken]
            if lines:
                chosen[n] = lines
                taken.update(lines)
        sums = [ZERO] * len(self.paid)
        for n, lines in sorted(chosen.items()):
            base = bases[n]
            money = sum((self.paid[i] for i in lines), ZERO)
            fact = Fact(base.id, "earn", base.effect, base.title, base=money, rate=base.shown)
            draft = self._give(found, base.rule, money * base.rate, lines, fact, weighed(self.bill, self.paid, lines))
            sums = [a + b for a, b in zip(sums, parts_of(self.bill, draft), strict=True)]
        for n, base in enumerate(bases):
            if n not in chosen and base.rule is not None and base.rule.group:
                found.misses.append(missed(base.rule, "earn", Miss("higher_rate")))
        return sums

    def _bonus_rules(self, found: _Collected, excluded: Collection[str]) -> None:
        for rule, effect, bought in self._applying(BonusEffect, found, excluded):
            points = effect.earns(bought.sold)
            if points:
                rate, per = effect.shown
                fact = Fact(rule.id, "earn", effect.name, rule.title, base=bought.money, rate=rate, per=per)
                self._give(found, rule, points, bought.lines, fact, bought.weights)
            else:
                found.misses.append(missed(rule, "earn", Miss(effect.name, effect.short(bought.sold))))

    def _multipliers(self, found: _Collected, excluded: Collection[str], base_points: Sequence[Decimal]) -> None:
        """Each adds (m - 1) × the base points of its lines, so several of them add up."""
        multiplied: dict[Goods, tuple[Decimal, Weights]] = {}
        for rule, effect, bought in self._applying(Multiply, found, excluded):
            known = multiplied.get(rule.goods)
            if known is None:
                base = sum((base_points[i] for i in bought.lines), ZERO)
                known = multiplied[rule.goods] = base, weighed(self.bill, base_points, bought.lines)
            base, weights = known
            if base:
                fact = Fact(rule.id, "earn", effect.name, rule.title, base=base, rate=effect.by)
                self._give(found, rule, base * (effect.by - ONE), bought.lines, fact, weights)

    def _gifts(self, found: _Collected, excluded: Collection[str]) -> None:
        for rule, effect, bought in self._applying(Give, found, excluded):
            fact = Fact(rule.id, "earn", effect.name, rule.title)
            self._give(found, rule, effect.points, bought.lines, fact, None)

    def _progress(self, found: _Collected, excluded: Collection[str]) -> None:
        """What passes a step with this receipt. A milestone looks at all the money paid, wherever it was earned."""
        client = self.bill.client
        if client is None:
            return
        for rule, effect, _bought in self._applying(Milestone, found, excluded):
            used = client.used_by(rule.id, "")
            before, after = effect.steps(client.spent), effect.steps(client.spent + self.bill.turnover)
            highest = max(before, used.times)
            self._stepped(
                found, rule, effect, after - highest, client.spent + self.bill.turnover, after - used.times, ZERO
            )
        for rule, carried, bought in self._applying(Carried, found, excluded):
            used = client.used_by(rule.id, "")
            measure = used.measure + bought.money
            steps = carried.steps(measure) - used.times
            self._stepped(found, rule, carried, steps, measure, max(steps, 0), bought.money)
        for rule, card, bought in self._applying(Stamps, found, excluded):
            self._stamped(found, rule, card, card.stamps(bought.sold), client)

    def _stamped(self, found: _Collected, rule: Rule, card: Stamps, new: Decimal, client: Client) -> None:
        """A card for visits takes one stamp a local day: that of the day is remembered beside the card."""
        day = limits.periods(self.bill.day)["day"]
        if card.of == "visits":
            if client.used_by(rule.id, day).times:
                found.misses.append(missed(rule, "earn", Miss("stamped_today")))
                return
            found.grown.append(Used(rule.id, day, ZERO, 1))
        used = client.used_by(rule.id, "")
        measure = used.measure + new
        steps = card.steps(measure) - used.times
        self._stepped(found, rule, card, steps, measure, max(steps, 0), new)

    def _stepped(
        self,
        found: _Collected,
        rule: Rule,
        effect: Milestone | Carried | Stamps,
        steps: int,
        measure: Decimal,
        risen: int,
        grown: Decimal,
    ) -> None:
        if steps > 0:
            fact = Fact(rule.id, "earn", effect.name, rule.title, base=measure, rate=effect.points, count=steps)
            draft = self._give(found, rule, effect.points * steps, (), fact, None)
            draft.steps = steps
            draft.used = (Used(rule.id, "", ZERO, risen, grown),)
            return
        following = effect.next_step(measure)
        missing = None if following is None else following - measure
        miss = Miss(effect.name if following is not None else "passed", missing)
        if isinstance(effect, Stamps) and missing is not None:
            miss = Miss(effect.name, count=int(missing))
        found.misses.append(missed(rule, "earn", miss))
        if grown:
            found.grown.append(Used(rule.id, "", ZERO, 0, grown))

    def _bases(self, found: _Collected, excluded: Collection[str]) -> Iterator[_Base]:
        tier = self.bill.tier
        if tier and tier.earn_percent:
            rate = tier.earn_percent / HUNDRED
            yield _Base(None, tier.rule, tier.title, "percent", rate, tier.earn_percent, self.everything.lines)
        for rule, effect, bought in self._applying(BaseEffect, found, excluded):
            yield _Base(rule, rule.id, rule.title, effect.name, effect.rate, effect.shown, bought.lines)

    def _applying(
        self, effect: type[E], found: _Collected, excluded: Collection[str]
    ) -> Iterator[tuple[Rule, E, _Bought]]:
        """Rules whose conditions hold, with their lines. The others leave a fact that says what was missing."""
        for rule, its_effect in self.bill.rulebook.rules_that(effect):
            if rule.id in excluded:
                continue
            miss = rule.misses(self.receipt)
            if miss is not None:
                found.misses.append(missed(rule, "earn", miss))
                continue
            bought = self._bought_of(rule.goods)
            if bought.lines or not its_effect.of_goods:
                yield rule, its_effect, bought
            else:
                found.misses.append(missed(rule, "earn", Miss("no_goods")))

    def _bought_of(self, goods: Goods) -> _Bought:
        known = self._bought.get(goods)
        if known is None:
            lines = [i for i in self.everything.lines if goods.takes(self.bill.lines[i])]
            known = self._bought[goods] = _Bought(self.bill, lines, self.paid)
        return known

    def _give(
        self,
        found: _Collected,
        rule: Rule | None,
        exact: Decimal,
        lines: Sequence[int],
        fact: Fact,
        weights: Weights | None,
    ) -> _Draft:
        """Round once, and remember with the weights of its lines."""
        points = rounded(exact, self.bill.precision, self.bill.rulebook.points.rounding)
        draft = _Draft(rule, fact, exact, points, lines, weights)
        found.drafts.append(draft)
        return draft


def _excluded(collector: _Collector) -> set[str]:
    """The rules that give way to a better one of their exclusion group. Of equals the first stays."""
    excluded: set[str] = set()
    for group in collector.bill.rulebook.groups:
        members = [rule for rule in group if isinstance(rule.effect, _IN_GROUPS)]
        if not members:
            continue
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


def _used_code(bill: Bill, one: PromoCode, points: Decimal, reason: str) -> None:
    """A code that a limit of the programme leaves nothing to give stays good."""
    if points > 0:
        promo.use(bill, one, points=points)
    else:
        bill.codes_refused[one.code] = reason or "too_little"


def weighed(bill: Bill, weights: Sequence[Decimal], lines: Sequence[int]) -> Weights:
    """The weights of these lines alone."""
    chosen = set(lines)
    return Weights([weight if i in chosen else ZERO for i, weight in enumerate(weights)], bill.lines)


def parts_of(bill: Bill, draft: _Draft) -> list[Decimal]:
    """The points of each line."""
    if draft.points <= 0 or draft.weights is None:
        return [ZERO] * len(bill.lines)
    return draft.weights.spread(draft.points, bill.precision)


def _finished(bill: Bill, drafts: Sequence[_Draft]) -> Iterator[Earning]:
    total = ZERO
    dates: dict[tuple[int | None, Expiry | None], Dates] = {}
    for draft in drafts:
        rule, points = draft.rule, draft.points
        bill.facts.append(
            structs.replace(
                draft.fact,
                applied=points > 0,
                exact=draft.exact,
                points=max(points, ZERO),
                lines=tuple(draft.lines),
                reason=draft.reason if points > 0 else draft.reason or "too_little",
            )
        )
        bill.used += [structs.replace(used, given=max(points, ZERO)) for used in draft.used]
        if draft.code is not None:
            _used_code(bill, draft.code, points, draft.reason)
        if points <= 0:
            continue
        total += points
        key = (None, None) if rule is None else (rule.pending_days, rule.expiry)
        if key not in dates:
            dates[key] = lot_dates(bill.rulebook, bill.at, rule)
        if rule is not None and rule.is_limited:
            bill.used += limits.counted(rule, points, bill.day)
            bill.spend_budget(rule, points)
        yield Earning(
            draft.fact.rule,
            points,
            *dates[key],
            parts=() if draft.weights is None else tuple(parts_of(bill, draft)),
            one_off=draft.weights is None,
            steps=draft.steps,
        )
    bill.used += limits.counted_for_programme(bill.rulebook.points.caps, total, bill.day)
