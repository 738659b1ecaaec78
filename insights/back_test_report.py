"""A report of a back test as people read it: figures side by side, charts, who wins and who loses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import Any

from django.utils.translation import gettext as _

from clients.models import Client
from insights.calculator import Costs
from insights.models import BackTest
from insights.telling import Teller
from loyalty.backtest import telling
from loyalty.backtest.comparing import BOUNDS
from loyalty.backtest.telling import Compared
from loyalty.engine.rulebook import Rulebook
from loyalty.models import Account
from merchants.charts import Chart, Series


@dataclass(frozen=True)
class Line:
    label: str
    live: str
    draft: str
    change: str


@dataclass(frozen=True)
class RuleLine:
    title: str
    receipts: str
    points: str
    live: str
    draft: str
    change: str


@dataclass(frozen=True)
class TierLine:
    title: str
    clients: str
    receipts: str
    live: str
    draft: str


@dataclass(frozen=True)
class ClientLine:
    name: str
    public_id: str
    live: str
    draft: str
    change: str


class Report:
    """Of a back test that is over. Two queries: the clients who win and lose most."""

    def __init__(self, one: BackTest, live: Rulebook, draft: Rulebook, teller: Teller) -> None:
        self.one, self.live, self.draft, self.teller = one, live, draft, teller
        self.found: Mapping[str, Any] = one.result or {}
        self.money = [self._money(row) for row in telling.money(self.found, live, draft, one.margin) if _is_known(row)]
        self.points = [self._points(row) for row in telling.points(self.found)]
        self.same = not any(
            row.change for row in (*telling.points(self.found), *telling.money(self.found, live, draft, one.margin))
        )

    @property
    def is_file(self) -> bool:
        return self.one.file_or_none is not None

    @property
    def receipts(self) -> str:
        return self.teller.receipts(self.found["receipts"])

    def _money(self, row: Compared) -> Line:
        teller = self.teller
        change = row.change or Decimal(0)
        return Line(_money_names()[row.key], teller.money(row.live), teller.money(row.draft), self._more(change))

    def _more(self, change: Decimal) -> str:
        return f"+{self.teller.money(change)}" if change > 0 else self.teller.money(change) if change else "0"

    def _points(self, row: Compared) -> Line:
        # The books count what is spent or taken with a minus; beside its name that says nothing.
        live, draft, teller = row.live or Decimal(0), row.draft or Decimal(0), self.teller
        if row.key in ("redeem", "expire", "clawback"):
            live, draft = -live, -draft
        change = draft - live
        told = teller.signed(change) if change else "0"
        return Line(_point_names()[row.key], teller.number(live), teller.number(draft), told)

    @property
    def rules(self) -> list[RuleLine]:
        titles = _titles(self.live) | _titles(self.draft)
        rows = telling.rules(self.found, self.live, self.draft)
        rows.sort(key=lambda row: (-max(row[2].live or 0, row[2].draft or 0), row[0]))
        number = self.teller.number
        return [
            RuleLine(
                _named(key, titles),
                f"{number(one)} → {number(two)}" if one != two else number(one),
                f"{number(points.live or 0)} → {number(points.draft or 0)}",
                self.teller.money(cost.live),
                self.teller.money(cost.draft),
                self._more(cost.change or Decimal(0)),
            )
            for key, points, cost, one, two in rows
        ]

    @property
    def tiers(self) -> list[TierLine]:
        titles = {tier.id: tier.title for tier in (*self.live.tiers, *self.draft.tiers)}
        one, two = self.found["live"]["tiers"], self.found["draft"]["tiers"]
        order = list(titles)
        found = sorted(set(one) | set(two), key=lambda key: order.index(key) if key in order else len(order))
        teller = self.teller
        lines = []
        for key in found:
            sides = [side.get(key, {"clients": 0, "receipts": 0, "earned": 0, "discount": 0}) for side in (one, two)]
            given = [teller.points(Decimal(side["earned"])) for side in sides]
            lines.append(
                TierLine(
                    titles.get(key, _("no tier")),
                    " → ".join(teller.number(side["clients"]) for side in sides),
                    " → ".join(teller.number(side["receipts"]) for side in sides),
                    *given,
                )
            )
        return lines

    # ------------------------------------------------------------ clients

    @property
    def clients(self) -> tuple[list[ClientLine], list[ClientLine]]:
        """Those who win most, and those who lose most."""
        found = self.found["winners"], self.found["losers"]
        # A client of a file is the line that first names him.
        keys = [] if self.is_file else [row[0] for rows in found for row in rows]
        accounts = dict(
            Account.objects.filter(program_id=self.one.program_id, pk__in=keys).values_list("pk", "public_id")
        )
        names = dict(
            Client.objects.filter(program_id=self.one.program_id, account_id__in=keys).values_list("account_id", "name")
        )
        winners, losers = ([self._client(row, accounts, names) for row in rows] for rows in found)
        return winners, losers

    def _client(self, row: Sequence[Any], accounts: Mapping[int, Any], names: Mapping[int, str]) -> ClientLine:
        key, live, draft = int(row[0]), Decimal(row[1]), Decimal(row[2])
        return ClientLine(
            names.get(key) or (_("line %(row)s of the file") % {"row": key} if self.is_file else _("without a name")),
            str(accounts.get(key, "")),
            self.teller.money(live),
            self.teller.money(draft),
            self._more(draft - live),
        )

    # ------------------------------------------------------------ charts

    @property
    def charts(self) -> list[Chart]:
        return [self._spread(), self._months("earn", _("Points earned by month")), self._cost_by_rule()]

    def _spread(self) -> Chart:
        spread = self.found["spread"]
        labels = _buckets(self.teller)
        values = [int(spread.get(key, 0)) for key, _label in labels]
        return Chart(
            id="chart-spread",
            title=_("How much more or less clients get"),
            kind="bar",
            label=_("Difference for a client"),
            labels=[label for _key, label in labels],
            series=[Series(_("Clients"), values, [self.teller.number(value) for value in values])],
            horizontal=True,
        )

    def _months(self, kind: str, title: str) -> Chart:
        sides = self.found["live"]["months"], self.found["draft"]["months"]
        labels = sorted(set(sides[0]) | set(sides[1]))
        series = []
        for name, side in zip((_("In force"), _("Draft")), sides, strict=True):
            values = [abs(Decimal(side.get(label, {}).get(kind, 0))) for label in labels]
            series.append(Series(name, values, [self.teller.number(value) for value in values]))
        return Chart(
            id=f"chart-{kind}", title=title, kind="bar", label=_("Month"), labels=_months(labels), series=series
        )

    def _cost_by_rule(self) -> Chart:
        rows = telling.rules(self.found, self.live, self.draft)[:20]
        titles = _titles(self.live) | _titles(self.draft)
        series = []
        for name, side in ((_("In force"), "live"), (_("Draft"), "draft")):
            values: list[Decimal | int] = [getattr(row[2], side) for row in rows]
            series.append(Series(name, values, [self.teller.money(Decimal(value)) for value in values]))
        return Chart(
            id="chart-rules",
            title=_("Cost by rule"),
            kind="bar",
            label=_("Rule"),
            labels=[_named(row[0], titles) for row in rows],
            series=series,
            horizontal=True,
        )


def _is_known(row: Compared) -> bool:
    return row.live is not None


def _months(labels: Sequence[str]) -> list[str]:
    return [f"{label[5:]}.{label[:4]}" for label in labels]


def _titles(rulebook: Rulebook) -> dict[str, str]:
    return {rule.id: rule.title for rule in rulebook.rules} | {tier.id: tier.title for tier in rulebook.tiers}


def _named(key: str, titles: Mapping[str, str]) -> str:
    """A rule's title; what a tier gives by itself names the tier."""
    kind, _colon, tier = key.partition(":")
    title = titles.get(key) or titles.get(tier) or key
    if kind == "promo" and tier:
        return _("Promo codes, batch %(number)s") % {"number": tier}
    if kind == "gift" and tier:
        return _("%(tier)s: gift of the tier") % {"tier": title}
    return _("%(tier)s: discount of the tier") % {"tier": title} if kind == "discount" and tier else title


