"""`manage.py audit` says «clean», or names the first wrong row of each check."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from loyalty.audit import audit, checks
from loyalty.engine.cart import line
from loyalty.merging import merge
from loyalty.models import Account, Entry, Exchange
from loyalty.promo import making
from loyalty.promo.terms import Terms
from loyalty.rewards import catalogue, exchanging
from merchants.access import tenant
from tests.cast import Cast
from tests.loyalty.shop import ONE_PER_ONE, TillStory


@contextmanager
def unguarded() -> Iterator[Any]:
    """A cursor for which no trigger and no constraint of the database works: a hand in the tables, until the end."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET LOCAL session_replication_role = replica")
        cursor.execute("ALTER TABLE loyalty_account DROP CONSTRAINT account_points_or_debt")
        cursor.execute("ALTER TABLE loyalty_lot DROP CONSTRAINT lot_rest_within_amount")
        yield cursor
        transaction.set_rollback(True)


@pytest.fixture
def life(story: TillStory) -> tuple[TillStory, Account]:
    """A little of everything."""
    tiers = [{"id": "b", "title": "B"}, {"id": "s", "title": "S", "spent": "300", "gift": "10"}]
    base = {**ONE_PER_ONE["rules"][0], "limits": {"budget": "100000"}}
    story.publish({"rules": [base], "tiers": tiers})
    anna = story.join()
    alike = [story.join(f"+7916000000{n}") for n in range(2)]
    story.give(alike[1], "7")
    story.sell(alike[1], "5")
    merge(keep=alike[0], drop=alike[1], now=story.now, by="test")
    story.give(anna, "100", until=story.now + dt.timedelta(days=1))
    sale = story.sell(anna, "200", "100", points="50", receipt="1")
    story.give_back(sale, [(1, "1")])
    story.void(story.sell(anna, "70"))
    story.hold(anna, "30", points="30", minutes=3000)
    gift = story.sell(None, "40", line(price=Decimal(500), sells_certificate=True)).certificates_sold[0].code
    paid = story.sell(anna, "60", "60", paying=[(gift, "100")])
    story.give_back(paid, [(0, "1")])
    story.hold(None, "70", paying=[(gift, "70")], minutes=3000)
    story.later(days=1)
    story.sweep()
    spring = Terms(name="Весна", kind="shared", word="ВЕСНА", gives="sum", amount=Decimal(5), total_limit=3)
    making.order_batch(merchant=story.shop.merchant, terms=spring, now=story.now, by="test")
    story.sell(anna, "30", codes=["весна"])
    terms = catalogue.Terms(title="Кофе", price=Decimal(5), left=3)
    coffee = catalogue.add(merchant=story.shop.merchant, terms=terms, now=story.now, by="test")
    exchanging.exchange(reward=coffee, account=anna, channel=Exchange.Channel.CARD, now=story.now, by="test")
    return story, anna


def found(story: TillStory, program_id: int | None = None) -> dict[str, str]:
    wrong = audit(program_id=program_id, now=story.now)
    return {check.name: str(row) for check, row in wrong if row is not None}


def test_a_shop_is_clean(life: tuple[TillStory, Account]) -> None:
    story, _anna = life
    assert found(story) == {}
    out = StringIO()
    call_command("audit", stdout=out)
    assert out.getvalue() == "clean\n"


def test_it_names_the_account(life: tuple[TillStory, Account]) -> None:
    story, anna = life
    with unguarded() as cursor:
        cursor.execute("UPDATE loyalty_account SET points = points + 1 WHERE id = %s", [anna.pk])
        out = StringIO()
        with pytest.raises(CommandError) as error:
            call_command("audit", stdout=out)
    assert error.value.returncode == 1
    lines = out.getvalue().splitlines()
    assert [line.partition(":")[0] for line in lines] == ["points-are-lots", "balance-is-last-entry"]
    assert all(f"account {anna.pk} of programme {story.program_id}" in line for line in lines)


def test_another_programme_is_not_asked(life: tuple[TillStory, Account], cast: Cast) -> None:
    story, anna = life
    with unguarded() as cursor:
        cursor.execute("UPDATE loyalty_account SET points = points + 1 WHERE id = %s", [anna.pk])
        assert found(story, cast.pryanik.program.pk) == {}
        assert found(story, story.program_id) != {}


