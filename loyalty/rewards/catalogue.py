"""The catalogue of gifts: what the owner says of one, and how many there are."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Final

from django.db import transaction
from msgspec import Struct, structs

from loyalty.engine.quantities import unit
from loyalty.ids import uuid7
from loyalty.models import Exchange, Reward
from loyalty.rewards import pictures
from merchants import audit
from merchants.access import Action, Actor, require, same_tenant
from merchants.models import Merchant, Program

MOST: Final = 300


class TooManyError(Exception):
    """The catalogue has as many gifts as a client could ever read."""


class Terms(Struct, frozen=True):
    """What a gift is, costs, and whom it is for. `left` is how many there are to give now; None: no end of them."""

    title: str
    price: Decimal
    text: str = ""
    is_service: bool = False
    asks: str = ""
    left: int | None = None
    per_client: int | None = None
    per_month: int | None = None
    tiers: tuple[str, ...] = ()
    first_day: dt.date | None = None
    last_day: dt.date | None = None
    claim_days: int | None = None
    position: int = 100
    enabled: bool = True


class Picture(Struct, frozen=True):
    """What becomes of the picture: a new one (as `pictures.redrawn` gives it), or none any more."""

    content: bytes | None = None


def terms_of(reward: Reward) -> Terms:
    said = {name: getattr(reward, name) for name in Terms.__struct_fields__}
    return Terms(**(said | {"tiers": tuple(reward.tiers)}))


@transaction.atomic
def add(*, merchant: Merchant, terms: Terms, now: dt.datetime, by: Actor, picture: Picture | None = None) -> Reward:
    """A new gift. TooManyError; ValueError for terms that no gift can have."""
    program_id = same_tenant(merchant)
    require(by, Action.RUN_CAMPAIGNS, merchant=merchant)
    _check(terms, program_id)
    if Reward.objects.filter(program_id=program_id, merchant=merchant).count() >= MOST:
        raise TooManyError
    said = structs.asdict(terms) | {"tiers": list(terms.tiers), "stock": terms.left}
    reward = Reward.objects.create(
        program_id=program_id, merchant=merchant, public_id=uuid7(now), created_at=now, **said
    )
    _draw(reward, picture, now)
    audit.record(
        program_id=program_id,
        action="reward.added",
        at=now,
        by=by,
        subject=reward,
        details={"title": reward.title, "price": str(reward.price), "left": reward.left},
    )
    return reward


@transaction.atomic
def edit(
    *,
    reward: Reward,
    terms: Terms,
    was_left: int | None,
    now: dt.datetime,
    by: Actor,
    picture: Picture | None = None,
) -> list[str]:
    """Write what differs; the names of the fields. Clients go on exchanging meanwhile: `terms.left` is what the form
    says of the `was_left` that it had shown, and what was taken in between stays taken. ValueError for terms that no
    gift can have."""
    program_id = same_tenant(reward)
    require(by, Action.RUN_CAMPAIGNS, merchant=reward.merchant)
    _check(terms, program_id)
    one = Reward.objects.select_for_update(no_key=True, of=("self",)).get(program_id=program_id, pk=reward.pk)
    said = structs.asdict(terms) | {"tiers": list(terms.tiers)}
    left = said.pop("left")
    changed = [field for field, value in said.items() if getattr(one, field) != value]
    if left != was_left:
        changed.append("left")
        _restock(one, left if left is None or was_left is None or one.left is None else one.left + left - was_left)
    for field, value in said.items():
        setattr(one, field, value)
    if _draw(one, picture, now):
        changed.append("picture")
    if changed:
        one.save()
        audit.record(
            program_id=program_id,
            action="reward.changed",
            at=now,
            by=by,
            subject=one,
            details={"title": one.title, "fields": changed, "price": str(one.price), "left": one.left},
        )
    return changed


def _restock(one: Reward, left: int | None) -> None:
    """`stock` is all that were ever there: what is left, and what was taken of it."""
    if left is None:
        one.left = one.stock = None
        return
    taken = Exchange.objects.counted().filter(program_id=one.program_id, reward=one, from_stock=True).count()
    one.left = max(left, 0)
    one.stock = one.left + taken


def _draw(reward: Reward, picture: Picture | None, now: dt.datetime) -> bool:
    if picture is None:
        return False
    if picture.content is None:
        return pictures.remove(reward=reward)
    pictures.put(reward=reward, content=picture.content, now=now)
    return True


def _check(terms: Terms, program_id: int) -> None:
    precision = Program.objects.get(pk=program_id).precision
    if terms.price <= 0 or terms.price % unit(precision):
        raise ValueError("price")
    if terms.left is not None and terms.left < 0:
        raise ValueError("left")
    if terms.first_day and terms.last_day and terms.last_day < terms.first_day:
        raise ValueError("last_day")
