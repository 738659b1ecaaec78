"""Letters about points for many that wait for somebody's yes: like those about points for one client."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from clients.acts.asking import State, as_request
from clients.models import ClientAct
from loyalty import approval_letters, approvals
from loyalty.approval_letters import ASKED, DECIDED
from merchants.models import OutboxMessage, User
from merchants.outbox import Handler


def send_asked(message: OutboxMessage, now: datetime) -> None:
    """Payload: `act` (key), `user` who may decide. Not sent when it is decided, or he may no more."""
    act = _read(message)
    if act is None or act.state != State.ASKED:
        return
    request = as_request(act)
    if request.until > now and message.payload["user"] in approvals.who_may_decide(request):
        user = User.objects.get(pk=message.payload["user"])
        approval_letters.send(request, user, ASKED, "approvals/asked_email.txt")


def send_decided(message: OutboxMessage, now: datetime) -> None:
    """Payload: `act` (key)."""
    act = _read(message)
    if act is not None and act.decided_by is not None and act.created_by.is_active:
        approval_letters.send(as_request(act), act.created_by, DECIDED, "approvals/decided_email.txt")


def _read(message: OutboxMessage) -> ClientAct | None:
    found = ClientAct.objects.select_related("program", "merchant", "created_by", "decided_by")
    return found.filter(program_id=message.program_id, pk=message.payload["act"]).first()


HANDLERS: Mapping[str, Handler] = {"client_act.asked": send_asked, "client_act.decided": send_decided}
