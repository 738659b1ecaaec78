"""The rules: `loyalty.pages.rules`."""

from __future__ import annotations

from tests.permissions import LOGGED_IN, Page, all_get, for_roles

READERS = for_roles("owner", "manager", "operator", "reader")
EDITORS = for_roles("owner", "manager")
# Led back: there is no draft.
NO_DRAFT = EDITORS | {"owner": "away", "manager": "away"}
# «Зерно» has published nothing in this story.
NO_VERSION = READERS | dict.fromkeys(("owner", "manager", "operator", "reader"), "missing")
NO_VERSION_TO_EDIT = EDITORS | dict.fromkeys(("owner", "manager"), "missing")
M = "/m/{merchant}/rules/"

PAGES: dict[str, Page] = {
    "start/": Page("/start/", LOGGED_IN),
    "start/sample/": Page("/start/sample/", all_get("ok", anonymous="login"), "post"),
    "m/<int:merchant_id>/started/": Page("/m/{merchant}/started/", EDITORS),
    "m/<int:merchant_id>/rules/": Page(M, READERS),
    "m/<int:merchant_id>/rules/edit/": Page(f"{M}edit/", EDITORS),
    "m/<int:merchant_id>/rules/edit/rules/": Page(f"{M}edit/rules/", EDITORS),
    "m/<int:merchant_id>/rules/edit/new/": Page(f"{M}edit/new/", EDITORS),
    "m/<int:merchant_id>/rules/edit/new/<slug:kind>/": Page(f"{M}edit/new/percent/", EDITORS),
    "m/<int:merchant_id>/rules/edit/rule/<slug:rule_id>/": Page(f"{M}edit/rule/base/", NO_DRAFT),
    "m/<int:merchant_id>/rules/edit/rule/<slug:rule_id>/delete/": Page(f"{M}edit/rule/base/delete/", NO_DRAFT),
    "m/<int:merchant_id>/rules/edit/receipt/": Page(f"{M}edit/receipt/", EDITORS, "post"),
    "m/<int:merchant_id>/rules/edit/templates/": Page(f"{M}edit/templates/", EDITORS),
    "m/<int:merchant_id>/rules/preview/": Page(f"{M}preview/", EDITORS, "post"),
    "m/<int:merchant_id>/rules/publish/": Page(f"{M}publish/", NO_DRAFT),
    "m/<int:merchant_id>/rules/discard/": Page(f"{M}discard/", NO_DRAFT),
    "m/<int:merchant_id>/rules/<int:number>/": Page(f"{M}1/", NO_VERSION),
    "m/<int:merchant_id>/rules/<int:number>/file/": Page(f"{M}1/file/", NO_VERSION),
    "m/<int:merchant_id>/rules/<int:number>/take-back/": Page(f"{M}1/take-back/", NO_DRAFT),
    "m/<int:merchant_id>/rules/<int:number>/restore/": Page(f"{M}1/restore/", NO_VERSION_TO_EDIT, "post"),
}
