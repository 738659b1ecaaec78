"""The cart as tills send it, and what it becomes."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal
from typing import Annotated

from msgspec import Meta, Struct, field

from cashier.api.input.errors import InvalidBody, Wrong
from cashier.api.input.numbers import Money, MoneyOrMax, PointsOrMax, Quantity
from cashier.api.input.texts import Channel, Code, Long, Medium, OneTimeCode, Phone, Reason, Short
from cashier.api.input.times import Moment, too_far
from clients.phones import NotAPhoneError, e164
from loyalty.certificates.codes import spelled
from loyalty.engine.cart import AskedCertificate, Cart, Line, line
from loyalty.engine.quantities import ONE, ZERO
from loyalty.presence import recognised
from loyalty.sales.request import SaleRequest, Who
from merchants.authentication import Caller

LARGEST = Decimal(10) ** 10


class ClientInput(Struct, forbid_unknown_fields=True):
    """Exactly one of the four."""

    phone: Phone | None = None
    card: Code | None = None
    code: OneTimeCode | None = None
    id: uuid.UUID | None = None


class LineInput(Struct, forbid_unknown_fields=True):
    """`amount` (after the till's own discounts) prevails over quantity × price; one of the two is needed."""

    quantity: Quantity = ONE
    price: Money | None = None
    amount: Money | None = None
    sku: Short = ""
    name: Long = ""
    category: Medium = ""
    brand: Medium = ""
    min_price: Annotated[Money, Meta(description="No unit costs less than this after discounts and points.")] = ZERO
    earn: bool = True
    redeem: bool = True
    discount: bool = True
    sells_certificate: Annotated[
        bool,
        Meta(description="The line sells a gift certificate for its amount: no points, certificates or discounts."),
    ] = False


class CertificateInput(Struct, forbid_unknown_fields=True):
    """A certificate that pays, by its code in any spelling."""

    code: Code
    amount: MoneyOrMax = "max"


class CartInput(Struct, forbid_unknown_fields=True):
    """A receipt. Without `client` it counts in the statistics and earns nothing; without `lines` the total is one."""

    client: ClientInput | None = None
    receipt_number: Short = ""
    occurred_at: Moment | None = None
    cashier: Short = ""
    lines: Annotated[list[LineInput], Meta(max_length=1000)] = field(default_factory=list)
    total: Money | None = None
    points: PointsOrMax | None = None
    confirmation: Annotated[str, Meta(max_length=16, pattern=r"^[0-9]*$(?!\n)")] = ""
    override: Annotated[Reason, Meta(description="A senior's reason for spending without a confirmation.")] = ""
    promo_codes: Annotated[list[Code], Meta(max_length=20)] = field(default_factory=list)
    certificates: Annotated[list[CertificateInput], Meta(max_length=20)] = field(default_factory=list)
    channel: Channel = ""


def sale_request(body: CartInput, *, caller: Caller, now: dt.datetime) -> SaleRequest:
    """What the services take. Raises `InvalidBody` with everything that does not fit together."""
    wrong: list[Wrong] = []
    lines = _lines(body, caller, wrong)
    _check_total(body, lines, wrong)
    if body.points is not None and body.points != "max" and _is_finer(body.points, caller.precision):
        wrong.append(Wrong("/points", "too_precise", {"places": caller.precision}))
    if body.occurred_at is not None and too_far(body.occurred_at):
        wrong.append(Wrong("/occurred_at", "out_of_range"))
    client = who(body.client, wrong, caller=caller, now=now) if body.client is not None else None
    certificates = _certificates(body, caller, wrong)
    if wrong:
        raise InvalidBody(*wrong)
    cart = Cart(
        lines=lines,
        points=body.points,
        promo_codes=tuple(body.promo_codes),
        certificates=certificates,
        outlet=caller.outlet_code,
        channel=body.channel,
    )
    return SaleRequest(
        cart=cart,
        occurred_at=body.occurred_at or now,
        client=client,
        receipt_number=body.receipt_number,
        cashier=body.cashier,
        confirmation=body.confirmation,
        override=body.override,
    )


def who(
    client: ClientInput, wrong: list[Wrong], *, caller: Caller, now: dt.datetime, pointer: str = "/client"
) -> Who | None:
    """The one way of identification; what is not one is added to `wrong`. A rotating code is as good as what is
    inside."""
    named = _who(client, wrong, pointer)
    if named is None:
        return None
    return recognised(named, program_id=caller.program_id, till_id=caller.till_id, now=now)


def _who(client: ClientInput, wrong: list[Wrong], pointer: str) -> Who | None:
    if client.id is not None and client.phone is client.card is client.code is None:
        return Who("id", str(client.id))
    given = [(by, value) for by in ("phone", "card", "code") if (value := getattr(client, by)) is not None]
    if len(given) != 1 or client.id is not None:
        wrong.append(Wrong(pointer, "exactly_one"))
        return None
    by, value = given[0]
    if by == "phone":
        try:
            return Who("phone", e164(value))
        except NotAPhoneError:
            wrong.append(Wrong(f"{pointer}/phone", "not_a_phone"))
            return None
    return Who("card", value.strip()) if by == "card" else Who("code", value)


def _certificates(body: CartInput, caller: Caller, wrong: list[Wrong]) -> tuple[AskedCertificate, ...]:
    asked: dict[str, AskedCertificate] = {}
    for n, given in enumerate(body.certificates):
        code = spelled(given.code)
        if code in asked:
            wrong.append(Wrong(f"/certificates/{n}/code", "twice"))
        if given.amount != "max" and _is_finer(given.amount, caller.currency_digits):
            wrong.append(Wrong(f"/certificates/{n}/amount", "too_precise", {"places": caller.currency_digits}))
        asked[code] = AskedCertificate(code, given.amount)
    return tuple(asked.values())


def _lines(body: CartInput, caller: Caller, wrong: list[Wrong]) -> tuple[Line, ...]:
    if not body.lines:
        if body.total is None:
            wrong.append(Wrong("/lines", "lines_or_total"))
            return ()
        return (Line(ONE, body.total, body.total),)
    lines = []
    for i, given in enumerate(body.lines):
        if given.price is None and given.amount is None:
            wrong.append(Wrong(f"/lines/{i}/price", "price_or_amount"))
            continue
        made = line(
            quantity=given.quantity,
            price=given.price,
            amount=given.amount,
            digits=caller.currency_digits,
            sku=given.sku,
            name=given.name,
            category=given.category,
            brand=given.brand,
            min_price=given.min_price,
            earn=given.earn,
            redeem=given.redeem,
            discount=given.discount,
            sells_certificate=given.sells_certificate,
        )
        if made.sells_certificate and not made.amount:
            wrong.append(Wrong(f"/lines/{i}/{'price' if given.amount is None else 'amount'}", "must_be_positive"))
        if made.amount >= LARGEST or made.price >= LARGEST:
            wrong.append(Wrong(f"/lines/{i}/{'price' if given.amount is None else 'amount'}", "too_large"))
        if caller.currency_digits < 2:
            wrong += [
                Wrong(f"/lines/{i}/{name}", "too_precise", {"places": caller.currency_digits})
                for name in ("price", "amount", "min_price")
                if _is_finer(getattr(given, name) or ZERO, caller.currency_digits)
            ]
        lines.append(made)
    return tuple(lines)


def _check_total(body: CartInput, lines: tuple[Line, ...], wrong: list[Wrong]) -> None:
    if wrong:
        return
    total = sum((line.amount for line in lines), ZERO)
    if total >= LARGEST:
        wrong.append(Wrong("/total", "too_large"))
    elif body.total is not None and body.total != total:
        wrong.append(Wrong("/total", "total_mismatch", {"expected": format(total, "f")}))


def _is_finer(value: Decimal, places: int) -> bool:
    return value != round(value, places)
