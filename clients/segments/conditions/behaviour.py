"""What the client has done: purchases, points, certificates. Purchases that came back as a whole do not count."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from typing import Annotated, Literal

from django.db.models import Count, F, Q, Sum

from clients.segments.conditions.base import Between, Condition, Days, InPeriod, Whole, between, dated, grouped, listed
from clients.segments.conditions.profile import ago
from clients.segments.looking import Among, Look
from loyalty.engine.fields import field
from loyalty.engine.words import gettext_noop, ngettext
from loyalty.models import Certificate, Lot, Return, SaleLine

_ = gettext_noop

_PERIOD = InPeriod.period_parts
Money = Decimal


class LastPurchase(Between, frozen=True, kw_only=True, tag="last_purchase"):
    """The last purchase was so many local days ago. Who has never bought anything has no last purchase."""

    title = _("Last purchase")
    says = _("whose last purchase was %(at_least)s %(at_most)s ago")
    parts = {
        "at_least": ngettext("%(value)s day or more", "%(value)s days or more", "at_least"),
        "at_most": ngettext("no more than %(value)s day", "no more than %(value)s days", "at_most"),
    }

    at_least: Annotated[Whole | None, field("days", _("At least so many days ago"))] = None
    at_most: Annotated[Whole | None, field("days", _("At most so many days ago"), _("0 is today."))] = None

    def finds(self, look: Look) -> Q | Among:
        if look.own is None:
            return ago(look, "account__last_purchase_at", self.at_least, self.at_most)
        last = look.today - dt.timedelta(days=min(self.at_least or 0, 40_000))
        sales = look.sales()
        if self.at_most is not None:
            first = look.today - dt.timedelta(days=min(self.at_most, 40_000))
            sales = sales.filter(local_day__gte=first)
        found = Among.of(sales.filter(local_day__lte=last).values("account"))
        return (
            found
            if not self.at_least
            else found.but(Among.of(look.sales().filter(local_day__gt=last).values("account")))
        )


class FirstPurchase(Condition, frozen=True, kw_only=True, tag="first_purchase"):
    """The first purchase was within a span of days."""

    title = _("First purchase")
    says = (
        _("whose first purchase was %(since)s %(until)s"),
        _("whose first purchase was %(days)s"),
    )
    parts = _PERIOD

    days: Annotated[Days | None, field("days", _("In the last days"), _("Today is the last of them."))] = None
    since: Annotated[dt.date | None, field("date", _("From"))] = None
    until: Annotated[dt.date | None, field("date", _("Through"))] = None

    def finds(self, look: Look) -> Q | Among:
        first, last = self.since, self.until
        if self.days is not None:
            first, last = look.today - dt.timedelta(days=self.days - 1), None
        if look.own is None:
            found = Q(account__first_purchase_at__isnull=False)
            if first is not None:
                found &= Q(account__first_purchase_at__gte=look.begins(first))
            return found if last is None else found & Q(account__first_purchase_at__lt=look.ends(last))
        sales = look.sales() if last is None else look.sales().filter(local_day__lte=last)
        found_ = Among.of(sales.values("account"))
        return (
            found_
            if first is None
            else found_.but(Among.of(look.sales().filter(local_day__lt=first).values("account")))
        )

    def faults(self) -> Iterator[tuple[str, str]]:
        if self.days is None and self.since is None and self.until is None:
            yield "days", _("Say in how many days, or between which.")
        if self.days is not None and (self.since or self.until):
            yield "days", _("Either the last days, or two dates.")
        yield from dated(self.since, self.until)


class Purchases(Between, InPeriod, frozen=True, kw_only=True, tag="purchases"):
    """How many receipts the client has."""

    title = _("Number of purchases")
    says = _("with purchases: %(at_least)s %(at_most)s, %(days)s %(since)s %(until)s")
    parts = {"at_least": _("%(value)s or more"), "at_most": _("no more than %(value)s"), **_PERIOD}

    at_least: Annotated[Whole | None, field("count", _("Purchases, at least"))] = None
    at_most: Annotated[Whole | None, field("count", _("Purchases, at most"), _("0: none at all."))] = None

    def finds(self, look: Look) -> Q | Among:
        if look.own is None and self.is_ever:
            return between(self.at_least, self.at_most, "account__purchases")
        counted = self.sales(look).values("account").annotate(measure=Count("pk"))
        return grouped(counted, self.at_least, self.at_most, look)

    def faults(self) -> Iterator[tuple[str, str]]:
        yield from Between.faults(self)
        yield from InPeriod.faults(self)


class Spent(Between, InPeriod, frozen=True, kw_only=True, tag="spent"):
    """Money paid, less what came back."""

    title = _("Sum of purchases")
    says = _("with purchases for %(at_least)s %(at_most)s, %(days)s %(since)s %(until)s")
    parts = {"at_least": _("%(value)s or more"), "at_most": _("no more than %(value)s"), **_PERIOD}

    at_least: Annotated[Money | None, field("money", _("Sum from"))] = None
    at_most: Annotated[Money | None, field("money", _("Sum up to"), _("This sum included."))] = None

    def finds(self, look: Look) -> Q | Among:
        if look.own is None and self.is_ever:
            return between(self.at_least, self.at_most, "account__spent")
        if self.at_least:
            return by_sums(self, look, "sum(t.paid)", (">=", self.at_least), ("<=", self.at_most))
        # Whoever has bought nothing has spent nothing.
        if self.at_most is None:
            return look.everybody()
        return look.everybody().but(by_sums(self, look, "sum(t.paid)", (">", self.at_most)))

    def faults(self) -> Iterator[tuple[str, str]]:
        yield from Between.faults(self)
        yield from InPeriod.faults(self)


class AverageReceipt(Between, InPeriod, frozen=True, kw_only=True, tag="average_receipt"):
    """Money paid for a receipt, on the average. Who has bought nothing has none."""

    title = _("Average receipt")
    says = _("with an average receipt of %(at_least)s %(at_most)s, %(days)s %(since)s %(until)s")
    parts = {"at_least": _("%(value)s or more"), "at_most": _("no more than %(value)s"), **_PERIOD}

    at_least: Annotated[Money | None, field("money", _("Average from"))] = None
    at_most: Annotated[Money | None, field("money", _("Average up to"), _("This sum included."))] = None

    def finds(self, look: Look) -> Q | Among:
        if look.own is None and self.is_ever:
            found = Q(account__purchases__gt=0)
            if self.at_least is not None:
                found &= Q(account__spent__gte=F("account__purchases") * self.at_least)
            return (
                found if self.at_most is None else found & Q(account__spent__lte=F("account__purchases") * self.at_most)
            )
        average = "sum(t.paid) / nullif(sum(t.one), 0)"
        return by_sums(self, look, average, (">=", self.at_least), ("<=", self.at_most))

    def faults(self) -> Iterator[tuple[str, str]]:
        yield from Between.faults(self)
        yield from InPeriod.faults(self)


def by_sums(period: InPeriod, look: Look, measure: str, *bounds: tuple[str, Decimal | None]) -> Among:
    """Accounts by what their purchases of a period cost, less returns of these purchases, whenever they came."""
    sold, params = _sales_where(period, look)
    back = (
        "SELECT s.account_id, -(r.money + r.turnover_off), 0 FROM loyalty_return r"  # noqa: S608  # all are parameters
        f" JOIN loyalty_sale s ON s.id = r.sale_id WHERE r.program_id = %s AND {sold}"
    )
    rows = (
        f"SELECT s.account_id, s.to_pay + s.turnover_off AS paid, 1 AS one FROM loyalty_sale s WHERE {sold}"  # noqa: S608
        f" UNION ALL {back}"
    )
    said = [(test, bound) for test, bound in bounds if bound is not None]
    having = " AND ".join(f"{measure} {test} %s" for test, _bound in said)
    sql = f"(SELECT t.account_id FROM ({rows}) t GROUP BY 1 HAVING {having})"  # noqa: S608
    return Among(sql, (*params, look.program_id, *params, *(bound for _test, bound in said)))


def _sales_where(period: InPeriod, look: Look) -> tuple[str, list[object]]:
    first, last = period.span(look)
    tests: list[tuple[str, object]] = [("s.program_id = %s", look.program_id), ("s.status = %s", "committed")]
    if look.own is not None:
        tests.append(("s.merchant_id = %s", look.own))
    if look.only is not None:
        tests.append(("s.account_id = %s", look.only))
    if first is not None:
        tests.append(("s.local_day >= %s", first))
    if last is not None:
        tests.append(("s.local_day <= %s", last))
    where = " AND ".join([*(test for test, _value in tests), "s.account_id IS NOT NULL"])
    return where, [value for _test, value in tests]


class Returned(InPeriod, frozen=True, kw_only=True, tag="returned"):
    """How often the client gave something back. A receipt that was voided is none of these."""

    title = _("Returns")
    says = _("with returns: %(at_least)s, %(days)s %(since)s %(until)s")
    parts = {"at_least": _("%(value)s or more"), **_PERIOD}

    at_least: Annotated[int, field("count", _("Returns, at least"), ge=1, le=100000)] = 1

    def finds(self, look: Look) -> Q | Among:
        first, last = self.span(look)
        back = Return.objects.filter(program_id=look.program_id, is_void=False, sale__account__isnull=False).order_by()
        if look.own is not None:
            back = back.filter(sale__merchant_id=look.own)
        if look.only is not None:
            back = back.filter(sale__account_id=look.only)
        if first is not None:
            back = back.filter(at__gte=look.begins(first))
        if last is not None:
            back = back.filter(at__lt=look.ends(last))
        counted = back.values("sale__account").annotate(measure=Count("pk")).filter(measure__gte=self.at_least)
        return Among.of(counted.values("sale__account"))


class BoughtAt(InPeriod, frozen=True, kw_only=True, tag="bought_at"):
    """The client has bought at one of these outlets."""

    title = _("Outlet of purchases")
    says = _("who bought at %(outlets)s, %(days)s %(since)s %(until)s")
    parts = _PERIOD

    outlets: Annotated[tuple[str, ...], field("outlets", _("Outlets"))] = ()

    def finds(self, look: Look) -> Q | Among:
        return Among.of(self.sales(look).filter(outlet__code__in=self.outlets).values("account"))

    def faults(self) -> Iterator[tuple[str, str]]:
        yield from listed(self.outlets, "outlets")
        yield from InPeriod.faults(self)


class BoughtGoods(InPeriod, frozen=True, kw_only=True, tag="bought_goods"):
    """The client has bought something of these goods, on so many receipts. Goods given back singly count, too."""

    title = _("Goods bought")
    says = _("who bought %(skus)s %(categories)s %(brands)s %(at_least)s, %(days)s %(since)s %(until)s")
    parts = {
        "skus": _("the goods %(value)s"),
        "categories": _("of the categories %(value)s"),
        "brands": _("of the brands %(value)s"),
        "at_least": ngettext("on %(value)s receipt or more", "on %(value)s receipts or more", "at_least"),
        **_PERIOD,
    }

    skus: Annotated[tuple[str, ...], field("skus", _("Goods (SKU)"))] = ()
    categories: Annotated[tuple[str, ...], field("categories", _("Categories"))] = ()
    brands: Annotated[tuple[str, ...], field("brands", _("Brands"))] = ()
    at_least: Annotated[int, field("count", _("Receipts, at least"), ge=1, le=100000)] = 1

    def finds(self, look: Look) -> Q | Among:
        goods = Q(sku__in=self.skus) | Q(category__in=self.categories) | Q(brand__in=self.brands)
        lines = SaleLine.objects.filter(goods, program_id=look.program_id, sale__in=self.sales(look)).order_by()
        if self.at_least == 1:
            return Among.of(lines.values("sale__account"))
        counted = lines.values("sale__account").annotate(measure=Count("sale", distinct=True))
        return Among.of(counted.filter(measure__gte=self.at_least).values("sale__account"))

    def faults(self) -> Iterator[tuple[str, str]]:
        if not (self.skus or self.categories or self.brands):
            yield "skus", _("Name goods, categories or brands.")
        yield from InPeriod.faults(self)


class Balance(Between, frozen=True, kw_only=True, tag="balance"):
    """Points less debt; those that can't be spent yet are among them."""

    title = _("Balance")
    says = _("with a balance of %(at_least)s %(at_most)s")
    parts = {"at_least": _("%(value)s or more"), "at_most": _("no more than %(value)s")}

    at_least: Annotated[Money | None, field("points", _("Points from"))] = None
    at_most: Annotated[Money | None, field("points", _("Points up to"), _("So many included."))] = None

    def finds(self, look: Look) -> Q | Among:
        found = Q()
        if self.at_least is not None:
            # Of points and debt one is always zero.
            found &= Q(account__points__gte=self.at_least) if self.at_least > 0 else Q(account__debt=0)
        return found if self.at_most is None else found & Q(account__points__lte=self.at_most)


