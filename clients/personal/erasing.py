"""A client is erased: the person goes, the books stay whole and nobody's. It can't be undone.

The account is closed (`loyalty.closing`), the client's row goes with his consents and merges, and every other place
that may know him forgets him (`clients.personal.traces`). What stays is an `Erasure`, which names no person. His phone
may join again, and is a new client.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Final

import structlog
from celery.exceptions import SoftTimeLimitExceeded
from django.db import transaction
from django.utils.translation import gettext, override
from msgspec import Struct

from clients.models import Client, Erasure
from clients.personal import traces
from loyalty import closing, ledger
from loyalty.closing import Closing
from merchants import audit
from merchants.access import Actor, same_tenant, tenant
from merchants.models import Merchant

logger = structlog.get_logger(__name__)

State = Erasure.State
CHUNK: Final = 100


class Foreseen(Struct, frozen=True):
    """What erasing does, in numbers. `merged` are cards of his that became this one; `files` are loaded files that
    name him, and go when their time comes."""

    books: Closing
    consents: int
    merged: int
    import_lines: int
    files: int


def foresee(*, client: Client, now: dt.datetime) -> Foreseen:
    same_tenant(client)
    known = traces.Known.of(client)
    lines, files = traces.in_imports(known)
    return Foreseen(
        books=closing.foresee(account=client.account, now=now),
        consents=client.consents.count(),
        merged=len(known.accounts) - 1,
        import_lines=lines,
        files=files,
    )


class ChangedError(Exception):
    """The client is not any more what whoever wants to erase him has looked at."""


@transaction.atomic
def erase(
    *,
    client: Client,
    merchant: Merchant,
    source: str,
    now: dt.datetime,
    by: Actor,
    still: Callable[[Client], bool] = lambda client: True,
) -> Erasure:
    """Erase a client. Raises closing.ClosedAlreadyError, Client.DoesNotExist where somebody was faster.

    `still` is asked behind the account's lock; where it says no, raises ChangedError, and nothing has changed.
    """
    program_id = same_tenant(client, merchant)
    with override(client.program.language):
        reason = gettext("The client’s data were erased")
    # What reads whole tables comes before the locks: a till waits for nobody's audit log.
    looked_for = traces.Known.of(Client.objects.select_related("account").get(pk=client.pk))
    found = traces.find(looked_for)
    # Accounts are locked before anything else: see docs/architecture.md.
    ledger.lock(program_id=program_id, account_id=client.account_id, now=now)
    client = Client.objects.select_for_update(of=("self",)).select_related("account").get(pk=client.pk)
    known = traces.Known.of(client)
    if known != looked_for or not still(client):
        raise ChangedError
    done, held = closing.begin(account=client.account, reason=reason, now=now, by=by, certificates=found.certificates)
    traces.forget(known, found)
    key = client.pk
    client.delete()
    row, _is_new = Erasure.objects.update_or_create(
        program_id=program_id,
        account_id=client.account_id,
        state=State.ASKED,
        defaults={"state": State.DONE, "done_at": now, "points": done.points, "debt": done.debt},
        create_defaults={
            "merchant": merchant,
            "state": State.DONE,
            "asked_at": now,
            "until": now,
            "source": source[:60],
            "done_at": now,
            "points": done.points,
            "debt": done.debt,
        },
    )
    audit.record(
        program_id=program_id,
        action="client.erased",
        at=now,
        by=by,
        subject=row,
        details={"client": key, "account": client.account_id, "points": str(done.points), "receipts": done.receipts},
    )
    # Budgets come last: every sale of the shop may wait for them.
    closing.refill_budgets(held)
    return row


def write_off_late(*, program_id: int, now: dt.datetime, going_on: Callable[[], bool] = lambda: True) -> int:
    """What late returns have left on accounts that are nobody's any more; of how many. One that fails is left for the
    next time."""
    done, last = 0, 0
    with tenant(program_id):
        rows = Erasure.objects.filter(program_id=program_id, state=State.DONE).select_related("program").order_by("pk")
        left = rows.exclude(account__points=0, account__debt=0)
        while going_on() and (found := list(left.filter(pk__gt=last)[:CHUNK])):
            for row in found:
                try:
                    with override(row.program.language), transaction.atomic():
                        _write_off(row, now)
                except SoftTimeLimitExceeded:
                    raise
                except Exception as error:  # noqa: BLE001
                    # Its words may hold somebody's data.
                    logger.error(  # noqa: TRY400
                        "late_points_not_written_off",
                        program=program_id,
                        account=row.account_id,
                        error=type(error).__name__,
                    )
                else:
                    done += 1
            last = found[-1].pk
    return done


def _write_off(row: Erasure, now: dt.datetime) -> None:
    reason = gettext("The client’s data were erased")
    closing.write_off(program_id=row.program_id, account_id=row.account_id, reason=reason, now=now, by="sweep")
