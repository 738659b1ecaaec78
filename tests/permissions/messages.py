"""Messages and mailings: `campaigns.pages.messages`, `campaigns.pages.mailings`."""

from __future__ import annotations

from tests.permissions import EVERYBODY, NOBODY, Page, all_get, for_roles

THEY = for_roles("owner", "manager")
READERS = for_roles("owner", "manager", "reader")
ALL = "m/<int:merchant_id>/messages/"
ONE = f"{ALL}<int:template_id>/"
HERE = "/m/{merchant}/messages/"
IT = f"{HERE}{{message_template}}/"
MAILINGS = "m/<int:merchant_id>/mailings/"
SENT = "/m/{merchant}/mailings/"

PAGES: dict[str, Page] = {
    ALL: Page(HERE, READERS),
    f"{ALL}new/": Page(f"{HERE}new/", THEY),
    f"{ALL}preview/": Page(f"{HERE}preview/", THEY, "post"),
    f"{ALL}settings/": Page(f"{HERE}settings/", THEY),
    ONE: Page(IT, THEY),
    f"{ONE}test/": Page(f"{IT}test/", THEY),
    f"{ONE}remove/": Page(f"{IT}remove/", THEY),
    MAILINGS: Page(SENT, READERS),
    f"{MAILINGS}new/": Page(f"{SENT}new/", THEY),
    f"{MAILINGS}<int:mailing_id>/": Page(f"{SENT}{{mailing}}/", READERS),
    # Nothing in particular is asked for.
    f"{MAILINGS}<int:mailing_id>/change/": Page(
        f"{SENT}{{mailing}}/change/", for_roles() | dict.fromkeys(("owner", "manager"), "missing"), "post"
    ),
    "unsubscribe/<str:token>/": Page("{unsubscribe}", EVERYBODY),
    "card/<str:token>/channels/": Page("{card}channels/", EVERYBODY),
    # Without the gateway's secret there is nothing there.
    "hooks/telegram/": Page("/hooks/telegram/", NOBODY, "post"),
    "hooks/letters/<str:secret>/": Page("/hooks/letters/x/", NOBODY, "post"),
    "push.js": Page("/push.js", all_get("ok")),
}
