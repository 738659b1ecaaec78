"""Two clients who are one person: the accounts become one, and so does what is known of the person.

The one who stays keeps his name, phone, e-mail, birthday and consents; of what he has not he gets the other's. Consents
are never taken over: what somebody agreed to he agreed to by himself. The other's row goes, and is kept for as long as
the merge can be undone.
"""

from __future__ import annotations

import datetime as dt
from typing import Any, Final

from django.db import transaction

from clients.models import Client, ClientMerge, Consent
from loyalty import merging
from loyalty.merging import UNDONE_WITHIN, Unmerging
from merchants.access import Actor, every_tenant, same_tenant

FIELDS: Final = ("name", "phone", "email", "birthday", "note")
_NOTE_LENGTH: Final = 300


@transaction.atomic
def merge(*, keep: Client, drop: Client, now: dt.datetime, by: Actor) -> ClientMerge:
    """`drop` is `keep` from now on. Raises loyalty.merging.CannotMerge, and nothing has changed."""
    program_id = same_tenant(keep, drop)
    row = merging.merge(keep=keep.account, drop=drop.account, now=now, by=by)
    people = Client.objects.select_for_update().filter(pk__in=[keep.pk, drop.pk]).in_bulk()
    keep, drop = people[keep.pk], people[drop.pk]
    person = _person(drop)
    took = {field: person[field] for field in FIELDS[:-1] if person[field] and not getattr(keep, field)}
    if "birthday" in took:
        took["birthday_year_known"] = person["birthday_year_known"]
    note = " · ".join(part for part in (keep.note, drop.note) if part)[:_NOTE_LENGTH]
    if note != keep.note:
        took["note"], person["note_before"] = note, keep.note
    drop.delete()
    if took:
        Client.objects.filter(pk=keep.pk).update(**took)
    return ClientMerge.objects.create(program_id=program_id, merge=row, client=keep, person=person, took=took)


@transaction.atomic
def unmerge(*, merge: ClientMerge, now: dt.datetime, by: Actor) -> tuple[Client, Unmerging]:
    """The other client as he was, and what his account gets back. Raises loyalty.merging.CannotMerge."""
    program_id = same_tenant(merge)
    done = merging.unmerge(merge=merge.merge, now=now, by=by)
    merge = ClientMerge.objects.select_for_update(of=("self",)).select_related("merge").get(pk=merge.pk)
    keep = Client.objects.select_for_update().get(pk=merge.client_id)
    person, took = dict(merge.person), merge.took
    now_known = _person(keep)
    # What has been corrected since stays as it was corrected.
    own = {field: _empty(field) for field, value in took.items() if now_known[field] == value and field in FIELDS[:-1]}
    if "birthday" in own:
        own["birthday_year_known"] = True
    if "note" in took and keep.note == took["note"]:
        own["note"] = person["note_before"]
    if own:
        Client.objects.filter(pk=keep.pk).update(**own)
    phone = person["phone"]
    if phone and Client.objects.filter(program_id=program_id, phone=phone).exists():
        phone = None
    back = Client.objects.create(
        pk=person["pk"],
        program_id=program_id,
        account_id=merge.merge.dropped_id,
        **{field: person[field] for field in FIELDS if field != "phone"},
        birthday_year_known=person.get("birthday_year_known", True),
        phone=phone,
        card_version=person["card_version"],
        created_at=person["created_at"],
    )
    Consent.objects.bulk_create(Consent(program_id=program_id, client=back, **said) for said in person["consents"])
    merge.delete()
    return back, done


def undoable(client: Client, now: dt.datetime) -> list[ClientMerge]:
    """Merges into this client that may still be undone, the newest first."""
    rows = ClientMerge.objects.filter(client=client, merge__undone_at=None, merge__at__gt=now - UNDONE_WITHIN)
    return list(rows.select_related("merge").order_by("-pk"))


def forget(*, now: dt.datetime) -> int:
    """Delete what is known of people whose merge can be undone no longer. Returns how many."""
    with every_tenant():
        return ClientMerge.objects.filter(merge__at__lte=now - UNDONE_WITHIN).delete()[0]


def _person(client: Client) -> dict[str, Any]:
    said = client.consents.order_by("at", "pk").values("kind", "given", "at", "source", "address", "text_version")
    return {
        "pk": client.pk,
        "name": client.name,
        "phone": str(client.phone) if client.phone else None,
        "email": client.email,
        "birthday": client.birthday.isoformat() if client.birthday else None,
        "birthday_year_known": client.birthday_year_known,
        "note": client.note,
        "card_version": client.card_version,
        "created_at": client.created_at.isoformat(),
        "consents": [{**one, "at": one["at"].isoformat()} for one in said],
    }


def _empty(field: str) -> Any:
    return None if field in ("phone", "birthday") else ""