def _buckets(teller: Teller) -> list[tuple[str, str]]:
    """From those who lose most to those who win most. Short: a chart cuts long labels."""

    def bound(sum_: Decimal) -> str:
        return f"+{teller.money(sum_)}" if sum_ > 0 else teller.money(sum_) if sum_ else "0"

    labels = [("0", _("under %(sum)s") % {"sum": bound(BOUNDS[0])})]
    for n, (low, high) in enumerate(pairwise(BOUNDS), 1):
        if low == 0:
            labels.append(("same", _("the same")))
        labels.append((str(n), f"{bound(low)}…{bound(high)}"))
    return [*labels, (str(len(BOUNDS)), _("over %(sum)s") % {"sum": bound(BOUNDS[-1])})]


def _money_names() -> dict[str, str]:
    return {
        "revenue": _("Revenue"),
        "discount": _("Discounts"),
        "spent": _("Paid by points"),
        "earned": _("Points given, in money"),
        "liability": _("Liability at the end"),
        "cost": _("Cost: discounts and points spent"),
        "profit": _("Profit before other costs"),
    }


def _point_names() -> dict[str, str]:
    return {
        "earn": _("Earned"),
        "redeem": _("Spent"),
        "expire": _("Expired"),
        "clawback": _("Taken back by returns"),
        "reinstate": _("Given back by returns"),
        "adjust": _("By hand"),
        "outstanding": _("Left with the clients"),
        "debt": _("Debts of the clients"),
    }


def in_words(costs: Costs, teller: Teller) -> dict[str, Any]:
    """What the calculator has found, as it is read."""
    extra = costs.extra_most
    share = None
    if extra is not None and costs.turnover:
        share = (extra * 100 / costs.turnover).quantize(Decimal("0.1")).normalize()
    return {
        "least": teller.money(costs.least),
        "most": teller.money(costs.most),
        "extra": teller.money(extra) if extra is not None else "",
        "more": teller.receipts(costs.receipts_most) if costs.receipts_most is not None else "",
        "share": teller.percent(share) if share is not None else "",
        "tiers": [
            {
                "title": tier.title or _("All clients"),
                "discount": teller.money(tier.discount),
                "points": teller.points(tier.points),
                "cost": teller.words.money(tier.cost),
            }
            for tier in costs.tiers
        ],
    }
