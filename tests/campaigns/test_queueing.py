"""Messages are asked for: one for an occasion, whoever asks how often."""

from __future__ import annotations

import datetime as dt

import pytest

from campaigns.messages.queueing import Receiver, queue
from campaigns.models import Message, MessageTemplate
from loyalty.models import Account
from merchants.access import tenant
from tests.cast import Cast

NOW = dt.datetime(2026, 3, 12, 10, tzinfo=dt.UTC)


def test_an_occasion_has_one_message(cast: Cast, django_assert_num_queries: object) -> None:
    shop = cast.zerno
    with tenant(shop.program.pk):
        template = MessageTemplate.objects.create(
            program=shop.program, merchant=shop.merchant, name="Подарок", channels=["sms"], texts={"sms": "Привет"}
        )
        accounts = [Account.objects.create(program=shop.program, merchant=shop.merchant) for _one in range(3)]
        asked = [Receiver(one.pk, f"campaign:1:{one.pk}", {"points": "100"}) for one in accounts]
        common = {"merchant": shop.merchant, "template": template, "source": "campaign:1", "now": NOW}
        assert queue(receivers=asked[:2], **common) == 2
        assert queue(receivers=asked, **common, not_before=NOW + dt.timedelta(hours=1)) == 1
        rows = list(Message.objects.order_by("pk"))
        assert [row.account_id for row in rows] == [one.pk for one in accounts]
        assert [row.due_at for row in rows] == [NOW, NOW, NOW + dt.timedelta(hours=1)]
        assert rows[0].state == Message.State.WAITING
        assert rows[0].details == {"points": "100"}
        assert rows[0].purpose == MessageTemplate.Purpose.ADVERTISING
        assert len({row.public_id for row in rows}) == 3
        with pytest.raises(ValueError, match="occasion"):
            queue(receivers=[Receiver(accounts[0].pk, "")], **common)
