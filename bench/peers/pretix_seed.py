"""The part of `pretix.py` that runs inside pretix's own environment.

`database URL NAME [fresh]` makes pretix's database beside the one in the URL; `cards N` fills it with what the
measured request needs and prints one JSON line: the organizer's slug, the API token and the ids of the gift cards.
Filled again, it takes back what earlier rounds left (pretix adds up a card's whole history at each request), so
every run starts alike.
"""

from __future__ import annotations

import json
import os
import sys
from decimal import Decimal
from typing import Any

import django
import psycopg2
from django.apps import apps
from django.db import connection, transaction
from django_scopes import scopes_disabled
from psycopg2.sql import SQL, Identifier

ORGANIZER = "bench"
OPENING = Decimal("1000000.00")


def make_database(url: str, name: str, *, fresh: bool) -> None:
    """Create pretix's database on the server of the URL, after dropping it when `fresh`."""
    server = psycopg2.connect(url)
    server.autocommit = True
    with server.cursor() as cursor:
        if fresh:
            cursor.execute(SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(Identifier(name)))
        cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
        if cursor.fetchone() is None:
            cursor.execute(SQL("CREATE DATABASE {}").format(Identifier(name)))
    server.close()


def seed(cards: int) -> dict[str, object]:
    """Make the organizer, its team, token and gift cards, and return how to reach them."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pretix.settings")
    django.setup()

    def model(name: str, app: str = "pretixbase") -> Any:
        return apps.get_model(app, name)

    gift_cards, transactions = model("GiftCard"), model("GiftCardTransaction")
    with scopes_disabled(), transaction.atomic():
        organizer, _ = model("Organizer").objects.get_or_create(slug=ORGANIZER, defaults={"name": "Bench"})
        permissions = {"organizer.giftcards:read": True, "organizer.giftcards:write": True}
        team, _ = model("Team").objects.update_or_create(
            organizer=organizer, name="bench", defaults={"limit_organizer_permissions": permissions}
        )
        token, _ = model("TeamAPIToken").objects.get_or_create(team=team, name="bench")

        transactions.objects.all().delete()
        model("LogEntry").all.all().delete()
        model("ApiCall", "pretixapi").objects.all().delete()
        have = gift_cards.objects.filter(issuer=organizer).count()
        gift_cards.objects.bulk_create(
            gift_cards(issuer=organizer, secret=f"BENCH{number:08d}", currency="EUR") for number in range(have, cards)
        )
        ids = list(gift_cards.objects.filter(issuer=organizer).order_by("id").values_list("id", flat=True)[:cards])
        transactions.objects.bulk_create(
            transactions(card_id=card, value=OPENING, acceptor=organizer, text="opening") for card in ids
        )
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    return {"organizer": ORGANIZER, "token": token.token, "cards": ids}


if __name__ == "__main__":
    if sys.argv[1] == "database":
        make_database(sys.argv[2], sys.argv[3], fresh="fresh" in sys.argv[4:])
    else:
        print(json.dumps(seed(int(sys.argv[2]))))
