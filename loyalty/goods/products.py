"""One article of the directory, by hand."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from django.db import IntegrityError, transaction
from msgspec import Struct, structs

from loyalty.goods import categories
from loyalty.models import Product
from merchants import audit
from merchants.access import Actor


class Particulars(Struct, frozen=True):
    """What a person says of an article; a flag that is None is as the category says."""

    sku: str
    name: str
    category: str = ""
    brand: str = ""
    price: Decimal | None = None
    min_price: Decimal | None = None
    earn: bool | None = None
    redeem: bool | None = None
    discount: bool | None = None
    is_active: bool = True


class SkuTakenError(Exception):
    """Another article of the programme has this SKU."""


def add(*, program_id: int, particulars: Particulars, by: Actor, now: dt.datetime) -> Product:
    """`SkuTakenError`."""
    try:
        with transaction.atomic():
            categories.ensure(program_id, {particulars.category: ""})
            product = Product.objects.create(
                program_id=program_id, source=Product.Source.HAND, updated_at=now, **structs.asdict(particulars)
            )
            audit.record(
                program_id=program_id,
                action="goods.added",
                at=now,
                by=by,
                subject=product,
                details={"sku": product.sku, "name": product.name},
            )
    except IntegrityError as error:
        raise SkuTakenError from error
    return product


def edit(*, product: Product, particulars: Particulars, by: Actor, now: dt.datetime) -> list[str]:
    """Write what differs; the names of the fields. `SkuTakenError`."""
    try:
        with transaction.atomic():
            one = Product.objects.select_for_update().get(program_id=product.program_id, pk=product.pk)
            said = structs.asdict(particulars)
            changed = [field for field, value in said.items() if getattr(one, field) != value]
            if not changed:
                return []
            for field in changed:
                setattr(one, field, said[field])
            one.updated_at = now
            one.save(update_fields=[*changed, "updated_at"])
            categories.ensure(one.program_id, {one.category: ""})
            audit.record(
                program_id=one.program_id,
                action="goods.changed",
                at=now,
                by=by,
                subject=one,
                details={"sku": one.sku, "fields": changed},
            )
    except IntegrityError as error:
        raise SkuTakenError from error
    return changed
