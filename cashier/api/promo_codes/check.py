"""GET /promo-codes/{code}"""

from __future__ import annotations

import datetime as dt
from typing import Annotated, ClassVar, Literal

from django.http import HttpResponse
from msgspec import Meta, Struct
from rest_framework.request import Request

from cashier.api.answers.quantities import MoneyText, NumberText, places, shortest
from cashier.api.schema import documented
from cashier.api.view import ApiView
from loyalty.promo import checking
from loyalty.promo.checking import Found
from loyalty.promo.shown import worth
from loyalty.wording import words_of


class PromoCodeAnswer(Struct, frozen=True, kw_only=True):
    """`discount`, `percent`, `at_most` and `points` are null where the code gives something else."""

    code: str
    title: Annotated[str, Meta(description="What the offer is called.")]
    gives: Literal["percent", "sum", "product", "points", "rule"]
    worth: Annotated[str, Meta(description="The same in words, for the cashier.")]
    status: Annotated[
        Literal["good", "used", "early", "over", "stopped", "spent"],
        Meta(description="Only a good one is taken; whether it fits a client and a receipt says the quote."),
    ]
    single: Annotated[bool, Meta(description="Good once. Otherwise it is shared by everybody.")]
    discount: MoneyText | None
    percent: NumberText | None
    at_most: Annotated[MoneyText | None, Meta(description="The most that the percent takes off.")]
    points: NumberText | None
    sku: str
    category: str
    minimum: Annotated[MoneyText, Meta(description="What the receipt has to come to after other discounts.")]
    only_for_a_client: Annotated[bool, Meta(description="The receipt has to name a client.")]
    first_purchase: bool
    starts_at: dt.datetime | None
    ends_at: dt.datetime | None


def promo_code_answer(found: Found, *, digits: int) -> PromoCodeAnswer:
    batch, money = found.batch, places(digits)
    return PromoCodeAnswer(
        code=found.shown,
        title=batch.name,
        gives=batch.gives,  # type: ignore[arg-type]
        worth=worth(batch, words_of(batch.program_id)),
        status=found.status,
        single=batch.kind == batch.Kind.UNIQUE,
        discount=money(batch.amount) if batch.gives == "sum" and batch.amount else None,
        at_most=money(batch.amount) if batch.gives == "percent" and batch.amount else None,
        percent=None if batch.percent is None else shortest(batch.percent),
        points=None if batch.points is None else shortest(batch.points),
        sku=batch.sku,
        category=batch.category,
        minimum=money(batch.minimum),
        only_for_a_client=bool(
            batch.per_client
            or batch.first_purchase
            or batch.audience
            or found.code.account_id
            or batch.gives == batch.Gives.POINTS
        ),
        first_purchase=batch.first_purchase,
        starts_at=batch.starts_at,
        ends_at=found.code.ends_at,
    )


class CheckPromoCode(ApiView):
    scopes: ClassVar = {"GET": ("sell", "read")}
    guessable = True

    @documented(
        operation="checkPromoCode",
        summary="What a promo code gives",
        description="Of a batch, in any spelling. Wrong codes are counted as guesses are.",
        answers={200: PromoCodeAnswer},
        problems=("promo_code_not_found", "promo_code_mistyped"),
        tag="promo codes",
    )
    def get(self, request: Request, code: str) -> HttpResponse:
        caller = self.caller
        found = checking.find(program_id=caller.program_id, merchant_id=caller.merchant_id, code=code, now=self.now)
        return self.answer(promo_code_answer(found, digits=caller.currency_digits))
