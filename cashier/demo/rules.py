"""The programme of the demo: as published a year ago, and as it was improved since."""

from __future__ import annotations

from typing import Any

Document = dict[str, Any]

_POINTS = {"pending_days": 1, "expiry": {"kind": "days", "days": 180}}
_SPENDING = {"max_percent": "50"}
_TIERS = [
    {"id": "bronze", "title": "Бронза", "spent": "0", "earn_percent": "3"},
    {"id": "silver", "title": "Серебро", "spent": "8000", "earn_percent": "5", "gift": "200"},
    {"id": "gold", "title": "Золото", "spent": "25000", "earn_percent": "7", "gift": "500"},
]
_WELCOME = {"id": "welcome", "title": "Приветственные зёрна", "effect": {"kind": "welcome", "points": "100"}}
_WEEKEND = {
    "id": "sweet-weekend",
    "title": "Сладкие выходные",
    "effect": {"kind": "multiply", "by": "2"},
    "goods": {"categories": ["Десерты"]},
    "when": [{"kind": "period", "weekdays": [6, 7]}],
}
_QUIET_HOURS = {
    "id": "quiet-hours",
    "title": "Тихие часы",
    "effect": {"kind": "multiply", "by": "1.5"},
    "goods": {"categories": ["Кофе"]},
    "when": [{"kind": "period", "weekdays": [1, 2, 3, 4, 5], "time_from": "14:00:00", "time_to": "16:00:00"}],
}
_LARGE = {
    "id": "large",
    "title": "30 зёрен за каждую тысячу",
    "effect": {"kind": "for_every", "points": "30", "amount": "1000"},
}

# Days before the end of the demo at which each became the rule.
VERSIONS: tuple[tuple[int, Document], ...] = (
    (365, {"points": _POINTS, "spending": _SPENDING, "tiers": _TIERS, "rules": [_WELCOME, _WEEKEND]}),
    (
        140,
        {
            "points": _POINTS,
            "spending": _SPENDING,
            "tiers": _TIERS,
            "rules": [_WELCOME, _WEEKEND, _QUIET_HOURS, _LARGE],
        },
    ),
)
