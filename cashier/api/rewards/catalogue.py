"""GET /rewards"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Annotated, ClassVar

from django.http import HttpResponse
from msgspec import Meta, Struct
from rest_framework.request import Request

from cashier.api.rewards.answer import RewardPage, reward_answer
from cashier.api.schema import documented
from cashier.api.view import ApiView
from loyalty.accounts import find
from loyalty.rewards import offering
from loyalty.sales.request import Who


class CatalogueInput(Struct, forbid_unknown_fields=True):
    client: (
        Annotated[uuid.UUID, Meta(description="The client's id: what he may take, and why not the rest.")] | None
    ) = None


class ListRewards(ApiView):
    scopes: ClassVar[Mapping[str, tuple[str, ...]]] = {"GET": ("sell", "read")}

    @documented(
        operation="listRewards",
        summary="The catalogue of gifts for points",
        description="Those of the till's merchant that are shown now. With `client` each says whether he may take it.",
        query=CatalogueInput,
        answers={200: RewardPage},
        problems=("client_not_found",),
        tag="rewards",
    )
    def get(self, request: Request) -> HttpResponse:
        caller, query = self.caller, self.query(CatalogueInput)
        account = None
        if query.client is not None:
            account = find(program_id=caller.program_id, who=Who("id", str(query.client)), now=self.now)
        offers = offering.offers(
            program_id=caller.program_id, merchant_id=caller.merchant_id, account=account, now=self.now
        )
        site = request.build_absolute_uri("/")
        return self.answer(RewardPage([reward_answer(one, caller=caller, site=site) for one in offers]))
