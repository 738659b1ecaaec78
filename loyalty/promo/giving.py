"""Codes of a batch for single clients: only he may use his, and each occasion gives one, whatever is run how often."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Final

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from loyalty.models import Account, PromoBatch, PromoCode
from merchants import audit
from merchants.access import Actor, same_tenant

# Who has one for this occasion keeps it; the others get codes that nobody has, in the order of their accounts.
_GIVE: Final = """
    WITH wanted AS (
        SELECT a.id, row_number() OVER (ORDER BY a.id) AS n FROM loyalty_account a
         WHERE a.program_id = %(program)s AND a.id = ANY (%(accounts)s) AND a.status = 'active'
           AND NOT EXISTS (SELECT FROM loyalty_promocode c WHERE c.program_id = %(program)s AND c.batch_id = %(batch)s
                              AND c.account_id = a.id AND c.once = %(once)s)
    ), fresh AS (
        SELECT f.id, row_number() OVER (ORDER BY f.id) AS n
          FROM (SELECT c.id FROM loyalty_promocode c
                 WHERE c.program_id = %(program)s AND c.batch_id = %(batch)s AND c.free AND c.account_id IS NULL
                 ORDER BY c.id LIMIT (SELECT count(*) FROM wanted) FOR UPDATE SKIP LOCKED) f
    )
    UPDATE loyalty_promocode c SET account_id = w.id, free = false, once = %(once)s, given_at = %(now)s
      FROM fresh f JOIN wanted w ON w.n = f.n WHERE c.program_id = %(program)s AND c.id = f.id
"""


class CantGive(Exception):  # noqa: N818  # it says what happens
    """`exported`, `stopped`, `over`, `shared`; `empty` where no code is left for somebody."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


def why_not(batch: PromoBatch, now: dt.datetime) -> str:
    """Why no code of it can be given to anybody now; empty where one can."""
    if batch.kind != PromoBatch.Kind.UNIQUE:
        return "shared"
    if batch.exported_at is not None:
        return "exported"
    if batch.state != PromoBatch.State.READY or batch.stopped_at is not None:
        return "stopped"
    return "over" if batch.ends_at is not None and batch.ends_at <= now else ""


SAID: Final = {
    "shared": _("All clients use the same code: there is none for one of them."),
    "exported": _("The codes of this batch were exported: somebody may hold them already."),
    "stopped": _("The batch is stopped."),
    "over": _("The batch’s time has passed."),
    "empty": _("No code of the batch is left."),
}


def give(*, batch: PromoBatch, account: Account, once: str, now: dt.datetime, by: Actor) -> PromoCode:
    """A code for one client. The same occasion gives the same code again. CantGive."""
    given = give_many(batch=batch, accounts=[account.pk], once=once, now=now, by=by)
    if account.pk not in given:
        raise CantGive("empty")
    return given[account.pk]


@transaction.atomic
def give_many(
    *, batch: PromoBatch, accounts: Sequence[int], once: str, now: dt.datetime, by: Actor
) -> Mapping[int, PromoCode]:
    """Codes for many clients, by account: one statement. Whom the batch has no code left for, or who is not active, is
    not in the answer. Who got one for this occasion before is there with that one. CantGive."""
    if not once:
        raise ValueError("an occasion has a name")
    program_id = same_tenant(batch)
    # Two at once for the same clients wait for each other here, and the unique index says the last word.
    locked = PromoBatch.objects.select_for_update(of=("self",), no_key=True).get(program_id=program_id, pk=batch.pk)
    known = _given(locked, accounts, once)
    if missing := [key for key in accounts if key not in known]:
        if why := why_not(locked, now):
            raise CantGive(why)
        with connection.cursor() as cursor:
            cursor.execute(
                _GIVE,
                {"program": program_id, "batch": batch.pk, "accounts": missing, "once": once, "now": now},
            )
            made = cursor.rowcount
        if made:
            audit.record(
                program_id=program_id,
                action="promo_codes.given",
                at=now,
                by=by,
                subject=batch,
                details={"codes": made, "once": once},
            )
        known = _given(locked, accounts, once)
    return known


def _given(batch: PromoBatch, accounts: Sequence[int], once: str) -> dict[int, PromoCode]:
    found = PromoCode.objects.filter(program_id=batch.program_id, batch=batch, account__in=accounts, once=once)
    return {code.account_id: code for code in found if code.account_id is not None}
