"""Birthdays whose year is not known: they are celebrated, and nobody has an age by them."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from django.test import Client as Browser

from clients import birthdays, editing, merging
from clients.birthdays import Born
from clients.editing import Particulars
from clients.models import Client
from loyalty.ledger import lock
from loyalty.models import Account
from merchants.access import tenant
from tests.cast import Cast
from tests.clients.counter import enrolled

NOON = dt.datetime(2026, 3, 12, 9, tzinfo=dt.UTC)
LEAP = dt.date(2000, 2, 29)


@pytest.mark.parametrize(
    ("text", "born"),
    [
        ("28.02.1990", Born(dt.date(1990, 2, 28))),
        ("1990-02-28", Born(dt.date(1990, 2, 28))),
        ("29.02", Born(LEAP, year_known=False)),
        ("--02-29", Born(LEAP, year_known=False)),
        ("29 февраля", Born(LEAP, year_known=False)),
        ("5 мая", Born(dt.date(2000, 5, 5), year_known=False)),
        ("5 марта 1990 г.", Born(dt.date(1990, 3, 5))),
        ("1/9", Born(dt.date(2000, 9, 1), year_known=False)),
    ],
)
def test_as_people_write_them(text: str, born: Born) -> None:
    assert birthdays.read(text) == born
    assert birthdays.read(str(born)) == born
    assert birthdays.read_iso(birthdays.iso(born.day, year_known=born.year_known)) == born


@pytest.mark.parametrize(
    "text", ["30.02", "29.02.1990", "31 июня", "5 мартобря", "28.02.90", "0.5", "29", "x", "٢٩.٠٢"]
)
def test_what_is_none(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        birthdays.read(text)


def test_how_it_is_shown() -> None:
    assert birthdays.shown(LEAP, year_known=False) == "29 февраля"
    assert birthdays.shown(LEAP, year_known=True) == "29.02.2000"
    assert birthdays.shown(None, year_known=True) == ""
    assert birthdays.next_one(LEAP, dt.date(2027, 1, 1)) == dt.date(2027, 2, 28)
    assert birthdays.next_one(LEAP, dt.date(2028, 2, 28)) == dt.date(2028, 2, 29)


@pytest.mark.django_db
def test_a_till_gives_the_day_alone(cast: Cast) -> None:
    def enrol(phone: str, birthday: str) -> tuple[int, bytes]:
        said = {"phone": phone, "birthday": birthday}
        answer = Browser().post(
            "/api/v1/clients",
            said,
            content_type="application/json",
            headers=cast.zerno.auth | {"Idempotency-Key": phone},
        )
        return answer.status_code, answer.content

    assert enrol("+79160000001", "--02-29")[0] == 201
    with tenant(cast.zerno.program.pk):
        client = Client.objects.get()
        account = Account.objects.get()
        state = lock(program_id=client.program_id, account_id=account.pk, now=NOON)
    for one in (client, account, state):
        assert (one.birthday, one.birthday_year_known) == (LEAP, False)
    status, content = enrol("+79160000002", "--02-30")
    assert (status, json.loads(content)["errors"][0]["pointer"]) == (422, "/birthday")


@pytest.mark.django_db
def test_pages_take_it_and_show_it(cast: Cast, client: Browser) -> None:
    with tenant(cast.zerno.program.pk):
        anna = enrolled(cast.zerno, "Анна", "+79161234567", NOON, birthday=dt.date(1990, 3, 8))
    client.force_login(cast.zerno.owner)
    page = f"/m/{cast.zerno.merchant.pk}/clients/{anna.account.public_id}/"
    assert 'value="08.03.1990"' in client.get(f"{page}edit/").content.decode()
    given = {"phone": "+79161234567", "name": "Анна", "birthday": "8 марта"}
    assert client.post(f"{page}edit/", given).status_code == 302
    assert "8 марта" in client.get(page).content.decode()
    assert 'value="08.03"' in client.get(f"{page}edit/").content.decode()
    with tenant(cast.zerno.program.pk):
        anna.refresh_from_db()
        assert (anna.birthday, anna.birthday_year_known) == (dt.date(2000, 3, 8), False)
        assert not Account.objects.get(pk=anna.account_id).birthday_year_known
        known = {"phone": "+79161234567", "name": "Анна", "birthday": dt.date(2000, 3, 8)}
        editing.edit(client=anna, particulars=Particulars(**known), now=NOON, by=cast.zerno.owner)
        anna.refresh_from_db()
        assert anna.birthday_year_known
    assert "Напишите день и месяц" in client.post(f"{page}edit/", given | {"birthday": "31.02"}).content.decode()


@pytest.mark.django_db
def test_a_merge_takes_it_along_and_back(cast: Cast) -> None:
    with tenant(cast.zerno.program.pk):
        keep = enrolled(cast.zerno, "Анна", "+79161234567", NOON)
        drop = enrolled(cast.zerno, "Аня", "+79161234568", NOON, birthday=LEAP, birthday_year_known=False)
        merge = merging.merge(keep=keep, drop=drop, now=NOON, by=cast.zerno.owner)
        for row in (Client.objects.get(pk=keep.pk), Account.objects.get(pk=keep.account_id)):
            assert (row.birthday, row.birthday_year_known) == (LEAP, False)
        merging.unmerge(merge=merge, now=NOON, by=cast.zerno.owner)
        for one in (keep, drop):
            for row in (Client.objects.get(pk=one.pk), Account.objects.get(pk=one.account_id)):
                wanted = (None, True) if one is keep else (LEAP, False)
                assert (row.birthday, row.birthday_year_known) == wanted
