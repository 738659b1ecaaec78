"""An act is asked for: its clients are written down, and the limits are counted for all of them together."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal
from typing import Any, Final

import msgspec
from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from msgspec import Struct

from clients.models import ClientAct, ClientActLine
from clients.models.client import ClientQuerySet
from clients.segments.keeping import keep
from loyalty import approvals, hand_limits
from loyalty.approvals import CHUNK, DECIDED_WITHIN, SWEEP
from loyalty.models import AdjustmentRequest
from loyalty.refusals import Refused
from loyalty.undoing import UNDONE_WITHIN
from merchants import audit, outbox
from merchants.access import Action, every_tenant, may, require, same_tenant, tenant
from merchants.models import Merchant, User

Kind = ClientAct.Kind
State = ClientAct.State

MOST: Final = 200_000
LINES: Final = "clients_clientactline (program_id, act_id, account_id)"


class Terms(Struct, frozen=True, kw_only=True):
    """What is done to each of them."""

    points: Decimal = Decimal(0)
    expires_at: dt.datetime | None = None
    tier: str = ""
    until: dt.datetime | None = None
    tag: str = ""
    # A certificate that is given away: for a sum, or for a percent. `email`: it is sent, with links to `site`.
    amount: Decimal = Decimal(0)
    percent: Decimal = Decimal(0)
    title: str = ""
    wish: str = ""
    email: bool = False
    site: str = ""
    # Who wanted it undone.
    undone_by: int | None = None


class ChangedError(Exception):
    """There are not so many clients as was confirmed."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


class NotNowError(Exception):
    """Somebody was faster, or it is too late."""


class NotYoursError(Exception):
    """An act is undone by whoever asked for it, or who approves points."""


class OneselfError(Exception):
    """Nobody approves what he has asked for."""


def terms_of(act: ClientAct) -> Terms:
    return msgspec.convert(act.terms, Terms, strict=False)


def stored(terms: Terms) -> Any:
    return msgspec.json.decode(msgspec.json.encode(terms))


@transaction.atomic
def ask(
    *,
    merchant: Merchant,
    kind: Kind,
    terms: Terms,
    reason: str,
    rows: ClientQuerySet,
    title: str,
    expected: int,
    key: uuid.UUID,
    now: dt.datetime,
    by: User,
) -> ClientAct:
    """Have a worker do it to these clients; with the same key, what was asked the first time. ChangedError.

    Points above the limits of whoever asks wait for somebody else, and certificates of whoever is no owner.
    """
    program_id = same_tenant(merchant)
    Merchant.objects.select_for_update(no_key=True).get(pk=merchant.pk)
    known = ClientAct.objects.filter(program_id=program_id, merchant=merchant, public_id=key).first()
    if known is not None:
        return known
    act = ClientAct.objects.create(
        program_id=program_id,
        merchant=merchant,
        public_id=key,
        kind=kind,
        terms=stored(terms),
        reason=reason[:250],
        title=title[:80],
        clients=0,
        created_by=by,
        created_at=now,
    )
    number = keep(rows, LINES, program_id, act.pk, "account_id")
    if number != expected or not 0 < number <= MOST:
        raise ChangedError(number)
    act.clients = number
    if kind == Kind.POINTS:
        total = terms.points * number
        try:
            hand_limits.take(program_id=program_id, merchant_id=merchant.pk, points=total, now=now, by=by)
        except Refused:
            act.state = State.ASKED
    elif kind == Kind.GIFT and are_gifts_approved(merchant, by):
        act.state = State.ASKED
    act.save(update_fields=["clients", "state"])
    record(act, "client_act.asked", now, by)
    if act.state == State.ASKED:
        for user_id in approvals.who_may_decide(as_request(act)):
            outbox.put(
                program_id=program_id, topic="client_act.asked", payload={"act": act.pk, "user": user_id}, now=now
            )
    return act


@transaction.atomic
def approve(*, act: ClientAct, now: dt.datetime, by: User) -> ClientAct:
    """Somebody else says yes, within his own limits. OneselfError, NotNowError; Refused `adjustment_limit`."""
    act = _asked(act, now, by)
    if act.kind == Kind.POINTS:
        total = terms_of(act).points * act.clients
        hand_limits.take(program_id=act.program_id, merchant_id=act.merchant_id, points=total, now=now, by=by)
    act.state, act.decided_by = State.WORK, by
    act.save(update_fields=["state", "decided_by"])
    record(act, "client_act.approved", now, by)
    _tell(act, now)
    return act


@transaction.atomic
def refuse(*, act: ClientAct, now: dt.datetime, by: User) -> ClientAct:
    """Somebody else says no; whoever asked takes it back. NotNowError."""
    act = _locked(act, State.ASKED)
    if by.pk != act.created_by_id:
        require(by, Action.APPROVE_POINTS, merchant=act.merchant)
        act.decided_by = by
    act.state, act.finished_at = State.REFUSED, now
    act.save(update_fields=["state", "decided_by", "finished_at"])
    record(act, "client_act.refused", now, by)
    if act.decided_by is not None:
        _tell(act, now)
    return act


