"""Segments, and what is done to many clients."""

from __future__ import annotations

from tests.permissions import Page, for_roles

READERS = for_roles("owner", "manager", "operator", "reader")
EDITORS = for_roles("owner", "manager", "operator")
M = "m/<int:merchant_id>/clients/"
SEGMENTS = "/m/{merchant}/clients/segments/"
ACTS = "/m/{merchant}/clients/acts/"

PAGES: dict[str, Page] = {
    f"{M}segments/": Page(SEGMENTS, READERS),
    f"{M}segments/new/": Page(f"{SEGMENTS}new/", EDITORS),
    f"{M}segments/count/": Page(f"{SEGMENTS}count/", EDITORS, "post"),
    f"{M}segments/rfm/": Page(f"{SEGMENTS}rfm/", READERS),
    f"{M}segments/<int:segment_id>/": Page(f"{SEGMENTS}{{segment}}/", READERS),
    f"{M}segments/<int:segment_id>/edit/": Page(f"{SEGMENTS}{{segment}}/edit/", EDITORS),
    f"{M}segments/<int:segment_id>/delete/": Page(f"{SEGMENTS}{{segment}}/delete/", EDITORS),
    f"{M}segments/<int:segment_id>/freeze/": Page(
        f"{SEGMENTS}{{segment}}/freeze/", EDITORS | dict.fromkeys(("owner", "manager", "operator"), "away"), "post"
    ),
    f"{M}segments/<int:segment_id>/clients.csv": Page(
        f"{SEGMENTS}{{segment}}/clients.csv", for_roles("owner", "manager")
    ),
    f"{M}segments/<int:segment_id>/clients.xlsx": Page(
        f"{SEGMENTS}{{segment}}/clients.xlsx", for_roles("owner", "manager")
    ),
    f"{M}acts/": Page(ACTS, READERS),
    f"{M}acts/new/<str:kind>/": Page(f"{ACTS}new/points/?segment={{segment}}", EDITORS),
    f"{M}acts/<int:act_id>/": Page(f"{ACTS}{{act}}/", READERS),
    f"{M}acts/<int:act_id>/decide/": Page(
        f"{ACTS}{{act}}/decide/", EDITORS | dict.fromkeys(("owner", "manager", "operator"), "away"), "post"
    ),
    f"{M}acts/<int:act_id>/undo/": Page(f"{ACTS}{{act}}/undo/", EDITORS | {"operator": "away"}),
}
