from __future__ import annotations

import pytest
from django.test import Client

from tests.admin.stage import Stage, set_up
from tests.cast import make_cast
from tests.ground import ground


@pytest.fixture
def stage(db: None) -> Stage:
    """Like the cast it stands already: see tests/conftest.py."""
    return set_up(make_cast()) if ground.copy is None else ground.copy


@pytest.fixture
def olga(client: Client, stage: Stage) -> Client:
    """The platform operator's browser."""
    client.force_login(stage.cast.olga)
    return client
