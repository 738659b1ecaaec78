"""How many points a manager or an operator may add and deduct by hand, at once and in a day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal as D
from functools import partial

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from loyalty import accounts, hand_limits
from loyalty.models import Account, Entry, HandUse
from loyalty.refusals import Refused
from merchants.access import Actor, tenant
from merchants.models import AuditRecord, Role
from tests.cast import Cast
from tests.loyalty.at_once import at_once
from tests.loyalty.conftest import NOON
from tests.loyalty.shop import TillStory

NONE: dict[str, D | None] = dict.fromkeys(hand_limits.FIELDS)


def limit(cast: Cast, **operator: str) -> None:
    """The operator's limits; a manager has none."""
    hand_limits.change(
        merchant=cast.zerno.merchant,
        limits={
            Role.MANAGER: NONE,
            Role.OPERATOR: NONE | {field: D(value) for field, value in operator.items()},
        },
        now=NOON,
        by=cast.zerno.owner,
    )


def give(story: TillStory, account: Account, points: str, by: Actor) -> None:
    accounts.adjust(
        account=account,
        points=D(points),
        reason="test",
        now=story.now,
        by=by,
        merchant_id=story.caller.merchant_id,
    )


def test_nothing_said_no_limit(cast: Cast, story: TillStory) -> None:
    give(story, story.join(), "1000000", cast.zerno.operator)


def test_one_operation(cast: Cast, story: TillStory) -> None:
    limit(cast, add_once="100", deduct_once="30")
    anna = story.join()
    give(story, anna, "100", cast.zerno.operator)
    for points in ("101", "-31"):
        with pytest.raises(Refused, match="adjustment_limit") as refused:
            give(story, anna, points, cast.zerno.operator)
        assert refused.value.facts["limit"] == "once"
    give(story, anna, "-30", cast.zerno.operator)
    assert story.standing(anna).balance == 70


def test_owners_managers_commands_and_the_platform_go_on(cast: Cast, story: TillStory) -> None:
    limit(cast, add_once="1", add_day="1")
    anna = story.join()
    for somebody in (cast.zerno.owner, cast.zerno.manager, cast.olga, "manage.py something"):
        give(story, anna, "500", somebody)
    with pytest.raises(Refused, match="adjustment_limit"):
        give(story, anna, "2", cast.zerno.operator)


def test_without_a_merchant_it_is_the_clients(cast: Cast, story: TillStory) -> None:
    limit(cast, add_once="1")
    anna = story.join()
    with pytest.raises(Refused, match="adjustment_limit"):
        accounts.adjust(account=anna, points=D(2), reason="", now=story.now, by=cast.zerno.operator)


def test_a_day_is_the_merchants_own(cast: Cast, story: TillStory) -> None:
    """Moscow is three hours ahead: its day ends at nine in the evening of London."""
    limit(cast, add_day="100", deduct_day="50")
    anna = story.join()
    give(story, anna, "70", cast.zerno.operator)
    with pytest.raises(Refused, match="adjustment_limit") as refused:
        give(story, anna, "31", cast.zerno.operator)
    assert refused.value.facts == {"limit": "day", "most": 100, "left": 30}
    give(story, anna, "-50", cast.zerno.operator)  # apart from what was added
    give(story, anna, "30", cast.zerno.operator)
    with pytest.raises(Refused, match="adjustment_limit"):
        give(story, anna, "1", cast.zerno.operator)
    story.now = dt.datetime(2026, 11, 21, 20, 59, tzinfo=dt.UTC)
    with pytest.raises(Refused, match="adjustment_limit"):
        give(story, anna, "1", cast.zerno.operator)
    story.later(minutes=1)
    give(story, anna, "100", cast.zerno.operator)


def test_a_refusal_leaves_nothing(cast: Cast, story: TillStory) -> None:
    limit(cast, deduct_day="50")
    anna = story.join()
    give(story, anna, "10", cast.zerno.operator)
    with pytest.raises(Refused, match="insufficient_points"):
        give(story, anna, "-40", cast.zerno.operator)
    assert HandUse.objects.get().deducted == 0


def test_a_limit_of_noon_counts_the_morning(cast: Cast, story: TillStory) -> None:
    anna = story.join()
    give(story, anna, "70", cast.zerno.operator)
    limit(cast, add_day="100")
    with pytest.raises(Refused, match="adjustment_limit"):
        give(story, anna, "31", cast.zerno.operator)


def test_what_would_be_in_the_way(cast: Cast, story: TillStory) -> None:
    limit(cast, add_once="50", add_day="100")
    merchant, vera = cast.zerno.merchant, cast.zerno.operator
    assert hand_limits.over(merchant=merchant, points=D(50), now=NOON, by=vera) is None
    over = hand_limits.over(merchant=merchant, points=D(51), now=NOON, by=vera)
    assert over is not None
    assert (over.limit, over.most, over.left) == ("once", 50, 50)
    assert hand_limits.over(merchant=merchant, points=D(51), now=NOON, by=cast.zerno.owner) is None
    assert not HandUse.objects.exists()


