"""Cashiers and their PINs; phones that are connected to a till."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from merchants import cashiers, devices
from merchants.access import TenantMismatchError, tenant
from merchants.authentication import look_up
from merchants.models import AuditRecord, Cashier, TillKey
from tests.cast import Cast

NOW = datetime(2026, 3, 5, 9, tzinfo=UTC)


def hired(cast: Cast, name: str = "Анна", pin: str = "4821") -> Cashier:
    return cashiers.hire(merchant=cast.zerno.merchant, name=name, pin=pin, by=cast.zerno.owner, now=NOW)


def codes(error: ValidationError) -> dict[str, list[str | None]]:
    return {field: [one.code for one in errors] for field, errors in error.error_dict.items()}


def test_a_pin_opens_the_page_and_is_not_stored(cast: Cast) -> None:
    with tenant(cast.zerno.program.pk):
        anna = hired(cast)
        assert cashiers.fits(cashier=anna, pin="4821")
        assert not cashiers.fits(cashier=anna, pin="4822")
        assert "4821" not in anna.pin
        record = AuditRecord.objects.latest("pk")
        assert (record.action, record.details) == (
            "cashier.hired",
            {"merchant": cast.zerno.merchant.pk, "outlets": []},
        )


@pytest.mark.parametrize(
    ("pin", "code"),
    [
        ("123", "pin_format"),
        ("1234567", "pin_format"),
        ("12a4", "pin_format"),
        ("٤٨٢١", "pin_format"),
        ("1111", "pin_simple"),
        ("1234", "pin_simple"),
        ("987654", "pin_simple"),
        ("7890", "pin_simple"),
    ],
)
def test_a_pin_that_anybody_guesses_is_refused(cast: Cast, pin: str, code: str) -> None:
    with tenant(cast.zerno.program.pk), pytest.raises(ValidationError) as raised:
        hired(cast, pin=pin)
    assert codes(raised.value) == {"pin": [code]}


def test_a_name_is_needed_and_unique(cast: Cast) -> None:
    with tenant(cast.zerno.program.pk):
        hired(cast)
        for name, code in ((" ", "required"), ("  Анна ", "taken"), ("А" * 65, "max_length")):
            with pytest.raises(ValidationError) as raised:
                hired(cast, name=name)
            assert codes(raised.value) == {"name": [code]}
        boris = hired(cast, name="Борис", pin="7305")
        with pytest.raises(ValidationError) as raised:
            cashiers.change(cashier=boris, name="Анна", outlets=(), by=cast.zerno.owner, now=NOW)
        assert codes(raised.value) == {"name": ["taken"]}


def test_who_was_dismissed_gets_in_no_more_until_brought_back(cast: Cast) -> None:
    with tenant(cast.zerno.program.pk):
        anna, owner = hired(cast), cast.zerno.owner
        cashiers.dismiss(cashier=anna, by=owner, now=NOW, reason="left")
        cashiers.dismiss(cashier=anna, by=owner, now=NOW)
        assert not cashiers.fits(cashier=anna, pin="4821")
        cashiers.bring_back(cashier=anna, by=owner, now=NOW)
        assert cashiers.fits(cashier=anna, pin="4821")
        cashiers.set_pin(cashier=anna, pin="730512", by=owner, now=NOW)
        assert not cashiers.fits(cashier=anna, pin="4821")
        assert cashiers.fits(cashier=anna, pin="730512")
        actions = list(AuditRecord.objects.order_by("pk").values_list("action", flat=True))
        assert actions == ["cashier.hired", "cashier.dismissed", "cashier.brought_back", "cashier.pin_set"]


def test_only_who_manages_the_team_hires(cast: Cast) -> None:
    shop = cast.zerno
    with tenant(shop.program.pk):
        anna = hired(cast)
        for person in (shop.operator, shop.cashier, shop.reader, cast.bakery.owner, cast.semyon):
            with pytest.raises(PermissionDenied):
                cashiers.hire(merchant=shop.merchant, name="Вера", pin="4821", by=person, now=NOW)
            with pytest.raises(PermissionDenied):
                cashiers.set_pin(cashier=anna, pin="4822", by=person, now=NOW)
        with pytest.raises(ValidationError):
            cashiers.change(cashier=anna, name="Анна", outlets=[cast.bakery.outlet], by=shop.owner, now=NOW)
    with tenant(cast.pryanik.program.pk), pytest.raises(TenantMismatchError):
        cashiers.dismiss(cashier=anna, by=cast.pryanik.owner, now=NOW)


def test_a_link_connects_a_phone_for_a_day(cast: Cast) -> None:
    till = cast.zerno.till
    with tenant(cast.zerno.program.pk):
        token = devices.invite(till=till, by=cast.zerno.manager, now=NOW)
    assert devices.till_of(token, NOW) == till
    assert devices.till_of(token, NOW + timedelta(hours=24)) == till
    assert devices.till_of(token, NOW + timedelta(hours=24, seconds=1)) is None
    assert devices.till_of(token, NOW - timedelta(minutes=1)) is None
    assert devices.till_of(token[:-1] + ("A" if token[-1] != "A" else "B"), NOW) is None
    assert devices.till_of("", NOW) is None
    with tenant(cast.zerno.program.pk):
        key = devices.connect(till=till, name="  Телефон  Анны ", by="till page", now=NOW)
        row = TillKey.objects.get(device="Телефон Анны")
        assert row.scopes == ["enrol", "read", "sell"]
        assert AuditRecord.objects.latest("pk").action == "device.connected"
    assert look_up(key).key_id == row.pk


def test_a_link_to_a_till_that_is_switched_off_connects_nothing(cast: Cast) -> None:
    till = cast.zerno.till
    with tenant(cast.zerno.program.pk):
        token = devices.invite(till=till, by=cast.zerno.manager, now=NOW)
        till.is_active = False
        till.save()
    assert devices.till_of(token, NOW) is None


def test_who_may_connect(cast: Cast) -> None:
    shop = cast.zerno
    with tenant(shop.program.pk):
        for person in (shop.operator, shop.cashier, shop.reader, cast.bakery.owner):
            with pytest.raises(PermissionDenied):
                devices.invite(till=shop.till, by=person, now=NOW)
        for person in (shop.reader, cast.bakery.owner, cast.semyon):
            with pytest.raises(PermissionDenied):
                devices.connect(till=shop.till, name="x", by=person, now=NOW)
        assert devices.connect(till=shop.till, name="x", by=shop.cashier, now=NOW)
