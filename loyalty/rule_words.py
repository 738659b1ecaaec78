"""What the parts of a programme's rules are called on pages, by their names in the format."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from loyalty.engine.conditions import CONDITIONS
from loyalty.engine.effects import EFFECTS
from loyalty.engine.fields import fields_of

PARTS: Final[Mapping[str, Promise]] = {
    "format": _("Format"),
    "program": _("Programme"),
    "points": _("Points"),
    "spending": _("Paying with points"),
    "status": _("How tiers are kept"),
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
    "inactivity_days": _("Days without purchases until all points expire"),
    "caps": _("At most for one client, all rules together"),
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
    "min_line_price": _("Points can’t pay for goods cheaper than"),
    "line_minimum": _("Minimum price of a line"),
    "round_to_pay": _("Round the sum to pay down"),
    # tiers
    "id": _("Id"),
    "title": _("Title"),
    "spent": _("Sum of purchases"),
    "visits": _("Visits"),
    "referrals": _("Invited clients"),
    "earn_percent": _("Earns, %"),
    "discount_percent": _("Discount, %"),
    "gift": _("Gift, points"),
    # how tiers are kept
    "window": _("What counts for tiers"),
    "unit": _("Calendar period"),
    "downgrade": _("Downgrade"),
    "grace_days": _("Days of grace before a downgrade"),
    "fall": _("How far a tier falls"),
    # rules
    "effect": _("Effect"),
    "goods": _("Goods"),
    "when": _("Conditions"),
    "group": _("Exclusion group"),
    "limits": _("Limits"),
    "closes": _("The discounted goods are closed to"),
    "enabled": _("Switched on"),
    # limits
    "per_week": _("A week at most"),
    "per_month": _("A month at most"),
    "per_client": _("For a client at most, in all"),
    "times_per_day": _("Times a day at most"),
    "times_per_month": _("Times a month at most"),
    "times_per_client": _("Times for a client at most, in all"),
    "budget": _("Budget for all clients together"),
    "uses": _("Times at most, all clients together"),
    # effects and conditions
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
    "at_least": _("At least"),
    "at_most": _("At most"),
    "below": _("Below"),
    "steps": _("Thresholds"),
    "levels": _("Levels"),
    "percents": _("Percents by level"),
    "quantity": _("Quantity"),
    "every": _("For every"),
    "at": _("Once, at"),
    "minimum": _("On receipts from"),
    "number": _("Number of the visit"),
    "again": _("And then every so many visits"),
    "before": _("Days before"),
    "after": _("Days after"),
    "any": _("With one of the tags"),
    "none": _("Without the tags"),
    "code": _("Promo code"),
    "batch": _("Batch of promo codes"),
    "needed": _("Stamps on a card"),
    "of": _("A stamp"),
    "action": _("Action"),
    "approval": _("Somebody looks at it first"),
}
# What clients do elsewhere, as shops' programs name it; others are shown as they are named.
ACTIONS: Final[Mapping[str, Promise]] = {
    "review": _("review"),
    "repost": _("repost"),
    "survey": _("survey"),
    "subscription": _("subscription"),
}
_VOCABULARY: Final = {str(cls.__struct_config__.tag): cls for cls in (*CONDITIONS, *EFFECTS)}


def part(name: str, of: object = None) -> str:
    """What a part is called. `of` is what it stands in: an effect or a condition has titles for its own fields. A part
    that has no words yet is called by its own name."""
    kind = of.get("kind") if isinstance(of, Mapping) else None
    if isinstance(kind, str) and kind in _VOCABULARY:
        for field in fields_of(_VOCABULARY[kind]):
            if field.name == name:
                return gettext(field.title)
    return str(PARTS.get(name, name))


def action(name: str) -> str:
    return str(ACTIONS.get(name, name))
