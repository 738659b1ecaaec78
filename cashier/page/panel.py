"""What a cashier sees of a client: where he stands, and what there is to tell him."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from django.utils import timezone
from msgspec import Struct

from cashier.page.door import Post
from cashier.page.who import Named, account_of
from clients import birthdays, coupons
from clients.models import Client
from loyalty import stamps
from loyalty.models import Account, Reward
from loyalty.programs import rulebook_at
from loyalty.refusals import Refused
from loyalty.stamps import Card
from loyalty.standing import Standing, standing
from loyalty.wording import words_on_page

SOON = 7


class Panel(Struct, frozen=True):
    """`birthday` is the next one where it is within a week, in `birthday_in` days. `gift` is for the next tier;
    `coupons` are codes that may be used now, with their terms."""

    account: Account
    client: Client | None
    standing: Standing
    rate: Decimal | None
    gift: Decimal | None
    birthday: dt.date | None
    birthday_in: int
    coupons: tuple[tuple[str, str], ...] = ()
    has_gifts: bool = False
    stamps: tuple[tuple[Card, str], ...] = ()

    @property
    def is_blocked(self) -> bool:
        return self.account.status == Account.Status.BLOCKED


def panel_of(named: Named, post: Post) -> Panel:
    """Refused `client_not_found`."""
    account = account_of(named, post)
    stands = standing(program_id=post.caller.program_id, account_id=account.pk, now=post.now)
    client = Client.objects.filter(program_id=post.caller.program_id, account=account).first()
    rate = gift = None
    try:
        rulebook = rulebook_at(post.caller.program_id, post.now)[1]
    except Refused:
        pass
    else:
        here, following = (rulebook.tiers_by_id.get(tier) for tier in (stands.tier, stands.next_tier))
        rate = rulebook.tiers[here].earn_percent if here is not None else None
        if following is not None and rulebook.tiers[following].id not in account.tier_gifts:
            gift = rulebook.tiers[following].gift or None
    birthday = birthdays.next_one(account.birthday, timezone.localdate(post.now)) if account.birthday else None
    days = (birthday - timezone.localdate(post.now)).days if birthday else 0
    words = words_on_page(post.caller.program_id)
    held = coupons.at_hand(program_id=post.caller.program_id, account_id=account.pk, now=post.now)
    codes = coupons.codes_at_hand(program_id=post.caller.program_id, account_id=account.pk, now=post.now, words=words)
    chips = (
        *((coupon.code, coupons.terms(coupon, words)) for coupon in held),
        *((given.code, said) for given, said in codes),
    )
    mine = Reward.objects.filter(program_id=post.caller.program_id, merchant=post.caller.merchant_id, enabled=True)
    celebrated = birthday if days <= SOON else None
    cards = stamps.shown(program_id=post.caller.program_id, account_id=account.pk, now=post.now, words=words)
    return Panel(account, client, stands, rate, gift, celebrated, days, chips, mine.exists(), tuple(cards))
