"""Receipts: `loyalty.pages.receipts`."""

from __future__ import annotations

from tests.permissions import Page, for_roles

READERS = for_roles("owner", "manager", "operator", "reader")

PAGES: dict[str, Page] = {
    "m/<int:merchant_id>/receipts/receipts.csv": Page(
        "/m/{merchant}/receipts/receipts.csv", for_roles("owner", "manager")
    ),
    "m/<int:merchant_id>/receipts/receipts.xlsx": Page(
        "/m/{merchant}/receipts/receipts.xlsx", for_roles("owner", "manager")
    ),
    "m/<int:merchant_id>/receipts/": Page("/m/{merchant}/receipts/", READERS),
    "m/<int:merchant_id>/receipts/<uuid:sale_id>/": Page("/m/{merchant}/receipts/{sale}/", READERS),
}
