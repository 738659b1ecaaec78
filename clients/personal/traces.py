"""Where a person may be known beside his own row, and how each place forgets him.

Whatever is found by the account, or by exactly his phone or e-mail, goes. Words that staff have written about somebody
else are not searched for a name: nobody can tell whose it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

import msgspec
import pgtrigger
from django.apps import apps
from django.db import connection
from django.db.models import Max, Q
from msgspec import Struct

from clients.models import Client, ClientAct, ClientImport, ClientImportLine, ClientMerge, PhoneCheck, ReceiptImportLine
from clients.models.imports import LINES
from loyalty import closing
from loyalty.models import (
    Activity,
    AdjustmentRequest,
    Card,
    Certificate,
    Entry,
    Exchange,
    IdempotencyKey,
    PersonalCoupon,
    Sale,
)
from merchants.models import AuditRecord, OutboxMessage

# Fields of stored answers and messages that say who somebody is.
_WHO: Final = frozenset({"name", "phone", "email", "birthday", "note", "tags"})


class Known(Struct, frozen=True, kw_only=True):
    """All that a person is found by: his accounts, the merged ones too, and every phone, e-mail and name he has had
    here. Numbers are cards that tills find him by."""

    program_id: int
    client: int
    accounts: tuple[int, ...]
    phones: tuple[str, ...]
    emails: tuple[str, ...]
    numbers: tuple[str, ...]
    clients: tuple[int, ...]

    @classmethod
    def of(cls, client: Client) -> Known:
        """Before the client's row and cards go; after that only what was merged is found."""
        program_id = client.program_id
        merges = ClientMerge.objects.filter(program_id=program_id, client=client)
        people: list[Mapping[str, Any]] = list(merges.values_list("person", flat=True))
        accounts = (client.account_id, *closing.aliases_of(client.account))
        cards = list(Card.objects.filter(program_id=program_id, account__in=accounts).values_list("kind", "number"))
        phones = {str(client.phone or ""), *(one["phone"] or "" for one in people)}
        phones |= {number for kind, number in cards if kind == Card.Kind.PHONE}
        return cls(
            program_id=program_id,
            client=client.pk,
            clients=(client.pk, *(one["pk"] for one in people)),
            accounts=accounts,
            phones=tuple(sorted(phones - {""})),
            emails=tuple(sorted({client.email, *(one["email"] for one in people)} - {""})),
            numbers=tuple(sorted(number for kind, number in cards if kind != Card.Kind.PHONE)),
        )


class Found(Struct, frozen=True):
    """Keys of what no index finds, looked for while nothing is locked: certificates with his e-mail; lines of files of
    his, and those whose `referrer` he is; lines of files of receipts; records of the log. Of the log the newer ones are
    looked for again."""

    certificates: list[int]
    lines: list[int]
    referred: list[int]
    receipts: list[int]
    records: list[int]
    last_record: int


# What apps above this one keep of a client: each has its own way to forget him, called behind the account's lock.
ELSEWHERE: list[Callable[[Known], None]] = []


def find(known: Known) -> Found:
    program = {"program_id": known.program_id}
    last = AuditRecord.objects.filter(**program).aggregate(last=Max("pk"))["last"] or 0
    certificates = Certificate.objects.filter(**program, email__in=known.emails)
    referred = ClientImportLine.objects.filter(**program, referrer__in=(*known.phones, *known.numbers))
    return Found(
        certificates=list(certificates.values_list("pk", flat=True)),
        lines=list(_lines(known).values_list("pk", flat=True)),
        referred=list(referred.values_list("pk", flat=True)),
        receipts=list(_receipt_lines(known).values_list("pk", flat=True)),
        records=list(_records(known).values_list("pk", flat=True)),
        last_record=last,
    )


def forget(known: Known, found: Found) -> None:
    """Everything but the client's own row and what the books know."""
    program = {"program_id": known.program_id}
    PhoneCheck.objects.filter(**program, phone__in=known.phones).delete()
    Certificate.objects.filter(**program, pk__in=found.certificates).update(email="", for_whom="", wish="")
    ClientImportLine.objects.filter(**program, pk__in=found.lines).delete()
    # Somebody else's line that says who invited him.
    ClientImportLine.objects.filter(**program, pk__in=found.referred).update(referrer=None)
    # What he bought stays, and is nobody's: of a receipt that is not loaded yet, too.
    receipts = ReceiptImportLine.objects.filter(**program, pk__in=found.receipts)
    receipts.filter(outcome="refused").delete()
    receipts.update(client=None, account=None, problems=None)
    _forget_examples(known)
    for act in _acts_for_him(known):
        act.reason, act.terms = "", act.terms | {key: "" for key in ("wish", "title", "tag") if key in act.terms}
        act.save(update_fields=["reason", "terms"])
    OutboxMessage.objects.filter(_about(known), **program).delete()
    for forgotten in ELSEWHERE:
        forgotten(known)
    _forget_answers(known)
    _forget_records(known, found)


def _acts_for_him(known: Known) -> Any:
    """Of an act for many the words are about all of them; for him alone, they are about him."""
    return ClientAct.objects.filter(program_id=known.program_id, clients=1, lines__account__in=known.accounts)


