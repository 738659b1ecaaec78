"""Pages of `merchants`: outlets and tills, team, settings, the log; the look is everybody's."""

from __future__ import annotations

from tests.permissions import EVERYBODY, NOBODY, Outcome, Page, for_roles

OFFICE = for_roles("owner", "manager")
# Buttons: whoever may press them is told that this is no page to read.
PRESSED: dict[str, Outcome] = {
    person: "wrong method" if outcome == "ok" else outcome for person, outcome in OFFICE.items()
}
M = "m/<int:merchant_id>/"

PAGES: dict[str, Page] = {
    "look/<int:merchant_id>.css": Page("/look/{merchant}.css", EVERYBODY),
    "logo/<int:merchant_id>/<str:digest>": Page("/logo/{merchant}/0", NOBODY),
    M + "outlets/": Page("/m/{merchant}/outlets/", OFFICE),
    M + "outlets/new/": Page("/m/{merchant}/outlets/new/", OFFICE),
    M + "outlets/<int:outlet_id>/": Page("/m/{merchant}/outlets/{outlet}/", OFFICE),
    M + "outlets/<int:outlet_id>/close/": Page("/m/{merchant}/outlets/{outlet}/close/", OFFICE),
    M + "outlets/<int:outlet_id>/reopen/": Page("/m/{merchant}/outlets/{outlet}/reopen/", PRESSED),
    M + "outlets/<int:outlet_id>/tills/new/": Page("/m/{merchant}/outlets/{outlet}/tills/new/", OFFICE),
    M + "tills/<int:till_id>/settings/": Page("/m/{merchant}/tills/{till}/settings/", OFFICE),
    M + "tills/<int:till_id>/keys/<int:key_id>/revoke/": Page("/m/{merchant}/tills/{till}/keys/{key}/revoke/", OFFICE),
    M + "tills/<int:till_id>/off/": Page("/m/{merchant}/tills/{till}/off/", OFFICE),
    M + "tills/<int:till_id>/on/": Page("/m/{merchant}/tills/{till}/on/", PRESSED),
    M + "team/": Page("/m/{merchant}/team/", OFFICE),
    M + "team/invite/": Page("/m/{merchant}/team/invite/", OFFICE),
    M + "team/invitations/<int:invitation_id>/again/": Page("/m/{merchant}/team/invitations/{invited}/again/", PRESSED),
    M + "team/invitations/<int:invitation_id>/revoke/": Page(
        "/m/{merchant}/team/invitations/{invited}/revoke/", PRESSED
    ),
    M + "team/<int:member_id>/": Page("/m/{merchant}/team/{member}/", OFFICE),
    # The owner of the story has no second factor himself, and is sent back.
    M + "team/<int:member_id>/second-factor/": Page(
        "/m/{merchant}/team/{member}/second-factor/", for_roles() | {"owner": "away"}
    ),
    M + "team/<int:member_id>/remove/": Page("/m/{merchant}/team/{member}/remove/", OFFICE),
    M + "team/cashiers/new/": Page("/m/{merchant}/team/cashiers/new/", OFFICE),
    M + "team/cashiers/<int:cashier_id>/": Page("/m/{merchant}/team/cashiers/{cashier}/", OFFICE),
    M + "team/cashiers/<int:cashier_id>/dismiss/": Page("/m/{merchant}/team/cashiers/{cashier}/dismiss/", OFFICE),
    M + "team/cashiers/<int:cashier_id>/back/": Page("/m/{merchant}/team/cashiers/{cashier}/back/", PRESSED),
    M + "settings/": Page("/m/{merchant}/settings/", OFFICE),
    M + "log/log.csv": Page("/m/{merchant}/log/log.csv", OFFICE),
    M + "log/log.xlsx": Page("/m/{merchant}/log/log.xlsx", OFFICE),
    M + "log/": Page("/m/{merchant}/log/", OFFICE),
}
