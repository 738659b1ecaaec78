"""Errors go to Sentry only where a DSN is given, and without what they know of people."""

import sentry_sdk
from sentry_sdk.types import Event, Hint


def without_people(event: Event, hint: Hint) -> Event:
    """Drop what can name a client: the query string (phones), cookies, headers and the body."""
    request = event.get("request")
    if request:
        event["request"] = {key: request[key] for key in ("method", "url") if key in request}
    event.pop("user", None)
    return event


def start_sentry(dsn: str, *, release: str) -> None:
    if not dsn:
        return
    sentry_sdk.init(
        dsn=dsn,
        release=release or None,
        send_default_pii=False,
        include_local_variables=False,
        max_request_body_size="never",
        before_send=without_people,
        before_send_transaction=without_people,
    )
