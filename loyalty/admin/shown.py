"""Sums as the programme counts them, and the tables that several pages show."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import msgspec
from django.db.models import Model
from django.utils.translation import gettext as _

from loyalty.engine.explanation import Fact
from loyalty.engine.rulebook import Rulebook
from loyalty.explanations import explain
from loyalty.models import Entry, Lot, Return, Sale
from loyalty.programs import rulebook_of
from loyalty.wording import NO_BREAK, Words, spoken, words_on_page
from merchants.admin.panels import Panel, link

SHOWN = 20


def points(row: Model, amount: Decimal) -> str:
    return words_on_page(row.program_id).points(amount)  # type: ignore[attr-defined]


def money(row: Model, amount: Decimal) -> str:
    return words_on_page(row.program_id).money(amount)  # type: ignore[attr-defined]


def entries_panel(entries: Iterable[Entry], words: Words, *, more: str = "") -> Panel:
    return Panel(
        _("Entries"),
        (_("When"), _("Entry"), _("Points"), _("Balance after"), _("Receipt"), _("By"), _("Reason")),
        [
            (
                link(entry, entry.at),
                entry.get_kind_display(),
                signed(entry.points),
                shortest(entry.balance_after),
                link(entry.sale) if entry.sale else "",
                entry.actor,
                entry.reason,
            )
            for entry in entries
        ],
        empty=_("No entries yet."),
        more=more,
        numbers=(2, 3),
    )


def lots_panel(lots: Iterable[Lot], title: str = "", *, more: str = "") -> Panel:
    return Panel(
        title or _("Open lots"),
        (_("Given"), _("Rule"), _("Points"), _("Rest"), _("Available from"), _("Expires")),
        [
            (
                link(lot, lot.created_at),
                lot.rule,
                shortest(lot.amount),
                shortest(lot.rest),
                lot.available_at,
                lot.expires_at,
            )
            for lot in lots
        ],
        empty=_("Nothing is left."),
        more=more,
        numbers=(2, 3),
    )


def sales_panel(sales: Iterable[Sale], words: Words, *, more: str = "") -> Panel:
    return Panel(
        _("Receipts"),
        (_("When"), _("Receipt"), _("Status"), _("Total"), _("Paid by points"), _("Earned")),
        [
            (
                sale.occurred_at,
                link(sale),
                sale.get_status_display(),
                words.money(sale.total),
                shortest(sale.points_redeemed),
                shortest(sale.points_earned),
            )
            for sale in sales
        ],
        empty=_("No receipts yet."),
        more=more,
        numbers=(3, 4, 5),
    )


def returns_panel(returns: Iterable[Return], words: Words) -> Panel:
    return Panel(
        _("Returns"),
        (_("When"), _("Kind"), _("Money"), _("Points returned"), _("Points taken back"), _("By")),
        [
            (
                link(given_back, given_back.at),
                _("void") if given_back.is_void else _("return"),
                words.money(given_back.money),
                shortest(given_back.points_back),
                shortest(given_back.earned_taken),
                given_back.cashier or given_back.actor,
            )
            for given_back in returns
        ],
        empty=_("Nothing was returned."),
        numbers=(2, 3, 4),
    )


def explanation_panel(sale: Sale, words: Words) -> Panel:
    """Why the receipt came out as it did: what applied, and what nearly did."""
    rulebook = rules_of(sale)
    said = [explain(fact, words, rulebook=rulebook) for fact in facts_of(sale)]
    return Panel(
        _("Explanation"),
        (_("Rule"), _("Applied"), _("Why"), _("Points"), _("Money")),
        [
            (
                one.title,
                one.fact.applied,
                one.why,
                "" if one.fact.points is None else shortest(one.fact.points),
                "" if one.fact.money is None else words.money(one.fact.money),
            )
            for one in said
        ],
        empty=_("No rule had anything to do with this receipt."),
        numbers=(3, 4),
    )


def facts_of(sale: Sale) -> tuple[Fact, ...]:
    return msgspec.convert(sale.explanation, tuple[Fact, ...])


def rules_of(sale: Sale) -> Rulebook | None:
    try:
        return rulebook_of(sale.program_id, sale.version) if sale.version is not None else None
    except LookupError:
        return None


def shortest(amount: Decimal) -> str:
    """`5`, `7,5`: a column of numbers needs no unit in every line."""
    return Words(language=spoken(), space=NO_BREAK).shortest(amount)


def signed(amount: Decimal) -> str:
    return f"+{shortest(amount)}" if amount > 0 else shortest(amount)


def joined(values: Iterable[Any]) -> str:
    return ", ".join(str(value) for value in values)
