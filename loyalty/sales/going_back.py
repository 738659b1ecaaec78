"""What a return takes back beside the points of its lines: one-offs, steps, others' awards, limits and budgets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from functools import cached_property

from msgspec import structs

from loyalty.engine.books import Books
from loyalty.engine.cart import Cart, Used
from loyalty.engine.conditions.base import Receipt, Sold
from loyalty.engine.effects import Carried, Coupon, DiscountEffect, Give, Milestone, ProgressEffect, Stamps
from loyalty.engine.giving_back import LineBack, SoldLine
from loyalty.engine.limits import PROGRAMME
from loyalty.engine.quantities import ONE, ZERO
from loyalty.engine.rulebook import Rule, Rulebook
from loyalty.sales.consequences import counted_for, share
from loyalty.sales.past import Returning

MONEY_DIGITS = 2


class GoingBack:
    """One return. `sold` are the lines with what earlier returns called for, `parts` what this one calls for."""

    def __init__(
        self,
        locked: Returning,
        rulebook: Rulebook,
        sold: Sequence[SoldLine],
        parts: Sequence[LineBack],
        *,
        whole: bool,
    ) -> None:
        self.locked, self.rulebook, self.whole = locked, rulebook, whole
        # Lines that sell certificates gave nothing, and take nothing back.
        strange = {line.position for line in sold if line.line.sells_certificate}
        self.sold = [line for line in sold if line.position not in strange]
        self.parts = [part for part in parts if part.position not in strange]
        self.sale = locked.sale
        self.rules = {rule.id: rule for rule in rulebook.rules}
        self.clamp = rulebook.points.debt == "clamp"
        self.before, self.after = self._shares()

    def _shares(self) -> tuple[Decimal, Decimal]:
        """How much of the sale's value (0 to 1) had gone back before, and has with this return."""
        value = sum((line.value for line in self.sold), ZERO)
        if not value:
            return ZERO, ONE if self.whole else ZERO
        gone = sum((line.value - line.value_left for line in self.sold), ZERO)
        now = sum((part.value for part in self.parts), ZERO)
        return gone / value, ONE if self.whole else (gone + now) / value

    # ------------------------------------------------------------ one-offs

    def one_offs(self, coming: Decimal) -> list[str]:
        """Points for the receipt as a whole go back when what is left of it no longer meets the conditions."""
        books = self.locked.books
        gone = self.locked.past.one_offs_back()
        back = []
        for earning in self.locked.earnings:
            rule = self.rules.get(earning.rule)
            if books is None or rule is None or not isinstance(rule.effect, Give) or rule.id in gone:
                continue
            if self._still_meets(rule):
                continue
            books.take_back(earning.points, sale_id=self.sale.pk, rule=rule.id, clamp=self.clamp, coming=coming)
            back.append(rule.id)
        if books is not None:
            back += self._codes(books, gone, coming)
        return back

    def _codes(self, books: Books, gone: set[str], coming: Decimal) -> Iterator[str]:
        """Points that a code has given go back when what is left is less than it asks for."""
        for used in self.locked.consequences.codes:
            rule = used.code.rule
            if used.code.gives != "points" or rule in gone:
                continue
            if self.whole or self._left.net < used.code.minimum:
                books.take_back(used.points, sale_id=self.sale.pk, rule=rule, clamp=self.clamp, coming=coming)
                yield rule

    def _still_meets(self, rule: Rule) -> bool:
        return not self.whole and rule.still_meets(self._left)

    @cached_property
    def _left(self) -> Receipt:
        """What the client keeps."""
        return self._kept({part.position: part for part in self.parts})

    @cached_property
    def _had(self) -> Receipt:
        """What he had before this return."""
        return self._kept({})

    def _kept(self, back: Mapping[int, LineBack]) -> Receipt:
        """Quantities, and values after discounts."""
        lines, cost = [], []
        for line in self.sold:
            part = back.get(line.position)
            quantity = line.line.quantity - line.back_quantity - (part.quantity if part else ZERO)
            value = line.value_left - (part.value if part else ZERO)
            if quantity > 0 and (value > 0 or not line.value):
                lines.append(structs.replace(line.line, quantity=quantity))
                cost.append(value)
        at, calendar = self.sale.occurred_at, self.rulebook.calendar
        cart = Cart(tuple(lines))
        return Receipt(cart, at, calendar.local(at), calendar.day_of(at), sum(cost, ZERO), cost=cost)

    # ------------------------------------------------------------ steps

    def steps(self, coming: Decimal, *, earned: Decimal) -> None:
        """A measure that has come back under a step takes back what was given for it."""
        account = self.locked.account
        if account is None:
            return
        known = {rule: (given, times, measure) for rule, period, given, times, measure in account.used if not period}
        sale_used = {used.rule: used for used in self.locked.consequences.used if not used.period}
        for rule in self.rules.values():
            effect, used = rule.effect, sale_used.get(rule.id)
            if not isinstance(effect, ProgressEffect) or (used is None and not isinstance(effect, Milestone)):
                continue
            given, times, measure = known.get(rule.id, (ZERO, 0, ZERO))
            fallen = ZERO if used is None else self._fallen(rule, effect, used, earned)
            reached = effect.steps(account.spent if isinstance(effect, Milestone) else measure - fallen)
            self._step_back(rule, max(times - reached, 0), given, fallen, coming)

    def _fallen(self, rule: Rule, effect: ProgressEffect, used: Used, earned: Decimal) -> Decimal:
        """How far the measure comes back: the points called for, their part of the money that counted, or stamps."""
        if isinstance(effect, Stamps):
            before, after = (min(self._stamps(rule, effect, left), used.measure) for left in (self._had, self._left))
            return max(before - (ZERO if self.whole else after), ZERO)
        if isinstance(effect, Coupon):
            return used.measure if self.whole else earned
        return share(used.measure, self.before, self.after, MONEY_DIGITS)

    def _stamps(self, rule: Rule, card: Stamps, left: Receipt) -> Decimal:
        """What this much of the receipt would bring."""
        if not left.cart.lines or not rule.still_meets(left):
            return ZERO
        goods = self.rulebook.points.goods
        lines = zip(left.cart.lines, left.cost, strict=True)
        return card.stamps(
            [Sold(line, cost) for line, cost in lines if line.earn and rule.goods.takes(line) and goods.takes(line)]
        )

    def _step_back(self, rule: Rule, steps: int, given: Decimal, fallen: Decimal, coming: Decimal) -> None:
        account, books = self.locked.account, self.locked.books
        if account is None or books is None:
            return
        points = ZERO
        if isinstance(rule.effect, Coupon):
            steps = self.locked.past.cancel_coupons(rule.id, steps) if steps else 0
        elif isinstance(rule.effect, Milestone | Carried | Stamps) and steps:
            points = min(rule.effect.points * steps, given)
            if points > 0:
                books.take_back(points, sale_id=self.sale.pk, rule=rule.id, clamp=self.clamp, coming=coming)
        account.changes.append(Used(rule.id, "", -points, -steps, -fallen))

    # ------------------------------------------------------------ others

    def awards(self) -> None:
        """Percents of those who invited go back in proportion; a one-off when its conditions no longer hold."""
        day = self.rulebook.calendar.day_of(self.sale.occurred_at)
        for state, books in self.locked.books_of_others():
            for given in self.locked.consequences.awards:
                award = given.award
                if given.account != state.id:
                    continue
                back = share(award.points, self.before, self.after, self.rulebook.program.precision)
                if award.one_off:
                    rule = self.rules.get(award.rule)
                    back = award.points if self.before < 1 and not (rule and self._still_meets(rule)) else ZERO
                    back = ZERO if self.locked.past.award_was_back(award.rule) else back
                if back > 0:
                    books.take_back(back, sale_id=self.sale.pk, rule=award.rule, clamp=self.clamp)
                    month = counted_for(given, day)
                    state.changes.append(structs.replace(month, given=-back, times=-1 if self.after == 1 else 0))

    def limits(self) -> None:
        """What came back may be given again: to this client within his limits, to all within budgets."""
        account, kept = self.locked.account, self.locked.consequences
        if account is not None:
            for used in kept.used:
                rule = self.rules.get(used.rule)
                if (rule and isinstance(rule.effect, ProgressEffect) and not used.period) or (
                    rule is None and used.rule != PROGRAMME
                ):
                    continue
                given = share(used.given, self.before, self.after, self._digits(used.rule))
                account.changes.append(Used(used.rule, used.period, -given, -used.times if self.whole else 0))
        for taken in sorted(kept.budgets, key=lambda taken: taken.rule):
            given = share(taken.given, self.before, self.after, self._digits(taken.rule))
            self.locked.past.refill_budget(taken.rule, given, int(self.whole))

    def _digits(self, rule: str) -> int:
        """Discounts are counted in money, all else in points."""
        known = self.rules.get(rule)
        money = known is not None and isinstance(known.effect, DiscountEffect)
        return self.rulebook.program.currency_digits if money else self.rulebook.program.precision
