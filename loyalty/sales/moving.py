"""A receipt that was written to nobody, or to the wrong client, is moved to the right one.

The old receipt is voided and the same purchase sold in its place: at its own time, under the rules of that time, and
for the money that was paid then. What was printed does not change, so a new client gets no discount out of it.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import uuid
from collections.abc import Iterator
from decimal import Decimal
from typing import Final, Literal

from django.db import transaction
from msgspec import Struct, structs

from loyalty import hand_limits, ledger
from loyalty.engine.cart import Cart, Line
from loyalty.engine.effects import DiscountEffect
from loyalty.engine.quantities import ZERO, half_up
from loyalty.goods.marking import NO_EARN
from loyalty.models import Account, Return, Sale, SaleLine
from loyalty.refusals import Refused
from loyalty.sales.consequences import Consequences, stored
from loyalty.sales.correcting import next_number
from loyalty.sales.locking import LockedSale
from loyalty.sales.moved import FLAG, REASON, UNDONE, may_be_undone
from loyalty.sales.opening import account_of, open_sale, rules_for
from loyalty.sales.receipt import Receipt
from loyalty.sales.repeating import within_budgets
from loyalty.sales.request import Idempotency, SaleRequest, Who
from loyalty.sales.returning import PointsSpentError, void
from loyalty.sales.stored import rules_of
from loyalty.sales.work import Work
from loyalty.sales.writing import write
from loyalty.standing import Standing, standing
from merchants import audit
from merchants.access import Actor, same_tenant
from merchants.authentication import Caller
from merchants.models import AuditRecord, Program

Why = Literal["done", "same", "returned", "points", "certificates", "coupon", "discount", "spent", "nothing", "undone"]
# Of the acts that count as points by hand, whoever did one of them undoes it without counting it once more.
_COUNTED: Final = ("sale.moved", "sale.attached")


class CannotMove(Exception):  # noqa: N818  # it reads: `raise CannotMove("points")`
    """`done`: it was voided, or moved, already. `same`: it is his. `returned`: goods have come back. `points`,
    `certificates`, `coupon`: the receipt was paid with what belongs to its client; it is given back at the till.
    `discount`: a rule that gives only so much, or so often, took money off it. `spent`: its points are, and would be
    let go. `nothing`: it was moved by nobody, so there is nothing to undo; `undone`: it was undone."""

    def __init__(self, why: Why) -> None:
        super().__init__(why)
        self.why = why


class Hand(Caller, frozen=True, kw_only=True):
    """Somebody of the staff in the place of the till that sold."""

    by: str

    def __str__(self) -> str:
        return self.by


class Side(Struct, frozen=True):
    """A client's standing before and after."""

    before: Standing
    after: Standing

    @property
    def change(self) -> Decimal:
        return self.after.balance - self.before.balance


class Moved(Struct, frozen=True):
    """What a move has done: whose receipt it was and whose it is now (None: nobody's), and the new receipt."""

    sale_id: uuid.UUID
    giver: Side | None
    taker: Side | None


@transaction.atomic
def move(*, sale: Sale, to: Account, reason: str, now: dt.datetime, by: Actor) -> Moved:
    """Attach a receipt without a client, or take it from its client and give it to another one.

    Raises CannotMove. Refused `client_blocked` or `client_not_found` of the new client, `occurred_at_too_old` where
    the rules of its time take no receipt so late, `adjustment_limit` as points by hand: what the one loses and what
    the other gets count as such.
    """
    if to.status == Account.Status.REMOVED:
        raise Refused("client_not_found")
    moved = _move(sale, to, reason, now, by, action="sale.moved" if sale.account_id else "sale.attached")
    _count(sale, moved, now, by)
    return moved