FAULTS = [
    ("points-or-debt", "UPDATE loyalty_account SET debt = 5 WHERE id = {anna}"),
    ("points-are-lots", "UPDATE loyalty_lot SET rest = rest - 1 WHERE account_id = {anna} AND rest > 1"),
    ("balance-is-last-entry", "DELETE FROM loyalty_entry WHERE id = (SELECT max(id) FROM loyalty_entry)"),
    ("entries-follow", "UPDATE loyalty_entry SET points = points + 1 WHERE kind = 'adjust'"),
    ("entry-parts", "UPDATE loyalty_entry SET parts = ARRAY[-60.0] WHERE kind = 'redeem'"),
    ("lot-rest", "UPDATE loyalty_lot SET rest = amount + 1 WHERE account_id = {anna}"),
    ("lot-history", "UPDATE loyalty_lot SET amount = amount + 1 WHERE account_id = {anna}"),
    ("entry-lots", "UPDATE loyalty_entry SET lots = ARRAY[0] WHERE kind = 'adjust'"),
    ("entry-sale", "UPDATE loyalty_sale SET account_id = NULL WHERE points_redeemed > 0"),
    ("entry-return", "UPDATE loyalty_return SET sale_id = (SELECT max(id) FROM loyalty_sale)"),
    ("lot-origin", "UPDATE loyalty_lot SET sale_id = (SELECT max(id) FROM loyalty_sale WHERE account_id IS NULL)"),
    ("reservation-of-hold", "UPDATE loyalty_sale SET status = 'ended' WHERE status = 'held'"),
    ("reservation-within-lot", "UPDATE loyalty_reservation SET points = 1000"),
    ("sale-sums", "UPDATE loyalty_sale SET to_pay = to_pay + 1"),
    ("line-sums", "UPDATE loyalty_saleline SET discount = 1"),
    ("sale-is-its-lines", "DELETE FROM loyalty_saleline WHERE position = 1"),
    ("sale-entries", "UPDATE loyalty_sale SET earnings = '[]'"),
    ("return-is-its-lines", "DELETE FROM loyalty_returnline"),
    ("return-entries", "UPDATE loyalty_return SET earned_taken = earned_taken - 1, earned_expired = 1"),
    ("return-within-sale", "UPDATE loyalty_returnline SET quantity = 100"),
    ("voided-is-returned", "UPDATE loyalty_sale SET status = 'voided' WHERE receipt_number = '1'"),
    ("counters", "UPDATE loyalty_account SET visits = visits + 1 WHERE id = {anna}"),
    ("one-visit-a-day", "UPDATE loyalty_sale SET is_visit = false"),
    ("budget-share", "UPDATE loyalty_budgetshare SET given = lent + 1"),
    ("budget-is-its-sales", "UPDATE loyalty_sale SET consequences = '{{}}'"),
    ("certificate-rest", "UPDATE loyalty_certificate SET rest = rest - 1 WHERE rest > 1"),
    ("certificate-entry-chain", "UPDATE loyalty_certificateentry SET rest_after = rest_after + 1 WHERE kind = 'issue'"),
    ("certificate-of-sale", "UPDATE loyalty_certificateentry SET parts = ARRAY[1.0] WHERE kind = 'redeem'"),
    ("certificate-kept", "UPDATE loyalty_certificatereservation SET amount = 100000"),
    ("certificate-sold", "UPDATE loyalty_certificate SET nominal = nominal + 1 WHERE line IS NOT NULL"),
    ("gifts-in-stock", "UPDATE loyalty_reward SET stock = stock + 1"),
    ("gift-is-paid", "UPDATE loyalty_exchange SET state = 'cancelled'"),
    ("promo-code-of-receipt", "UPDATE loyalty_promocodeuse SET account_id = NULL"),
    ("promo-codes-counted", "DELETE FROM loyalty_promocodeuse"),
    ("merged-is-empty", "UPDATE loyalty_account SET status = 'active' WHERE merged_into_id IS NOT NULL"),
    ("moved-between-two", "UPDATE loyalty_entry SET points = points - 1 WHERE kind = 'move' AND points < 0"),
    ("exists:loyalty_sale.till_id", "UPDATE loyalty_sale SET till_id = 0"),
    (
        "exists:loyalty_lot.program_id",
        (
            "INSERT INTO loyalty_lot (program_id, account_id, merchant_id, rule, amount,"
            " rest, available_at, created_at) VALUES (0, 0, 0, '', 1, 0, now(), now())"
        ),
    ),
    ("tenant:loyalty_card.account_id", "UPDATE loyalty_card SET program_id = {pryanik}"),
    (
        "tenant:merchants_till.outlet_id",
        "UPDATE merchants_till SET program_id = {pryanik} WHERE program_id = {zerno}",
    ),
]


@pytest.mark.parametrize(("name", "sql"), FAULTS)
def test_each_check_finds_its_fault(life: tuple[TillStory, Account], cast: Cast, name: str, sql: str) -> None:
    story, anna = life
    programmes = {"zerno": cast.zerno.program.pk, "pryanik": cast.pryanik.program.pk}
    with unguarded() as cursor:
        cursor.execute(sql.format(anna=anna.pk, **programmes))
        assert cursor.rowcount > 0
        assert name in found(story)


def test_every_check_has_a_test() -> None:
    tested = {name for name, _sql in FAULTS}
    # Unique indexes keep these; the audit looks all the same.
    kept = {"answer-once", "receipt-once", "promo-code-once"}
    assert {check.name for check in checks() if ":" not in check.name} == {n for n in tested if ":" not in n} | kept


def test_references_come_from_the_models() -> None:
    names = {check.name for check in checks()}
    assert {"tenant:loyalty_entry.lots" in names, "tenant:clients_client.account_id" in names} == {False, True}
    assert len({name for name in names if name.startswith("tenant:")}) > 30


def test_the_history_of_two_programmes_does_not_mix(cast: Cast, life: tuple[TillStory, Account]) -> None:
    story, _anna = life
    with tenant(cast.pryanik.program.pk):
        other = TillStory(cast.pryanik, story.now)
        other.publish(ONE_PER_ONE)
        egor = other.join()
        other.sell(egor, "10")
        assert Entry.objects.count() == 1
    assert found(story) == {}
