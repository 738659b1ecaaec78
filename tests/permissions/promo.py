"""Promo codes: `loyalty.pages.promo`."""

from __future__ import annotations

from tests.permissions import Page, for_roles

THEY = for_roles("owner", "manager")
READERS = for_roles("owner", "manager", "reader")
ALL = "m/<int:merchant_id>/promo-codes/"
ONE = f"{ALL}<int:batch_id>/"
HERE = "/m/{merchant}/promo-codes/"
IT = f"{HERE}{{promo_batch}}/"

PAGES: dict[str, Page] = {
    "m/<int:merchant_id>/promos/": Page("/m/{merchant}/promos/", for_roles("owner", "manager", "operator", "reader")),
    "m/<int:merchant_id>/promos/new/": Page("/m/{merchant}/promos/new/", THEY),
    ALL: Page(HERE, READERS),
    f"{ALL}new/": Page(f"{HERE}new/", THEY),
    f"{ALL}check/": Page(f"{HERE}check/", READERS),
    ONE: Page(IT, READERS),
    f"{ONE}stop/": Page(f"{IT}stop/", THEY),
    f"{ONE}go-on/": Page(f"{IT}go-on/", THEY | {"owner": "away", "manager": "away"}, "post"),
    f"{ONE}dates/": Page(f"{IT}dates/", THEY),
    f"{ONE}codes.csv": Page(f"{IT}codes.csv", THEY, "post"),
    f"{ONE}codes.xlsx": Page(f"{IT}codes.xlsx", THEY, "post"),
    f"{ONE}codes.pdf": Page(f"{IT}codes.pdf", THEY, "post"),
}
