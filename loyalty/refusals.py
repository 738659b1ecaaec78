"""How a service says no. Nothing has changed when it does."""

from __future__ import annotations

from typing import Literal

Code = Literal[
    "client_not_found",
    "client_blocked",
    "client_exists",
    "program_not_published",
    "occurred_at_in_future",
    "occurred_at_too_old",
    "redemption_limit",
    "confirmation_required",
    "confirmation_invalid",
    "confirmation_too_soon",
    "override_not_allowed",
    "idempotency_key_reused",
    "receipt_exists",
    "sale_not_found",
    "sale_not_held",
    "sale_not_sold",
    "hold_ended",
    "line_not_found",
    "return_exceeds_sale",
    "insufficient_points",
    "key_revoked",
    "draft_is_stale",
    "rules_invalid",
    "phone_missing",
    "tier_not_found",
    "points_invalid",
    "points_expired",
    "adjustment_limit",
    "request_decided",
    "request_over",
    "request_ones_own",
    "activity_unknown",
    "activity_limit",
    "activity_decided",
    "referrer_refused",
    "card_not_found",
    "card_taken",
    "card_blocked",
    "card_replaced",
    "card_limit",
    "card_too_early",
    "card_needs_receipt",
    "card_price",
    "card_not_sold",
    "certificate_not_found",
    "certificate_refused",
    "certificate_limit",
    "certificate_used",
    "promo_code_not_found",
    "promo_code_mistyped",
    "reward_not_found",
    "reward_refused",
    "exchange_not_found",
    "exchange_decided",
    "exchange_over",
]


class Refused(Exception):  # noqa: N818  # it reads: `raise Refused("client_blocked")`
    """A request that can't be carried out. `code` is stable; `facts` are numbers and names for the sentence."""

    def __init__(self, code: Code, **facts: object) -> None:
        super().__init__(code)
        self.code: Code = code
        self.facts = facts
