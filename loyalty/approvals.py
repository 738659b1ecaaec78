"""Points by hand above a limit: one person asks, another one approves. Never the same, and not for ever.

What a receipt that is moved takes and gives counts as such, so a move above the limit is asked for here, too.
"""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal
from typing import Final

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from loyalty import accounts, hand_limits, ledger
from loyalty.engine.quantities import unit
from loyalty.kin import living
from loyalty.models import Account, AdjustmentRequest, HandLimit, Sale
from loyalty.refusals import Refused
from loyalty.sales import moving
from loyalty.sales.moving import Moved, Side
from loyalty.standing import standing
from merchants import audit, outbox
from merchants.access import ACTIONS, Action, Actor, require, same_tenant
from merchants.models import Member, Merchant, Program, Role, User

DECIDED_WITHIN: Final = dt.timedelta(days=3)
SWEEP: Final = "sweep"
CHUNK: Final = 200
State = AdjustmentRequest.State


@transaction.atomic
def ask(
    *,
    account: Account,
    merchant: Merchant,
    points: Decimal,
    reason: str,
    now: dt.datetime,
    by: User,
    key: uuid.UUID,
    expires_at: dt.datetime | None = None,
    sale: Sale | None = None,
) -> AdjustmentRequest:
    """Leave points by hand to somebody else's decision, and write to those who may take it.

    The same `key` again gives what was asked before. Refused as `accounts.adjust` is by what no time mends:
    `points_invalid`, `points_expired`.
    """
    program_id = same_tenant(account, merchant)
    require(by, Action.ADJUST_POINTS, merchant=merchant)
    precision = Program.objects.get(pk=program_id).precision
    if not points or points % unit(precision):
        raise Refused("points_invalid", precision=precision)
    if expires_at is not None and expires_at <= now:
        raise Refused("points_expired", until=expires_at)
    # Not the key itself: with that one, points may have been given without asking.
    mine = uuid.uuid5(key, f"{by.pk} {account.pk}")
    request, is_new = AdjustmentRequest.objects.get_or_create(
        program_id=program_id,
        public_id=mine,
        defaults={
            "merchant": merchant,
            "account": account,
            "points": points,
            "reason": reason[:250],
            "expires_at": expires_at,
            "sale": sale,
            "asked_by": by,
            "asked_at": now,
            "until": now + DECIDED_WITHIN,
        },
    )
    if is_new:
        _record(request, "adjustment.asked", now, by, reason)
        for user_id in who_may_decide(request):
            outbox.put(
                program_id=program_id,
                topic="adjustment.asked",
                payload={"request": request.pk, "user": user_id},
                now=now,
            )
    return request


@transaction.atomic
def ask_to_move(*, sale: Sale, to: Account, reason: str, now: dt.datetime, by: User) -> AdjustmentRequest:
    """Leave a move of a receipt that is above his limit to somebody else's decision; one waits for each client it may
    be moved to. ValueError where he may do it himself; Refused as `moving.foresee_move` is, CannotMove."""
    seen = moving.foresee_move(sale=sale, to=to, now=now, by=by)
    above = [
        side.change
        for side in _sides(seen)
        if hand_limits.over(merchant=sale.merchant, points=side.change, now=now, by=by)
    ]
    if not above:
        raise ValueError("he may move it himself")
    asked = AdjustmentRequest.objects.waiting(now).filter(program_id=sale.program_id, sale=sale, account=to)
    known = asked.filter(asked_by=by).first()
    if known is not None:
        return known
    return ask(
        account=to,
        merchant=sale.merchant,
        points=max(above, key=abs),
        reason=reason,
        now=now,
        by=by,
        key=uuid.uuid4(),
        sale=sale,
    )


