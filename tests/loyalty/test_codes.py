"""Who the client is: one-time codes, codes by SMS, cards, blocks."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal as D
from typing import Any

import msgspec
import pytest

from loyalty import accounts, cards, confirmation
from loyalty.models import Account, Card, Confirmation
from loyalty.refusals import Refused
from loyalty.sales.receipt import Receipt
from loyalty.sales.request import Who
from merchants.models import OutboxMessage
from tests.loyalty.shop import ONE_PER_ONE, TillStory


def sell_by_code(story: TillStory, account: Account, code: str, **more: Any) -> Receipt:
    request = msgspec.structs.replace(story.request(account, "10", **more), client=Who("code", code))
    return msgspec.json.decode(story.sell_raw(request).text, type=Receipt)


def sms(story: TillStory, account: Account, points: str | None = None) -> str:
    """The four digits that were sent."""
    confirmation.send(account=account, shop="Зерно", points=None if points is None else D(points), now=story.now)
    text = OutboxMessage.objects.filter(topic="confirmation.send").latest("id").payload["text"]
    found = re.search(r"\b\d{4}\b", text)
    assert found is not None
    return found[0]


# ---------------------------------------------------------------- one-time codes


def test_a_code_lives_ten_minutes(story: TillStory) -> None:
    story.publish(ONE_PER_ONE)
    anna = story.join()
    code = cards.issue_code(account=anna, now=story.now).code
    story.now += dt.timedelta(minutes=10, microseconds=-1)
    assert sell_by_code(story, anna, code).points_earned == 10
    late = cards.issue_code(account=anna, now=story.now).code
    story.later(minutes=10)
    with pytest.raises(Refused, match="client_not_found"):
        sell_by_code(story, anna, late)


def test_a_code_is_used_once(story: TillStory) -> None:
    story.publish({})
    anna = story.join()
    story.give(anna, "10")
    code = cards.issue_code(account=anna, now=story.now).code
    sale = sell_by_code(story, anna, code, points="5")
    assert sale.identified_by == "code"
    with pytest.raises(Refused, match="client_not_found"):
        sell_by_code(story, anna, code)
    # A sale that is voided does not give the code back; a hold that is voided would.
    story.void(sale)
    with pytest.raises(Refused, match="client_not_found"):
        sell_by_code(story, anna, code)


def test_the_same_request_again_is_answered_though_its_code_is_used(story: TillStory) -> None:
    story.publish(ONE_PER_ONE)
    anna = story.join()
    code = cards.issue_code(account=anna, now=story.now).code
    request = msgspec.structs.replace(story.request(anna, "10"), client=Who("code", code))
    first = story.sell_raw(request, key="one")
    story.later(hours=1)
    again = story.sell_raw(request, key="one")
    assert (again.text, again.replayed) == (first.text, True)


def test_a_quote_does_not_use_a_code_up(story: TillStory) -> None:
    story.publish(ONE_PER_ONE)
    anna = story.join()
    code = cards.issue_code(account=anna, now=story.now).code
    from loyalty import sales

    request = msgspec.structs.replace(story.request(anna, "10"), client=Who("code", code))
    for _ in range(2):
        assert sales.quote(caller=story.caller, request=request, now=story.now).points_earned == 10
    assert sell_by_code(story, anna, code).points_earned == 10


def test_digits_of_a_dead_code_serve_another_client(story: TillStory, monkeypatch: pytest.MonkeyPatch) -> None:
    story.publish(ONE_PER_ONE)
    anna, boris = story.join("+79160000001"), story.join("+79160000002")
    digits = iter([7, 7, 8, 7])
    monkeypatch.setattr("loyalty.cards.secrets.randbelow", lambda _most: next(digits))
    assert cards.issue_code(account=anna, now=story.now).code == "000007"
    # While Anna's lives, Boris gets other digits.
    assert cards.issue_code(account=boris, now=story.now).code == "000008"
    story.later(minutes=10)
    cards.issue_code(account=boris, now=story.now)
    assert accounts.find(program_id=story.program_id, who=Who("code", "000007"), now=story.now) == boris


# ---------------------------------------------------------------- confirmation by SMS


def by_phone(story: TillStory, account: Account, points: str, **more: Any) -> Receipt:
    return story.sell(account, "100", points=points, by="phone", **more)


def test_the_code_opens_the_purse_once(story: TillStory) -> None:
    story.publish({})
    anna = story.join()
    story.give(anna, "100")
    with pytest.raises(Refused, match="confirmation_required") as refused:
        by_phone(story, anna, "40")
    assert refused.value.facts == {"allowed": 100}
    code = sms(story, anna)
    assert by_phone(story, anna, "40", confirmation=code).points_redeemed == 40
    with pytest.raises(Refused, match="confirmation_invalid"):
        by_phone(story, anna, "40", confirmation=code)


def test_five_wrong_codes_and_the_right_one_is_dead(story: TillStory) -> None:
    story.publish({})
    anna = story.join()
    story.give(anna, "100")
    code = sms(story, anna)
    wrong = f"{(int(code) + 1) % 10_000:04}"
    for _ in range(4):
        with pytest.raises(Refused, match="confirmation_invalid"):
            by_phone(story, anna, "10", confirmation=wrong)
    assert by_phone(story, anna, "10", confirmation=code).points_redeemed == 10
    code = sms(story, anna)
    for _ in range(5):
        with pytest.raises(Refused, match="confirmation_invalid"):
            by_phone(story, anna, "10", confirmation=f"{(int(code) + 1) % 10_000:04}")
    with pytest.raises(Refused, match="confirmation_invalid"):
        by_phone(story, anna, "10", confirmation=code)
    assert story.standing(anna).balance == 90


def test_a_quote_counts_wrong_codes_too(story: TillStory) -> None:
    story.publish({})
    anna = story.join()
    story.give(anna, "100")
    code = sms(story, anna)
    with pytest.raises(Refused, match="confirmation_invalid"):
        story.quote(anna, "100", points="10", by="phone", confirmation=f"{(int(code) + 1) % 10_000:04}")
    assert Confirmation.objects.get(account=anna).attempts == 1


def test_a_code_by_sms_lives_ten_minutes_and_the_newest_alone(story: TillStory) -> None:
    story.publish({})
    anna = story.join()
    story.give(anna, "100")
    old = sms(story, anna)
    with pytest.raises(Refused, match="confirmation_too_soon"):
        sms(story, anna)
    story.later(minutes=1)
    new = sms(story, anna)
    if old != new:
        with pytest.raises(Refused, match="confirmation_invalid"):
            by_phone(story, anna, "10", confirmation=old)
    story.later(minutes=10)
    with pytest.raises(Refused, match="confirmation_invalid"):
        by_phone(story, anna, "10", confirmation=new)


@pytest.mark.parametrize(("points", "allowed"), [("50", True), ("51", False), ("max", False)])
def test_no_more_than_the_message_named(story: TillStory, points: str, allowed: bool) -> None:
    story.publish({})
    anna = story.join()
    story.give(anna, "100")
    code = sms(story, anna, points="50")
    if allowed:
        assert by_phone(story, anna, points, confirmation=code).points_redeemed == 50
    else:
        with pytest.raises(Refused, match="confirmation_invalid"):
            by_phone(story, anna, points, confirmation=code)
        assert story.standing(anna).balance == 100


def test_nobody_is_confirmed_by_another_s_code(story: TillStory) -> None:
    story.publish({})
    anna, boris = story.join("+79160000001"), story.join("+79160000002")
    story.give(boris, "100")
    code = sms(story, anna)
    with pytest.raises(Refused, match="confirmation_invalid"):
        by_phone(story, boris, "10", confirmation=code)


def test_a_senior_may_go_without(story: TillStory) -> None:
    story.publish({})
    anna = story.join()
    story.give(anna, "100")
    assert by_phone(story, anna, "10", override="no signal").points_redeemed == 10
    story.caller = msgspec.structs.replace(story.caller, scopes=frozenset({"sell"}))
    with pytest.raises(Refused, match="override_not_allowed"):
        by_phone(story, anna, "10", override="no signal")


# ---------------------------------------------------------------- blocks and cards


def test_a_blocked_client_neither_earns_nor_spends(story: TillStory) -> None:
    story.publish(ONE_PER_ONE)
    anna = story.join()
    story.give(anna, "100")
    held = story.hold(anna, "10", points="10")
    accounts.block(account=anna, reason="fraud", now=story.now, by="test")
    for points in (None, "10"):
        with pytest.raises(Refused, match="client_blocked"):
            story.sell(anna, "10", points=points)
    with pytest.raises(Refused, match="client_blocked"):
        story.quote(anna, "10")
    with pytest.raises(Refused, match="client_blocked"):
        confirmation.send(account=anna, shop="Зерно", points=None, now=story.now)
    # What he has stays, and what was promised him is kept.
    assert story.standing(anna).balance == 100
    assert story.commit(held).points_redeemed == 10
    accounts.unblock(account=anna, reason="", now=story.now, by="test")
    assert story.sell(anna, "10").points_earned == 10


@pytest.mark.parametrize("kind", [Card.Kind.PHONE, Card.Kind.VIRTUAL])
def test_a_blocked_card_finds_nobody(story: TillStory, kind: Card.Kind) -> None:
    story.publish(ONE_PER_ONE)
    anna = story.join()
    request = story.request(anna, "10", by="phone" if kind == Card.Kind.PHONE else "card")
    Card.objects.filter(account=anna, kind=kind).update(status=Card.Status.BLOCKED)
    with pytest.raises(Refused, match="card_blocked"):
        story.sell_raw(request)


def test_a_phone_is_no_card_and_a_card_no_phone(story: TillStory) -> None:
    story.publish(ONE_PER_ONE)
    anna = story.join()
    request = story.request(anna, "10")
    for who in (Who("card", story.phone(anna)), Who("phone", story.card(anna))):
        with pytest.raises(Refused, match="client_not_found"):
            story.sell_raw(msgspec.structs.replace(request, client=who))


def test_every_card_number_scans(story: TillStory) -> None:
    for _ in range(100):
        number = cards.new_number()
        weighed = sum(int(digit) * (1, 3)[n % 2] for n, digit in enumerate(number))
        assert (len(number), number[:2], weighed % 10) == (13, "29", 0)