class Expiring(Condition, frozen=True, kw_only=True, tag="expiring"):
    """Points go within some days if nothing is done: today is the first of them."""

    title = _("Points that expire soon")
    says = _("with %(at_least)s or more that expire within %(days)s")
    parts = {"days": ngettext("%(value)s day", "%(value)s days", "days")}

    days: Annotated[int, field("days", _("Within days"), ge=1, le=366)] = 14
    at_least: Annotated[Decimal, field("points", _("Points, at least"), positive=True)] = Decimal(1)

    def finds(self, look: Look) -> Q | Among:
        until = look.end(self.days - 1)
        lots = Lot.objects.filter(program_id=look.program_id, rest__gt=0, expires_at__isnull=False).order_by()
        lots = lots.filter(expires_at__gt=look.now, expires_at__lte=until)
        if look.only is not None:
            lots = lots.filter(account_id=look.only)
        found = Among.of(
            lots.values("account").annotate(measure=Sum("rest")).filter(measure__gte=self.at_least).values("account")
        )
        sql = (
            "(SELECT a.id FROM loyalty_account a WHERE a.program_id = %s AND a.inactive_at IS NOT NULL"
            " AND a.inactive_at > %s AND a.inactive_at <= %s AND a.points >= %s)"
        )
        return found.also(Among(sql, (look.program_id, look.now, until, self.at_least)))


class HasCertificate(Condition, frozen=True, kw_only=True, tag="has_certificate"):
    """The client holds a certificate that is good for paying."""

    title = _("Certificate")
    says = _("who hold a certificate %(kind_of)s")
    parts = {"kind_of": "%(value)s"}

    kind_of: Annotated[
        Literal["any", "sold", "given"],
        field(
            "choice",
            _("Which"),
            choices=(("any", _("of any kind")), ("sold", _("that was sold")), ("given", _("that was given away"))),
        ),
    ] = "any"

    def finds(self, look: Look) -> Q | Among:
        held = Certificate.objects.filter(program_id=look.program_id, merchant_id=look.merchant_id).good(look.now)
        held = held.filter(holder__isnull=False).order_by()
        if look.only is not None:
            held = held.filter(holder_id=look.only)
        if self.kind_of != "any":
            held = held.filter(is_sold=self.kind_of == "sold")
        return Among.of(held.values("holder"))
