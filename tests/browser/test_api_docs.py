"""The pages of the API in a real browser: the strict policy lets them work, and nothing comes from elsewhere."""

from __future__ import annotations

import pytest
from drf_spectacular.generators import SchemaGenerator
from playwright.sync_api import Page
from pytest_django.live_server_helper import LiveServer

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_operations_are_shown(page: Page, live_server: LiveServer, complaints: list[str]) -> None:
    page.goto(f"{live_server.url}/api/v1/docs/")
    page.wait_for_selector("#operations-sales-sell")
    paths = SchemaGenerator().get_schema(request=None, public=True)["paths"]  # type: ignore[no-untyped-call]
    assert page.locator(".opblock").count() == sum(map(len, paths.values()))
    assert complaints == []
