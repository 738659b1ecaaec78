"""What `loyalty.engine.conflicts` finds, in sentences for the owner: what is so, and what to do about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from django.utils.translation import gettext as _

from loyalty.engine.conflicts import Finding


def sentence(finding: Finding) -> str:
    """Raises nothing: a code without words is shown as it is."""
    worded = SENTENCES.get(finding.code)
    return worded(finding) if worded else finding.code


def _limit(finding: Finding) -> str:
    worded = LIMITS.get(finding.limit)
    return worded() if worded else finding.limit


LIMITS: Final[Mapping[str, Callable[[], str]]] = {
    "per_receipt": lambda: _("limit of one receipt"),
    "per_day": lambda: _("limit of a day"),
    "per_week": lambda: _("limit of a week"),
    "per_month": lambda: _("limit of a month"),
    "per_client": lambda: _("limit of one client"),
    "budget": lambda: _("limit of all clients together"),
}
SENTENCES: Final[Mapping[str, Callable[[Finding], str]]] = {
    "points_over": lambda _f: _("The last day of its points is over: they expire as they are given. Set a later day."),
    "period_over": lambda _f: _("Its dates are over: it does not apply any more. Move the dates, or delete it."),
    "never": lambda _f: _("No receipt can fulfil its condition: it never applies. Change the condition."),
    "contradiction": lambda _f: _("Its conditions exclude one another: it never applies. Remove one of them."),
    "budget_empty": lambda _f: _("Its limit is zero: it gives nothing. Raise the limit, or switch the rule off."),
    "no_goods": lambda _f: _("All its goods are excepted again: it never applies. Take them out of “except”."),
    "goods_do_not_earn": lambda _f: _(
        "Its goods earn no points in this programme: it gives nothing. Change that under “Points, tiers, paying”."
    ),
    "nothing_to_multiply": lambda _f: _(
        "There is nothing to multiply: no rule and no tier gives a percent. Add a percent of the purchase first."
    ),
    "outbid": lambda f: (
        _("It never applies: the higher percent counts, and “%(other)s” always gives no less. Keep one of them.")
        % {"other": f.other}
    ),
    "outbid_by_tiers": lambda _f: _(
        "It never applies: every tier gives a higher percent. Raise its percent, or delete it."
    ),
    "limit_idle": lambda f: (
        _("Nothing ever reaches its %(limit)s. Lower it, or leave it empty.") % {"limit": _limit(f)}
    ),
    "limit_cuts_always": lambda f: (
        _("Its %(limit)s is below what it gives: every receipt gets less than is said. Raise the limit.")
        % {"limit": _limit(f)}
    ),
    "group_of_one": lambda f: (
        _("It is alone in the group “%(other)s”, so the group changes nothing. Name the same group in another rule.")
        % {"other": f.other}
    ),
    "same_code": lambda f: (
        _("“%(other)s” of the same group has the same promo code: only one of them applies. Give it another code.")
        % {"other": f.other}
    ),
    "tier_unreachable": lambda f: (
        _("Nobody can reach the tier “%(other)s”: the period has fewer days than it needs visits.") % {"other": f.other}
    ),
}
