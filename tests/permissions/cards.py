"""Plastic cards: `clients.pages.staff.cards`."""

from __future__ import annotations

from tests.permissions import Page, for_roles

STAFF = for_roles("owner", "manager", "operator")
WHO_EXPORT = for_roles("owner", "manager")
BATCH = "m/<int:merchant_id>/cards/<int:batch_id>/"
HERE = "/m/{merchant}/cards/{cards}/"
CLIENT = "m/<int:merchant_id>/clients/<uuid:client_id>/cards/"
CARD = "/m/{merchant}/clients/{client}/cards/"

PAGES: dict[str, Page] = {
    "m/<int:merchant_id>/cards/": Page("/m/{merchant}/cards/", STAFF),
    "m/<int:merchant_id>/cards/new/": Page("/m/{merchant}/cards/new/", STAFF),
    "m/<int:merchant_id>/cards/any-number/": Page(
        "/m/{merchant}/cards/any-number/", for_roles() | dict.fromkeys(("owner", "manager"), "away"), "post"
    ),
    "m/<int:merchant_id>/cards/terms/": Page("/m/{merchant}/cards/terms/", for_roles("owner", "manager")),
    BATCH: Page(HERE, STAFF),
    f"{BATCH}withdraw/": Page(f"{HERE}withdraw/", STAFF),
    f"{BATCH}numbers.csv": Page(f"{HERE}numbers.csv", WHO_EXPORT),
    f"{BATCH}numbers.xlsx": Page(f"{HERE}numbers.xlsx", WHO_EXPORT),
    f"{BATCH}cards.pdf": Page(f"{HERE}cards.pdf", WHO_EXPORT),
    f"{BATCH}errors.csv": Page(f"{HERE}errors.csv", STAFF),
    f"{CLIENT}bind/": Page(f"{CARD}bind/", STAFF),
    f"{CLIENT}<int:card_id>/block/": Page(f"{CARD}{{virtual}}/block/", STAFF),
    f"{CLIENT}<int:card_id>/replace/": Page(f"{CARD}{{virtual}}/replace/", STAFF),
}
