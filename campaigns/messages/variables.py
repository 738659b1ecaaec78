"""What may be put into a message, by what owners call it, and what it is for each client of a batch."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Final

from django.db.models import Q, Sum
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from msgspec import Struct

from campaigns.messages.language import Given
from clients import card_links
from clients.listing import tier_of
from clients.models import Client
from loyalty.engine.quantities import ZERO
from loyalty.engine.rulebook import Rulebook
from loyalty.models import Account, Lot, Reservation
from loyalty.programs import rulebook_at
from loyalty.refusals import Refused
from loyalty.standing import NO_RULES
from loyalty.wording import Words, words_of
from merchants.models import Merchant


class Variable(Struct, frozen=True):
    """`russian` and the key are what it is called in a text. With `of_details` it comes with what the message is for; a
    client's own may be empty for some of them where `may_be_empty`."""

    key: str
    russian: str
    says: Promise
    sample: str
    is_number: bool = False
    of_details: bool = False
    may_be_empty: bool = False


VARIABLES: Final[Sequence[Variable]] = (
    Variable("name", "имя", _("what the client is called"), "Анна", may_be_empty=True),
    Variable("points", "баллы", _("points that may be spent"), "120", is_number=True),
    Variable("tier", "уровень", _("the client’s tier"), "Серебро", may_be_empty=True),
    Variable("shop", "магазин", _("the shop’s name"), "Зерно"),
    Variable("card", "карта", _("link to the client’s card"), "https://example.org/card/…"),
    Variable("given", "начислено", _("points given on this occasion"), "100", is_number=True, of_details=True),
    Variable("expiring", "сгорает", _("points that soon expire"), "50", is_number=True, of_details=True),
    Variable("date", "дата", _("the day that it is about"), "12 марта", of_details=True),
    Variable("days", "дни", _("how many days are left"), "7", is_number=True, of_details=True),
    Variable("code", "код", _("promo code or certificate"), "КОФЕ-7ХК2", of_details=True),
    Variable("gift", "подарок", _("what is given"), "Кофе", of_details=True),
    Variable("sum", "сумма", _("sum of money"), "500 ₽", of_details=True),
)
BY_KEY: Final[Mapping[str, Variable]] = {one.key: one for one in VARIABLES}
# By what they are called in either language.
NAMES: Final[Mapping[str, str]] = {
    **{one.key: one.key for one in VARIABLES},
    **{one.russian: one.key for one in VARIABLES},
}


def samples() -> dict[str, Given]:
    """For a preview of what comes with an occasion."""
    return {
        one.key: Given(one.sample, Decimal(one.sample) if one.is_number else None)
        for one in VARIABLES
        if one.of_details
    }


def values_of(
    clients: Collection[Client], merchant: Merchant, needed: Collection[str], now: dt.datetime
) -> dict[int, dict[str, Given]]:
    """The clients' own variables that are needed, by account; clients with accounts and programme. Three queries at
    the most."""
    words = words_of(merchant.program_id)
    accounts = [client.account for client in clients]
    rests = available(accounts, now) if "points" in needed else {}
    rulebook = _rulebook(merchant.program_id, now) if "tier" in needed else NO_RULES
    site = card_links.site()
    found: dict[int, dict[str, Given]] = {}
    for client in clients:
        own = {"name": Given(client.name), "shop": Given(merchant.name)}
        if "points" in needed:
            own["points"] = _points(max(ZERO, rests.get(client.account_id, ZERO)), words)
        if "tier" in needed:
            own["tier"] = Given(tier_of(client.account, rulebook, now))
        if "card" in needed:
            own["card"] = Given(card_links.address(client, site) if site else "")
        found[client.account_id] = own
    return found


def given_of(details: Mapping[str, str]) -> dict[str, Given]:
    """Variables that come with what a message is for; `points` among them are those that are given."""
    found: dict[str, Given] = {}
    for key, text in details.items():
        name = "given" if key == "points" else key
        known = BY_KEY.get(name)
        if known is not None and known.of_details:
            found[name] = Given(text, _number(text) if known.is_number else None)
    return found


def available(accounts: Collection[Account], now: dt.datetime) -> dict[int, Decimal]:
    """What may be spent of each account's points, whether or not the sweep has run."""
    lots = Lot.objects.filter(account__in=accounts, rest__gt=0, available_at__lte=now)
    lots = lots.filter(Q(expires_at=None) | Q(expires_at__gt=now)).order_by()
    rests = dict(lots.values("account").annotate(sum=Sum("rest")).values_list("account", "sum"))
    kept = Reservation.objects.filter(account__in=accounts, until__gt=now).order_by()
    for account, points in kept.values("account").annotate(sum=Sum("points")).values_list("account", "sum"):
        rests[account] = rests.get(account, ZERO) - points
    return rests


def _points(amount: Decimal, words: Words) -> Given:
    return Given(words.shortest(amount), amount)


def _number(text: str) -> Decimal | None:
    try:
        return Decimal(text.replace(" ", "").replace("\u00a0", "").replace(",", "."))
    except InvalidOperation:
        return None


def _rulebook(program_id: int, now: dt.datetime) -> Rulebook:
    try:
        return rulebook_at(program_id, now)[1]
    except Refused:
        return NO_RULES
