"""The roll-ups are what the books say: after any history, however often and whenever they were brought up to date."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal as D
from uuid import uuid4

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection
from pytest_django import DjangoAssertNumQueries

from insights import rollups, snapshots
from insights.models import DayTotals, PointsDay, RollUp, Snapshot
from insights.z_reports import shifts
from loyalty.accounts import adjust
from loyalty.models import Account, Sale
from loyalty.sales.moving import move, move_back
from merchants.access import every_tenant, tenant
from merchants.models import Merchant
from tests.cast import Cast
from tests.insights.history import RULES, History
from tests.insights.plain import computed, rolled
from tests.loyalty.shop import ONE_PER_ONE, TillStory, id_of


@pytest.mark.parametrize("seed", range(8))
def test_they_are_what_the_books_say(story: TillStory, seed: int) -> None:
    story.publish(RULES)
    history = History(story, seed)
    for _ in range(60):
        history.step()
        if history.random.random() < 0.3:
            rollups.roll_up(now=story.now)
    rollups.roll_up(now=story.now)
    found = rolled(story.shop.program)
    assert found == computed(story.shop.program)
    # Made anew, and brought up to date for the first time now, they are the same.
    rollups.rebuild(program_id=story.program_id, now=story.now)
    rollups.roll_up(now=story.now)
    assert rolled(story.shop.program) == found
    assert found[0]


@pytest.mark.parametrize("seed", range(3))
def test_a_day_that_begins_at_five(story: TillStory, seed: int) -> None:
    program = story.shop.program
    program.day_starts_at = dt.time(5)
    program.save()
    story = TillStory(story.shop, story.now)
    story.publish(RULES)
    history = History(story, 100 + seed)
    for _ in range(60):
        history.step()
        if history.random.random() < 0.3:
            rollups.roll_up(now=story.now)
    rollups.roll_up(now=story.now)
    assert rolled(program) == computed(program)


def test_moving_a_receipt_sells_and_returns_nothing(story: TillStory) -> None:
    """Neither on its own day nor on that of the move; also where it is rolled up between the two, and undone."""
    story.publish(ONE_PER_ONE)
    anna, boris = story.join(), story.join("+79161234568")
    story.sell(boris, "50")
    sold = Sale.objects.get(public_id=id_of(story.sell(anna, "300", cashier="Анна")))
    sums = ("receipts", "voids", "returns", "to_pay", "returned_money", "points_earned", "returned_earned")

    def told() -> list[tuple[object, ...]]:
        rollups.roll_up(now=story.now)
        assert rolled(story.shop.program) == computed(story.shop.program)
        return list(DayTotals.objects.order_by("local_day", "cashier").values_list("local_day", "cashier", *sums))

    story.later(days=2)
    story.sell(anna, "10")
    before = told()
    assert len(before) == 3
    done = move(sale=sold, to=boris, reason="", now=story.now, by="test")
    assert told() == before
    story.later(days=1)
    move_back(sale=Sale.objects.get(public_id=done.sale_id), reason="", now=story.now, by="test")
    assert told() == before
    assert shifts(outlet=sold.outlet, first=sold.local_day, last=sold.local_day)[0].money_with == 350


def test_points_close(story: TillStory) -> None:
    story.publish(RULES)
    history = History(story, 7)
    for _ in range(120):
        history.step()
    rollups.roll_up(now=story.now)
    rows = PointsDay.objects.values_list("given", "taken")
    snapshot = Snapshot.objects.get(merchant=story.shop.merchant)
    owed = sum((a.points - a.debt for a in Account.objects.all()), D(0))
    assert sum((given - taken for given, taken in rows), D(0)) == owed == snapshot.outstanding == snapshot.entered
    assert snapshot.is_sound


def test_a_hold_that_is_sold_much_later_counts(story: TillStory) -> None:
    story.publish(ONE_PER_ONE)
    held = story.hold(None, "100", minutes=600)
    rollups.roll_up(now=story.now)
    for _ in range(4):
        story.later(hours=2)
        rollups.roll_up(now=story.now)
    assert not DayTotals.objects.exists()
    story.commit(held)
    story.later(minutes=1)
    rollups.roll_up(now=story.now)
    assert DayTotals.objects.get().to_pay == 100
    assert RollUp.objects.get(program=story.program_id).holding == []


def test_what_is_committed_late_is_seen(story: TillStory) -> None:
    """A sale writes when it happened, and is seen when its transaction ends."""
    story.publish(ONE_PER_ONE)
    story.sell(None, "100")
    story.later(minutes=5)
    rollups.roll_up(now=story.now)
    story.now -= dt.timedelta(minutes=4)
    story.sell(None, "10")
    rollups.roll_up(now=story.now + dt.timedelta(minutes=5))
    assert DayTotals.objects.get().to_pay == 110


def test_killed_in_the_middle(story: TillStory, monkeypatch: pytest.MonkeyPatch) -> None:
    story.publish(RULES)
    history = History(story, 3)
    for _ in range(60):
        history.step()
    true = rollups._replace
    killed = []

    def dies(program: object, day: dt.date) -> None:
        true(program, day)
        if day.day % 2 and day not in killed:
            killed.append(day)
            raise DatabaseError("killed")

    monkeypatch.setattr(rollups, "_replace", dies)
    rollups.roll_up(now=story.now)
    assert killed
    assert rolled(story.shop.program) != computed(story.shop.program)
    for _ in range(40):
        rollups.roll_up(now=story.now)
    assert rolled(story.shop.program) == computed(story.shop.program)


def test_a_history_is_rolled_up_in_turns_from_its_end(story: TillStory) -> None:
    story.publish(ONE_PER_ONE)
    for _ in range(5):
        story.sell(None, "100")
        story.later(days=1)
    turns = iter([True, True, False, False])
    assert rollups.roll_up(now=story.now, going_on=lambda: next(turns)) == 2
    newest = story.now.date()
    assert [row.local_day for row in DayTotals.objects.all()] == [newest - dt.timedelta(days=1)]
    assert not Snapshot.objects.exists()
    # What is sold meanwhile, and the rest of the history, come with the next turn.
    story.sell(None, "7")
    rollups.roll_up(now=story.later(minutes=1))
    rollups.roll_up(now=story.now)
    assert rolled(story.shop.program) == computed(story.shop.program)
    assert Snapshot.objects.exists()


def test_another_programme_goes_on_when_one_fails(
    story: TillStory, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    pryanik = cast.pryanik
    with tenant(pryanik.program.pk):
        other = TillStory(pryanik, story.now)
        other.publish(ONE_PER_ONE)
        other.sell(None, "70")
    story.publish(ONE_PER_ONE)
    story.sell(None, "100")
    true = rollups._replace

    def fails_for_zerno(program: object, day: dt.date) -> None:
        if program == story.shop.program:
            raise DatabaseError("no")
        true(program, day)

    monkeypatch.setattr(rollups, "_replace", fails_for_zerno)
    rollups.roll_up(now=story.now)
    with every_tenant():
        assert [row.to_pay for row in DayTotals.objects.all()] == [70]
    monkeypatch.undo()
    rollups.roll_up(now=story.later(minutes=30))
    with every_tenant():
        assert sorted(row.to_pay for row in DayTotals.objects.all()) == [70, 100]


def test_nothing_new_costs_little(story: TillStory, django_assert_max_num_queries: DjangoAssertNumQueries) -> None:
    story.publish(ONE_PER_ONE)
    story.sell(None, "100")
    rollups.roll_up(now=story.now)
    rollups.roll_up(now=story.later(hours=1))
    with django_assert_max_num_queries(7):
        assert rollups.roll_up(now=story.later(hours=1)) == 0
    with every_tenant():
        assert RollUp.objects.get(program=story.program_id).seen_until == story.now


def test_who_is_active_and_who_came_again(story: TillStory) -> None:
    story.publish(ONE_PER_ONE)
    anna, boris, _vera = story.join(), story.join("+79160000001"), story.join("+79160000002")
    story.sell(anna, "100")
    story.later(days=1)
    story.sell(anna, "100")
    story.sell(boris, "100")
    rollups.roll_up(now=story.now)
    kept = Snapshot.objects.get(merchant=story.shop.merchant)
    assert (kept.clients, kept.active, kept.buyers, kept.repeat_buyers) == (3, 2, 2, 1)
    assert kept.outstanding == 300
    # Nobody comes any more: after 90 days nobody is active, though nothing was written.
    snapshots.refresh_all(now=story.later(days=91))
    later = Snapshot.objects.filter(merchant=story.shop.merchant).latest("local_day")
    assert (later.clients, later.active, later.buyers) == (3, 0, 0)
    assert later.is_sound


def test_entries_that_the_roll_ups_have_lost_are_told(story: TillStory) -> None:
    story.publish(ONE_PER_ONE)
    story.give(story.join(), "100")
    rollups.roll_up(now=story.now)
    story.later(days=2)
    rollups.roll_up(now=story.now)
    PointsDay.objects.all().delete()
    snapshots.refresh(program=story.shop.program, now=story.now)
    kept = Snapshot.objects.filter(merchant=story.shop.merchant).latest("local_day")
    assert (kept.outstanding, kept.entered, kept.is_sound) == (100, 0, False)


def test_points_of_a_coalition_belong_where_their_client_joined(story: TillStory, cast: Cast) -> None:
    story.publish(ONE_PER_ONE)
    anna = story.join()
    bakery = TillStory(cast.bakery, story.now)
    bakery.sell(anna, "100")
    rollups.roll_up(now=story.now)
    points = PointsDay.objects.get()
    assert points.merchant_id == story.shop.merchant.pk
    assert DayTotals.objects.get().merchant_id == cast.bakery.merchant.pk
    by_merchant = {row.merchant_id: row.outstanding for row in Snapshot.objects.all()}
    assert by_merchant == {story.shop.merchant.pk: 100, cast.bakery.merchant.pk: 0}
    assert all(row.is_sound for row in Snapshot.objects.all())
    assert Merchant.objects.count() == 2


def test_the_command_makes_them_anew(story: TillStory) -> None:
    story.publish(ONE_PER_ONE)
    story.sell(None, "100")
    rollups.roll_up(now=story.now)
    DayTotals.objects.update(to_pay=1)
    call_command("roll_up", "--rebuild", "--program", str(story.program_id), verbosity=0)
    assert DayTotals.objects.get().to_pay == 100


@pytest.mark.parametrize("name", ["totals", "points"])
def test_a_day_is_found_by_index(story: TillStory, name: str) -> None:
    """Not by reading all sales or entries there are."""
    from insights.sql import statement

    story.publish(ONE_PER_ONE)
    story.sell(story.join(), "100")
    sold = Sale.objects.get()
    # Of an empty table every index is as good as any other.
    Sale.objects.bulk_create(
        copied(sold, public_id=uuid4(), local_day=sold.local_day - dt.timedelta(days=day)) for day in range(400)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE loyalty_sale")
        cursor.execute("SET LOCAL enable_seqscan = off")
        parameters = {"program": 1, "day": story.now.date(), "begins": story.now, "ends": story.now}
        cursor.execute("EXPLAIN " + statement(name), parameters)
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert ("sale_day" if name == "totals" else "entry_") in plan


def copied(sale: Sale, **changes: object) -> Sale:
    values = {field.attname: getattr(sale, field.attname) for field in Sale._meta.concrete_fields}
    return Sale(**{**values, "id": None, **changes})


def test_sums_may_be_larger_than_any_one_account(story: TillStory) -> None:
    story.publish(ONE_PER_ONE)
    for n in range(2):
        account = story.join(f"+7916123450{n}")
        with tenant(story.program_id):
            adjust(account=account, points=D(900_000_000_000), reason="", now=story.now, by=story.shop.owner)
    rollups.roll_up(now=story.now)
    with tenant(story.program_id):
        assert sum(row.given for row in PointsDay.objects.all()) == D(1_800_000_000_000)
