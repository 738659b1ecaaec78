"""Who may touch what: the tenant of a request or task, and the actions of each role.

`tenant` is the one place where the tenant is set. Outside of it every tenant's table fails closed with a ScopeError;
the database's own row-level security will be switched on here, too.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Protocol, TypeAlias

from django.core.exceptions import PermissionDenied
from django_scopes import get_scope, scope, scopes_disabled

from merchants.models import Member, Merchant, Role, User

# Whoever acts: a person, or «manage.py demo», «till:17 cashier:anna».
Actor: TypeAlias = User | str


class TenantMismatchError(Exception):
    """Rows of different programmes met in one call. Always a bug of the caller."""


class HasProgram(Protocol):
    @property
    def program_id(self) -> int: ...


@contextmanager
def tenant(program_id: int) -> Iterator[None]:
    """Everything inside sees the rows of this programme and no others."""
    with scope(program=program_id):
        yield


@contextmanager
def every_tenant() -> Iterator[None]:
    """For work that belongs to no programme: workers that claim rows, sweeps, the platform operator's admin."""
    with scopes_disabled():
        yield


def same_tenant(*rows: HasProgram) -> int:
    """The one programme of all the rows, which is also that of the scope if one is set; else TenantMismatchError."""
    programs = {row.program_id for row in rows}
    current = get_scope()
    if current.get("_enabled", False) and "program" in current:
        programs.add(current["program"])
    if len(programs) != 1:
        raise TenantMismatchError(f"Rows of programmes {sorted(programs)} in one call.")
    return programs.pop()


class Action(enum.StrEnum):
    SEE_FIGURES = "see figures"
    SEE_SALES = "see sales"
    SEE_CLIENTS = "see clients"
    # Whole phone numbers and addresses; without it only the last digits.
    SEE_PHONES = "see clients' phones"
    EDIT_CLIENTS = "edit clients"
    IMPORT_CLIENTS = "import clients"
    # Whole lists with phones, as files.
    EXPORT = "export lists"
    MERGE_CLIENTS = "merge clients"
    # For ever, with all that is known of them.
    ERASE_CLIENTS = "erase clients"
    ADJUST_POINTS = "adjust points"
    # Those of others, above their limits.
    APPROVE_POINTS = "approve points by hand"
    # The owner's alone: whoever has a limit would lift it.
    LIMIT_POINTS = "limit points by hand"
    GIVE_BACK = "give back"
    # Their codes are money: who sees one can pay with it.
    ISSUE_CERTIFICATES = "issue certificates"
    SEE_RULES = "see rules"
    EDIT_RULES = "edit rules"
    OPEN_TILL = "open the till"
    MANAGE_TEAM = "manage team"
    MAKE_OWNERS = "make owners"
    # Who must have a second factor, and whose is taken when it is lost.
    GUARD_LOGIN = "guard the login"
    MANAGE_TILLS = "manage tills"
    # Which write to clients, or give them something, by themselves.
    RUN_CAMPAIGNS = "run campaigns"
    CHANGE_SETTINGS = "change settings"
    # Its name, time and points, and how long clients are kept.
    CHANGE_PROGRAM = "change the programme"
    SEE_LOG = "see the audit log"


# What all merchants of a programme share. In a coalition the merchant who began it decides, its partners look on.
SHARED = frozenset({Action.EDIT_RULES, Action.CHANGE_PROGRAM})

_READS = frozenset({Action.SEE_FIGURES, Action.SEE_SALES, Action.SEE_CLIENTS, Action.SEE_RULES})

ACTIONS: Mapping[Role, frozenset[Action]] = {
    Role.OWNER: frozenset(Action),
    Role.MANAGER: frozenset(Action) - {Action.MAKE_OWNERS, Action.LIMIT_POINTS, Action.GUARD_LOGIN},
    Role.OPERATOR: frozenset(
        {
            Action.SEE_SALES,
            Action.SEE_CLIENTS,
            Action.SEE_PHONES,
            Action.EDIT_CLIENTS,
            Action.ADJUST_POINTS,
            Action.GIVE_BACK,
            Action.ISSUE_CERTIFICATES,
            Action.SEE_RULES,
            Action.OPEN_TILL,
        }
    ),
    Role.CASHIER: frozenset({Action.OPEN_TILL}),
    Role.READER: _READS,
}


def may(actor: Actor, action: Action, *, merchant: Merchant) -> bool:
    """Commands and the platform operator may do everything, a member what his role says, others nothing."""
    if isinstance(actor, str):
        return True
    if not actor.is_active:
        return False
    if actor.is_staff and actor.is_superuser:
        return True
    role = Member.objects.active().filter(merchant=merchant, user=actor).values_list("role", flat=True).first()
    if role is None or action not in ACTIONS[Role(role)]:
        return False
    return action not in SHARED or leads(merchant)


def leads(merchant: Merchant) -> bool:
    """Whether the programme is this merchant's: he was its first."""
    return not Merchant._base_manager.filter(program_id=merchant.program_id, pk__lt=merchant.pk).exists()


def require(actor: Actor, action: Action, *, merchant: Merchant) -> None:
    """PermissionDenied unless the actor may."""
    if not may(actor, action, merchant=merchant):
        raise PermissionDenied(f"{action} is not for this role.")
