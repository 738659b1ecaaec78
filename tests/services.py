"""Pytest plugin: the session's own PostgreSQL and Valkey, where the environment names none.

Every session gets servers of its own in a temporary folder, so several people can test in one
checkout at once. Under xdist the controller starts them; its workers inherit the environment,
have a database each (pytest-django sees to it) and a pair of Valkey's databases each.

The servers stop when their standard input closes, which also happens when pytest is killed.
"""

import gc
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests import template

CHECKOUT = Path(__file__).resolve().parent.parent
SERVERS = pytest.StashKey["subprocess.Popen[str]"]()
TEMPLATE = pytest.StashKey["subprocess.Popen[bytes]"]()


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Comes before pytest-django's, which reads the settings and with them the environment."""
    os.environ.setdefault("KOPILKA_LOCAL", "1")
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    if worker:
        take_own_valkey(int(worker.removeprefix("gw")) + 1)
    elif not os.environ.get("DATABASE_URL") or not os.environ.get("REDIS_URL"):
        early_config.stash[SERVERS] = servers = serve()
        assert servers.stdout is not None
        announced = servers.stdout.readline()
        if not announced:
            raise pytest.UsageError("The test servers did not start; their words are above.")
        given = os.environ.get("DATABASE_URL")
        os.environ.update(json.loads(announced))
        if not given:
            early_config.stash[TEMPLATE] = template.begin()


def serve() -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "config.local", "serve", "--temporary", "--fast"],
        cwd=CHECKOUT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        # A Ctrl-C is pytest's to hear: its teardown still needs the database.
        start_new_session=True,
    )


def take_own_valkey(number: int) -> None:
    """A cache cleared in one worker must not empty another's throttles."""
    for offset, name in enumerate(("REDIS_URL", "CACHE_URL")):
        address = os.environ.get(name, "")
        if address.startswith("unix://"):
            os.environ[name] = f"{address.partition('?')[0]}?db={2 * number + offset}"


def pytest_collection_finish() -> None:
    """What is loaded by now stays: looking through all of it for garbage, again and again, is a tenth of the run."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)


def pytest_configure() -> None:
    from django.conf import settings

    # A password hash is slow on purpose; tests log in hundreds of times.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    # Files are looked for when they are asked for; else each of the thousand test clients looks through all of them.
    settings.WHITENOISE_AUTOREFRESH = True


def pytest_unconfigure(config: pytest.Config) -> None:
    making = config.stash.get(TEMPLATE, None)
    if making is not None:
        making.wait()
    servers = config.stash.get(SERVERS, None)
    if servers is not None:
        servers.communicate()
