"""What the till page says when a service refuses: the sentences of the till API, of which there is only one set."""

from __future__ import annotations

from django.utils.translation import gettext as _

from cashier.api.input.errors import Wrong
from cashier.api.problems import problem_of
from cashier.api.problems.values import sentence
from cashier.api.view import GUESSES
from cashier.page.door import Phone
from loyalty.refusals import Refused
from loyalty.wording import words_on_page
from merchants.throttling import record_guess, wait_for_guesses


class MustWaitError(Exception):
    """Too many clients, codes or confirmations that do not exist; `seconds` are left."""

    def __init__(self, seconds: int) -> None:
        super().__init__(seconds)
        self.seconds = seconds


def sentence_of(refused: Refused, phone: Phone) -> str:
    return problem_of(refused, request_id="", words=words_on_page(phone.caller.program_id)).detail


def sentence_about(wrong: Wrong) -> str:
    return sentence(wrong.code, wrong.facts)


def sale_form_is_over() -> str:
    return _("This form is out of date. See among the receipts whether this one is booked; if not, send it once more.")


def refuse_guessing(phone: Phone) -> None:
    """MustWaitError where this till has guessed too often; call it before looking anybody up."""
    seconds = wait_for_guesses(phone.caller)
    if seconds:
        raise MustWaitError(seconds)


def count_look(phone: Phone) -> None:
    """Several were shown who might be meant: as good as a guess, whoever they are."""
    record_guess(phone.caller)


def count_guess(phone: Phone, refused: Refused) -> None:
    if refused.code in GUESSES:
        record_guess(phone.caller)
