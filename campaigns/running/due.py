"""Who is due, and what stands in somebody's way: the same statements for a run and for a dry run."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final

from msgspec import Struct

from campaigns import holdout
from campaigns.models import Campaign, CampaignSettings
from campaigns.plan import Plan, read
from campaigns.triggers.base import Rows, Trigger
from clients import segments
from clients.segments.looking import Among, Look, look_of
from loyalty.models import Account

# Turns that count as the client's: who is held out is counted as who is treated, or the two could not be compared.
TREATED: Final = "t.state IN ('done', 'held_out')"
BEGUN: Final = dt.timedelta(days=60)


class Sight(Struct, frozen=True, kw_only=True):
    """A campaign at a moment, with all that its statements need."""

    campaign: Campaign
    plan: Plan
    look: Look
    now: dt.datetime
    rules: CampaignSettings

    @property
    def program_id(self) -> int:
        return self.campaign.program_id

    @property
    def trigger(self) -> Trigger:
        return self.plan.when


def sight_of(campaign: Campaign, now: dt.datetime, plan: Plan | None = None) -> Sight:
    """`plan` is another one than the campaign's: of a draft that is looked at while it is written."""
    rules = CampaignSettings.objects.filter(program_id=campaign.program_id, merchant=campaign.merchant).first()
    return Sight(
        campaign=campaign,
        plan=read(campaign.plan) if plan is None else plan,
        look=look_of(campaign.merchant, now),
        now=now,
        rules=rules or CampaignSettings(program_id=campaign.program_id, merchant=campaign.merchant),
    )


def among_audience(sight: Sight, rows: Rows) -> Rows:
    """Those of them who may have anything: active accounts, of the audience."""
    sql = (
        f"SELECT r.account, r.occasion, r.at FROM ({rows.sql}) AS r (account, occasion, at)"  # noqa: S608  # of ours
        " JOIN loyalty_account a ON a.program_id = %s AND a.id = r.account AND a.status = 'active'"
    )
    params: tuple[Any, ...] = (*rows.params, sight.program_id)
    audience = sight.campaign.audience
    if audience is not None:
        among = Among.of(segments.members(audience, sight.now).values("account"))
        sql, params = f"{sql} WHERE r.account IN {among.sql}", (*params, *among.params)
    return Rows(sql, params)


def judged(sight: Sight, rows: Rows) -> Rows:
    """The same rows with a fourth column: why this client is left out at that moment (`held_out` among the reasons),
    or nothing. A row's moment is when he would be treated."""
    campaign, limits = sight.campaign, sight.plan.limits
    cases: list[tuple[str, str, tuple[Any, ...]]] = []
    theirs = _theirs(sight)
    mine = "t.program_id = %s AND t.campaign_id = %s"
    mine_params = (sight.program_id, campaign.pk)
    treated = f"SELECT FROM {theirs} AND {mine} AND {TREATED}"
    if has_aliases(sight.program_id):
        cases.append(
            ("merged", f"EXISTS ({treated} AND t.account_id <> a.id AND t.occasion = r.occasion)", mine_params)
        )
    if limits.once:
        cases.append(("once", f"EXISTS ({treated})", mine_params))
    zone = timezone_name(sight)
    if limits.per_year is not None:
        year = "date_trunc('year', r.at AT TIME ZONE %s) AT TIME ZONE %s"
        count = treated.replace("SELECT FROM", "SELECT count(*) FROM")
        cases.append(("year", f"({count} AND t.at >= {year}) >= %s", (*mine_params, zone, zone, limits.per_year)))
    if limits.cooldown_days is not None:
        cases.append(
            ("cooldown", f"EXISTS ({treated} AND t.at > r.at - make_interval(days => %s))",
             (*mine_params, limits.cooldown_days))
        )  # fmt: skip
    cases.append(_busy(sight, zone))
    higher = _higher(sight)
    if higher:
        before_me = (
            "SELECT FROM campaigns_campaignturn t WHERE t.program_id = %s AND t.campaign_id = ANY (%s)"
            " AND t.account_id = a.id AND t.state = 'waiting' AND t.due_at <= r.at"
        )
        cases.append(("waits", f"EXISTS ({before_me})", (sight.program_id, higher)))
    for salt, percent in (
        (holdout.salt_of_program(sight.program_id), sight.rules.holdout),
        (holdout.salt_of_campaign(campaign.pk), sight.plan.order.holdout),
    ):
        if percent:
            condition, params = holdout.sql(salt, "a.id", percent)
            cases.append(("held_out", condition, params))
    whens = " ".join(f"WHEN {condition} THEN '{why}'" for why, condition, _params in cases)
    sql = (
        f"SELECT r.account, r.occasion, r.at, CASE WHEN a.status <> 'active' THEN a.status {whens} ELSE '' END AS why"  # noqa: S608  # of ours
        f" FROM ({rows.sql}) AS r (account, occasion, at)"
        f" JOIN loyalty_account a ON a.program_id = %s AND a.id = r.account"
        f" CROSS JOIN LATERAL ({_keys(sight)}) k"
    )
    case_params = sum((params for _why, _condition, params in cases), ())
    return Rows(sql, (*case_params, *rows.params, sight.program_id))


