"""Clients, as the staff see them: `clients.pages.staff`."""

from __future__ import annotations

from tests.permissions import Page, for_roles

READERS = for_roles("owner", "manager", "operator", "reader")
EDITORS = for_roles("owner", "manager", "operator")
ONE = "/m/{merchant}/clients/{client}/"

PAGES: dict[str, Page] = {
    "m/<int:merchant_id>/clients/clients.csv": Page("/m/{merchant}/clients/clients.csv", for_roles("owner", "manager")),
    "m/<int:merchant_id>/clients/clients.xlsx": Page(
        "/m/{merchant}/clients/clients.xlsx", for_roles("owner", "manager")
    ),
    "m/<int:merchant_id>/clients/": Page("/m/{merchant}/clients/", READERS),
    "m/<int:merchant_id>/activities/": Page("/m/{merchant}/activities/", EDITORS),
    "m/<int:merchant_id>/activities/<uuid:activity_id>/approve/": Page(
        # There are no rules: nothing can be given, and the list says so.
        "/m/{merchant}/activities/{activity}/approve/",
        EDITORS | dict.fromkeys(("owner", "manager", "operator"), "away"),
    ),
    "m/<int:merchant_id>/activities/<uuid:activity_id>/refuse/": Page(
        "/m/{merchant}/activities/{activity}/refuse/", EDITORS
    ),
    "m/<int:merchant_id>/approvals/": Page("/m/{merchant}/approvals/", EDITORS),
    "m/<int:merchant_id>/approvals/<uuid:request_id>/approve/": Page(
        "/m/{merchant}/approvals/{approval}/approve/", for_roles("owner", "manager")
    ),
    "m/<int:merchant_id>/approvals/<uuid:request_id>/refuse/": Page(
        "/m/{merchant}/approvals/{approval}/refuse/", for_roles("owner", "manager")
    ),
    "m/<int:merchant_id>/approvals/<uuid:request_id>/withdraw/": Page(
        # Whoever asked withdraws; for the others of the team it is not there.
        "/m/{merchant}/approvals/{approval}/withdraw/",
        for_roles("operator") | {"owner": "missing", "manager": "missing"},
    ),
    "m/<int:merchant_id>/settings/points/": Page("/m/{merchant}/settings/points/", for_roles("owner")),
    "m/<int:merchant_id>/clients/points/": Page("/m/{merchant}/clients/points/?client={client}", EDITORS),
    "m/<int:merchant_id>/clients/new/": Page("/m/{merchant}/clients/new/", EDITORS),
    "m/<int:merchant_id>/clients/<uuid:client_id>/": Page(ONE, READERS),
    "m/<int:merchant_id>/clients/<uuid:client_id>/edit/": Page(f"{ONE}edit/", EDITORS),
    "m/<int:merchant_id>/clients/<uuid:client_id>/inviter/": Page(f"{ONE}inviter/", EDITORS),
    "m/<int:merchant_id>/clients/<uuid:client_id>/block/": Page(f"{ONE}block/", EDITORS),
    "m/<int:merchant_id>/clients/<uuid:client_id>/tier/": Page(f"{ONE}tier/", EDITORS),
    "m/<int:merchant_id>/clients/<uuid:client_id>/points/": Page(f"{ONE}points/", EDITORS),
    "m/<int:merchant_id>/clients/<uuid:client_id>/points/<int:entry_id>/undo/": Page(
        f"{ONE}points/{{entry}}/undo/", EDITORS
    ),
}
