"""An exchange at a till or by a shop's program: whoever asks for it has to be the client, as for spending on a receipt.

By phone alone a client earns and does not spend, unless the rules allow it: the rotating or the one-time code, a
confirmation by SMS, or a senior's logged word is needed (`spending.confirm`).
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable

from django.db import transaction
from msgspec import Struct

from loyalty import binding, confirmation, ledger
from loyalty.accounts import find as find_account
from loyalty.engine.rulebook import Rulebook
from loyalty.idempotency import Done, once
from loyalty.ledger import AccountState
from loyalty.models import Account, Card, Confirmation, Exchange, OneTimeCode, Reward
from loyalty.programs import rulebook_at
from loyalty.refusals import Refused
from loyalty.rewards import exchanging
from loyalty.sales.keys import stored_answer
from loyalty.sales.opening import WrongConfirmation
from loyalty.sales.request import Answer, Idempotency, Who
from merchants import audit
from merchants.authentication import Caller


class Asked(Struct, frozen=True):
    """What a till asks for. `confirmation` is the code from the SMS, `override` a senior's reason to do without."""

    reward_id: uuid.UUID
    client: Who
    note: str = ""
    confirmation: str = ""
    override: str = ""
    cashier: str = ""
    handed: bool = False
    channel: Exchange.Channel = Exchange.Channel.API


def exchange(
    *, caller: Caller, asked: Asked, key: Idempotency, now: dt.datetime, render: Callable[[Exchange], str]
) -> Answer:
    """Once for each key of the till. Refused as `exchanging.exchange` is, and `reward_not_found`, `client_not_found`,
    `confirmation_required`, `confirmation_invalid`, `override_not_allowed`."""
    known = stored_answer(program_id=caller.program_id, till_id=caller.till_id, key=key)
    if known is not None:
        # The code that it was asked with is used up by now.
        return known
    reward = reward_of(caller, asked.reward_id)
    account = find_account(program_id=caller.program_id, who=asked.client, now=now)
    with transaction.atomic():
        # A wrong code is counted while the account is still locked, and the count stays although nothing is given.
        ledger.lock_all(program_id=caller.program_id, accounts=[account.pk])
        try:
            return once(
                caller=caller,
                key=key,
                now=now,
                status=201,
                act=lambda: _act(caller, asked, reward, account, now, render),
            )
        except WrongConfirmation as error:
            confirmation.count_failure(program_id=caller.program_id, account_id=error.account_id)
            wrong = error
    raise wrong


def reward_of(caller: Caller, reward_id: uuid.UUID) -> Reward:
    """Refused `reward_not_found` for another merchant's, too."""
    rows = Reward.objects.filter(program_id=caller.program_id, merchant_id=caller.merchant_id, public_id=reward_id)
    reward = rows.select_related("program", "merchant").first()
    if reward is None:
        raise Refused("reward_not_found")
    return reward


def needs_code(*, who: Who, rulebook: Rulebook) -> bool:
    """Whether a client who was found like this has to confirm that he spends."""
    confirm = rulebook.spending.confirm
    return who.by in confirm or ("phone" in confirm and who.by == "card" and _is_unproven(who.value))


def _act(
    caller: Caller,
    asked: Asked,
    reward: Reward,
    account: Account,
    now: dt.datetime,
    render: Callable[[Exchange], str],
) -> Done:
    by = f"{caller} {asked.cashier}".strip()
    state = exchanging.lock(account, now)
    confirmed = _is_confirmed(caller, asked, reward, state, now)
    if asked.client.by == "code":
        _use_up(caller.program_id, asked.client.value, now)
    if not confirmed and needs_code(who=asked.client, rulebook=rulebook_at(caller.program_id, now)[1]):
        raise Refused("confirmation_required")
    row = exchanging.take(
        reward,
        state,
        channel=asked.channel,
        now=now,
        by=by,
        note=asked.note,
        outlet_id=caller.outlet_id,
        handed=asked.handed,
    )
    if asked.confirmation:
        Confirmation.objects.filter(program_id=caller.program_id, account=state.id).update(used_at=now)
        if asked.client.by == "card":
            binding.prove(program_id=caller.program_id, number=asked.client.value)
    if asked.override:
        audit.record(
            program_id=caller.program_id,
            action="exchange.confirmation_overridden",
            at=now,
            by=by,
            subject=row,
            details={"points": str(row.points)},
            reason=asked.override[:250],
        )
    return account, render(row)


def _is_confirmed(caller: Caller, asked: Asked, reward: Reward, state: AccountState, now: dt.datetime) -> bool:
    if asked.override.strip():
        if "adjust" not in caller.scopes:
            raise Refused("override_not_allowed")
        return True
    if not asked.confirmation:
        return False
    living = Confirmation.objects.filter(program_id=caller.program_id, account=state.id, used_at=None)
    sent = living.filter(expires_at__gt=now).first()
    if sent is None or sent.attempts >= confirmation.ATTEMPTS:
        raise Refused("confirmation_invalid")
    if not confirmation.matches(state.id, asked.confirmation, sent.digest):
        raise WrongConfirmation(state.id)
    if sent.points is not None and reward.price > sent.points:
        raise Refused("confirmation_invalid")
    return True


def _use_up(program_id: int, code: str, now: dt.datetime) -> None:
    """A code serves once: behind the account's lock, so that a sale that waits meanwhile does not find it."""
    if not OneTimeCode.objects.living(now).filter(program_id=program_id, code=code).delete()[0]:
        raise Refused("client_not_found")


def _is_unproven(number: str) -> bool:
    return Card.objects.filter(number=number, unproven=True).exists()
