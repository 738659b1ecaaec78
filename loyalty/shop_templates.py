"""Ready programmes to begin with: five kinds of shops, each a small document of rules in the reader's language."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from msgspec import Struct

Document = dict[str, Any]


class Template(Struct, frozen=True):
    """`document` makes the rules, with their titles in the active language."""

    title: Promise
    lead: Promise
    document: Callable[[], Document]


def _rule(rule_id: str, title: str, effect: Document, **parts: Any) -> Document:
    return {"id": rule_id, "title": title, "effect": effect, **parts}


def _percent(percent: str) -> Document:
    return {"kind": "percent", "percent": percent}


def _birthday(effect: Document, **parts: Any) -> Document:
    around = {"kind": "birthday", "before": 3, "after": 3}
    return _rule("birthday", _("Birthday"), effect, when=[around], **parts)


def _lasts(days: int) -> Document:
    return {"expiry": {"kind": "days", "days": days}}


def cafe() -> Document:
    return {
        "points": _lasts(180),
        "spending": {"max_percent": "50"},
        "rules": [
            _rule("base", _("For every purchase"), _percent("5")),
            _birthday(_percent("10")),
            _rule(
                "quiet",
                _("Quiet hours"),
                {"kind": "multiply", "by": "2"},
                when=[{"kind": "period", "weekdays": [1, 2, 3, 4, 5], "time_from": "14:00:00", "time_to": "17:00:00"}],
            ),
            _rule(
                "tenth",
                _("Every tenth visit"),
                {"kind": "give", "points": "100"},
                when=[{"kind": "nth_visit", "number": 10}],
            ),
            _rule("welcome", _("Welcome points"), {"kind": "welcome", "points": "100"}),
        ],
    }


def shop() -> Document:
    steps = [
        {"at_least": "500", "percent": "3"},
        {"at_least": "3000", "percent": "5"},
        {"at_least": "5000", "percent": "8"},
    ]
    return {
        "spending": {"max_percent": "0"},
        "rules": [
            _rule(
                "card",
                _("Discount by the card"),
                {"kind": "ladder", "by": "turnover", "steps": steps},
                goods={"except_categories": [_("Tobacco"), _("Alcohol")]},
            )
        ],
    }


def salon() -> Document:
    return {
        "points": _lasts(365),
        "spending": {"max_percent": "30"},
        "tiers": [
            {"id": "silver", "title": _("Silver"), "spent": "0", "earn_percent": "3"},
            {"id": "gold", "title": _("Gold"), "spent": "30000", "earn_percent": "5"},
            {"id": "platinum", "title": _("Platinum"), "spent": "100000", "earn_percent": "7", "gift": "1000"},
        ],
        "rules": [
            _birthday({"kind": "give", "points": "500"}, limits={"times_per_month": 1}),
            _rule("back", _("Come back"), {"kind": "give", "points": "300"}, when=[{"kind": "comes_back", "days": 60}]),
            _rule(
                "friend",
                _("Bring a friend"),
                {"kind": "referral_gift", "points": ["500"]},
                when=[{"kind": "first_purchase"}],
            ),
        ],
    }


def online() -> Document:
    return {
        # Points make coupons here: a point for a rouble that also paid a rouble would give everything back.
        "points": _lasts(365),
        "spending": {"max_percent": "0"},
        "tiers": [
            {"id": "start", "title": _("Start"), "spent": "0"},
            {"id": "regular", "title": _("Regular"), "spent": "10000", "discount_percent": "3"},
            {"id": "friend", "title": _("Friend"), "spent": "30000", "discount_percent": "5"},
            {"id": "vip", "title": _("VIP"), "spent": "100000", "discount_percent": "10"},
        ],
        "rules": [
            _rule("base", _("A point for each rouble"), {"kind": "per_unit", "points": "1"}),
            _rule("coupon", _("Coupon"), {"kind": "coupon", "every": "5000", "amount": "300", "days": 180}),
            _rule(
                "review", _("For a review"), {"kind": "activity", "action": "review", "points": "300", "approval": True}
            ),
            _rule("welcome", _("Welcome points"), {"kind": "welcome", "points": "500"}),
        ],
        "status": {"window": {"kind": "days", "days": 365}, "downgrade": "at_once", "grace_days": 30},
    }


def wholesale() -> Document:
    by_pieces = [
        {"at_least": "10", "percent": "5"},
        {"at_least": "50", "percent": "10"},
        {"at_least": "200", "percent": "15"},
    ]
    by_sum = [{"at_least": "100000", "percent": "3"}, {"at_least": "300000", "percent": "5"}]
    return {
        "spending": {"max_percent": "0"},
        "rules": [
            _rule(
                "pieces",
                _("By quantity"),
                {"kind": "ladder", "by": "line_quantity", "steps": by_pieces},
                group=_("wholesale"),
            ),
            _rule(
                "quarter",
                _("By purchases of 90 days"),
                {"kind": "ladder", "by": "turnover", "days": 90, "steps": by_sum},
                group=_("wholesale"),
            ),
        ],
    }


TEMPLATES: Final[Mapping[str, Template]] = {
    "cafe": Template(
        gettext_lazy("Café"), gettext_lazy("Points that bring people back, and quiet hours that fill."), cafe
    ),
    "shop": Template(gettext_lazy("Shop"), gettext_lazy("A discount that grows with what was bought."), shop),
    "salon": Template(
        gettext_lazy("Beauty salon"), gettext_lazy("Three tiers, a birthday, and a reason to come back."), salon
    ),
    "online": Template(
        gettext_lazy("Online shop"), gettext_lazy("A point for each rouble, coupons, four tiers of a year."), online
    ),
    "wholesale": Template(
        gettext_lazy("Wholesale"), gettext_lazy("The more is taken, the less a piece costs."), wholesale
    ),
}
