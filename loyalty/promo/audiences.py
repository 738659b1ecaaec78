"""Segments that batches of codes are for. This app knows their numbers; who is in them knows the one that registers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Protocol

from msgspec import structs

from loyalty.engine.cart import PromoCode
from merchants.models import Merchant


class Audiences(Protocol):
    def contains(self, *, program_id: int, audience: int, account_id: int, at: dt.datetime) -> bool:
        """Whether the client of this account is in the segment; False where it is gone."""

    def choices(self, merchant: Merchant) -> Sequence[tuple[int, str]]:
        """The segments that a batch of this merchant may be for, with their names."""


class Nobody:
    def contains(self, *, program_id: int, audience: int, account_id: int, at: dt.datetime) -> bool:
        return False

    def choices(self, merchant: Merchant) -> Sequence[tuple[int, str]]:
        return ()


_known: list[Audiences] = [Nobody()]


def register(audiences: Audiences) -> None:
    _known[:] = [audiences]


def known() -> Audiences:
    return _known[0]


def narrowed(codes: Sequence[PromoCode], program_id: int, account_id: int | None, at: dt.datetime) -> list[PromoCode]:
    """Those for a segment that the client is not in are refused. The only case in which a sale asks once more."""
    return [one if _meant(one, program_id, account_id, at) else _refused(one) for one in codes]


def _meant(one: PromoCode, program_id: int, account_id: int | None, at: dt.datetime) -> bool:
    if one.audience is None or one.refused or account_id is None:
        return True
    return known().contains(program_id=program_id, audience=one.audience, account_id=account_id, at=at)


def _refused(one: PromoCode) -> PromoCode:
    return structs.replace(one, refused="promo_audience")
