"""The pages that `bench pages` opens, and the owner who opens them."""

from __future__ import annotations

import datetime as dt

from django.test import Client
from django.urls import reverse
from django.utils import timezone

from bench.shop import Shop
from loyalty.models import Account, Sale
from merchants.access import tenant
from merchants.models import Member, Merchant, Role, User


def prepare(shop: Shop) -> Client:
    """An owner of the measured merchant, logged in, and the roll-ups that beat would have made by now."""
    from insights.rollups import roll_up  # noqa: PLC0415

    user, _made = User.objects.get_or_create(email="owner@example.org", defaults={"name": "Owner", "password": "!"})
    with tenant(shop.program_id):
        merchant = Merchant.objects.get(pk=shop.merchant_id)
        Member.objects.get_or_create(
            merchant=merchant, user=user, defaults={"program_id": shop.program_id, "role": Role.OWNER}
        )
    roll_up(now=timezone.now())
    client = Client()
    client.force_login(user)
    return client


def pages_of(shop: Shop) -> list[tuple[str, str]]:
    merchant = shop.merchant_id
    with tenant(shop.program_id):
        account = Account.objects.get(program_id=shop.program_id, pk=shop.accounts // 2)
        sale = Sale.objects.filter(program_id=shop.program_id, account=account).first()
    assert sale is not None
    clients, sales = reverse("clients", args=[merchant]), reverse("sales", args=[merchant])
    long_ago = sale.local_day - dt.timedelta(days=1)
    return [
        # The fixture's receipts lie from 40 days ago backwards.
        ("dashboard", reverse("dashboard", args=[merchant]) + "?days=90"),
        ("clients", clients),
        ("clients, deep", f"{clients}?before={shop.accounts // 3}"),
        ("clients, search by a rare name", f"{clients}?q=железнов"),
        ("clients, search by a common name", f"{clients}?q=анна"),
        ("clients, search by a part of a phone", f"{clients}?q=00{shop.accounts // 2}"),
        ("clients, search by four digits", f"{clients}?q=4321"),
        ("clients, search for nobody", f"{clients}?q=ывафыва"),
        ("a client", reverse("client", args=[merchant, account.public_id])),
        ("receipts", sales),
        ("receipts of a day", f"{sales}?since={sale.local_day}&until={sale.local_day}"),
        ("receipts, deep", f"{sales}?before={long_ago}~{sale.pk}"),
        ("a receipt", reverse("sale", args=[merchant, sale.public_id])),
        ("rules", reverse("programme", args=[merchant])),
        ("team", reverse("team", args=[merchant])),
        ("outlets", reverse("outlets", args=[merchant])),
        ("audit log", reverse("audit_log", args=[merchant])),
    ]
