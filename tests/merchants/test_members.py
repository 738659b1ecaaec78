from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection

from merchants import members
from merchants.access import tenant
from merchants.models import AuditRecord, Member, Role, User
from tests.cast import Cast, make_user

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def in_zerno(cast: Cast) -> Iterator[None]:
    with tenant(cast.zerno.program.pk):
        yield


def member(user: User) -> Member:
    return Member.objects.get(user=user)


def test_boris_becomes_an_owner_and_anna_leaves(cast: Cast) -> None:
    anna, boris = cast.zerno.owner, cast.zerno.manager
    members.change_role(member=member(boris), role=Role.OWNER, by=anna, now=NOW, reason="sold to Boris")
    members.deactivate(member=member(anna), by=boris, now=NOW)
    members.deactivate(member=member(anna), by=boris, now=NOW)
    assert member(boris).role == Role.OWNER
    assert not member(anna).is_active
    records = AuditRecord.objects.order_by("pk")
    assert [record.action for record in records] == ["member.role_changed", "member.deactivated"]
    assert records[0].details == {"from": "manager", "to": "owner", "outlets": []}


def test_the_last_owner_stays(cast: Cast) -> None:
    anna = member(cast.zerno.owner)
    for by in (cast.zerno.owner, cast.olga):
        with pytest.raises(ValidationError) as refusal:
            members.change_role(member=anna, role=Role.MANAGER, by=by, now=NOW)
        assert refusal.value.code == "last_owner"
        with pytest.raises(ValidationError) as refusal:
            members.deactivate(member=anna, by=by, now=NOW)
        assert refusal.value.code == "last_owner"
    members.change_role(member=anna, role=Role.OWNER, by=cast.olga, now=NOW)


def test_an_owner_who_cannot_log_in_is_none(cast: Cast) -> None:
    members.change_role(member=member(cast.zerno.manager), role=Role.OWNER, by=cast.olga, now=NOW)
    cast.zerno.manager.is_active = False
    cast.zerno.manager.save()
    with pytest.raises(ValidationError):
        members.deactivate(member=member(cast.zerno.owner), by=cast.olga, now=NOW)


def test_a_manager_neither_makes_nor_unmakes_owners(cast: Cast) -> None:
    boris = cast.zerno.manager
    members.enlist(merchant=cast.zerno.merchant, user=cast.semyon, role=Role.OWNER, by="test", now=NOW)
    with pytest.raises(PermissionDenied):
        members.change_role(member=member(boris), role=Role.OWNER, by=boris, now=NOW)
    with pytest.raises(PermissionDenied):
        members.change_role(member=member(cast.semyon), role=Role.READER, by=boris, now=NOW)
    with pytest.raises(PermissionDenied):
        members.deactivate(member=member(cast.semyon), by=boris, now=NOW)
    members.change_role(member=member(cast.zerno.cashier), role=Role.OPERATOR, by=boris, now=NOW)


def test_the_rest_manage_nobody(cast: Cast) -> None:
    shop = cast.zerno
    for by in (shop.operator, shop.cashier, shop.reader, cast.bakery.owner, cast.pryanik.owner, cast.semyon):
        with pytest.raises(PermissionDenied):
            members.deactivate(member=member(shop.reader), by=by, now=NOW)


def test_outlets_are_the_merchants_own(cast: Cast) -> None:
    vera = member(cast.zerno.operator)
    members.change_role(member=vera, role=Role.OPERATOR, outlets=[cast.zerno.outlet], by=cast.zerno.owner, now=NOW)
    assert list(vera.outlets.all()) == [cast.zerno.outlet]
    with pytest.raises(ValidationError) as refusal:
        members.change_role(member=vera, role=Role.OPERATOR, outlets=[cast.bakery.outlet], by=cast.olga, now=NOW)
    assert refusal.value.code == "outlet_foreign"


def test_whoever_left_comes_back_in_the_new_role(cast: Cast) -> None:
    shop = cast.zerno
    members.deactivate(member=member(shop.cashier), by=shop.owner, now=NOW)
    back = members.enlist(merchant=shop.merchant, user=shop.cashier, role=Role.OPERATOR, by="test", now=NOW)
    assert (back, back.role, back.is_active) == (member(shop.cashier), Role.OPERATOR, True)
    again = members.enlist(merchant=shop.merchant, user=shop.cashier, role=Role.OWNER, by="test", now=NOW)
    assert again.role == Role.OPERATOR, "an active member is not promoted by the way"


@pytest.mark.django_db(transaction=True)
def test_two_owners_cannot_remove_each_other_at_once(cast: Cast) -> None:
    anna, zoya = cast.zerno.owner, make_user("Zoya")
    members.enlist(merchant=cast.zerno.merchant, user=zoya, role=Role.OWNER, by="test", now=NOW)
    outcomes = []
    start = threading.Barrier(2)

    def remove(user: User, by: User) -> None:
        try:
            with tenant(cast.zerno.program.pk):
                victim = member(user)
                start.wait()
                members.deactivate(member=victim, by=by, now=NOW)
            outcomes.append("done")
        except (ValidationError, PermissionDenied):
            outcomes.append("refused")
        finally:
            connection.close()

    threads = [threading.Thread(target=remove, args=pair) for pair in ((anna, zoya), (zoya, anna))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["done", "refused"]
    assert Member.objects.owners().filter(merchant=cast.zerno.merchant).count() == 1
