"""Results of campaigns in words and charts: what came of it, how sure that is, what it cost."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from campaigns.models import Campaign
from insights.campaign_results import Found, Window
from insights.telling import Teller, Told, joined_by_comma
from insights.uplift import ENOUGH, Uplift
from loyalty.engine.quantities import half_up
from merchants.charts import Chart, Series

Figure = Told


@dataclass(frozen=True)
class Comparison:
    """Clients with and without, within so many `days`; `margin` in percent."""

    found: Found
    measured_at: dt.datetime
    days: int
    margin: Decimal
    teller: Teller

    @property
    def window(self) -> Window:
        return self.found.window(self.days)

    @property
    def uplift(self) -> Uplift | None:
        return self.window.uplift

    @property
    def is_certain(self) -> bool:
        return self.uplift is not None and self.uplift.is_certain

    @property
    def verdict(self) -> str:
        """One sentence for the owner."""
        raise NotImplementedError

    def compared(self, better: str, worse: str) -> str:
        """One of them where it is certain."""
        found = self.uplift
        if found is None:
            return ngettext(
                "Too little data: each group needs %(enough)s client at least.",
                "Too little data: each group needs %(enough)s clients at least.",
                ENOUGH,
            ) % {"enough": ENOUGH}
        if not found.is_certain:
            return _("Too little data: the difference may as well be chance. It may show with more clients or time.")
        return better if found.difference > 0 else worse

    @property
    def chart_title(self) -> str:
        raise NotImplementedError

    @property
    def groups(self) -> tuple[str, str]:
        """What those with and those without are called."""
        raise NotImplementedError

    @property
    def difference(self) -> str:
        """Per client, with its interval."""
        found = self.uplift
        return "—" if found is None else self._with_range(found.difference, found.low, found.high)

    @property
    def cost(self) -> str:
        return self.teller.money(self.found.cost)

    @property
    def returned(self) -> str:
        share = self.found.returned(self.days, self.margin) if self.is_certain else None
        return "—" if share is None else self.teller.percent(half_up(share, 0))

    @property
    def figures(self) -> list[Figure]:
        return [
            Figure("uplift", _("More per client"), *self._told(self._per_client)),
            Figure("incremental", _("Money that would not have come"), *self._told(self._in_all)),
            Figure("campaign-cost", _("What it cost"), self.cost, self._parts()),
            Figure("campaign-return", _("Return on the cost"), self.returned, self._gain()),
        ]

    @property
    def chart(self) -> Chart:
        """The means of the two groups, window by window."""
        means = [
            (one, [group.mean.quantize(Decimal("0.01")) for group in (one.treated, one.control)])
            for one in self._windows()
        ]
        return Chart(
            id="chart-uplift",
            title=self.chart_title,
            kind="bar",
            label=_("Within"),
            labels=[self.days_said(one.days) for one, _means in means],
            series=[
                Series(
                    name, [mean[n] for _one, mean in means], [self.teller.words.money(mean[n]) for _one, mean in means]
                )
                for n, name in enumerate(self.groups)
            ],
        )

    @property
    def rows(self) -> list[tuple[str, str, str, str, str]]:
        """By window: days, clients treated, held out, the difference with its interval, money in all with its own."""
        told = []
        for one in self._windows():
            found = one.uplift
            told.append(
                (
                    self.days_said(one.days),
                    self.teller.number(one.treated.clients),
                    self.teller.number(one.control.clients),
                    _("too little data")
                    if found is None
                    else self._with_range(found.difference, found.low, found.high),
                    "—" if found is None else self._with_range(found.incremental, *found.incremental_range),
                )
            )
        return told

    def _windows(self) -> tuple[Window, ...]:
        return self.found.windows

    def days_said(self, days: int) -> str:
        return ngettext("%(days)s day", "%(days)s days", days) % {"days": days}

    def _with_range(self, value: Decimal, low: Decimal, high: Decimal) -> str:
        return _("%(value)s (from %(low)s to %(high)s)") % {
            "value": self._signed(value),
            "low": self._signed(low),
            "high": self._signed(high),
        }

    def _signed(self, money: Decimal) -> str:
        told = self.teller.money(money)
        return f"+{told}" if money.quantize(Decimal(1)) > 0 else told

    def _told(self, part: Callable[[Uplift], tuple[Decimal, Decimal, Decimal]]) -> tuple[str, str]:
        """A figure and its note: no effect is named where there may be none."""
        found = self.uplift
        if found is None:
            return "—", ""
        value, low, high = part(found)
        ends = {"low": self._signed(low), "high": self._signed(high)}
        told = self._signed(value) if found.is_certain else _("too little data")
        return told, joined_by_comma(_("from %(low)s to %(high)s") % ends, self._percent_more(found))

    def _per_client(self, found: Uplift) -> tuple[Decimal, Decimal, Decimal]:
        return found.difference, found.low, found.high

    def _in_all(self, found: Uplift) -> tuple[Decimal, Decimal, Decimal]:
        return found.incremental, *found.incremental_range

    def _percent_more(self, found: Uplift) -> str:
        bought = self.window.control.mean
        if not found.is_certain or not bought:
            return ""
        share = half_up(found.difference * 100 / bought, 1)
        return _("%(share)s to what the held out have bought") % {
            "share": f"+{self.teller.percent(share)}" if share > 0 else self.teller.percent(share)
        }

    def _parts(self) -> str:
        found = self.found
        return joined_by_comma(
            _("points %(money)s") % {"money": self.teller.money(found.points_cost)} if found.points else "",
            _("certificates %(money)s") % {"money": self.teller.money(found.certificates)}
            if found.certificates
            else "",
            _("promo codes %(money)s") % {"money": self.teller.money(found.codes_cost)} if found.codes_cost else "",
            _("messages %(money)s") % {"money": self.teller.money(found.messages_cost)} if found.messages else "",
        )

    def _gain(self) -> str:
        gain = self.found.gain(self.days, self.margin)
        if gain is None:
            return _("an association, not an effect")
        if not self.is_certain:
            return _("too little data")
        return _("%(gain)s with a margin of %(margin)s") % {
            "gain": self._signed(gain),
            "margin": self.teller.percent(self.margin),
        }


@dataclass(frozen=True)
class Result(Comparison):
    """One campaign's, from each client's first turn on."""

    campaign: Campaign

    @property
    def verdict(self) -> str:
        if not self.found.treated:
            return _("Nobody has had a turn yet.")
        if not self.found.held_out:
            return _(
                "Nobody was held out, so nobody knows what clients would have bought anyway: what is seen here goes "
                "together with the campaign, and is not its effect. Hold out a tenth of the clients to learn it."
            )
        return self.compared(
            _("It works: clients whom it reached buy more than those who were held out."),
            _("It does harm: clients whom it reached buy less than those who were held out."),
        )

    @property
    def chart_title(self) -> str:
        return _("Money per client since the first turn")

    @property
    def groups(self) -> tuple[str, str]:
        return _("Treated"), _("Held out")
