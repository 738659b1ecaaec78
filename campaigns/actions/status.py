from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Annotated, Final

from django.contrib.postgres.fields import ArrayField
from django.db.models import CharField, F, Func, Value
from django.db.models.functions import Cast
from msgspec import Meta

from campaigns.actions.base import Action, Chunk
from loyalty.engine.fields import field
from loyalty.engine.words import gettext_noop, ngettext
from loyalty.models import Account
from merchants.models import AuditRecord

_ = gettext_noop

# As many as the form of a client takes.
MOST_TAGS: Final = 20


class SetTier(Action, frozen=True, kw_only=True, tag="tier"):
    """Holds the client's tier at least at this one for some days. A higher one that was set by hand stays."""

    title = _("Give a tier for some days")
    hint = _("Let them try what the next tier is like.")
    says = _("give the tier %(tier)s for %(days)s")
    parts = {"days": ngettext("%(value)s day", "%(value)s days", "days")}

    tier: Annotated[str, field("text", _("Tier"))] = ""
    days: Annotated[Annotated[int, Meta(ge=1, le=3650)], field("days", _("For so many days"))] = 30

    def give(self, chunk: Chunk) -> None:
        ranks, calendar = chunk.rulebook.tiers_by_id, chunk.rulebook.calendar
        if self.tier not in ranks:
            return
        until = calendar.end_of(calendar.day_of(chunk.now) + dt.timedelta(days=self.days))
        rows = Account.objects.filter(program_id=chunk.program_id, pk__in=chunk.accounts)
        changed = []
        for account in rows.only("manual_tier", "manual_tier_until"):
            held = account.manual_tier if self._lasts(account, chunk.now) else ""
            rank = ranks.get(held, -1)
            longer = (
                rank == ranks[self.tier]
                and (account.manual_tier_until or dt.datetime.max.replace(tzinfo=dt.UTC)) >= until
            )
            if rank <= ranks[self.tier] and not longer:
                changed.append((account.pk, account.manual_tier))
        rows.filter(pk__in=[key for key, _before in changed]).update(manual_tier=self.tier, manual_tier_until=until)
        # As somebody's doing it by hand is written down: the back test reads it there.
        AuditRecord.objects.bulk_create(
            AuditRecord(
                program_id=chunk.program_id,
                action="account.tier_set",
                at=chunk.now,
                actor=chunk.actor,
                object_type="account",
                object_id=str(key),
                details={"before": before, "after": self.tier, "until": until.isoformat()},
                reason=chunk.title,
            )
            for key, before in changed
        )

    def _lasts(self, account: Account, now: dt.datetime) -> bool:
        return account.manual_tier_until is None or account.manual_tier_until > now

    def faults(self) -> Iterator[tuple[str, str]]:
        if not self.tier:
            yield "tier", _("Choose a tier.")


class AddTag(Action, frozen=True, kw_only=True, tag="tag"):
    """Adds a tag, which segments and rules can ask for."""

    title = _("Add a tag")
    hint = _("To find these clients again, or for a rule that gives them more.")
    says = _("mark these clients “%(tag)s”")

    tag: Annotated[Annotated[str, Meta(max_length=40)], field("text", _("Tag"))] = ""

    def give(self, chunk: Chunk) -> None:
        rows = Account.objects.filter(program_id=chunk.program_id, pk__in=chunk.accounts)
        rows = rows.exclude(tags__contains=[self.tag]).filter(tags__len__lt=MOST_TAGS)
        added = Func(F("tags"), Cast(Value(self.tag), CharField(max_length=40)), function="array_append")
        rows.update(tags=Cast(added, ArrayField(CharField(max_length=40))))

    def faults(self) -> Iterator[tuple[str, str]]:
        if not self.tag.strip():
            yield "tag", _("Name the tag.")
