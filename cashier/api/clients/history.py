"""GET /clients/{id}/history"""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Annotated, ClassVar

from django.http import HttpResponse
from msgspec import Meta, Struct
from rest_framework.request import Request

from cashier.api.answers.quantities import Format, PointsText, places
from cashier.api.cursors import Cursor, cursor_of, key_of
from cashier.api.schema import documented
from cashier.api.view import ApiView
from clients.history import Event, history
from loyalty.accounts import find
from loyalty.sales.request import Who
from loyalty.wording import words_of

PAGE = 50


class HistoryInput(Struct, forbid_unknown_fields=True):
    cursor: Cursor | None = None


class EventAnswer(Struct, frozen=True):
    """One change of the balance, with why. `sale` is the receipt behind it."""

    at: dt.datetime
    kind: Annotated[
        str, Meta(examples=["earn", "redeem", "expire", "clawback", "reinstate", "adjust", "opening", "move"])
    ]
    points: PointsText
    balance_after: PointsText
    rule: str
    title: str
    why: str
    sale: uuid.UUID | None


class HistoryPage(Struct, frozen=True):
    """The newest first. `next` is the cursor of the following page, None on the last one."""

    entries: list[EventAnswer]
    next: str | None


class GetHistory(ApiView):
    scopes: ClassVar = {"GET": ("sell", "read")}

    @documented(
        operation="getClientHistory",
        summary="What changed a client's balance, and why",
        query=HistoryInput,
        answers={200: HistoryPage},
        problems=("client_not_found",),
        tag="clients",
    )
    def get(self, request: Request, client_id: uuid.UUID) -> HttpResponse:
        before = key_of(self.query(HistoryInput).cursor)
        program_id = self.caller.program_id
        account = find(program_id=program_id, who=Who("id", str(client_id)), now=self.now)
        events = history(
            program_id=program_id,
            account_id=account.pk,
            words=words_of(program_id),
            now=self.now,
            before=before,
            limit=PAGE + 1,
            merchant_id=self.caller.merchant_id,
        )
        points = places(self.caller.precision)
        following = cursor_of(events[PAGE - 1].id) if len(events) > PAGE else None
        return self.answer(HistoryPage([_answer(event, points) for event in events[:PAGE]], following))


def _answer(event: Event, points: Format) -> EventAnswer:
    return EventAnswer(
        event.at,
        event.kind,
        points(event.points),
        points(event.balance_after),
        event.rule,
        event.title,
        event.why,
        event.sale_id,
    )
