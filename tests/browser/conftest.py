"""A real Chromium against a live server, watched: what it may not do, it has not done when the test ends."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import ConsoleMessage, Page, Request, expect
from pytest_django.live_server_helper import LiveServer

from tests.admin.stage import Stage, set_up
from tests.browser.looking import enter
from tests.cast import make_cast

# Playwright's loop runs in the thread that also asks the database.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")

CHROMIUM = Path(os.environ.get("CHROMIUM", "/usr/bin/chromium"))
# The same without its windows, which nobody sees here: half the work for each page. It has no camera.
SHELL = Path(f"{CHROMIUM}-headless-shell")
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PASSWORD = "копилка-и-ещё-немного"
# What is there is found at once; a machine with more browsers than cores only shows it later.
expect.set_options(timeout=20_000)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)
            if not CHROMIUM.exists():
                item.add_marker(pytest.mark.skip(reason=f"no Chromium at {CHROMIUM}"))


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    path = SHELL if SHELL.exists() else CHROMIUM
    return {**browser_type_launch_args, "executable_path": str(path), "args": list(QUIET)}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    return {**browser_context_args, "locale": "ru-RU", "viewport": {"width": 1440, "height": 900}}


@pytest.fixture(scope="session")
def base_url() -> str:
    """Instead of the plugin's, whose way to define it newer pytests warn of."""
    return ""


@pytest.fixture
def stage(transactional_db: None) -> Stage:
    stage = set_up(make_cast())
    stage.cast.olga.set_password(PASSWORD)
    stage.cast.olga.save()
    return stage


@pytest.fixture
def complaints(page: Page, live_server: LiveServer) -> Iterator[list[str]]:
    """What the browser complained of: errors, violations of the policy, requests to other hosts, answers of 500."""
    found: list[str] = []
    home = urlsplit(live_server.url).netloc

    def said(message: ConsoleMessage) -> None:
        # Browsers report refusals of the policy here, too.
        if message.type in {"error", "warning"}:
            found.append(f"{page.url}: {message.text}")

    def requested(request: Request) -> None:
        address = urlsplit(request.url)
        if address.scheme in {"http", "https", "ws", "wss"} and address.netloc != home:
            found.append(f"{page.url} asked {request.url}")

    page.on("console", said)
    page.on("pageerror", lambda error: found.append(f"{page.url}: {error}"))
    page.on("request", requested)
    page.on("response", lambda answer: found.append(f"{answer.status} {answer.url}") if answer.status >= 500 else None)
    yield found
    assert found == []


@pytest.fixture
def olga(page: Page, live_server: LiveServer, stage: Stage, complaints: list[str]) -> Page:
    """The platform operator, logged in."""
    enter(page.context, live_server, stage.cast.olga)
    return page
