"""Back tests and the calculator: `insights.back_test_views`."""

from __future__ import annotations

from tests.permissions import Page, for_roles

READERS = for_roles("owner", "manager", "reader")
EDITORS = for_roles("owner", "manager")
# «Зерно» has tried nothing in this story.
NOTHING = READERS | dict.fromkeys(("owner", "manager", "reader"), "missing")
NOTHING_TO_EDIT = EDITORS | dict.fromkeys(("owner", "manager"), "missing")
M = "/m/{merchant}/rules/"

PAGES: dict[str, Page] = {
    "m/<int:merchant_id>/rules/calculator/": Page(f"{M}calculator/", READERS),
    "m/<int:merchant_id>/rules/backtests/": Page(f"{M}backtests/", READERS),
    "m/<int:merchant_id>/rules/backtests/new/": Page(f"{M}backtests/new/", EDITORS),
    "m/<int:merchant_id>/rules/backtests/sample/": Page(f"{M}backtests/sample/", EDITORS),
    "m/<int:merchant_id>/rules/backtests/<int:number>/": Page(f"{M}backtests/1/", NOTHING),
    "m/<int:merchant_id>/rules/backtests/<int:number>/cancel/": Page(
        f"{M}backtests/1/cancel/", NOTHING_TO_EDIT, "post"
    ),
    "m/<int:merchant_id>/rules/backtests/<int:number>/delete/": Page(f"{M}backtests/1/delete/", NOTHING_TO_EDIT),
}
