"""Campaigns are made, changed, started, paused, archived; each with its line in the audit log."""

from __future__ import annotations

import datetime as dt
from typing import Final

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from campaigns.models import Campaign, CampaignMember, CampaignPress, CampaignSettings
from campaigns.plan import Plan, faults, read, stored
from campaigns.running import scanning
from campaigns.running.due import sight_of
from campaigns.running.ending import leave_out
from clients.models import Segment
from merchants import audit
from merchants.access import Action, Actor, require, same_tenant
from merchants.models import Merchant, User

State = Campaign.State
# Of one merchant, those in the archive not counted.
MOST: Final = 100


class NameTakenError(Exception):
    pass


class TooManyError(Exception):
    pass


class NotNowError(Exception):
    """The campaign is not in a state for it: somebody was faster."""


class UnfinishedError(Exception):
    """Something in the plan is missing or wrong."""


@transaction.atomic
def make(
    *, merchant: Merchant, name: str, plan: Plan, audience: Segment | None, now: dt.datetime, by: Actor
) -> Campaign:
    """A draft. NameTakenError, TooManyError."""
    program_id = _may(merchant, by, audience)
    if Campaign.objects.filter(merchant=merchant).exclude(state=State.ARCHIVED).count() >= MOST:
        raise TooManyError
    campaign = Campaign(
        program_id=program_id,
        merchant=merchant,
        name=name[:80],
        plan=stored(plan),
        audience=audience,
        created_by=by if isinstance(by, User) else None,
        created_at=now,
        changed_at=now,
    )
    _save(campaign)
    _record(campaign, "campaign.made", now, by)
    return campaign


@transaction.atomic
def change(
    *,
    campaign: Campaign,
    name: str,
    plan: Plan,
    audience: Segment | None,
    now: dt.datetime,
    by: Actor,
    revision: int | None = None,
) -> Campaign:
    """Another plan from now on, for all that has not been done yet: whoever waits gets what it says now, and who has
    begun goes on with its further steps. NameTakenError; NotNowError where it is over, or somebody has changed it since
    `revision`; UnfinishedError where a running one would have something wrong."""
    _may(campaign.merchant, by, audience)
    campaign = _locked(campaign, State.DRAFT, State.RUNNING, State.PAUSED)
    if revision is not None and revision != campaign.revision:
        raise NotNowError
    if campaign.state != State.DRAFT and any(faults(plan, precision=campaign.program.precision)):
        raise UnfinishedError
    before = read(campaign.plan)
    if before.when != plan.when and before.when.remembers:
        # It compares with others now: the next look remembers them.
        CampaignMember.objects.filter(program_id=campaign.program_id, campaign=campaign).delete()
    if before.when != plan.when:
        # The button of another occasion was pressed: nobody's turn comes of it any more.
        CampaignPress.objects.filter(program_id=campaign.program_id, campaign=campaign, done_at=None).delete()
    if campaign.state != State.DRAFT and before.when != plan.when:
        campaign.mark = None if plan.when.remembers else now
        campaign.started_at = now
    campaign.name, campaign.plan, campaign.audience = name[:80], stored(plan), audience
    campaign.revision, campaign.changed_at = campaign.revision + 1, now
    _save(campaign)
    _record(campaign, "campaign.changed", now, by)
    return campaign


@transaction.atomic
def start(*, campaign: Campaign, now: dt.datetime, by: Actor) -> Campaign:
    """It runs from the beginning of this local day: whose hour was this morning has his turn now. NotNowError,
    UnfinishedError."""
    _may(campaign.merchant, by, None)
    campaign = _locked(campaign, State.DRAFT)
    plan = read(campaign.plan)
    if any(faults(plan, precision=campaign.program.precision)):
        raise UnfinishedError
    look = sight_of(campaign, now).look
    campaign.state, campaign.started_at = State.RUNNING, now
    campaign.mark = None if plan.when.remembers else look.start(0)
    campaign.save(update_fields=["state", "started_at", "mark"])
    _record(campaign, "campaign.started", now, by)
    return campaign


@transaction.atomic
def pause(*, campaign: Campaign, now: dt.datetime, by: Actor) -> Campaign:
    """Nothing happens until it goes on; then it catches up with the days that its plan says. NotNowError."""
    _may(campaign.merchant, by, None)
    campaign = _locked(campaign, State.RUNNING)
    campaign.state = State.PAUSED
    campaign.save(update_fields=["state"])
    _record(campaign, "campaign.paused", now, by)
    return campaign


