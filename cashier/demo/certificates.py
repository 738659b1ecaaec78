"""A few certificates of the demo's shop: sold before the holidays, given away, one that ends soon, one cancelled."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from cashier.demo.premises import Premises
from loyalty.certificates import changing, issuing
from loyalty.certificates.issuing import Terms
from loyalty.certificates.rows import good_through
from loyalty.engine.calendar import Calendar
from loyalty.models import Certificate
from merchants.access import tenant
from merchants.models import Merchant

BY = "manage.py demo"
_COFFEE = "Два капучино"


def issue(premises: Premises, calendar: Calendar, end: dt.datetime) -> None:
    """All of them were issued in the last weeks before the end of the demo's year."""
    with tenant(premises.program_id):
        merchant = Merchant.objects.get(pk=premises.merchant_id)

        def made(days_ago: int, good_for: int, number: int = 1, **terms: object) -> list[Certificate]:
            then = end - dt.timedelta(days=days_ago)
            wanted = Terms(**{"kind": "sum", "expires_at": good_through(calendar, then, good_for), **terms})  # type: ignore[arg-type]
            return issuing.issue(merchant=merchant, terms=wanted, now=then, by=BY, number=number)

        made(40, 365, 20, amount=Decimal(1000), is_sold=True, title="Корпоративный подарок")
        made(21, 365, amount=Decimal(3000), is_sold=True, for_whom="Мария", wish="С днём рождения!")
        made(14, 30, 5, kind="percent", percent=Decimal(20), title="За отзыв")
        made(10, 20, amount=Decimal(500), for_whom="Пётр")
        made(7, 90, kind="product", sku="cappuccino", title=_COFFEE, is_sold=True, price=Decimal(420))
        lost = made(5, 365, amount=Decimal(2000), is_sold=True)[0]
        changing.cancel(certificate=lost, now=end - dt.timedelta(days=3), by=BY, reason="Потерян, выдан другой")
