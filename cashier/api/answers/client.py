"""A client, as the till is told."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Literal

import msgspec
from msgspec import Struct

from cashier.api.answers.standing import ClientStanding, client_standing
from clients.models import Client
from loyalty.models import Account, Card
from loyalty.standing import standing
from merchants.authentication import Caller

Status = Literal["active", "blocked", "merged"]


class ClientSummary(Struct, frozen=True):
    """A client in a list."""

    id: uuid.UUID
    name: str
    phone: str
    status: Status


class ClientPage(Struct, frozen=True):
    """`next` is the cursor of the following page, None on the last one."""

    clients: list[ClientSummary]
    next: str | None


class ClientAnswer(ClientStanding, frozen=True, kw_only=True):
    """A client and where he stands. `card` is the number of the virtual card."""

    name: str
    phone: str
    status: Status
    card: str
    joined_at: dt.datetime


def client_answer(account: Account, *, caller: Caller, now: dt.datetime) -> ClientAnswer:
    stands = client_standing(
        standing(program_id=caller.program_id, account_id=account.pk, now=now),
        currency_digits=caller.currency_digits,
        precision=caller.precision,
    )
    client = Client.objects.filter(program_id=caller.program_id, account=account).first()
    card = Card.objects.filter(
        program_id=caller.program_id, account=account, kind=Card.Kind.VIRTUAL, status=Card.Status.ACTIVE
    ).first()
    return ClientAnswer(
        **msgspec.structs.asdict(stands),
        name=client.name if client else "",
        phone=str(client.phone or "") if client else "",
        status=_status(account),
        card=card.number if card else "",
        joined_at=account.created_at,
    )


def client_summary(client: Client) -> ClientSummary:
    return ClientSummary(client.account.public_id, client.name, str(client.phone or ""), _status(client.account))


def _status(account: Account) -> Status:
    status: Status = msgspec.convert(account.status, Status)
    return status
