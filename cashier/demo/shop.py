"""Opening «Зерно»: the programme, its rules, the outlets with their tills, and the people who work there."""

from __future__ import annotations

import datetime as dt
import secrets

from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import make_password
from msgspec import Struct

from cashier.demo.premises import Place, Premises, Register
from cashier.demo.rules import VERSIONS
from loyalty import programs
from merchants.access import tenant
from merchants.cashiers import hire
from merchants.members import enlist
from merchants.models import Merchant, Outlet, Program, Role, Scope, Till, User
from merchants.tills import issue_key, register_till

BY = "manage.py demo"
_OUTLETS = (
    ("lesnaya", "Зерно на Лесной", "Москва, Лесная ул., 5"),
    ("chistye", "Зерно на Чистых прудах", "Москва, Чистопрудный б-р, 12"),
    ("vokzal", "Зерно у вокзала", "Москва, Площадь Киевского вокзала, 2"),
)
_CASHIERS = (("Анна", "Илья"), ("Света", "Тимур"), ("Оля", "Марат"))
# Everybody's role, and the only outlet of a cashier.
_PEOPLE = (
    ("owner@example.org", "Вера Зернова", Role.OWNER, None),
    ("manager@example.org", "Глеб Орлов", Role.MANAGER, None),
    ("operator@example.org", "Дарья Лебедева", Role.OPERATOR, None),
    ("cashier1@example.org", "Анна Белова", Role.CASHIER, 0),
    ("cashier2@example.org", "Светлана Титова", Role.CASHIER, 1),
    ("cashier3@example.org", "Ольга Крылова", Role.CASHIER, 2),
)
# Of the till page; the demo's sales were made by others, on tills of their own.
PINS = (("Анна", "4821"), ("Илья", "7305"))
_ADMIN = ("admin@example.org", "Администратор")
# A till sells and enrols; a senior's override and adjustments are another key's.
_SCOPES = (Scope.SELL, Scope.ENROL, Scope.READ)


class TillKey(Struct, frozen=True):
    till: str
    key: str


class Opened(Struct, frozen=True):
    """The shop, and the secrets that are told once: keys, and the password (None where all logins were there)."""

    premises: Premises
    keys: tuple[TillKey, ...]
    logins: tuple[tuple[str, str], ...]
    kept_logins: tuple[str, ...]
    password: str


def open_shop(*, end: dt.datetime, begin: dt.datetime) -> Opened:
    """A programme with everything but clients and sales, as if it had been opened at `begin`."""
    program = Program.objects.create(
        name="Зерно", point_one="зерно", point_few="зерна", point_many="зёрен", created_at=begin
    )
    with tenant(program.pk):
        merchant = Merchant.objects.create(program=program, name="Кофейни «Зерно»", created_at=begin)
        outlets = [
            Outlet.objects.create(
                program=program, merchant=merchant, code=code, name=name, address=address, created_at=begin
            )
            for code, name, address in _OUTLETS
        ]
        keys: list[TillKey] = []
        places = tuple(
            _equip(outlet, cashiers, keys, begin) for outlet, cashiers in zip(outlets, _CASHIERS, strict=True)
        )
        versions = []
        for days, document in VERSIONS:
            # The night before the first day, so that every hour of the year has its rules.
            since = min(max(end - dt.timedelta(days=days), begin), end)
            made = programs.publish(program=program, document=document, now=since, by=BY)
            versions.append((made.number, since))
        password, kept = _hire(merchant, outlets, begin)
        for name, pin in PINS:
            hire(merchant=merchant, name=name, pin=pin, by=BY, now=begin)
    premises = Premises(program.pk, merchant.pk, places, tuple(versions))
    logins = [(email, role.label) for email, _name, role, _outlet in _PEOPLE]
    return Opened(
        premises, tuple(keys), (*map(_plain, logins), (_ADMIN[0], "platform operator: /admin/")), kept, password
    )


def _plain(login: tuple[str, object]) -> tuple[str, str]:
    return login[0], str(login[1])


def _equip(outlet: Outlet, cashiers: tuple[str, ...], keys: list[TillKey], now: dt.datetime) -> Place:
    registers = []
    for n in (1, 2):
        till: Till = register_till(outlet=outlet, name=f"Касса {n}", by=BY, now=now)
        keys.append(TillKey(f"{outlet.name}, {till.name}", issue_key(till=till, scopes=_SCOPES, by=BY, now=now)))
        # On the second till they take turns the other way round.
        registers.append(Register(till.pk, cashiers[:: 1 if n == 1 else -1]))
    return Place(outlet.pk, outlet.code, tuple(registers))


def _hire(merchant: Merchant, outlets: list[Outlet], now: dt.datetime) -> tuple[str, tuple[str, ...]]:
    """The team and the platform operator. Whoever has a login keeps it and its password."""
    password = secrets.token_urlsafe(9)
    # Hashing is slow on purpose; one demo password is hashed once.
    hashed = make_password(password)
    kept = []
    for email, name, role, place in _PEOPLE:
        user, is_new = _user(email, name, hashed, now)
        if not is_new:
            kept.append(email)
        own = [] if place is None else [outlets[place]]
        enlist(merchant=merchant, user=user, role=role, outlets=own, by=BY, now=now)
    _admin, is_new = _user(*_ADMIN, hashed, now, is_staff=True, is_superuser=True)
    if not is_new:
        kept.append(_ADMIN[0])
    return password, tuple(kept)


def _user(email: str, name: str, password: str, now: dt.datetime, **powers: bool) -> tuple[User, bool]:
    user, is_new = User.objects.get_or_create(
        email=email, defaults={"name": name, "password": password, "date_joined": now, **powers}
    )
    if is_new:
        EmailAddress.objects.create(user=user, email=email, primary=True, verified=True)
    return user, is_new
