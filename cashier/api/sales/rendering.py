"""How the services have their answers put into text: they store it with the key, in the sale's own transaction."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from cashier.api.answers.receipt import ReceiptAnswer, receipt_answer
from cashier.api.answers.returned import given_back_answer
from loyalty.engine.rulebook import Rulebook
from loyalty.programs import rulebook_of
from loyalty.sales.receipt import GivenBack, Receipt
from loyalty.wording import words_of

_encoder = msgspec.json.Encoder()


def answer_for(receipt: Receipt, program_id: int) -> ReceiptAnswer:
    rulebook: Rulebook | None = None
    if receipt.version is not None:
        rulebook = rulebook_of(program_id, receipt.version)
    return receipt_answer(receipt, words_of(program_id), rulebook)


def receipt_text(program_id: int) -> Callable[[Receipt], str]:
    def render(receipt: Receipt) -> str:
        return _encoder.encode(answer_for(receipt, program_id)).decode()

    return render


def given_back_text(given: GivenBack) -> str:
    return _encoder.encode(given_back_answer(given)).decode()
