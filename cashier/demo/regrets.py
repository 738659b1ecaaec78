"""A return minutes after the sale, before the client buys anything else: what `loyalty.sales.taking_back` does.

So near to the sale nothing of what it earned can have been spent, and nothing of what it spent has expired since.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Sequence
from decimal import Decimal

from cashier.demo.accounts import Accounts
from cashier.demo.rows import Rows, time_ordered_id
from cashier.demo.sold import Sold
from loyalty.engine import giving_back
from loyalty.engine.books import Books
from loyalty.engine.giving_back import LineBack
from loyalty.engine.quantities import ZERO
from loyalty.ledger import AccountState, books_of
from loyalty.models import Return, ReturnLine
from loyalty.sales import afterwards

_REASONS = ("Ошибка кассира", "Клиент передумал", "Не тот напиток")


def take_back(
    *, sold: Sold, state: AccountState | None, accounts: Accounts, rows: Rows, rng: random.Random, at: dt.datetime
) -> bool:
    """Give the sale back, wholly or by its last line. Returns whether nothing is left of it."""
    is_void = sold.visit.regret == "whole"
    parts = _parts(sold, whole=is_void)
    whole = len(parts) == len(sold.lines)
    key = rows.key(Return)
    earned = _sum(parts, "earned")
    if state is not None:
        books = books_of(state, at)
        _reinstate(books, sold, _sum(parts, "points"), accounts)
        clamp = sold.rules.rulebook.points.debt == "clamp"
        books.take_back(earned, sale_id=sold.id, rule="return", clamp=clamp)
        money = _sum(parts, "money")
        day = sold.rules.rulebook.calendar.day_of(sold.at)
        afterwards.uncount_purchase(state, paid=money, whole=whole, was_visit=whole and sold.is_visit, day=day)
        if whole:
            state.first_purchase_at, state.last_purchase_at = sold.first_and_last
        accounts.post(state, books, when=str(at), actor=sold.actor, sale=sold.id, given_back=key)
    _write(rows, sold, parts, key=key, at=at, rng=rng, program=accounts.program_id, is_void=is_void)
    return whole


def _parts(sold: Sold, *, whole: bool) -> list[LineBack]:
    frame = sold.rules.rulebook.program
    lines = giving_back.as_sold(sold.quote.lines)
    if whole:
        return giving_back.everything(lines, digits=frame.currency_digits, precision=frame.precision)
    last = {lines[-1].position: lines[-1].line.quantity}
    return giving_back.by_quantities(lines, last, digits=frame.currency_digits, precision=frame.precision)


def _reinstate(books: Books, sold: Sold, points: Decimal, accounts: Accounts) -> None:
    """Last taken first, with the old expiry."""
    for lot, amount in reversed(sold.taken):
        part = min(amount, points)
        if part > 0:
            points -= part
            books.credit(
                "reinstate",
                part,
                rule=accounts.lots[lot.id].rule,
                available_at=max(lot.available_at, books.now),
                expires_at=lot.expires_at,
                origin=lot.id,
            )


def _write(
    rows: Rows,
    sold: Sold,
    parts: Sequence[LineBack],
    *,
    key: int,
    at: dt.datetime,
    rng: random.Random,
    program: int,
    is_void: bool,
) -> None:
    earned = _sum(parts, "earned") if sold.account is not None else ZERO
    rows.add(
        Return,
        key,
        program,
        sold.id,
        time_ordered_id(rng, at),
        is_void,
        at,
        _sum(parts, "money"),
        _sum(parts, "points_value"),
        _sum(parts, "points"),
        _sum(parts, "certificate"),
        _sum(parts, "earned"),
        earned,
        ZERO,
        ZERO,
        False,
        sold.cashier,
        sold.actor,
        rng.choice(_REASONS),
        at,
    )
    for part in parts:
        rows.add(
            ReturnLine,
            rows.key(ReturnLine),
            program,
            key,
            sold.lines[part.position],
            part.quantity,
            part.value,
            part.money,
            part.points_value,
            part.points,
            part.certificate,
            part.earned,
        )


def _sum(parts: Sequence[LineBack], name: str) -> Decimal:
    return sum((getattr(part, name) for part in parts), ZERO)