@transaction.atomic
def move_back(*, sale: Sale, reason: str, now: dt.datetime, by: Actor) -> Moved:
    """Undo a move by another one: to the client whose receipt it was, or to nobody; once. Raises CannotMove, Refused as
    `move` does. It counts as points by hand as a move does, but for whoever moved the receipt himself."""
    before = sale.replaces
    if UNDONE in sale.flags:
        raise CannotMove("undone")
    if before is None or not may_be_undone(sale) or before.account_id == sale.account_id:
        raise CannotMove("nothing")
    moved = _move(sale, before.account, reason, now, by, action="sale.move_undone")
    if not _did(by, before, sale):
        _count(sale, moved, now, by)
    return moved


def why_not(sale: Sale) -> CannotMove | None:
    """What of the receipt itself stands in the way; time, clients and limits are not looked at."""
    try:
        _refuse_unless_movable(sale)
    except CannotMove as refused:
        return refused
    return None


def foresee_move(*, sale: Sale, to: Account, now: dt.datetime, by: Actor) -> Moved:
    """The numbers of `move`, which is done and taken back before anybody has seen it. Raises what it raises, but for
    the limits of points by hand."""
    with transaction.atomic():
        seen = _move(sale, to, "", now, by, action="sale.moved")
        transaction.set_rollback(True)
    return seen


def foresee_move_back(*, sale: Sale, now: dt.datetime, by: Actor) -> Moved:
    """The numbers of `move_back`. Raises all that it raises."""
    with transaction.atomic():
        seen = move_back(sale=sale, reason="", now=now, by=by)
        transaction.set_rollback(True)
    return seen


def _count(sale: Sale, moved: Moved, now: dt.datetime, by: Actor) -> None:
    for side in filter(None, (moved.giver, moved.taker)):
        if side.change:
            hand_limits.take(
                program_id=sale.program_id, merchant_id=sale.merchant_id, points=side.change, now=now, by=by
            )


def _did(by: Actor, old: Sale, new: Sale) -> bool:
    """Whether he is the one who has moved the old receipt into the place of which the new one is."""
    if isinstance(by, str):
        return False
    at = Return.objects.filter(program_id=old.program_id, sale=old, is_void=True).values("at")
    records = AuditRecord.objects.filter(program_id=old.program_id, at__in=at, action__in=_COUNTED, user=by)
    return records.filter(object_type="sale", object_id=str(old.pk), details__by=str(new.public_id)).exists()


def _move(sale: Sale, to: Account | None, reason: str, now: dt.datetime, by: Actor, *, action: str) -> Moved:
    program_id = same_tenant(sale)
    both = {key for key in (sale.account_id, to.pk if to else None) if key is not None}
    ledger.lock_with_uplines(program_id=program_id, accounts=both)
    caller = _hand(sale, by)
    old = LockedSale(caller=caller, sale_id=sale.public_id, now=now).sale
    _refuse_unless_movable(old)
    if to is not None and to.pk == old.account_id:
        raise CannotMove("same")
    giver, taker = old.account_id, to.pk if to else None
    before = {key: _standing(program_id, key, now) for key in (giver, taker) if key is not None}
    key = hashlib.sha256(f"{old.public_id}\nmove".encode())
    try:
        void(
            caller=caller,
            sale_id=old.public_id,
            key=Idempotency(hashlib.sha256(f"{old.public_id}\nvoid".encode()).hexdigest(), key.digest()),
            now=now,
            render=lambda _given: "",
            reason=REASON,
            forgiving=False,
        )
    except PointsSpentError:
        raise CannotMove("spent") from None
    flags = (FLAG, UNDONE) if action == "sale.move_undone" else (FLAG,)
    new_id = _sell(caller, as_paid(old, to), Idempotency(key.hexdigest(), key.digest()), now, flags)
    Sale.objects.filter(program_id=program_id, public_id=new_id).update(replaces=old)
    audit.record(
        program_id=program_id,
        action=action,
        at=now,
        by=by,
        subject=old,
        details={"sale": str(old.public_id), "by": str(new_id), "account_from": giver, "account_to": taker},
        reason=reason[:250],
    )
    sides = {key: Side(stood, _standing(program_id, key, now)) for key, stood in before.items()}
    return Moved(new_id, sides[giver] if giver else None, sides[taker] if taker else None)


