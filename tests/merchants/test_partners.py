"""A coalition: the programme is the merchant's who began it; his partners use it and change nothing that all share."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse

from merchants import shop_settings
from merchants.access import Action, may, tenant
from tests.cast import Cast

NOW = dt.datetime(2026, 11, 21, 12, tzinfo=dt.UTC)
SHARED_ROOMS = ["programme_edit", "goods_new", "goods_import", "card_terms", "retention", "backtest_new"]


def status(client: Client, name: str, merchant_id: int) -> int:
    return client.get(reverse(name, args=[merchant_id])).status_code


def test_a_partner_reads_the_rules_and_changes_none(cast: Cast, client: Client) -> None:
    for owner, merchant, opens in (
        (cast.zerno.owner, cast.zerno.merchant, True),
        (cast.bakery.owner, cast.bakery.merchant, False),
    ):
        client.force_login(owner)
        found = {name: status(client, name, merchant.pk) for name in SHARED_ROOMS}
        assert {name: code != 403 for name, code in found.items()} == dict.fromkeys(SHARED_ROOMS, opens), found
        assert status(client, "programme", merchant.pk) == 200
        with tenant(merchant.program_id):
            assert may(owner, Action.EDIT_RULES, merchant=merchant) is opens
            assert may(owner, Action.MANAGE_TEAM, merchant=merchant)


def test_a_partner_has_settings_of_his_own_alone(cast: Cast, client: Client) -> None:
    bakery = cast.bakery
    client.force_login(bakery.owner)
    address = reverse("settings", args=[bakery.merchant.pk])
    page = client.get(address).content.decode()
    assert 'value="shop"' in page
    assert 'value="program"' not in page
    assert client.post(address, {"part": "program", "name": "Наша"}).status_code == 403
    with tenant(bakery.program.pk), pytest.raises(PermissionDenied):
        shop_settings.change_program(
            merchant=bakery.merchant,
            name="Наша",
            point_one="балл",
            point_few="балла",
            point_many="баллов",
            time_zone="Europe/Moscow",
            day_starts_at=dt.time(0),
            active_days=90,
            join_by_sms=True,
            language="ru",
            by=bakery.owner,
            now=NOW,
        )
