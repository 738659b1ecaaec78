"""The rules: `loyalty.pages.rules`."""

from __future__ import annotations

from tests.permissions import Page

PAGES: dict[str, Page] = {}
