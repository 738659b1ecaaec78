"""Points for what a client did elsewhere, and who invited whom."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal as D
from typing import Any

import pytest

from clients.history import history
from loyalty import accounts, activities
from loyalty.models import Account, Activity, Lot
from loyalty.refusals import Refused
from loyalty.wording import words_of
from merchants.models import AuditRecord
from tests.loyalty.checking import books_are_sound
from tests.loyalty.shop import TillStory


@pytest.fixture(autouse=True)
def sound(story: TillStory) -> Iterator[None]:
    yield
    books_are_sound(story.program_id, story.now)


def publish(story: TillStory, *, limits: dict[str, Any] | None = None, approval: bool = False, **more: Any) -> None:
    effect = {"kind": "activity", "action": "review", "points": "50", "approval": approval}
    story.publish({"rules": [{"id": "review", "title": "За отзыв", "effect": effect, "limits": limits or {}, **more}]})


def record(story: TillStory, account: Account, reference: str = "r-1", **more: Any) -> Activity:
    return activities.record(
        program_id=story.program_id,
        merchant_id=story.caller.merchant_id,
        account=account,
        action=more.pop("action", "review"),
        reference=reference,
        now=story.now,
        actor="till:1",
        **more,
    )


def refused(act: Any, *args: Any, **more: Any) -> str:
    with pytest.raises(Refused) as caught:
        act(*args, **more)
    return caught.value.code


def balance(story: TillStory, account: Account) -> D:
    return story.standing(account).balance


def test_a_review_gives_points_once_and_the_history_says_so(story: TillStory) -> None:
    publish(story)
    anna = story.join()
    first = record(story, anna)
    assert (first.status, first.points, balance(story, anna)) == ("given", 50, 50)
    assert record(story, anna).public_id == first.public_id
    assert balance(story, anna) == 50
    record(story, anna, "r-2")
    assert balance(story, anna) == 100
    event = history(program_id=story.program_id, account_id=anna.pk, words=words_of(story.program_id), now=story.now)[0]
    assert (event.kind, event.points, event.rule, event.title) == ("earn", 50, "review", "За отзыв")


def test_nobody_gets_points_for_an_action_without_a_rule(story: TillStory) -> None:
    publish(story)
    anna = story.join()
    assert refused(record, story, anna, action="repost") == "activity_unknown"
    publish(story, enabled=False)
    assert refused(record, story, anna) == "activity_unknown"
    assert not Activity.objects.exists()


def test_limits_of_the_day_and_of_times(story: TillStory) -> None:
    publish(story, limits={"per_day": "70", "times_per_client": 3})
    anna = story.join()
    assert [record(story, anna, str(n)).points for n in range(2)] == [50, 20]
    assert refused(record, story, anna, "3") == "activity_limit"
    story.later(days=1)
    assert record(story, anna, "3").points == 50
    story.later(days=1)
    assert refused(record, story, anna, "4") == "activity_limit"


def test_a_budget_is_for_all_clients_together(story: TillStory) -> None:
    publish(story, limits={"budget": "80"})
    anna, boris = story.join(), story.join("+79160000001")
    assert [record(story, anna).points, record(story, boris).points] == [50, 30]
    assert refused(record, story, anna, "r-2") == "activity_limit"


def test_own_expiry_and_waiting_days(story: TillStory) -> None:
    publish(story, expiry={"kind": "days", "days": 10}, pending_days=2)
    anna = story.join()
    record(story, anna)
    stands = story.standing(anna)
    assert (stands.available, stands.pending) == (0, 50)
    assert Lot.objects.get(account=anna).expires_at == dt.datetime(2026, 12, 3, 21, tzinfo=dt.UTC)


def test_the_time_of_the_action_is_bounded_and_its_rules_are_those_of_then(story: TillStory) -> None:
    publish(story)
    anna = story.join()
    then = story.now
    story.later(days=3)
    story.publish({"rules": []})
    assert refused(record, story, anna) == "activity_unknown"
    assert record(story, anna, at=then).points == 50
    assert refused(record, story, anna, "r-2", at=story.now + dt.timedelta(hours=1)) == "occurred_at_in_future"
    story.later(days=40)
    assert refused(record, story, anna, "r-3", at=then) == "occurred_at_too_old"


def test_who_is_blocked_gets_nothing(story: TillStory) -> None:
    publish(story)
    anna = story.join()
    accounts.block(account=anna, reason="x", now=story.now, by="test")
    assert refused(record, story, anna) == "client_blocked"


def test_what_waits_is_approved_once(story: TillStory) -> None:
    publish(story, approval=True)
    anna = story.join()
    waiting = record(story, anna)
    assert (waiting.status, balance(story, anna)) == ("waiting", 0)
    story.later(days=1)
    activities.approve(activity=waiting, now=story.now, by="test")
    assert balance(story, anna) == 50
    assert refused(activities.approve, activity=waiting, now=story.now, by="test") == "activity_decided"
    assert refused(activities.refuse, activity=waiting, reason="", now=story.now, by="test") == "activity_decided"
    assert balance(story, anna) == 50
    assert record(story, anna).status == "given"
    assert list(AuditRecord.objects.filter(action__startswith="activity").values_list("action", flat=True)) == [
        "activity.approved"
    ]


def test_what_is_refused_gives_nothing_and_stays_refused(story: TillStory) -> None:
    publish(story, approval=True)
    anna = story.join()
    waiting = record(story, anna)
    activities.refuse(activity=waiting, reason="Не наш отзыв", now=story.now, by="test")
    assert record(story, anna).status == "refused"
    assert balance(story, anna) == 0
    assert AuditRecord.objects.get(action="activity.refused").reason == "Не наш отзыв"


def test_an_approval_gives_no_more_than_the_limit_leaves(story: TillStory) -> None:
    publish(story, approval=True, limits={"per_client": "60"})
    anna = story.join()
    first, second, third = (record(story, anna, str(n)) for n in range(3))
    activities.approve(activity=first, now=story.now, by="test")
    assert activities.foresee(activity=second, now=story.now).points == 10
    activities.approve(activity=second, now=story.now, by="test")
    assert balance(story, anna) == 60
    assert refused(activities.approve, activity=third, now=story.now, by="test") == "activity_limit"
    assert Activity.objects.get(pk=third.pk).status == "waiting"


def test_the_programmes_cap_counts_actions_too(story: TillStory) -> None:
    effect = {"kind": "activity", "action": "review", "points": "50"}
    story.publish(
        {"points": {"caps": {"per_month": "70"}}, "rules": [{"id": "review", "title": "За отзыв", "effect": effect}]}
    )
    anna = story.join()
    assert [record(story, anna, str(n)).points for n in range(2)] == [50, 20]


# ---------------------------------------------------------------- who invited whom


def name(story: TillStory, account: Account, referrer: Account) -> None:
    accounts.name_referrer(account=account, referrer=referrer, now=story.now, by="test")


def test_who_invited_is_named_once_and_before_the_first_purchase(story: TillStory) -> None:
    publish(story)
    anna, boris, vera = (story.join(f"+7916000000{n}") for n in range(3))
    name(story, boris, anna)
    name(story, boris, anna)
    assert Account.objects.get(pk=boris.pk).referrer_id == anna.pk
    assert refused(name, story, boris, vera) == "referrer_refused"
    story.sell(vera, "10")
    assert refused(name, story, vera, anna) == "referrer_refused"
    assert AuditRecord.objects.filter(action="account.referrer_named").count() == 1


def test_nobody_invites_himself_not_even_by_others(story: TillStory) -> None:
    anna, boris, vera = (story.join(f"+7916000000{n}") for n in range(3))
    assert refused(name, story, anna, anna) == "referrer_refused"
    name(story, boris, anna)
    name(story, vera, boris)
    assert refused(name, story, anna, vera) == "referrer_refused"
