"""A newcomer's shop: from six answers to a programme that sells, in one transaction."""

from __future__ import annotations

import datetime as dt
import secrets
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _
from msgspec import Struct

from loyalty import programs
from loyalty.samples import usual
from merchants import audit, cashiers, opening_shop, outlets, tills
from merchants.access import every_tenant, tenant
from merchants.models import AuditRecord, Member, Merchant, User

CURRENCIES: Final = ("RUB", "BYN", "KZT", "KGS", "UZS", "AMD", "GEL", "AZN", "USD", "EUR")
MOST_A_DAY: Final = 10
_STARTED: Final = "shop.started"


class Answers(Struct, frozen=True):
    """What the wizard asks. `token` is of this set of answers, `pin` of the first cashier: the owner himself.

    Percents are of money; `days` of life for points, 0 for ever.
    """

    token: str
    pin: str
    name: str
    outlet: str = ""
    currency: str = "RUB"
    percent: Decimal = Decimal(5)
    max_percent: Decimal = Decimal(50)
    days: int = 0
    tiers: bool = False


@transaction.atomic
def open_shop(*, user: User, answers: Answers, now: dt.datetime) -> Merchant:
    """Programme, shop, outlet, till, the owner as its member and first cashier, and the rules in force.

    The same token again gives the shop that it made. ValidationError for a `pin` that is too easy, and
    `too_many_shops` for one account within 24 hours; Refused `rules_invalid` where the answers make no rules.
    """
    # Two clicks are one shop: the second waits here for the first.
    User.objects.select_for_update(no_key=True).get(pk=user.pk)
    made = _made(user, answers.token)
    if made is not None:
        return made
    if _opened_since(user, now - dt.timedelta(days=1)) >= MOST_A_DAY:
        said = _("No more than %(most)s shops can be opened within a day. Try again tomorrow.") % {"most": MOST_A_DAY}
        raise ValidationError(said, code="too_many_shops")
    merchant = opening_shop.open_shop(name=answers.name, by=user, now=now).merchant
    program = merchant.program
    program.currency = answers.currency
    program.save(update_fields=["currency"])
    with tenant(program.pk):
        audit.record(
            program_id=program.pk, action=_STARTED, at=now, by=user, subject=merchant, details={"token": answers.token}
        )
        outlet = outlets.open_outlet(merchant=merchant, name=answers.outlet or answers.name, by=user, now=now)
        tills.register_till(outlet=outlet, name=_("Till 1"), by=user, now=now)
        cashiers.hire(merchant=merchant, name=_cashier(user), pin=answers.pin, by=user, now=now)
        programs.publish(program=program, document=document(answers), now=now, by=user)
    return merchant


def _cashier(user: User) -> str:
    return user.name.strip()[:64] or user.email.partition("@")[0][:64]


def _made(user: User, token: str) -> Merchant | None:
    with every_tenant():
        own = list(Member.objects.filter(user=user).values_list("program_id", flat=True))
        record = AuditRecord.objects.filter(
            program_id__in=own, user=user, action=_STARTED, details__token=token
        ).first()
        return Merchant.objects.get(pk=record.object_id) if record is not None else None


def _opened_since(user: User, moment: dt.datetime) -> int:
    with every_tenant():
        own = list(Member.objects.filter(user=user).values_list("program_id", flat=True))
        return AuditRecord.objects.filter(program_id__in=own, user=user, action=_STARTED, at__gt=moment).count()


def new_pin() -> str:
    """Four digits that nobody types by accident: all different, and no run such as 1234."""
    while True:
        digits = secrets.SystemRandom().sample("0123456789", 4)
        pin = "".join(digits)
        if pin not in "01234567890" and pin not in "09876543210":
            return pin


# ---------------------------------------------------------------- the rules that follow from the answers


def document(answers: Answers) -> dict[str, Any]:
    """The answers as rules; what was not asked keeps its default."""
    rules: dict[str, Any] = {
        "points": {"expiry": {"kind": "days", "days": answers.days} if answers.days else {"kind": "never"}},
        "spending": {"max_percent": str(answers.max_percent)},
    }
    if answers.tiers:
        return {**rules, "tiers": ladder(answers)}
    base = {
        "id": "base",
        "title": _("For every purchase"),
        "effect": {"kind": "percent", "percent": str(answers.percent)},
    }
    return {**rules, "rules": [base] if answers.percent else []}


def ladder(answers: Answers) -> list[dict[str, Any]]:
    """Three tiers: the percent that was answered, then 1.4 and 2 times as much, from 10 and 30 usual purchases on."""
    purchase = usual(answers.currency)
    return [
        {"id": "bronze", "title": _("Bronze"), "spent": "0", "earn_percent": str(answers.percent)},
        {"id": "silver", "title": _("Silver"), "spent": str(purchase * 10), "earn_percent": _times(answers, "1.4")},
        {"id": "gold", "title": _("Gold"), "spent": str(purchase * 30), "earn_percent": _times(answers, "2")},
    ]


def _times(answers: Answers, factor: str) -> str:
    """To a half of a percent, for people to remember."""
    halves = (answers.percent * Decimal(factor) * 2).quantize(Decimal(1), ROUND_HALF_UP)
    return f"{min(halves / 2, Decimal(100)).normalize():f}"
