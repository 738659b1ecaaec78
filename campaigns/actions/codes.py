from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Annotated, Any, Final

import msgspec
from django.db import IntegrityError, transaction
from msgspec import Meta

from campaigns.actions.base import ZERO, Action, Chunk, Cost, NothingToGive, Turned
from campaigns.models import CampaignBatch
from loyalty import granting
from loyalty.certificates.rows import good_through
from loyalty.engine.fields import field
from loyalty.engine.words import gettext_noop, ngettext
from loyalty.models import PromoBatch, PromoCode
from loyalty.promo import personal
from loyalty.promo.terms import Terms

_ = gettext_noop

CENT: Final = Decimal("0.01")
MOST: Final = 1_000_000
MOST_POINTS: Final = 10_000_000


class GivePromoCode(Action, frozen=True, kw_only=True, tag="promo_code"):
    """A promo code that only this client may use, once, until its last day. The codes of a campaign stand together
    among the promo codes, where their uses are counted and all of them can be stopped."""

    title = _("Give a promo code")
    hint = _("For a discount, points or a product. Of his own: nobody else can use it.")
    says = (
        _("give a promo code for %(percent)s off, %(minimum)s, good for %(days)s"),
        _("give a promo code for %(amount)s off, %(minimum)s, good for %(days)s"),
        _("give a promo code for %(points)s, %(minimum)s, good for %(days)s"),
        _("give a promo code for the product %(sku)s for nothing, %(minimum)s, good for %(days)s"),
    )
    parts = {"days": ngettext("%(value)s day", "%(value)s days", "days"), "minimum": _("on a receipt from %(value)s")}

    percent: Annotated[Decimal | None, field("percent", _("For a discount, %"), _("Fill in one of the four."))] = None
    amount: Annotated[Decimal | None, field("money", _("Or for a discount of a sum"))] = None
    points: Annotated[Decimal | None, field("points", _("Or for points after the purchase"))] = None
    sku: Annotated[
        Annotated[str, Meta(max_length=64)],
        field("text", _("Or for a product for nothing: its article (SKU)"), _("Exactly as the till sends it.")),
    ] = ""
    minimum: Annotated[Decimal, field("money", _("On a receipt from"), _("0: on any receipt."))] = ZERO
    days: Annotated[Annotated[int, Meta(ge=1, le=3650)], field("days", _("The code is good for so many days"))] = 14
    prefix: Annotated[
        Annotated[str, Meta(max_length=8)],
        field("text", _("The code begins with"), _("Up to 8 Latin letters and digits, or nothing.")),
    ] = ""

    @property
    def cost(self) -> Cost:
        return Cost(points=self.points or ZERO, money=self.amount or ZERO)

    @property
    def gives(self) -> str:
        return next((name for name in ("percent", "amount", "points") if getattr(self, name)), "sku")

    def give(self, chunk: Chunk) -> None:
        batch = self._batch(chunk)
        if batch.stopped_at is not None or (batch.ends_at is not None and batch.ends_at <= chunk.now):
            raise NothingToGive("stopped")
        personal.give_each(
            batch=batch,
            occasions={one.account: granting.mark_of(chunk.campaign, one.turn, chunk.step) for one in chunk.turns},
            expires_at=good_through(chunk.rulebook.calendar, chunk.now, self.days),
            now=chunk.now,
            by=chunk.actor,
        )

    def _batch(self, chunk: Chunk) -> PromoBatch:
        """That of the campaign with these terms; two workers at once make one."""
        worth = msgspec.structs.asdict(self) | {"days": 0}
        terms = hashlib.sha256(msgspec.json.encode(worth)).hexdigest()[:32]
        mine = CampaignBatch.objects.filter(program_id=chunk.program_id, campaign=chunk.campaign, terms=terms)
        for number in range(1, 100):
            found = mine.select_related("batch__program").first()
            if found is not None:
                return found.batch
            name = chunk.title if number == 1 else f"{chunk.title[:75]} {number}"
            try:
                with transaction.atomic():
                    batch = personal.open_batch(
                        merchant=chunk.merchant, terms=self._terms(name), now=chunk.now, by=chunk.actor
                    )
                    CampaignBatch.objects.create(
                        program_id=chunk.program_id, campaign_id=chunk.campaign, terms=terms, batch=batch
                    )
            except (personal.NameTakenError, IntegrityError):
                continue
            return batch
        raise NothingToGive("stopped")

    def _terms(self, name: str) -> Terms:
        gives: Mapping[str, Any] = {"amount": "sum", "sku": "product"}
        return Terms(
            name=name,
            kind="unique",
            gives=gives.get(self.gives, self.gives),
            prefix=self.prefix.strip().upper(),
            percent=self.percent or None,
            amount=self.amount or None,
            points=self.points or None,
            sku=self.sku.strip(),
            minimum=self.minimum,
        )

    def faults(self) -> Iterator[tuple[str, str]]:
        said = [name for name in ("percent", "amount", "points") if getattr(self, name)]
        if len(said) + bool(self.sku.strip()) != 1:
            yield "percent", _("Say what the code gives: one of the four.")
        for name, most in (("percent", 100), ("amount", MOST), ("points", MOST_POINTS), ("minimum", MOST)):
            value = getattr(self, name)
            if value and (not 0 < value <= most or value % CENT):
                yield name, _("A number is out of its bounds.")
        prefix = self.prefix.strip()
        if prefix and not (prefix.isascii() and prefix.isalnum()):
            yield "prefix", _("Latin letters and digits.")


def codes_given(program_id: int, campaign: int, turns: Sequence[Turned], before: int) -> dict[int, PromoCode]:
    """The newest code that each of these turns was given by a step before this one, by turn."""
    marks = {granting.mark_of(campaign, one.turn, step): one.turn for one in turns for step in range(before)}
    rows = PromoCode.objects.filter(
        program_id=program_id, account__in=[one.account for one in turns], once__in=list(marks)
    )
    return {marks[one.once]: one for one in rows.select_related("batch").order_by("pk")}
