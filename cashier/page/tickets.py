"""The key of a write, made with its form: the same form sent twice is one receipt, whoever holds the phone by then."""

from __future__ import annotations

import datetime as dt
import hashlib
import uuid

from django.core import signing
from django.http import QueryDict
from msgspec import Struct

from cashier.page.door import Post
from loyalty.sales.request import Idempotency

_SALT = "cashier.page.ticket"
FIELD = "ticket"
# Added by the script when the form was first sent, in ISO 8601.
ENTERED = "entered_at"


class Ticket(Struct, frozen=True):
    """`cashier` opened the form at `issued`."""

    key: str
    cashier: str
    issued: dt.datetime


def new(post: Post) -> str:
    said = [uuid.uuid4().hex, post.caller.till_id, post.cashier.name, post.now.isoformat()]
    return signing.dumps(said, salt=_SALT)


def read(form: QueryDict, post: Post) -> Ticket | None:
    """None where the form is not one of this till."""
    try:
        key, till_id, cashier, issued = signing.loads(form.get(FIELD, ""), salt=_SALT)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    if till_id != post.caller.till_id:
        return None
    return Ticket(key, cashier, dt.datetime.fromisoformat(issued))


def idempotency(ticket: Ticket, form: QueryDict) -> Idempotency:
    """The key with the digest of the form as it was filled in."""
    filled = sorted((name, value) for name in form if name != "csrfmiddlewaretoken" for value in form.getlist(name))
    return Idempotency(ticket.key, hashlib.sha256(repr(filled).encode()).digest())


def happened_at(ticket: Ticket, form: QueryDict, now: dt.datetime) -> dt.datetime:
    """When the receipt was made: now, or when a form that could not be sent then was filled in. Never before the form
    was opened."""
    try:
        entered = dt.datetime.fromisoformat(form.get(ENTERED, ""))
    except ValueError:
        return now
    if entered.tzinfo is None:
        return now
    return min(max(entered, ticket.issued), now)
