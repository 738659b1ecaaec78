"""A second factor that a shop asks for, its loss, and where somebody is logged in."""

from __future__ import annotations

import datetime as dt
import html
import re
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from allauth.usersessions.models import UserSession
from django.core import mail
from django.core.cache import cache
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.management import call_command
from django.test import Client

from merchants import members, outbox, second_factor, sessions
from merchants.access import tenant
from merchants.models import AuditRecord, Member, Role, User
from merchants.models.merchant import SecondFactor
from tests.cast import Cast, Shop

NOW = dt.datetime(2026, 11, 22, 9, tzinfo=dt.UTC)
CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36"
PASSWORD = "длинные-слова-1"


@pytest.fixture
def shop(cast: Cast) -> Any:
    with tenant(cast.zerno.program.pk):
        yield cast.zerno


def with_factor(user: User) -> User:
    TOTP.activate(user, generate_totp_secret())
    RecoveryCodes.activate(user)
    return user


def ask(shop: Shop, who: SecondFactor = SecondFactor.MANAGERS) -> None:
    second_factor.ask_of(merchant=shop.merchant, who=who, by=with_factor(shop.owner), now=NOW)


def browser(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def text_of(response: Any) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", response.content.decode())).replace("\xa0", " ").split())


def member_of(shop: Shop, role: Role) -> Member:
    return Member.objects.select_related("user", "merchant").get(merchant=shop.merchant, role=role)


def test_whoever_must_have_one_is_led_to_it_and_the_others_are_not(shop: Shop, cast: Cast) -> None:
    ask(shop)
    page = f"/m/{shop.merchant.pk}/receipts/"
    for user, role in ((shop.manager, "manager"), (shop.operator, "operator"), (shop.owner, "owner")):
        answer = browser(user).get(page)
        assert (answer.status_code == 302) == (role == "manager"), role
    manager = browser(shop.manager)
    led = manager.get("/", follow=True)
    assert "«Зерно» просит входить с кодом" in text_of(led)
    assert led.redirect_chain[-1][0] == f"/second-factor/{shop.merchant.pk}/"
    Member.objects.create(program=shop.program, merchant=cast.bakery.merchant, user=shop.manager, role=Role.MANAGER)
    assert manager.get(f"/m/{cast.bakery.merchant.pk}/receipts/").status_code == 200
    with_factor(shop.manager)
    assert manager.get(page).status_code == 200
    assert manager.get(f"/second-factor/{shop.merchant.pk}/").status_code == 302
    assert browser(cast.semyon).get(f"/second-factor/{shop.merchant.pk}/").status_code == 404


def test_who_asks_for_it_has_one_himself(shop: Shop) -> None:
    office, url = browser(shop.owner), f"/m/{shop.merchant.pk}/settings/"
    assert "Сначала настройте второй фактор себе" in text_of(office.post(url, {"part": "login", "who": "owners"}))
    shop.merchant.refresh_from_db()
    assert shop.merchant.second_factor == ""
    with_factor(shop.owner)
    assert office.post(url, {"part": "login", "who": "owners"}).status_code == 302
    shop.merchant.refresh_from_db()
    assert shop.merchant.second_factor == "owners"
    record = AuditRecord.objects.get(action="second_factor.asked")
    assert record.details == {"factor_from": "", "factor_to": "owners"}
    assert browser(shop.manager).post(url, {"part": "login", "who": ""}).status_code == 403
    with pytest.raises(PermissionDenied):
        second_factor.ask_of(merchant=shop.merchant, who=SecondFactor.NOBODY, by=shop.manager, now=NOW)
    Authenticator.objects.all().delete()
    with pytest.raises(ValidationError):
        second_factor.ask_of(merchant=shop.merchant, who=SecondFactor.EVERYBODY, by=shop.owner, now=NOW)


def test_the_team_page_says_who_has_none_and_when_he_was_here(shop: Shop) -> None:
    ask(shop)
    browser(shop.manager)
    said = text_of(browser(shop.owner).get(f"/m/{shop.merchant.pk}/team/"))
    assert re.search(r"boris@example.org управляющий [^@]*\d\d\.\d\d\.\d{4} \d\d:\d\d нет второго фактора", said)
    assert said.count("нет второго фактора") == 1


def test_a_lost_factor_is_reset_by_an_owner_and_told_by_letter(shop: Shop) -> None:
    operator = with_factor(shop.operator)
    browser(operator)
    url = f"/m/{shop.merchant.pk}/team/{member_of(shop, Role.OPERATOR).pk}/"
    office = browser(shop.owner)
    assert "Сначала настройте второй фактор себе" in text_of(office.get(f"{url}second-factor/", follow=True))
    with_factor(shop.owner)
    assert f"{url}second-factor/" in office.get(url).content.decode()
    assert "Сбросить второй фактор" in text_of(office.get(f"{url}second-factor/"))
    assert "Обязательное поле." in text_of(office.post(f"{url}second-factor/", {"reason": ""}))
    assert "получит письмо" in text_of(office.post(f"{url}second-factor/", {"reason": "Потерял телефон"}, follow=True))
    assert not second_factor.has_one(operator)
    assert sessions.of(operator, current=None) == []
    assert AuditRecord.objects.get(action="second_factor.reset").reason == "Потерял телефон"
    outbox.deliver(now=dt.datetime.now(dt.UTC) + dt.timedelta(minutes=1))
    assert [(letter.to, letter.subject) for letter in mail.outbox] == [([operator.email], "Ваш второй фактор сброшен")]
    assert "«Зерно»" in mail.outbox[0].body


def test_nobody_takes_the_factor_of_those_who_open_more_than_this_shop(shop: Shop, cast: Cast) -> None:
    with_factor(shop.owner)
    with_factor(shop.manager)
    manager = member_of(shop, Role.MANAGER)
    Member.objects.create(program=shop.program, merchant=cast.bakery.merchant, user=shop.manager, role=Role.READER)
    refused: list[tuple[Member, User]] = [
        (manager, shop.owner),
        (member_of(shop, Role.OWNER), shop.owner),
        (member_of(shop, Role.OPERATOR), shop.manager),
    ]
    for member, by in refused:
        with pytest.raises(PermissionDenied):
            second_factor.reset(member=member, by=by, now=NOW, reason="")
    assert second_factor.has_one(shop.manager)
    second_factor.reset(member=manager, by=cast.olga, now=NOW, reason="Звонил")
    assert not second_factor.has_one(shop.manager)


def test_secrets_rest_encrypted_and_older_ones_are_read(shop: Shop, settings: Any) -> None:
    with_factor(shop.owner)
    codes = Authenticator.objects.get(user=shop.owner, type=Authenticator.Type.RECOVERY_CODES)
    known = codes.wrap().generate_codes()
    assert codes.data["seed"].startswith("fernet:")
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another"
    assert codes.wrap().generate_codes() == known
    call_command("rekey_second_factors")
    settings.SECRET_KEY_FALLBACKS = []
    codes.refresh_from_db()
    assert codes.wrap().generate_codes() == known
    codes.data["seed"] = "ab" * 40
    assert len(codes.wrap().generate_codes()) == 10


def test_where_one_is_logged_in(shop: Shop) -> None:
    shop.owner.set_password(PASSWORD)
    shop.owner.save()
    here = Client(headers={"user-agent": CHROME})
    here.post("/accounts/login/", {"login": shop.owner.email, "password": PASSWORD})
    there, elsewhere = browser(shop.owner), browser(shop.owner)
    page = here.get("/accounts/sessions/")
    said = text_of(page)
    assert "Chrome, Windows этот вход 127.0.0.1" in said
    assert said.count("Неизвестное устройство") == 4  # twice, each with its button
    first = re.search(r'name="session" value="(\d+)"', page.content.decode())
    assert first is not None
    assert "Этот вход завершён" in text_of(here.post("/accounts/sessions/", {"session": first[1]}, follow=True))
    opened = [one.get(f"/m/{shop.merchant.pk}/receipts/").status_code for one in (there, elsewhere)]
    assert sorted(opened) == [200, 302]
    stranger = UserSession.objects.create(user=shop.manager, ip="::", session_key="x", user_agent="")
    for gone in (stranger.pk, first[1], "x"):
        said = text_of(here.post("/accounts/sessions/", {"session": gone}, follow=True))
        assert "Этого входа уже нет" in said
        assert "Этот вход завершён" not in said
    assert UserSession.objects.filter(pk=stranger.pk).exists()
    assert "Завершён 1 другой вход" in text_of(here.post("/accounts/sessions/", {"session": "others"}, follow=True))
    assert [one.is_this for one in sessions.of(shop.owner, current=here.session.session_key)] == [True]


def test_a_login_from_before_there_was_a_list_comes_on_it(shop: Shop) -> None:
    here, there = browser(shop.owner), browser(shop.owner)
    UserSession.objects.all().delete()
    cache.clear()
    page = f"/m/{shop.merchant.pk}/receipts/"
    assert there.get(page, headers={"user-agent": CHROME}).status_code == 200
    assert here.get(page).status_code == 200
    listed = sessions.of(shop.owner, current=here.session.session_key)
    assert [(one.device, one.address) for one in listed] == [
        ("Неизвестное устройство", "127.0.0.1"),
        ("Chrome, Windows", "127.0.0.1"),
    ]
    here.post("/accounts/sessions/", {"session": "others"})
    assert (here.get(page).status_code, there.get(page).status_code) == (200, 302)
    cache.clear()
    there.get(page)
    assert len(sessions.of(shop.owner, current=None)) == 1


def test_a_new_password_ends_the_other_logins(shop: Shop) -> None:
    shop.owner.set_password(PASSWORD)
    shop.owner.save()
    here, there = Client(), Client()
    for one in (here, there):
        one.post("/accounts/login/", {"login": shop.owner.email, "password": PASSWORD})
    new = "другие-слова-22"
    here.post("/accounts/password/change/", {"oldpassword": PASSWORD, "password1": new, "password2": new})
    page = f"/m/{shop.merchant.pk}/receipts/"
    assert (here.get(page).status_code, there.get(page).status_code) == (200, 302)
    assert len(sessions.of(User.objects.get(pk=shop.owner.pk), current=None)) == 1


def test_whoever_is_removed_from_the_team_is_logged_out(shop: Shop) -> None:
    operator = browser(shop.operator)
    members.deactivate(member=member_of(shop, Role.OPERATOR), by=shop.owner, now=NOW)
    assert operator.get("/accounts/sessions/").status_code == 302


@pytest.mark.parametrize(
    ("agent", "device"),
    [
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile Safari/604.1", "Safari, iPhone"),
        ("Mozilla/5.0 (Linux; Android 14) Chrome/140 YaBrowser/25 Mobile Safari/537.36", "Яндекс Браузер, Android"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 14) Gecko/20100101 Firefox/140.0", "Firefox, macOS"),
    ],
)
def test_devices_have_names(agent: str, device: str) -> None:
    assert sessions.device_of(agent) == device