@transaction.atomic
def approve(*, request: AdjustmentRequest, now: dt.datetime, by: User, words: str = "") -> AdjustmentRequest:
    """Move the points now, within the approver's own limits; what was added expires as if it were asked for today. Of a
    receipt: move it, with the numbers of now.

    Refused as `check` is, and as `accounts.adjust`; CannotMove.
    """
    account, request = _locked(request, now, by)
    if request.sale is not None:
        moving.move(sale=request.sale, to=account, reason=request.reason, now=now, by=by)
        return _decide(request, State.APPROVED, "adjustment.approved", now, by, words)
    done = accounts.adjust(
        account=account,
        points=request.points,
        reason=request.reason,
        now=now,
        by=by,
        expires_at=request.expires_at,
        merchant_id=request.merchant_id,
        once=request.public_id.hex,
    )
    if not done:
        raise Refused("request_decided", state=State.APPROVED)
    return _decide(request, State.APPROVED, "adjustment.approved", now, by, words)


@transaction.atomic
def refuse(*, request: AdjustmentRequest, words: str, now: dt.datetime, by: User) -> AdjustmentRequest:
    """Nothing moves. Refused `request_ones_own`, `request_decided`, `request_over`."""
    _account, request = _locked(request, now, by)
    return _decide(request, State.REFUSED, "adjustment.refused", now, by, words)


@transaction.atomic
def withdraw(*, request: AdjustmentRequest, now: dt.datetime, by: User) -> AdjustmentRequest:
    """Whoever asked takes it back. PermissionDenied for others; Refused `request_decided`."""
    same_tenant(request)
    request = AdjustmentRequest.objects.select_for_update(of=("self",)).get(pk=request.pk)
    check_withdrawing(request=request, by=by)
    return _decide(request, State.WITHDRAWN, "adjustment.withdrawn", now, by, "")


@transaction.atomic
def expire_due(*, program_id: int, now: dt.datetime) -> int:
    """Write down that nobody decided in time; how many, up to a chunk. Whoever asked gets a letter."""
    due = AdjustmentRequest.objects.overdue(now).filter(program_id=program_id)
    rows = list(due.select_for_update(skip_locked=True, of=("self",)).order_by("pk")[:CHUNK])
    for row in rows:
        _decide(row, State.EXPIRED, "adjustment.expired", now, SWEEP, "")
    return len(rows)


def check(*, request: AdjustmentRequest, now: dt.datetime, by: User) -> None:
    """What would keep somebody from approving now; nothing is written. PermissionDenied where it is not for his role.

    Refused `request_ones_own`, `request_decided`, `request_over`, `client_not_found` (gone meanwhile),
    `adjustment_limit` (above his own, too), `insufficient_points`. Of a receipt as `foresee` is.
    """
    if request.sale_id is not None:
        foresee(request=request, now=now, by=by)
        return
    check_deciding(request=request, now=now, by=by)
    _check_limit(request, request.points, now, by)
    account = _account_of(request)
    present = standing(program_id=request.program_id, account_id=account.pk, now=now)
    if request.points < 0 and present.available < -request.points:
        raise Refused("insufficient_points", available=present.available)


def foresee(*, request: AdjustmentRequest, now: dt.datetime, by: User) -> Moved:
    """The numbers of a receipt's move, as they would be now. Refused as `check`, and as `moving.move`; CannotMove."""
    check_deciding(request=request, now=now, by=by)
    if request.sale is None:
        raise ValueError("a request for points has no receipt")
    seen = moving.foresee_move(sale=request.sale, to=_account_of(request), now=now, by=by)
    for side in _sides(seen):
        _check_limit(request, side.change, now, by)
    return seen


def _sides(seen: Moved) -> list[Side]:
    return [side for side in (seen.giver, seen.taker) if side is not None and side.change]


def _check_limit(request: AdjustmentRequest, points: Decimal, now: dt.datetime, by: User) -> None:
    found = hand_limits.over(merchant=request.merchant, points=points, now=now, by=by)
    if found is not None:
        raise Refused("adjustment_limit", limit=found.limit, most=found.most, left=found.left)


