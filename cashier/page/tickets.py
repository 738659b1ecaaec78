"""The key of a write, made with its form: the same form sent twice is one receipt, whoever holds the phone by then."""

from __future__ import annotations

import datetime as dt
import hashlib
import uuid
from typing import Literal

from django.core import signing
from django.http import QueryDict
from msgspec import Struct

from cashier.page.door import Post
from loyalty.housekeeping import ANSWERS_KEPT
from loyalty.sales.request import Idempotency

_SALT = "cashier.page.ticket"
FIELD = "ticket"
# What a form does: the answer to one is not that of another.
Form = Literal["sale", "return", "client", "gift"]
# Added by the script when the form was first sent, in ISO 8601.
ENTERED = "entered_at"


class Ticket(Struct, frozen=True):
    """`cashier` opened the form at `issued`."""

    key: str
    cashier: str
    issued: dt.datetime


def new(post: Post, form: Form) -> str:
    said = [uuid.uuid4().hex, post.caller.till_id, post.cashier.name, post.now.isoformat()]
    return signing.dumps(said, salt=f"{_SALT}.{form}")


def read(data: QueryDict, post: Post, form: Form) -> Ticket | None:
    """None where it is not of such a form of this till, or so old that the form's answer may be forgotten: sent once
    more, the form would be done a second time."""
    try:
        key, till_id, cashier, issued = signing.loads(data.get(FIELD, ""), salt=f"{_SALT}.{form}")
    except (signing.BadSignature, ValueError, TypeError):
        return None
    ticket = Ticket(key, cashier, dt.datetime.fromisoformat(issued))
    if till_id != post.caller.till_id or post.now > ticket.issued + ANSWERS_KEPT:
        return None
    return ticket


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
