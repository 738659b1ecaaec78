"""The demo: the same books for the same seed, books that balance, and a shop that goes on selling."""

from __future__ import annotations

import datetime as dt
import shlex
from collections.abc import Iterator
from decimal import Decimal
from io import StringIO
from itertools import pairwise
from typing import Any

import msgspec
import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.test import Client

from cashier.demo.loading import Loader
from cashier.demo.making import make
from cashier.demo.shares import Plan
from cashier.demo.shop import Opened
from loyalty import bulk, sales
from loyalty.engine.cart import Cart, line
from loyalty.engine.quantities import ZERO
from loyalty.models import Account, Entry, Lot, Return, Sale, SaleLine
from loyalty.sales.receipt import Receipt
from loyalty.sales.request import SaleRequest, Who
from loyalty.standing import standing
from merchants.access import every_tenant, tenant
from merchants.authentication import look_up
from merchants.models import Member, Program, User
from tests.loyalty.shop import as_json, new_key

UNTIL = dt.date(2026, 11, 20)
# Noon in Moscow, on the day after.
NOW = dt.datetime(2026, 11, 21, 9, 0, tzinfo=dt.UTC)

BOOKS = {
    "entries": """
        SELECT a.public_id, e.kind, e.points, e.balance_after, e.parts, e.rule, e.at
          FROM loyalty_entry e JOIN loyalty_account a ON a.id = e.account_id
         WHERE e.program_id = %s ORDER BY a.public_id, e.id""",
    "sales": """
        SELECT s.public_id, a.public_id, s.status, s.receipt_number, s.occurred_at, s.total, s.points_redeemed,
               s.to_pay, s.points_earned, s.earnings, s.explanation, s.tier_before, s.tier_after, s.is_visit
          FROM loyalty_sale s LEFT JOIN loyalty_account a ON a.id = s.account_id
         WHERE s.program_id = %s ORDER BY s.public_id""",
    "clients": """
        SELECT a.public_id, c.name, c.phone, c.birthday, a.points, a.tier, a.spent, a.visits, a.created_at
          FROM clients_client c JOIN loyalty_account a ON a.id = c.account_id
         WHERE c.program_id = %s ORDER BY a.public_id""",
    "returns": """
        SELECT r.public_id, r.is_void, r.money, r.points_back, r.earned_taken, count(l.id)
          FROM loyalty_return r JOIN loyalty_returnline l ON l.given_back_id = r.id
         WHERE r.program_id = %s GROUP BY r.id ORDER BY r.public_id""",
}

