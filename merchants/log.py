"""The audit log as a member of a merchant sees it: which records, who acted, on what, and the facts in words."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Final, TypeAlias

from django.db.models import CharField, Model, Q, QuerySet
from django.db.models.functions import Cast
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from merchants.acts import words_of
from merchants.doors import Workplace
from merchants.models import (
    AuditRecord,
    Cashier,
    Invitation,
    Member,
    Merchant,
    Outlet,
    Role,
    Scope,
    Till,
    TillKey,
)
from merchants.models.merchant import SecondFactor

_OWNED: dict[str, type[Model]] = {
    "outlet": Outlet,
    "till": Till,
    "member": Member,
    "invitation": Invitation,
    "cashier": Cashier,
}
_OF_ALL = ("program", "programversion", "programdraft")
_MONEY = ("total", "total_before", "rest")
_POINTS = ("points", "balance")
_TILL_ACTS = re.compile(r"till:(\d{1,18})(?: (.*))?")

LABELS: dict[str, Promise] = {
    "points": gettext_lazy("Points"),
    "balance": gettext_lazy("Balance then"),
    "before": gettext_lazy("Before"),
    "after": gettext_lazy("After"),
    "until": gettext_lazy("Until"),
    "number": gettext_lazy("Version"),
    "certificates": gettext_lazy("Certificates"),
    "rest": gettext_lazy("Left"),
    "revision": gettext_lazy("Revision"),
    "from": gettext_lazy("Was"),
    "to": gettext_lazy("Is now"),
    "role": gettext_lazy("Role"),
    "outlets": gettext_lazy("Where"),
    "till": gettext_lazy("Till"),
    "scopes": gettext_lazy("Allows"),
    "factor_to": gettext_lazy("Who must have a second factor"),
    "code": gettext_lazy("Code"),
    "fields": gettext_lazy("Changed"),
    "file": gettext_lazy("File"),
    "sku": gettext_lazy("SKU"),
    "name": gettext_lazy("Name"),
    "new": gettext_lazy("New"),
    "changed": gettext_lazy("Goods changed"),
    "refused": gettext_lazy("Lines refused"),
    "retired": gettext_lazy("Taken off sale"),
    "categories": gettext_lazy("New categories"),
    "earn": gettext_lazy("Earns points"),
    "redeem": gettext_lazy("Can be paid by points"),
    "discount": gettext_lazy("Gets discounts"),
    "version": gettext_lazy("Version of the text"),
    "clients": gettext_lazy("Clients"),
    "daily_cap": gettext_lazy("Campaigns for one client in a day"),
    "holdout": gettext_lazy("Held out, %"),
    "day": gettext_lazy("On the day"),
    "total": gettext_lazy("Total"),
    "total_before": gettext_lazy("Total before"),
    "receipts": gettext_lazy("Receipts"),
    "receipts_before": gettext_lazy("Receipts before"),
}
FIELDS: dict[str, Promise] = {
    "name": gettext_lazy("name"),
    "address": gettext_lazy("address"),
    "legal_name": gettext_lazy("legal name"),
    "contacts": gettext_lazy("contacts for clients"),
    "colour": gettext_lazy("colour"),
    "point_one": gettext_lazy("point name, one"),
    "point_few": gettext_lazy("point name, two to four"),
    "point_many": gettext_lazy("point name, many"),
    "time_zone": gettext_lazy("time zone"),
    "day_starts_at": gettext_lazy("the day starts at"),
    "active_days": gettext_lazy("a client is active for, days"),
    "join_by_sms": gettext_lazy("check phones by SMS on joining"),
    "language": gettext_lazy("language"),
    "sku": gettext_lazy("SKU"),
    "category": gettext_lazy("category of goods"),
    "brand": gettext_lazy("brand"),
    "price": gettext_lazy("price"),
    "min_price": gettext_lazy("lowest price"),
    "earn": gettext_lazy("earns points"),
    "redeem": gettext_lazy("can be paid by points"),
    "discount": gettext_lazy("gets discounts"),
    "is_active": gettext_lazy("on sale"),
    "manager_add_once": gettext_lazy("managers: add in one operation"),
    "manager_add_day": gettext_lazy("managers: add in a day"),
    "manager_deduct_once": gettext_lazy("managers: deduct in one operation"),
    "manager_deduct_day": gettext_lazy("managers: deduct in a day"),
    "operator_add_once": gettext_lazy("operators: add in one operation"),
    "operator_add_day": gettext_lazy("operators: add in a day"),
    "operator_deduct_once": gettext_lazy("operators: deduct in one operation"),
    "operator_deduct_day": gettext_lazy("operators: deduct in a day"),
}


@dataclass(frozen=True)
class Fact:
    """`text`, or a number that the page writes: `money`, `points`."""

    label: Promise
    text: str = ""
    money: Decimal | None = None
    points: Decimal | None = None


@dataclass(frozen=True)
class Subject:
    """What a record is about; `address` leads to its page where the reader may see that."""

    name: str = ""
    address: str = ""


@dataclass(frozen=True)
class Line:
    """A record as it is read."""

    record: AuditRecord
    act: Promise | str
    who: str
    subject: Subject
    facts: Sequence[Fact]


# Apps that stand above name their own rows: which of these keys the workplace may know, and by what name. Records hold
# keys only, so that whoever is erased is erased here, too.
Finder: TypeAlias = Callable[[Workplace, AbstractSet[int]], Mapping[int, Subject]]
FINDERS: dict[str, Finder] = {}
# And which of their rows a text may mean: keys by kind of the record's object, at most `MOST_MEANT`.
Searcher: TypeAlias = Callable[[Workplace, str], Mapping[str, Iterable[int]]]
SEARCHERS: list[Searcher] = []
MOST_MEANT: Final = 200


def records_of(place: Workplace) -> QuerySet[AuditRecord]:
    """Of a programme of one merchant, all of its records.

    In a coalition a record names its programme only, so this merchant's are those about its outlets, tills and
    people, those about the programme itself, and whatever else its people and tills did; of those who work for
    several merchants all of it, since it can't be told apart.
    """
    records = AuditRecord.objects.select_related("user")
    if Merchant.objects.filter(program=place.program).count() == 1:
        return records
    tills = Till.objects.filter(merchant=place.merchant).values_list("pk", flat=True)
    acted = Q(user__in=Member.objects.filter(merchant=place.merchant).values("user"))
    if tills:
        acted |= Q(actor__regex=rf"^till:({'|'.join(map(str, tills))})( |$)")
    about = Q(object_type__in=_OF_ALL) | Q(object_type="merchant", object_id=str(place.merchant.pk))
    about |= Q(object_type="tillkey", object_id__in=_keys(TillKey.objects.filter(till__merchant=place.merchant)))
    for kind, model in _OWNED.items():
        about |= Q(object_type=kind, object_id__in=_keys(model._default_manager.filter(merchant=place.merchant)))
    return records.filter(about | acted & ~Q(object_type__in=[*_OWNED, "merchant", "tillkey"]))


def about(place: Workplace, text: str) -> Q:
    """Records whose object somebody may mean by this text: a part of a name, an address, a number."""
    meant: dict[str, list[Any]] = {
        kind: list(model._default_manager.filter(_called(kind, text), merchant=place.merchant)[:MOST_MEANT])
        for kind, model in _OWNED.items()
    }
    found = Q(pk=None)
    for kind, rows in meant.items():
        found |= Q(object_type=kind, object_id__in=[str(row.pk) for row in rows])
    for search in SEARCHERS:
        for kind, keys in search(place, text).items():
            found |= Q(object_type=kind, object_id__in=[str(key) for key in keys])
    return found


def _called(kind: str, text: str) -> Q:
    match kind:
        case "member":
            return Q(user__name__icontains=text) | Q(user__email__icontains=text)
        case "invitation":
            return Q(email__icontains=text)
        case _:
            return Q(name__icontains=text)


def fact_in_words(fact: Fact) -> str:
    """«Баллы: 50» in a file, where numbers are not drawn."""
    number = fact.money if fact.money is not None else fact.points
    return f"{fact.label}: {fact.text if number is None else number_in_words(number)}"


def number_in_words(number: Decimal) -> str:
    return f"{number.normalize():f}".replace(".", ",")


def _keys(rows: QuerySet[Any]) -> QuerySet[Any]:
    keys: QuerySet[Any] = rows.annotate(as_text=Cast("pk", CharField())).values("as_text")
    return keys


def read(records: Sequence[AuditRecord], place: Workplace) -> list[Line]:
    """The records in words; the number of queries does not depend on theirs."""
    names = Names(records, place)
    return [
        Line(record, words_of(record.action), names.actor(record), names.subject(record), list(names.facts(record)))
        for record in records
    ]


class Names:
    """What the numbers in some records stand for."""

    def __init__(self, records: Iterable[AuditRecord], place: Workplace) -> None:
        wanted: dict[str, set[int]] = {kind: set() for kind in (*_OWNED, "tillkey", *FINDERS)}
        for record in records:
            if record.object_type in wanted and record.object_id.isdigit():
                wanted[record.object_type].add(int(record.object_id))
            wanted["outlet"] |= {key for key in _listed(record, "outlets") if isinstance(key, int)}
            till = record.details.get("till")
            wanted["till"] |= {till} if isinstance(till, int) else set()
            if acted := _TILL_ACTS.fullmatch(record.actor):
                wanted["till"].add(int(acted[1]))
        models: dict[str, type[Model]] = {**_OWNED, "tillkey": TillKey}
        self.found: dict[str, dict[int, str]] = {
            kind: {row.pk: _name(row) for row in _rows(models[kind], keys)} if keys else {}
            for kind, keys in wanted.items()
            if kind in models
        }
        self.elsewhere = {kind: find(place, wanted[kind]) if wanted[kind] else {} for kind, find in FINDERS.items()}

    def actor(self, record: AuditRecord) -> str:
        if record.user:
            return record.user.name or record.user.email
        acted = _TILL_ACTS.fullmatch(record.actor)
        if not acted:
            return _("A program on the server")
        till = self.found["till"].get(int(acted[1]), "")
        # A phone that opens the link of a till acts before any cashier is known.
        by = _("link for a phone") if acted[2] == "link" else acted[2]
        return _("till: %(who)s") % {"who": ", ".join(filter(None, [by, till])) or acted[1]}

    def subject(self, record: AuditRecord) -> Subject:
        if not record.object_id.isdigit():
            return Subject()
        key = int(record.object_id)
        if record.object_type in self.elsewhere:
            return self.elsewhere[record.object_type].get(key, Subject())
        return Subject(self.found.get(record.object_type, {}).get(key, ""))

    def facts(self, record: AuditRecord) -> Iterable[Fact]:
        """Known details only: what has no name here is for the admin."""
        for key, value in record.details.items():
            if key not in LABELS or value is None:
                continue
            number = _number(value) if key in (*_MONEY, *_POINTS) else None
            if number is not None:
                yield Fact(LABELS[key], money=number) if key in _MONEY else Fact(LABELS[key], points=number)
            elif said := self.said(key, value):
                yield Fact(LABELS[key], said)

    def said(self, key: str, value: Any) -> str:
        match key, value:
            case "outlets", list():
                return ", ".join(filter(None, map(self.found["outlet"].get, value))) or _("all outlets")
            case "till", int():
                return self.found["till"].get(value, "")
            case (("role" | "from" | "to"), str()):
                return str(Role(value).label) if value in Role.values else ""
            case "scopes", list():
                return ", ".join(str(Scope(scope).label) for scope in value if scope in Scope.values)
            case "factor_to", str():
                return str(SecondFactor(value).label) if value in SecondFactor.values else ""
            case "fields", list():
                return ", ".join(str(FIELDS.get(field, field)) for field in value)
            case "until", str():
                moment = parse_datetime(value)
                return date_format(timezone.localtime(moment), "SHORT_DATETIME_FORMAT") if moment else ""
            case "day", str():
                day = parse_date(value)
                return date_format(day, "SHORT_DATE_FORMAT") if day else ""
            case _, str() | int():
                return str(value)
        return ""


def _number(value: Any) -> Decimal | None:
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _listed(record: AuditRecord, key: str) -> list[Any]:
    value = record.details.get(key)
    return value if isinstance(value, list) else []


def _rows(model: type[Model], keys: set[int]) -> QuerySet[Any]:
    rows = model._default_manager.filter(pk__in=keys)
    return rows.select_related("user") if model is Member else rows


def _name(row: Any) -> str:
    match row:
        case Member():
            return row.user.name or row.user.email
        case Invitation():
            return row.email
        case TillKey():
            return row.device or f"…{row.hint}"
        case _:
            return str(row.name)
