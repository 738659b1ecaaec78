"""What campaigns gave a client, and why not, as his data say it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from campaigns.models import CampaignTurn
from campaigns.words import state_of
from clients.personal.dossier import Asked, Section


def _turns(asked: Asked) -> Iterator[Sequence[Any]]:
    rows = CampaignTurn.objects.filter(**asked.his()).select_related("campaign").order_by("pk")
    if asked.merchant_id is not None:
        rows = rows.filter(campaign__merchant=asked.merchant_id)
    for one in rows.iterator(500):
        yield one.at or one.created_at, one.campaign.name, state_of(one), one.points, one.money


SECTIONS: Final = (
    Section(
        "campaigns",
        _("Campaigns"),
        {
            "at": _("When"),
            "campaign": _("Campaign"),
            "state": _("What became of it"),
            "points": _("Points"),
            "certificates": _("Sum of certificates"),
        },
        _turns,
    ),
)
