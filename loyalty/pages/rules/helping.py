"""One sentence of help for each setting of the editor, with an example in the shop's own numbers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Final

from django.utils import formats
from django.utils.translation import gettext as _
from msgspec import Struct

from loyalty.engine.quantities import HUNDRED, rounded
from loyalty.engine.rulebook import Rulebook
from loyalty.pages.rules.fields import shown
from loyalty.pages.rules.sheet import Sheet
from loyalty.wording import Words


class Example(Struct, frozen=True):
    """The shop's own numbers: its rules, what it calls its points, a usual receipt, the present day."""

    rulebook: Rulebook
    words: Words
    purchase: Decimal
    today: dt.date

    @property
    def sum(self) -> str:
        return self.words.round_money(self.purchase)

    def share(self, percent: Decimal) -> Decimal:
        """Points for a percent of the usual receipt."""
        return rounded(self.purchase * percent / HUNDRED, self.words.precision, self.rulebook.points.rounding)

    def later(self, days: int) -> str:
        return formats.date_format(self.today + dt.timedelta(days=days), "SHORT_DATE_FORMAT")


def explain(sheet: Sheet, example: Example) -> None:
    """Gives the fields of the sheet their help."""
    parts = ("base", "points", "caps", "spending", "status")
    for part in parts:
        form = getattr(sheet, part)
        for name in form.fields:
            sentence = HELP.get(f"{part}.{name}")
            if sentence is not None:
                # On the bound field: a form that was asked already has made it.
                form[name].help_text = sentence(example)
    sheet.spending.fields["line_minimum"].choices = [  # type: ignore[attr-defined]
        (least, example.words.round_money(Decimal(least))) for least in ("0", "0.01", "1")
    ]


def _percent(e: Example) -> str:
    return _("Of the highest percent a purchase takes this or its tier’s. 5 %% of %(sum)s are %(points)s.") % {
        "sum": e.sum,
        "points": e.words.points(e.share(Decimal(5))),
    }


def _value(e: Example) -> str:
    paid = e.words.round_money(rounded(HUNDRED * e.rulebook.points.value, e.words.currency_digits, "down"))
    return _("Now 100 of them pay %(paid)s.") % {"paid": paid}


def _rounding(e: Example) -> str:
    exact = Decimal("7.6") if not e.words.precision else Decimal("7.666")
    return _("Once per rule and receipt: %(exact)s become %(down)s, %(nearest)s or %(up)s.") % {
        "exact": shown(exact),
        "down": shown(rounded(exact, e.words.precision, "down")),
        "nearest": shown(rounded(exact, e.words.precision, "half_up")),
        "up": shown(rounded(exact, e.words.precision, "up")),
    }


def _redeeming(e: Example) -> str:
    return _("Switched off, a receipt of %(sum)s with a single point spent earns nothing.") % {"sum": e.sum}


def _pending(e: Example) -> str:
    return _("0 is at once. With 14, points of today can be spent from %(day)s on.") % {"day": e.later(14)}


def _expiry_days(e: Example) -> str:
    return _("With 180, points of today are good through %(day)s.") % {"day": e.later(180)}


def _max_percent(e: Example) -> str:
    half = e.words.round_money(e.purchase / 2)
    return _("50 lets points pay %(half)s of %(sum)s; a tier may have a limit of its own.") % {
        "half": half,
        "sum": e.sum,
    }


def _points(sentence: Callable[[], str], percent: int) -> Callable[[Example], str]:
    """With so many percent of the usual receipt, in points."""
    return lambda e: (
        sentence()
        % {
            "points": e.words.points(e.share(Decimal(percent)) or Decimal(1)),
            "sum": e.sum,
        }
    )


HELP: Final[dict[str, Callable[[Example], str]]] = {
    "base.percent": _percent,
    "base.welcome": _points(lambda: _("Once, to each new client. %(points)s are a tenth of a usual receipt."), 10),
    "points.value": _value,
    "points.rounding": _rounding,
    "points.earn_on": lambda e: (
        _("With half of %(sum)s paid by points, either the other half earns or all of it.") % {"sum": e.sum}
    ),
    "points.earn_when_redeeming": _redeeming,
    "points.pending_days": _pending,
    "points.expiry_kind": lambda _e: _("A new term holds for points earned from now on; those given keep theirs."),
    "points.expiry_days": _expiry_days,
    "points.expiry_date": lambda _e: _("Points are good through this day."),
    "points.inactivity_days": lambda e: (
        _("Empty is never. With 180, a client who last bought today loses what is left after %(day)s.")
        % {"day": e.later(180)}
    ),
    "caps.per_receipt": lambda _e: _("Empty is without a limit. All rules together."),
    "status.window_kind": lambda _e: _("Sums, visits and invited clients are counted within it."),
    "status.window_days": lambda e: _("With 365, purchases since %(day)s count.") % {"day": e.later(-365)},
    "status.window_unit": lambda _e: _("It begins anew on its first day."),
    "status.downgrade": lambda _e: _(
        "A tier rises at once in any case. What counts since joining only grows: such tiers never fall."
    ),
    "status.grace_days": lambda _e: _("0 is without delay. So many days are left to buy enough after all."),
    "status.fall": lambda _e: _("From gold to silver, or straight to bronze if that is all that was bought for."),
    "points.debt": lambda _e: _("A return itself is never refused for want of points."),
    "points.reinstate_days": lambda e: (
        _("With 30, points that come back today live through %(day)s.") % {"day": e.later(30)}
    ),
    "points.late_days": lambda e: (
        _("With 30, receipts since %(day)s can be entered: the till had no connection.") % {"day": e.later(-30)}
    ),
    "spending.max_percent": _max_percent,
    "spending.per_receipt": _points(lambda: _("Empty is without a limit. %(points)s are half of a usual receipt."), 50),
    "spending.per_day": _points(
        lambda: _("Empty is without a limit. For all receipts of a day together: %(points)s, say."), 100
    ),
    "spending.min_points": _points(lambda: _("0 lets every point be spent. With %(points)s, smaller sums wait."), 10),
    "spending.step": _points(
        lambda: _("Empty is any number. With a step of %(points)s, only whole steps are spent."), 10
    ),
    "spending.redeem_from": _points(
        lambda: _("0 lets everybody spend. With %(points)s, a client gathers the worth of a usual receipt first."), 100
    ),
    "spending.min_line_price": lambda e: (
        _("0 is all goods. With %(sum)s, cheaper ones are paid with money.")
        % {"sum": e.words.round_money(e.purchase / 10)}
    ),
    "spending.confirm_phone": lambda _e: _(
        "A phone number is no secret: without a code anybody who knows it could spend another’s points."
    ),
    "spending.line_minimum": lambda _e: _("Some tills can’t print a line that costs nothing."),
    "spending.round_to_pay": lambda e: (
        _("Of %(sum)s the client pays %(round)s.") % {"sum": e.words.money(e.purchase + Decimal("0.9")), "round": e.sum}
    ),
}
