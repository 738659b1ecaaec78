"""A receipt that was moved to another client lives on as the one in its place. A till knows the old one only, and what
it asks of that is meant for the living one."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Final

from loyalty.models import Sale
from loyalty.refusals import Refused
from loyalty.sales.request import Answer

# On the void and its entries; a manager finds the new receipt by its flag. That of an undoing has the second one, too.
REASON: Final = "moved"
FLAG: Final = "moved_by_hand"
UNDONE: Final = "move_undone"
# Nobody moves a receipt so often.
_MOST: Final = 100


class MovedOn(Exception):  # noqa: N818  # it is no error: the act goes on with the other receipt
    def __init__(self, to: uuid.UUID) -> None:
        super().__init__(to)
        self.to = to


def may_be_undone(sale: Sale) -> bool:
    return sale.replaces_id is not None and FLAG in sale.flags and UNDONE not in sale.flags


def next_of(sale: Sale) -> Sale | None:
    """The receipt to which this one was moved; not one that corrects it."""
    if sale.status != Sale.Status.VOIDED:
        return None
    of_day = Sale.objects.filter(program_id=sale.program_id, local_day=sale.local_day, replaces=sale)
    return of_day.filter(flags__contains=[FLAG]).first()


def living(sale: Sale) -> Sale:
    """The receipt that stands for this one now: itself, where it was not moved."""
    for _n in range(_MOST):
        after = next_of(sale)
        if after is None:
            break
        sale = after
    return sale


def followed(sale_id: uuid.UUID, attempt: Callable[[uuid.UUID], Answer]) -> Answer:
    """Attempt an act, and again on the receipt in the place of this one for as often as it raises MovedOn. Each attempt
    is a transaction: accounts are locked before receipts, and the next receipt's client is another one."""
    for _n in range(_MOST):
        try:
            return attempt(sale_id)
        except MovedOn as moved:
            sale_id = moved.to
    raise Refused("sale_not_sold", status=Sale.Status.VOIDED)