def check_withdrawing(*, request: AdjustmentRequest, by: User) -> None:
    """What would keep somebody from taking it back; nothing is written. Refused as `withdraw` is."""
    if by.pk != request.asked_by_id:
        raise PermissionDenied("Somebody else has asked.")
    if request.state != State.WAITING:
        raise Refused("request_decided", state=request.state)


def who_may_decide(request: AdjustmentRequest) -> list[int]:
    """The users who may approve it: owners, and managers whose limit of one operation is not in the way."""
    once = "add_once" if request.points > 0 else "deduct_once"
    limits = HandLimit.objects.filter(program_id=request.program_id, merchant=request.merchant_id)
    most = dict(limits.values_list("role", once))
    roles = [
        role
        for role, actions in ACTIONS.items()
        if Action.APPROVE_POINTS in actions
        and (role == Role.OWNER or most.get(role) is None or most[role] >= abs(request.points))
    ]
    team = Member.objects.active().filter(merchant=request.merchant_id, role__in=roles)
    return list(team.exclude(user=request.asked_by_id).order_by("pk").values_list("user_id", flat=True))


def has_any() -> Q:
    """Of a member: whether points by hand have limits at his shop, or anybody has ever asked."""
    mine = {"program_id": OuterRef("program_id"), "merchant_id": OuterRef("merchant_id")}
    said = Q(add_once=None, add_day=None, deduct_once=None, deduct_day=None)
    limits = HandLimit._base_manager.filter(**mine).exclude(said)
    return Q(Exists(limits)) | Q(Exists(AdjustmentRequest._base_manager.filter(**mine)))


def check_deciding(*, request: AdjustmentRequest, now: dt.datetime, by: User) -> None:
    """What would keep somebody from deciding either way; nothing is written. Refused as `refuse` is."""
    same_tenant(request)
    require(by, Action.APPROVE_POINTS, merchant=request.merchant)
    if by.pk == request.asked_by_id:
        raise Refused("request_ones_own")
    if request.state != State.WAITING:
        raise Refused("request_decided", state=request.state)
    if request.until <= now:
        raise Refused("request_over", until=request.until)


def _locked(request: AdjustmentRequest, now: dt.datetime, by: User) -> tuple[Account, AdjustmentRequest]:
    """The account first, as every write does; then what stands of the request behind its lock."""
    account = _account_of(request)
    if request.sale is not None:
        # As the move will lock them.
        both = {key for key in (request.sale.account_id, account.pk) if key is not None}
        ledger.lock_with_uplines(program_id=request.program_id, accounts=both)
    else:
        ledger.lock(program_id=request.program_id, account_id=account.pk, now=now)
    request = AdjustmentRequest.objects.select_for_update(of=("self",)).get(pk=request.pk)
    check_deciding(request=request, now=now, by=by)
    return account, request


def _account_of(request: AdjustmentRequest) -> Account:
    account = living(request.account)
    if account.status == Account.Status.REMOVED:
        raise Refused("client_not_found")
    return account


def _decide(
    request: AdjustmentRequest, state: AdjustmentRequest.State, said: str, now: dt.datetime, by: Actor, words: str
) -> AdjustmentRequest:
    by_another = state in {State.APPROVED, State.REFUSED}
    request.state, request.decided_at, request.words = state, now, words[:250]
    request.decided_by = by if by_another and isinstance(by, User) else None
    request.save(update_fields=["state", "decided_at", "decided_by", "words"])
    _record(request, said, now, by, words)
    if state != State.WITHDRAWN:
        outbox.put(program_id=request.program_id, topic="adjustment.decided", payload={"request": request.pk}, now=now)
    return request


def _record(request: AdjustmentRequest, said: str, now: dt.datetime, by: Actor, reason: str) -> None:
    audit.record(
        program_id=request.program_id,
        action=said,
        at=now,
        by=by,
        subject=request.account,
        details={"request": str(request.public_id), "points": str(request.points)}
        | ({"sale": str(request.sale.public_id)} if request.sale else {}),
        reason=reason[:250],
    )
