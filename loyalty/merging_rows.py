"""What goes with an account when it is merged, beside its points: rows by their keys, and what they were before."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from typing import Any

import msgspec
from django.db import connection
from django.db.models import Exists, OuterRef
from msgspec import Struct

from loyalty.engine.quantities import ZERO
from loyalty.models import (
    Account,
    Activity,
    Card,
    Certificate,
    Confirmation,
    Exchange,
    PastReceipt,
    PersonalCoupon,
    PromoCode,
    PromoCodeUse,
    Sale,
)


class Moved(Struct, kw_only=True):
    """As it stands in `AccountMerge.moved`. `tags` and `gifts` are those that the kept account had not; `took` names
    what it took over for want of its own."""

    points: Decimal = ZERO
    debt: Decimal = ZERO
    lots_before: int = 0
    kept_tier: str = ""
    kept_tier_ends_at: dt.datetime | None = None
    dropped_tier_ends_at: dt.datetime | None = None
    cards: list[int] = []
    sales: list[int] = []
    past: list[int] = []
    coupons: list[int] = []
    certificates: list[int] = []
    promo_codes: list[int] = []
    activities: list[int] = []
    exchanges: list[int] = []
    referees: list[int] = []
    uses: list[tuple[str, str, Decimal, int, Decimal]] = []
    tags: list[str] = []
    gifts: list[str] = []
    took: list[str] = []

    def as_json(self) -> Any:
        return msgspec.to_builtins(self, enc_hook=str)

    @staticmethod
    def from_json(kept: Any) -> Moved:
        return msgspec.convert(kept, Moved, strict=False)


def hand_over(moved: Moved, *, keep: Account, drop: Account, referees: list[int]) -> None:
    """Everything of the dropped account that has a life of its own goes to the kept one. Both are locked."""
    program = {"program_id": keep.program_id}
    moved.cards = _give(Card.objects.filter(**program, account=drop), account=keep)
    moved.sales = _give(Sale.objects.filter(**program, account=drop), account=keep)
    moved.past = _give(PastReceipt.objects.filter(**program, account=drop), account=keep)
    moved.coupons = _give(PersonalCoupon.objects.filter(**program, account=drop), account=keep)
    moved.certificates = _give(Certificate.objects.filter(**program, holder=drop), holder=keep)
    moved.exchanges = _give(Exchange.objects.filter(**program, account=drop), account=keep)
    moved.promo_codes = _give(_codes_to_give(keep, drop), account=keep)
    _uses_with_their_sales(keep.program_id, moved.sales, keep)
    known = set(Activity.objects.filter(**program, account=keep).values_list("action", "reference"))
    done = Activity.objects.filter(**program, account=drop).values_list("pk", "action", "reference")
    # What both have done counts once; the other stays with the alias.
    fresh = [key for key, action, reference in done if (action, reference) not in known]
    moved.activities = _give(Activity.objects.filter(**program, pk__in=fresh), account=keep)
    moved.referees = _give(Account.objects.filter(**program, pk__in=referees), referrer=keep)
    moved.uses = _move_uses(drop, keep, None)
    Confirmation.objects.filter(**program, account=drop).delete()
    _merge_facts(moved, keep, drop)
    Account.objects.filter(pk=drop.pk).update(status=Account.Status.MERGED, merged_into=keep)


def _merge_facts(moved: Moved, keep: Account, drop: Account) -> None:
    """Tags and gifts of tiers add up; of what the kept account has not, it takes the other's. A tier that the other
    holds is looked at with the rules, where the caller settles it."""
    moved.tags = [tag for tag in drop.tags if tag not in keep.tags]
    moved.gifts = [tier for tier in drop.tier_gifts if tier not in keep.tier_gifts]
    taken: dict[str, Any] = {}
    if keep.referrer_id is None and drop.referrer_id is not None:
        taken["referrer"] = drop.referrer
    if keep.birthday is None and drop.birthday is not None:
        taken["birthday"] = drop.birthday
    if not keep.manual_tier and drop.manual_tier:
        taken |= {"manual_tier": drop.manual_tier, "manual_tier_until": drop.manual_tier_until}
    moved.took = sorted(taken)
    if "birthday" in taken:
        taken["birthday_year_known"] = drop.birthday_year_known
    Account.objects.filter(pk=keep.pk).update(
        tags=[*keep.tags, *moved.tags], tier_gifts=[*keep.tier_gifts, *moved.gifts], **taken
    )


def hand_back(moved: Moved, *, keep: Account, drop: Account) -> None:
    """What is still there. Both are locked; `keep` has been read behind the lock."""
    program = {"program_id": keep.program_id}
    _give(Card.objects.filter(**program, pk__in=_with_heirs(keep.program_id, moved.cards), account=keep), account=drop)
    _give(Sale.objects.filter(**program, pk__in=moved.sales, account=keep), account=drop)
    _give(PastReceipt.objects.filter(**program, pk__in=moved.past, account=keep), account=drop)
    coupons = PersonalCoupon.objects.filter(**program, pk__in=moved.coupons, account=keep)
    # One that the kept account's later receipt has used stays with that receipt.
    used = coupons.filter(sale__account=keep).values_list("pk", flat=True)
    _give(PersonalCoupon.objects.filter(**program, pk__in=set(moved.coupons) - set(used), account=keep), account=drop)
    _give(Certificate.objects.filter(**program, pk__in=moved.certificates, holder=keep), holder=drop)
    codes = PromoCode.objects.filter(**program, pk__in=moved.promo_codes, account=keep)
    # As with coupons: one that the kept account's later receipt has used stays.
    gone = codes.filter(uses__sale__account=keep, uses__released_at=None).values_list("pk", flat=True)
    _give(PromoCode.objects.filter(**program, pk__in=set(moved.promo_codes) - set(gone), account=keep), account=drop)
    _uses_with_their_sales(keep.program_id, moved.sales, drop)
    _give(Activity.objects.filter(**program, pk__in=moved.activities, account=keep), account=drop)
    _give(Exchange.objects.filter(**program, pk__in=moved.exchanges, account=keep), account=drop)
    _give(Account.objects.filter(**program, pk__in=moved.referees, referrer=keep), referrer=drop)
    _move_uses(keep, drop, moved.uses)
    # What was changed by hand since is left as it is.
    own = {
        "referrer": ("referrer_id", None),
        "birthday": ("birthday", None),
        "manual_tier": ("manual_tier", ""),
        "manual_tier_until": ("manual_tier_until", None),
    }
    restored: dict[str, Any] = {
        own[field][0]: own[field][1]
        for field in moved.took
        if getattr(keep, own[field][0]) == getattr(drop, own[field][0])
    }
    if "birthday" in restored:
        restored["birthday_year_known"] = True
    Account.objects.filter(pk=keep.pk).update(
        tags=[tag for tag in keep.tags if tag not in moved.tags],
        tier_gifts=[tier for tier in keep.tier_gifts if tier not in moved.gifts],
        **restored,
    )
    Account.objects.filter(pk=drop.pk).update(status=Account.Status.ACTIVE, merged_into=None)


def _codes_to_give(keep: Account, drop: Account) -> Any:
    """Codes that were given to the dropped account, but for those of an occasion for which the kept one has one."""
    codes = PromoCode.objects.filter(program_id=keep.program_id)
    both = codes.filter(account=keep, batch=OuterRef("batch"), once=OuterRef("once")).exclude(once="")
    return codes.filter(~Exists(both), account=drop)


def _uses_with_their_sales(program_id: int, sales: list[int], owner: Account) -> None:
    """Limits for one client count what the receipts used that are his now."""
    PromoCodeUse.objects.filter(program_id=program_id, sale__in=sales, sale__account=owner).update(account=owner)


def _with_heirs(program_id: int, cards: list[int]) -> set[int]:
    """These cards and those that have replaced them since: whoever gave one back at the counter got the other."""
    found, fresh = set(cards), set(cards)
    while fresh:
        heirs = Card.objects.filter(program_id=program_id, pk__in=fresh).values_list("replaced_by", flat=True)
        fresh = {heir for heir in heirs if heir is not None} - found
        found |= fresh
    return found


def recount(account: Account) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT loyalty_recount(%s, %s)", [account.program_id, account.pk])


def _give(rows: Any, **to: Account) -> list[int]:
    """Rows in the order of their keys get another owner; their keys."""
    keys = list(rows.order_by("pk").select_for_update(of=("self",), no_key=True).values_list("pk", flat=True))
    rows.model.objects.filter(pk__in=keys).update(**to)
    return keys


def _move_uses(source: Account, target: Account, most: Any) -> list[tuple[str, str, Decimal, int, Decimal]]:
    limits = None if most is None else json.dumps(msgspec.to_builtins(most))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT loyalty_move_uses(%s, %s, %s, %s::jsonb)::text",
            [source.program_id, source.pk, target.pk, limits],
        )
        (text,) = cursor.fetchone()
    return msgspec.json.decode(text, type=list[tuple[str, str, Decimal, int, Decimal]])
