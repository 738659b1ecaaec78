"""POST /sales/batch"""

from __future__ import annotations

from hashlib import sha256
from typing import Annotated, ClassVar

import msgspec
from django.http import HttpResponse
from msgspec import Meta, Raw, Struct, UnsetType
from rest_framework.request import Request

from cashier.api.answers.receipt import ReceiptAnswer
from cashier.api.cart import CartInput, sale_request
from cashier.api.input.body import MEGABYTE, decode
from cashier.api.input.times import Moment
from cashier.api.problems import problem_of
from cashier.api.problems.problem import Problem
from cashier.api.sales.guesses import count_guesses
from cashier.api.sales.rendering import receipt_text
from cashier.api.schema import documented
from cashier.api.view import JSON, REPLAYED, ApiView
from loyalty import sales
from loyalty.idempotency import used_for_another_body
from loyalty.refusals import Refused
from loyalty.sales.receipt import Receipt
from loyalty.sales.request import Answer, Idempotency
from loyalty.wording import words_of
from merchants.throttling import record_guess

MOST_RECEIPTS = 500


class LateReceipt(CartInput, forbid_unknown_fields=True, kw_only=True):
    """A receipt that has already happened."""

    occurred_at: Moment


class BatchInput(Struct, forbid_unknown_fields=True):
    """Receipts of an offline till, in the order of the till."""

    sales: Annotated[list[LateReceipt], Meta(min_length=1, max_length=MOST_RECEIPTS)]


class BatchItem(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The answer to one receipt: `body` where `status` is 2xx, `problem` otherwise."""

    index: int
    status: int
    body: ReceiptAnswer | UnsetType = msgspec.UNSET
    problem: Problem | UnsetType = msgspec.UNSET


class BatchAnswer(Struct, frozen=True):
    results: list[BatchItem]


class _Undecoded(Struct, forbid_unknown_fields=True):
    """A batch whose receipts are decoded one by one: a wrong one must not spoil the others."""

    sales: Annotated[list[Raw], Meta(min_length=1, max_length=MOST_RECEIPTS)]


class _Written(Struct, frozen=True):
    """`BatchItem` with a body that is text already."""

    index: int
    status: int
    body: Raw


class BookBatch(ApiView):
    scopes: ClassVar = {"POST": ("sell",)}
    guessable = True
    largest_body = 5 * MEGABYTE

    @documented(
        operation="bookSales",
        summary="Book the receipts of an offline till",
        description="Each is answered by itself, and none is refused for its rules: what does not fit is flagged. "
        "Repeat a batch whole and unchanged: what has been booked is answered again.",
        request=BatchInput,
        answers={200: BatchAnswer},
        tag="sales",
    )
    def post(self, request: Request) -> HttpResponse:
        batch = self.key
        items = self.body(_Undecoded).sales
        keys = [_key(batch, n) for n in range(len(items))]
        # Of all that this batch may have held before it was changed.
        if used_for_another_body(caller=self.caller, keys=[_key(batch, n) for n in range(MOST_RECEIPTS)]):
            raise Refused("idempotency_key_reused")
        answers = [self._book(n, item, key) for n, (item, key) in enumerate(zip(items, keys, strict=True))]
        results = [_written(n, answer) for n, answer in enumerate(answers)]
        response = HttpResponse(msgspec.json.encode({"results": results}), content_type=JSON)
        booked = [answer for answer in answers if isinstance(answer, Answer)]
        if booked and all(answer.replayed for answer in booked):
            response[REPLAYED] = "true"
        return response

    def _book(self, index: int, item: Raw, key: Idempotency) -> Answer | BatchItem:
        try:
            wanted = sale_request(decode(bytes(item), LateReceipt), caller=self.caller, now=self.now)
            return sales.book(caller=self.caller, request=wanted, key=key, now=self.now, render=self._rendered)
        except Refused as refused:
            if refused.code == "key_revoked":
                raise
            return self._refused(index, refused)
        except Exception as error:  # noqa: BLE001  # one receipt that breaks must not hide what became of the others
            return self._refused(index, error)

    def _rendered(self, receipt: Receipt) -> str:
        """An unknown client or certificate is only a flag here, but a guess all the same."""
        if {"client_not_found", "card_blocked", "certificates_not_booked"} & set(receipt.flags):
            record_guess(self.caller)
        else:
            count_guesses(receipt, self.caller)
        return receipt_text(self.caller.program_id)(receipt)

    def _refused(self, index: int, error: Exception) -> BatchItem:
        request_id = self.request.META.get("HTTP_X_REQUEST_ID", "")
        problem = problem_of(error, request_id=request_id, words=words_of(self.caller.program_id))
        return BatchItem(index=index, status=problem.status, problem=problem)


def _written(index: int, answer: Answer | BatchItem) -> _Written | BatchItem:
    if isinstance(answer, BatchItem):
        return answer
    return _Written(index, answer.status, Raw(answer.text.encode()))


def _key(batch: Idempotency, index: int) -> Idempotency:
    """The key of one receipt: its own, and bound to the body of the whole batch."""
    return Idempotency(sha256(f"{batch.key}\n{index}".encode()).hexdigest(), batch.body_digest)
