"""The client of a page: found by what was keyed in or scanned, then carried from page to page in a signed word.

The word holds the account's id and the way he was identified, and no number: it stands in addresses. It is good for one
shift.
"""

from __future__ import annotations

import datetime as dt
import re
import uuid
from urllib.parse import parse_qsl, urlsplit

from django.core import signing
from msgspec import Struct

from cashier.page.door import Phone
from cashier.page.saying import count_guess, count_look, refuse_guessing
from clients.models import Client
from loyalty import binding, keyed_in
from loyalty.accounts import find
from loyalty.engine.cart import IdentifiedBy
from loyalty.models import Account, Card
from loyalty.presence import recognised
from loyalty.refusals import Refused
from loyalty.sales.request import Who

_SALT = "cashier.page.who"
_LIVES = dt.timedelta(hours=12)
MOST_MATCHES = 20


class Named(Struct, frozen=True):
    """An account, the way it was named, and the one-time code or the key of the card where it was one."""

    account_id: uuid.UUID
    by: IdentifiedBy
    code: str = ""
    card: int = 0

    def word(self, phone: Phone) -> str:
        """For addresses and forms of this programme."""
        said = [phone.caller.program_id, str(self.account_id), self.by, self.code, self.card]
        return signing.dumps(said, salt=_SALT)


class Match(Struct, frozen=True):
    """One of several who might be meant: as much of him as tells him from the others."""

    name: str
    phone: str
    word: str


def named_by(word: str, phone: Phone) -> Named | None:
    try:
        program_id, account_id, by, code, card = signing.loads(word, salt=_SALT, max_age=_LIVES)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    return Named(uuid.UUID(account_id), by, code, card) if program_id == phone.caller.program_id else None


def who_of(named: Named, phone: Phone) -> Who:
    """What the services are told. Where the phone or card is gone meanwhile, the id. The card that he was found by
    stays the one: where it is blocked meanwhile, they refuse it."""
    if named.by == "code":
        return Who("code", named.code)
    if named.card:
        shown = _card(named, phone)
        return Who("card", shown.number) if shown is not None else Who("id", str(named.account_id))
    if named.by in ("phone", "card"):
        kinds = [Card.Kind.PHONE] if named.by == "phone" else [Card.Kind.VIRTUAL, Card.Kind.PLASTIC]
        cards = Card.objects.filter(
            program_id=phone.caller.program_id,
            account__public_id=named.account_id,
            kind__in=kinds,
            status=Card.Status.ACTIVE,
        )
        # Of a receipt it is known that it was a card, and not which: it counts as the one that proves least.
        card = cards.order_by("-unproven", "pk").first()
        if card is not None:
            return Who(named.by, card.number)
    return Who("id", str(named.account_id))


def proves(named: Named, account: Account, phone: Phone) -> bool:
    """Whether he is there himself: his code lives still, or the card that was scanned is his for sure."""
    if named.by == "code":
        return binding.proves(account=account, code=named.code, now=phone.now)
    shown = _card(named, phone) if named.card else None
    return shown is not None and shown.status == Card.Status.ACTIVE and not shown.unproven


def _card(named: Named, phone: Phone) -> Card | None:
    return Card.objects.filter(program_id=phone.caller.program_id, pk=named.card).first()


def account_of(named: Named, phone: Phone) -> Account:
    """Refused `client_not_found`."""
    return find(program_id=phone.caller.program_id, who=Who("id", str(named.account_id)), now=phone.now)


def read(text: str) -> Who | None:
    """A phone, a card's number or a one-time code in what was keyed in or scanned; None for four digits or nothing.

    A scanned address is the client's card page with one of these in it.
    """
    kind, value = keyed_in.read(_of_address(text.strip()))
    return Who(kind, value) if kind in ("code", "phone", "card") else None


def look_for(text: str, phone: Phone) -> Named | list[Match]:
    """The client, or those whose phone or card ends with these four digits.

    Refused `client_not_found`; MustWaitError after too many of those.
    """
    refuse_guessing(phone)
    who = read(text)
    try:
        if who is not None:
            return named(who, phone)
        found = _ending_with(text.strip(), phone)
    except Refused as refused:
        # A card that waits for its client is in the cashier's hands: he guesses nothing.
        if not (who is not None and who.by == "card" and binding.is_waiting(phone.caller.program_id, who.value)):
            count_guess(phone, refused)
        raise
    count_look(phone)
    return found


def named(who: Who, phone: Phone) -> Named:
    who = recognised(who, program_id=phone.caller.program_id, till_id=phone.caller.till_id, now=phone.now)
    account = find(program_id=phone.caller.program_id, who=who, now=phone.now)
    if who.by == "card":
        shown = Card.objects.filter(program_id=phone.caller.program_id, number=who.value).values_list("pk", flat=True)
        return Named(account.public_id, who.by, card=shown.get())
    return Named(account.public_id, who.by, who.value if who.by == "code" else "")


def _of_address(text: str) -> str:
    if not re.match(r"https?://", text, re.IGNORECASE):
        return text
    try:
        address = urlsplit(text)
    except ValueError:  # http://[
        return ""
    parts = [*(value for _name, value in parse_qsl(address.query)), *address.path.split("/"), address.fragment]
    return next((part for part in parts if re.fullmatch(r"[0-9]{6}|[0-9]{10,20}", part)), "")


def _ending_with(digits: str, phone: Phone) -> list[Match]:
    program_id = phone.caller.program_id
    cards = Card.objects.filter(program_id=program_id, status=Card.Status.ACTIVE, number__endswith=digits)
    accounts = Account.objects.filter(program_id=program_id, pk__in=cards.values("account"), merged_into=None)
    found = list(accounts.select_related("client").order_by("-pk")[:MOST_MATCHES]) if digits else []
    if not found:
        raise Refused("client_not_found")
    return [_match(account, phone) for account in found]


def _match(account: Account, phone: Phone) -> Match:
    client: Client | None = getattr(account, "client", None)
    # Four digits prove nothing: who is chosen here counts as named by his phone, and has to confirm spending.
    word = Named(account.public_id, "phone").word(phone)
    return Match(client.name if client else "", masked(str(client.phone or "")) if client else "", word)


def masked(number: str) -> str:
    """`+7 916 ···-··-67`"""
    if number.startswith("+7") and len(number) == 12:
        return f"+7 {number[2:5]} ···-··-{number[10:]}"
    return f"···{number[-2:]}" if number else ""
