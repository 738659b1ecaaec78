"""Clients as the staff write them down: added at the counter, and corrected later."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.db import IntegrityError, transaction
from django.db.models import F
from msgspec import Struct

from clients.consents import Kind, texts_in_force
from clients.enrolment import Consented, check_birthday, check_email, enrol
from clients.models import Client
from clients.phones import e164
from loyalty import ledger
from loyalty.models import Account, Card
from loyalty.refusals import Refused
from merchants import audit
from merchants.access import Actor, same_tenant
from merchants.models import Merchant


class Particulars(Struct, frozen=True, kw_only=True):
    """What is known of a person. `phone` is as people write it, empty for somebody without one."""

    phone: str
    name: str = ""
    birthday: dt.date | None = None
    birthday_year_known: bool = True
    email: str = ""
    note: str = ""
    tags: Sequence[str] = ()


@transaction.atomic
def add(
    *,
    merchant: Merchant,
    particulars: Particulars,
    consents: Sequence[Kind],
    source: str,
    now: dt.datetime,
    by: Actor,
    address: str = "",
) -> Client:
    """A new client with an account, cards and the welcome points, who has given these consents to whoever asked, at
    the place `address`.

    Refused `client_exists` with the other's `account_id`; raises NotAPhoneError, NotABirthdayError, NotAnEmailError.
    """
    texts = texts_in_force(merchant)
    client = enrol(
        program_id=merchant.program_id,
        merchant_id=merchant.pk,
        phone=particulars.phone,
        name=particulars.name,
        birthday=particulars.birthday,
        birthday_year_known=particulars.birthday_year_known,
        email=particulars.email,
        consents=[Consented(kind, text_version=texts[kind].version) for kind in consents],
        source=source,
        address=address,
        now=now,
    )
    Client.objects.filter(pk=client.pk).update(note=particulars.note)
    Account.objects.filter(pk=client.account_id).update(tags=list(particulars.tags))
    audit.record(program_id=merchant.program_id, action="client.added", at=now, by=by, subject=client)
    return client


@transaction.atomic
def edit(*, client: Client, particulars: Particulars, now: dt.datetime, by: Actor) -> list[str]:
    """Write down what has changed, and what follows: the phone's card, and what rules ask for on the account.

    Returns the names of the changed fields; the log keeps no more than them. Refused `client_exists` with the other's
    `account_id`; raises NotAPhoneError, NotABirthdayError, NotAnEmailError. A changed phone makes older links to the
    client's card dead: whoever reads the old number's messages has them.
    """
    program_id = same_tenant(client)
    phone = e164(particulars.phone) if particulars.phone else None
    check_birthday(particulars.birthday, now)
    check_email(particulars.email)
    # A sale reads birthday and tags under this lock.
    ledger.lock(program_id=program_id, account_id=client.account_id, now=now)
    client = Client.objects.select_for_update().select_related("account").get(pk=client.pk)
    account = client.account
    wanted: dict[str, object] = {
        "phone": phone,
        "name": " ".join(particulars.name.split()),
        "birthday": particulars.birthday,
        "email": particulars.email,
        "note": particulars.note,
    }
    changed = [field for field, value in wanted.items() if _known(client, field) != value]
    wanted["birthday_year_known"] = particulars.birthday_year_known
    if "birthday" not in changed and client.birthday_year_known != particulars.birthday_year_known:
        changed.append("birthday")
    if list(particulars.tags) != account.tags:
        changed.append("tags")
    if not changed:
        return []
    if "phone" in changed:
        _change_card(account, _known(client, "phone"), phone, now)
        Client.objects.filter(pk=client.pk).update(card_version=F("card_version") + 1)
    Client.objects.filter(pk=client.pk).update(**wanted)
    Account.objects.filter(pk=account.pk).update(
        birthday=particulars.birthday,
        birthday_year_known=particulars.birthday_year_known,
        tags=list(particulars.tags),
    )
    if "birthday" in changed:
        # Gifts wait a month after it: nobody moves his birthday to today.
        Account.objects.filter(pk=account.pk).update(birthday_set_at=now)
    audit.record(
        program_id=program_id, action="client.edited", at=now, by=by, subject=client, details={"fields": changed}
    )
    return changed


def _known(client: Client, field: str) -> object:
    value = getattr(client, field)
    return (str(value) if value else None) if field == "phone" else value


def _change_card(account: Account, before: object, phone: str | None, now: dt.datetime) -> None:
    """The number that tills find the client by. A number of another client's is refused."""
    mine = Card.objects.filter(program_id=account.program_id, account=account, kind=Card.Kind.PHONE)
    if before:
        # Free for whoever has the number now.
        mine.filter(number=before).delete()
    if phone is None or mine.filter(number=phone).exists():
        return
    try:
        with transaction.atomic():
            Card.objects.create(
                program_id=account.program_id, account=account, kind=Card.Kind.PHONE, number=phone, created_at=now
            )
    except IntegrityError:
        known = Card.objects.select_related("account").get(program_id=account.program_id, number=phone)
        raise Refused("client_exists", account_id=known.account.public_id) from None
