"""Cards of a client: bind a plastic one, block, unblock, replace.

Everything is done behind the account's lock, as sales are: a receipt under way ends before the block, the next one
sees it. Two who bind one number at once meet at the number's uniqueness, and one of them wins.
"""

from __future__ import annotations

import datetime as dt
from typing import Final

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from loyalty import giving_cards, keyed_in, ledger
from loyalty.cards import new_number, refuse_blocked
from loyalty.giving_cards import GiveAt
from loyalty.models import Account, Card, CardBatch, CardSettings, GivenCard, OneTimeCode, PlasticCard
from loyalty.refusals import Refused
from loyalty.sales.request import Who
from merchants import audit
from merchants.access import Actor, same_tenant

# More than anybody carries: whoever reaches it is feeding a scanner.
MOST_CARDS: Final = 50


def spelled(text: str) -> str:
    """A number as it is kept: without spaces."""
    return "".join(text.split())[:41]


@transaction.atomic
def bind(
    *, account: Account, number: str, now: dt.datetime, by: Actor, proven: bool = True, gift: GiveAt | None = None
) -> Card:
    """The card finds this client from now on. Binding what is his already changes nothing.

    One that is not `proven` (a till has bound it without the client's own code) confirms spending no more than his
    phone does, until he has confirmed something by it, or it is bound once more with proof.
    A till says where it gives the card (`gift`), and the programme's terms for that hold (`loyalty.giving_cards`).

    Refused `card_not_found` where no batch has the number and the programme binds no others, `card_taken` where it is
    another client's, `card_blocked` or `card_replaced` where it is of no use any more, `client_blocked`, `card_limit`,
    and as `giving_cards.give` is.
    """
    program_id = same_tenant(account)
    number = spelled(number)
    state = ledger.lock(program_id=program_id, account_id=account.pk, now=now)
    if state.status == Account.Status.BLOCKED:
        raise Refused("client_blocked")
    if state.status != Account.Status.ACTIVE:
        raise Refused("client_not_found")
    known = _known(program_id, number, state.id)
    if known is not None:
        if proven and known.unproven:
            prove(program_id=program_id, number=number)
            known.unproven = False
        return known
    card = _bind(program_id, state.id, number, now, proven=proven)
    # A card that no batch knows is one that the client has brought along: nobody gives it to him.
    if gift is not None and card.batch_id is not None:
        given = giving_cards.give(card=card, account_id=state.id, at=gift, now=now)
        details = {"price": str(given.price)} if given is not None and given.price else {}
    else:
        details = {}
    _record(card, "card.bound", now, by, **details)
    return card


def prove(*, program_id: int, number: str) -> None:
    """The client has shown that the card is his."""
    Card.objects.filter(program_id=program_id, number=number, unproven=True).update(unproven=False)


def proves(*, account: Account, code: str, now: dt.datetime) -> bool:
    """Whether these six digits are, or were within their ten minutes, the client's own."""
    codes = OneTimeCode.objects.filter(program_id=account.program_id, code=code, expires_at__gt=now)
    return codes.filter(account=account).exists()


def is_shown(*, program_id: int, who: Who) -> bool:
    """Whether he was found by what only he has: a code, or a card that is not merely bound to his phone."""
    if who.by == "code":
        return True
    return who.by == "card" and Card.objects.filter(program_id=program_id, number=who.value, unproven=False).exists()


def _known(program_id: int, number: str, account_id: int) -> Card | None:
    """The card where it is the account's own; Refused where it is somebody's or blocked."""
    card = Card.objects.filter(program_id=program_id, number=number).first()
    if card is None:
        return None
    if card.account_id != account_id or card.kind == Card.Kind.PHONE:
        raise Refused("card_taken")
    refuse_blocked(card)
    return card


def _bind(program_id: int, account_id: int, number: str, now: dt.datetime, *, proven: bool) -> Card:
    if Card.objects.filter(program_id=program_id, account=account_id, status=Card.Status.ACTIVE).count() >= MOST_CARDS:
        raise Refused("card_limit", most=MOST_CARDS)
    batch = _batch_of(program_id, number)
    try:
        with transaction.atomic():
            return Card.objects.create(
                program_id=program_id,
                account_id=account_id,
                kind=Card.Kind.PLASTIC,
                number=number,
                batch=batch,
                unproven=not proven,
                created_at=now,
            )
    except IntegrityError:
        raise Refused("card_taken") from None


def _batch_of(program_id: int, number: str) -> CardBatch | None:
    waiting = PlasticCard.objects.filter(program_id=program_id, number=number).select_related("batch").first()
    if waiting is None:
        if any_number(program_id) and keyed_in.is_card(number):
            return None
        raise Refused("card_not_found")
    if waiting.blocked or waiting.batch.state == CardBatch.State.WITHDRAWN:
        raise Refused("card_blocked")
    if waiting.batch.state != CardBatch.State.READY:
        raise Refused("card_not_found")
    return waiting.batch


