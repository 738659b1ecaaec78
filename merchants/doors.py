"""The door for members: `/m/<merchant_id>/…` in a browser.

A page for members is a view behind `members_only`: it is given the caller's workplace, and runs inside his tenant. A
merchant that the user does not belong to does not exist for him.
"""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Concatenate, ParamSpec, TypeAlias

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.db.models import BooleanField, Exists, OuterRef, Q, QuerySet
from django.db.models.expressions import RawSQL
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.cache import never_cache

from merchants import second_factor
from merchants.access import ACTIONS, SHARED, Action, every_tenant, tenant
from merchants.models import Member, Merchant, Outlet, Program, Role, User

P = ParamSpec("P")

EVERYWHERE = frozenset(
    {
        Action.EDIT_RULES,
        Action.RUN_CAMPAIGNS,
        Action.CHANGE_SETTINGS,
        Action.CHANGE_PROGRAM,
        Action.IMPORT_CLIENTS,
        Action.MERGE_CLIENTS,
        Action.ERASE_CLIENTS,
        Action.LIMIT_POINTS,
        Action.GUARD_LOGIN,
    }
)
# What other apps have to say of a workplace, by name: conditions on the member, looked up in the query that finds him.
# They are put together once in a process, for whatever moment.
KNOWN: dict[str, Callable[[dt.datetime], Exists | Q]] = {}
_WHENEVER = dt.datetime.max.replace(tzinfo=dt.UTC)


@dataclass(frozen=True)
class Workplace:
    """A member at his merchant. `outlets` are the keys of those he works at; None means all of them. `known` are the
    names of what is true of the workplace (`KNOWN`)."""

    user: User
    member: Member
    merchant: Merchant
    program: Program
    outlets: frozenset[int] | None
    known: frozenset[str] = frozenset()
    lacks_second_factor: bool = False
    # In a coalition that another merchant began.
    is_partner: bool = False

    @property
    def actions(self) -> frozenset[Action]:
        """What the role may do; of what concerns every outlet nothing, where the member works at some of them, and of
        what the programme's merchants share nothing, where it is another's."""
        actions = ACTIONS[Role(self.member.role)]
        if self.is_partner:
            actions -= SHARED
        return actions if self.outlets is None else actions - EVERYWHERE

    def may(self, action: Action) -> bool:
        return action in self.actions

    def require(self, action: Action) -> None:
        if not self.may(action):
            raise PermissionDenied(f"{action} is not for this role.")

    def seen(self, field: str = "outlet") -> Q:
        """Limits rows with a merchant and an outlet to those of this workplace."""
        limit = Q(merchant_id=self.merchant.pk)
        return limit if self.outlets is None else limit & Q(**{f"{field}_id__in": self.outlets})

    def open_outlets(self) -> QuerySet[Outlet]:
        """The outlets of this workplace that are in business."""
        outlets = Outlet.objects.filter(merchant=self.merchant, is_active=True).order_by("name")
        return outlets if self.outlets is None else outlets.filter(pk__in=self.outlets)


MemberView: TypeAlias = Callable[Concatenate[HttpRequest, Workplace, P], HttpResponseBase]
View: TypeAlias = Callable[..., HttpResponseBase]


def members_only(action: Action) -> Callable[[MemberView[P]], View]:
    """A view for members whose role has the action: a guest logs in, a stranger finds nothing (404), others are
    refused (403). Whoever must have a second factor is led to it first. The view is called with the `Workplace` in the
    place of `merchant_id`."""

    def decorate(view: MemberView[P]) -> View:
        @never_cache
        @functools.wraps(view)
        def opened(request: HttpRequest, merchant_id: int, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not isinstance(request.user, User):
                return redirect_to_login(request.get_full_path())
            place = workplace_of(request.user, merchant_id)
            if place.lacks_second_factor:
                return redirect("second_factor_asked", merchant_id)
            request.place = place  # type: ignore[attr-defined]  # templates draw the frame of the page from it
            with tenant(place.program.pk), timezone.override(place.program.time_zone):
                place.require(action)
                return view(request, place, *args, **kwargs)

        return opened

    return decorate


@functools.cache
def _compiled() -> Mapping[str, tuple[str, Sequence[Any]]]:
    """What is asked of the member, as SQL: to put it together anew costs each page more than the database takes."""
    query = Member._base_manager.all().query
    compiler = query.get_compiler(connection=connection)
    asked = {f"knows_{name}": condition(_WHENEVER) for name, condition in KNOWN.items()}
    asked["has_second_factor"] = second_factor.of_members()
    earlier = Merchant._base_manager.filter(program=OuterRef("program_id"), pk__lt=OuterRef("merchant_id"))
    asked["is_partner"] = Exists(earlier)
    return {name: compiler.compile(asked[name].resolve_expression(query)) for name in asked}


def _conditions(now: dt.datetime) -> Mapping[str, RawSQL]:
    return {
        name: RawSQL(sql, [now if one == _WHENEVER else one for one in params], BooleanField())  # noqa: S611  # ours
        for name, (sql, params) in _compiled().items()
    }


def workplace_of(user: User, merchant_id: int) -> Workplace:
    """Http404 where the user is no member of the merchant."""
    with every_tenant():
        member = (
            Member.objects.active()
            .filter(user=user, merchant_id=merchant_id)
            .select_related("merchant__logo", "program")
            .defer("merchant__logo__content")
            .prefetch_related("outlets")
            .annotate(**_conditions(timezone.now()))
            .first()
        )
        if member is None:
            raise Http404
        outlets = frozenset(outlet.pk for outlet in member.outlets.all())
    known = frozenset(name for name in KNOWN if getattr(member, f"knows_{name}"))
    lacks = second_factor.is_asked_of(member) and not member.has_second_factor  # type: ignore[attr-defined]  # annotated
    return Workplace(user, member, member.merchant, member.program, outlets or None, known, lacks, member.is_partner)  # type: ignore[attr-defined]  # annotated
