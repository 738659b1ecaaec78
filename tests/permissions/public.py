"""What clients see: `clients.pages.public`."""

from __future__ import annotations

from tests.permissions import EVERYBODY, Page, all_get, for_roles

# The step before it was not taken.
SENT_BACK = all_get("away")
STAFF = for_roles("owner", "manager", "operator")

PAGES: dict[str, Page] = {
    "join/<int:merchant_id>/": Page("/join/{merchant}/", EVERYBODY),
    "join/<int:merchant_id>/code/": Page("/join/{merchant}/code/", SENT_BACK),
    "card/<str:token>/": Page("{card}", EVERYBODY),
    "card/<str:token>/code/": Page("{card}code/", EVERYBODY),
    "card/<str:token>/history/": Page("{card}history/", EVERYBODY),
    "card/<str:token>/consents/": Page("{card}consents/", EVERYBODY),
    "card/<str:token>/gifts/": Page("{card}gifts/", EVERYBODY),
    "card/<str:token>/gifts/<uuid:reward_id>/": Page("{card}gifts/{reward}/", EVERYBODY),
    "card/<str:token>/gifts/taken/<uuid:exchange_id>/": Page("{card}gifts/taken/{exchange}/", EVERYBODY),
    "card/<str:token>/manifest.webmanifest": Page("{card}manifest.webmanifest", EVERYBODY),
    "notices/<str:token>/": Page("{notices_off}", EVERYBODY),
    "m/<int:merchant_id>/poster/": Page("/m/{merchant}/poster/", STAFF),
    "m/<int:merchant_id>/poster/qr.svg": Page("/m/{merchant}/poster/qr.svg", STAFF),
    "m/<int:merchant_id>/poster/qr.png": Page("/m/{merchant}/poster/qr.png", STAFF),
    "m/<int:merchant_id>/consents/": Page("/m/{merchant}/consents/", for_roles("owner", "manager")),
    "m/<int:merchant_id>/clients/<uuid:client_id>/card/": Page("/m/{merchant}/clients/{client}/card/", STAFF),
}
