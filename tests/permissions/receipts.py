"""Receipts: `loyalty.pages.receipts`."""

from __future__ import annotations

from tests.permissions import Page

PAGES: dict[str, Page] = {}
