"""Making a batch: terms become codes in the database, all of them or none.

A small batch is made at once; of a large one a worker takes care. The row's lock is the worker's claim: one that is
killed leaves nothing behind, and the next one begins anew.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Final

import structlog
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import override
from msgspec import structs

from loyalty import bulk
from loyalty.engine.codes import read
from loyalty.engine.conditions.receipt import spelled
from loyalty.models import PromoBatch, PromoCode
from loyalty.promo.drawing import at_random
from loyalty.promo.terms import Terms, TermsError, check
from loyalty.promo.waiting import rule_with_word
from merchants import audit
from merchants.access import Actor, every_tenant, tenant
from merchants.models import Merchant, User

logger = structlog.get_logger(__name__)
State = PromoBatch.State

AT_ONCE: Final = 10_000
_PIECE: Final = 20_000
_COLUMNS: Final = ("program_id", "batch_id", "code")


@transaction.atomic
def order_batch(*, merchant: Merchant, terms: Terms, now: dt.datetime, by: Actor) -> PromoBatch:
    """A new batch, with its codes where they are few. TermsError: also for a name or a code that there is."""
    check(terms)
    program_id = merchant.program_id
    if PromoBatch.objects.filter(program_id=program_id, name=terms.name).exists():
        raise TermsError("name", _("There is a batch with this name."))
    if terms.word and (title := rule_with_word(program_id, terms.word, now)):
        raise TermsError("word", _("The rule “%(title)s” waits for this code already.") % {"title": title})
    batch = PromoBatch(
        program_id=program_id,
        merchant=merchant,
        created_by=by if isinstance(by, User) else None,
        created_at=now,
        **structs.asdict(terms),
    )
    try:
        with transaction.atomic():
            batch.save(force_insert=True)
            if batch.size <= AT_ONCE:
                make(batch)
    except IntegrityError as error:
        if "promo_batch_name" in str(error):
            raise TermsError("name", _("There is a batch with this name.")) from None
        if "promo_code_unique" in str(error):
            raise TermsError("word", _("There is this code already.")) from None
        raise
    audit.record(program_id=program_id, action="promo_batch.ordered", at=now, by=by, subject=batch)
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
        waiting = PromoBatch.objects.filter(state=State.MAKING).select_for_update(skip_locked=True, of=("self",))
        batch = waiting.select_related("program").order_by("id").first()
    if batch is None:
        return False
    with tenant(batch.program_id), override(batch.program.language):
        try:
            make(batch)
        except Exception:
            logger.exception("promo_batch_failed", batch=batch.pk)
            why = _("Something went wrong on our side. No code was made.")
            PromoBatch.objects.filter(pk=batch.pk).update(state=State.FAILED, why=why)
    return True


@transaction.atomic
def make(batch: PromoBatch) -> None:
    """IntegrityError where the shared code is there already."""
    if batch.kind == PromoBatch.Kind.SHARED:
        PromoCode.objects.create(program_id=batch.program_id, batch=batch, code=spelled(batch.word), free=False)
    else:
        for start in range(0, batch.size, _PIECE):
            _piece(batch, min(_PIECE, batch.size - start))
    batch.state = State.READY
    batch.save(update_fields=["state"])


def _piece(batch: PromoBatch, count: int) -> None:
    """What is there already says the unique index: then the piece is drawn again."""
    while True:
        drawn = at_random(count, prefix=read(batch.prefix), length=batch.length)
        rows = (f"{batch.program_id}\t{batch.pk}\t{code}" for code in drawn)
        try:
            with transaction.atomic():
                bulk.copy(PromoCode, _COLUMNS, rows)
        except IntegrityError as error:
            if "promo_code_unique" not in str(error):
                raise
        else:
            return


@transaction.atomic
def stop(*, batch: PromoBatch, now: dt.datetime, by: Actor) -> None:
    """No code of it is taken from now on."""
    done = PromoBatch.objects.filter(program_id=batch.program_id, pk=batch.pk, stopped_at=None).update(stopped_at=now)
    if done:
        audit.record(program_id=batch.program_id, action="promo_batch.stopped", at=now, by=by, subject=batch)


@transaction.atomic
def go_on(*, batch: PromoBatch, now: dt.datetime, by: Actor) -> None:
    stopped = PromoBatch.objects.filter(program_id=batch.program_id, pk=batch.pk).exclude(stopped_at=None)
    if stopped.update(stopped_at=None):
        audit.record(program_id=batch.program_id, action="promo_batch.went_on", at=now, by=by, subject=batch)


@transaction.atomic
def set_dates(
    *, batch: PromoBatch, starts_at: dt.datetime | None, ends_at: dt.datetime | None, now: dt.datetime, by: Actor
) -> None:
    """From when until when its codes are taken."""
    PromoBatch.objects.filter(program_id=batch.program_id, pk=batch.pk).update(starts_at=starts_at, ends_at=ends_at)
    details = {"from": starts_at.isoformat() if starts_at else "", "until": ends_at.isoformat() if ends_at else ""}
    audit.record(program_id=batch.program_id, action="promo_batch.dated", at=now, by=by, subject=batch, details=details)
