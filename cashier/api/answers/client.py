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
from loyalty.models import Account, Card, PersonalCoupon, PromoCode
from loyalty.promo.shown import code_shown
from loyalty.stamps import cards_of
from loyalty.standing import standing
from merchants.authentication import Caller

Status = Literal["active", "blocked", "merged"]
Gives = Literal["percent", "sum", "product", "points", "rule"]


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


class GivenCodeAnswer(Struct, frozen=True):
    """A code of a batch that was given to this client alone, good once. By `gives` one of the others says how much:
    `percent` (`discount` is then the most that it takes off), `discount` for a sum, `points`; one product of an article
    or a category for nothing; or what a rule of the programme says."""

    code: str
    title: str
    gives: Gives
    percent: NumberText | None
    discount: MoneyText | None
    points: PointsText | None
    sku: str
    category: str
    minimum: Annotated[MoneyText, Meta(description="On receipts from this sum.")]
    expires_at: dt.datetime | None


class StampCardAnswer(Struct, frozen=True):
    """A stamp card: `have` of `needed` stamps since the last full one, which gives `points`."""

    rule: str
    title: str
    have: int
    needed: int
    points: PointsText


class ClientAnswer(ClientStanding, frozen=True, kw_only=True):
    """A client and where he stands; `coupons` and `promo_codes` may be
    used now, at a till of this merchant."""

    name: str
    phone: str
    status: Status
    card: Annotated[
        str,
        Meta(
            description="The number of the virtual card, where the client has just joined or has shown a card of his "
            "or a code; empty otherwise: whoever knows a phone is not told what spends."
        ),
    ]
    joined_at: dt.datetime
    coupons: list[CouponAnswer]
    promo_codes: list[GivenCodeAnswer]
    stamps: list[StampCardAnswer]


def client_answer(account: Account, *, caller: Caller, now: dt.datetime, present: bool = False) -> ClientAnswer:
    """`present`: he has shown what is his, or has just joined, so that the till may know his card."""
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
        card=card.number if card and present else "",
        joined_at=account.created_at,
        coupons=[
            _coupon(coupon, places(caller.currency_digits))
            for coupon in coupons.at_hand(program_id=caller.program_id, account_id=account.pk, now=now)
        ],
        promo_codes=[
            _promo_code(code, places(caller.currency_digits), places(caller.precision))
            for code in coupons.given_codes(
                program_id=caller.program_id, account_id=account.pk, now=now, merchant_id=caller.merchant_id
            )
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


def _promo_code(code: PromoCode, money: Format, points: Format) -> GivenCodeAnswer:
    batch = code.batch
    return GivenCodeAnswer(
        code=code_shown(batch, code.code),
        title=batch.name,
        gives=msgspec.convert(batch.gives, Gives),
        percent=None if batch.percent is None else shortest(batch.percent),
        discount=None if batch.amount is None else money(batch.amount),
        points=None if batch.points is None else points(batch.points),
        sku=batch.sku,
        category=batch.category,
        minimum=money(batch.minimum),
        expires_at=code.ends_at,
    )


def client_summary(client: Client) -> ClientSummary:
    return ClientSummary(client.account.public_id, client.name, str(client.phone or ""), _status(client.account))


def _status(account: Account) -> Status:
    status: Status = msgspec.convert(account.status, Status)
    return status
