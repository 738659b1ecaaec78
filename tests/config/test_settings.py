"""Production is complete or does not start."""

import subprocess
import sys

import pytest
from django.core.exceptions import ImproperlyConfigured

from config.environment import Environment, broker_url, postgres_parameters
from config.local.instance import CHECKOUT

PRODUCTION = {
    "SECRET_KEY": "a-long-secret-of-the-shop-that-nobody-could-possibly-guess-0123456789",
    "ALLOWED_HOSTS": "loyalty.example",
    "DATABASE_URL": "postgresql://kopilka:word@db.example/kopilka?sslmode=require",
    "REDIS_URL": "redis://cache.example:6379/0",
}


def python(*arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=CHECKOUT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("missing", sorted(PRODUCTION))
def test_what_is_missing_is_named(missing: str) -> None:
    rest = {name: value for name, value in PRODUCTION.items() if name != missing}
    done = python("-c", "import config.settings", **rest)
    assert done.returncode == 1
    assert f"{missing} is not set" in done.stderr


def test_production_is_clean() -> None:
    done = python("manage.py", "check", "--deploy", "--fail-level=WARNING", **PRODUCTION)
    assert done.returncode == 0, done.stderr


def test_only_web_processes_have_a_pool() -> None:
    script = "from config.settings import DATABASES; print('pool' in DATABASES['default']['OPTIONS'])"
    assert python("-c", script, **PRODUCTION).stdout == "False\n"
    assert python("-c", script, **PRODUCTION, KOPILKA_PROCESS="web").stdout == "True\n"


def test_a_database_url_is_read_whole() -> None:
    read = postgres_parameters("postgresql://shop:p%40ss@/books?host=/run/pg&sslmode=disable")
    assert (read["USER"], read["PASSWORD"], read["NAME"]) == ("shop", "p@ss", "books")
    assert (read["HOST"], read["OPTIONS"]) == ("/run/pg", {"sslmode": "disable"})


def test_a_wrong_database_url_is_not_repeated_with_its_password() -> None:
    with pytest.raises(ImproperlyConfigured) as caught:
        postgres_parameters("postgresql://shop:secret@host:port/x?nonsense=1")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("given", "celerys"),
    [
        ("redis://cache:6379/0", "redis://cache:6379/0"),
        ("unix:///run/valkey.sock?db=2", "redis+socket:///run/valkey.sock?virtual_host=2"),
    ],
)
def test_celery_has_its_own_words_for_a_socket(given: str, celerys: str) -> None:
    assert broker_url(given) == celerys


def test_flags_and_numbers_are_read_or_refused() -> None:
    environment = Environment({"YES": "on", "NO": "0", "ODD": "perhaps", "PORT": "80a"})
    assert environment.flag("YES")
    assert not environment.flag("NO")
    assert environment.flag("ABSENT", default=True)
    with pytest.raises(ImproperlyConfigured, match="neither yes nor no"):
        environment.flag("ODD")
    with pytest.raises(ImproperlyConfigured, match="not a whole number"):
        environment.number("PORT", 1)
