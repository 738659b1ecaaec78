"""What the owner wants of a file of receipts, beside what stands in it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

import msgspec
from msgspec import Struct

from clients.models import ClientImport
from merchants.models import Outlet


class Unknown(StrEnum):
    """What becomes of receipts whose client nobody knows."""

    ANONYMOUS = "anonymous"
    REFUSE = "refuse"


class ReceiptChoices(Struct, frozen=True, kw_only=True):
    """`outlet` is that of lines that name none."""

    unknown: Unknown = Unknown.ANONYMOUS
    outlet: int | None = None


def choices_of(one: ClientImport) -> ReceiptChoices:
    return msgspec.convert(one.choices, ReceiptChoices) if one.choices else ReceiptChoices()


class Outlets(Struct, frozen=True):
    """The merchant's outlets by what a file may call them, in small letters; `usual` where it says nothing."""

    named: Mapping[str, int]
    titles: str
    usual: int | None

    @classmethod
    def of(cls, one: ClientImport) -> Outlets:
        found = list(Outlet.objects.filter(program_id=one.program_id, merchant_id=one.merchant_id).order_by("-pk"))
        named = {outlet.name.casefold(): outlet.pk for outlet in found}
        named |= {outlet.code.casefold(): outlet.pk for outlet in found}
        usual = choices_of(one).outlet
        if usual not in {outlet.pk for outlet in found}:
            usual = found[0].pk if len(found) == 1 else None
        return cls(named, ", ".join(sorted(outlet.name for outlet in found)), usual)
