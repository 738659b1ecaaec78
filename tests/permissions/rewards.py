"""Gifts for points: `loyalty.pages.rewards`."""

from __future__ import annotations

from tests.permissions import NOBODY, Page, for_roles

HERE = "m/<int:merchant_id>/rewards/"
TAKEN = f"{HERE}taken/"
STAFF = for_roles("owner", "manager", "operator")
RUN = for_roles("owner", "manager")
SEEN = for_roles("owner", "manager", "operator", "reader")

PAGES: dict[str, Page] = {
    HERE: Page("/m/{merchant}/rewards/", SEEN),
    f"{HERE}new/": Page("/m/{merchant}/rewards/new/", RUN),
    f"{HERE}<uuid:reward_id>/": Page("/m/{merchant}/rewards/{reward}/", RUN),
    TAKEN: Page("/m/{merchant}/rewards/taken/", SEEN),
    f"{TAKEN}gifts.csv": Page("/m/{merchant}/rewards/taken/gifts.csv", RUN),
    f"{TAKEN}gifts.xlsx": Page("/m/{merchant}/rewards/taken/gifts.xlsx", RUN),
    f"{TAKEN}<uuid:exchange_id>/hand-over/": Page("/m/{merchant}/rewards/taken/{exchange}/hand-over/", STAFF),
    f"{TAKEN}<uuid:exchange_id>/cancel/": Page("/m/{merchant}/rewards/taken/{exchange}/cancel/", STAFF),
    "gift-picture/<int:merchant_id>/<str:digest>": Page("/gift-picture/{merchant}/nothing", NOBODY),
}