def _refuse_unless_movable(sale: Sale) -> None:
    if sale.status != Sale.Status.COMMITTED:
        raise CannotMove("done")
    kept = stored(sale.consequences)
    if sale.points_redeemed:
        raise CannotMove("points")
    if kept.certificates or kept.sells:
        raise CannotMove("certificates")
    if kept.coupons_used or kept.codes:
        raise CannotMove("coupon")
    if _is_limited_discount(sale, kept):
        raise CannotMove("discount")
    if sale.returns.filter(program_id=sale.program_id).exists():
        raise CannotMove("returned")


def _is_limited_discount(sale: Sale, kept: Consequences) -> bool:
    """Voided, the receipt would free for another what the rule has given to it, and what stays in its price."""
    counted = {taken.rule for taken in kept.budgets} | {used.rule for used in kept.used}
    if not counted:
        return False
    return any(rule.id in counted and isinstance(rule.effect, DiscountEffect) for rule in rules_of(sale).rules)


def _sell(
    caller: Caller, request: SaleRequest, key: Idempotency, now: dt.datetime, flags: tuple[str, ...]
) -> uuid.UUID:
    """As a till sells, without a key of its own, and flagged."""

    def attempt(exact: bool) -> uuid.UUID:
        with transaction.atomic():
            opened = open_sale(caller=caller, request=request, now=now, lock=True, key=key, exact=exact, by_staff=True)
            if opened.receipt is not None or opened.stored is not None:
                raise Refused("receipt_exists", receipt_number=request.receipt_number)
            version, rulebook = rules_for(opened, caller, request, now)
            work = Work(opened, caller, request, now, version, rulebook, account_of(opened, request), flags)
            answer = write(work, work.book(None, _nothing), key, sent=request)
            if answer.sale_id is None:
                raise TypeError("a sale that is written has an id")
            return answer.sale_id

    return within_budgets(attempt)


def _nothing(_receipt: Receipt) -> str:
    """No till has asked, so none is answered."""
    return ""


def as_paid(old: Sale, to: Account | None) -> SaleRequest:
    """What was sold then, for what was paid for it, as a purchase of another client's."""
    cart = Cart(tuple(_lines(old)), outlet=old.outlet.code, channel=old.channel)
    return SaleRequest(
        cart=cart,
        occurred_at=old.occurred_at,
        client=Who("id", str(to.public_id)) if to else None,
        receipt_number=next_number(old, old.receipt_number),
        cashier=old.cashier,
    )


def _lines(old: Sale) -> Iterator[Line]:
    rows = SaleLine.objects.filter(program_id=old.program_id, sale=old).order_by("position")
    for row in rows:
        line = Line(row.quantity, row.price, row.amount, row.sku, row.name, row.category, row.brand)
        earns = not row.marks & NO_EARN
        if row.discount:
            price = half_up(row.paid / row.quantity, 2) if row.quantity else ZERO
            line = structs.replace(line, price=price, amount=row.paid)
        yield structs.replace(line, earn=earns, discount=False)


def _standing(program_id: int, account_id: int, now: dt.datetime) -> Standing:
    return standing(program_id=program_id, account_id=account_id, now=now)


def _hand(sale: Sale, by: Actor) -> Hand:
    program = Program.objects.get(pk=sale.program_id)
    return Hand(
        key_id=0,
        program_id=program.pk,
        merchant_id=sale.merchant_id,
        outlet_id=sale.outlet_id,
        outlet_code=sale.outlet.code,
        till_id=sale.till_id,
        scopes=frozenset(),
        time_zone=program.time_zone,
        day_starts_at=program.day_starts_at,
        currency_digits=program.currency_digits,
        precision=program.precision,
        language=program.language,
        by=str(by),
    )
