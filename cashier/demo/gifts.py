"""Some gifts of the demo's shop, and what its clients have taken of them."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from io import BytesIO
from typing import Final

from cashier.demo.gift_pictures import PICTURES, drawn
from cashier.demo.premises import Premises
from loyalty.models import Account, Exchange
from loyalty.refusals import Refused
from loyalty.rewards import catalogue, ending, exchanging, pictures
from loyalty.rewards.catalogue import Terms
from merchants.access import tenant
from merchants.models import Merchant

BY: Final = "manage.py demo"
GIFTS: Final = (
    Terms(title="Кофе в зёрнах, 250 г", price=Decimal(400), left=18, position=10, text="Смесь «Утро», обжарка недели."),
    Terms(title="Кружка с логотипом", price=Decimal(600), left=7, per_client=1, claim_days=14, position=20),
    Terms(title="Десерт на выбор", price=Decimal(150), per_month=2, position=30, text="Любой с витрины до 250 ₽."),
    Terms(
        title="Урок латте-арта",
        price=Decimal(900),
        left=4,
        is_service=True,
        asks="На чьё имя записать",
        per_client=1,
        position=40,
    ),
    Terms(
        title="Пожертвование в приют", price=Decimal(100), is_service=True, position=50, text="100 ₽ от вашего имени."
    ),
)


def stock(premises: Premises, end: dt.datetime) -> None:
    """The catalogue, and a few that were taken in the last days."""
    with tenant(premises.program_id):
        merchant = Merchant.objects.get(pk=premises.merchant_id)
        made = end - dt.timedelta(days=60)
        rewards = [catalogue.add(merchant=merchant, terms=terms, now=made, by=BY) for terms in GIFTS]
        for reward, name in zip(rewards, PICTURES, strict=True):
            pictures.put(reward=reward, content=pictures.redrawn(BytesIO(drawn(name))), now=made)
        rich = Account.objects.filter(
            program_id=premises.program_id, merchant=merchant, status=Account.Status.ACTIVE, points__gte=400
        )
        for n, account in enumerate(rich.order_by("pk")[:12]):
            reward = rewards[(0, 2, 4, 2, 0)[n % 5]]
            # Entries follow one another: nothing is written before what the year has brought.
            now = end - dt.timedelta(minutes=12 - n)
            try:
                row = exchanging.exchange(reward=reward, account=account, channel=Exchange.Channel.CARD, now=now, by=BY)
            except Refused:
                continue
            if n % 3 == 0:
                ending.hand_over(exchange=row, now=end, by=BY)
            elif n == 4:
                ending.cancel(exchange=row, now=end, by=BY, reason="Передумал")