# Each finds nothing in books that are right.
FAULTS = {
    "an account's points are its open lots": """
        SELECT a.id FROM loyalty_account a WHERE a.points <> coalesce(
            (SELECT sum(l.rest) FROM loyalty_lot l WHERE l.account_id = a.id), 0)""",
    "its balance is that of its last entry": """
        SELECT a.id FROM loyalty_account a WHERE a.points - a.debt <> coalesce(
            (SELECT e.balance_after FROM loyalty_entry e WHERE e.account_id = a.id ORDER BY e.id DESC LIMIT 1), 0)""",
    "entries follow from one another": """
        SELECT id FROM (SELECT id, points, balance_after, coalesce(lag(balance_after) OVER w, 0) AS before
                          FROM loyalty_entry WINDOW w AS (PARTITION BY account_id ORDER BY id)) e
         WHERE before + points <> balance_after""",
    "entries stand in the order of time": """
        SELECT id FROM (SELECT id, at, lag(at) OVER w AS before
                          FROM loyalty_entry WINDOW w AS (PARTITION BY account_id ORDER BY id)) e WHERE at < before""",
    "what entries moved of a lot is its rest": """
        SELECT l.id FROM loyalty_lot l WHERE l.rest IS DISTINCT FROM
            (SELECT sum(p.part) FROM loyalty_entry e, unnest(e.lots, e.parts) AS p (lot, part)
              WHERE e.account_id = l.account_id AND p.lot = l.id)""",
    "an entry is the sum of its parts": """
        SELECT e.id FROM loyalty_entry e WHERE e.points <> (SELECT sum(part) FROM unnest(e.parts) part)""",
    "nothing stays that has expired": "SELECT id FROM loyalty_lot WHERE rest > 0 AND expires_at <= %(end)s",
    "no lot was spent before its time or after": """
        SELECT e.id FROM loyalty_entry e, unnest(e.lots) lot JOIN loyalty_lot l ON l.id = lot
         WHERE e.kind = 'redeem' AND (e.at < l.available_at OR e.at >= l.expires_at)""",
    "lines add up to the sale": """
        SELECT s.id FROM loyalty_sale s WHERE (s.total, s.discount, s.points_value, s.points_redeemed, s.to_pay) <>
            (SELECT sum(l.amount), sum(l.discount), sum(l.points_value), sum(l.points), sum(l.paid)
               FROM loyalty_saleline l WHERE l.sale_id = s.id)""",
    "a line is what paid it": """
        SELECT id FROM loyalty_saleline WHERE amount <> discount + points_value + certificate + paid""",
    "earnings of a sale are its lots": """
        SELECT s.id FROM loyalty_sale s WHERE s.account_id IS NOT NULL AND
            (SELECT coalesce(sum((e->>'points')::numeric), 0) FROM jsonb_array_elements(s.earnings) e) <>
            (SELECT coalesce(sum(l.amount), 0) FROM loyalty_lot l WHERE l.sale_id = s.id AND l.origin_id IS NULL)""",
    "a sale's entries are what it says": """
        SELECT s.id FROM loyalty_sale s WHERE s.points_redeemed <> coalesce(
            (SELECT -sum(e.points) FROM loyalty_entry e WHERE e.sale_id = s.id AND e.kind = 'redeem'), 0)""",
    "a return's entries are what it says": """
        SELECT r.id FROM loyalty_return r WHERE (r.points_back, r.earned_taken) <>
            (SELECT coalesce(sum(e.points) FILTER (WHERE e.kind = 'reinstate'), 0),
                    coalesce(-sum(e.points) FILTER (WHERE e.kind = 'clawback'), 0)
               FROM loyalty_entry e WHERE e.given_back_id = r.id)""",
    "a voided sale is wholly returned": """
        SELECT s.id FROM loyalty_sale s WHERE s.status = 'voided' AND s.to_pay <>
            (SELECT sum(r.money) FROM loyalty_return r WHERE r.sale_id = s.id)""",
    "the counters count": """
        SELECT a.id FROM loyalty_account a LEFT JOIN LATERAL (
            SELECT sum(s.to_pay - coalesce(r.money, 0)) AS spent,
                   count(*) FILTER (WHERE s.status = 'committed') AS purchases,
                   count(*) FILTER (WHERE s.status = 'committed' AND s.is_visit) AS visits
              FROM loyalty_sale s LEFT JOIN (SELECT sale_id, sum(money) AS money FROM loyalty_return GROUP BY 1) r
                ON r.sale_id = s.id WHERE s.account_id = a.id) c ON true
         WHERE (a.spent, a.purchases, a.visits) <> (coalesce(c.spent, 0), c.purchases, c.visits)""",
    "a visit is one per client and day": """
        SELECT min(id) FROM loyalty_sale WHERE is_visit AND status = 'committed'
         GROUP BY account_id, local_day HAVING count(*) > 1""",
    "every day with a purchase is a visit": """
        SELECT min(id) FROM loyalty_sale WHERE account_id IS NOT NULL AND status = 'committed'
         GROUP BY account_id, local_day HAVING NOT bool_or(is_visit)""",
    "first and last are those of sales that stand": """
        SELECT a.id FROM loyalty_account a LEFT JOIN LATERAL (
            SELECT min(s.occurred_at) AS first, max(s.occurred_at) AS last FROM loyalty_sale s
             WHERE s.account_id = a.id AND s.status = 'committed') c ON true
         WHERE a.first_purchase_at IS DISTINCT FROM c.first OR a.last_purchase_at IS DISTINCT FROM c.last""",
    "nobody buys before he joins": """
        SELECT s.id FROM loyalty_sale s JOIN loyalty_account a ON a.id = s.account_id
         WHERE s.occurred_at < a.created_at""",
    "the day is the programme's": """
        SELECT id FROM loyalty_sale WHERE local_day <> (occurred_at AT TIME ZONE 'Europe/Moscow')::date""",
    "every reference is there": """
        SELECT l.id FROM loyalty_lot l LEFT JOIN loyalty_sale s ON s.id = l.sale_id
         WHERE l.sale_id IS NOT NULL AND s.account_id IS DISTINCT FROM l.account_id
        UNION ALL SELECT e.id FROM loyalty_entry e LEFT JOIN loyalty_sale s ON s.id = e.sale_id
         WHERE e.sale_id IS NOT NULL AND s.account_id IS DISTINCT FROM e.account_id
        UNION ALL SELECT l.id FROM loyalty_saleline l LEFT JOIN loyalty_sale s ON s.id = l.sale_id WHERE s.id IS NULL
        UNION ALL SELECT c.id FROM loyalty_card c LEFT JOIN loyalty_account a ON a.id = c.account_id WHERE a.id IS NULL
        UNION ALL SELECT c.id FROM clients_client c LEFT JOIN loyalty_account a ON a.id = c.account_id
         WHERE a.id IS NULL
        UNION ALL SELECT a.id FROM loyalty_account a LEFT JOIN clients_client c ON a.id = c.account_id
         WHERE c.id IS NULL""",
}


