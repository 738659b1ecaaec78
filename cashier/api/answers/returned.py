"""A return or a void, as the till is told."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Annotated

from msgspec import Meta, Struct

from cashier.api.answers.quantities import MoneyText, PointsText, QuantityText, places, shortest
from cashier.api.answers.standing import ClientStanding, client_standing
from loyalty.sales.receipt import GivenBack, Status


class GivenBackLineAnswer(Struct, frozen=True):
    """What came back of a line; `quantity` is 0 where the return was by a sum."""

    line: int
    quantity: QuantityText
    money: MoneyText
    points_value: MoneyText
    points: PointsText
    certificate: MoneyText
    earned: PointsText


class GivenBackAnswer(Struct, frozen=True, kw_only=True):
    """`money` goes to the client, `points_back` to the account; `points_taken_back` left it: what was earned by
    what came back, and points for the receipt as a whole that it no longer deserves."""

    id: Annotated[uuid.UUID | None, Meta(description="None where a hold was voided: nothing had been sold.")]
    sale_id: uuid.UUID
    sale_status: Status
    void: bool
    at: dt.datetime | None
    money: MoneyText
    points_value: MoneyText
    points_back: PointsText
    certificates_back: MoneyText
    points_taken_back: PointsText
    points_expired: Annotated[PointsText, Meta(description="Of the points to take back: had expired already.")]
    points_forgiven: Annotated[PointsText, Meta(description="Of the points to take back: let go.")]
    lines: list[GivenBackLineAnswer]
    client: ClientStanding | None


def given_back_answer(given: GivenBack) -> GivenBackAnswer:
    money, points = places(given.currency_digits), places(given.precision)
    return GivenBackAnswer(
        id=given.id,
        sale_id=given.sale_id,
        sale_status=given.sale_status,
        void=given.is_void,
        at=given.at,
        money=money(given.money),
        points_value=money(given.points_value),
        points_back=points(given.points_back),
        certificates_back=money(given.certificates_back),
        points_taken_back=points(given.earned_taken),
        points_expired=points(given.earned_expired),
        points_forgiven=points(given.earned_forgiven),
        lines=[
            GivenBackLineAnswer(
                line.position,
                shortest(line.quantity),
                money(line.money),
                money(line.points_value),
                points(line.points),
                money(line.certificate),
                points(line.earned),
            )
            for line in given.lines
        ],
        client=client_standing(given.client, currency_digits=given.currency_digits, precision=given.precision)
        if given.client
        else None,
    )
