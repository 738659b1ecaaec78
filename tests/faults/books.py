"""After the fault: what was acknowledged is in the books exactly once, and the books are sound."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
from django.core.management import get_commands

from tests.faults.load import Load
from tests.faults.processes import until
from tests.faults.running import Kopilka
from tests.faults.till import Acknowledged, Till

# Each finds rows that must not be there.
STRAYS = {
    "the points of an account are what its lots hold": """
        SELECT a.id FROM loyalty_account a LEFT JOIN loyalty_lot l ON l.account_id = a.id
         GROUP BY a.id HAVING a.points <> coalesce(sum(l.rest), 0)""",
    "points less debt are the sum of the entries": """
        SELECT a.id FROM loyalty_account a LEFT JOIN loyalty_entry e ON e.account_id = a.id
         GROUP BY a.id HAVING a.points - a.debt <> coalesce(sum(e.points), 0)""",
    "each entry's balance follows from the one before": """
        SELECT id FROM (
            SELECT id, balance_after - points - lag(balance_after, 1, 0.00) OVER (PARTITION BY account_id ORDER BY id)
              FROM loyalty_entry) AS steps(id, gap) WHERE gap <> 0""",
    "what a lot holds is the sum of what entries did to it": """
        SELECT l.id FROM loyalty_lot l LEFT JOIN (
            SELECT lot, sum(part) FROM loyalty_entry e, unnest(e.lots, e.parts) AS p(lot, part) GROUP BY lot
        ) AS moved(lot, points) ON moved.lot = l.id WHERE l.rest <> coalesce(moved.points, 0)""",
    "the lines of a sale add up to it": """
        SELECT s.id FROM loyalty_sale s LEFT JOIN loyalty_saleline l ON l.sale_id = s.id GROUP BY s.id
        HAVING (s.total, s.to_pay, s.points_redeemed, s.points_earned)
            <> (coalesce(sum(l.amount), -1), sum(l.paid), sum(l.points), sum(l.earned))""",
    "a sale has moved the points that it says": """
        SELECT s.id FROM loyalty_sale s LEFT JOIN loyalty_entry e
            ON e.sale_id = s.id AND e.given_back_id IS NULL AND e.kind IN ('earn', 'redeem')
         WHERE s.account_id IS NOT NULL GROUP BY s.id
        HAVING coalesce(sum(e.points), 0)
            <> CASE WHEN s.status IN ('committed', 'voided') THEN s.points_earned - s.points_redeemed ELSE 0 END""",
    "nothing is kept for a sale that is over": """
        SELECT r.id FROM loyalty_reservation r JOIN loyalty_sale s ON s.id = r.sale_id WHERE s.status <> 'held'""",
}


def check_all(kopilka: Kopilka, load: Load) -> None:
    """Once the load is over: everything that can be asked of the books."""
    answers = load.answers
    sold_once(kopilka, answers)
    answered_again(load)
    # After the repeats: they must not have moved anything either.
    sound(kopilka)
    balances_agree(kopilka, load)


def rows(kopilka: Kopilka, sql: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(kopilka.database_url, autocommit=True) as connection:
        return connection.execute(sql.encode()).fetchall()


def sound(kopilka: Kopilka) -> None:
    """The invariants in words of these tests, and in those of `manage.py audit`."""
    for what, sql in STRAYS.items():
        strays = rows(kopilka, sql)
        assert not strays, f"not so: {what}; {len(strays)} strays, the first are {strays[:5]}"
    if "audit" in get_commands():
        kopilka.run("manage.py", "audit")


def sold_once(kopilka: Kopilka, answers: Sequence[Acknowledged]) -> None:
    """Every acknowledged sale is there under its receipt number, once and as it was left; and no other is there."""
    expected: dict[str, tuple[str, str]] = {}
    receipts: dict[str, str] = {}
    for answer in answers:
        match answer.what:
            case "sell" | "hold":
                receipts[answer["id"]] = number = answer["receipt_number"]
                expected[number] = (answer["id"], answer["status"])
            case "commit":
                expected[receipts[answer["id"]]] = (answer["id"], "committed")
            case "void" | "return":
                expected[receipts[answer["sale_id"]]] = (answer["sale_id"], answer["sale_status"])
    found = rows(kopilka, "SELECT receipt_number, public_id::text, status FROM loyalty_sale")
    twice = [number for number, count in Counter(number for number, *_ in found).items() if count > 1]
    assert not twice, f"sold twice: {twice[:5]}"
    there = {number: (sale, status) for number, sale, status in found}
    lost = expected.keys() - there.keys()
    assert not lost, f"lost: {len(lost)} of {len(expected)} acknowledged sales, {sorted(lost)[:5]}"
    assert there == expected
    backs = rows(kopilka, "SELECT public_id::text FROM loyalty_return")
    assert sorted(back for (back,) in backs) == sorted(returns(answers))
    ((keys,),) = rows(kopilka, "SELECT count(*) FROM loyalty_idempotencykey")
    assert keys == len(answers), "a stored answer for each acknowledged write"


def returns(answers: Iterable[Acknowledged]) -> list[str]:
    return [answer["id"] for answer in answers if answer.what in ("void", "return") and answer["id"] is not None]


def balances_agree(kopilka: Kopilka, load: Load) -> None:
    """Each client has what the acknowledged answers add up to: in the books, and as a till is told."""
    expected: dict[str, Decimal] = defaultdict(Decimal)
    for answer in load.answers:
        told = answer.json
        client = (told.get("client") or {}).get("id")
        if client and answer.what in ("sell", "commit"):
            expected[client] += Decimal(told["points_earned"]) - Decimal(told["points_redeemed"])
        elif client and answer.what in ("void", "return"):
            expected[client] += Decimal(told["points_back"]) - Decimal(told["points_taken_back"])
    booked = dict(rows(kopilka, "SELECT public_id::text, points - debt FROM loyalty_account"))
    # Those who were enrolled for a code alone have bought nothing.
    assert booked == {client: expected[client] for client in booked}
    assert booked.keys() >= {client for client, _card in load.cards} | expected.keys()
    till = Till(load.port, load.keys[0])
    told = {client: Decimal(till.read(f"clients/{client}")["balance"]) for client in booked}
    till.hang_up()
    assert told == booked


def answered_again(load: Load, *, most: int = 600) -> None:
    """The same key again: the very text that was acknowledged. The same receipt under a new key: the same sale."""
    tills = {key: Till(load.port, key) for key in load.keys}
    for answer in load.answers[-most:]:
        again = tills[answer.till].insist(answer.what, answer.path, answer.key, answer.body)
        assert (again.replayed, again.status, again.text) == (True, answer.status, answer.text)
    sales = [answer for answer in load.answers if answer.what == "sell"]
    for answer in sales[:: max(1, len(sales) // 20)]:
        again = tills[answer.till].write("sell", answer.path, json.loads(answer.body))
        assert (again.status, again["id"]) == (200, answer["id"])
    for till in tills.values():
        till.hang_up()


def delivered(kopilka: Kopilka, load: Load, *, seconds: float) -> Counter[str]:
    """Wait until the outbox is empty; every message that was acknowledged has been sent. How often each was."""
    asked = {json.loads(answer.body)["points"] for answer in load.answers if answer.what == "confirm"}
    until(
        lambda: rows(kopilka, "SELECT count(*) FROM merchants_outboxmessage") == [(0,)],
        "the outbox is empty",
        seconds=seconds,
        step=0.5,
    )
    sent = sent_messages(kopilka.sms)
    assert sent.keys() == asked, f"of {len(asked)} messages {len(asked - sent.keys())} were not sent"
    return sent


def sent_messages(file: Path) -> Counter[str]:
    return Counter(re.findall(r"\b1\d{6}\b", re.sub(r"\+\d+", "", file.read_text(encoding="utf-8"))))
