"""Every code a till may be answered with: status, title, and the sentence that tells a cashier what to do.

A sentence may name facts of the refusal as `%(name)s`; a fact that is missing makes it fall back to the title.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from msgspec import Struct

from loyalty import refusals


class Kind(Struct, frozen=True):
    """`pointer` is the place in the body that a refusal is about, where it is one."""

    status: int
    title: Promise
    detail: Promise
    pointer: str = ""


REFUSALS: Final[Mapping[refusals.Code, Kind]] = {
    "client_not_found": Kind(
        404, _("Client not found"), _("There is no such client. Check the number, or offer to join."), "/client"
    ),
    "client_blocked": Kind(
        409, _("Client blocked"), _("The client's card is blocked. Sell without the card, or call the manager.")
    ),
    "client_exists": Kind(
        409, _("Client exists already"), _("This phone number has joined already. Find the client by the number.")
    ),
    "program_not_published": Kind(
        409, _("Programme not published"), _("The programme has no published rules yet. Call the manager.")
    ),
    "occurred_at_in_future": Kind(
        422,
        _("Receipt from the future"),
        _("The time of the receipt lies ahead. Check the clock of the till."),
        "/occurred_at",
    ),
    "occurred_at_too_old": Kind(
        422,
        _("Receipt too old"),
        _("The receipt is too old to be booked. Call the manager."),
        "/occurred_at",
    ),
    "redemption_limit": Kind(
        409,
        _("More points than allowed"),
        _("This receipt may take %(allowed)s at most: %(limit)s. Change the number of points and repeat."),
        "/points",
    ),
    "confirmation_required": Kind(
        409,
        _("Confirmation required"),
        _("Spending has to be confirmed. Send the client a code, or ask for the card on the phone."),
        "/confirmation",
    ),
    "confirmation_invalid": Kind(
        409,
        _("Wrong code"),
        _("The code is wrong or too old. Ask the client again, or send a new one."),
        "/confirmation",
    ),
    "confirmation_too_soon": Kind(
        429,
        _("Code sent just now"),
        _("A code was sent less than a minute ago. Ask the client for it, or wait %(seconds)s s and send another."),
    ),
    "override_not_allowed": Kind(
        403,
        _("Override not allowed"),
        _("This till may not spend points without a confirmation. Send the client a code."),
    ),
    "idempotency_key_reused": Kind(
        409,
        _("Idempotency-Key used already"),
        _("This Idempotency-Key belongs to another request. Look up what was booked; a new receipt takes a new key."),
    ),
    "receipt_exists": Kind(
        409,
        _("Receipt exists already"),
        _("Another receipt has this number today. Check the number of the receipt."),
        "/receipt_number",
    ),
    "sale_not_found": Kind(404, _("Sale not found"), _("There is no such sale. Check its number.")),
    "sale_not_held": Kind(409, _("Not a hold"), _("This sale is not on hold: there is nothing to commit.")),
    "sale_not_sold": Kind(409, _("Not a sale"), _("This sale is not complete: there is nothing to return.")),
    "hold_ended": Kind(409, _("Hold ended"), _("The hold has ended and its points are free. Sell anew.")),
    "line_not_found": Kind(
        422, _("No such line"), _("The sale has no such line. Check the lines of the return."), "/lines"
    ),
    "return_exceeds_sale": Kind(
        409, _("More than was sold"), _("That is more than is left of the sale. Check what has been returned before.")
    ),
    "insufficient_points": Kind(
        409, _("Not enough points"), _("The client does not have so many points any more. Compute the receipt again.")
    ),
    "key_revoked": Kind(
        401, _("Till key revoked"), _("The till's key was revoked, or the till is switched off. Call the manager.")
    ),
    "draft_is_stale": Kind(
        409, _("Draft changed meanwhile"), _("Somebody else has changed the rules meanwhile. Read them again.")
    ),
    "rules_invalid": Kind(422, _("Rules are not valid"), _("The rules have errors. Mend them and repeat.")),
    "phone_missing": Kind(
        409, _("No phone"), _("The client has no phone number to send a code to. Ask for the card instead.")
    ),
    "tier_not_found": Kind(422, _("No such tier"), _("The programme has no such tier.")),
    "points_expired": Kind(
        422, _("Points would have expired"), _("By the rules these points would have expired already.")
    ),
    "adjustment_limit": Kind(
        409, _("Above the limit by hand"), _("That is more than one may add or deduct by hand. Ask for approval.")
    ),
    "request_decided": Kind(409, _("Decided already"), _("Somebody else has decided on this request.")),
    "request_ones_own": Kind(403, _("One’s own request"), _("Nobody approves what he asked for himself.")),
    "request_over": Kind(409, _("Request has run out"), _("The time for this request is over. Ask again.")),
    "points_invalid": Kind(
        422, _("Points counted too finely"), _("The programme does not count points so finely."), "/points"
    ),
    "activity_unknown": Kind(
        422,
        _("Nothing for this action"),
        _("No rule of the programme gives points for this action. Check its name, or call the manager."),
        "/type",
    ),
    "activity_limit": Kind(
        409,
        _("No more points for this action"),
        _("The client has already had all that this action gives. Nothing was booked."),
    ),
    "activity_decided": Kind(
        409, _("Decided already"), _("Somebody has decided about this action already. Look at it again.")
    ),
    "referrer_refused": Kind(
        409,
        _("Can't be the one who invited"),
        _("Who invited a client is named once, before the first purchase, and is somebody else."),
    ),
    "card_not_found": Kind(
        404,
        _("No such card"),
        _("There is no card with this number. Check it, or take another card."),
    ),
    "card_taken": Kind(
        409,
        _("Card taken"),
        _("This card is another client's already. Take another card."),
    ),
    "card_blocked": Kind(
        409,
        _("Card blocked"),
        _("This card is blocked. Ask for the phone number or another card, or call the manager."),
    ),
    "card_replaced": Kind(
        409,
        _("Card replaced"),
        _("This card was replaced by another one. Ask for the new card or the phone number."),
    ),
    "card_limit": Kind(
        409,
        _("Too many cards"),
        _("The client has %(most)s cards already. Block those that he does not need."),
    ),
    "card_too_early": Kind(
        409,
        _("Card too early"),
        _("A card is given after the first purchase. Book the receipt first, then bind the card."),
    ),
    "card_needs_receipt": Kind(
        409,
        _("No receipt for a card"),
        _("A card is given for a receipt of today from %(money)s, one for each. Book it first, then bind the card."),
    ),
    "card_price": Kind(
        409,
        _("Card costs something else"),
        _("The card costs %(money)s now. Take this sum from the client and bind the card once more."),
        "/price",
    ),
    "card_not_sold": Kind(
        409,
        _("Card was not sold here"),
        _("Nothing was paid for this card here, or it was given back already. There is no money to return."),
    ),
    "certificate_not_found": Kind(
        404,
        _("Certificate not found"),
        _("There is no such certificate. Check the code, letter by letter."),
        "/certificates",
    ),
    "certificate_refused": Kind(
        409,
        _("Certificate can't pay"),
        _("The certificate can't pay: %(reason)s. Take it off the receipt and compute again."),
        "/certificates",
    ),
    "certificate_limit": Kind(
        409,
        _("Less on the certificate"),
        _("The certificate can pay %(money)s at most. Change the sum and repeat."),
        "/certificates",
    ),
    "certificate_used": Kind(
        409,
        _("Certificate used already"),
        _("The certificate that this receipt sold has paid for something: its money can't be given back."),
    ),
    "promo_code_not_found": Kind(
        404, _("Promo code not found"), _("There is no such promo code. Check it, letter by letter.")
    ),
    "promo_code_mistyped": Kind(
        404, _("Promo code misspelled"), _("The promo code has a wrong character. Check it, letter by letter.")
    ),
    "reward_not_found": Kind(
        404, _("No such gift"), _("There is no such gift in the catalogue. Look at it again."), "/reward"
    ),
    "reward_refused": Kind(409, _("Gift can't be taken"), _("The client can't take this gift: %(why)s."), "/reward"),
    "exchange_not_found": Kind(
        404, _("No such gift taken"), _("Nobody has taken a gift with this code. Check it, letter by letter.")
    ),
    "exchange_decided": Kind(
        409, _("Done already"), _("This gift was handed over or cancelled before. Nothing was changed.")
    ),
    "exchange_over": Kind(
        409, _("Gift not kept any more"), _("The time to come for this gift is over: its points go back to the client.")
    ),
}

OTHERS: Final[Mapping[str, Kind]] = {
    "malformed_json": Kind(400, _("Malformed JSON"), _("The body is not JSON. The till's program has to be mended.")),
    "invalid_query": Kind(
        400, _("Address not understood"), _("The address has parameters that are not understood; see errors.")
    ),
    "idempotency_key_missing": Kind(
        400, _("No Idempotency-Key"), _("A write needs an Idempotency-Key header. The till's program has to be mended.")
    ),
    "idempotency_key_invalid": Kind(
        400, _("Unusable Idempotency-Key"), _("An Idempotency-Key has 1 to 255 printable characters of ASCII.")
    ),
    "invalid": Kind(422, _("Values not understood"), _("Some values are wrong; see errors. Nothing was changed.")),
    "not_authenticated": Kind(401, _("No till key"), _("The request has no till key. Set the key up on the till.")),
    "invalid_key": Kind(401, _("Unknown till key"), _("This is not a key of any till. Check the key on the till.")),
    "scope_missing": Kind(403, _("Not allowed"), _("The till's key does not allow this. Call the manager.")),
    "not_found": Kind(404, _("Not found"), _("There is nothing at this address.")),
    "method_not_allowed": Kind(405, _("Method not allowed"), _("This address is not used with this method.")),
    "not_acceptable": Kind(406, _("Not acceptable"), _("Answers are application/json only. Change Accept.")),
    "conflict": Kind(
        409, _("Conflict"), _("Somebody else has just changed the same thing. Repeat with the same Idempotency-Key.")
    ),
    "body_too_large": Kind(413, _("Body too large"), _("The body is larger than %(megabytes)s MB. Send it in parts.")),
    "unsupported_media_type": Kind(415, _("Not JSON"), _("Bodies are application/json only. Change Content-Type.")),
    "impossible_value": Kind(
        422, _("Impossible value"), _("A value does not fit into the books. Check the sums and repeat.")
    ),
    "throttled": Kind(429, _("Too many requests"), _("Too many requests. Wait %(seconds)s s and repeat.")),
    "internal_error": Kind(
        500, _("Our mistake"), _("Something broke on our side, and nothing was changed. Repeat with the same key.")
    ),
    "busy": Kind(503, _("Busy"), _("The books are busy. Repeat in a moment with the same Idempotency-Key.")),
}

KINDS: Final[Mapping[str, Kind]] = {**{str(code): kind for code, kind in REFUSALS.items()}, **OTHERS}
