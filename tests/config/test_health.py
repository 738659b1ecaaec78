"""What a load balancer asks."""

from unittest.mock import patch

import pytest
from django.core.cache.backends.redis import RedisCache
from django.test import Client

pytestmark = pytest.mark.django_db


def test_alive(client: Client) -> None:
    assert client.get("/healthz").content == b"ok"


def test_ready(client: Client) -> None:
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {"database": True, "cache": True, "migrations": True}
    assert "no-store" in answer["Cache-Control"]


def test_not_ready_names_what_is_missing_and_no_more(client: Client) -> None:
    with patch.object(RedisCache, "set", side_effect=OSError("secret")):
        answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json() == {"database": True, "cache": False, "migrations": True}


def test_only_reads(client: Client) -> None:
    assert client.post("/healthz").status_code == 405
