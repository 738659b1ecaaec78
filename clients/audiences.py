"""Segments for batches of promo codes, which belong to a room that knows no clients."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from clients.models import Client, Segment
from clients.segments import using
from merchants.models import Merchant


class Segments:
    def contains(self, *, program_id: int, audience: int, account_id: int, at: dt.datetime) -> bool:
        segment = Segment.objects.filter(program_id=program_id, pk=audience).select_related("merchant").first()
        client = Client.objects.filter(program_id=program_id, account=account_id).first()
        return segment is not None and client is not None and using.contains(segment, client, at)

    def choices(self, merchant: Merchant) -> Sequence[tuple[int, str]]:
        mine = Segment.objects.filter(program_id=merchant.program_id, merchant=merchant)
        return list(mine.order_by("name").values_list("pk", "name"))
