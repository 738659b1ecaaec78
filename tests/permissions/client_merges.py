"""Similar clients made one: `clients.pages.staff.merging`."""

from __future__ import annotations

from tests.permissions import Page, for_roles

HEADS = for_roles("owner", "manager")
ONE = "/m/{merchant}/clients/{client}/"

PAGES: dict[str, Page] = {
    "m/<int:merchant_id>/clients/similar/": Page("/m/{merchant}/clients/similar/", HEADS),
    "m/<int:merchant_id>/clients/<uuid:client_id>/merge/<uuid:other_id>/": Page(
        # Nobody is merged with himself: back to the list.
        f"{ONE}merge/{{client}}/",
        HEADS | dict.fromkeys(("owner", "manager"), "away"),
    ),
    "m/<int:merchant_id>/clients/<uuid:client_id>/merges/<int:merge_id>/undo/": Page(
        # There has been no merge.
        f"{ONE}merges/1/undo/",
        HEADS | dict.fromkeys(("owner", "manager"), "missing"),
    ),
}
