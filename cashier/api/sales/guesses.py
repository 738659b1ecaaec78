"""What of a quote or a sale was a guess: counted, so that nobody tries codes out."""

from __future__ import annotations

from loyalty.engine.codes import may_be
from loyalty.engine.explanation import Rejected
from loyalty.sales.receipt import Receipt
from merchants.authentication import Caller
from merchants.throttling import record_guess


def is_guess(rejected: Rejected) -> bool:
    """A certificate, or a promo code with a right check character, that there is not. Words that are being typed, and
    slips of the finger, are none."""
    return rejected.reason == "unknown" and (rejected.kind == "certificate" or may_be(rejected.value))


def count_guesses(receipt: Receipt, caller: Caller) -> None:
    """One for the whole receipt."""
    if any(map(is_guess, receipt.rejected)):
        record_guess(caller)
