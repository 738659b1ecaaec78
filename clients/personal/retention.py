"""How long what is known of people is kept: the owner sets the terms, a nightly task erases what is over them.

Nothing is erased before the owner has seen how much it would be. The task goes on where time was short the next night;
each client is a transaction of its own.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Final

import structlog
from celery.exceptions import SoftTimeLimitExceeded
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet, Sum
from msgspec import Struct

from clients.models import Client, ClientImport, Consent, Retention
from clients.personal import erasing
from clients.personal.erasing import ChangedError
from loyalty.closing import ClosedAlreadyError
from loyalty.models import Activity, Card, Certificate, Entry
from merchants import audit
from merchants.access import Action, Actor, every_tenant, require, same_tenant, tenant
from merchants.models import Merchant, Program

logger = structlog.get_logger(__name__)

BY: Final = "retention"
CHUNK: Final = 100
ADDRESSES: Final = 10_000
YEAR: Final = dt.timedelta(days=365)
IMPORT_DAYS: Final = 30
# Done by somebody, or for him; that points expire is nobody's doing.
_DOINGS: Final = [kind for kind in Entry.Kind if kind not in (Entry.Kind.EXPIRE, Entry.Kind.MOVE)]


class Terms(Struct, frozen=True):
    """None: kept for as long as the client takes part."""

    idle_years: int | None = None
    import_days: int = IMPORT_DAYS
    address_days: int | None = None


class Over(Struct, frozen=True):
    """What would be erased now: clients with so many points, files, addresses."""

    clients: int = 0
    points: Decimal = Decimal(0)
    files: int = 0
    addresses: int = 0

    def __bool__(self) -> bool:
        return bool(self.clients or self.files or self.addresses)


def terms_of(program_id: int) -> Terms:
    row = Retention.objects.filter(program_id=program_id).first()
    return Terms(row.idle_years, row.import_days, row.address_days) if row else Terms()


@transaction.atomic
def change(*, merchant: Merchant, terms: Terms, by: Actor, now: dt.datetime) -> list[str]:
    """Set the programme's terms; the names of those that are new."""
    program_id = same_tenant(merchant)
    require(by, Action.CHANGE_PROGRAM, merchant=merchant)
    Program.objects.select_for_update(no_key=True).get(pk=program_id)
    before = terms_of(program_id)
    changed = [name for name in terms.__struct_fields__ if getattr(terms, name) != getattr(before, name)]
    if changed:
        values = {name: getattr(terms, name) for name in terms.__struct_fields__}
        Retention.objects.update_or_create(program_id=program_id, defaults=values)
        audit.record(
            program_id=program_id,
            action="retention.changed",
            at=now,
            by=by,
            subject=merchant,
            details={"fields": changed, **values},
        )
    return changed


def foresee(*, program_id: int, terms: Terms, now: dt.datetime) -> Over:
    idle, found = Decimal(0), 0
    if terms.idle_years is not None:
        rows = idle_clients(program_id, terms.idle_years, now)
        found = rows.count()
        idle = rows.aggregate(sum=Sum("account__points"))["sum"] or Decimal(0)
    files = ClientImport.objects.filter(program_id=program_id, forgotten_at=None)
    over = files.filter(finished_at__lt=now - dt.timedelta(days=terms.import_days))
    return Over(
        clients=found,
        points=idle,
        files=over.exclude(state__in=ClientImport.AT_WORK).count(),
        addresses=_addresses(program_id, terms, now).count(),
    )


def idle_clients(program_id: int, years: int, now: dt.datetime) -> QuerySet[Client]:
    """Who has neither bought, nor got or spent points, nor said anything for so long, and holds no certificate.

    A loaded file says when a client joined, which may be long before anybody here knew him: his cards, which he gets
    on the day of loading, are as old as what is known of him.
    """
    since = now - years * YEAR
    his = {"program_id": program_id, "account": OuterRef("account")}
    return (
        Client.objects.filter(program_id=program_id, created_at__lt=since)
        .filter(Q(account__last_purchase_at=None) | Q(account__last_purchase_at__lt=since))
        .exclude(Exists(Card.objects.filter(**his, created_at__gte=since)))
        .exclude(Exists(Entry.objects.filter(**his, at__gte=since, kind__in=_DOINGS)))
        .exclude(Exists(Activity.objects.filter(**his, at__gte=since)))
        .exclude(Exists(Consent.objects.filter(program_id=program_id, client=OuterRef("pk"), at__gte=since)))
        .exclude(Exists(Certificate.objects.good(now).filter(program_id=program_id, holder=OuterRef("account"))))
    )


def run(*, now: dt.datetime, going_on: Callable[[], bool] = lambda: True) -> int:
    """Erase what is over its term, of all programmes; how many clients and addresses. Files are forgotten by
    `clients.imports.jobs.forget_old`, which asks for the terms."""
    done = 0
    with every_tenant():
        programs = list(Program.objects.order_by("?").values_list("pk", flat=True))
    for program_id in programs:
        try:
            with tenant(program_id):
                done += _run(program_id, now, going_on)
        except SoftTimeLimitExceeded:
            raise
        except Exception as error:  # noqa: BLE001
            logger.error("retention_failed", program=program_id, error=type(error).__name__)  # noqa: TRY400
    return done


def _run(program_id: int, now: dt.datetime, going_on: Callable[[], bool]) -> int:
    erasing.write_off_late(program_id=program_id, now=now, going_on=going_on)
    terms = terms_of(program_id)
    people = _erase_idle(program_id, terms, now, going_on)
    addresses = 0
    while going_on() and (gone := _forget_addresses(program_id, terms, now)):
        addresses += gone
    if people or addresses:
        details = {"clients": people, "addresses": addresses}
        audit.record(program_id=program_id, action="retention.done", at=now, by=BY, details=details)
    return people + addresses


def _erase_idle(program_id: int, terms: Terms, now: dt.datetime, going_on: Callable[[], bool]) -> int:
    years = terms.idle_years
    if years is None:
        return 0
    done, last = 0, 0
    idle = idle_clients(program_id, years, now).select_related("account__merchant", "program")
    while going_on() and (rows := list(idle.filter(pk__gt=last).order_by("pk")[:CHUNK])):
        for client in rows:
            if not going_on():
                break
            try:
                erasing.erase(
                    client=client,
                    merchant=client.account.merchant,
                    source=BY,
                    now=now,
                    by=BY,
                    # He may have bought since the list was read.
                    still=lambda one: idle_clients(program_id, years, now).filter(pk=one.pk).exists(),
                )
            except (ChangedError, ClosedAlreadyError, Client.DoesNotExist):
                continue
            except SoftTimeLimitExceeded:
                raise
            except Exception as error:  # noqa: BLE001
                # His transaction is rolled back; the others need not wait for him. An error's words may hold his data.
                logger.error(  # noqa: TRY400
                    "client_not_erased", program=program_id, client=client.pk, error=type(error).__name__
                )
                continue
            done += 1
        last = rows[-1].pk
    return done


def _forget_addresses(program_id: int, terms: Terms, now: dt.datetime) -> int:
    keys = list(_addresses(program_id, terms, now).order_by("pk").values_list("pk", flat=True)[:ADDRESSES])
    return Consent.objects.filter(program_id=program_id, pk__in=keys).update(address="") if keys else 0


def _addresses(program_id: int, terms: Terms, now: dt.datetime) -> QuerySet[Consent]:
    if terms.address_days is None:
        return Consent.objects.none()
    before = now - dt.timedelta(days=terms.address_days)
    return Consent.objects.filter(program_id=program_id, at__lt=before).exclude(address="")
