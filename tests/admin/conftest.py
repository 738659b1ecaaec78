from __future__ import annotations

import pytest
from django.test import Client

from tests.admin.stage import Stage, set_up
from tests.cast import Cast


@pytest.fixture
def stage(cast: Cast) -> Stage:
    return set_up(cast)


@pytest.fixture
def olga(client: Client, stage: Stage) -> Client:
    """The platform operator's browser."""
    client.force_login(stage.cast.olga)
    return client
