"""What the parts of a programme's rules are called on pages, by their names in the format."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

PARTS: Final[Mapping[str, Promise]] = {
    "format": _("Format"),
    "program": _("Programme"),
    "points": _("Points"),
    "spending": _("Paying with points"),
    "tiers": _("Tiers"),
    "rules": _("Rules"),
    # the programme
    "currency": _("Currency"),
    "currency_digits": _("Decimal places of the currency"),
    "precision": _("Decimal places of points"),
    "time_zone": _("Time zone"),
    "day_starts_at": _("The day starts at"),
    # points
    "value": _("Value of a point, in money"),
    "rounding": _("Rounding"),
    "earn_on": _("What points are earned on"),
    "earn_when_redeeming": _("Earning on receipts that points paid a part of"),
    "pending_days": _("Days until points can be spent"),
    "expiry": _("Expiry"),
    "debt": _("When too few points are left to take back"),
    "reinstate_days": _("Days of life for points that come back"),
    "late_days": _("How old a receipt may be, days"),
    # spending
    "max_percent": _("Points pay at most, %"),
    "per_receipt": _("Points for one receipt at most"),
    "per_day": _("Points a day at most"),
    "min_points": _("Points at once at least"),
    "step": _("Step of spending"),
    "redeem_from": _("Balance from which spending begins"),
    "confirm": _("Spending is confirmed when found by"),
    "line_minimum": _("Minimum price of a line"),
    "round_to_pay": _("Round the sum to pay down"),
    # tiers
    "id": _("Id"),
    "title": _("Title"),
    "spent": _("Sum of purchases"),
    "visits": _("Visits"),
    "earn_percent": _("Earns, %"),
    "discount_percent": _("Discount, %"),
    "gift": _("Gift, points"),
    # rules
    "effect": _("Effect"),
    "goods": _("Goods"),
    "when": _("Conditions"),
    "kind": _("Kind"),
    "percent": _("Percent"),
    "amount": _("Sum"),
    "by": _("Times"),
    "tags": _("Tags"),
    "outlets": _("Outlets"),
    "channels": _("Channels of sales"),
    "skus": _("Goods by SKU"),
    "categories": _("Categories"),
    "brands": _("Brands"),
    "except_skus": _("Except goods by SKU"),
    "except_categories": _("Except categories"),
    "except_brands": _("Except brands"),
    "since": _("From"),
    "until": _("Until"),
    "weekdays": _("Days of the week"),
    "time_from": _("From, hours"),
    "time_to": _("Until, hours"),
    "days": _("Days"),
    "date": _("Date"),
}


def part(name: str) -> str:
    """A part that has no words yet is called by its own name."""
    return str(PARTS.get(name, name))
