from __future__ import annotations

import re

import pytest
import time_machine
from allauth.account.models import EmailAddress
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.core import mail
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from merchants import invitations
from merchants.access import every_tenant, tenant
from merchants.models import Invitation, Member, OutboxMessage, Role, User
from tests.cast import Cast, Shop

PASSWORD = "зёрна-и-молоко-1"


@pytest.fixture(autouse=True)
def fresh_limits() -> None:
    cache.clear()


@pytest.fixture
def anna(cast: Cast) -> User:
    user = cast.zerno.owner
    user.set_password(PASSWORD)
    user.save()
    return user


def log_in(client: Client, user: User, password: str = PASSWORD) -> str:
    """The page where the login has led."""
    response = client.post("/accounts/login/", {"login": user.email, "password": password}, follow=True)
    assert_tidy(response.content.decode())
    return response.content.decode()


def assert_tidy(page: str) -> None:
    """What the strict Content-Security-Policy would block is not there to begin with."""
    assert not re.search(r"<style|\sstyle=|\son\w+=", page)
    for script in re.findall(r"<script[^>]*>", page):
        assert "src=" in script or "application/json" in script
    assert '<meta name="viewport"' in page
    assert "app.css" in page


def test_anna_logs_in_and_is_in_her_shop(client: Client, cast: Cast, anna: User) -> None:
    page = log_in(client, anna)
    assert "Зерно" in page
    assert "владелец" in page
    assert client.get("/")["Location"].startswith(f"/m/{cast.zerno.merchant.pk}/")
    shops = client.get("/?choose").content.decode()
    assert_tidy(shops)
    assert "Ваши магазины" in shops
    assert "все торговые точки" in shops
    assert "Пекарня" not in shops
    assert "Пряник" not in shops


def test_a_cashier_is_led_to_the_till(client: Client, cast: Cast) -> None:
    client.force_login(cast.zerno.cashier)
    assert "till" in client.get("/")["Location"]
    client.force_login(cast.zerno.reader)
    assert client.get("/").status_code == 302


def test_one_person_in_two_programmes(client: Client, cast: Cast, anna: User) -> None:
    with every_tenant():
        member = Member.objects.create(
            program=cast.pryanik.program, merchant=cast.pryanik.merchant, user=anna, role=Role.OPERATOR
        )
        member.outlets.add(cast.pryanik.outlet)
    page = log_in(client, anna)
    assert "Ваши магазины" in page
    assert "Пряник, Лесная 5" in page
    assert "сотрудник" in page
    assert f'href="/m/{cast.pryanik.merchant.pk}/' in page


def test_semyon_is_in_no_team(client: Client, cast: Cast) -> None:
    client.force_login(cast.semyon)
    assert "ни в одной команде" in client.get("/").content.decode()


def test_olga_is_led_to_the_admin(client: Client, cast: Cast) -> None:
    client.force_login(cast.olga)
    response = client.get("/")
    assert (response.status_code, response["Location"]) == (302, "/admin/")
    with every_tenant():
        Member.objects.create(program=cast.zerno.program, merchant=cast.zerno.merchant, user=cast.olga, role=Role.OWNER)
    assert client.get("/")["Location"].startswith(f"/m/{cast.zerno.merchant.pk}/")


def test_english_by_choice(client: Client, anna: User) -> None:
    client.post("/i18n/setlang/", {"language": "en"}, headers={"Referer": "/"})
    page = log_in(client, anna)
    assert '<html lang="en">' in page
    assert "Audit log" in page


def test_logging_out_takes_a_click(client: Client, anna: User) -> None:
    log_in(client, anna)
    assert_tidy(client.get("/accounts/logout/").content.decode())
    assert client.get("/?choose").status_code == 200
    client.post("/accounts/logout/")
    assert client.get("/?choose").status_code == 302


@pytest.mark.parametrize(
    "page",
    ["login/", "signup/", "password/reset/", "password/reset/done/", "password/reset/key/1-x/", "inactive/"],
)
def test_pages_for_strangers(client: Client, db: None, page: str) -> None:
    response = client.get(f"/accounts/{page}")
    assert response.status_code == 200
    assert_tidy(response.content.decode())


