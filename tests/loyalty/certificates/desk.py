"""Certificates in a few words."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal as D
from typing import Any

from loyalty.certificates import issuing
from loyalty.certificates.issuing import Terms
from loyalty.models import Account, Certificate
from tests.loyalty.shop import TillStory


class Desk:
    def __init__(self, story: TillStory) -> None:
        self.story = story

    def issue(
        self, amount: str = "1000", *, sold: bool = True, days: float = 365, holder: Account | None = None, **more: Any
    ) -> Certificate:
        terms = Terms(
            **{
                "kind": "sum",
                "amount": D(amount),
                "is_sold": sold,
                "expires_at": self.story.now + dt.timedelta(days=days),
                **more,
            }
        )
        by = self.story.shop.manager
        return issuing.issue(merchant=self.story.shop.merchant, terms=terms, now=self.story.now, by=by, holder=holder)[
            0
        ]

    def rest(self, certificate: Certificate) -> D:
        certificate.refresh_from_db()
        rest: D = certificate.rest
        return rest

    def history(self, certificate: Certificate) -> list[tuple[str, D]]:
        return list(certificate.entries.order_by("id").values_list("kind", "amount"))
