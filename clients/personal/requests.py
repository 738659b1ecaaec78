"""Who asks to be erased: the card stops at once, and the team sees until when it has to be done."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.db.models import QuerySet

from clients import consents
from clients.models import Client, Erasure
from clients.models.personal import ERASED_WITHIN
from loyalty import accounts, ledger
from loyalty.models import Account
from merchants import audit
from merchants.access import Actor, same_tenant


@transaction.atomic
def ask(*, client: Client, source: str, now: dt.datetime, address: str = "", by: Actor | None = None) -> Erasure:
    """The client withdraws his consent to processing: his card works no longer, and he is to be erased within the term.

    Asked again, it gives the first request. `by` is whoever of the staff writes it down; the client himself where None.
    """
    program_id = same_tenant(client)
    words = consents.withdraw_processing(client=client, source=source, address=address, now=now)
    row, is_new = Erasure.objects.get_or_create(
        program_id=program_id,
        account_id=client.account_id,
        state=Erasure.State.ASKED,
        defaults={
            "merchant_id": client.account.merchant_id,
            "asked_at": now,
            "source": source[:60],
            "until": now + ERASED_WITHIN,
            "block_reason": words,
        },
    )
    if words and not is_new:
        # Somebody has unblocked the card since the first time.
        row.block_reason = words
        row.save(update_fields=["block_reason"])
    if is_new:
        audit.record(program_id=program_id, action="client.erasure_asked", at=now, by=by or source, subject=client)
    return row


@transaction.atomic
def drop(*, request: Erasure, reason: str, now: dt.datetime, by: Actor) -> None:
    """The client stays after all: his card works again. He is asked for the consent anew. False alarms end here, too.

    A card that was blocked for another reason, before or since, stays blocked for it. Nothing where it was decided
    meanwhile.
    """
    program_id = same_tenant(request)
    ledger.lock(program_id=program_id, account_id=request.account_id, now=now)
    row = Erasure.objects.select_for_update(of=("self",)).get(program_id=program_id, pk=request.pk)
    if row.state != Erasure.State.ASKED:
        return
    row.state, row.done_at = Erasure.State.DROPPED, now
    row.save(update_fields=["state", "done_at"])
    if is_freed(row):
        accounts.unblock(account=row.account, reason=reason, now=now, by=by)
    client = Client.objects.filter(program_id=program_id, account=row.account_id).first()
    audit.record(program_id=program_id, action="client.erasure_dropped", at=now, by=by, subject=client, reason=reason)


def is_freed(row: Erasure) -> bool:
    """Whether the card works again where the client stays: it is blocked by his asking, and by nothing else."""
    account = row.account
    return account.status == Account.Status.BLOCKED and account.block_reason == row.block_reason != ""


def waiting(program_id: int) -> QuerySet[Erasure]:
    """The oldest first, each with its account."""
    return Erasure.objects.asked().filter(program_id=program_id).select_related("account")
