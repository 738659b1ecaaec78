"""What the owner wants of an import, beside what stands in the file."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum

import msgspec
from msgspec import Struct

from clients.models import ClientImport
from loyalty.engine import tiers
from loyalty.engine.earning import lot_dates
from loyalty.engine.quantities import ZERO
from loyalty.engine.rulebook import Amounts, Lifetime, Rulebook, Tier
from loyalty.programs import rulebook_at
from loyalty.refusals import Refused
from loyalty.standing import NO_RULES


class Existing(StrEnum):
    """What becomes of clients who are known already."""

    SKIP = "skip"
    FILL = "fill"
    OVERWRITE = "overwrite"


class Expiry(StrEnum):
    """When points expire of which the file does not say it."""

    RULES = "rules"
    NEVER = "never"
    DATE = "date"
    DAYS = "days"


class Choices(Struct, frozen=True, kw_only=True):
    existing: Existing = Existing.SKIP
    add_balances: bool = False
    expiry: Expiry = Expiry.RULES
    expires_on: dt.date | None = None
    expires_days: int | None = None
    round_points: bool = False
    tier_until: dt.date | None = None
    all_consented: bool = False


def choices_of(one: ClientImport) -> Choices:
    return msgspec.convert(one.choices, Choices) if one.choices else Choices()


class Rules(Struct, frozen=True):
    """The programme's rules as far as a client who is brought along meets them at a moment."""

    rulebook: Rulebook
    now: dt.datetime

    @property
    def today(self) -> dt.date:
        return self.rulebook.calendar.day_of(self.now)

    def named(self, title: str) -> Tier | None:
        """A tier by its name or key."""
        wanted = title.casefold()
        return next((one for one in self.rulebook.tiers if wanted in (one.title.casefold(), one.id.casefold())), None)

    def reached(self, spent: Decimal | None, visits: int | None) -> Tier | None:
        """The tier by what was bought elsewhere; where a tier counts a period's purchases those are not known."""
        if not isinstance(self.rulebook.status.window, Lifetime):
            return tiers.reached(self.rulebook)
        return tiers.reached(self.rulebook, Amounts(spent or ZERO, visits or 0))

    def expiry(self, choices: Choices) -> dt.datetime | None:
        """When points expire of which the file does not say it."""
        calendar = self.rulebook.calendar
        match choices.expiry:
            case Expiry.DATE if choices.expires_on is not None:
                return calendar.end_of(choices.expires_on)
            case Expiry.DAYS if choices.expires_days is not None:
                return calendar.end_of(self.today + dt.timedelta(days=choices.expires_days))
            case Expiry.RULES:
                return lot_dates(self.rulebook, self.now)[1]
        return None

    def inactive_at(self) -> dt.datetime | None:
        days, calendar = self.rulebook.points.inactivity_days, self.rulebook.calendar
        return None if days is None else calendar.end_of(self.today + dt.timedelta(days=days))


def rules_at(program_id: int, now: dt.datetime) -> Rules:
    try:
        return Rules(rulebook_at(program_id, now)[1], now)
    except Refused:
        return Rules(NO_RULES, now)


def is_higher(rulebook: Rulebook, one: Tier, other: Tier | None) -> bool:
    ranks: Mapping[str, int] = rulebook.tiers_by_id
    return other is None or ranks[one.id] > ranks[other.id]
