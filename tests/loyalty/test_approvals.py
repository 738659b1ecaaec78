"""Points by hand above the limit: asked for by one, approved by another, in time."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterator
from decimal import Decimal as D
from functools import partial
from typing import Any

import pytest
from django.core import mail
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.utils import timezone

from loyalty import accounts, approvals, hand_limits, housekeeping
from loyalty.models import Account, AdjustmentRequest, Entry, HandUse
from loyalty.refusals import Refused
from loyalty.undoing import undo_adjustment
from merchants import outbox
from merchants.access import tenant
from merchants.models import AuditRecord, OutboxMessage, Role, User
from tests.cast import Cast, make_user
from tests.loyalty.at_once import at_once
from tests.loyalty.conftest import NOON
from tests.loyalty.shop import TillStory

NONE: dict[str, D | None] = dict.fromkeys(hand_limits.FIELDS)


@pytest.fixture
def anna(cast: Cast, story: TillStory) -> Account:
    """Operators may add and deduct a hundred at once, managers a thousand a day. Points last thirty days."""
    return opened(cast, story)


def opened(cast: Cast, story: TillStory) -> Account:
    limit(cast, operator="100", manager="1000")
    story.publish({"points": {"expiry": {"kind": "days", "days": 30}}})
    return story.join()


def limit(cast: Cast, *, operator: str, manager: str) -> None:
    hand_limits.change(
        merchant=cast.zerno.merchant,
        limits={
            Role.OPERATOR: NONE | {"add_once": D(operator), "deduct_once": D(operator)},
            Role.MANAGER: NONE | {"add_day": D(manager), "add_once": D(manager)},
        },
        now=NOON,
        by=cast.zerno.owner,
    )


def ask(
    cast: Cast, story: TillStory, account: Account, points: str = "500", *, by: User | None = None, **more: Any
) -> AdjustmentRequest:
    return approvals.ask(
        account=account,
        merchant=cast.zerno.merchant,
        points=D(points),
        reason="Подарок: юбилей",
        now=story.now,
        by=by or cast.zerno.operator,
        **({"key": uuid.uuid4()} | more),
    )


def approve(request: AdjustmentRequest, story: TillStory, by: User) -> AdjustmentRequest:
    return approvals.approve(request=request, now=story.now, by=by)


def test_somebody_else_approves(cast: Cast, story: TillStory, anna: Account) -> None:
    request = ask(cast, story, anna)
    assert story.standing(anna).balance == 0
    story.later(days=2)
    done = approve(request, story, cast.zerno.manager)
    assert (done.state, done.decided_by, done.decided_at) == ("approved", cast.zerno.manager, story.now)
    entry = Entry.objects.get()
    assert (entry.kind, entry.points, entry.reason, entry.actor) == (
        "adjust",
        500,
        "Подарок: юбилей",
        str(cast.zerno.manager),
    )
    # Thirty days from the decision, to the end of the day in Moscow.
    assert story.standing(anna).next_expiry_at == dt.datetime(2026, 12, 23, 21, tzinfo=dt.UTC)
    acts = list(
        AuditRecord.objects.filter(action__startswith="adjustment.").order_by("pk").values_list("action", "user")
    )
    assert acts == [("adjustment.asked", cast.zerno.operator.pk), ("adjustment.approved", cast.zerno.manager.pk)]
    # It counts for the day of whoever approved.
    assert [(use.user, use.added) for use in HandUse.objects.all()] == [(cast.zerno.manager, 500)]
    undo_adjustment(
        entry=entry, reason="не тому", now=story.now, by=cast.zerno.owner, merchant_id=cast.zerno.merchant.pk
    )
    assert story.standing(anna).balance == 0


def test_never_the_author(cast: Cast, story: TillStory, anna: Account) -> None:
    request = ask(cast, story, anna, "5000", by=cast.zerno.manager)
    for act in (approve, lambda one, story, by: approvals.refuse(request=one, words="", now=story.now, by=by)):
        with pytest.raises(Refused, match="request_ones_own"):
            act(request, story, cast.zerno.manager)
    with pytest.raises(Refused, match="request_ones_own"):
        approvals.check(request=request, now=story.now, by=cast.zerno.manager)
    assert story.standing(anna).balance == 0


def test_the_database_knows_no_author_who_decides(cast: Cast, story: TillStory, anna: Account) -> None:
    request = ask(cast, story, anna)
    rows = AdjustmentRequest.objects.filter(pk=request.pk)
    for wrong in (
        {"state": "approved", "decided_by": cast.zerno.operator, "decided_at": NOON},
        {"state": "approved", "decided_by": None, "decided_at": NOON},
        {"state": "waiting", "decided_by": cast.zerno.owner, "decided_at": NOON},
        {"state": "refused", "decided_by": cast.zerno.owner, "decided_at": None},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            rows.update(**wrong)


def test_only_those_with_the_right(cast: Cast, story: TillStory, anna: Account) -> None:
    request = ask(cast, story, anna)
    for somebody in (cast.zerno.cashier, cast.zerno.reader, cast.bakery.owner, cast.semyon):
        with pytest.raises(PermissionDenied):
            approve(request, story, somebody)
        with pytest.raises(PermissionDenied):
            ask(cast, story, anna, by=somebody)
    assert approve(request, story, cast.zerno.owner).state == "approved"


def test_a_manager_within_his_own_limits(cast: Cast, story: TillStory, anna: Account) -> None:
    first, second, third = (ask(cast, story, anna, points) for points in ("1001", "600", "500"))
    with pytest.raises(Refused, match="adjustment_limit") as refused:
        approve(first, story, cast.zerno.manager)
    assert refused.value.facts["limit"] == "once"
    approve(second, story, cast.zerno.manager)
    for act in (approve, lambda one, story, by: approvals.check(request=one, now=story.now, by=by)):
        with pytest.raises(Refused, match="adjustment_limit") as refused:
            act(third, story, cast.zerno.manager)
        assert refused.value.facts["limit"] == "day"
    approvals.refuse(request=third, words="много", now=story.now, by=cast.zerno.manager)
    approve(first, story, cast.zerno.owner)
    assert story.standing(anna).balance == 1601


def test_what_the_balance_no_longer_allows(cast: Cast, story: TillStory, anna: Account) -> None:
    story.give(anna, "500")
    request = ask(cast, story, anna, "-400")
    story.give(anna, "-200")
    for act in (approve, lambda one, story, by: approvals.check(request=one, now=story.now, by=by)):
        with pytest.raises(Refused, match="insufficient_points") as refused:
            act(request, story, cast.zerno.owner)
        assert refused.value.facts == {"available": 300}
    assert AdjustmentRequest.objects.get().state == "waiting"
    story.give(anna, "100")
    approve(request, story, cast.zerno.owner)
    assert story.standing(anna).balance == 0


def test_decided_once(cast: Cast, story: TillStory, anna: Account) -> None:
    request = ask(cast, story, anna)
    approvals.refuse(request=request, words="не положено", now=story.now, by=cast.zerno.owner)
    request.refresh_from_db()
    assert (request.state, request.words) == ("refused", "не положено")
    for act in (
        partial(approvals.approve, by=cast.zerno.manager),
        partial(approvals.refuse, words="", by=cast.zerno.manager),
        partial(approvals.withdraw, by=cast.zerno.operator),
    ):
        with pytest.raises(Refused, match="request_decided"):
            act(request=request, now=story.now)


def test_whoever_asked_may_withdraw(cast: Cast, story: TillStory, anna: Account) -> None:
    request = ask(cast, story, anna)
    with pytest.raises(PermissionDenied):
        approvals.withdraw(request=request, now=story.now, by=cast.zerno.owner)
    approvals.withdraw(request=request, now=story.now, by=cast.zerno.operator)
    assert AdjustmentRequest.objects.get().state == "withdrawn"


def test_one_key_asks_once(cast: Cast, story: TillStory, anna: Account) -> None:
    key = uuid.uuid4()
    first, second = (ask(cast, story, anna, key=key) for _n in range(2))
    assert first == second
    assert OutboxMessage.objects.filter(topic="adjustment.asked").count() == 2
    other = ask(cast, story, anna, key=key, by=cast.zerno.manager)
    assert other != first


def test_points_given_with_the_key_are_not_the_requests(cast: Cast, story: TillStory, anna: Account) -> None:
    key = uuid.uuid4()
    accounts.adjust(
        account=anna,
        points=D(100),
        reason="",
        now=story.now,
        by=cast.zerno.operator,
        merchant_id=cast.zerno.merchant.pk,
        once=key.hex,
    )
    approve(ask(cast, story, anna, key=key), story, cast.zerno.owner)
    assert story.standing(anna).balance == 600


def test_three_days_and_no_longer(cast: Cast, story: TillStory, anna: Account) -> None:
    request = ask(cast, story, anna)
    story.later(days=3, minutes=-1)
    housekeeping.sweep(now=story.now)
    request.refresh_from_db()
    assert request.state == "waiting"
    story.later(minutes=1)
    with pytest.raises(Refused, match="request_over"):
        approve(request, story, cast.zerno.owner)
    housekeeping.sweep(now=story.now)
    housekeeping.sweep(now=story.now)
    request.refresh_from_db()
    assert (request.state, request.decided_by) == ("expired", None)
    assert AuditRecord.objects.filter(action="adjustment.expired").count() == 1
    assert OutboxMessage.objects.filter(topic="adjustment.decided").count() == 1
    assert story.standing(anna).balance == 0


def test_an_end_that_is_over_gives_nothing(cast: Cast, story: TillStory, anna: Account) -> None:
    request = ask(cast, story, anna, expires_at=story.now + dt.timedelta(days=1))
    story.later(days=2)
    with pytest.raises(Refused, match="points_expired"):
        approve(request, story, cast.zerno.owner)
    for points, more in (("0.5", {}), ("0", {}), ("5", {"expires_at": story.now})):
        with pytest.raises(Refused, match="points_"):
            ask(cast, story, anna, points, **more)


def test_letters_go_to_those_who_may_decide(cast: Cast, story: TillStory, anna: Account, settings: Any) -> None:
    settings.SITE_URL = "https://kopilka.example"
    other = make_user("Zoya")
    story.now = timezone.now()
    ask(cast, story, anna)
    outbox.deliver(now=story.now)
    assert sorted(one.to for one in mail.outbox) == [["anna@example.org"], ["boris@example.org"]]
    body = mail.outbox[0].body
    assert "Начислить 500 зёрен" in body
    assert "Vera" in body
    assert f"https://kopilka.example/m/{cast.zerno.merchant.pk}/approvals/" in body
    mail.outbox.clear()
    # Above the manager's own limit: the owner alone; decided before the letter went: nobody.
    large, early = ask(cast, story, anna, "2000"), ask(cast, story, anna)
    approvals.refuse(request=early, words="не сейчас", now=story.now, by=cast.zerno.owner)
    outbox.deliver(now=story.now)
    assert sorted(one.to for one in mail.outbox) == [["anna@example.org"], ["vera@example.org"]]
    assert "не сейчас" in next(one.body for one in mail.outbox if one.to == ["vera@example.org"])
    assert other.pk not in approvals.who_may_decide(large)


@pytest.fixture
def busy(cast: Cast) -> Iterator[TillStory]:
    with tenant(cast.zerno.program.pk):
        yield TillStory(cast.zerno, NOON)


@pytest.mark.django_db(transaction=True)
def test_sixteen_at_once_approve_once_and_never_oneself(cast: Cast, busy: TillStory) -> None:
    anna = opened(cast, busy)
    mine = ask(cast, busy, anna, "900", by=cast.zerno.manager)
    got = at_once(
        busy.program_id,
        [partial(approve, mine, busy, somebody) for somebody in [cast.zerno.manager, cast.zerno.owner] * 8],
    )
    assert {one.code for one in got[::2] if isinstance(one, Refused)} == {"request_ones_own"}
    assert all(isinstance(one, Refused) for one in got[::2])
    assert sum(isinstance(one, AdjustmentRequest) for one in got[1::2]) == 1
    assert Entry.objects.count() == 1
    mine.refresh_from_db()
    assert mine.decided_by == cast.zerno.owner


@pytest.mark.django_db(transaction=True)
def test_sixteen_approvals_never_exceed_the_approvers_day(cast: Cast, busy: TillStory) -> None:
    opened(cast, busy)
    requests = [ask(cast, busy, busy.join(f"+791600000{n:02}"), "300") for n in range(16)]
    got = at_once(busy.program_id, [partial(approve, one, busy, cast.zerno.manager) for one in requests])
    assert sum(isinstance(one, AdjustmentRequest) for one in got) == 3
    assert {one.code for one in got if isinstance(one, Refused)} == {"adjustment_limit"}
    assert HandUse.objects.get(user=cast.zerno.manager).added == 900
    assert AdjustmentRequest.objects.filter(state="approved").count() == 3
