"""Personal data: `clients.pages.staff.personal`, and a client's own data behind his link."""

from __future__ import annotations

from tests.permissions import EVERYBODY, Page, for_roles

HEADS = for_roles("owner", "manager")
SEES = for_roles("owner", "manager", "operator", "reader")
ONE = "/m/{merchant}/clients/{client}/"

PAGES: dict[str, Page] = {
    "m/<int:merchant_id>/clients/erasures/": Page("/m/{merchant}/clients/erasures/", HEADS),
    "m/<int:merchant_id>/clients/erasures/<int:erasure_id>/stay/": Page(
        # Nobody has asked.
        "/m/{merchant}/clients/erasures/1/stay/",
        HEADS | dict.fromkeys(("owner", "manager"), "missing"),
    ),
    "m/<int:merchant_id>/settings/keeping/": Page("/m/{merchant}/settings/keeping/", HEADS),
    "m/<int:merchant_id>/clients/<uuid:client_id>/erase/": Page(f"{ONE}erase/", HEADS),
    "m/<int:merchant_id>/clients/<uuid:client_id>/consents/": Page(f"{ONE}consents/", SEES),
    "m/<int:merchant_id>/clients/<uuid:client_id>/data.<str:kind>": Page(f"{ONE}data.json", HEADS),
    "card/<str:token>/data/": Page("{card}data/", EVERYBODY),
}