@pytest.mark.parametrize("page", ["password/change/", "email/", "reauthenticate/", "2fa/"])
def test_pages_of_an_account(client: Client, anna: User, page: str) -> None:
    log_in(client, anna)
    response = client.get(f"/accounts/{page}")
    assert response.status_code == 200
    assert_tidy(response.content.decode())


NEWCOMER = {"name": " Иван  Петров ", "email": "Ivan@Example.org", "password1": PASSWORD}


def test_ivan_registers_and_is_led_on(client: Client, db: None) -> None:
    assert 'href="/accounts/signup/"' in client.get("/accounts/login/").content.decode()
    page = client.get("/accounts/signup/").content.decode()
    assert "Ваше имя" in page
    assert 'href="/accounts/login/"' in page
    response = client.post("/accounts/signup/", NEWCOMER)
    ivan = User.objects.get()
    assert (ivan.email, ivan.name) == ("ivan@example.org", "Иван Петров")
    assert response["Location"] == "/start/"
    assert client.get("/").status_code == 200
    (letter,) = mail.outbox
    assert letter.to == ["ivan@example.org"]
    link = re.search(r"http://testserver(/accounts/confirm-email/\S+)", str(letter.body))
    assert link
    assert_tidy(client.get(link[1]).content.decode())
    client.post(link[1])
    assert EmailAddress.objects.get().verified
    # Who is in already has nothing to register.
    assert client.get("/accounts/signup/").status_code == 302
    # The letter is not sent again at each login.
    log_in(Client(), ivan)
    assert len(mail.outbox) == 1


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"name": ""}, "Обязательное поле"),
        ({"email": "нет"}, "правильный адрес"),
        ({"password1": "12345678"}, "слишком"),
        ({"email": "anna@example.org"}, "уже есть аккаунт"),
        ({"email": "ANNA@example.org"}, "уже есть аккаунт"),
    ],
)
def test_a_registration_that_cannot_be(client: Client, cast: Cast, change: dict[str, str], said: str) -> None:
    count = User.objects.count()
    page = client.post("/accounts/signup/", NEWCOMER | change).content.decode()
    assert "invalid-feedback" in page
    assert said in page
    assert User.objects.count() == count


