"""An account's books in memory: which lots move, and that they always balance."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal as D
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loyalty.engine.books import Books, NotEnoughPoints, OpenLot
from tests.engine.said import NOON

HOUR = dt.timedelta(hours=1)


def lot(
    number: int, rest: int, *, kept: int = 0, opens: float = -1, ends: float | None = None, sale: int | None = None
) -> OpenLot:
    """A lot that opens and ends so many hours from noon."""
    expires = None if ends is None else NOON + ends * HOUR
    return OpenLot(number, D(rest), D(kept), NOON + opens * HOUR, expires, sale)


def books(*lots: OpenLot, debt: int = 0) -> Books:
    return Books(points=sum((each.rest for each in lots), D(0)), debt=D(debt), lots=lots, now=NOON)


def moves(book: Books) -> list[dict[int, int]]:
    return [{n: int(part) for n, part in zip(p.lots, p.parts, strict=True)} for p in book.postings]


def test_the_soonest_to_expire_then_the_oldest_then_what_never_expires() -> None:
    book = books(lot(1, 10, opens=-5), lot(2, 10, ends=9), lot(3, 10, ends=2), lot(4, 10, opens=-9), lot(5, 10, ends=9))
    book.spend(D(45))
    assert moves(book) == [{3: -10, 2: -10, 5: -10, 4: -10, 1: -5}]


@pytest.mark.parametrize(
    ("opens", "ends", "usable"), [(0, None, True), (0.01, None, False), (-1, 0.01, True), (-1, 0, False)]
)
def test_a_lot_is_usable_from_its_first_instant_until_before_its_last(
    opens: float, ends: float | None, usable: bool
) -> None:
    assert books(lot(1, 10, opens=opens, ends=ends)).available == (10 if usable else 0)


def test_what_is_shown() -> None:
    book = books(lot(1, 10, ends=5), lot(2, 20, kept=5, ends=3), lot(3, 40, opens=2, ends=9), lot(4, 80))
    assert (book.available, book.pending, book.held, book.balance) == (105, 40, 5, 150)
    assert book.next_expiry() == (NOON + 3 * HOUR, 20)


def test_what_is_due_goes_lot_by_lot_and_holds_keep_theirs() -> None:
    book = books(lot(1, 10, ends=-1), lot(2, 20, kept=15, ends=-2), lot(3, 5))
    book.expire_due()
    assert moves(book) == [{2: -5}, {1: -10}]
    assert [posting.at for posting in book.postings] == [NOON - 2 * HOUR, NOON - HOUR]
    assert (book.points, book.available) == (20, 5)
    book.expire_due()
    assert len(book.postings) == 2


def test_too_few_points_change_nothing_that_is_kept() -> None:
    book = books(lot(1, 10), lot(2, 10, kept=1))
    with pytest.raises(NotEnoughPoints):
        book.spend(D(20))
    assert (book.available, book.postings) == (19, [])
    with pytest.raises(NotEnoughPoints):
        books(lot(1, 10, opens=1)).pick(D(1))
    assert books(lot(1, 10), lot(2, 10)).pick(D(15)) == [(1, 10), (2, 5)]


@pytest.mark.parametrize(("debt", "rest", "balance"), [(0, 10, 10), (4, 6, 6), (10, 0, 0), (15, 0, -5)])
def test_a_credit_pays_the_debt_first(debt: int, rest: int, balance: int) -> None:
    book = books(debt=debt)
    book.credit("earn", D(10), rule="base", available_at=NOON, expires_at=None)
    (posting,) = book.postings
    assert posting.new_lot is not None
    assert (posting.points, posting.new_lot.rest, posting.balance_after) == (10, rest, balance)
    assert (book.points, book.debt) == (rest, max(debt - 10, 0))


@pytest.mark.parametrize(
    ("points", "clamp", "taken", "owed"),
    [
        (10, False, {1: -10}, 0),
        (25, False, {1: -20, 2: -5}, 0),
        (55, False, {1: -20, 2: -30, 3: -5}, 0),
        # What a hold keeps goes last.
        (95, False, {1: -20, 2: -30, 3: -40, 4: -5}, 0),
        (120, False, {1: -20, 2: -30, 3: -40, 4: -10}, 20),
        (120, True, {1: -20, 2: -30, 3: -40, 4: -10}, 0),
    ],
)
def test_taking_back(points: int, clamp: bool, taken: dict[int, int], owed: int) -> None:
    book = books(lot(2, 30, ends=1), lot(1, 20, sale=7), lot(3, 40, opens=2), lot(4, 10, kept=10, ends=9))
    result = book.take_back(D(points), sale_id=7, rule="return", clamp=clamp)
    assert moves(book) == [taken]
    assert (book.debt, result.taken, result.forgiven) == (
        owed,
        -sum(taken.values()) + owed,
        points + sum(taken.values()) - owed,
    )


def test_what_is_coming_pays_before_holds_do() -> None:
    book = books(lot(1, 10, kept=10))
    book.take_back(D(15), sale_id=7, rule="return", clamp=True, coming=D(12))
    book.credit("reinstate", D(12), rule="x", available_at=NOON, expires_at=None)
    assert (moves(book)[0], book.points, book.debt) == ({1: -3}, 7, 0)


@pytest.mark.parametrize(("reserved", "taken", "debt"), [({1: 10}, {1: -10}, 0), ({1: 4}, {1: -4, 2: -5}, 1)])
def test_a_hold_spends_its_own_then_what_there_is_then_owes(
    reserved: dict[int, int], taken: dict[int, int], debt: int
) -> None:
    kept = reserved[1]
    book = books(lot(1, kept, kept=kept, ends=-1), lot(2, 5 if kept < 10 else 50))
    book.spend_held(D(10), {n: D(points) for n, points in reserved.items()})
    assert (moves(book), book.debt) == ([taken], debt)


def test_given_points_are_owed_where_there_are_too_few() -> None:
    book = books(lot(1, 5), lot(2, 5, opens=1), lot(3, 5, kept=5))
    book.spend_given(D(20))
    assert (moves(book), book.points, book.debt, book.balance) == ([{1: -5, 2: -5, 3: -5}], 0, 5, -5)
    assert book.unreserved == {3: 5}


lots = st.lists(
    st.tuples(
        st.integers(1, 50), st.integers(0, 50), st.sampled_from([-5, -1, 0, 1]), st.sampled_from([None, -1, 0, 1, 9])
    ),
    max_size=5,
)
acts = st.lists(
    st.tuples(
        st.sampled_from(["expire_due", "credit", "spend", "spend_given", "take_back", "clamp", "spend_held"]),
        st.integers(1, 80),
    ),
    max_size=6,
)


@settings(max_examples=300)
@given(lots, st.integers(0, 30), acts)
def test_books_always_balance(
    given_: list[tuple[int, int, int, int | None]], debt: int, acts: list[tuple[str, int]]
) -> None:
    opened = [
        lot(n, rest, kept=min(kept, rest), opens=opens, ends=ends, sale=n % 2)
        for n, (rest, kept, opens, ends) in enumerate(given_)
    ]
    book = books(*opened, debt=0 if opened else debt)
    rests = {each.id: each.rest for each in opened}
    balance = book.balance
    # Services do nothing before this.
    book.expire_due()
    for act, points in acts:
        _do(book, act, D(points))
    for posting in book.postings:
        balance += posting.points
        assert posting.balance_after == balance
        assert posting.points != 0
        for number, part in zip(posting.lots, posting.parts, strict=True):
            rests[number] += part
    assert book.balance == balance
    assert rests == {each.id: each.rest for each in book.lots}
    assert dict(book.moved.items()) == {
        each.id: each.rest - before.rest
        for each, before in zip(sorted(book.lots, key=lambda x: x.id), _again(given_), strict=True)
        if each.rest != before.rest
    }
    assert book.points == sum(rests.values()) + sum(new.rest for new in book.new_lots)
    assert book.points >= 0
    assert book.debt >= 0
    assert book.points == 0 or book.debt == 0
    assert all(0 <= each.reserved <= each.rest for each in book.lots)


def _again(given_: list[tuple[int, int, int, int | None]]) -> list[OpenLot]:
    return [lot(n, rest) for n, (rest, _kept, _opens, _ends) in enumerate(given_)]


def _do(book: Books, act: str, points: D) -> None:
    arguments: dict[str, Any] = {}
    if act == "expire_due":
        book.expire_due()
    elif act == "credit":
        book.credit("earn", points, rule="r", available_at=NOON, expires_at=None)
    elif act in ("take_back", "clamp"):
        # A lot of this very write can't be taken from, so services credit last.
        if not book.new_lots:
            book.take_back(points, sale_id=1, rule="return", clamp=act == "clamp")
    elif act == "spend":
        if points <= sum((each.free for each in book.lots if each.usable(book.now)), D(0)):
            book.spend(points)
    elif not book.new_lots:
        arguments = {"reserved": {each.id: each.reserved for each in book.lots}} if act == "spend_held" else {}
        getattr(book, act)(points, **arguments)
