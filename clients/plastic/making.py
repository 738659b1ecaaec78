"""Making a batch: an order becomes numbers in the database, all of them or none.

A small order is made at once; of a large one a worker takes care. The row's lock is the worker's claim: one that is
killed leaves nothing behind, and the next one begins anew.
"""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Callable, Iterator, Sequence
from pathlib import PurePath
from typing import BinaryIO, Final

import msgspec
import structlog
from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, override

from clients.plastic import files, numbers
from clients.plastic.numbers import Order
from clients.plastic.problems import Problem
from loyalty import bulk
from loyalty.models import CardBatch, PlasticCard
from loyalty.sheets import UnreadableError, clean
from merchants import audit
from merchants.access import Actor, every_tenant, tenant
from merchants.models import Merchant, User

logger = structlog.get_logger(__name__)
State = CardBatch.State

AT_ONCE: Final = 5_000
AT_ONCE_BYTES: Final = 200_000
_PIECE: Final = 10_000


@transaction.atomic
def order_batch(
    *,
    merchant: Merchant,
    name: str,
    line: str,
    codes: str,
    order: Order,
    now: dt.datetime,
    by: Actor,
    file: BinaryIO | None = None,
    file_name: str = "",
) -> CardBatch:
    """A new batch; it is made already where it is small. BadOrder, `sheets.UnreadableError`."""
    content = None
    if file is not None:
        content = file.read(files.LARGEST + 1)
        if len(content) > files.LARGEST:
            raise UnreadableError(_("The file is larger than %(limit)d MB.") % {"limit": files.LARGEST // 1024 // 1024})
    else:
        numbers.check(order)
    batch = CardBatch.objects.create(
        program_id=merchant.program_id,
        merchant=merchant,
        name=name,
        line=line,
        codes=codes,
        source=order.source,
        order=order.as_json(),
        content=content,
        file_name=clean(PurePath(file_name).name)[-120:],
        created_by=by if isinstance(by, User) else None,
        created_at=now,
    )
    audit.record(program_id=merchant.program_id, action="card_batch.ordered", at=now, by=by, subject=batch)
    if order.size <= AT_ONCE and len(content or b"") <= AT_ONCE_BYTES:
        make(batch)
    return batch


def run_due(*, clock: Callable[[], dt.datetime]) -> int:
    """Make what waits; how many batches."""
    made = 0
    while _make_next(clock()):
        made += 1
    return made


@transaction.atomic
def _make_next(now: dt.datetime) -> bool:
    with every_tenant():
        waiting = CardBatch.objects.filter(state=State.MAKING).select_for_update(skip_locked=True, of=("self",))
        batch = waiting.select_related("program").order_by("id").first()
    if batch is None:
        return False
    with tenant(batch.program_id), override(batch.program.language):
        try:
            make(batch)
        except UnreadableError as error:
            _fail(batch, str(error))
        except Exception:
            logger.exception("card_batch_failed", batch=batch.pk)
            _fail(batch, _("Something went wrong on our side. No card was made."))
    return True


@transaction.atomic
def make(batch: CardBatch) -> None:
    """UnreadableError: the file can't be taken, or a range has numbers that are there already."""
    made, problems = _numbers(batch, msgspec.convert(batch.order, Order))
    for piece in _pieces(made):
        rows = (f"{batch.program_id}\t{batch.pk}\t{number}" for number in piece)
        try:
            bulk.copy(PlasticCard, ("program_id", "batch_id", "number"), rows)
        except IntegrityError as error:
            raise UnreadableError(_("Somebody has made the same numbers at this moment. Try once more.")) from error
    batch.size, batch.refused = len(made), len(problems)
    batch.problems = msgspec.to_builtins(problems)
    batch.state, batch.content, batch.why = State.READY, None, ""
    batch.save(update_fields=["size", "refused", "problems", "state", "content", "why"])


def _numbers(batch: CardBatch, order: Order) -> tuple[list[str], list[Problem]]:
    match order.source:
        case "range":
            wanted = list(numbers.of_range(order))
            if found := _known(batch, wanted):
                raise UnreadableError(_in_use(found))
            return wanted, []
        case "random":
            return _random(batch, order.count), []
        case "file":
            good, problems = files.numbers_in(io.BytesIO(bytes(batch.content or b"")))
            known = _known(batch, [number for _row, number in good])
            for row, number in good:
                if number in known:
                    name = known[number]
                    problems.append(Problem(row, "waits" if name else "taken", number, name))
            return [number for _row, number in good if number not in known], sorted(problems, key=lambda one: one.row)


def _random(batch: CardBatch, count: int) -> list[str]:
    found: set[str] = set()
    while len(found) < count:
        fresh = numbers.at_random(count - len(found))
        found |= fresh - _known(batch, list(fresh)).keys()
    return list(found)


def _in_use(found: dict[str, str]) -> str:
    return ngettext(
        "%(n)s number of this range is in use already, as %(number)s: choose another range.",
        "%(n)s numbers of this range are in use already, as %(number)s: choose another range.",
        len(found),
    ) % {"n": len(found), "number": min(found)}


_KNOWN: Final = """
    SELECT p.number, CASE WHEN b.merchant_id = %(merchant)s THEN b.name ELSE %(other)s END
      FROM loyalty_plasticcard p JOIN loyalty_cardbatch b ON b.id = p.batch_id
     WHERE p.program_id = %(program)s AND p.number = ANY (%(numbers)s)
    UNION ALL
    SELECT c.number, '' FROM loyalty_card c WHERE c.program_id = %(program)s AND c.number = ANY (%(numbers)s)
"""


def _known(batch: CardBatch, wanted: Sequence[str]) -> dict[str, str]:
    """Those that are there already, with the name of their batch (of another merchant's a dash); a client's card with
    none."""
    found: dict[str, str] = {}
    with connection.cursor() as cursor:
        for piece in _pieces(wanted):
            cursor.execute(
                _KNOWN,
                {"program": batch.program_id, "merchant": batch.merchant_id, "other": "—", "numbers": list(piece)},
            )
            found.update(cursor.fetchall())
    return found


def _pieces(all_of: Sequence[str]) -> Iterator[Sequence[str]]:
    return (all_of[start : start + _PIECE] for start in range(0, len(all_of), _PIECE))


def _fail(batch: CardBatch, why: str) -> None:
    CardBatch.objects.filter(pk=batch.pk).update(state=State.FAILED, why=why[:300], content=None)


@transaction.atomic
def withdraw(*, batch: CardBatch, now: dt.datetime, by: Actor) -> None:
    """Cards that nobody has yet can't be bound any more; those that clients have go on working."""
    done = CardBatch.objects.filter(pk=batch.pk, state=State.READY).update(state=State.WITHDRAWN, withdrawn_at=now)
    if done:
        audit.record(program_id=batch.program_id, action="card_batch.withdrawn", at=now, by=by, subject=batch)


@transaction.atomic
def bring_back(*, batch: CardBatch, now: dt.datetime, by: Actor) -> None:
    done = CardBatch.objects.filter(pk=batch.pk, state=State.WITHDRAWN).update(state=State.READY, withdrawn_at=None)
    if done:
        audit.record(program_id=batch.program_id, action="card_batch.brought_back", at=now, by=by, subject=batch)
