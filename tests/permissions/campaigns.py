"""Campaigns: `campaigns.pages.campaigns`."""

from __future__ import annotations

from tests.permissions import Page, for_roles

THEY = for_roles("owner", "manager")
READERS = for_roles("owner", "manager", "reader")
ALL = "m/<int:merchant_id>/campaigns/"
ONE = f"{ALL}<int:campaign_id>/"
HERE = "/m/{merchant}/campaigns/"
IT = f"{HERE}{{campaign}}/"
# A draft that nothing can be done with: whoever may is sent back to it.
AWAY = THEY | dict.fromkeys(("owner", "manager"), "away")

PAGES: dict[str, Page] = {
    ALL: Page(HERE, READERS),
    f"{ALL}new/": Page(f"{HERE}new/", THEY),
    f"{ALL}rules/": Page(f"{HERE}rules/", THEY),
    ONE: Page(IT, READERS),
    f"{ONE}edit/": Page(f"{IT}edit/", THEY),
    f"{ONE}dry-run/": Page(f"{IT}dry-run/", READERS),
    f"{ONE}start/": Page(f"{IT}start/", THEY),
    f"{ONE}do/": Page(f"{IT}do/", AWAY | dict.fromkeys(("owner", "manager"), "missing"), "post"),
    f"{ONE}fire/": Page(f"{IT}fire/", AWAY),
    f"{ONE}archive/": Page(f"{IT}archive/", THEY),
}
