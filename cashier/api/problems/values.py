"""What can be wrong with one value: the sentence of each code in `errors[]`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

SENTENCES: Final[Mapping[str, Promise]] = {
    "required": _("This is missing."),
    "unknown_field": _("There is no such field."),
    "unknown_parameter": _("There is no such parameter."),
    "wrong_type": _("This is of the wrong type."),
    "not_a_number": _("This is not a number like 12.50, without exponents."),
    "negative": _("This can't be negative."),
    "must_be_positive": _("This must be more than zero."),
    "too_large": _("This number is too large."),
    "too_precise": _("No more than %(places)s decimal places."),
    "out_of_range": _("This number is out of range."),
    "too_long": _("No more than %(limit)s characters."),
    "too_short": _("At least %(limit)s characters."),
    "too_many": _("No more than %(limit)s."),
    "too_few": _("At least %(limit)s."),
    "bad_characters": _("There are characters that can't be seen or change the direction of writing."),
    "bad_format": _("This is not of the expected form."),
    "not_allowed": _("This is none of the allowed values."),
    "not_a_time": _("This is not a time like 2026-11-21T12:30:00+03:00, with its offset."),
    "not_a_date": _("This is not a date like 2026-11-21."),
    "not_an_id": _("This is not an id."),
    "not_a_phone": _("This is not a phone number."),
    "not_an_email": _("This is not an e-mail address."),
    "not_a_birthday": _("This is not a birthday of anybody alive."),
    "exactly_one": _("Exactly one way to find the client: phone, card, code or id."),
    "price_or_amount": _("A line needs a price or an amount."),
    "lines_or_total": _("A receipt needs lines or a total."),
    "total_mismatch": _("The lines add up to %(expected)s."),
    "lines_or_amount": _("Lines or an amount, not both."),
    "twice": _("This is named twice."),
    "without_hold": _("Only a hold ends."),
    "minutes_or_time": _("Minutes or a time, not both."),
    "days_or_time": _("Days or a time, not both."),
    "not_of_this_kind": _("A certificate of this kind doesn't have this."),
    "bad_cursor": _("This cursor is not one of ours."),
    "unknown_referrer": _("There is no such client to have invited anybody."),
}


def sentence(code: str, facts: Mapping[str, Any]) -> str:
    try:
        return str(SENTENCES[code]) % facts
    except KeyError:
        return str(SENTENCES.get(code, code))
