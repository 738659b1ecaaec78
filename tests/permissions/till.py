"""The till page: `cashier.page`. A phone that is connected to no till gets nowhere, whoever is logged in on it."""

from __future__ import annotations

from tests.permissions import EVERYBODY, NOBODY, Page, all_get, for_roles

NOT_CONNECTED = all_get("forbidden")
NO_CLIENT = "some-word"

PAGES: dict[str, Page] = {
    "m/<int:merchant_id>/till/": Page("/m/{merchant}/till/", for_roles("owner", "manager", "operator", "cashier")),
    "till/connect/<str:token>/": Page("/till/connect/made-up/", NOBODY),
    "till/manifest.webmanifest": Page("/till/manifest.webmanifest", EVERYBODY),
    "till/": Page("/till/", NOT_CONNECTED),
    "till/who/": Page("/till/who/", NOT_CONNECTED),
    "till/lock/": Page("/till/lock/", NOT_CONNECTED, "post"),
    "till/find/": Page("/till/find/", NOT_CONNECTED, "post"),
    "till/new/": Page("/till/new/", NOT_CONNECTED),
    "till/card/<str:word>/": Page(f"/till/card/{NO_CLIENT}/", NOT_CONNECTED),
    "till/sale/": Page("/till/sale/", NOT_CONNECTED),
    "till/sale/<str:word>/": Page(f"/till/sale/{NO_CLIENT}/", NOT_CONNECTED),
    "till/receipts/": Page("/till/receipts/", NOT_CONNECTED),
    "till/receipts/<uuid:sale_id>/": Page("/till/receipts/{sale}/", NOT_CONNECTED),
    "till/receipts/<uuid:sale_id>/correct/": Page("/till/receipts/{sale}/correct/", NOT_CONNECTED),
    "till/receipts/<uuid:sale_id>/client/": Page("/till/receipts/{sale}/client/", NOT_CONNECTED),
    "till/receipts/<uuid:sale_id>/client/<str:word>/": Page(
        f"/till/receipts/{{sale}}/client/{NO_CLIENT}/", NOT_CONNECTED
    ),
    "till/receipts/<uuid:sale_id>/return/": Page("/till/receipts/{sale}/return/", NOT_CONNECTED),
    "till/receipts/<uuid:sale_id>/returned/": Page("/till/receipts/{sale}/returned/", NOT_CONNECTED),
    "till/certificates/": Page("/till/certificates/", NOT_CONNECTED),
    "till/gifts/": Page("/till/gifts/", NOT_CONNECTED),
    "till/gifts/taken/<uuid:exchange_id>/": Page("/till/gifts/taken/{sale}/", NOT_CONNECTED),
    "till/gifts/<str:word>/": Page(f"/till/gifts/{NO_CLIENT}/", NOT_CONNECTED),
    "till/gifts/<str:word>/<uuid:reward_id>/": Page(f"/till/gifts/{NO_CLIENT}/{{sale}}/", NOT_CONNECTED),
    "till/shift/": Page("/till/shift/", NOT_CONNECTED),
}
