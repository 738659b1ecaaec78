"""Issued, extended, cancelled, warned of, expired; and codes."""

from __future__ import annotations

import datetime as dt
import string
from decimal import Decimal as D

import pytest

from loyalty import housekeeping
from loyalty.certificates import changing, codes, issuing, time_passing
from loyalty.certificates.issuing import Terms
from loyalty.models import Certificate
from loyalty.refusals import Refused
from merchants.models import AuditRecord, OutboxMessage
from tests.loyalty.certificates.desk import Desk


def test_a_batch_is_alike_and_each_code_its_own(desk: Desk) -> None:
    story = desk.story
    terms = Terms(kind="sum", amount=D(500), expires_at=story.now + dt.timedelta(days=30))
    issued = issuing.issue(merchant=story.shop.merchant, terms=terms, now=story.now, by=story.shop.owner, number=40)
    assert len({one.code for one in issued}) == 40
    assert len({one.batch for one in issued}) == 1
    assert all(codes.may_be(one.code) for one in issued)
    record = AuditRecord.objects.get(action="certificates.issued")
    assert (record.details["certificates"], record.details["total"]) == (40, "20000")
    with pytest.raises(ValueError, match="number"):
        issuing.issue(merchant=story.shop.merchant, terms=terms, now=story.now, by=story.shop.owner, number=501)


def test_it_expires_once_and_an_extension_brings_it_back(desk: Desk) -> None:
    story, one = desk.story, desk.issue("100", days=5)
    story.sell(None, "30", paying=[(one.code, "max")])
    story.later(days=6)
    with pytest.raises(Refused, match="certificate_refused"):
        story.sell(None, "30", paying=[(one.code, "max")])
    for _ in range(2):
        housekeeping.sweep(now=story.now)
    assert desk.history(one) == [("issue", 100), ("redeem", -30), ("expire", -70)]
    assert (desk.rest(one), one.state(story.now)) == (0, "expired")
    changing.extend(certificate=one, until=story.now + dt.timedelta(days=5), now=story.now, by="test", reason="ok")
    assert (desk.rest(one), one.state(story.now)) == (70, "good")
    assert story.sell(None, "100", paying=[(one.code, "max")]).certificates_paid == 70
    with pytest.raises(Refused) as refused:
        changing.extend(certificate=one, until=story.now + dt.timedelta(days=90), now=story.now, by="test")
    assert refused.value.facts == {"reason": "used_up"}


def test_the_address_is_forgotten_when_it_is_over(desk: Desk) -> None:
    story, used, good = desk.story, desk.issue("100"), desk.issue("100")
    Certificate.objects.update(email="maria@example.org")
    story.sell(None, "100", paying=[(used.code, "max")])
    time_passing.expire_due(program_id=story.program_id, now=story.now)
    used.refresh_from_db()
    good.refresh_from_db()
    assert (used.email, good.email) == ("", "maria@example.org")


def test_a_hold_taken_in_time_outlives_the_end(desk: Desk) -> None:
    story, one = desk.story, desk.issue("100", days=1)
    story.later(days=1, minutes=-5)
    held = story.hold(None, "60", paying=[(one.code, "max")])
    story.later(minutes=6)
    housekeeping.sweep(now=story.now)
    assert desk.rest(one) == 100
    assert story.commit(held).certificates_paid == 60
    housekeeping.sweep(now=story.now)
    assert desk.history(one) == [("issue", 100), ("redeem", -60), ("expire", -40)]


def test_a_cancelled_one_pays_nothing(desk: Desk) -> None:
    story, one = desk.story, desk.issue("100")
    sale = story.sell(None, "40", paying=[(one.code, "max")])
    changing.cancel(certificate=one, now=story.now, by=story.shop.manager, reason="потерян")
    with pytest.raises(Refused) as refused:
        story.sell(None, "30", paying=[(one.code, "max")])
    assert refused.value.facts == {"reason": "cancelled"}
    with pytest.raises(Refused, match="certificate_refused"):
        changing.cancel(certificate=one, now=story.now, by="test")
    # What it had paid comes back to it, and is good again.
    story.void(sale)
    assert (desk.rest(one), one.state(story.now)) == (40, "good")


def test_one_letter_before_the_end(desk: Desk) -> None:
    story, anna = desk.story, desk.story.join()
    one, nobodys = desk.issue("100", days=20, holder=anna), desk.issue("100", days=20)
    for days, letters in ((3, 0), (4, 1), (1, 1)):
        story.later(days=days)
        time_passing.warn(program_id=story.program_id, now=story.now)
        assert OutboxMessage.objects.filter(topic="certificate.ends").count() == letters
    one.refresh_from_db()
    nobodys.refresh_from_db()
    assert (one.warned_at is not None, nobodys.warned_at) == (True, None)


@pytest.mark.parametrize("n", range(30))
def test_a_slip_of_the_finger_is_told(n: int) -> None:
    code = codes.new_code()
    assert codes.may_be(code)
    place = n % codes.LENGTH
    for other in codes.ALPHABET:
        wrong = code[:place] + other + code[place + 1 :]
        assert codes.may_be(wrong) == (other == code[place])
    if place and code[place] != code[place - 1]:
        swapped = code[: place - 1] + code[place] + code[place - 1] + code[place + 1 :]
        assert not codes.may_be(swapped)


def test_a_code_is_read_as_people_type_it() -> None:
    code = codes.new_code()
    assert codes.spelled(f" {codes.shown(code).lower()} ") == code
    assert codes.spelled("авек-мнрс-тх") == "ABEKMHPCTX"
    assert set("0OILU") & set(codes.ALPHABET) == set()
    assert set(codes.ALPHABET) <= set(string.digits + string.ascii_uppercase)


def test_what_the_shop_owes_stands_apart_from_points(desk: Desk) -> None:
    sold, gift = desk.issue("1000"), desk.issue("500", sold=False)
    desk.story.sell(None, "300", paying=[(sold.code, "max")])
    assert Certificate.objects.owed(desk.story.now, merchant_id=sold.merchant_id) == 700
    assert gift.worth() == 0
