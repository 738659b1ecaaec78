"""One set of rules living through the past: what `loyalty.sales` does for a till, without the database."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Callable, Collection, Sequence
from decimal import Decimal
from typing import Literal

from msgspec import Struct

from loyalty.backtest.events import Back, ByHand, Commit, Event, Joined, Receipt, Status
from loyalty.backtest.keeping import Kept, Returned
from loyalty.backtest.people import HeldLot, Person, Stood
from loyalty.backtest.totals import OfMonth, Totals
from loyalty.engine import discounts, points, promo
from loyalty.engine.bill import Bill
from loyalty.engine.books import Books, NotEnoughPoints, OpenLot
from loyalty.engine.calendar import Calendar
from loyalty.engine.cart import Cart, Client, Upline
from loyalty.engine.earning import lot_dates
from loyalty.engine.effects import Welcome
from loyalty.engine.giving_back import LineBack
from loyalty.engine.limits import Spent
from loyalty.engine.quantities import ZERO, floor, whole_steps
from loyalty.engine.quote import quote
from loyalty.engine.rulebook import Rulebook
from loyalty.ledger import new_account
from loyalty.sales import afterwards, consequences, taking_back
from loyalty.sales.consequences import upline_of
from loyalty.sales.past import SpentLot, taken_by
from loyalty.standing import client_of

RulesAt = Callable[[dt.datetime, int], Rulebook]
"""The rules for a moment, and for a receipt of this version (0: by the moment)."""

Wanted = Decimal | Literal["max"] | None

_NEVER = dt.datetime.max.replace(tzinfo=dt.UTC)
_NO_MONTH = _NEVER, _NEVER, OfMonth()


class Wish(Struct, frozen=True):
    """What the client spent under the first set of rules, and what they allowed."""

    points: Decimal
    allowed: Decimal


class Side:
    """`welcomes` are the rules whose points on joining stand in the history, too: each side gives its own. `back` is
    how many local days of history any of the rules looks at."""

    def __init__(
        self, rules: RulesAt, *, calendar: Calendar, precision: int, back: int, welcomes: Collection[str] = ()
    ) -> None:
        self.rules, self.calendar, self.precision = rules, calendar, precision
        self.back, self.welcomes = back, welcomes
        self.people: dict[int, Person] = {}
        self.kept: dict[int, Kept] = {}
        self.holds: dict[int, tuple[Kept, list[tuple[int, Decimal]]]] = {}
        self.by_hand: dict[int, int] = {}
        self.watched: dict[int, Kept] = {}
        self.spent: dict[str, Spent] = {}
        self.totals = Totals.empty()
        self.lot_ids = itertools.count(1)
        self._month = _NO_MONTH

    # ------------------------------------------------------------ events

    def live(self, event: Event, wish: Wish | None = None) -> Wish | None:
        match event:
            case Receipt():
                return self._sell(event, wish)
            case Back():
                self._give_back(event)
            case Joined():
                self._join(event)
            case ByHand():
                self._by_hand(event)
            case Commit():
                self._commit(event)
            case Status():
                self._set(event)
        return None

    def _join(self, event: Joined) -> None:
        rulebook = self.rules(event.at, 0)
        state = new_account(
            event.account,
            rulebook,
            event.at,
            birthday=event.birthday,
            birthday_year_known=event.birthday_year_known,
            tags=event.tags,
            invited=event.referrer is not None,
        )
        person = Person(state, event.referrer)
        self.people[event.account] = person
        inviter = self.people.get(event.referrer) if event.referrer is not None else None
        if inviter is not None:
            inviter.referees.append(person)
        gifts = rulebook.rules_that(Welcome)
        if gifts:
            books = person.books(event.at)
            available_at, expires_at = lot_dates(rulebook, event.at)
            for rule, effect in gifts:
                books.credit("earn", effect.points, rule=rule.id, available_at=available_at, expires_at=expires_at)
                self._gave(rule.id, effect.points, ZERO)
            self._post(person, books, event.at, None)

    def _by_hand(self, event: ByHand) -> None:
        person = self.people.get(event.account)
        if person is None or (event.kind == "earn" and event.rule in self.welcomes):
            return
        books = person.books(event.at)
        kind: Literal["opening", "earn", "adjust", "redeem", "reinstate"] = event.kind  # type: ignore[assignment]
        if event.points > 0:
            at = event.available_at or event.at
            rule, ends = event.lot_rule or event.rule, event.expires_at
            if ends is not None and ends <= event.at:
                # What lapsed for want of purchases has lost its own end.
                ends = lot_dates(self.rules(event.at, 0), event.at)[1]
            books.credit(kind, event.points, rule=rule, available_at=at, expires_at=ends, mark=event.rule)
            if kind == "earn":
                self._gave(event.rule, event.points, ZERO)
        elif event.undoes is not None:
            books.unadd(-event.points, lot_id=self.by_hand.get(event.undoes, 0), mark=event.rule)
        else:
            try:
                books.spend(-event.points, kind=kind, mark=event.rule)
            except NotEnoughPoints:
                books.spend(books.available, kind=kind, mark=event.rule)
        made = self._post(person, books, event.at, None)
        if made and kind == "adjust":
            self.by_hand[event.entry] = made[0]

    def _set(self, event: Status) -> None:
        person = self.people.get(event.account)
        if person is None:
            return
        if event.active is not None:
            person.state.status = "active" if event.active else "blocked"
        if event.tier is not None:
            person.state.manual_tier, person.state.manual_tier_until = event.tier, event.until

    # ------------------------------------------------------------ receipts

    def _sell(self, receipt: Receipt, wish: Wish | None) -> Wish:
        rulebook = self.rules(receipt.occurred_at, receipt.version)
        person = self.people.get(receipt.account) if receipt.account is not None else None
        books = person.books(receipt.at) if person else None
        uplines = self._uplines(person, rulebook) if person else []
        client = self._client(receipt, person, books, rulebook, uplines) if person and books else None
        asked = self._asked(receipt, rulebook, client, wish)
        cart = _cart(receipt, asked)
        made = quote(rulebook, client, cart, receipt.occurred_at, self.spent, codes=receipt.promo)
        for taking in made.budgets:
            spent = self.spent.get(taking.rule, Spent())
            self.spent[taking.rule] = Spent(spent.given + taking.given, spent.uses + 1)
        kept = Kept(receipt, rulebook, made, person, receipt.returns)
        if receipt.committed_at is not None and books is not None and person is not None:
            self._hold(kept, person, books, uplines)
        else:
            self._book(kept, person, books, uplines, receipt.at)
        return Wish(made.points, made.allowance.points)

    def _uplines(self, person: Person, rulebook: Rulebook) -> list[Person]:
        found: list[Person] = []
        seen = {person.state.id}
        above = person.referrer
        while len(found) < rulebook.levels and above is not None and above not in seen and above in self.people:
            seen.add(above)
            found.append(self.people[above])
            above = self.people[above].referrer
        return found

    def _client(
        self, receipt: Receipt, person: Person, books: Books, rulebook: Rulebook, uplines: Sequence[Person]
    ) -> Client:
        person.look_back(rulebook, receipt.day)
        redeemed, visited = ZERO, False
        for stood in person.stood.get(receipt.day, ()):
            redeemed += stood.redeemed
            visited = visited or stood.is_visit
        above: list[Upline] = []
        for n, one in enumerate(uplines):
            one.look_back(rulebook, receipt.day)
            above.append(upline_of(one.state, n + 1, receipt.day))
        return client_of(
            person.state,
            books,
            rulebook,
            receipt.occurred_at,
            identified_by=receipt.identified_by,
            # It was confirmed, or nothing could have been spent.
            confirmed=receipt.points > 0 or receipt.most,
            redeemed_today=redeemed,
            visited_today=visited,
            uplines=above,
            coupons=receipt.coupons,
        )

    def _asked(self, receipt: Receipt, rulebook: Rulebook, client: Client | None, wish: Wish | None) -> Wanted:
        """The same share of what is allowed as was spent. The first set of rules is asked for what was spent."""
        if receipt.most and client is not None:
            return "max"
        if not receipt.points or client is None:
            return None
        if wish is None or receipt.given or not wish.allowed:
            return receipt.points
        if not wish.points:
            return None
        bill = Bill(rulebook, client, _cart(receipt, None), receipt.occurred_at, self.spent, codes=receipt.promo)
        discounts.apply(bill, codes=promo.sort_out(bill) if receipt.promo else ())
        allowed = points.allowance(bill).points
        if allowed == wish.allowed:
            return wish.points
        if wish.points >= wish.allowed:
            return allowed
        share = floor(wish.points * allowed / wish.allowed, self.precision)
        return whole_steps(share, rulebook.spending_step)

    def _hold(self, kept: Kept, person: Person, books: Books, uplines: Sequence[Person]) -> None:
        reserve = books.pick(kept.quote.points) if kept.quote.points else []
        lots = {lot.id: lot for lot in books.lots}
        for lot_id, part in reserve:
            lots[lot_id].reserved += part
        # What a hold expires is posted; the counters move when it is booked.
        self._post(person, books, kept.receipt.at, None)
        self.holds[kept.pk] = kept, reserve
        kept.stood = Stood(kept.pk, is_visit=False, redeemed=kept.quote.points, kept=True)
        person.stand(kept.receipt.day, kept.stood, kept.rulebook.points.late_days + 7)

    def _commit(self, event: Commit) -> None:
        if event.sale not in self.holds:
            return
        kept, reserve = self.holds.pop(event.sale)
        if kept.person is not None:
            books = kept.person.books(event.at)
            self._book(kept, kept.person, books, self._uplines(kept.person, kept.rulebook), event.at, reserve)

    def _book(
        self,
        kept: Kept,
        person: Person | None,
        books: Books | None,
        uplines: Sequence[Person],
        now: dt.datetime,
        reserve: Sequence[tuple[int, Decimal]] = (),
    ) -> None:
        """What `loyalty.sales.work` does."""
        receipt, made = kept.receipt, kept.quote
        self._count_receipt(kept)
        if receipt.returns:
            self.kept[receipt.id] = kept
        if person is None or books is None:
            if receipt.returns:
                kept.consequences = consequences.of_quote(made, [])
            return
        state, rulebook = person.state, kept.rulebook
        kept.tier_before = state.tier
        if made.points:
            if receipt.committed_at is not None:
                books.spend_held(made.points, dict(reserve))
            else:
                (books.spend_given if receipt.given else books.spend)(made.points)
        for earning in made.earnings:
            afterwards.credit(books, earning)
            self._gave(earning.rule, earning.points, ZERO)
        state.changes += made.used
        self._award(kept, uplines, now)
        is_visit = not any(one.is_visit for one in person.stood.get(receipt.day, ()))
        gifts = afterwards.count_purchase(
            state, books, rulebook, paid=made.turnover, is_visit=is_visit, at=receipt.occurred_at, facts=[]
        )
        for gift in gifts:
            self._gave(gift.rule, gift.points, ZERO)
        if kept.stood is None:
            kept.stood = Stood(receipt.id, is_visit, made.points, kept=bool(receipt.returns))
            person.stand(receipt.day, kept.stood, rulebook.points.late_days + 7)
        else:
            kept.stood.is_visit = is_visit
        self._coupons(person, kept)
        kept.tier_after = state.tier
        if receipt.returns:
            kept.earnings = [*made.earnings, *gifts]
            kept.taken = _taken(books)
        self._post(person, books, now, kept)
        person.remember(receipt.day, self.back)
        person.discount += made.discount
        person.bought += 1

    def _award(self, kept: Kept, uplines: Sequence[Person], now: dt.datetime) -> None:
        made, day = kept.quote, kept.receipt.day
        if not made.awards and not kept.receipt.returns:
            return
        kept.consequences = consequences.of_quote(made, [above.state for above in uplines])
        given = kept.consequences.awards
        for above in uplines:
            if not any(one.account == above.state.id for one in given):
                continue
            books = above.books(now)
            for award in afterwards.credit_invited(above.state, books, given, day):
                self._gave(award.rule, award.points, ZERO)
            self._post(above, books, now, kept, earned=False)
            above.remember(day, self.back)

    def _coupons(self, person: Person, kept: Kept) -> None:
        for used in kept.receipt.coupons:
            if person.coupons.get(used.rule):
                person.coupons[used.rule].pop(0)
        for given in kept.quote.coupons:
            person.coupons.setdefault(given.rule, []).extend([given.expires_at] * given.number)
            self.totals.sums.coupons += given.number

    # ------------------------------------------------------------ what comes back

    def _give_back(self, back: Back) -> None:
        kept = self.kept.get(back.sale)
        if kept is None:
            return
        sold = kept.sold()
        parts = kept.parts(sold, back)
        if kept.person is not None:
            kept.person.look_back(kept.rulebook, self.calendar.day_of(back.at))
        locked = Returned(self, kept, back)
        off = -sum((part.money for part in parts if _sells(kept, part)), ZERO)
        outcome = taking_back.apply(locked, kept.rulebook, sold, parts, whole=back.whole, off=off)
        kept.count(parts)
        kept.points_back += sum((part.points for part in parts), ZERO)
        kept.expired_counted += outcome.expired
        kept.one_offs |= set(outcome.one_offs)
        kept.tier_undone |= outcome.tier_undone
        self._count_return(kept, parts)
        day = kept.receipt.day
        if kept.person is not None and locked.books is not None:
            kept.awards_back |= {
                posting.rule
                for _state, books in locked.books_of_others()
                for posting in books.postings
                if posting.kind == "clawback"
            }
            self._post(kept.person, locked.books, back.at, None)
            kept.person.remember(day, self.back)
            for state, books in locked.books_of_others():
                self._post(self.people[state.id], books, back.at, None)
                self.people[state.id].remember(day, self.back)
            if kept.stood is not None:
                kept.stood.redeemed -= sum((part.points for part in parts), ZERO)
                if back.whole:
                    kept.person.stood[day] = [one for one in kept.person.stood[day] if one is not kept.stood]
        kept.returns_left -= 1
        if not kept.returns_left:
            del self.kept[back.sale]
            for lot in kept.lots:
                self.watched.pop(lot, None)
            if kept.stood is not None:
                kept.stood.kept = False

    # ------------------------------------------------------------ books

    def _post(
        self, person: Person, books: Books, at: dt.datetime, kept: Kept | None, *, earned: bool = True
    ) -> list[int]:
        """What `loyalty_post` does: lots, balances, totals. Returns the ids of new lots."""
        state, sums, made = person.state, self.totals.sums, []
        lots: list[HeldLot] = books.lots  # type: ignore[assignment]
        for posting in books.postings:
            kind, moved = posting.kind, posting.points
            # Nearly all of them are these, and names that are spelled out are faster.
            if kind == "earn":
                sums.earn += moved
                self._month_sums(at).earn += moved
                person.earned += moved
            elif kind == "redeem":
                sums.redeem += moved
                self._month_sums(at).redeem += moved
            elif kind == "expire":
                sums.expire += moved
                self._month_sums(posting.at or at).expire += moved
                if self.watched:
                    self._watch_expired(posting.lots, posting.parts)
            else:
                setattr(sums, kind, getattr(sums, kind) + moved)
                if kind == "clawback":
                    person.earned += moved
            new = posting.new_lot
            if new is not None:
                sale = kept.pk if kept is not None else None
                lot = HeldLot(
                    next(self.lot_ids),
                    new.rest,
                    ZERO,
                    new.available_at,
                    new.expires_at,
                    sale,
                    new.expires_at,
                    new.rule,
                )
                made.append(lot.id)
                lots.append(lot)
                if kept is not None and earned and kept.receipt.returns:
                    kept.lots[lot.id] = new.rule
                    self.watched[lot.id] = kept
        state.points, state.debt = books.points, books.debt
        person.settle(lots)
        return made

    def _watch_expired(self, lots: Sequence[int], parts: Sequence[Decimal]) -> None:
        for lot, part in zip(lots, parts, strict=True):
            kept = self.watched.get(lot)
            if kept is not None:
                kept.expired[lot] = kept.expired.get(lot, ZERO) - part

    # ------------------------------------------------------------ totals

    def _gave(self, rule: str, points_given: Decimal, discount: Decimal) -> None:
        sums = self.totals.rules[rule]
        sums.points += points_given
        sums.discount += discount
        sums.receipts += 1

    def _count_receipt(self, kept: Kept) -> None:
        receipt, made, sums = kept.receipt, kept.quote, self.totals.sums
        sums.receipts += 1
        sums.total += made.total
        sums.to_pay += made.turnover
        sums.discount += made.discount
        sums.points_value += made.points_value
        month = self._month_sums(receipt.at)
        month.to_pay += made.turnover
        month.discount += made.discount
        if made.discount:
            for fact in made.facts:
                if fact.applied and fact.money and fact.kind in ("discount", "rounding"):
                    self._gave(fact.rule, ZERO, fact.money)
        if kept.person is not None:
            sums.with_client += 1
            tier = self.totals.tiers[made.tier]
            tier.receipts += 1
            tier.to_pay += made.turnover
            tier.discount += made.discount
            tier.earned += made.earned
            tier.redeemed += made.points

    def _count_return(self, kept: Kept, parts: Sequence[LineBack]) -> None:
        sums = self.totals.sums
        for part in parts:
            if not _sells(kept, part):
                sums.money_back += part.money
            sums.value_back += part.points_value
            line = kept.quote.lines[part.position]
            value = line.paid + line.points_value
            if line.discount and value:
                back = floor(line.discount * part.value / value, 2)
                sums.discount_back += back
                if kept.person is not None:
                    kept.person.discount -= back

    def _month_sums(self, at: dt.datetime) -> OfMonth:
        begins, ends, sums = self._month
        if not begins <= at < ends:
            first = self.calendar.day_of(at).replace(day=1)
            following = (first + dt.timedelta(days=32)).replace(day=1)
            sums = self.totals.months[f"{first:%Y-%m}"]
            self._month = self.calendar.start_of(first), self.calendar.start_of(following), sums
        return sums

    # ------------------------------------------------------------ beginning and end

    def begin(self, at: dt.datetime) -> None:
        """Count from here on; what was due before has gone before."""
        self._expire(at)
        self.totals, self._month = Totals.empty(), _NO_MONTH
        for person in self.people.values():
            person.earned = person.discount = ZERO
            person.bought = 0

    def end(self, at: dt.datetime) -> Totals:
        self._expire(at)
        rulebook = self.rules(at, 0)
        sums = self.totals.sums
        for person in self.people.values():
            sums.outstanding += person.state.points
            sums.debt += person.state.debt
            if rulebook.tiers:
                tier = person.state.tier if person.state.tier in rulebook.tiers_by_id else rulebook.tiers[0].id
                self.totals.tiers[tier].clients += 1
        return self.totals

    def _expire(self, at: dt.datetime) -> None:
        for person in self.people.values():
            if any(lot.expired(at) for lot in person.state.lots):
                self._post(person, person.books(at), at, None)

    def fork(self, rules: RulesAt) -> Side:
        """The same clients under other rules from here on."""
        other = Side(rules, calendar=self.calendar, precision=self.precision, back=self.back, welcomes=self.welcomes)
        other.people = {key: person.copy() for key, person in self.people.items()}
        for key, person in self.people.items():
            other.people[key].referees = [other.people[one.state.id] for one in person.referees]
        copies: dict[int, Kept] = {}
        for kept in [*self.kept.values(), *(held for held, _reserve in self.holds.values())]:
            copies[kept.pk] = _copied(kept, other)
        other.kept = {key: copies[key] for key in self.kept}
        other.holds = {key: (copies[key], list(reserve)) for key, (_kept, reserve) in self.holds.items()}
        other.watched = {lot: copies[kept.pk] for lot, kept in self.watched.items()}
        other.by_hand, other.spent = dict(self.by_hand), dict(self.spent)
        following = next(self.lot_ids)
        self.lot_ids, other.lot_ids = itertools.count(following), itertools.count(following)
        return other


def _copied(kept: Kept, other: Side) -> Kept:
    person = other.people[kept.person.state.id] if kept.person else None
    stood = None
    if person is not None and kept.stood is not None:
        stood = next((one for one in person.stood.get(kept.receipt.day, ()) if one.sale == kept.pk), None)
    return Kept(
        kept.receipt,
        kept.rulebook,
        kept.quote,
        person,
        kept.returns_left,
        stood,
        list(kept.earnings),
        kept.consequences,
        kept.tier_before,
        kept.tier_after,
        list(kept.taken),
        dict(kept.lots),
        dict(kept.expired),
        {position: list(parts) for position, parts in kept.back.items()},
        kept.points_back,
        kept.expired_counted,
        set(kept.one_offs),
        set(kept.awards_back),
        kept.tier_undone,
    )


def _cart(receipt: Receipt, asked: Wanted) -> Cart:
    return Cart(
        receipt.lines,
        points=asked,
        promo_codes=receipt.codes,
        outlet=receipt.outlet,
        channel=receipt.channel,
        given=receipt.given,
    )


def _taken(books: Books) -> list[tuple[SpentLot | None, Decimal]]:
    lots = {lot.id: lot for lot in books.lots}
    found: list[tuple[SpentLot | None, Decimal]] = []
    for posting in books.postings:
        if posting.kind == "redeem":
            found += [(None if key is None else _spent(lots[key]), part) for key, part in taken_by(posting)]
    return found


def _spent(lot: OpenLot) -> SpentLot:
    return SpentLot(lot.id, lot.rule if isinstance(lot, HeldLot) else "", lot.available_at, lot.own_expires_at)


def _sells(kept: Kept, part: LineBack) -> bool:
    """Whether the line sold a certificate, which is no turnover."""
    return kept.quote.lines[part.position].line.sells_certificate
