"""Pages of `insights`."""

from __future__ import annotations

from tests.permissions import Page, for_roles

PAGES: dict[str, Page] = {
    "m/<int:merchant_id>/": Page("/m/{merchant}/", for_roles("owner", "manager", "reader")),
    "m/<int:merchant_id>/figures/": Page("/m/{merchant}/figures/", for_roles("owner", "manager", "reader")),
    "m/<int:merchant_id>/campaigns/results/": Page(
        "/m/{merchant}/campaigns/results/", for_roles("owner", "manager", "reader")
    ),
    "m/<int:merchant_id>/campaigns/<int:number>/results/": Page(
        "/m/{merchant}/campaigns/{campaign}/results/", for_roles("owner", "manager", "reader")
    ),
    "m/<int:merchant_id>/campaigns/results/together/": Page(
        "/m/{merchant}/campaigns/results/together/", for_roles("owner", "manager", "reader")
    ),
    "m/<int:merchant_id>/z/": Page("/m/{merchant}/z/", for_roles("owner", "manager", "operator", "reader")),
}
