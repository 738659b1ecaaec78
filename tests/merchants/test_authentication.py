from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_scopes import ScopeError, get_scope
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory
from rest_framework.views import exception_handler

from merchants.authentication import Caller, HasScope, TillView, key_cache
from merchants.models import Outlet, TillKey
from tests.cast import Cast, Shop, make_key


class Outlets(TillView):
    """Answers with what the till sees: outlets of its own programme."""

    permission_classes = [HasScope("read")]

    def get_exception_handler(self) -> Callable[..., Response | None]:
        return exception_handler  # DRF's own: how the API words its problems is tested with the API

    def get(self, request: Request) -> Response:
        assert isinstance(request.user, Caller)
        return Response(sorted(Outlet.objects.values_list("name", flat=True)))


class SaleLike(Outlets):
    rechecks_key = True


class Careless(Outlets):
    """Forgot to say who may call it."""

    permission_classes = TillView.permission_classes

    def get(self, request: Request) -> Response:
        return Response()


def ask(authorization: str | None, view: type[TillView] = Outlets) -> Response:
    headers = {} if authorization is None else {"Authorization": authorization}
    request = APIRequestFactory().get("/", headers=headers)
    response = view.as_view()(request)
    assert isinstance(response, Response)
    return response


def code_of(response: Response) -> str:
    assert response.data is not None
    return str(response.data["detail"].code)


@pytest.fixture(autouse=True)
def nobody_is_remembered() -> None:
    key_cache.clear()


def test_a_till_sees_its_own_programme(cast: Cast) -> None:
    response = ask(f"Bearer {cast.zerno.key}")
    assert response.status_code == 200
    assert response.data == ["Зерно, Лесная 5", "Пекарня, Лесная 5"]
    assert get_scope() == {}, "the tenant is left with the answer"


def test_the_caller_tells_what_a_sale_needs(cast: Cast) -> None:
    class WhoAmI(Outlets):
        def get(self, request: Request) -> Response:
            return Response(request.user)

    shop = cast.zerno
    caller = ask(f"Bearer {shop.key}", WhoAmI).data
    assert isinstance(caller, Caller)
    assert caller.is_authenticated
    assert (caller.program_id, caller.merchant_id) == (shop.program.pk, shop.merchant.pk)
    assert (caller.outlet_id, caller.outlet_code, caller.till_id) == (shop.outlet.pk, shop.outlet.code, shop.till.pk)
    assert caller.scopes == {"sell", "enrol", "adjust", "read"}
    assert (caller.time_zone, caller.currency_digits, caller.precision) == ("Europe/Moscow", 2, 0)
    assert (caller.language, caller.day_starts_at.isoformat()) == ("ru", "00:00:00")


@pytest.mark.parametrize(
    ("authorization", "code"),
    [
        (None, "not_authenticated"),
        ("", "not_authenticated"),
        ("Basic YTpi", "not_authenticated"),
        ("Bearer", "invalid_key"),
        ("Bearer kp_1_short", "invalid_key"),
        ("Bearer kp_1_" + "a" * 43, "invalid_key"),
        ("Bearer kp_" + "9" * 19 + "_" + "a" * 43, "invalid_key"),
        ("Bearer kp_١_" + "a" * 43, "invalid_key"),
        ("Bearer kp_1_" + "a" * 42 + "\x00", "invalid_key"),
        ("Bearer " + "kp_" * 100_000, "invalid_key"),
    ],
)
def test_no_key_no_entry(cast: Cast, authorization: str | None, code: str) -> None:
    response = ask(authorization)
    assert (response.status_code, code_of(response)) == (401, code)
    assert response["WWW-Authenticate"] == "Bearer"


def test_a_key_does_not_open_another_programme(cast: Cast) -> None:
    forged = cast.zerno.key.replace(f"kp_{cast.zerno.program.pk}_", f"kp_{cast.pryanik.program.pk}_")
    assert code_of(ask(f"Bearer {forged}")) == "invalid_key"


def test_a_revoked_key_is_refused_at_once(cast: Cast) -> None:
    assert ask(f"Bearer {cast.zerno.key}").status_code == 200
    revoke_all()
    response = ask(f"Bearer {cast.zerno.key}")
    assert (response.status_code, code_of(response)) == (401, "key_revoked")


@pytest.mark.parametrize("part", ["till", "outlet", "merchant"])
def test_what_is_switched_off_does_not_sell(cast: Cast, part: str) -> None:
    row = getattr(cast.zerno, part)
    row.is_active = False
    row.save()
    assert code_of(ask(f"Bearer {cast.zerno.key}")) == "key_revoked"
    assert ask(f"Bearer {cast.bakery.key}").status_code == 200


def test_only_a_view_that_rechecks_the_key_takes_it_from_memory(cast: Cast) -> None:
    assert queries(cast.zerno, SaleLike) == 2  # the key, the outlets
    assert queries(cast.zerno, SaleLike) == 1
    assert queries(cast.zerno, Outlets) == 2
    revoke_all()
    assert ask(f"Bearer {cast.zerno.key}", SaleLike).status_code == 200
    assert ask(f"Bearer {cast.zerno.key}", Outlets).status_code == 401


def test_memory_is_bounded(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(key_cache, "size", 2)
    for _ in range(5):
        ask(f"Bearer {make_key(cast.zerno.till)}", SaleLike)
        assert len(key_cache.callers) <= 2


def test_memory_is_short(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(key_cache, "seconds", -1)
    assert queries(cast.zerno, SaleLike) == 2
    assert queries(cast.zerno, SaleLike) == 2


def test_a_scope_is_needed(cast: Cast) -> None:
    selling = make_key(cast.zerno.till, ["sell"])
    response = ask(f"Bearer {selling}")
    assert (response.status_code, code_of(response)) == (403, "scope_missing")


def test_a_view_that_names_no_scope_is_closed(cast: Cast) -> None:
    assert ask(f"Bearer {cast.zerno.key}", Careless).status_code == 403


def test_outside_a_tenant_nothing_is_seen(cast: Cast) -> None:
    with pytest.raises(ScopeError):
        Outlet.objects.count()


def revoke_all() -> None:
    TillKey._base_manager.update(revoked_at=timezone.now())


def queries(shop: Shop, view: type[TillView]) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert ask(f"Bearer {shop.key}", view).status_code == 200
    return len(captured)