def _busy(sight: Sight, zone: str) -> tuple[str, str, tuple[Any, ...]]:
    """So many campaigns have had the client that day already."""
    day = "date_trunc('day', r.at AT TIME ZONE %s)"
    campaigns = list(
        Campaign.objects.filter(program_id=sight.program_id, merchant=sight.campaign.merchant).values_list(
            "pk", flat=True
        )
    )
    count = (
        f"SELECT count(*) FROM {_theirs(sight)} AND t.program_id = %s"  # noqa: S608
        f" AND t.at >= {day} AT TIME ZONE %s AND t.at < ({day} + interval '1 day') AT TIME ZONE %s"
        f" AND {TREATED} AND t.campaign_id = ANY (%s)"
    )
    params = (sight.program_id, zone, zone, zone, zone, campaigns, sight.rules.daily_cap)
    return "busy", f"({count}) >= %s", params


def _higher(sight: Sight) -> list[int]:
    """Campaigns that come first: of a higher priority, or older."""
    mine = (-sight.plan.order.priority, sight.campaign.pk)
    rows = Campaign.objects.filter(
        program_id=sight.program_id, merchant=sight.campaign.merchant, state=Campaign.State.RUNNING
    ).exclude(pk=sight.campaign.pk)
    return [pk for pk, plan in rows.values_list("pk", "plan") if (-_priority(plan), pk) < mine]


def _priority(plan: Any) -> int:
    return int((plan.get("order") or {}).get("priority", 5))


def has_aliases(program_id: int) -> bool:
    return Account.objects.filter(program_id=program_id, merged_into__isnull=False).exists()


def _theirs(sight: Sight) -> str:
    """The client's turns, by equality: an index is entered by it, whatever is known of the table."""
    if has_aliases(sight.program_id):
        return "unnest(k.keys) y (key) JOIN campaigns_campaignturn t ON t.account_id = y.key WHERE true"
    return "campaigns_campaignturn t WHERE t.account_id = a.id"


def _keys(sight: Sight) -> str:
    """The client's accounts: his own, and those that were merged into it."""
    if not has_aliases(sight.program_id):
        return "SELECT ARRAY[a.id] AS keys"
    return (
        "WITH RECURSIVE kin (id) AS (SELECT a.id UNION"
        " SELECT m.id FROM loyalty_account m JOIN kin ON m.merged_into_id = kin.id)"
        " SELECT array_agg(kin.id) AS keys FROM kin"
    )


def timezone_name(sight: Sight) -> str:
    return sight.campaign.merchant.program.time_zone