@transaction.atomic
def expire_due(*, now: dt.datetime) -> int:
    """Write down that nobody decided in time; how many, up to a chunk. Whoever asked gets a letter."""
    with every_tenant():
        due = ClientAct.objects.filter(state=State.ASKED, created_at__lte=now - DECIDED_WITHIN)
        due = due.select_for_update(skip_locked=True, of=("self",)).select_related("program", "merchant")
        rows = list(due.order_by("created_at")[:CHUNK])
    for act in rows:
        with tenant(act.program_id):
            act.state, act.finished_at = State.EXPIRED, now
            act.save(update_fields=["state", "finished_at"])
            record(act, "client_act.expired", now, SWEEP)
            _tell(act, now)
    return len(rows)


@transaction.atomic
def undo(*, act: ClientAct, now: dt.datetime, by: User) -> ClientAct:
    """Have a worker take all of it back, as far as it can be. NotNowError, NotYoursError.

    Somebody else's points count against the limits of whoever undoes them: Refused `adjustment_limit`.
    """
    act = _locked(act, State.DONE, State.STOPPED)
    if not may_undo(act, now):
        raise NotNowError(act.state)
    if not is_ones_to_undo(act, by):
        raise NotYoursError
    if moved := moved_by_undoing(act, by):
        hand_limits.take(program_id=act.program_id, merchant_id=act.merchant_id, points=moved, now=now, by=by)
    act.terms = stored(msgspec.structs.replace(terms_of(act), undone_by=by.pk))
    act.state, act.mark, act.passed, act.claim, act.why = State.UNDO, 0, 0, None, ""
    act.save(update_fields=["terms", "state", "mark", "passed", "claim", "why"])
    record(act, "client_act.undo_asked", now, by)
    return act


@transaction.atomic
def go_on(*, act: ClientAct, now: dt.datetime, by: User) -> ClientAct:
    """Have a worker go on with what was stopped half-way. NotNowError."""
    act = _locked(act, State.STOPPED)
    act.state = State.WORK if terms_of(act).undone_by is None else State.UNDO
    act.claim, act.why = None, ""
    act.save(update_fields=["state", "claim", "why"])
    record(act, "client_act.continued", now, by)
    return act


def are_gifts_approved(merchant: Merchant, by: User) -> bool:
    """Whether certificates that he gives to many wait for somebody else: they are money, and have no limits by hand."""
    return not may(by, Action.LIMIT_POINTS, merchant=merchant)


def may_undo(act: ClientAct, now: dt.datetime) -> bool:
    return act.state in (State.DONE, State.STOPPED) and act.done > 0 and act.created_at > now - UNDONE_WITHIN


def is_ones_to_undo(act: ClientAct, by: User) -> bool:
    return by.pk == act.created_by_id or may(by, Action.APPROVE_POINTS, merchant=act.merchant)


def moved_by_undoing(act: ClientAct, by: User) -> Decimal:
    """The points that an undoing counts for; none where it is one's own act, whose limits have been counted."""
    if act.kind != Kind.POINTS or by.pk == act.created_by_id:
        return Decimal(0)
    return -terms_of(act).points * act.done


def any_waits() -> Q:
    """Of a member: whether something for many clients waits at his shop."""
    mine = {"program_id": OuterRef("program_id"), "merchant_id": OuterRef("merchant_id")}
    return Q(Exists(ClientAct._base_manager.filter(**mine, state=State.ASKED)))


def left_out(act: ClientAct) -> int:
    lines = ClientActLine.objects.filter(program_id=act.program_id, act=act)
    return lines.filter(outcome=ClientActLine.Outcome.LEFT).count()


def record(act: ClientAct, action: str, now: dt.datetime, by: User | str, **details: object) -> None:
    terms = terms_of(act)
    told = {"act": act.pk, "kind": act.kind, "clients": act.clients, **details}
    if act.kind == Kind.POINTS:
        told["points"] = str(terms.points)
    audit.record(program_id=act.program_id, action=action, at=now, by=by, subject=act, details=told, reason=act.reason)


def as_request(act: ClientAct) -> AdjustmentRequest:
    """What waits, as if it were for one client: for those who are told of it. It is no row."""
    theirs = AdjustmentRequest.State
    states = {State.ASKED: theirs.WAITING, State.REFUSED: theirs.REFUSED, State.EXPIRED: theirs.EXPIRED}
    return AdjustmentRequest(
        program=act.program,
        merchant=act.merchant,
        points=terms_of(act).points * act.clients,
        reason=": ".join(part for part in (act.title, act.reason) if part),
        asked_by=act.created_by,
        until=act.created_at + DECIDED_WITHIN,
        state=states.get(State(act.state), theirs.APPROVED),
        decided_by=act.decided_by,
    )


def _tell(act: ClientAct, now: dt.datetime) -> None:
    outbox.put(program_id=act.program_id, topic="client_act.decided", payload={"act": act.pk}, now=now)


def _asked(act: ClientAct, now: dt.datetime, by: User) -> ClientAct:
    act = _locked(act, State.ASKED)
    require(by, Action.APPROVE_POINTS, merchant=act.merchant)
    if by.pk == act.created_by_id:
        raise OneselfError
    if act.created_at + DECIDED_WITHIN <= now:
        raise NotNowError(act.state)
    return act


def _locked(act: ClientAct, *states: State) -> ClientAct:
    same_tenant(act)
    rows = ClientAct.objects.select_for_update(of=("self",)).select_related("merchant")
    found = rows.get(program_id=act.program_id, pk=act.pk)
    if found.state not in states:
        raise NotNowError(found.state)
    return found
