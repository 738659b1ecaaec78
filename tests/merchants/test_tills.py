from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from rest_framework.exceptions import AuthenticationFailed

from merchants import tills
from merchants.access import TenantMismatchError, tenant
from merchants.authentication import look_up
from merchants.models import AuditRecord, TillKey
from tests.cast import Cast

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def in_zerno(cast: Cast) -> Iterator[None]:
    with tenant(cast.zerno.program.pk):
        yield


def acts() -> list[str]:
    return list(AuditRecord.objects.order_by("pk").values_list("action", flat=True))


def test_a_till_is_registered_gets_a_key_and_loses_it(cast: Cast) -> None:
    shop = cast.zerno
    till = tills.register_till(outlet=shop.outlet, name=" Касса 2 ", by=shop.owner, now=NOW)
    assert (till.name, till.merchant, till.program) == ("Касса 2", shop.merchant, shop.program)

    key = tills.issue_key(till=till, scopes=["sell", "read"], by=shop.manager, now=NOW)
    assert key.startswith(f"kp_{shop.program.pk}_")
    caller = look_up(key)
    assert (caller.till_id, caller.scopes) == (till.pk, frozenset({"sell", "read"}))
    row = TillKey.objects.get(pk=caller.key_id)
    assert row.hint == key[-4:]
    assert key.encode() not in bytes(row.digest)

    tills.revoke_key(key=row, by=shop.owner, now=NOW, reason="lost")
    tills.revoke_key(key=row, by=shop.owner, now=NOW)
    with pytest.raises(AuthenticationFailed) as refusal:
        look_up(key)
    assert refusal.value.get_codes() == "key_revoked"

    assert acts() == ["till.registered", "till_key.issued", "till_key.revoked"]
    last = AuditRecord.objects.get(action="till_key.revoked")
    assert (last.user, last.at, last.reason, last.object_id) == (shop.owner, NOW, "lost", str(row.pk))


def test_a_new_key_leaves_the_old_one_alone(cast: Cast) -> None:
    new = tills.issue_key(till=cast.zerno.till, scopes=["sell"], by="manage.py demo", now=NOW)
    assert look_up(new).till_id == look_up(cast.zerno.key).till_id


@pytest.mark.parametrize("scopes", [[], ["everything"], ["sell", "SELL"]])
def test_scopes_are_the_known_ones(cast: Cast, scopes: list[str]) -> None:
    with pytest.raises(ValidationError) as refusal:
        tills.issue_key(till=cast.zerno.till, scopes=scopes, by=cast.zerno.owner, now=NOW)
    assert refusal.value.code == "scopes_invalid"


@pytest.mark.parametrize("name", ["", "  ", "Касса 1", "x" * 121])
def test_a_till_needs_a_name_of_its_own(cast: Cast, name: str) -> None:
    with pytest.raises(ValidationError):
        tills.register_till(outlet=cast.zerno.outlet, name=name, by=cast.zerno.owner, now=NOW)
    assert acts() == []


def test_others_keep_their_hands_off(cast: Cast) -> None:
    shop = cast.zerno
    for stranger in (shop.operator, shop.cashier, shop.reader, cast.bakery.owner, cast.pryanik.owner, cast.semyon):
        with pytest.raises(PermissionDenied):
            tills.register_till(outlet=shop.outlet, name="Касса 2", by=stranger, now=NOW)
        with pytest.raises(PermissionDenied):
            tills.issue_key(till=shop.till, scopes=["sell"], by=stranger, now=NOW)
        with pytest.raises(PermissionDenied):
            tills.revoke_key(key=TillKey.objects.get(till=shop.till), by=stranger, now=NOW)
    assert acts() == []


def test_another_programme_is_not_touched(cast: Cast) -> None:
    with pytest.raises(TenantMismatchError):
        tills.issue_key(till=cast.pryanik.till, scopes=["sell"], by=cast.pryanik.owner, now=NOW)