def test_the_owner_alone_changes_them(cast: Cast, story: TillStory) -> None:
    change = partial(hand_limits.change, merchant=cast.zerno.merchant, now=NOON)
    limits = {Role.MANAGER: NONE | {"add_once": D(5)}, Role.OPERATOR: NONE}
    for somebody in (cast.zerno.manager, cast.zerno.operator, cast.bakery.owner):
        with pytest.raises(PermissionDenied):
            change(limits=limits, by=somebody)
    change(limits=limits, by=cast.zerno.owner)
    change(limits=limits, by=cast.zerno.owner)
    record = AuditRecord.objects.get(action="hand_limits.changed")
    assert record.details == {"fields": ["manager_add_once"]}
    assert hand_limits.of(cast.zerno.merchant)[Role.MANAGER].add_once == 5
    assert hand_limits.of(cast.bakery.merchant)[Role.MANAGER].add_once is None


@pytest.mark.parametrize(
    ("operator", "field"),
    [
        ({"add_once": "-1"}, "operator_add_once"),
        ({"deduct_day": "0.5"}, "operator_deduct_day"),
        ({"add_once": "2", "add_day": "1"}, "operator_add_once"),
    ],
)
def test_limits_that_make_no_sense(cast: Cast, story: TillStory, operator: dict[str, str], field: str) -> None:
    with pytest.raises(ValidationError) as wrong:
        limit(cast, **operator)
    assert list(wrong.value.message_dict) == [field]


@pytest.fixture
def busy(cast: Cast) -> Iterator[TillStory]:
    with tenant(cast.zerno.program.pk):
        yield TillStory(cast.zerno, NOON)


@pytest.mark.django_db(transaction=True)
def test_sixteen_at_once_never_exceed_the_day(cast: Cast, busy: TillStory) -> None:
    limit(cast, add_day="100", deduct_day="40")
    clients = [busy.join(f"+791600000{n:02}") for n in range(16)]
    for client in clients:
        busy.give(client, "20")
    vera = cast.zerno.operator
    for sign, allowed in (("", 10), ("-", 4)):
        got = at_once(busy.program_id, [partial(give, busy, client, f"{sign}10", vera) for client in clients])
        assert sum(one is None for one in got) == allowed
        assert {one.code for one in got if isinstance(one, Refused)} == {"adjustment_limit"}
        assert all(one is None or isinstance(one, Refused) for one in got)
    moved = Entry.objects.filter(actor=str(vera)).values_list("points", flat=True)
    assert (sum(p for p in moved if p > 0), sum(p for p in moved if p < 0)) == (100, -40)
    use = HandUse.objects.get()
    assert (use.added, use.deducted) == (100, 40)


def give_all(story: TillStory, clients: list[Account], points: str, by: Actor, once: str = "k") -> int:
    return accounts.adjust_all(
        accounts=clients,
        points=D(points),
        reason="test",
        now=story.now,
        by=by,
        merchant_id=story.caller.merchant_id,
        once=once,
    )


def test_several_clients_at_once(cast: Cast, story: TillStory) -> None:
    clients = [story.join(f"+791600000{n:02}") for n in range(3)]
    assert give_all(story, clients, "10", cast.zerno.operator) == 3
    assert give_all(story, clients, "10", cast.zerno.operator) == 0  # the same key
    assert [story.standing(client).balance for client in clients] == [10, 10, 10]
    story.give(clients[1], "-5")
    with pytest.raises(Refused, match="insufficient_points") as refused:
        give_all(story, clients, "-6", cast.zerno.operator, "other")
    assert refused.value.facts == {"account_id": clients[1].public_id, "available": 5}
    assert [story.standing(client).balance for client in clients] == [10, 5, 10]


def test_limits_hold_for_all_of_it_together(cast: Cast, story: TillStory) -> None:
    limit(cast, add_once="25", add_day="45")
    clients = [story.join(f"+791600000{n:02}") for n in range(3)]
    with pytest.raises(Refused, match="adjustment_limit"):
        give_all(story, clients, "10", cast.zerno.operator)
    assert give_all(story, clients[:2], "10", cast.zerno.operator) == 2
    with pytest.raises(Refused, match="adjustment_limit") as refused:
        give_all(story, clients, "9", cast.zerno.operator, "other")
    assert refused.value.facts["limit"] == "once"
    assert give_all(story, clients, "8", cast.zerno.operator, "third") == 3
    with pytest.raises(Refused, match="adjustment_limit") as refused:
        give_all(story, clients[:2], "1", cast.zerno.operator, "fourth")
    assert refused.value.facts == {"limit": "day", "most": 45, "left": 1}
