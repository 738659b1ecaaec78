"""Results of all campaigns together in words: who is held out of all of them, against all others."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from insights.campaign_telling import Comparison
from insights.holdout_results import WHOLE


@dataclass(frozen=True)
class Together(Comparison):
    """Since the share of the held out was set."""

    @property
    def verdict(self) -> str:
        return self.compared(
            _("Campaigns work: clients whom they may reach buy more than those who are held out of all of them."),
            _("Campaigns do harm: clients whom they may reach buy less than those who are held out of all of them."),
        )

    @property
    def chart_title(self) -> str:
        return _("Money per client since some are held out")

    @property
    def groups(self) -> tuple[str, str]:
        return _("All others"), _("Held out")

    def days_said(self, days: int) -> str:
        return _("the whole time") if days == WHOLE else super().days_said(days)
