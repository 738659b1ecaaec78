"""Accounts that were merged: where they live on, and who belongs together."""

from __future__ import annotations

from collections.abc import Collection

from django.db import connection

from loyalty.models import Account


def living_of(program_id: int, accounts: Collection[int]) -> dict[int, int]:
    """Each account with the one that it lives on in, itself where it was not merged. One query; none for none."""
    if not accounts:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT a, loyalty_living(%s, a) FROM unnest(%s::bigint[]) a", [program_id, sorted(set(accounts))]
        )
        return dict(cursor.fetchall())


def kin_of(program_id: int, accounts: Collection[int]) -> list[int]:
    """These accounts and all that were ever merged with them. One query; none for none."""
    if not accounts:
        return []
    with connection.cursor() as cursor:
        cursor.execute("SELECT loyalty_kin(%s, %s::bigint[])", [program_id, sorted(set(accounts))])
        return [key for (key,) in cursor.fetchall()]


def living(account: Account) -> Account:
    """The account that the client has now."""
    while account.merged_into is not None:
        account = account.merged_into
    return account
