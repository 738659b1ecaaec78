"""Codes that are drawn when a client is given one: his alone, good until a day of their own, one for an occasion.

Their batch has no stock that could run out: it grows with them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Final

from django.db import IntegrityError, connection, transaction
from django.db.models import F
from msgspec import structs

from loyalty.engine.codes import read
from loyalty.models import PromoBatch, PromoCode
from loyalty.promo.drawing import at_random
from loyalty.promo.terms import MOST, Terms, check, length_for
from merchants import audit
from merchants.access import Actor, same_tenant
from merchants.models import Merchant

# Whoever has one for his occasion keeps it. A code that there is already is drawn again.
_GIVE: Final = """
    INSERT INTO loyalty_promocode (program_id, batch_id, code, account_id, free, once, given_at, expires_at)
    SELECT %s, %s, x.code, x.account, false, x.once, %s, %s
      FROM unnest(%s::text[], %s::bigint[], %s::text[]) AS x (code, account, once)
        ON CONFLICT DO NOTHING
"""


class NameTakenError(Exception):
    pass


def open_batch(*, merchant: Merchant, terms: Terms, now: dt.datetime, by: Actor) -> PromoBatch:
    """A batch without a code, for codes that are drawn one by one; of the terms all but the codes' number and length
    counts. NameTakenError, TermsError."""
    terms = structs.replace(terms, kind="unique", size=MOST, length=length_for(MOST))
    check(terms)
    batch = PromoBatch(
        program_id=merchant.program_id,
        merchant=merchant,
        state=PromoBatch.State.READY,
        created_at=now,
        **structs.asdict(structs.replace(terms, size=0)),
    )
    try:
        with transaction.atomic():
            batch.save(force_insert=True)
    except IntegrityError as error:
        if "promo_batch_name" in str(error):
            raise NameTakenError from None
        raise
    audit.record(program_id=batch.program_id, action="promo_batch.ordered", at=now, by=by, subject=batch)
    return batch


@transaction.atomic
def give_each(
    *, batch: PromoBatch, occasions: Mapping[int, str], expires_at: dt.datetime | None, now: dt.datetime, by: Actor
) -> dict[int, PromoCode]:
    """A code for each account and its occasion, by account; the same occasion has the same code again."""
    program_id = same_tenant(batch)
    prefix, made = read(batch.prefix), 0
    known = codes_of(batch, occasions)
    while missing := {key: once for key, once in occasions.items() if key not in known}:
        drawn = list(at_random(len(missing), prefix=prefix, length=batch.length))
        with connection.cursor() as cursor:
            cursor.execute(
                _GIVE,
                [program_id, batch.pk, now, expires_at, drawn, list(missing), list(missing.values())],
            )
            made += cursor.rowcount
        known = codes_of(batch, occasions)
    if made:
        PromoBatch.objects.filter(program_id=program_id, pk=batch.pk).update(size=F("size") + made)
        audit.record(
            program_id=program_id, action="promo_codes.given", at=now, by=by, subject=batch, details={"codes": made}
        )
    return known


def codes_of(batch: PromoBatch, occasions: Mapping[int, str]) -> dict[int, PromoCode]:
    rows = PromoCode.objects.filter(
        program_id=batch.program_id, batch=batch, account__in=list(occasions), once__in=set(occasions.values())
    )
    return {one.account_id: one for one in rows if one.account_id and occasions[one.account_id] == one.once}
