"""Outlets, tills, team, settings and the log, as their readers meet them."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from PIL import Image

from merchants.access import every_tenant, tenant
from merchants.authentication import look_up
from merchants.models import (
    AuditRecord,
    Cashier,
    Invitation,
    Logo,
    Member,
    OutboxMessage,
    Outlet,
    Program,
    Role,
    Till,
    TillKey,
)
from tests.cast import Cast, make_key, make_user


@pytest.fixture
def office(client: Client, cast: Cast) -> Callable[..., str]:
    """`office("outlets/")` reads a page of «Зерно» as its owner, `office("…", {…})` sends a form there."""
    client.force_login(cast.zerno.owner)

    def page(path: str, data: dict[str, Any] | None = None, *, status: int = 200) -> str:
        address = f"/m/{cast.zerno.merchant.pk}/{path}"
        answer = client.get(address) if data is None else client.post(address, data, follow=True)
        assert answer.status_code == status, (answer.status_code, address)
        text = answer.content.decode()
        assert not re.search(r"<style|\sstyle=|\son\w+=", text)
        return text

    return page


@pytest.fixture(autouse=True)
def in_every_tenant() -> Any:
    with every_tenant():
        yield


def latest() -> AuditRecord:
    return AuditRecord.objects.latest("pk")


# ---------------------------------------------------------------- outlets and tills


def test_an_outlet_is_opened_changed_closed_and_opened_again(office: Callable[..., str], cast: Cast) -> None:
    assert "Зерно, Лесная 5" in office("outlets/")
    page = office("outlets/new/", {"name": "Кофейня на  Щукинской", "address": "Щукинская, 1", "code": ""})
    assert "Новая касса" in page
    outlet = Outlet.objects.get(code="kofeynya-na-schukinskoy")
    assert (outlet.name, outlet.merchant) == ("Кофейня на Щукинской", cast.zerno.merchant)
    assert latest().action == "outlet.opened"
    office("outlets/new/", {"name": "Кофейня на Щукинской", "code": ""})
    assert Outlet.objects.filter(code="kofeynya-na-schukinskoy-2").exists()

    office(f"outlets/{outlet.pk}/", {"name": "Щукинская", "address": "", "code": "another"})
    outlet.refresh_from_db()
    assert (outlet.name, outlet.address, outlet.code) == ("Щукинская", "", "kofeynya-na-schukinskoy")
    assert latest().details["fields"] == ["name", "address"]

    assert "Закрыть торговую точку «Щукинская»" in office(f"outlets/{outlet.pk}/close/")
    assert "закрыта" in office(f"outlets/{outlet.pk}/close/", {})
    outlet.refresh_from_db()
    assert not outlet.is_active
    office(f"outlets/{outlet.pk}/reopen/", {})
    outlet.refresh_from_db()
    assert outlet.is_active


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"name": " ", "code": ""}, "Обязательное поле"),
        ({"name": "Новая", "code": "по-русски"}, "Только латинские буквы"),
        ({"name": "Новая", "code": "outlet-{merchant}"}, "уже у другой торговой точки"),
        ({"name": "Н" * 121}, "не более 120"),
        ({"name": "Новая\x00"}, "invalid-feedback"),
    ],
)
def test_an_outlet_that_cannot_be(office: Callable[..., str], cast: Cast, data: dict[str, str], said: str) -> None:
    count = Outlet.objects.count()
    page = office("outlets/new/", {key: text.format(merchant=cast.zerno.merchant.pk) for key, text in data.items()})
    assert said in page
    assert Outlet.objects.count() == count


def test_others_outlets_and_tills_are_not_there(office: Callable[..., str], cast: Cast) -> None:
    for shop in (cast.bakery, cast.pryanik):
        office(f"outlets/{shop.outlet.pk}/", status=404)
        office(f"outlets/{shop.outlet.pk}/close/", {}, status=404)
        office(f"tills/{shop.till.pk}/settings/", status=404)
        office(f"tills/{shop.till.pk}/settings/", {"act": "key", "scopes": ["sell"]}, status=404)
    office(f"tills/{10**30}/settings/", status=404)


def test_a_key_is_shown_once_and_revoked(office: Callable[..., str], cast: Cast) -> None:
    till = cast.zerno.till
    page = office(f"tills/{till.pk}/settings/", {"act": "key", "scopes": ["sell", "read"]})
    shown = re.search(r"kp_\d+_[\w-]{43}", page)
    assert shown
    assert look_up(shown[0]).scopes == {"sell", "read"}
    assert shown[0] not in office(f"tills/{till.pk}/settings/")
    assert "Выберите" in office(f"tills/{till.pk}/settings/", {"act": "key"})
    key = TillKey.objects.latest("pk")
    assert f"…{key.hint}" in office(f"tills/{till.pk}/keys/{key.pk}/revoke/")
    assert "Ключ отозван" in office(f"tills/{till.pk}/keys/{key.pk}/revoke/", {})
    key.refresh_from_db()
    assert key.revoked_at
    foreign = TillKey.objects.get(till=cast.bakery.till)
    office(f"tills/{till.pk}/keys/{foreign.pk}/revoke/", {}, status=404)


def test_a_phone_is_connected_by_a_link_with_a_qr(office: Callable[..., str], cast: Cast) -> None:
    page = office(f"tills/{cast.zerno.till.pk}/settings/", {"act": "phone"})
    assert 'src="data:image/svg+xml' in page
    assert re.search(r"http://testserver/till/connect/[\w:-]+/", page)
    make_key(cast.zerno.till)
    TillKey.objects.filter(pk=TillKey.objects.latest("pk").pk).update(device="Телефон Анны")
    key = TillKey.objects.latest("pk")
    assert "Телефон Анны" in office(f"tills/{cast.zerno.till.pk}/settings/")
    assert "Телефон отключён" in office(f"tills/{cast.zerno.till.pk}/keys/{key.pk}/revoke/", {})


def test_a_till_is_added_renamed_and_switched_off(office: Callable[..., str], cast: Cast) -> None:
    outlet = cast.zerno.outlet
    assert "Касса 2" in office(f"outlets/{outlet.pk}/tills/new/")
    office(f"outlets/{outlet.pk}/tills/new/", {"name": "Касса 2"})
    till = Till.objects.get(name="Касса 2")
    assert "уже" in office(f"tills/{till.pk}/settings/", {"act": "name", "name": "Касса 1"})
    office(f"tills/{till.pk}/settings/", {"act": "name", "name": "У окна"})
    office(f"tills/{till.pk}/off/", {})
    till.refresh_from_db()
    assert (till.name, till.is_active) == ("У окна", False)
    office(f"tills/{till.pk}/on/", {})
    assert latest().action == "till.switched_on"


def test_a_manager_of_one_outlet_sees_that_one(client: Client, cast: Cast) -> None:
    other = Outlet.objects.create(
        program=cast.zerno.program, merchant=cast.zerno.merchant, name="Тверская", code="tverskaya"
    )
    Member.objects.get(user=cast.zerno.manager).outlets.add(other)
    client.force_login(cast.zerno.manager)
    base = f"/m/{cast.zerno.merchant.pk}"
    page = client.get(f"{base}/outlets/").content.decode()
    assert "Тверская" in page
    assert "Лесная" not in page
    assert client.get(f"{base}/outlets/new/").status_code == 403
    assert client.get(f"{base}/outlets/{cast.zerno.outlet.pk}/").status_code == 404
    # Nor does he give more than he has.
    himself = Member.objects.get(user=cast.zerno.manager)
    answer = client.post(f"{base}/team/{himself.pk}/", {"role": "manager"})
    assert "invalid-feedback" in answer.content.decode()
    assert himself.outlets.count() == 1
    operator = Member.objects.get(user=cast.zerno.operator)
    assert client.get(f"{base}/team/{operator.pk}/").status_code == 403


# ---------------------------------------------------------------- team


def test_who_has_joined_meanwhile_is_not_invited_again(office: Callable[..., str], cast: Cast) -> None:
    office("team/invite/", {"email": "nina@example.org", "role": "operator"})
    asked = Invitation.objects.get()
    member = {"program": cast.zerno.program, "merchant": cast.zerno.merchant, "role": Role.READER}
    Member.objects.create(user=make_user("Nina"), **member)
    assert "Этот человек уже в команде" in office(f"team/invitations/{asked.pk}/again/", {})
    assert Invitation.objects.get().pk == asked.pk


def test_a_manager_of_one_outlet_takes_no_invitation_of_others_back(client: Client, cast: Cast) -> None:
    other = Outlet.objects.create(
        program=cast.zerno.program, merchant=cast.zerno.merchant, name="Тверская", code="tverskaya"
    )
    Member.objects.get(user=cast.zerno.manager).outlets.add(other)
    base = f"/m/{cast.zerno.merchant.pk}/team/invite/"
    for places in ([], [cast.zerno.outlet.pk], [cast.zerno.outlet.pk, other.pk]):
        client.force_login(cast.zerno.owner)
        client.post(base, {"email": "nina@example.org", "role": "operator", "outlets": places})
        asked = Invitation.objects.pending().get()
        client.force_login(cast.zerno.manager)
        again = {"email": "Nina@example.org", "role": "operator", "outlets": [other.pk]}
        page = client.post(base, again).content.decode()
        assert "уже пригласили в другие торговые точки" in page
        assert Invitation.objects.pending().get() == asked
    # One for his outlet alone he may replace, whoever made it.
    client.force_login(cast.zerno.owner)
    client.post(base, {"email": "nina@example.org", "role": "operator", "outlets": [other.pk]})
    client.force_login(cast.zerno.manager)
    assert client.post(base, again).status_code == 302
    assert Invitation.objects.pending().get().invited_by == cast.zerno.manager


def test_somebody_is_invited_again_and_not_any_more(office: Callable[..., str], cast: Cast) -> None:
    page = office("team/invite/", {"email": "Nina@Example.org", "role": "operator", "outlets": [cast.zerno.outlet.pk]})
    assert "nina@example.org" in page
    first = Invitation.objects.get(email="nina@example.org")
    assert list(first.outlets.all()) == [cast.zerno.outlet]
    office(f"team/invitations/{first.pk}/again/", {})
    second = Invitation.objects.pending().get(email="nina@example.org")
    assert second.pk != first.pk
    assert list(second.outlets.all()) == [cast.zerno.outlet]
    assert OutboxMessage.objects.filter(topic="invitation.send").count() == 2
    office(f"team/invitations/{first.pk}/again/", {}, status=404)
    office(f"team/invitations/{second.pk}/revoke/", {})
    assert not Invitation.objects.pending().exists()
    assert "уже в команде" in office("team/invite/", {"email": cast.zerno.reader.email, "role": "reader"})
    assert "invalid-feedback" in office("team/invite/", {"email": "нет", "role": "reader"})
    assert "invalid-feedback" in office("team/invite/", {"email": "a@example.org", "role": "tsar"})
    foreign = {"email": "a@example.org", "role": "reader", "outlets": [cast.bakery.outlet.pk]}
    assert "invalid-feedback" in office("team/invite/", foreign)


def test_a_role_is_changed_and_the_last_owner_stays(office: Callable[..., str], cast: Cast) -> None:
    vera = Member.objects.get(user=cast.zerno.operator)
    office(f"team/{vera.pk}/", {"role": "manager", "outlets": [cast.zerno.outlet.pk]})
    vera.refresh_from_db()
    assert (vera.role, list(vera.outlets.all())) == (Role.MANAGER, [cast.zerno.outlet])
    anna = Member.objects.get(user=cast.zerno.owner)
    refused = "хотя бы один владелец"
    assert refused in office(f"team/{anna.pk}/", {"role": "manager"})
    assert refused in office(f"team/{anna.pk}/remove/", {})
    assert "Удалить из команды: Vera" in office(f"team/{vera.pk}/remove/")
    assert "больше не в команде" in office(f"team/{vera.pk}/remove/", {})
    office(f"team/{vera.pk}/", status=404)
    stranger = Member.objects.get(user=cast.bakery.owner)
    office(f"team/{stranger.pk}/", status=404)


def test_a_manager_touches_no_owner(client: Client, cast: Cast) -> None:
    client.force_login(cast.zerno.manager)
    anna = Member.objects.get(user=cast.zerno.owner)
    base = f"/m/{cast.zerno.merchant.pk}/team"
    assert client.get(f"{base}/{anna.pk}/").status_code == 403
    assert client.post(f"{base}/{anna.pk}/remove/").status_code == 403
    page = client.post(f"{base}/invite/", {"email": "a@example.org", "role": "owner"}).content.decode()
    assert "invalid-feedback" in page
    assert not Invitation.objects.exists()


def test_a_cashier_gets_a_pin_that_is_shown_once(office: Callable[..., str], cast: Cast) -> None:
    suggested = re.search(r'name="pin" value="(\d{4})"', office("team/cashiers/new/"))
    assert suggested
    page = office("team/cashiers/new/", {"name": "Анна", "pin": suggested[1]})
    assert suggested[1] in page
    anna = Cashier.objects.get(name="Анна")
    assert suggested[1] not in office(f"team/cashiers/{anna.pk}/")
    assert "легко угадать" in office("team/cashiers/new/", {"name": "Пётр", "pin": "1111"})
    assert "уже есть" in office("team/cashiers/new/", {"name": "Анна", "pin": "4826"})
    assert "4826" in office(f"team/cashiers/{anna.pk}/", {"act": "pin", "pin": "4826"})
    assert "4 до 6 цифр" in office(f"team/cashiers/{anna.pk}/", {"act": "pin", "pin": "12"})
    office(f"team/cashiers/{anna.pk}/", {"name": "Анна П.", "outlets": [cast.zerno.outlet.pk]})
    assert "Анна П." in office("team/")
    office(f"team/cashiers/{anna.pk}/dismiss/", {})
    assert "уволен" in office("team/")
    office(f"team/cashiers/{anna.pk}/back/", {})
    anna.refresh_from_db()
    assert (anna.name, anna.is_active) == ("Анна П.", True)


# ---------------------------------------------------------------- settings


PROGRAM = {
    "part": "program",
    "name": "Зерно",
    "point_one": "зерно",
    "point_few": "зерна",
    "point_many": "зёрен",
    "time_zone": "Asia/Omsk",
    "day_starts_at": "04:00",
    "active_days": "60",
    "language": "ru",
}


def test_what_cannot_be_changed_says_why(office: Callable[..., str]) -> None:
    page = office("settings/")
    assert "Выбрана при открытии магазина навсегда" in page
    assert "Изменить нельзя: так посчитаны балансы клиентов" in page


def test_settings_are_saved_and_logged(office: Callable[..., str], cast: Cast) -> None:
    assert "1 зерно, 2 зерна, 5 зёрен" in office("settings/")
    office("settings/", {"part": "shop", "name": "Зерно и хлеб", "legal_name": "ООО «Зерно»", "contacts": ""})
    assert latest().details == {"fields": ["name", "legal_name"]}
    office("settings/", PROGRAM)
    program = Program.objects.get(pk=cast.zerno.program.pk)
    assert (program.time_zone, program.active_days, program.join_by_sms) == ("Asia/Omsk", 60, False)
    assert latest().details == {"fields": ["time_zone", "day_starts_at", "active_days", "join_by_sms"]}
    page = office("settings/", {"part": "colour", "colour": "#FFD400"})
    assert f"/look/{cast.zerno.merchant.pk}.css?v=ffd400" in page
    count = AuditRecord.objects.count()
    office("settings/", PROGRAM)
    assert AuditRecord.objects.count() == count, "nothing changed, nothing logged"


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"part": "shop", "name": ""}, "Обязательное поле"),
        ({"part": "shop", "name": "Пекарня"}, "Так называется другой магазин"),
        (PROGRAM | {"time_zone": "Mars/Olympus"}, "Выберите корректный вариант"),
        (PROGRAM | {"active_days": "0"}, "больше либо равно 1"),
        (PROGRAM | {"day_starts_at": "25:00"}, "правильное время"),
        ({"part": "colour", "colour": "red"}, "#0b6e4f"),
        ({"part": "logo"}, "Обязательное поле"),
    ],
)
def test_settings_that_cannot_be(office: Callable[..., str], cast: Cast, data: dict[str, str], said: str) -> None:
    page = office("settings/", data)
    assert "invalid-feedback" in page
    assert said in page
    assert not AuditRecord.objects.exists()


def test_a_logo_comes_and_goes(office: Callable[..., str], cast: Cast) -> None:
    file = io.BytesIO()
    Image.new("RGB", (40, 40), "#0b6e4f").save(file, "PNG")
    page = office("settings/", {"part": "logo", "file": SimpleUploadedFile("l.png", file.getvalue())})
    logo = Logo.objects.get()
    assert page.count(f"/logo/{cast.zerno.merchant.pk}/{logo.digest}") == 2
    refused = office("settings/", {"part": "logo", "file": SimpleUploadedFile("l.svg", b"<svg/>")})
    assert "SVG не подойдёт" in refused
    office("settings/", {"part": "no_logo"})
    assert not Logo.objects.exists()


# ---------------------------------------------------------------- the log


def test_the_log_tells_in_words(office: Callable[..., str], cast: Cast) -> None:
    vera = Member.objects.get(user=cast.zerno.operator)
    office(f"team/{vera.pk}/", {"role": "reader", "outlets": [cast.zerno.outlet.pk]})
    with tenant(cast.zerno.program.pk):
        AuditRecord.objects.create(
            program=cast.zerno.program,
            action="sale.confirmation_overridden",
            actor=f"till:{cast.zerno.till.pk} Анна",
            details={"points": "30", "sale": "0d9c"},
            reason="Телефон сел",
        )
    page = office("log/")
    assert "Роль изменена" in page
    assert "Vera" in page
    assert "сотрудник" in page
    assert "Зерно, Лесная 5" in page
    assert "касса: Анна, Касса 1" in page
    assert "Телефон сел" in page
    assert "{" not in page.partition("<main")[2].partition("</main>")[0]
    tills = office("log/?who=tills")
    assert "Роль изменена" not in tills.partition("<tbody")[2]
    assert "касса: Анна" in tills
    assert "Роль изменена" in office(f"log/?who={cast.zerno.owner.pk}&what=team")
    assert "Ничего такого нет" in office("log/?until=2020-01-01")
    assert "invalid-feedback" in office("log/?since=вчера")
    for day in ("0001-01-01", "9999-12-31"):
        assert "Ничего такого нет" in office(f"log/?since={day}&until={day}")
    assert "Последний день раньше первого" in office("log/?since=2026-02-02&until=2026-02-01")
    assert "Роль изменена" in office("log/?before=~~~")
    assert "Роль изменена" in office("log/?what=member.role_changed&since=2020-01-01&until=9999-12-31")
    assert "Роль изменена" not in office("log/?what=member.joined").partition("<tbody")[2]
    for words in ("vera", "телефон"):
        told = office(f"log/?q={words}").partition("<tbody")[2]
        assert ("Роль изменена" in told, "касса: Анна" in told) == (words == "vera", words == "телефон")
    assert "Ничего такого нет" in office("log/?q=нет такого")


def test_the_log_is_taken_along_as_a_file_and_that_is_logged(client: Client, cast: Cast) -> None:
    client.force_login(cast.zerno.manager)
    with tenant(cast.zerno.program.pk):
        record: dict[str, Any] = {
            "program": cast.zerno.program,
            "user": cast.zerno.owner,
            "details": {"points": "-30.00"},
        }
        AuditRecord.objects.create(**record, action="account.adjusted", reason="=Опечатка")
        AuditRecord.objects.create(**record, action="till.renamed")
    address = f"/m/{cast.zerno.merchant.pk}/log/log.csv?what=points"
    response: Any = client.get(address)
    titles, line = b"".join(response).decode("utf-8-sig").splitlines()
    assert titles == "Когда;Кто;Что;О ком или о чём;Причина;Подробности"
    assert line.partition(";")[2] == "Anna;Баллы начислены или списаны вручную;;'=Опечатка;Баллы: -30"
    with tenant(cast.zerno.program.pk):
        assert AuditRecord.objects.get(action="log.exported").details == {"kind": "csv", "narrowed": True}


def test_the_log_of_a_coalition_is_each_merchants_own(client: Client, cast: Cast) -> None:
    def log(by: Any, action: str, kind: str = "", key: object = "") -> None:
        AuditRecord.objects.create(
            program=cast.zerno.program, user=by, action=action, object_type=kind, object_id=str(key)
        )

    log(cast.zerno.owner, "outlet.changed", "outlet", cast.zerno.outlet.pk)
    log(cast.olga, "till.renamed", "till", cast.zerno.till.pk)
    log(cast.zerno.operator, "account.adjusted", "account", 1)
    log(cast.bakery.owner, "program.published", "programversion", 1)
    log(cast.bakery.owner, "account.blocked", "account", 2)
    log(cast.bakery.owner, "outlet.closed", "outlet", cast.bakery.outlet.pk)

    def seen(user: Any, merchant: Any) -> set[str]:
        client.force_login(user)
        rows = client.get(f"/m/{merchant.pk}/log/").content.decode().partition("<tbody")[2]
        words = ("точка изменена", "переименована", "вручную", "опубликованы", "заблокирован", "точка закрыта")
        return {word for word in words if word in rows}

    assert seen(cast.zerno.owner, cast.zerno.merchant) == {"точка изменена", "переименована", "вручную", "опубликованы"}
    assert seen(cast.bakery.owner, cast.bakery.merchant) == {"опубликованы", "заблокирован", "точка закрыта"}


@pytest.mark.parametrize(("path", "queries"), [("outlets/", 7), ("team/", 11), ("log/", 14), ("settings/", 5)])
def test_pages_ask_the_same_whatever_is_in_them(
    client: Client, cast: Cast, django_assert_max_num_queries: Any, path: str, queries: int
) -> None:
    zerno = cast.zerno
    client.force_login(zerno.owner)
    for number in range(8):
        outlet = Outlet.objects.create(
            program=zerno.program, merchant=zerno.merchant, name=f"Точка {number}", code=f"o-{number}"
        )
        till = Till.objects.create(program=zerno.program, merchant=zerno.merchant, outlet=outlet, name="Касса")
        make_key(till)
        member = Member.objects.create(
            program=zerno.program, merchant=zerno.merchant, user=make_user(f"m{number}"), role=Role.OPERATOR
        )
        member.outlets.add(outlet)
        cashier = Cashier.objects.create(program=zerno.program, merchant=zerno.merchant, name=f"К{number}", pin="!")
        cashier.outlets.add(outlet)
        for row, kind in ((outlet, "outlet"), (till, "till"), (member, "member"), (cashier, "cashier")):
            AuditRecord.objects.create(
                program=zerno.program,
                user=member.user,
                action=f"{kind}.changed",
                object_type=kind,
                object_id=str(row.pk),
                details={"outlets": [outlet.pk], "till": till.pk},
            )
    with django_assert_max_num_queries(queries):
        assert client.get(f"/m/{zerno.merchant.pk}/{path}").status_code == 200


def test_a_manager_of_one_outlet_changes_nothing_that_all_share(cast: Cast) -> None:
    zerno = cast.zerno
    browser = Client()
    browser.force_login(zerno.manager)
    with every_tenant():
        member = Member.objects.get(user=zerno.manager)
        assert browser.get(reverse("settings", args=[zerno.merchant.pk])).status_code == 200
        member.outlets.set([zerno.outlet])
    for page in ("settings", "programme_edit", "consent_texts"):
        assert browser.get(reverse(page, args=[zerno.merchant.pk])).status_code == 403, page
    assert "Настройки" not in browser.get(reverse("outlets", args=[zerno.merchant.pk])).content.decode()
