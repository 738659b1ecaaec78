"""The owner's page of limits."""

from __future__ import annotations

import pytest
from django.test import Client as Browser
from django.urls import reverse

from loyalty.models import HandLimit
from merchants.access import tenant
from tests.cast import Cast


@pytest.fixture
def owner(cast: Cast) -> Browser:
    browser = Browser()
    browser.force_login(cast.zerno.owner)
    return browser


def page(cast: Cast) -> str:
    return reverse("points_limits", args=[cast.zerno.merchant.pk])


def test_limits_are_set_and_lifted(cast: Cast, owner: Browser) -> None:
    answer = owner.post(page(cast), {"operator_add_once": "500", "manager_deduct_day": "1000"}, follow=True)
    assert "Сохранено" in answer.content.decode()
    with tenant(cast.zerno.program.pk):
        rows = {row.role: row for row in HandLimit.objects.all()}
    assert (rows["operator"].add_once, rows["operator"].add_day) == (500, None)
    assert rows["manager"].deduct_day == 1000
    assert 'value="500"' in owner.get(page(cast)).content.decode()
    assert (
        "сотрудники: начислить за операцию"
        in owner.get(reverse("audit_log", args=[cast.zerno.merchant.pk])).content.decode()
    )
    owner.post(page(cast), {})
    with tenant(cast.zerno.program.pk):
        assert HandLimit.objects.get(role="operator").add_once is None


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("operator_add_once", "-1", "Лимит не бывает меньше нуля"),
        ("operator_add_once", "0,5", "только целые баллы"),
        ("operator_add_once", "900", "не больше, чем за день"),
        ("operator_add_once", "много", "Введите число"),
    ],
)
def test_what_makes_no_sense_is_said_beside_the_field(
    cast: Cast, owner: Browser, field: str, value: str, said: str
) -> None:
    answer = owner.post(page(cast), {field: value, "operator_add_day": "800"})
    assert said in answer.content.decode()
    with tenant(cast.zerno.program.pk):
        assert not HandLimit.objects.exists()


def test_settings_lead_there_for_owners_alone(cast: Cast, owner: Browser) -> None:
    settings = reverse("settings", args=[cast.zerno.merchant.pk])
    assert page(cast) in owner.get(settings).content.decode()
    manager = Browser()
    manager.force_login(cast.zerno.manager)
    assert page(cast) not in manager.get(settings).content.decode()