@transaction.atomic
def go_on(*, campaign: Campaign, now: dt.datetime, by: Actor) -> Campaign:
    """NotNowError."""
    _may(campaign.merchant, by, None)
    campaign = _locked(campaign, State.PAUSED)
    campaign.state = State.RUNNING
    campaign.save(update_fields=["state"])
    _record(campaign, "campaign.continued", now, by)
    return campaign


@transaction.atomic
def archive(*, campaign: Campaign, now: dt.datetime, by: Actor) -> Campaign:
    """For good: who waits is left out, further steps of those who have begun do not come. NotNowError."""
    _may(campaign.merchant, by, None)
    campaign = _locked(campaign, State.DRAFT, State.PAUSED, State.RUNNING, State.FINISHED)
    # Further steps stay written down, and nobody looks at them any more.
    leave_out(campaign)
    CampaignMember.objects.filter(program_id=campaign.program_id, campaign=campaign).delete()
    campaign.state = State.ARCHIVED
    campaign.finished_at = campaign.finished_at or now
    campaign.save(update_fields=["state", "finished_at"])
    _record(campaign, "campaign.archived", now, by)
    return campaign


@transaction.atomic
def press(*, campaign: Campaign, key: str, now: dt.datetime, by: Actor) -> CampaignPress:
    """The button of a campaign by hand: the next look gives everybody whom the audience holds a turn. With the same
    key, sent twice, nobody has two. NotNowError."""
    _may(campaign.merchant, by, None)
    campaign = _locked(campaign, State.RUNNING)
    if not read(campaign.plan).when.by_hand:
        raise NotNowError
    pressed, new = CampaignPress.objects.get_or_create(
        program_id=campaign.program_id,
        campaign=campaign,
        key=key[:40],
        defaults={"at": now, "by": by if isinstance(by, User) else None},
    )
    if new:
        _record(campaign, "campaign.fired", now, by)
    return pressed


def fire(*, campaign: Campaign, key: str, now: dt.datetime, by: Actor) -> int:
    """Press the button, and look at once, as long as it takes; how many turns are new. NotNowError."""
    press(campaign=campaign, key=key, now=now, by=by)
    return scanning.scan(campaign.pk, now=now)


@transaction.atomic
def set_rules(*, merchant: Merchant, rules: CampaignSettings, now: dt.datetime, by: Actor) -> bool:
    """Another share of clients who are held out is another group: whether a comparison with one begins anew."""
    program_id = _may(merchant, by, None)
    kept, _new = CampaignSettings.objects.select_for_update().get_or_create(program_id=program_id, merchant=merchant)
    changed = kept.holdout != rules.holdout
    if changed:
        kept.holdout_since = now if rules.holdout else None
    kept.daily_cap, kept.holdout = rules.daily_cap, rules.holdout
    kept.save(update_fields=["daily_cap", "holdout", "holdout_since"])
    audit.record(
        program_id=program_id,
        action="campaigns.rules_changed",
        at=now,
        by=by,
        subject=merchant,
        details={"daily_cap": rules.daily_cap, "holdout": str(rules.holdout)},
    )
    return changed and kept.holdout_since is not None


def _may(merchant: Merchant, by: Actor, audience: Segment | None) -> int:
    require(by, Action.RUN_CAMPAIGNS, merchant=merchant)
    if audience is not None and audience.merchant_id != merchant.pk:
        raise ValueError("a segment of another merchant")
    return same_tenant(merchant, *([audience] if audience else []))


def _locked(campaign: Campaign, *states: State) -> Campaign:
    same_tenant(campaign)
    scanning.wait_for_looks(campaign.pk)
    found = _whole(Campaign.objects.select_for_update(no_key=True, of=("self",))).get(pk=campaign.pk)
    if found.state not in states:
        raise NotNowError(found.state)
    return found


def _whole(rows: QuerySet[Campaign]) -> QuerySet[Campaign]:
    return rows.select_related("merchant__program", "audience__merchant__program", "program")


def _save(campaign: Campaign) -> None:
    try:
        with transaction.atomic():
            campaign.save()
    except IntegrityError:
        raise NameTakenError from None


def _record(campaign: Campaign, action: str, now: dt.datetime, by: Actor, **details: object) -> None:
    told = {"name": campaign.name, "revision": campaign.revision, **details}
    audit.record(program_id=campaign.program_id, action=action, at=now, by=by, subject=campaign, details=told)