def in_imports(known: Known) -> tuple[int, int]:
    """Lines of files that name him, and files among them that are still kept."""
    keys = list(_lines(known).values_list("pk", flat=True))
    return len(keys), len({key // LINES for key in keys})


def _lines(known: Known) -> Any:
    """No index serves this, and none is worth its writes: lines are kept for a month."""
    found = Q(account__in=known.accounts) | Q(phone__in=known.phones) | Q(email__in=known.emails)
    digits = [re.sub(r"\D", "", phone)[-10:] for phone in known.phones]
    for part in digits:
        # «8 916 123-45-67» in what was refused, as it was typed.
        found |= Q(problems__isnull=False, pk__in=_saying(known.program_id, part))
    return ClientImportLine.objects.filter(found, program_id=known.program_id)


def _receipt_lines(known: Known) -> Any:
    found = Q(account__in=known.accounts) | Q(client__in=(*known.phones, *known.numbers))
    for phone in known.phones:
        part = re.sub(r"\D", "", phone)[-10:]
        found |= Q(problems__isnull=False, pk__in=_saying(known.program_id, part, "clients_receiptimportline"))
    return ReceiptImportLine.objects.filter(found, program_id=known.program_id)


def _saying(program_id: int, digits: str, table: str = "clients_clientimportline") -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT id FROM {table} WHERE program_id = %s AND problems IS NOT NULL"  # noqa: S608  # ours
            " AND regexp_replace(problems::text, '[^0-9]', '', 'g') LIKE %s",
            [program_id, f"%{digits}%"],
        )
        return [key for (key,) in cursor.fetchall()]


def _forget_examples(known: Known) -> None:
    """Some cells of a file are kept beside it, to tell its columns by: all of them go where one is his."""
    for one in ClientImport.objects.filter(program_id=known.program_id).exclude(examples=[]):
        text = msgspec.json.encode(one.examples).decode()
        digits = re.sub(r"\D", "", text)
        if any(email in text for email in known.emails) or any(phone[-10:] in digits for phone in known.phones):
            one.examples = [[] for _column in one.examples]
            one.save(update_fields=["examples"])


def _about(known: Known) -> Q:
    found = Q(payload__client__in=known.clients)
    for field, values in (("phone", known.phones), ("email", known.emails)):
        found |= Q(**{f"payload__{field}__in": values})
    return found


def _forget_answers(known: Known) -> None:
    """What tills were answered, without who it was: a repeat is still answered, and does nothing twice."""
    rows = IdempotencyKey.objects.filter(program_id=known.program_id, account__in=known.accounts)
    for row in rows.only("answer"):
        answer = msgspec.json.decode(row.answer) if row.answer.startswith(("{", "[")) else row.answer
        blank = blanked(answer, known)
        if blank != answer:
            row.answer = msgspec.json.encode(blank).decode()
            row.save(update_fields=["answer"])


def blanked(value: Any, known: Known) -> Any:
    """The same JSON without what says who somebody is; texts that quote a phone or an address are emptied."""
    match value:
        case dict():
            return {
                key: _empty(inner) if key in _WHO and _is_his(value, known) else blanked(inner, known)
                for key, inner in value.items()
            }
        case list():
            return [blanked(inner, known) for inner in value]
        case str() if any(mark in value for mark in (*known.phones, *known.emails)):
            return ""
        case _:
            return value


def _is_his(value: Mapping[str, Any], known: Known) -> bool:
    """An object of an answer that speaks of a client: it has an account, or a phone, or an address."""
    return bool({"account_id", "phone", "email", "cards"} & set(value))


def _empty(value: Any) -> Any:
    return [] if isinstance(value, list) else "" if isinstance(value, str) else None


def _records(known: Known) -> Any:
    """Records of the log that are about him, or quote him."""
    about = Q(pk__in=())
    for kind, keys in _subjects(known):
        about |= Q(object_type=kind, object_id__in=[str(key) for key in keys])
    for mark in (*known.phones, *known.emails):
        about |= Q(details__icontains=mark) | Q(reason__contains=mark)
    return AuditRecord.objects.filter(about, program_id=known.program_id)


def _forget_records(known: Known, found: Found) -> None:
    """The words of the audit log and of the admin's own; who did what, when and to which key stays."""
    since = _records(known).filter(pk__gt=found.last_record).values_list("pk", flat=True)
    subjects = {(kind, str(key)) for kind, keys in _subjects(known) for key in keys}
    with pgtrigger.ignore("merchants.AuditRecord:append_only"):
        for record in AuditRecord.objects.filter(program_id=known.program_id, pk__in=[*found.records, *since]):
            is_about = (record.object_type, record.object_id) in subjects
            details = blanked(record.details, known)
            reason = "" if is_about else blanked(record.reason, known)
            if (details, reason) != (record.details, record.reason):
                record.details, record.reason = details, reason
                record.save(update_fields=["details", "reason"])
    log: Any = apps.get_model("admin", "LogEntry")
    for kind, keys in _subjects(known):
        about = log.objects.filter(content_type__model=kind, object_id__in=[str(key) for key in keys])
        about.update(object_repr="", change_message="")


def _subjects(known: Known) -> Iterable[tuple[str, Iterable[object]]]:
    his: dict[str, Any] = {"program_id": known.program_id, "account__in": known.accounts}
    yield "client", known.clients
    yield "account", known.accounts
    for model in (Activity, AdjustmentRequest, Entry, Exchange, PersonalCoupon, Sale):
        yield str(model._meta.model_name), model._default_manager.filter(**his).values_list("pk", flat=True)
    yield "clientact", _acts_for_him(known).values_list("pk", flat=True)
    held = Certificate.objects.filter(program_id=known.program_id, holder__in=known.accounts)
    yield "certificate", held.values_list("pk", flat=True)
