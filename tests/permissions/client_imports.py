"""Imports of clients: `clients.pages.staff.imports`."""

from __future__ import annotations

from tests.permissions import Page, for_roles

EDITORS = for_roles("owner", "manager")
# «Зерно» has loaded nothing in this story.
NOTHING = EDITORS | dict.fromkeys(("owner", "manager"), "missing")
M = "/m/{merchant}/clients/imports/"

PAGES: dict[str, Page] = {
    "m/<int:merchant_id>/clients/imports/": Page(M, EDITORS),
    "m/<int:merchant_id>/clients/imports/sample.<str:kind>": Page(f"{M}sample.csv", EDITORS),
    "m/<int:merchant_id>/clients/imports/receipts/": Page(f"{M}receipts/", EDITORS),
    "m/<int:merchant_id>/clients/imports/receipts/sample.<str:kind>": Page(f"{M}receipts/sample.csv", EDITORS),
    "m/<int:merchant_id>/clients/imports/<int:import_id>/": Page(f"{M}1/", NOTHING),
    "m/<int:merchant_id>/clients/imports/<int:import_id>/columns/": Page(f"{M}1/columns/", NOTHING),
    "m/<int:merchant_id>/clients/imports/<int:import_id>/load/": Page(f"{M}1/load/", NOTHING),
    "m/<int:merchant_id>/clients/imports/<int:import_id>/undo/": Page(f"{M}1/undo/", NOTHING),
    "m/<int:merchant_id>/clients/imports/<int:import_id>/stop/": Page(f"{M}1/stop/", NOTHING, "post"),
    "m/<int:merchant_id>/clients/imports/<int:import_id>/errors.<str:kind>": Page(f"{M}1/errors.csv", NOTHING),
}
