"""POST /clients/{id}/activities"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

import msgspec
from django.http import HttpResponse
from msgspec import Meta, Struct
from rest_framework.request import Request

from cashier.api.answers.quantities import PointsText, places
from cashier.api.answers.standing import ClientStanding, client_standing
from cashier.api.input.errors import Wrong
from cashier.api.input.texts import SAID, Code, Short
from cashier.api.input.times import Moment, too_far
from cashier.api.schema import documented
from cashier.api.view import ApiView
from loyalty import activities
from loyalty.accounts import find
from loyalty.idempotency import Done, once
from loyalty.models import Activity
from loyalty.sales.request import Who
from loyalty.standing import standing


class ActivityInput(Struct, forbid_unknown_fields=True):
    """What the client did. `type` is the action as the rules name it; a `reference` counts once for a client."""

    type: Annotated[Code, Meta(examples=["review", "repost"])]
    reference: Annotated[str, Meta(min_length=1, max_length=120, pattern=SAID, examples=["review-4711"])]
    occurred_at: Moment | None = None
    cashier: Short = ""


class ActivityAnswer(Struct, frozen=True):
    """`points` were given, or are promised while it waits; none are given for what was refused."""

    id: uuid.UUID
    type: str
    reference: str
    status: Annotated[Literal["waiting", "given", "refused"], Meta(description="`waiting`: for somebody's decision.")]
    points: PointsText
    rule: str
    occurred_at: dt.datetime
    client: ClientStanding


class RecordActivity(ApiView):
    scopes: ClassVar[Mapping[str, tuple[str, ...]]] = {"POST": ("sell", "enrol")}

    @documented(
        operation="recordActivity",
        summary="Record what a client did: a review, a repost",
        description="Points by the rules of the moment, at once or after somebody in the shop has looked. The same "
        "`type` and `reference` again are answered with what is known, also with another Idempotency-Key.",
        request=ActivityInput,
        answers={201: ActivityAnswer},
        problems=(
            "client_not_found",
            "client_blocked",
            "activity_unknown",
            "activity_limit",
            "program_not_published",
            "occurred_at_in_future",
            "occurred_at_too_old",
        ),
        tag="clients",
    )
    def post(self, request: Request, client_id: uuid.UUID) -> HttpResponse:
        key, caller = self.key, self.caller
        account = find(program_id=caller.program_id, who=Who("id", str(client_id)), now=self.now)
        given = self.body(ActivityInput)
        if given.occurred_at is not None and too_far(given.occurred_at):
            self.refuse(Wrong("/occurred_at", "out_of_range"))

        def act() -> Done:
            activity = activities.record(
                program_id=caller.program_id,
                merchant_id=caller.merchant_id,
                account=account,
                action=given.type.strip(),
                reference=given.reference.strip(),
                at=given.occurred_at,
                now=self.now,
                actor=f"{caller} {given.cashier}".strip(),
            )
            return account, msgspec.json.encode(_answer(self, activity)).decode()

        return self.stored(once(caller=self.caller, key=key, now=self.now, status=201, act=act))


def _answer(view: ApiView, activity: Activity) -> ActivityAnswer:
    caller = view.caller
    stands = standing(program_id=caller.program_id, account_id=activity.account_id, now=view.now)
    return ActivityAnswer(
        id=activity.public_id,
        type=activity.action,
        reference=activity.reference,
        status=activity.status,  # type: ignore[arg-type]
        points=places(caller.precision)(activity.points),
        rule=activity.rule,
        occurred_at=activity.at,
        client=client_standing(stands, currency_digits=caller.currency_digits, precision=caller.precision),
    )
