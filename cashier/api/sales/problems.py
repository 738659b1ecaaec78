"""The refusals that several operations share."""

from __future__ import annotations

REQUESTED = (
    "client_not_found",
    "client_blocked",
    "card_blocked",
    "card_replaced",
    "program_not_published",
    "occurred_at_in_future",
    "occurred_at_too_old",
    "confirmation_invalid",
    "override_not_allowed",
)
SOLD = (
    *REQUESTED,
    "redemption_limit",
    "confirmation_required",
    "insufficient_points",
    "receipt_exists",
    "certificate_not_found",
    "certificate_refused",
    "certificate_limit",
)
