"""Campaigns that come to their end by themselves: by date, by goal, or because all has been done."""

from __future__ import annotations

import datetime as dt

from django.db import connection

from campaigns.models import Campaign, CampaignTurn
from campaigns.running.due import Sight
from campaigns.triggers.calendar import OnDate
from merchants import audit
from merchants.access import Actor

_BOUGHT = """
    SELECT count(*) FROM (
        SELECT DISTINCT s.id
          FROM campaigns_campaignturn t
          JOIN loyalty_sale s ON s.program_id = t.program_id AND s.account_id = t.account_id AND s.status = 'committed'
           AND s.occurred_at > t.at
         WHERE t.program_id = %s AND t.campaign_id = %s AND t.state = 'done' LIMIT %s) found
"""
_LEAVE_OUT = """
    UPDATE campaigns_campaignturn SET state = 'skipped', why = 'over', due_at = NULL
     WHERE id IN (SELECT id FROM campaigns_campaignturn
                   WHERE program_id = %s AND campaign_id = %s AND due_at IS NOT NULL AND state = 'waiting'
                     FOR UPDATE SKIP LOCKED)
"""


def over(sight: Sight) -> Campaign.Finished | None:
    """Why the campaign has come to its end, if it has."""
    limits, timing = sight.plan.limits, sight.plan.timing
    if timing.ends is not None and sight.now >= sight.look.ends(timing.ends):
        return Campaign.Finished.DATE
    if limits.goal is not None and bought(sight.campaign, limits.goal) >= limits.goal:
        return Campaign.Finished.GOAL
    if isinstance(sight.trigger, OnDate) and _is_through(sight, sight.trigger):
        return Campaign.Finished.DONE
    return None


def bought(campaign: Campaign, most: int) -> int:
    """Purchases of clients after their turn, up to so many."""
    with connection.cursor() as cursor:
        cursor.execute(_BOUGHT, [campaign.program_id, campaign.pk, most])
        return int(cursor.fetchone()[0])


def leave_out(campaign: Campaign) -> None:
    """Turns that have not begun. Those that a worker has in hand are passed over: he may be waiting for the campaign's
    row, which is locked here, and finds its state there."""
    with connection.cursor() as cursor:
        cursor.execute(_LEAVE_OUT, [campaign.program_id, campaign.pk])


def finish(campaign: Campaign, why: Campaign.Finished, now: dt.datetime, by: Actor) -> None:
    """The campaign's row is locked. Nobody's turn begins any more; further steps of those who have begun go on."""
    Campaign.objects.filter(pk=campaign.pk).update(state=Campaign.State.FINISHED, why=why, finished_at=now)
    leave_out(campaign)
    campaign.state, campaign.why, campaign.finished_at = Campaign.State.FINISHED, why, now
    audit.record(
        program_id=campaign.program_id,
        action="campaign.finished",
        at=now,
        by=by,
        subject=campaign,
        details={"why": str(why), "clients": campaign.treated, "points": str(campaign.points)},
    )


def _is_through(sight: Sight, trigger: OnDate) -> bool:
    moment = dt.datetime.combine(trigger.day, trigger.time, sight.look.calendar.local(sight.now).tzinfo)
    turns = CampaignTurn.objects.filter(program_id=sight.program_id, campaign=sight.campaign, due_at__isnull=False)
    return sight.now > moment + dt.timedelta(minutes=5) and not turns.exists()
