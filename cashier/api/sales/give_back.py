"""POST /sales/{id}/returns"""

from __future__ import annotations

import uuid
from typing import Annotated, ClassVar

from django.http import HttpResponse
from msgspec import Meta, Struct, field
from rest_framework.request import Request

from cashier.api.answers.returned import GivenBackAnswer
from cashier.api.input.errors import InvalidBody, Wrong
from cashier.api.input.numbers import Money, Quantity
from cashier.api.input.texts import Reason, Short
from cashier.api.sales.rendering import given_back_text
from cashier.api.schema import documented
from cashier.api.view import ApiView
from loyalty import sales
from loyalty.sales.request import ReturnLineRequest, ReturnRequest


class ReturnLineInput(Struct, forbid_unknown_fields=True):
    """`line` is the position in the sale, from 0."""

    line: Annotated[int, Meta(ge=0, le=999)]
    quantity: Quantity


class ReturnInput(Struct, forbid_unknown_fields=True):
    """Lines and quantities, or a sum (after discounts, points included), or neither: all that is left."""

    lines: Annotated[list[ReturnLineInput], Meta(max_length=1000)] = field(default_factory=list)
    amount: Money | None = None
    cashier: Short = ""
    reason: Reason = ""


class GiveBack(ApiView):
    scopes: ClassVar = {"POST": ("sell",)}

    @documented(
        operation="returnGoods",
        summary="Take goods back, wholly or in part",
        request=ReturnInput,
        answers={201: GivenBackAnswer},
        problems=("sale_not_found", "sale_not_sold", "line_not_found", "return_exceeds_sale", "certificate_used"),
        tag="sales",
    )
    def post(self, request: Request, sale_id: uuid.UUID) -> HttpResponse:
        key, wanted = self.key, _request(self.body(ReturnInput))
        return self.stored(
            sales.give_back(
                caller=self.caller, sale_id=sale_id, request=wanted, key=key, now=self.now, render=given_back_text
            )
        )


def _request(body: ReturnInput) -> ReturnRequest:
    if body.lines and body.amount is not None:
        raise InvalidBody(Wrong("/amount", "lines_or_amount"))
    if body.amount is not None and not body.amount:
        raise InvalidBody(Wrong("/amount", "must_be_positive"))
    seen: set[int] = set()
    twice = [Wrong(f"/lines/{n}/line", "twice") for n, line in enumerate(body.lines) if _again(line.line, seen)]
    if twice:
        raise InvalidBody(*twice)
    return ReturnRequest(
        lines=tuple(ReturnLineRequest(line.line, line.quantity) for line in body.lines),
        amount=body.amount,
        cashier=body.cashier,
        reason=body.reason,
    )


def _again(position: int, seen: set[int]) -> bool:
    if position in seen:
        return True
    seen.add(position)
    return False
