"""The people and shops that tests tell their stories with.

Two programmes that know nothing of each other. «Зерно» is a coffee shop of Anna's with a bakery of Fyodor's in the
same programme; «Пряник» is somebody else's altogether. Olga runs the platform, Semyon has no business here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pytest

from merchants.keys import digest_of, new_key
from merchants.models import Member, Merchant, Outlet, Program, Role, Scope, Till, TillKey, User
from tests.ground import ground

ALL_SCOPES = tuple(str(scope) for scope in Scope)


@dataclass
class Shop:
    """A merchant with one outlet, one till, its key, and its people by role."""

    program: Program
    merchant: Merchant
    outlet: Outlet
    till: Till
    key: str
    people: dict[Role, User]

    @property
    def owner(self) -> User:
        return self.people[Role.OWNER]

    @property
    def manager(self) -> User:
        return self.people[Role.MANAGER]

    @property
    def operator(self) -> User:
        return self.people[Role.OPERATOR]

    @property
    def cashier(self) -> User:
        return self.people[Role.CASHIER]

    @property
    def reader(self) -> User:
        return self.people[Role.READER]

    @property
    def auth(self) -> dict[str, str]:
        """`client.post(url, data, headers=shop.auth)`"""
        return {"Authorization": f"Bearer {self.key}"}


@dataclass
class Cast:
    zerno: Shop
    bakery: Shop  # another merchant of the same programme
    pryanik: Shop  # another programme
    olga: User  # the platform operator
    semyon: User  # a stranger


@pytest.fixture
def cast(db: None) -> Cast:
    """Its rows are there already: see tests/conftest.py. With `@pytest.mark.django_db(transaction=True)` they are
    written for this test, and other threads see them, too."""
    if ground.copy is None:
        return make_cast()
    made: Cast = getattr(ground.copy, "cast", ground.copy)
    return made


def make_cast() -> Cast:
    zerno_program = Program.objects.create(name="Зерно", point_one="зерно", point_few="зерна", point_many="зёрен")
    pryanik_program = Program.objects.create(name="Пряник")
    return Cast(
        zerno=open_shop(zerno_program, "Зерно", ["Anna", "Boris", "Vera", "Gleb", "Darya"]),
        bakery=open_shop(zerno_program, "Пекарня", ["Fyodor"]),
        pryanik=open_shop(pryanik_program, "Пряник", ["Egor"]),
        olga=make_user("Olga", is_staff=True, is_superuser=True),
        semyon=make_user("Semyon"),
    )


def open_shop(program: Program, name: str, people: Iterable[str]) -> Shop:
    """A shop whose people get the roles in order: owner, manager, operator, cashier, reader."""
    merchant = Merchant.objects.create(program=program, name=name)
    outlet = Outlet.objects.create(
        program=program, merchant=merchant, name=f"{name}, Лесная 5", code=f"outlet-{merchant.pk}"
    )
    till = Till.objects.create(program=program, merchant=merchant, outlet=outlet, name="Касса 1")
    users = {role: make_user(person) for role, person in zip(Role, people, strict=False)}
    Member.objects.bulk_create(
        Member(program=program, merchant=merchant, user=user, role=role) for role, user in users.items()
    )
    return Shop(program, merchant, outlet, till, make_key(till), users)


def make_key(till: Till, scopes: Iterable[str] = ALL_SCOPES) -> str:
    """Another key of the till: what a service would show once."""
    key = new_key(till.program_id)
    TillKey.objects.create(
        program_id=till.program_id, till=till, digest=digest_of(key), hint=key[-4:], scopes=list(scopes)
    )
    return key


def make_user(name: str, **fields: bool) -> User:
    """Without a password: `client.force_login(user)`, or set one where the test is about logging in."""
    return User.objects.create(email=f"{name.lower()}@example.org", name=name, password="!", **fields)