def test_a_letter_that_cannot_be_sent_keeps_nobody_out(client: Client, db: None, settings: Settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_PORT = 1
    assert client.post("/accounts/signup/", NEWCOMER).status_code == 302
    assert client.get("/").status_code == 200


def test_registration_may_be_closed(client: Client, db: None, settings: Settings) -> None:
    settings.REGISTRATION_OPEN = False
    assert "По приглашению" in client.post("/accounts/signup/", NEWCOMER).content.decode()
    assert 'href="/accounts/signup/"' not in client.get("/accounts/login/").content.decode()
    assert not User.objects.exists()


def test_a_forgotten_password(client: Client, anna: User) -> None:
    client.post("/accounts/password/reset/", {"email": anna.email})
    (letter,) = mail.outbox
    assert letter.to == [anna.email]
    assert "Здравствуйте!" in letter.body
    link = re.search(r"http://testserver(/accounts/\S+)", str(letter.body))
    assert link
    form = client.get(link[1], follow=True)
    assert_tidy(form.content.decode())
    new = "другие-слова-2"
    client.post(form.redirect_chain[-1][0], {"password1": new, "password2": new})
    assert "Зерно" in log_in(Client(), anna, new)
    assert "пароль" in str(mail.outbox[-1].body), "she is told of it"
    assert "больше не работает" in client.get(link[1], follow=True).content.decode()


def test_guessing_a_password_is_slow(client: Client, anna: User) -> None:
    for _ in range(5):
        log_in(client, anna, "wrong")
    assert "Зерно" not in log_in(client, anna), "even the right one has to wait"


@time_machine.travel("2026-03-02T09:00:00Z", tick=False)
def test_a_second_factor(client: Client, anna: User) -> None:
    log_in(client, anna)
    client.get("/accounts/email/")  # makes allauth note an address that nobody has verified
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    page = client.get("/accounts/2fa/totp/activate/").content.decode()
    assert_tidy(page)
    assert 'src="data:image/svg+xml' in page
    secret = client.session["mfa.totp.secret"]
    client.post("/accounts/2fa/totp/activate/", {"code": totp(secret)})
    for path in ("", "recovery-codes/", "recovery-codes/generate/", "totp/deactivate/"):
        response = client.get(f"/accounts/2fa/{path}", follow=True)
        assert response.status_code == 200
        assert_tidy(response.content.decode())

    cache.clear()  # the code just used is remembered, and there is no other within these 30 seconds
    newcomer = Client()
    assert "Зерно" not in log_in(newcomer, anna)
    newcomer.post("/accounts/2fa/authenticate/", {"code": totp(secret)})
    assert "Зерно" in newcomer.get("/?choose").content.decode()


def totp(secret: str) -> str:
    return str(format_hotp_value(hotp_value(secret, next(yield_hotp_counters_from_time()))))


# ---------------------------------------------------------------- invitations


def invite(shop: Shop, email: str, role: Role = Role.CASHIER) -> str:
    """The path of the link in the mail."""
    with tenant(shop.program.pk):
        invitations.invite(
            merchant=shop.merchant, email=email, role=role, site="http://testserver", by=shop.owner, now=timezone.now()
        )
        message = OutboxMessage.objects.latest("pk")
    return str(message.payload["link"]).removeprefix("http://testserver")


def test_nina_joins_by_the_link(client: Client, cast: Cast) -> None:
    link = invite(cast.zerno, "nina@example.org")
    page = client.get(link).content.decode()
    assert_tidy(page)
    assert "Anna приглашает вас в команду" in page
    assert "nina@example.org" in page

    refused = client.post(link, {"name": "Нина", "password": "12345678"}).content.decode()
    assert "invalid-feedback" in refused
    response = client.post(link, {"name": "Нина", "password": PASSWORD}, follow=True)
    page = response.content.decode()
    assert "Зерно" in page
    assert "кассир" in page
    assert "Зерно" in log_in(Client(), User.objects.get(email="nina@example.org"))
    assert client.get(link).status_code == 404


def test_egor_logs_in_and_joins(client: Client, cast: Cast) -> None:
    egor = cast.pryanik.owner
    egor.set_password(PASSWORD)
    egor.save()
    link = invite(cast.zerno, egor.email, Role.READER)
    page = client.get(link).content.decode()
    assert_tidy(page)
    assert f'href="/accounts/login/?next={link}"' in page
    response = client.post("/accounts/login/", {"login": egor.email, "password": PASSWORD, "next": link})
    assert response["Location"] == link
    assert_tidy(client.get(link).content.decode())
    page = client.post(link, follow=True).content.decode()
    assert "Зерно" in page
    page = client.get("/").content.decode()
    assert "Зерно" in page
    assert "Пряник" in page


def test_the_link_alone_opens_no_account(client: Client, cast: Cast) -> None:
    link = invite(cast.zerno, cast.semyon.email)
    client.post(link, {"name": "Not Semyon", "password": PASSWORD})
    cast.semyon.refresh_from_db()
    assert not cast.semyon.has_usable_password()
    assert "_auth_user_id" not in client.session


def test_somebody_else_is_logged_in(client: Client, cast: Cast) -> None:
    link = invite(cast.zerno, "nina@example.org")
    client.force_login(cast.semyon)
    assert client.get(link).status_code == 403
    assert client.post(link).status_code == 403
    with every_tenant():
        assert not Member.objects.filter(user=cast.semyon).exists()


@pytest.mark.parametrize("token", ["x", "in_1_" + "a" * 43, "kp_1_" + "a" * 43, "in_99999999999999999999_x", "%00"])
def test_a_wrong_link(client: Client, cast: Cast, token: str) -> None:
    response = client.get(f"/invitations/{token}/")
    assert response.status_code == 404
    assert_tidy(response.content.decode())


def test_a_link_in_the_name_of_another_programme(client: Client, cast: Cast) -> None:
    link = invite(cast.zerno, "nina@example.org")
    forged = link.replace(f"in_{cast.zerno.program.pk}_", f"in_{cast.pryanik.program.pk}_")
    assert client.get(forged).status_code == 404


def test_a_link_that_is_too_old(client: Client, cast: Cast) -> None:
    link = invite(cast.zerno, "nina@example.org")
    Invitation._base_manager.update(expires_at=timezone.now())
    assert client.get(link).status_code == 404
    assert client.post(link, {"name": "Нина", "password": PASSWORD}).status_code == 404
    assert not User.objects.filter(email="nina@example.org").exists()