def made(*, clients: int = 50, receipts: int = 500, seed: int = 1, until: dt.date = UNTIL) -> tuple[Opened, Plan]:
    return make(clients=clients, receipts=receipts, seed=seed, until=until, now=NOW, progress=lambda _done: None)


def books(program_id: int) -> dict[str, list[tuple[Any, ...]]]:
    found = {}
    with connection.cursor() as cursor:
        for name, query in BOOKS.items():
            cursor.execute(query, [program_id])
            found[name] = cursor.fetchall()
    return found


def faults(end: dt.datetime) -> list[str]:
    found = []
    with connection.cursor() as cursor:
        for name, query in FAULTS.items():
            cursor.execute(query, {"end": end})
            if cursor.fetchone():
                found.append(name)
    return found


@pytest.fixture
def demo(db: None) -> Iterator[tuple[Opened, Plan]]:
    opened, plan = made()
    with tenant(opened.premises.program_id):
        yield opened, plan


@pytest.mark.django_db
def test_the_same_seed_gives_the_same_books() -> None:
    first, again, other = (made(seed=seed)[0] for seed in (1, 1, 2))
    assert books(first.premises.program_id) == books(again.premises.program_id)
    assert books(first.premises.program_id) != books(other.premises.program_id)
    assert {key.key for key in first.keys}.isdisjoint(key.key for key in again.keys)


@pytest.mark.django_db
def test_remembering_prices_changes_nothing() -> None:
    """With its memory the demo writes what the engine says for each receipt anew."""
    opened, plan = made()
    other = made(clients=0, receipts=0)[0]
    plain = msgspec.structs.replace(plan, premises=other.premises)
    for share in plain.shares():
        Loader(plain, remember=False).load(share)
    assert books(opened.premises.program_id) == books(other.premises.program_id)


@pytest.mark.django_db
def test_the_books_are_right() -> None:
    _opened, plan = made(clients=80, receipts=4000)
    assert faults(plan.end) == []
    with every_tenant():
        assert Sale.objects.count() == 4000
        assert Account.objects.count() == 80
        kinds = set(Entry.objects.values_list("kind", flat=True))
        assert kinds == {"earn", "redeem", "expire", "clawback", "reinstate"}
        assert set(Account.objects.values_list("tier", flat=True)) == {"bronze", "silver", "gold"}
        assert Return.objects.filter(is_void=True).exists()
        assert Return.objects.filter(is_void=False).exists()
        assert 0.2 < Sale.objects.filter(points_redeemed__gt=0).count() / 2800 < 0.3


@pytest.mark.django_db
def test_shares_do_not_meet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cashier.demo.shares.RECEIPTS_OF_A_SHARE", 150)
    _opened, plan = made()
    assert len(list(plan.shares())) == 4
    assert faults(plan.end) == []
    with every_tenant():
        assert (Account.objects.count(), Sale.objects.count()) == (50, 500)


@pytest.mark.django_db
def test_without_the_right_to_pass_over_triggers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("loyalty.bulk._PERMITTED", "SELECT false")
    _opened, plan = made()
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    assert faults(plan.end) == []


