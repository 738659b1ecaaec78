"""A client, as the till is told."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from cashier.api.answers.quantities import Format, MoneyText, NumberText, PointsText, places, shortest
from cashier.api.answers.standing import ClientStanding, client_standing
from clients import coupons
from clients.models import Client
from loyalty.models import Account, Card, PersonalCoupon
from loyalty.stamps import cards_of
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


class CouponAnswer(Struct, frozen=True):
    """A promo code of this client alone, good once: money off (`discount`) or a percent of the receipt."""

    code: str
    title: str
    discount: MoneyText | None
    percent: NumberText | None
    minimum: Annotated[MoneyText, Meta(description="On receipts from this sum.")]
    expires_at: dt.datetime


class StampCardAnswer(Struct, frozen=True):
    """A stamp card: `have` of `needed` stamps since the last full one, which gives `points`."""

    rule: str
    title: str
    have: int
    needed: int
    points: PointsText


class ClientAnswer(ClientStanding, frozen=True, kw_only=True):
    """A client and where he stands. `card` is the number of the virtual card; `coupons` may be used now."""

    name: str
    phone: str
    status: Status
    card: str
    joined_at: dt.datetime
    coupons: list[CouponAnswer]
    stamps: list[StampCardAnswer]


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
        coupons=[
            _coupon(coupon, places(caller.currency_digits))
            for coupon in coupons.at_hand(program_id=caller.program_id, account_id=account.pk, now=now)
        ],
        stamps=[
            StampCardAnswer(card.rule, card.title, card.have, card.needed, places(caller.precision)(card.points))
            for card in cards_of(program_id=caller.program_id, account_id=account.pk, now=now)
        ],
    )


def _coupon(coupon: PersonalCoupon, money: Format) -> CouponAnswer:
    return CouponAnswer(
        code=coupon.code,
        title=coupon.title,
        discount=None if coupon.amount is None else money(coupon.amount),
        percent=None if coupon.percent is None else shortest(coupon.percent),
        minimum=money(coupon.minimum),
        expires_at=coupon.expires_at,
    )


def client_summary(client: Client) -> ClientSummary:
    return ClientSummary(client.account.public_id, client.name, str(client.phone or ""), _status(client.account))


def _status(account: Account) -> Status:
    status: Status = msgspec.convert(account.status, Status)
    return status
