from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.cache import cache
from pytest_django.fixtures import Settings
from rest_framework.request import Request
from rest_framework.response import Response

from merchants import counters as shared
from merchants import throttling
from merchants.counters import Counters
from merchants.throttling import GuessThrottle, TillThrottle, record_guess
from tests.cast import Cast, make_key
from tests.merchants.test_authentication import Outlets, ask


class Calls(Outlets):
    throttle_classes = [TillThrottle]


class Guesses(Outlets):
    throttle_classes = [GuessThrottle]

    def get(self, request: Request) -> Response:
        record_guess(self.caller)
        return Response()


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    cache.clear()
    throttling.own_guesses.seen.clear()
    yield
    shared.counters.cache_clear()


@pytest.fixture
def without_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Counters:
    dead = Counters(f"unix://{tmp_path}/nobody.sock", "test")
    monkeypatch.setattr(throttling, "counters", lambda: dead)
    return dead


def statuses(key: str, view: type[Outlets], count: int) -> list[int]:
    return [ask(f"Bearer {key}", view).status_code for _ in range(count)]


def test_a_key_has_so_many_requests_a_minute(cast: Cast, settings: Settings) -> None:
    settings.TILL_REQUESTS_PER_MINUTE = 3
    assert statuses(cast.zerno.key, Calls, 4) == [200, 200, 200, 429]
    assert 1 <= int(ask(f"Bearer {cast.zerno.key}", Calls)["Retry-After"]) <= 60
    assert statuses(cast.bakery.key, Calls, 1) == [200], "another till has its own"


def test_without_a_limit_nothing_is_counted(cast: Cast, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.TILL_REQUESTS_PER_MINUTE = None
    monkeypatch.setattr(throttling, "counters", None)
    assert statuses(cast.zerno.key, Calls, 3) == [200] * 3


def test_a_till_sells_without_the_cache(cast: Cast, settings: Settings, without_cache: Counters) -> None:
    settings.TILL_REQUESTS_PER_MINUTE = 1
    assert statuses(cast.zerno.key, Calls, 3) == [200] * 3


def test_a_dead_cache_is_asked_rarely(without_cache: Counters) -> None:
    for _ in range(3):
        with pytest.raises(shared.CacheDownError):
            without_cache.add("x", seconds=10)
    assert without_cache.ask_again_at > time.monotonic()


@pytest.mark.parametrize("cache_is_there", [True, False])
def test_guessing_ends_after_thirty_failures(cast: Cast, cache_is_there: bool, request: pytest.FixtureRequest) -> None:
    if not cache_is_there:
        request.getfixturevalue("without_cache")
    assert statuses(cast.zerno.key, Guesses, 31) == [200] * 30 + [429]
    other_key = make_key(cast.zerno.till)
    refused = ask(f"Bearer {other_key}", Guesses)
    assert refused.status_code == 429, "another key of the till is the same till"
    assert 1 <= int(refused["Retry-After"]) <= 600
    assert statuses(cast.bakery.key, Guesses, 1) == [200]


def test_a_window_ends() -> None:
    counters = shared.counters()
    assert counters.read("short") == (0, 0)
    assert counters.add("short", seconds=1) == (1, 1)
    assert counters.add("short", seconds=1)[0] == 2
    assert counters.read("short")[0] == 2
    time.sleep(1.05)
    assert counters.add("short", seconds=1) == (1, 1)


def test_one_round_trip_each(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    statuses(cast.zerno.key, Calls, 1)  # connects, loads the script
    sent: list[object] = []
    connection_class = shared.counters().client.connection_pool.connection_class
    send = connection_class.send_packed_command

    def remember(self: object, command: object, *args: object, **kwargs: object) -> object:
        sent.append(command)
        return send(self, command, *args, **kwargs)

    monkeypatch.setattr(connection_class, "send_packed_command", remember)
    statuses(cast.zerno.key, Calls, 2)
    assert len(sent) == 2