def test_selling_goes_on(demo: tuple[Opened, Plan]) -> None:
    """The trigger that compares account, lots and entries at COMMIT accepts the next sale and its return."""
    opened, _plan = demo
    caller = look_up(opened.keys[0].key)
    richest = Account.objects.order_by("-points")[0]
    before = standing(program_id=caller.program_id, account_id=richest.pk, now=NOW)
    request = SaleRequest(
        cart=Cart((line(price=Decimal(500)),), points=Decimal(50), outlet=caller.outlet_code),
        occurred_at=NOW,
        client=Who("card", richest.cards.get(kind="virtual").number),
    )
    answer = sales.sell(caller=caller, request=request, key=new_key("", request), now=NOW, render=as_json)
    sold = msgspec.json.decode(answer.text, type=Receipt)
    assert sold.points_redeemed == 50
    assert sold.client is not None
    assert sold.client.balance == before.balance - 50 + sold.points_earned
    assert sold.id is not None
    sales.void(caller=caller, sale_id=sold.id, key=new_key("", "void"), now=NOW, render=as_json)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    assert faults(NOW) == []


def test_old_receipts_are_told_and_taken_back(demo: tuple[Opened, Plan]) -> None:
    opened, _plan = demo
    caller = look_up(opened.keys[0].key)
    sale = Sale.objects.filter(account__isnull=False, status="committed", points_redeemed__gt=0).latest("occurred_at")
    told = sales.get(program_id=caller.program_id, sale_id=sale.public_id, now=NOW)
    assert told.facts
    assert [row.paid for row in told.lines] == list(
        SaleLine.objects.filter(sale=sale).order_by("position").values_list("paid", flat=True)
    )
    sales.void(caller=caller, sale_id=sale.public_id, key=new_key("", "void"), now=NOW, render=as_json)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    assert faults(NOW) == []


def test_books_that_do_not_balance_are_refused(demo: tuple[Opened, Plan]) -> None:
    opened, _plan = demo
    lot = Lot.objects.filter(rest__gt=0).latest("id")
    whole = {"accounts": range(1, lot.account_id + 10**6), "lots": range(1, lot.pk + 10**6)}
    bulk.check(program_id=opened.premises.program_id, **whole)
    with transaction.atomic():
        with bulk.loading():
            Lot.objects.filter(pk=lot.pk).update(rest=ZERO)
        with pytest.raises(bulk.NotBalancedError, match=str(lot.account_id)):
            bulk.check(program_id=opened.premises.program_id, **whole)
        transaction.set_rollback(True)


@pytest.mark.django_db
def test_the_day_is_not_over() -> None:
    """On the present day nothing has happened that is yet to come."""
    made(until=NOW.date())
    with every_tenant():
        latest = Sale.objects.latest("occurred_at")
        assert Sale.objects.count() == 500
    assert NOW - dt.timedelta(days=3) < latest.occurred_at < NOW


@pytest.mark.django_db
def test_the_command_tells_what_it_made_and_makes_it_once() -> None:
    told = run("--clients=20", "--receipts=100")
    program = Program.objects.get()
    assert told.count(f"kp_{program.pk}_") == 2  # alone, and in the line to copy
    for email in ("owner@example.org", "admin@example.org"):
        assert email in told
    password = told.partition("password ")[2].split()[0]
    assert User.objects.get(email="owner@example.org").check_password(password)
    assert User.objects.get(email="admin@example.org").is_staff
    with pytest.raises(CommandError, match="--again"):
        run()
    assert "with the passwords they had" in run("--again", "--clients=20", "--receipts=100")
    assert Program.objects.count() == 2
    assert not User.objects.get(email="owner@example.org").check_password("")
    with every_tenant():
        assert Member.objects.filter(user__email="owner@example.org").count() == 2


@pytest.mark.django_db
def test_the_line_to_copy_sells(client: Client) -> None:
    words = shlex.split("curl" + run("--clients=20", "--receipts=100").partition("curl")[2].replace("\\\n", " "))
    headers = dict(word.split(": ", 1) for flag, word in pairwise(words) if flag == "-H")
    assert words[1].endswith("/api/v1/sales")
    answer = client.post("/api/v1/sales", words[-1], content_type="application/json", headers=headers)
    assert answer.status_code == 201
    assert int(answer.json()["points_earned"]) > 0


@pytest.mark.parametrize("wrong", ["--clients=-1", "--clients=10000001", "--receipts=-1", "--until=2999-01-01"])
@pytest.mark.django_db
def test_sizes_that_make_no_sense(wrong: str) -> None:
    with pytest.raises(CommandError, match=wrong.split("=", maxsplit=1)[0]):
        run(wrong)


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("demo", *arguments, stdout=out, stderr=StringIO())
    return out.getvalue()
