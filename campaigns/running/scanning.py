"""Whose turn it is: found by statements over all clients, and written down with the campaign's mark.

Looking may take long, and workers need the campaign's row while they hold the accounts of a chunk: so a look keeps
others away by an advisory lock, which changes of the campaign take too, and locks the row only to write its mark.
"""

from __future__ import annotations

import datetime as dt
from typing import Final

import structlog
from django.db import connection, transaction

from campaigns.models import Campaign, CampaignPress, CampaignTurn
from campaigns.running.due import Sight, among_audience, sight_of
from campaigns.running.ending import finish, over
from campaigns.triggers.base import Rows, Window
from campaigns.triggers.calendar import everybody
from merchants.access import every_tenant, tenant

logger = structlog.get_logger(__name__)

# Those that compare all clients with the last time look so often.
COMPARES_EVERY: Final = dt.timedelta(minutes=15)
_LOOKS: Final = "hashtextextended('campaign-look:' || %s, 0)"
# Nobody catches up with more.
LONGEST: Final = dt.timedelta(days=31)

_WRITE: Final = """
    INSERT INTO campaigns_campaignturn (program_id, campaign_id, account_id, occasion, state, why, due_at, created_at)
    SELECT %s, %s, r.account, r.occasion, CASE WHEN r.at < %s THEN 'skipped' ELSE 'waiting' END,
           CASE WHEN r.at < %s THEN 'late' ELSE '' END, CASE WHEN r.at < %s THEN NULL ELSE %s::timestamptz END, %s
      FROM ({}) AS r (account, occasion, at)
        ON CONFLICT (program_id, campaign_id, account_id, occasion) DO NOTHING
"""
_REMEMBER: Final = """
    INSERT INTO campaigns_campaignmember (program_id, campaign_id, account_id)
    SELECT %s, %s, i.account FROM ({}) AS i (account) ON CONFLICT DO NOTHING
"""
_COMPARE: Final = """
    WITH inside AS MATERIALIZED ({}), gone AS (
        DELETE FROM campaigns_campaignmember m
         WHERE m.program_id = %s AND m.campaign_id = %s
           AND NOT EXISTS (SELECT FROM inside i (account) WHERE i.account = m.account_id)
    )
    INSERT INTO campaigns_campaignmember (program_id, campaign_id, account_id)
    SELECT %s, %s, i.account FROM inside i (account) ON CONFLICT DO NOTHING RETURNING account_id
"""


def scan_due(*, now: dt.datetime) -> int:
    """Look through all campaigns that run; how many turns are new."""
    with every_tenant():
        running = list(
            Campaign.objects.filter(state=Campaign.State.RUNNING).order_by("pk").values_list("pk", "program_id")
        )
    new = 0
    for key, program_id in running:
        with tenant(program_id):
            try:
                new += scan(key, now=now)
            except Exception:
                # One campaign that can't be read must not keep the others.
                logger.exception("campaign_scan_failed", campaign=key)
    return new


@transaction.atomic
def scan(campaign_id: int, *, now: dt.datetime) -> int:
    """Write down who is due since the campaign's mark; how many are new. Nothing where another is at it."""
    if not _alone(campaign_id):
        return 0
    rows = Campaign.objects.select_related("merchant__program", "audience__merchant__program")
    campaign = rows.filter(pk=campaign_id, state=Campaign.State.RUNNING).first()
    if campaign is None:
        return 0
    sight = sight_of(campaign, now)
    looked_at, new = _enter(sight) if sight.trigger.remembers else _write_due(sight)
    if sight.trigger.by_hand:
        new += _pressed(sight)
    why = over(sight)
    locked = Campaign.objects.select_for_update(no_key=True).get(pk=campaign_id)
    if locked.state != Campaign.State.RUNNING:
        # A worker has spent its budget meanwhile: nobody else's turn begins.
        transaction.set_rollback(True)
        return 0
    Campaign.objects.filter(pk=campaign_id).update(mark=looked_at)
    if why is not None:
        finish(locked, why, now, "sweep")
    return new


def wait_for_looks(campaign_id: int) -> None:
    """Until the transaction ends nobody looks whose turn it is in this campaign."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT pg_advisory_xact_lock({_LOOKS})", [campaign_id])


def _alone(campaign_id: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT pg_try_advisory_xact_lock({_LOOKS})", [campaign_id])
        return bool(cursor.fetchone()[0])


def window_of(sight: Sight) -> Window:
    campaign = sight.campaign
    begins = campaign.started_at or sight.now
    since = max(campaign.mark or begins, sight.now - LONGEST)
    return Window(since, sight.now, begins, sight.plan.timing.hour)


def write(sight: Sight, rows: Rows) -> int:
    """Turns of those who have none yet for their occasion; of what is too old they say so."""
    found = among_audience(sight, rows)
    # What has happened since the last look is never too old.
    oldest = sight.now - dt.timedelta(days=max(sight.plan.timing.late_days, 1))
    with connection.cursor() as cursor:
        cursor.execute(
            _WRITE.format(found.sql),
            (sight.program_id, sight.campaign.pk, oldest, oldest, oldest, sight.now, sight.now, *found.params),
        )
        return int(cursor.rowcount)


def _write_due(sight: Sight) -> tuple[dt.datetime, int]:
    window = window_of(sight)
    return window.until, write(sight, sight.trigger.due(sight.look, window))


def _pressed(sight: Sight) -> int:
    """The turns of whoever is meant by the button, for each time that it was pressed and nobody has seen to."""
    new = 0
    for press in CampaignPress.objects.filter(program_id=sight.program_id, campaign=sight.campaign, done_at=None):
        press.clients = write(sight, everybody(sight.look, f"hand:{press.key}", press.at))
        press.done_at = sight.now
        press.save(update_fields=["clients", "done_at"])
        new += press.clients
    return new


def _enter(sight: Sight) -> tuple[dt.datetime, int]:
    """Who has come in since the last look; the first one remembers."""
    campaign = sight.campaign
    if campaign.mark is not None and campaign.mark > sight.now - COMPARES_EVERY:
        return campaign.mark, 0
    inside = sight.trigger.inside(sight.look)  # type: ignore[attr-defined]  # of those that remember
    own = (sight.program_id, campaign.pk)
    new = 0
    with connection.cursor() as cursor:
        if campaign.mark is None:
            cursor.execute(_REMEMBER.format(inside.sql), (*own, *inside.params))
        else:
            cursor.execute(_COMPARE.format(inside.sql), (*inside.params, *own, *own))
            came = [key for (key,) in cursor.fetchall()]
            occasion = sight.now.strftime("%Y-%m-%dT%H:%M")
            rows = Rows("SELECT unnest(%s::bigint[]), %s::text, %s::timestamptz", (came, occasion, sight.now))
            new = write(sight, rows) if came else 0
    return sight.now, new


def waiting(campaign: Campaign) -> int:
    """Clients whose turn has not come yet, or not wholly."""
    return CampaignTurn.objects.filter(campaign=campaign, due_at__isnull=False).count()


def begun_by_hand(campaign: Campaign) -> CampaignPress | None:
    """The last time that the button was pressed."""
    rows = CampaignPress.objects.filter(program_id=campaign.program_id, campaign=campaign)
    return rows.order_by("-at", "-pk").first()
