from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.db import DatabaseError, transaction
from django_scopes import ScopeError

from merchants import audit
from merchants.access import ACTIONS, Action, TenantMismatchError, every_tenant, may, same_tenant, tenant
from merchants.models import AuditRecord, Invitation, Member, Merchant, OutboxMessage, Outlet, Role, Till, TillKey, User
from tests.cast import Cast

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "model", [AuditRecord, Invitation, Member, Merchant, Outlet, OutboxMessage, Till, TillKey], ids=lambda m: m.__name__
)
def test_every_table_of_a_tenant_is_closed_outside_of_it(model: type[Merchant]) -> None:
    with pytest.raises(ScopeError):
        model.objects.all()
    with pytest.raises(ScopeError):
        model.objects.get(pk=1)


def test_programmes_never_see_each_other(cast: Cast) -> None:
    with tenant(cast.zerno.program.pk):
        assert {till.pk for till in Till.objects.all()} == {cast.zerno.till.pk, cast.bakery.till.pk}
        assert not Till.objects.filter(pk=cast.pryanik.till.pk).exists()
        assert Till.objects.filter(pk=cast.pryanik.till.pk).update(name="ours now") == 0
    with tenant(cast.pryanik.program.pk):
        assert [member.user for member in Member.objects.active()] == [cast.pryanik.owner]
    with every_tenant():
        assert Till.objects.count() == 3


def test_a_tenant_is_left_even_by_an_error(cast: Cast) -> None:
    with pytest.raises(RuntimeError), tenant(cast.zerno.program.pk):
        raise RuntimeError
    with pytest.raises(ScopeError):
        Till.objects.count()


def test_rows_of_two_programmes_do_not_meet(cast: Cast) -> None:
    assert same_tenant(cast.zerno.till, cast.bakery.outlet) == cast.zerno.program.pk
    with pytest.raises(TenantMismatchError):
        same_tenant(cast.zerno.till, cast.pryanik.outlet)
    with pytest.raises(TenantMismatchError), tenant(cast.pryanik.program.pk):
        same_tenant(cast.zerno.till)
    with every_tenant():
        assert same_tenant(cast.zerno.till)


def test_roles_do_what_the_table_says(cast: Cast) -> None:
    shop = cast.zerno
    assert set(ACTIONS) == set(Role)
    with tenant(shop.program.pk):
        for role, user in shop.people.items():
            for action in Action:
                assert may(user, action, merchant=shop.merchant) == (action in ACTIONS[role])
                assert not may(user, action, merchant=cast.bakery.merchant)
        for action in Action:
            assert may(cast.olga, action, merchant=shop.merchant)
            assert may("manage.py demo", action, merchant=shop.merchant)
            assert not may(cast.semyon, action, merchant=shop.merchant)


@pytest.mark.parametrize("gone", ["user", "member", "merchant"])
def test_whoever_is_gone_does_nothing(cast: Cast, gone: str) -> None:
    shop = cast.zerno
    with tenant(shop.program.pk):
        member = Member.objects.get(user=shop.owner)
        rows: dict[str, User | Member | Merchant] = {"user": shop.owner, "member": member, "merchant": shop.merchant}
        rows[gone].is_active = False
        rows[gone].save()
        assert not may(shop.owner, Action.MANAGE_TILLS, merchant=shop.merchant)


def test_the_log_names_who_and_what(cast: Cast) -> None:
    shop = cast.zerno
    row = audit.record(
        program_id=shop.program.pk, action="till.cleaned", at=NOW, by=shop.owner, subject=shop.till, reason="dust"
    )
    assert (row.user, row.actor, row.object_type, row.object_id) == (shop.owner, "", "till", str(shop.till.pk))
    row = audit.record(
        program_id=shop.program.pk, action="till.cleaned", at=NOW, by="manage.py clean", details={"a": 1}
    )
    assert (row.user, row.actor, row.object_type, row.details) == (None, "manage.py clean", "", {"a": 1})


def test_the_log_can_only_grow(cast: Cast) -> None:
    audit.record(program_id=cast.zerno.program.pk, action="till.cleaned", at=NOW, by="somebody")
    with every_tenant():
        with pytest.raises(DatabaseError), transaction.atomic():
            AuditRecord.objects.update(action="nothing")
        with pytest.raises(DatabaseError), transaction.atomic():
            AuditRecord.objects.all().delete()
