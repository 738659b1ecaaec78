"""A shop that does everything in any order. After every step the books are audited, and compared with a model.

The model is small and independent: it knows of each client only the balance that the answers of the till add up to.
What time alone takes away is looked up before the clock is moved.
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from decimal import Decimal as D
from typing import Any, ClassVar

import msgspec
from django.db import transaction
from django.db.models import QuerySet
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from loyalty import accounts, cards, ledger, merging, sales
from loyalty.certificates import changing, issuing, time_passing
from loyalty.certificates.issuing import Terms
from loyalty.engine.cart import AskedCertificate, Line, line
from loyalty.models import Account, AccountMerge, Certificate, Entry, Lot, Sale
from loyalty.refusals import Refused
from loyalty.sales import moving
from loyalty.sales.moved import living
from loyalty.sales.receipt import GivenBack, Receipt
from loyalty.sales.request import Answer, Idempotency, ReturnLineRequest, ReturnRequest, SaleRequest, Who
from loyalty.standing import NO_RULES, Standing, standing_of
from merchants.access import tenant
from merchants.models import Program
from tests.cast import open_shop
from tests.loyalty.checking import books_are_sound
from tests.loyalty.shop import TillStory, as_json, id_of, new_key

ZERO = D(0)
START = dt.datetime(2026, 11, 21, 9, 0, tzinfo=dt.UTC)
# What a till may be told without anything being wrong with us.
EXPECTED = {
    "client_not_found",
    "client_blocked",
    "redemption_limit",
    "confirmation_required",
    "receipt_exists",
    "sale_not_held",
    "sale_not_sold",
    "hold_ended",
    "return_exceeds_sale",
    "insufficient_points",
    "points_expired",
    "occurred_at_too_old",
    "program_not_published",
    "certificate_refused",
    "certificate_limit",
    "certificate_used",
    "card_taken",
}

TIERS = [
    {"id": "bronze", "title": "Бронза", "earn_percent": "3"},
    {"id": "silver", "title": "Серебро", "spent": "300", "visits": 4, "earn_percent": "5", "gift": "20"},
    {"id": "gold", "title": "Золото", "spent": "700", "earn_percent": "10", "discount_percent": "5", "gift": "50"},
]
BASE = {"id": "base", "title": "1 за 1", "effect": {"kind": "per_unit", "points": "1"}}
EVERY = {"id": "every", "title": "10 за 70", "effect": {"kind": "for_every", "points": "10", "amount": "70"}}
WELCOME = {"id": "welcome", "title": "Привет", "effect": {"kind": "welcome", "points": "30"}}
CHEAPER = {"id": "off", "title": "−7 %", "effect": {"kind": "discount", "percent": "7"}}
PROGRAMMES: list[dict[str, Any]] = [
    {"rules": [BASE]},
    {"rules": [WELCOME], "tiers": TIERS, "points": {"expiry": {"kind": "days", "days": 3}}},
    {"rules": [BASE, EVERY], "tiers": TIERS, "points": {"debt": "clamp", "expiry": {"kind": "days", "days": 2}}},
    {"rules": [BASE, CHEAPER], "points": {"pending_days": 2, "expiry": {"kind": "days", "days": 2}}},
    {
        "rules": [BASE],
        "points": {"value": "0.05", "rounding": "up"},
        "spending": {"per_day": "500", "min_points": "20"},
    },
    {"rules": [BASE, EVERY], "points": {"debt": "clamp", "earn_on": "total", "reinstate_days": 1}},
    {"rules": [BASE, CHEAPER], "spending": {"line_minimum": "1", "max_percent": "50", "round_to_pay": True}},
    {
        "rules": [WELCOME],
        "tiers": TIERS,
        "points": {"rounding": "half_up", "expiry": {"kind": "date", "date": "2026-11-24"}},
    },
]

prices = st.lists(st.integers(1, 30_000), min_size=1, max_size=4).map(
    lambda kopecks: [line(price=D(k) / 100, quantity=D(1 + k % 3), sku=f"sku-{k % 5}") for k in kopecks]
)
anyone = st.integers(0, 7)
points_asked = st.one_of(st.none(), st.just("max"), st.integers(1, 200).map(str))


class TillMachine(RuleBasedStateMachine):
    """Runs inside a transaction that is rolled back at the end: two thousand runs need one database."""

    seen: ClassVar[Counter[str]] = Counter()
    during: ClassVar[Callable[[], AbstractContextManager[None]]]

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        self.stack.enter_context(_rolled_back())
        self.accounts: list[Account] = []
        self.balances: dict[int, D] = {}
        self.merged: dict[int, AccountMerge] = {}
        self.sales: list[Receipt] = []
        self.done: list[tuple[str, Callable[[Idempotency], Answer], Idempotency, str]] = []
        self.receipts = itertools.count(1)
        self.seen["runs"] += 1

    def teardown(self) -> None:
        self.stack.close()

    # ------------------------------------------------------------ the stage

    @initialize(document=st.sampled_from(PROGRAMMES), precision=st.sampled_from([0, 0, 2]))
    def open(self, document: dict[str, Any], precision: int) -> None:
        program = Program.objects.create(name="Зерно", precision=precision)
        self.stack.enter_context(tenant(program.pk))
        self.story = TillStory(open_shop(program, "Зерно", []), START - dt.timedelta(days=10))
        self.story.publish(document)
        self.story.now = START
        self.unit = D(1).scaleb(-precision)
        self.enrol()

    @rule()
    @precondition(lambda self: len(self.accounts) < 3)
    def enrol(self) -> None:
        account = self.story.join(f"+7916{len(self.accounts):07}")
        self.accounts.append(account)
        self.balances[account.pk] = account.points - _dead(Lot.objects.filter(account=account), self.story.now)
        self.adjust(len(self.accounts) - 1, 10_000, 2)

    # ------------------------------------------------------------ the till

    @rule(who=anyone, lines=prices)
    def sell(self, who: int, lines: list[Line]) -> None:
        self._sell(self.story.request(self._who(who), *lines, receipt=self._receipt()))

    @rule(who=anyone, lines=prices)
    def sell_for_all_points(self, who: int, lines: list[Line]) -> None:
        self._sell(self.story.request(self._who(who), *lines, points="max"))

    @rule(who=anyone, lines=prices, points=points_asked)
    def sell_for_some_points(self, who: int, lines: list[Line], points: str | None) -> None:
        self._sell(self.story.request(self._who(who), *lines, points=points, receipt=self._receipt()))

    @rule(who=anyone, lines=prices, points=points_asked)
    def sell_by_code(self, who: int, lines: list[Line], points: str | None) -> None:
        code = cards.issue_code(account=self._who(who), now=self.story.now)
        request = self.story.request(self._who(who), *lines, points=points)
        self._sell(msgspec.structs.replace(request, client=Who("code", code.code)))

    @rule(who=anyone, lines=prices, days=st.integers(0, 5), points=points_asked, known=st.booleans())
    def sell_late(self, who: int, lines: list[Line], days: int, points: str | None, known: bool) -> None:
        """A receipt of some days ago, with a client or without one."""
        at = self.story.now - dt.timedelta(days=days)
        self._sell(self.story.request(self._who(who) if known else None, *lines, points=points, at=at))

    @rule(
        who=anyone, lines=prices, hours=st.integers(-2, 60), points=st.one_of(st.none(), st.integers(0, 300).map(str))
    )
    def book_offline(self, who: int, lines: list[Line], hours: int, points: str | None) -> None:
        at = self.story.now - dt.timedelta(hours=hours)
        request = self.story.request(self._who(who), *lines, points=points, at=at, receipt=self._receipt())
        self._sell(request, sales.book)

    @rule(who=anyone, lines=prices, points=points_asked, minutes=st.sampled_from([5, 30, 3000]), by_code=st.booleans())
    def hold(self, who: int, lines: list[Line], points: str | None, minutes: int, by_code: bool) -> None:
        account = self._who(who)
        request = self.story.request(account, *lines, points=points)
        if by_code:
            code = cards.issue_code(account=account, now=self.story.now)
            request = msgspec.structs.replace(request, client=Who("code", code.code))
        until = self.story.now + dt.timedelta(minutes=minutes)
        self._sell(request, lambda **given: sales.hold(until=until, **given))

    @rule(
        who=anyone,
        lines=prices,
        worth=st.integers(1, 40_000),
        of=st.sampled_from(["sum", "sum", "sum", "percent", "product"]),
        sold=st.booleans(),
        points=points_asked,
        holds=st.booleans(),
    )
    def pay_by_certificates(
        self, who: int, lines: list[Line], worth: int, of: Any, sold: bool, points: str | None, holds: bool
    ) -> None:
        """With a new one, and with the one before it, which may be empty, over or cancelled by now."""
        terms = Terms(
            kind=of,
            amount=D(worth) / 100 if of == "sum" else ZERO,
            percent=D(10) if of == "percent" else ZERO,
            sku=lines[0].sku if of == "product" else "",
            is_sold=sold,
            expires_at=self.story.now + dt.timedelta(days=worth % 4, minutes=1),
        )
        shop = self.story.shop
        made = issuing.issue(merchant=shop.merchant, terms=terms, now=self.story.now, by="test")[0]
        older = Certificate.objects.filter(pk__lt=made.pk).order_by("-pk").values_list("code", flat=True)[: worth % 2]
        request = self.story.request(self._who(who), *lines, points=points)
        asked = tuple(AskedCertificate(code) for code in (made.code, *older))
        request = msgspec.structs.replace(request, cart=msgspec.structs.replace(request.cart, certificates=asked))
        until = self.story.now + dt.timedelta(minutes=30)
        self._sell(request, (lambda **given: sales.hold(until=until, **given)) if holds else sales.sell)

    @rule(who=anyone, lines=prices, worth=st.integers(1, 40_000))
    def sell_a_certificate(self, who: int, lines: list[Line], worth: int) -> None:
        gift = line(price=D(worth) / 100, sells_certificate=True)
        self._sell(self.story.request(self._who(who), *lines[:3], gift, points="max"))

    @rule(n=anyone, days=st.sampled_from([0, 1, 30]))
    @precondition(lambda self: Certificate.objects.exists())
    def extend_or_cancel_a_certificate(self, n: int, days: int) -> None:
        one = Certificate.objects.order_by("-pk")[n % Certificate.objects.count()]
        now = self.story.now
        with self._refusals():
            if days:
                changing.extend(certificate=one, until=now + dt.timedelta(days=days), now=now, by="test")
            else:
                changing.cancel(certificate=one, now=now, by="test")

    @rule(n=anyone)
    @precondition(lambda self: self.sales)
    def commit(self, n: int) -> None:
        sale = self._sale(n)

        def act(key: Idempotency) -> Answer:
            return sales.commit(
                caller=self.story.caller, sale_id=id_of(sale), key=key, now=self.story.now, render=as_json
            )

        was = self._status(sale)
        receipt = self._act("commit", act, Receipt)
        if receipt is not None and was == "held":
            self._expect(receipt, _change_of(receipt))

    @rule(n=anyone)
    @precondition(lambda self: self.sales)
    def void(self, n: int) -> None:
        sale = self._sale(n)

        def act(key: Idempotency) -> Answer:
            return sales.void(
                caller=self.story.caller, sale_id=id_of(sale), key=key, now=self.story.now, render=as_json
            )

        self._give_back(sale, act)

    @rule(n=anyone, quantities=st.lists(st.sampled_from(["0", "0.5", "1", "2", "3"]), min_size=4, max_size=4))
    @precondition(lambda self: self.sales)
    def give_back_lines(self, n: int, quantities: list[str]) -> None:
        sale = self._sale(n)
        lines = [ReturnLineRequest(row.position, D(quantities[row.position])) for row in sale.lines]
        self._give_back(sale, self._returning(sale, ReturnRequest(lines=tuple(row for row in lines if row.quantity))))

    @rule(n=anyone, percent=st.integers(1, 110))
    @precondition(lambda self: self.sales)
    def give_back_a_sum(self, n: int, percent: int) -> None:
        sale = self._sale(n)
        amount = ((sale.total - sale.discount) * percent / 100).quantize(D("0.01"))
        if amount:
            self._give_back(sale, self._returning(sale, ReturnRequest(amount=amount)))

    @rule()
    @precondition(lambda self: self.done)
    def repeat_what_was_done(self) -> None:
        """A till that did not hear the answer asks again, at any later time, and hears the same."""
        _name, act, key, text = self.done[len(self.done) // 2]
        entries = Entry.objects.count()
        answer = act(key)
        assert (answer.text, answer.replayed, Entry.objects.count()) == (text, True, entries)

    # ------------------------------------------------------------ the office, and time

    @rule(who=anyone, hundredths=st.integers(-20_000, 20_000), days=st.one_of(st.none(), st.integers(0, 4)))
    def adjust(self, who: int, hundredths: int, days: int | None) -> None:
        account = self._who(who)
        points = (D(hundredths) / 100).quantize(self.unit)
        until = None if days is None else self.story.now + dt.timedelta(days=days, minutes=1)
        if not points:
            return
        with self._refusals():
            accounts.adjust(account=account, points=points, reason="", now=self.story.now, by="test", expires_at=until)
            self.balances[account.pk] += points
            self.seen["adjust"] += 1

    @rule(who=anyone, lines=prices)
    def block_for_a_while(self, who: int, lines: list[Line]) -> None:
        account, now = self._who(who), self.story.now
        accounts.block(account=account, reason="", now=now, by="test")
        sold = len(self.done)
        self._sell(self.story.request(account, *lines))
        assert len(self.done) == sold
        self._sell(self.story.request(account, *lines, points="10", receipt=self._receipt()), sales.book)
        accounts.unblock(account=account, reason="", now=now, by="test")

    @rule(who=anyone, tier=st.sampled_from(["", "silver", "gold"]), days=st.one_of(st.none(), st.integers(0, 3)))
    def set_manual_tier(self, who: int, tier: str, days: int | None) -> None:
        until = None if days is None else self.story.now + dt.timedelta(days=days)
        try:
            accounts.set_manual_tier(
                account=self._who(who), tier=tier, until=until, reason="", now=self.story.now, by="test"
            )
        except Refused as refused:
            assert refused.code == "tier_not_found"

    @rule(who=anyone, other=anyone)
    @precondition(lambda self: len(self.accounts) - len(self.merged) > 1)
    def merge_two(self, who: int, other: int) -> None:
        keep, drop = self._who(who), self._who(other)
        with self._refusals():
            row = merging.merge(keep=keep, drop=drop, now=self.story.now, by="test")
            self.merged[drop.pk] = row
            self.balances[keep.pk] += self.balances.pop(drop.pk)
            self.balances[drop.pk] = ZERO
            self.seen["merged"] += 1

    @rule(who=anyone)
    @precondition(lambda self: self.merged)
    def unmerge_two(self, who: int) -> None:
        row = list(self.merged.values())[who % len(self.merged)]
        with self._refusals():
            told = merging.foresee_unmerge(merge=row, now=self.story.now)
            done = merging.unmerge(merge=row, now=self.story.now, by="test")
            assert done == told
            del self.merged[row.dropped_id]
            change = done.back - done.debt_back
            self.balances[row.dropped_id] += change
            self.balances[row.kept_id] -= change
            assert self.balances[row.kept_id] == done.kept_after
            self.seen["unmerged"] += 1

    @rule(n=anyone, who=anyone)
    @precondition(lambda self: self.sales)
    def move_a_receipt(self, n: int, who: int) -> None:
        """To whoever was forgotten, or is the right one; now and then back again."""
        sale, now = Sale.objects.get(public_id=id_of(self._sale(n))), self.story.now
        to = self._who(who)
        with self._refusals():
            told = moving.foresee_move(sale=sale, to=to, now=now, by="test")
            done = moving.move(sale=sale, to=to, reason="", now=now, by="test")
            assert (done.giver, done.taker) == (told.giver, told.taker)
            new, back = Sale.objects.get(public_id=done.sale_id), None
            if who % 2:
                back = moving.move_back(sale=new, reason="", now=now, by="test")
            self._moved(sale.account_id, to.pk, done)
            if back is not None:
                self._moved(to.pk, sale.account_id, back)
            self.seen["moved"] += 1

    def _moved(self, giver: int | None, taker: int | None, done: moving.Moved) -> None:
        for key, side in ((giver, done.giver), (taker, done.taker)):
            assert (key is None) == (side is None)
            if key is not None and side is not None:
                assert side.before.balance == self.balances[key]
                self.balances[key] += side.change

    @rule(minutes=st.sampled_from([1, 20, 300, 1440, 3000]))
    def later(self, minutes: int) -> None:
        now = self.story.now + dt.timedelta(minutes=minutes)
        for account in self.accounts:
            self.balances[account.pk] -= _gone_between(account, self.story.now, now)
        self.story.now = now

    @rule()
    def sweep(self) -> None:
        """Nothing that anybody is shown depends on whether the sweep has run."""
        before = [self._standing(account) for account in self.accounts]
        ledger.end_due_holds(program_id=self.story.program_id, now=self.story.now)
        while self.story.sweep():
            self.seen["swept"] += 1
        time_passing.expire_due(program_id=self.story.program_id, now=self.story.now)
        assert [self._standing(account) for account in self.accounts] == before
        assert not Lot.objects.filter(rest__gt=0, expires_at__lte=self.story.now, reservations=None).exists()

    # ------------------------------------------------------------ what must always hold

    @invariant()
    def books(self) -> None:
        if not self.accounts:
            return
        self.seen["steps"] += 1
        books_are_sound(self.story.program_id, self.story.now)
        for account in self.accounts:
            standing = self._standing(account)
            assert standing.balance == self.balances[account.pk], account
            _is_possible(standing)

    # ------------------------------------------------------------ helpers

    def _who(self, n: int) -> Account:
        living = [account for account in self.accounts if account.pk not in self.merged]
        return living[n % len(living)]

    def _standing(self, account: Account) -> Standing:
        state = ledger.read(program_id=self.story.program_id, account_id=account.pk, now=self.story.now)
        return standing_of(state, ledger.books_of(state, self.story.now), NO_RULES, self.story.now)

    def _receipt(self) -> str:
        return f"{next(self.receipts):06}"

    def _sale(self, n: int) -> Receipt:
        """One of the last eight."""
        return self.sales[-1 - n % len(self.sales)]

    def _status(self, sale: Receipt) -> str:
        return Sale.objects.get(public_id=id_of(sale)).status

    @contextmanager
    def _refusals(self) -> Iterator[None]:
        try:
            with transaction.atomic():
                yield
        except Refused as refused:
            assert refused.code in EXPECTED, refused.code
            self.seen[f"refused {refused.code}"] += 1
        except moving.CannotMove as refused:
            self.seen[f"not moved: {refused.why}"] += 1
        except merging.CannotMerge as refused:
            assert refused.why in {"same", "hold", "late", "merged_on"}, refused.why
            self.seen[f"no merge: {refused.why}"] += 1

    def _act(self, name: str, act: Callable[[Idempotency], Answer], told: type[Any]) -> Any:
        key = new_key("", name)
        with self._refusals():
            answer = act(key)
            self.seen[name] += 1
            self.done.append((name, act, key, answer.text))
            return msgspec.json.decode(answer.text, type=told)
        return None

    def _sell(self, request: SaleRequest, service: Callable[..., Answer] = sales.sell) -> None:
        def act(key: Idempotency) -> Answer:
            return service(caller=self.story.caller, request=request, key=key, now=self.story.now, render=as_json)

        names = {sales.sell: "sell", sales.book: "book"}
        receipt = self._act(names.get(service, "hold"), act, Receipt)
        if receipt is None:
            return
        self.sales.append(receipt)
        del self.sales[:-8]
        if receipt.status == "committed" and receipt.client is not None:
            self._expect(receipt, _change_of(receipt))

    def _returning(self, sale: Receipt, request: ReturnRequest) -> Callable[[Idempotency], Answer]:
        def act(key: Idempotency) -> Answer:
            return sales.give_back(
                caller=self.story.caller,
                sale_id=id_of(sale),
                request=request,
                key=key,
                now=self.story.now,
                render=as_json,
            )

        return act

    def _give_back(self, sale: Receipt, act: Callable[[Idempotency], Answer]) -> None:
        was = living(Sale.objects.get(public_id=id_of(sale)))
        kept = _kept_too_long(was, self.story.now) if was.account_id else ZERO
        back = self._act("return", act, GivenBack)
        if back is None or back.client is None or was.account_id is None:
            return
        if was.status == "held":
            # Points that only the hold still kept alive are gone with it.
            self.balances[was.account_id] -= kept
        elif was.status == "committed":
            self.seen["return booked"] += 1
            self.balances[was.account_id] += back.points_back - back.earned_taken

    def _expect(self, receipt: Receipt, change: D) -> None:
        assert receipt.client is not None
        account_id = Account.objects.get(public_id=receipt.client.account_id).pk
        self.balances[account_id] += change - _stillborn(receipt, self.story.now)
        assert receipt.client.balance == self.balances[account_id]


def _stillborn(receipt: Receipt, now: dt.datetime) -> D:
    """What a receipt of some days ago earned, if its time has passed already."""
    return _dead(Lot.objects.filter(sale__public_id=id_of(receipt)), now)


def _dead(lots: QuerySet[Lot], now: dt.datetime) -> D:
    """What was given after the one day on which all points of a programme end."""
    return sum(lots.filter(rest__gt=0, expires_at__lte=now).values_list("rest", flat=True), ZERO)


def _change_of(receipt: Receipt) -> D:
    gifts = sum((fact.points or ZERO for fact in receipt.facts if fact.effect == "tier_gift"), ZERO)
    return receipt.points_earned + gifts - receipt.points_redeemed


def _gone_between(account: Account, before: dt.datetime, after: dt.datetime) -> D:
    """What is lost by waiting: lots that expire, unless a hold that lasts keeps them."""
    gone = ZERO
    for lot in Lot.objects.filter(account=account, rest__gt=0, expires_at__lte=after).prefetch_related("reservations"):
        assert lot.expires_at is not None
        kept = {now: sum(r.points for r in lot.reservations.all() if r.until > now) for now in (before, after)}
        gone += lot.rest - kept[after]
        if lot.expires_at <= before:
            gone -= lot.rest - kept[before]
    return gone


def _kept_too_long(sale: Sale, now: dt.datetime) -> D:
    kept = sale.reservations.filter(lot__expires_at__lte=now, until__gt=now)
    return sum(kept.values_list("points", flat=True), ZERO)


def _is_possible(standing: Standing) -> None:
    assert standing.available >= 0
    assert standing.pending >= 0
    assert standing.held >= 0
    assert standing.debt >= 0
    assert standing.debt == max(-standing.balance, ZERO)
    assert standing.available <= max(standing.balance, ZERO)
    assert standing.available + standing.pending + standing.held >= standing.balance


@contextmanager
def _rolled_back() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)
