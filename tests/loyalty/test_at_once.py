"""Many tills at one moment, with real threads, real commits and the whole audit afterwards."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal as D
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError, connection
from django.db.models import Sum
from msgspec import structs

from loyalty import accounts, cards, ledger, sales
from loyalty.audit import audit
from loyalty.models import Entry, Lot, Sale
from loyalty.refusals import Refused
from loyalty.sales.request import Answer, Who
from merchants.models import Till
from tests.cast import Cast
from tests.loyalty.at_once import at_once
from tests.loyalty.shop import ONE_PER_ONE, TillStory, as_json, new_key

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def busy(transactional_db: None, cast: Cast, story: TillStory) -> Iterator[TillStory]:
    """A story whose rows other connections see. In the end the books must be right."""
    story.publish({})
    yield story
    wrong = [str(found) for _check, found in audit(now=story.now) if found]
    assert wrong == []


def codes(results: list[Any]) -> Counter[str]:
    """How often each answer was given: a status or the code of a refusal. Anything else is a failure of the test."""
    for result in results:
        if isinstance(result, Exception) and not isinstance(result, Refused):
            raise result
    return Counter(
        r.code if isinstance(r, Refused) else str(r.status) if isinstance(r, Answer) else "done" for r in results
    )


def test_eight_tills_and_the_same_hundred_points(busy: TillStory) -> None:
    anna = busy.join()
    busy.give(anna, "100")
    requests = [busy.request(anna, "80", points="80") for _ in range(8)]
    results = at_once(busy.program_id, [partial(busy.sell_raw, request) for request in requests])
    assert codes(results) == {"201": 1, "redemption_limit": 7}
    assert busy.standing(anna).balance == 20


def test_forty_requests_with_ten_keys(busy: TillStory) -> None:
    busy.publish(ONE_PER_ONE)
    anna = busy.join()
    acts = []
    for n in range(40):
        # Half of them without a client: then there is no account to wait for.
        request = busy.request(anna if n % 2 else None, f"{n % 10 + 1}")
        acts.append(partial(busy.sell_raw, request, key=f"key-of-{n % 10}"))
    results = at_once(busy.program_id, acts)
    assert codes(results) == {"201": 40}
    assert Sale.objects.count() == 10
    answers = [result for result in results if isinstance(result, Answer)]
    assert len({answer.text for answer in answers}) == 10
    assert Counter(answer.replayed for answer in answers) == {False: 10, True: 30}


@pytest.mark.parametrize("known", [True, False], ids=["a client", "nobody"])
def test_one_receipt_from_two_threads(busy: TillStory, known: bool) -> None:
    anna = busy.join() if known else None
    request = busy.request(anna, "100", receipt="000001")
    results = at_once(busy.program_id, [partial(busy.sell_raw, request, key=key) for key in ("one", "two")])
    assert codes(results) == {"201": 1, "200": 1}
    assert Sale.objects.count() == 1


def test_two_tills_and_one_code(busy: TillStory) -> None:
    anna = busy.join()
    busy.give(anna, "100")
    code = cards.issue_code(account=anna, now=busy.now)
    request = busy.request(anna, "10", points="10")
    request = type(request)(cart=request.cart, occurred_at=busy.now, client=Who("code", code.code))
    results = at_once(busy.program_id, [partial(busy.sell_raw, request) for _ in range(4)])
    assert codes(results) == {"201": 1, "client_not_found": 3}
    assert busy.standing(anna).balance == 90


def test_a_void_and_a_return_of_the_same_sale(busy: TillStory) -> None:
    busy.publish(ONE_PER_ONE)
    anna = busy.join()
    for _ in range(5):
        sale = busy.sell(anna, "100")
        results = at_once(
            busy.program_id,
            [partial(busy.void, sale), partial(busy.give_back, sale, [(0, "1")]), partial(busy.void, sale)],
        )
        assert codes(results) in ({"done": 3}, {"done": 2, "sale_not_sold": 1})
        assert busy.standing(anna).balance == 0


def test_a_commit_and_a_void_of_the_same_hold(busy: TillStory) -> None:
    anna = busy.join()
    busy.give(anna, "500")
    for _ in range(5):
        balance = busy.standing(anna).balance
        held = busy.hold(anna, "50", points="50")
        acts: list[Any] = [partial(busy.commit, held), partial(busy.void, held)]
        results = at_once(busy.program_id, acts)
        assert codes(results) in ({"done": 2}, {"done": 1, "hold_ended": 1})
        # Committed and then voided, or ended: either way nothing was spent.
        assert busy.standing(anna).balance == balance
        assert busy.standing(anna).held == 0


def test_the_sweep_and_the_tills(busy: TillStory) -> None:
    """A set-based expiry that does not lock the accounts first broke against redemptions in every trial."""
    people = [busy.join(f"+7916000000{n}") for n in range(4)]
    for _trial in range(6):
        for person in people:
            busy.give(person, "50", until=busy.now + dt.timedelta(days=1))
            busy.give(person, "50", until=busy.now + dt.timedelta(days=30))
        busy.later(days=1)
        acts: list[Any] = [partial(busy.sell_raw, busy.request(person, "40", points="40")) for person in people]
        results = at_once(busy.program_id, [*acts, busy.sweep, busy.sweep])
        assert codes(results[:4]) == {"201": 4}
        assert not Lot.objects.filter(rest__gt=0, expires_at__lte=busy.now).exists()
    assert Counter(Entry.objects.filter(kind="expire").values_list("points", flat=True)) == {D(-50): 24}


def test_everything_at_once_ends(busy: TillStory) -> None:
    """One order of locks: nobody waits for somebody who waits for him."""
    busy.publish(ONE_PER_ONE)
    people = [busy.join(f"+7916000000{n}") for n in range(3)]
    for person in people:
        busy.give(person, "300", until=busy.now + dt.timedelta(hours=1))
    sold = [busy.sell(person, "30") for person in people]
    held = [busy.hold(person, "30", points="30", minutes=90) for person in people]
    busy.later(hours=1)
    acts: list[Any] = []
    for person, sale, hold in zip(people, sold, held, strict=True):
        acts += [
            partial(busy.sell_raw, busy.request(person, "20", receipt=f"r{person.pk}")),
            partial(busy.sell_raw, busy.request(person, "20", receipt=f"r{person.pk}")),
            partial(busy.give_back, sale, amount="10"),
            partial(busy.void, sale),
            partial(busy.commit, hold),
            partial(busy.void, hold),
            partial(busy.give, person, "5"),
            partial(accounts.block, account=person, reason="", now=busy.now, by="test"),
        ]
    acts += [busy.sweep, partial(ledger.end_due_holds, program_id=busy.program_id, now=busy.now)]
    results = at_once(busy.program_id, acts)
    refused = {"client_blocked", "sale_not_sold", "hold_ended"}
    assert {r.code for r in results if isinstance(r, Refused)} <= refused
    assert [r for r in results if isinstance(r, Exception) and not isinstance(r, Refused)] == []


# ---------------------------------------------------------------- what the tests above are worth

BOOKS = (Path(ledger.__file__).parent / "sql" / "books.sql").read_text()


@pytest.fixture
def without_the_lock(transactional_db: None) -> Iterator[None]:
    """The database of a careless developer: the account is read and not locked."""
    assert " FOR NO KEY UPDATE" in BOOKS
    with connection.cursor() as cursor:
        cursor.execute(BOOKS.replace(" FOR NO KEY UPDATE", ""))
    yield
    with connection.cursor() as cursor:
        cursor.execute(BOOKS)


def test_without_the_lock_the_database_still_refuses(without_the_lock: None, busy: TillStory) -> None:
    """The mutant without the row lock does what the first test forbids, and COMMIT catches every double spend."""
    anna = busy.join()
    stopped = 0
    for _ in range(10):
        busy.give(anna, str(100 - busy.standing(anna).balance))
        requests = [busy.request(anna, "80", points="80") for _ in range(8)]
        results = at_once(busy.program_id, [partial(busy.sell_raw, request) for request in requests])
        errors = [r for r in results if isinstance(r, DatabaseError)]
        assert all("do not balance" in str(error) or "lot_rest_within_amount" in str(error) for error in errors)
        stopped += len(errors)
        # Never twice, even so.
        assert sum(isinstance(result, Answer) for result in results) <= 1
    assert stopped, "the lock can be removed and no test notices"


def test_books_that_do_not_balance_are_not_committed(busy: TillStory) -> None:
    anna = busy.join()
    busy.give(anna, "100")
    for sql in (
        "UPDATE loyalty_account SET points = points + 1 WHERE id = %s",
        "UPDATE loyalty_account SET points = 0, debt = 5 WHERE id = %s",
        "UPDATE loyalty_lot SET rest = rest - 1 WHERE account_id = %s",
    ):
        with pytest.raises(DatabaseError, match="do not balance"), connection.cursor() as cursor:
            cursor.execute(sql, [anna.pk])
    assert busy.standing(anna).balance == 100


@pytest.mark.parametrize("sql", ["UPDATE {} SET program_id = program_id", "DELETE FROM {}"])
@pytest.mark.parametrize("table", ["loyalty_entry", "loyalty_saleline", "loyalty_return", "loyalty_returnline"])
def test_history_is_not_rewritten(busy: TillStory, table: str, sql: str) -> None:
    anna = busy.join()
    busy.give(anna, "100")
    busy.void(busy.sell(anna, "100"))
    with pytest.raises(DatabaseError, match=r"annot (update|delete)"), connection.cursor() as cursor:
        cursor.execute(sql.format(table))


def test_a_sweep_waits_for_nobody_twice(busy: TillStory) -> None:
    """Sweeps of two workers at once expire each lot once."""
    people = [busy.join(f"+7916000000{n}") for n in range(6)]
    for person in people:
        busy.give(person, "50", until=busy.now + dt.timedelta(days=1))
    busy.later(days=1)
    sweep = partial(ledger.expire_due, program_id=busy.program_id, now=busy.now, chunk=2)
    results = at_once(busy.program_id, [sweep] * 6)
    assert codes(results) == {"done": 6}
    while sweep():
        pass
    assert Entry.objects.filter(kind="expire").count() == 6


def test_a_hold_and_a_sale_of_the_same_points(busy: TillStory) -> None:
    anna = busy.join()
    busy.give(anna, "100")
    request = busy.request(anna, "80", points="80")
    until = busy.now + dt.timedelta(minutes=5)

    def hold(n: int) -> Answer:
        return sales.hold(
            caller=busy.caller, request=request, key=new_key(f"hold-{n}", n), now=busy.now, until=until, render=as_json
        )

    results = at_once(busy.program_id, [partial(hold, 1), partial(hold, 2), partial(busy.sell_raw, request)])
    assert codes(results) == {"201": 1, "redemption_limit": 2}


def test_two_budgets_of_a_thousand_and_sixteen_tills(busy: TillStory) -> None:
    """To the point, whoever comes first: 16 tills sell for far more than the two budgets hold."""
    budget = {"limits": {"budget": "1000"}}
    busy.publish(
        {
            "rules": [
                {"id": "base", "title": "1 за 1", "effect": {"kind": "per_unit", "points": "1"}, **budget},
                {"id": "bonus", "title": "37", "effect": {"kind": "give", "points": "37"}, **budget},
            ]
        }
    )
    till = Till.objects.get(pk=busy.caller.till_id)
    tills = [
        Till.objects.create(program=till.program, merchant=till.merchant, outlet=till.outlet, name=f"Зал {n}")
        for n in range(16)
    ]
    clients = [busy.join(f"+7916000{n:04}") for n in range(16)]

    def day(n: int) -> list[Answer]:
        caller = structs.replace(busy.caller, till_id=tills[n].pk)
        return [
            sales.sell(
                caller=caller,
                request=busy.request(clients[n], "31.00"),
                key=new_key("", (n, m)),
                now=busy.now,
                render=as_json,
            )
            for m in range(6)
        ]

    results = at_once(busy.program_id, [partial(day, n) for n in range(16)])
    assert [str(result) for result in results if isinstance(result, Exception)] == []
    given = dict(Lot.objects.values("rule").annotate(sum=Sum("amount")).values_list("rule", "sum"))
    assert given == {"base": 1000, "bonus": 1000}
