from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.auth.signals import user_logged_in
from django.db import connection
from django.http import HttpRequest
from django.test import TransactionTestCase
from hypothesis import HealthCheck, settings
from pytest_django import DjangoDbBlocker

from merchants.counters import CacheDownError, counters
from merchants.models import User
from tests import template
from tests.admin.stage import set_up
from tests.cast import cast, make_cast
from tests.ground import ground

__all__ = ["cast"]

# By size, not by rows: row level security hides those.
USED = """
    SELECT string_agg(quote_ident(relname), ', ')
    FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relname = ANY (%s) AND pg_relation_size(oid) > 0
"""
# What migrations have written about the models; to empty it is to compute all of it anew.
STAYS = {"django_content_type", "auth_permission"}
HERE = Path(__file__).parent
# Folders and files whose tests of one module begin on the same ground.
SHARES = {HERE / "admin", HERE / "clients", HERE / "test_permissions.py"}


def list_login(sender: Any, request: HttpRequest, user: User, **_more: Any) -> None:
    """`force_login` goes round allauth, which puts every other login on the list of sessions."""
    if "REMOTE_ADDR" in request.META:
        return
    key = request.session.session_key
    if key is not None:
        UserSession.objects.update_or_create(session_key=key, defaults={"user": user, "ip": "::", "user_agent": ""})
        with suppress(CacheDownError):
            counters().add(f"seen:{key}", seconds=300)


# How fast a machine is, is no test's matter.
settings.register_profile("kopilka", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("kopilka")
user_logged_in.connect(list_login, dispatch_uid="tests")


def empty(test: TransactionTestCase) -> None:
    """After a test that commits. Django's own way empties every table and then announces all models again."""
    tables = set(connection.introspection.django_table_names(include_views=False)) - STAYS
    with connection.cursor() as cursor:
        cursor.execute(USED, [sorted(tables)])
        (used,) = cursor.fetchone()
        if used:
            cursor.execute(f"TRUNCATE {used} CASCADE")


def commits(item: pytest.Item) -> bool:
    marker = item.get_closest_marker("django_db")
    return bool(marker and marker.kwargs.get("transaction")) or not {"transactional_db", "live_server"}.isdisjoint(
        item.fixturenames
    )


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(fixturedef: Any, request: Any) -> Generator[None, Any, Any]:
    """Before a test's transaction begins, the cast or the stage that it asks for is there."""
    if fixturedef.argname == "_django_db_helper":
        request.getfixturevalue("django_db_setup")
        item = request.node
        shares = not SHARES.isdisjoint({item.path, item.path.parent}) and not commits(item)
        with request.getfixturevalue("django_db_blocker").unblock():
            if shares and "stage" in item.fixturenames:
                ground.lay((item.path, "stage"), lambda: set_up(make_cast()))
            elif shares and "cast" in item.fixturenames:
                ground.lay((item.path, "cast"), make_cast)
            else:
                ground.clear()
    return (yield)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings: None) -> None:
    """The test database is a copy of one that is migrated already."""
    connection.settings_dict["TEST"]["TEMPLATE"] = template.made()


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """The test database, which is dropped at the end whoever is still connected: a browser's last request may hold
    its connection a moment longer than the test that made it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", empty)
        yield
    with django_db_blocker.unblock():
        ground.clear()
        connection.close()
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