def any_number(program_id: int) -> bool:
    """Whether cards may be bound that no batch knows."""
    return CardSettings.objects.filter(program_id=program_id, any_number=True).exists()


def is_waiting(program_id: int, number: str) -> bool:
    """Whether this is a card of ours that nobody has yet."""
    number = spelled(number)
    return (
        PlasticCard.objects.waiting().filter(program_id=program_id, number=number).exists()
        and not Card.objects.filter(program_id=program_id, number=number).exists()
    )


@transaction.atomic
def let_any_number(*, program_id: int, allowed: bool, now: dt.datetime, by: Actor) -> None:
    CardSettings.objects.update_or_create(program_id=program_id, defaults={"any_number": allowed})
    audit.record(program_id=program_id, action="cards.settings_changed", at=now, by=by, details={"any_number": allowed})


@transaction.atomic
def block(*, card: Card, why: Card.Why, note: str, now: dt.datetime, by: Actor) -> None:
    """Tills find nobody by it any more. A phone is no card: it is changed, not blocked. ValueError for one."""
    card = _locked(card, now)
    if card.status == Card.Status.BLOCKED:
        return
    _stop(card, why, note, now)
    _record(card, "card.blocked", now, by, note, why=str(why))


@transaction.atomic
def take_back(*, account: Account, number: str, at: GiveAt, now: dt.datetime, by: Actor) -> GivenCard:
    """A card that was sold comes back to a till: it is blocked for good, and the row says what money goes out.

    Refused `card_not_found` where the client has no such card, `card_not_sold` where this merchant's tills took no
    money for it or it has come back already.
    """
    program_id = same_tenant(account)
    state = ledger.lock(program_id=program_id, account_id=account.pk, now=now)
    card = Card.objects.filter(
        program_id=program_id, account=state.id, number=spelled(number), kind=Card.Kind.PLASTIC
    ).first()
    if card is None:
        raise Refused("card_not_found")
    given = giving_cards.take_back(card=card, at=at, now=now)
    _stop(card, Card.Why.OTHER, str(_("Given back at the till")), now)
    _record(card, "card.given_back", now, by, price=str(given.price))
    return given


@transaction.atomic
def unblock(*, card: Card, note: str, now: dt.datetime, by: Actor) -> None:
    """It finds its client again. Refused `card_replaced`: whoever has the new one need not find the old one working."""
    card = _locked(card, now)
    if card.status == Card.Status.ACTIVE:
        return
    if card.block_why == Card.Why.REPLACED:
        raise Refused("card_replaced")
    Card.objects.filter(pk=card.pk).update(status=Card.Status.ACTIVE, block_why="", block_note="", blocked_at=None)
    _record(card, "card.unblocked", now, by, note)


@transaction.atomic
def replace(*, card: Card, number: str, note: str, now: dt.datetime, by: Actor) -> Card:
    """Another card takes over: a plastic one by its number, a virtual one by a new number that is drawn.

    Refused as `bind` is. Where the number is another card of the same client already, that one takes over.
    """
    card = _locked(card, now)
    if card.block_why == Card.Why.REPLACED:
        raise Refused("card_replaced")
    account = Account.objects.get(pk=card.account_id)
    number = spelled(number)
    if card.kind == Card.Kind.VIRTUAL and not number:
        fresh = Card.objects.create(
            program_id=card.program_id,
            account=account,
            kind=Card.Kind.VIRTUAL,
            number=new_number(),
            created_at=now,
        )
    elif number == card.number:
        raise Refused("card_taken")
    else:
        fresh = bind(account=account, number=number, now=now, by=by)
    _stop(card, Card.Why.REPLACED, note, now, replaced_by=fresh.pk)
    _record(card, "card.replaced", now, by, note, new=fresh.pk)
    return fresh


def _stop(card: Card, why: Card.Why, note: str, now: dt.datetime, replaced_by: int | None = None) -> None:
    Card.objects.filter(pk=card.pk).update(
        status=Card.Status.BLOCKED, block_why=why, block_note=note[:250], blocked_at=now, replaced_by=replaced_by
    )


def _locked(card: Card, now: dt.datetime) -> Card:
    """The card as it is behind its account's lock. It may go to another account with a merge while this one waits."""
    program_id = same_tenant(card)
    while True:
        state = ledger.lock(program_id=program_id, account_id=card.account_id, now=now)
        card = Card.objects.get(program_id=program_id, pk=card.pk)
        if card.account_id == state.id:
            break
    if card.kind == Card.Kind.PHONE:
        raise ValueError("a phone is no card")
    return card


def _record(card: Card, action: str, now: dt.datetime, by: Actor, reason: str = "", **details: object) -> None:
    audit.record(
        program_id=card.program_id,
        action=action,
        at=now,
        by=by,
        subject=Account(pk=card.account_id, program_id=card.program_id),
        details={"card": card.pk, **details},
        reason=reason[:250],
    )
