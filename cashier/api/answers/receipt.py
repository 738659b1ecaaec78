"""A quote or a sale, as the till is told."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Annotated, Literal

from msgspec import Meta, Struct

from cashier.api.answers.explanation import ExplanationAnswer, RejectedAnswer, explanation, rejected
from cashier.api.answers.quantities import Format, MoneyText, PointsText, QuantityText, places, shortest
from cashier.api.answers.standing import ClientStanding, client_standing
from loyalty.certificates import codes
from loyalty.engine import fiscal
from loyalty.engine.rulebook import Rulebook
from loyalty.sales.receipt import Allowed, Receipt, ReceiptLine, Status
from loyalty.wording import Words


class LineAnswer(Struct, frozen=True):
    """amount = discount + points_value + certificate + paid, to the kopeck."""

    line: Annotated[int, Meta(description="Position, from 0.")]
    sku: str
    name: str
    quantity: QuantityText
    price: MoneyText
    amount: MoneyText
    discount: MoneyText
    points_value: MoneyText
    points: PointsText
    certificate: MoneyText
    paid: MoneyText
    earned: PointsText
    returned_quantity: QuantityText


class FiscalLineAnswer(Struct, frozen=True):
    """A piece of a line after discounts and points, for the fiscal receipt: quantity × price = amount, exactly."""

    line: int
    quantity: QuantityText
    price: MoneyText
    amount: MoneyText


class PointsLimit(Struct, frozen=True):
    """The most points that this receipt may take, what they pay, and the limit that decides."""

    points: PointsText
    money: MoneyText
    limit: str
    confirmation: Literal["required", "not_required"]


class PayingCertificateAnswer(Struct, frozen=True):
    """A certificate that pays; `rest` is what it holds after this receipt. One for a percent pays nothing: it is a
    discount. For a percent and for an article `rest` is null."""

    code: str
    kind: Literal["sum", "percent", "product"]
    paid: MoneyText
    rest: MoneyText | None


class SoldCertificateAnswer(Struct, frozen=True):
    """A certificate that a line of the receipt has sold."""

    line: int
    id: uuid.UUID
    code: str
    amount: MoneyText
    expires_at: dt.datetime


class Returned(Struct, frozen=True):
    """What returns have given back of this sale so far."""

    money: MoneyText
    points: PointsText
    points_taken_back: PointsText


class ReceiptAnswer(Struct, frozen=True, kw_only=True):
    """A quote has no `id`. `expires_at` is when a hold ends; `flags` are reasons for a manager to have a look."""

    id: uuid.UUID | None
    status: Status
    receipt_number: str
    occurred_at: dt.datetime
    expires_at: dt.datetime | None
    version: Annotated[int | None, Meta(description="Version of the rules.")]
    total: MoneyText
    discount: MoneyText
    points_redeemed: PointsText
    points_value: MoneyText
    certificates_paid: MoneyText
    to_pay: MoneyText
    points_earned: PointsText
    points_pending_until: dt.datetime | None
    points_limit: PointsLimit | None
    lines: list[LineAnswer]
    fiscal_lines: list[FiscalLineAnswer]
    client: ClientStanding | None
    returned: Returned
    certificates: list[PayingCertificateAnswer]
    certificates_sold: list[SoldCertificateAnswer]
    rejected: list[RejectedAnswer]
    flags: list[str]
    explanation: list[ExplanationAnswer]


def receipt_answer(receipt: Receipt, words: Words, rulebook: Rulebook | None) -> ReceiptAnswer:
    money, points = places(receipt.currency_digits), places(receipt.precision)
    return ReceiptAnswer(
        id=receipt.id,
        status=receipt.status,
        receipt_number=receipt.receipt_number,
        occurred_at=receipt.occurred_at,
        expires_at=receipt.hold_until,
        version=receipt.version,
        total=money(receipt.total),
        discount=money(receipt.discount),
        points_redeemed=points(receipt.points_redeemed),
        points_value=money(receipt.points_value),
        certificates_paid=money(receipt.certificates_paid),
        to_pay=money(receipt.to_pay),
        points_earned=points(receipt.points_earned),
        points_pending_until=receipt.points_pending_until,
        points_limit=_limit(receipt.allowed, money, points) if receipt.allowed else None,
        lines=[_line(line, money, points) for line in receipt.lines],
        fiscal_lines=_fiscal_lines(receipt, money),
        client=client_standing(receipt.client, currency_digits=receipt.currency_digits, precision=receipt.precision)
        if receipt.client
        else None,
        returned=Returned(
            money(receipt.money_returned), points(receipt.points_returned), points(receipt.points_taken_back)
        ),
        certificates=[
            PayingCertificateAnswer(
                codes.shown(one.code),
                one.kind,  # type: ignore[arg-type]
                money(one.paid),
                money(one.rest) if one.kind == "sum" else None,
            )
            for one in receipt.certificates
        ],
        certificates_sold=[
            SoldCertificateAnswer(one.line, one.id, codes.shown(one.code), money(one.amount), one.expires_at)
            for one in receipt.certificates_sold
        ],
        rejected=rejected(receipt.rejected, words),
        flags=list(receipt.flags),
        explanation=explanation(receipt.facts, words, version=receipt.version, rulebook=rulebook),
    )


def _line(line: ReceiptLine, money: Format, points: Format) -> LineAnswer:
    return LineAnswer(
        line.position,
        line.sku,
        line.name,
        shortest(line.quantity),
        money(line.price),
        money(line.amount),
        money(line.discount),
        money(line.points_value),
        points(line.points),
        money(line.certificate),
        money(line.paid),
        points(line.earned),
        shortest(line.returned_quantity),
    )


def _fiscal_lines(receipt: Receipt, money: Format) -> list[FiscalLineAnswer]:
    return [
        FiscalLineAnswer(piece.line, shortest(piece.quantity), money(piece.price), money(piece.amount))
        for line in receipt.lines
        for piece in fiscal.split(
            line.position, line.quantity, line.amount - line.discount - line.points_value, receipt.currency_digits
        )
    ]


def _limit(allowed: Allowed, money: Format, points: Format) -> PointsLimit:
    return PointsLimit(
        points(allowed.points),
        money(allowed.money),
        allowed.limit,
        "required" if allowed.needs_confirmation else "not_required",
    )
