"""Receipts: `loyalty.pages.receipts`."""

from __future__ import annotations

from tests.permissions import Page, for_roles

READERS = for_roles("owner", "manager", "operator", "reader")

HANDS = for_roles("owner", "manager", "operator")
# The receipt of the story is its client's already, and nobody has moved it.
NOTHING_TO_DO = HANDS | dict.fromkeys(("owner", "manager", "operator"), "away")

PAGES: dict[str, Page] = {
    "m/<int:merchant_id>/receipts/points/": Page("/m/{merchant}/receipts/points/", READERS),
    "m/<int:merchant_id>/receipts/points/points.csv": Page(
        "/m/{merchant}/receipts/points/points.csv", for_roles("owner", "manager")
    ),
    "m/<int:merchant_id>/receipts/points/points.xlsx": Page(
        "/m/{merchant}/receipts/points/points.xlsx", for_roles("owner", "manager")
    ),
    "m/<int:merchant_id>/receipts/<uuid:sale_id>/client/": Page("/m/{merchant}/receipts/{sale}/client/", HANDS),
    "m/<int:merchant_id>/receipts/<uuid:sale_id>/client/<uuid:client_id>/": Page(
        "/m/{merchant}/receipts/{sale}/client/{client}/", NOTHING_TO_DO
    ),
    "m/<int:merchant_id>/receipts/<uuid:sale_id>/client/back/": Page(
        "/m/{merchant}/receipts/{sale}/client/back/", NOTHING_TO_DO
    ),
    "m/<int:merchant_id>/receipts/receipts.csv": Page(
        "/m/{merchant}/receipts/receipts.csv", for_roles("owner", "manager")
    ),
    "m/<int:merchant_id>/receipts/receipts.xlsx": Page(
        "/m/{merchant}/receipts/receipts.xlsx", for_roles("owner", "manager")
    ),
    "m/<int:merchant_id>/receipts/": Page("/m/{merchant}/receipts/", READERS),
    "m/<int:merchant_id>/receipts/<uuid:sale_id>/": Page("/m/{merchant}/receipts/{sale}/", READERS),
}
