"""A receipt that is being keyed in: the form, what it asks of the services, and the quote that stands beside it."""

from __future__ import annotations

import datetime as dt
from typing import Any

import msgspec
from django.http import QueryDict
from django.utils.translation import gettext as _

from cashier.api.cart import CartInput, CertificateInput, LineInput, sale_request
from cashier.api.input.errors import InvalidBody, Wrong
from cashier.api.problems.values import sentence
from cashier.api.sales.guesses import is_guess
from cashier.api.view import GUESSES
from cashier.page import saying, tickets
from cashier.page.door import Post
from cashier.page.forms import LONGEST_CODE, MOST_LINES, LineForm, LineForms, ReceiptForm
from cashier.page.numbers import ALL, spelled
from cashier.page.saying import MustWaitError
from cashier.page.who import Named, account_of, named, who_of
from loyalty import confirmation, sales
from loyalty.engine.codes import may_be
from loyalty.engine.quantities import ONE
from loyalty.presence import DIGITS
from loyalty.refusals import Refused
from loyalty.sales.receipt import Receipt
from loyalty.sales.request import SaleRequest, Who
from merchants.throttling import record_guess

SMS_DIGITS, CARD_DIGITS = 4, 6
ROWS = "rows"


class Desk:
    """`problem` is a sentence about the receipt as a whole, `notice` what went well; `quoted` what it comes to."""

    def __init__(self, post: Post, client: Named | None, data: QueryDict | None, initial: dict[str, Any] | None = None):
        self.post, self.client = post, client
        self.data = data.copy() if data is not None else None
        self.problem = self.notice = self.wrong_code = self.wrong_certificate = ""
        self.quoted: Receipt | None = None
        self.asks_code = False
        self.initial = initial or {}
        self.ticket = tickets.read(data, post, "sale") if data is not None else None
        self.bind()

    def bind(self) -> None:
        self.form = ReceiptForm(self.data, initial=self.initial)
        self.lines = LineForms(self.data, initial=self.initial.get("lines"), prefix=ROWS)
        if self.data is None and not self.initial.get("lines"):
            self.lines.extra = 1

    # ------------------------------------------------------------ buttons that change the form

    def add_line(self) -> None:
        if self.data is None:
            return
        rows = self.data.get(f"{ROWS}-TOTAL_FORMS", "0")
        known = int(rows) if rows.isascii() and rows.isdigit() and len(rows) < 10 else 0
        self.data[f"{ROWS}-TOTAL_FORMS"] = str(min(known + 1, MOST_LINES))
        self.bind()

    def ask_for_all(self) -> None:
        if self.data is None:
            return
        self.data["points"] = ALL
        self.bind()

    def use_coupon(self, code: str) -> None:
        """One of the client's coupons was tapped."""
        if self.data is None or not code:
            return
        known = str(self.data.get("promo", "")).replace(",", " ").split()
        self.data["promo"] = " ".join(dict.fromkeys([*known, code[:LONGEST_CODE]]))
        self.bind()

    def send_code(self) -> None:
        """Send the code by SMS, for the points asked for: the message names them, so «all» becomes their number."""
        if self.client is None or self.data is None:
            return
        points = self.form.cleaned_data.get("points") if self.form.is_valid() else None
        if points == "max":
            self.quote()
            points = self.quoted.allowed.points if self.quoted and self.quoted.allowed else None
            self.data["points"] = spelled(points)
            self.bind()
        try:
            account = account_of(self.client, self.post)
            shop = self.post.till.merchant.name
            confirmation.send(account=account, shop=shop, points=points, now=self.post.now)
            self.notice = _("The code is on its way to the client’s phone.")
        except Refused as refused:
            self.problem = saying.sentence_of(refused, self.post)

    # ------------------------------------------------------------ what it asks for

    @property
    def is_empty(self) -> bool:
        """Nothing was keyed in that could be computed."""
        if not (self.form.is_valid() and self.lines.is_valid()):
            return False
        return self.form.cleaned_data["total"] is None and not self._filled()

    def request(self, at: dt.datetime, cashier: str) -> SaleRequest | None:
        """What the services take; None where the form is wrong, and then it says so."""
        if not (self.form.is_valid() and self.lines.is_valid()):
            return None
        given = self.form.cleaned_data
        unpriced = [form for form in self.lines if form.is_filled and form.cleaned_data["price"] is None]
        for form in unpriced:
            form.add_error("price", _("Enter the price."))
        if unpriced:
            return None
        lines = [
            LineInput(quantity=row["quantity"] or ONE, price=row["price"], name=row["name"]) for row in self._filled()
        ]
        if given["total"] is not None and lines:
            self.form.add_error("total", _("Either one sum or lines, not both."))
            return None
        if given["total"] is None and not lines:
            self.form.add_error("total", _("Enter the sum of the receipt."))
            return None
        if given["total"] is not None and not given["total"]:
            self.form.add_error("total", sentence("must_be_positive", {}))
            return None
        code = given["confirmation"]
        body = CartInput(
            receipt_number=given["receipt_number"].strip(),
            cashier=cashier,
            lines=lines,
            total=given["total"],
            promo_codes=given["promo"].split(),
            certificates=[CertificateInput(code) for code in given["certificate"]],
            points=given["points"] if self.client else None,
            confirmation=code if len(code) == SMS_DIGITS and self.client else "",
        )
        try:
            asked = sale_request(body, caller=self.post.caller, now=self.post.now)
        except InvalidBody as error:
            for wrong in error.errors:
                self._blame(wrong)
            return None
        who = self._who(code)
        return msgspec.structs.replace(asked, client=who, occurred_at=at) if not self.problem else None

    def _who(self, code: str) -> Who | None:
        """The client; by the one-time code where he has shown one, which has to be his."""
        if self.client is None:
            return None
        if code and (not code.isascii() or not code.isdigit() or len(code) not in (SMS_DIGITS, CARD_DIGITS, DIGITS)):
            self.form.add_error("confirmation", _("The code has four or six digits."))
            self.problem = _("The code has four or six digits.")
        elif len(code) in (CARD_DIGITS, DIGITS):
            saying.refuse_guessing(self.post)
            shown = named(Who("code", code), self.post)
            if shown.account_id != self.client.account_id:
                self.problem = _("This is the code of another client.")
            return Who("code", shown.code)
        return who_of(self.client, self.post)

    def _filled(self) -> list[dict[str, Any]]:
        return [form.cleaned_data for form in self.lines if form.is_filled]

    def _blame(self, wrong: Wrong) -> None:
        said = saying.sentence_about(wrong)
        _empty, *path = wrong.pointer.split("/")
        if path[0] == "lines" and len(path) == 3:
            filled = [form for form in self.lines if form.is_filled]
            filled[int(path[1])].add_error("price", said)
        else:
            self.form.add_error(path[0] if path[0] in self.form.fields else None, said)

    # ------------------------------------------------------------ the quote

    def quote(self) -> None:
        """Compute what stands there; what is wrong is said beside it. A wrong code is tried once."""
        if self.is_empty:
            return
        if self._is_known_wrong():
            self.form.add_error("certificate", _("There is no such certificate."))
            self.wrong_certificate = self._posted("certificate")
            return
        code = self._posted("confirmation")
        if code and code == self._posted("wrong_code"):
            self.wrong_code = code
        try:
            asked = self.request(self.post.now, self.post.cashier.name)
            if asked is not None:
                self.quoted = None if self.wrong_code else self.compute(asked)
                if self.wrong_code:
                    self.problem = _("This code was wrong. Ask the client again, or send a new one.")
        except (Refused, MustWaitError) as error:
            self.refused(error)
        wants = self.form.is_valid() and bool(self.form.cleaned_data.get("points"))
        needs = self.quoted is not None and self.quoted.allowed is not None and self.quoted.allowed.needs_confirmation
        self.asks_code = self.asks_code or bool(code) or (wants and needs)

    def _is_known_wrong(self) -> bool:
        """A certificate that was not found a moment ago, and has not been typed anew."""
        code = self._posted("certificate")
        return bool(code) and code == self._posted("wrong_certificate") and self.form.is_valid()

    def compute(self, asked: SaleRequest) -> Receipt:
        if asked.confirmation or asked.cart.certificates or any(map(may_be, asked.cart.promo_codes)):
            saying.refuse_guessing(self.post)
        quoted = sales.quote(caller=self.post.caller, request=asked, now=self.post.now)
        if any(one.kind == "certificate" and one.reason == "unknown" for one in quoted.rejected):
            # Said beside the field: then it is not asked for again with every key.
            self.form.add_error("certificate", _("There is no such certificate."))
            self.wrong_certificate = self._posted("certificate")
            record_guess(self.post.caller)
        elif any(is_guess(one) for one in quoted.rejected):
            record_guess(self.post.caller)
        return quoted

    def refused(self, error: Refused | MustWaitError) -> None:
        """Say what a service has refused, and count it where it was a guess."""
        if isinstance(error, MustWaitError):
            self.problem = _("Too many wrong numbers. Wait %(minutes)s min.") % {"minutes": -(-error.seconds // 60)}
            return
        if error.code == "key_revoked":
            raise error
        code = self._posted("confirmation")
        if code and code != self.wrong_code:
            saying.count_guess(self.post, error)
        if error.code == "client_not_found" and (code or (self.client and self.client.by == "code")):
            self.problem = _("The one-time code is wrong, used or too old. Ask the client for a new one.")
        else:
            self.problem = saying.sentence_of(error, self.post)
        if error.code in GUESSES and code:
            self.wrong_code = code
        self.asks_code = error.code in ("confirmation_required", "confirmation_invalid") or bool(code)

    def _posted(self, name: str) -> str:
        return str(self.data.get(name, "")) if self.data is not None else ""

    @property
    def has_lines(self) -> bool:
        """Whether lines are being keyed in, so that they are not folded away."""
        return len(self.lines.forms) > 1 or any(value for form in self.lines for value in _values(form))

    @property
    def errors(self) -> list[str]:
        """What stands in the way of a quote, for the place where the quote would be."""
        found = [str(error) for errors in self.form.errors.values() for error in errors] if self.form.is_bound else []
        if self.lines.is_bound:
            found += [str(e) for form in self.lines for errors in form.errors.values() for e in errors]
        return list(dict.fromkeys([self.problem, *found] if self.problem else found))


def _values(form: LineForm) -> list[Any]:
    return [form[name].value() for name in form.fields]


def spelled_lines(receipt: Receipt) -> dict[str, Any]:
    """The form's first values for a receipt that is to be corrected."""
    single = len(receipt.lines) == 1 and not receipt.lines[0].name and not receipt.lines[0].sku
    if single:
        return {"total": spelled(receipt.total)}
    return {
        "lines": [
            {"name": line.name, "quantity": spelled(line.quantity.normalize()), "price": spelled(line.price)}
            for line in receipt.lines
        ]
    }
