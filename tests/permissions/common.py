"""Pages of no app of ours in particular, and of the login."""

from __future__ import annotations

from tests.permissions import (
    ASKED_AGAIN,
    EVERYBODY,
    LOGGED_IN,
    NOBODY,
    NOT_NOW,
    STRANGERS,
    WITH_CODES,
    Page,
    all_get,
    for_roles,
)

ROOMS_CLOSED_TO_NOBODY = for_roles() | dict.fromkeys(("owner", "manager", "operator", "cashier", "reader"), "away")

PAGES: dict[str, Page] = {
    "": Page("/", all_get("away", anonymous="login", stranger="ok")),
    "invitations/<str:token>/": Page("{invitation}", all_get("forbidden", anonymous="ok")),
    "i18n/setlang/": Page("/i18n/setlang/", all_get("away"), "post"),
    "api/v1/": Page("/api/v1/nothing", NOBODY),
    "styleguide/": Page("/styleguide/", EVERYBODY),
    "healthz": Page("/healthz", EVERYBODY),
    "readyz": Page("/readyz", EVERYBODY),
    "metrics": Page("/metrics", NOBODY),
    "accounts/login/": Page("/accounts/login/", STRANGERS),
    "accounts/logout/": Page("/accounts/logout/", all_get("ok", anonymous="away")),
    "accounts/inactive/": Page("/accounts/inactive/", EVERYBODY),
    "accounts/signup/": Page("/accounts/signup/", STRANGERS),
    "accounts/reauthenticate/": Page("/accounts/reauthenticate/", LOGGED_IN),
    "accounts/email/": Page("/accounts/email/", LOGGED_IN),
    "accounts/confirm-email/": Page("/accounts/confirm-email/", EVERYBODY),
    "accounts/password/change/": Page("/accounts/password/change/", LOGGED_IN),
    "accounts/password/set/": Page("/accounts/password/set/", NOT_NOW),
    "accounts/password/reset/": Page("/accounts/password/reset/", EVERYBODY),
    "accounts/password/reset/done/": Page("/accounts/password/reset/done/", EVERYBODY),
    "accounts/password/reset/key/done/": Page("/accounts/password/reset/key/done/", EVERYBODY),
    "accounts/^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$": Page(
        "/accounts/password/reset/key/1-x/", EVERYBODY
    ),
    "accounts/login/code/confirm/": Page("/accounts/login/code/confirm/", NOT_NOW),
    r"accounts/^confirm-email/(?P<key>[-:\w]+)/$": Page("/accounts/confirm-email/x/", EVERYBODY),
    "accounts/sessions/": Page("/accounts/sessions/", LOGGED_IN),
    # «Зерно» asks nobody for a second factor.
    "second-factor/<int:merchant_id>/": Page("/second-factor/{merchant}/", ROOMS_CLOSED_TO_NOBODY),
    "accounts/2fa/": Page("/accounts/2fa/", LOGGED_IN),
    "accounts/2fa/authenticate/": Page("/accounts/2fa/authenticate/", NOT_NOW),
    "accounts/2fa/reauthenticate/": Page("/accounts/2fa/reauthenticate/", NOT_NOW),
    "accounts/2fa/totp/activate/": Page("/accounts/2fa/totp/activate/", ASKED_AGAIN),
    "accounts/2fa/totp/deactivate/": Page("/accounts/2fa/totp/deactivate/", WITH_CODES),
    "accounts/2fa/recovery-codes/": Page("/accounts/2fa/recovery-codes/", WITH_CODES),
    "accounts/2fa/recovery-codes/generate/": Page("/accounts/2fa/recovery-codes/generate/", ASKED_AGAIN),
    "accounts/2fa/recovery-codes/download/": Page("/accounts/2fa/recovery-codes/download/", WITH_CODES),
}
