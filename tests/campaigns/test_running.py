"""A campaign from its start to its end: each client has his turn once for an occasion, within its limits."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal as D

import pytest
import structlog
from django.core.management import call_command

from campaigns import holdout
from campaigns.actions.base import Action
from campaigns.actions.certificates import GiveCertificate
from campaigns.actions.points import GivePoints
from campaigns.models import Campaign, CampaignPress, CampaignTurn
from campaigns.plan import Limits, Order, Plan, Step, Timing, faults, read
from campaigns.running import changing, scanning
from campaigns.triggers.calendar import Birthday, ByHand, Recurring
from campaigns.triggers.purchases import Absent, ReceiptAbove
from clients import merging
from clients.models import Client
from clients.personal import erasing
from clients.personal.dossier import SECTIONS, asked_by
from loyalty import accounts
from loyalty.models import Account, Entry, Lot
from merchants.access import tenant
from tests.campaigns.shop import Stage
from tests.cast import Cast


@pytest.fixture
def stage(cast: Cast) -> Iterator[Stage]:
    with tenant(cast.pryanik.program.pk):
        yield Stage(cast.pryanik)


def test_a_birthday_gift_is_given_once(stage: Stage) -> None:
    anna, boris = stage.join("Анна", "1990-03-14"), stage.join("Борис", "1990-03-15")
    campaign = stage.campaign(Birthday(), name="С днём рождения")
    stage.beat()
    assert stage.turns() == []
    stage.at("2026-03-14 09:59")
    stage.beat()
    assert stage.points(anna) == 0
    stage.at("2026-03-14 10:00")
    stage.beat()
    stage.beat()
    assert (stage.points(anna), stage.points(boris)) == (100, 0)
    stage.at("2026-03-15 10:01")
    stage.beat()
    assert stage.turns() == [("Анна", "done", ""), ("Борис", "done", "")]
    entry = Entry.objects.get(account=anna)
    assert (entry.kind, entry.points, entry.reason) == ("earn", 100, "С днём рождения")
    lot = Lot.objects.get(account=anna)
    # Thirty whole days after: to the end of the 13th of April, in Moscow.
    assert lot.expires_at == dt.datetime(2026, 4, 13, 21, tzinfo=dt.UTC)
    campaign.refresh_from_db()
    assert (campaign.treated, campaign.points) == (2, 200)
    stage.at("2027-03-14 10:00")
    stage.beat()
    assert CampaignTurn.objects.filter(account=anna).count() == 2
    call_command("audit")


def test_a_debt_is_paid_first_and_what_is_due_expires_before(stage: Stage) -> None:
    anna, boris = stage.join("Анна", "1990-03-12"), stage.join("Борис", "1990-03-12")
    stage.story.publish({"rules": [{"id": "base", "title": "б", "effect": {"kind": "per_unit", "points": "1"}}]})
    sold = stage.story.sell(anna, "300")
    stage.story.sell(anna, "500", points="280")
    stage.story.void(sold.id)
    stage.story.give(boris, "70", until=stage.now + dt.timedelta(hours=1))
    before = stage.points(anna)
    stage.story.later(hours=2)
    stage.campaign(Birthday())
    stage.beat()
    assert stage.points(anna) == before + 100
    assert stage.points(boris) == 100
    assert stage.story.entries(boris) == [("adjust", 70), ("expire", -70), ("earn", 100)]
    call_command("audit")


def test_steps_with_a_delay_unless_something_was_bought(stage: Stage) -> None:
    anna, boris = stage.join("Анна", "1990-03-13"), stage.join("Борис", "1990-03-13")
    steps = (
        Step(do=GivePoints(points=D(100))),
        Step(do=GivePoints(points=D(10))),
        Step(do=GivePoints(points=D(5)), after_days=7, unless_bought=True),
        Step(do=GivePoints(points=D(1)), after_days=1),
    )
    stage.campaign(Birthday(), steps=steps)
    stage.at("2026-03-13 10:00")
    stage.beat()
    assert (stage.points(anna), stage.points(boris)) == (110, 110)
    stage.at("2026-03-15 12:00")
    stage.story.sell(anna, "100")
    stage.at("2026-03-20 09:59")
    stage.beat()
    assert stage.points(boris) == 110
    stage.at("2026-03-20 10:00")
    stage.beat()
    assert (stage.points(anna), stage.points(boris)) == (110, 115)
    stage.at("2026-03-21 10:00")
    stage.beat()
    assert (stage.points(anna), stage.points(boris)) == (111, 116)
    assert not CampaignTurn.objects.filter(due_at__isnull=False).exists()


@pytest.mark.parametrize(
    ("limits", "treated", "why"),
    [
        (Limits(clients=2), 2, "budget"),
        (Limits(points=D(250)), 2, "budget"),
        (Limits(points=D(99)), 0, "budget"),
        (Limits(), 3, ""),
    ],
)
def test_budgets_stop_to_the_point(stage: Stage, limits: Limits, treated: int, why: str) -> None:
    people = [stage.join(name, "1990-03-12") for name in ("Анна", "Борис", "Вера")]
    campaign = stage.campaign(Birthday(), limits=limits)
    stage.story.later(minutes=5)
    stage.beat()
    assert [stage.points(one) for one in people] == [100] * treated + [0] * (3 - treated)
    campaign.refresh_from_db()
    assert (campaign.treated, campaign.points) == (treated, 100 * treated)
    assert campaign.state == (Campaign.State.FINISHED if why else Campaign.State.RUNNING)
    assert {left for _name, state, left in stage.turns() if state == "skipped"} == ({why} if why else set())


def test_once_per_year_and_cooldown(stage: Stage) -> None:
    anna = stage.join("Анна")
    every_day = Recurring(weekdays=(1, 2, 3, 4, 5, 6, 7))
    for name, limits in (
        ("once", Limits(once=True)),
        ("year", Limits(per_year=2)),
        ("cooldown", Limits(cooldown_days=3)),
    ):
        stage.at("2026-03-12 13:00")
        campaign = stage.campaign(every_day, name=name, limits=limits, order=Order(when_busy="skip"))
        changing.set_rules(
            merchant=stage.shop.merchant,
            rules=type(campaign)._meta.apps.get_model("campaigns", "CampaignSettings")(daily_cap=20),
            now=stage.now,
            by="test",
        )
        for day in range(12, 19):
            stage.at(f"2026-03-{day} 13:00")
            stage.beat()
        treated = CampaignTurn.objects.filter(campaign=campaign, state="done").order_by("at")
        days = [one.at.day for one in treated if one.at]
        assert days == {"once": [12], "year": [12, 13], "cooldown": [12, 15, 18]}[name]
        changing.archive(campaign=campaign, now=stage.now, by="test")
    assert stage.points(anna) == 600


def test_two_campaigns_never_on_one_day(stage: Stage) -> None:
    anna = stage.join("Анна", "1990-03-12")
    low = stage.campaign(Birthday(), name="ниже", order=Order(priority=3))
    skips = stage.campaign(Birthday(), name="пропустит", order=Order(priority=2, when_busy="skip"))
    high = stage.campaign(Birthday(), name="выше", order=Order(priority=8))
    stage.story.later(minutes=1)
    stage.beat()
    assert [entry.reason for entry in Entry.objects.filter(account=anna)] == ["выше"]
    assert stage.turns(high) == [("Анна", "done", "")]
    stage.beat()
    stage.story.later(minutes=11)
    stage.beat()
    assert stage.turns(low)[0][1] == "waiting"
    stage.at("2026-03-13 10:00")
    stage.beat()
    stage.story.later(minutes=11)
    stage.beat()
    reasons = [entry.reason for entry in Entry.objects.filter(account=anna).order_by("pk")]
    assert reasons == ["выше", "ниже"]
    assert stage.turns(skips) == [("Анна", "skipped", "busy")]


def test_quiet_hours_wait(stage: Stage) -> None:
    anna = stage.join("Анна")
    stage.campaign(ReceiptAbove(at_least=D(1000)), timing=Timing(quiet_from=dt.time(21), quiet_to=dt.time(9)))
    stage.at("2026-03-12 21:30")
    stage.story.sell(anna, "1000")
    stage.beat()
    assert stage.turns() == [("Анна", "waiting", "")]
    stage.at("2026-03-13 08:59")
    stage.beat()
    assert stage.points(anna) == 0
    stage.at("2026-03-13 09:00")
    stage.beat()
    assert stage.points(anna) == 100


def test_after_a_pause_it_catches_up_and_leaves_out_what_is_old(stage: Stage) -> None:
    for day in range(13, 19):
        stage.join(f"{day}", f"1990-03-{day}")
    campaign = stage.campaign(Birthday(), timing=Timing(late_days=2))
    stage.at("2026-03-13 10:00")
    stage.beat()
    changing.pause(campaign=campaign, now=stage.now, by="test")
    stage.at("2026-03-18 10:00")
    stage.beat()
    assert len(stage.turns()) == 1
    changing.go_on(campaign=campaign, now=stage.now, by="test")
    stage.beat()
    assert {name: (state, why) for name, state, why in stage.turns()} == {
        "13": ("done", ""),
        "14": ("skipped", "late"),
        "15": ("skipped", "late"),
        "16": ("done", ""),
        "17": ("done", ""),
        "18": ("done", ""),
    }


def test_blocked_merged_and_removed_get_nothing(stage: Stage) -> None:
    names = ("Анна", "Борис", "Вера", "Глеб")
    anna, boris, vera, gleb = (stage.join(name, "1990-03-13") for name in names)
    accounts.block(account=boris, reason="", now=stage.now, by="test")
    stage.campaign(Birthday())
    stage.at("2026-03-13 10:00")
    scanning.scan_due(now=stage.now)
    # Between the look and the turn.
    accounts.block(account=vera, reason="", now=stage.now, by="test")
    keep, drop = (Client.objects.get(account=one) for one in (anna, gleb))
    merging.merge(keep=keep, drop=drop, now=stage.now, by="test")
    stage.beat()
    assert (stage.points(anna), stage.points(boris), stage.points(vera)) == (100, 0, 0)
    assert sorted((state, why) for _name, state, why in stage.turns()) == [
        ("done", ""),
        ("skipped", "blocked"),
        ("skipped", "merged"),
    ]
    call_command("audit")


def test_whoever_had_it_before_the_merge_has_had_it(stage: Stage) -> None:
    anna, gleb = stage.join("Анна", "1990-03-14"), stage.join("Глеб", "1990-03-13")
    stage.campaign(Birthday(), order=Order(when_busy="skip"))
    stage.at("2026-03-13 10:00")
    stage.beat()
    assert stage.points(gleb) == 100
    keep, drop = (Client.objects.get(account=one) for one in (anna, gleb))
    merging.merge(keep=keep, drop=drop, now=stage.now, by="test")
    stage.at("2026-03-14 10:00")
    stage.beat()
    assert stage.turns() == [("?", "done", ""), ("Анна", "skipped", "merged")]
    assert stage.points(anna) == 100


def test_an_erased_client_has_no_turn_any_more(stage: Stage) -> None:
    anna, boris = stage.join("Анна", "1990-03-13"), stage.join("Борис", "1990-03-13")
    steps = (Step(do=GivePoints(points=D(10))), Step(do=GivePoints(points=D(5)), after_days=1))
    campaign = stage.campaign(Birthday(), steps=steps)
    stage.at("2026-03-13 10:00")
    scanning.scan_due(now=stage.now)
    erase(stage, anna)
    stage.beat()
    assert sorted((state, why) for _name, state, why in stage.turns()) == [("done", ""), ("skipped", "removed")]
    stage.at("2026-03-13 12:00")
    erase(stage, boris)
    stage.at("2026-03-14 10:00")
    stage.beat()
    assert stage.points(boris) == 0
    assert CampaignTurn.objects.get(account=boris, campaign=campaign).due_at is None
    call_command("audit")


def erase(stage: Stage, account: Account) -> None:
    erasing.erase(
        client=Client.objects.get(account=account),
        merchant=stage.shop.merchant,
        source="test",
        now=stage.now,
        by="test",
    )


def test_by_hand_each_press_once(stage: Stage) -> None:
    anna = stage.join("Анна")
    campaign = stage.campaign(ByHand())
    for _press in range(2):
        changing.press(campaign=campaign, key="a", now=stage.now, by="test")
    # Nobody waits in the browser for a million turns: the next look writes them down, once.
    assert stage.turns() == []
    stage.beat()
    stage.beat()
    assert stage.points(anna) == 100
    press = CampaignPress.objects.get()
    assert (press.clients, press.done_at) == (1, stage.now)
    changing.press(campaign=campaign, key="b", now=stage.now, by="test")
    changing.pause(campaign=campaign, now=stage.now, by="test")
    assert scanning.scan(campaign.pk, now=stage.now) == 0
    changing.go_on(campaign=campaign, now=stage.now, by="test")
    assert scanning.scan(campaign.pk, now=stage.now) == 1
    # Another occasion: the press before it is none of its.
    changing.press(campaign=campaign, key="c", now=stage.now, by="test")
    plan = Plan(trigger=Birthday(), steps=(Step(do=GivePoints(points=D(100))),))
    changing.change(campaign=campaign, name="a", plan=plan, audience=None, now=stage.now, by="test")
    assert CampaignPress.objects.filter(done_at=None).count() == 0
    with pytest.raises(changing.NotNowError):
        changing.press(campaign=campaign, key="d", now=stage.now, by="test")


def test_one_client_who_cant_be_given_anything_keeps_nobody_else_waiting(stage: Stage) -> None:
    """His account is as full as an account can be: the database refuses more."""
    people = [stage.join(f"{n}", "1990-03-12") for n in range(7)]
    full = people[3]
    stage.story.give(full, "999999999950")
    steps = (Step(do=GivePoints(points=D(100))), Step(do=GivePoints(points=D(1))))
    campaign = stage.campaign(Birthday(), steps=steps)
    with structlog.testing.capture_logs() as logs:
        stage.beat()
    assert [stage.points(one) for one in people if one != full] == [101] * 6
    assert stage.points(full) == D(999999999950)
    turn = CampaignTurn.objects.get(account=full)
    assert (turn.state, turn.why, turn.points, turn.due_at) == ("skipped", "failed", 0, None)
    campaign.refresh_from_db()
    assert (campaign.treated, campaign.points) == (6, 606)
    failed = [one for one in logs if one["event"] == "campaign_turn_failed"]
    assert [(one["turn"], one["step"], one["error"]) for one in failed] == [
        (turn.pk, 0, "psycopg.errors.NumericValueOutOfRange")
    ]
    assert "999999999950" not in str(failed)
    assert stage.beat() == 0
    call_command("audit")


def test_a_further_step_that_fails_is_left_out(stage: Stage) -> None:
    anna = stage.join("Анна", "1990-03-12")
    steps = tuple(Step(do=GivePoints(points=D(points))) for points in (10, 100, 20))
    stage.story.give(anna, "999999999950")
    campaign = stage.campaign(Birthday(), steps=steps)
    stage.beat()
    assert stage.points(anna) == D(999999999980)
    turn = CampaignTurn.objects.get(campaign=campaign)
    assert (turn.state, turn.why, turn.points) == ("done", "failed", 30)


def test_where_nobody_can_be_given_anything_somebody_has_to_look(stage: Stage) -> None:
    people = [stage.join(f"{n}", "1990-03-12") for n in range(12)]
    for one in people:
        stage.story.give(one, "999999999950")
    campaign = stage.campaign(Birthday())
    with structlog.testing.capture_logs() as logs:
        stage.beat()
    assert [one["event"] for one in logs] == ["campaign_work_failed"]
    assert CampaignTurn.objects.filter(campaign=campaign, state="waiting").count() == 12


def test_a_goal_a_last_day_and_a_pace(stage: Stage) -> None:
    stage.story.publish({})
    people = [stage.join(f"{n}", "1990-03-13") for n in range(5)]
    goal = stage.campaign(Birthday(), name="goal", limits=Limits(goal=2))
    stage.at("2026-03-13 10:00")
    stage.beat()
    stage.story.later(minutes=5)
    for one in people[:2]:
        stage.story.sell(one, "10")
    stage.beat()
    goal.refresh_from_db()
    assert (goal.state, goal.why) == ("finished", "goal")
    dated = stage.campaign(Absent(days=3), name="dated", timing=Timing(ends=dt.date(2026, 3, 14)))
    stage.at("2026-03-15 00:01")
    stage.beat()
    dated.refresh_from_db()
    assert (dated.state, dated.why) == ("finished", "date")
    slow = stage.campaign(ByHand(), name="slow", limits=Limits(per_hour=2))
    stage.at("2026-03-16 10:00")
    changing.fire(campaign=slow, key="a", now=stage.now, by="test")
    counts = []
    for _hour in range(3):
        stage.beat()
        stage.beat()
        counts.append(CampaignTurn.objects.filter(campaign=slow, state="done").count())
        stage.story.later(hours=1)
    assert counts == [2, 4, 5]


def test_held_out_clients_get_a_turn_and_nothing_else(stage: Stage) -> None:
    people = [stage.join(f"{n}", "1990-03-13") for n in range(40)]
    campaign = stage.campaign(Birthday(), order=Order(holdout=D(50)), limits=Limits(clients=1000))
    stage.at("2026-03-13 10:00")
    stage.beat()
    salt = holdout.salt_of_campaign(campaign.pk)
    expected = {one.pk: holdout.is_held_out(salt, one.pk, D(50)) for one in people}
    assert 5 < sum(expected.values()) < 35
    found = {one.account_id: one.state == "held_out" for one in CampaignTurn.objects.all()}
    assert found == expected
    assert all(stage.points(one) == (0 if expected[one.pk] else 100) for one in people)
    assert not CampaignTurn.objects.filter(at=None).exists()


def test_a_change_of_a_running_one_is_for_what_is_not_done_yet(stage: Stage) -> None:
    anna = stage.join("Анна", "1990-03-13")
    campaign = stage.campaign(Birthday())
    plan: Plan = read(campaign.plan)
    changing.change(
        campaign=campaign,
        name=campaign.name,
        plan=Plan(trigger=plan.trigger, steps=(Step(do=GivePoints(points=D(7))),)),
        audience=None,
        now=stage.now,
        by="test",
        revision=1,
    )
    stage.at("2026-03-13 10:00")
    stage.beat()
    assert stage.points(anna) == 7
    with pytest.raises(changing.NotNowError):
        changing.change(campaign=campaign, name="x", plan=plan, audience=None, now=stage.now, by="test", revision=1)
    with pytest.raises(changing.UnfinishedError):
        changing.change(campaign=campaign, name="x", plan=Plan(), audience=None, now=stage.now, by="test")


def test_what_has_just_happened_is_never_too_old(stage: Stage) -> None:
    """A campaign that catches up with no days at all."""
    anna = stage.join("Анна")
    stage.campaign(ReceiptAbove(at_least=D(1000)), timing=Timing(late_days=0))
    stage.story.later(minutes=1)
    stage.story.sell(anna, "1000")
    stage.story.later(minutes=1)
    stage.beat()
    assert stage.turns() == [("Анна", "done", "")]


@pytest.mark.parametrize(
    ("action", "where"),
    [
        (GivePoints(points=D(0)), "points"),
        (GivePoints(points=D("0.001")), "points"),
        (GivePoints(points=D(99_000_000)), "points"),
        (GiveCertificate(), "amount"),
        (GiveCertificate(amount=D("0.001")), "amount"),
        (GiveCertificate(amount=D(-5)), "amount"),
        (GiveCertificate(percent=D(101)), "percent"),
    ],
)
def test_what_nobody_can_be_given_is_a_fault(action: Action, where: str) -> None:
    """Else each chunk of the campaign would fail, again and again."""
    assert [name for _part, name, _text in faults(Plan(steps=(Step(do=action),)))] == [where]


def test_who_waits_for_the_pace_is_never_too_late(stage: Stage) -> None:
    for n in range(4):
        stage.join(f"{n}")
    campaign = stage.campaign(ByHand(), limits=Limits(per_hour=1), timing=Timing(late_days=0))
    changing.fire(campaign=campaign, key="a", now=stage.now, by="test")
    for day in range(12, 16):
        stage.at(f"2026-03-{day} 15:00")
        stage.beat()
    assert {state for _name, state, _why in stage.turns()} == {"done"}


def test_a_client_reads_in_his_data_what_campaigns_gave_him(stage: Stage) -> None:
    anna = stage.join("Анна", "1990-03-13")
    stage.campaign(Birthday(), name="С днём рождения")
    stage.at("2026-03-13 10:00")
    stage.beat()
    [section] = [one for one in SECTIONS if one.key == "campaigns"]
    [row] = section.rows(asked_by(Client.objects.get(account=anna), now=stage.now))
    assert list(row) == [stage.now, "С днём рождения", "получил", 100, 0]
    assert len(row) == len(section.columns)
