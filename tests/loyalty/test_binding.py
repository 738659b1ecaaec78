"""Plastic cards: bound once, blocked, replaced; what finds a client afterwards and what does not."""

from __future__ import annotations

import datetime as dt

import msgspec
import pytest

from loyalty import accounts, binding, closing, merging, presence
from loyalty.cards import issue_code
from loyalty.models import Account, Card, CardBatch, OneTimeCode, PlasticCard
from loyalty.refusals import Refused
from loyalty.sales.request import Who
from merchants.models import AuditRecord
from tests.loyalty.at_once import at_once
from tests.loyalty.shop import ONE_PER_ONE, TillStory

BLUE, GREEN = "2800000000017", "2800000000024"


def batch(story: TillStory, *numbers: str, state: str = "ready") -> CardBatch:
    made = CardBatch.objects.create(
        program_id=story.program_id,
        merchant=story.shop.merchant,
        name="Синие",
        source="range",
        state=state,
        size=len(numbers),
        created_at=story.now,
    )
    PlasticCard.objects.bulk_create(
        PlasticCard(program_id=story.program_id, batch=made, number=number) for number in numbers
    )
    return made


def bind(story: TillStory, account: Account, number: str) -> Card:
    return binding.bind(account=account, number=number, now=story.now, by="test")


def find(story: TillStory, number: str) -> Account:
    return accounts.find(program_id=story.program_id, who=Who("card", number), now=story.now)


def test_a_number_of_a_batch_becomes_a_clients_card(story: TillStory) -> None:
    story.publish(ONE_PER_ONE)
    anna, made = story.join(), batch(story, BLUE)
    with pytest.raises(Refused, match="client_not_found"):
        find(story, BLUE)
    card = bind(story, anna, " 2800 0000 00017 ")
    assert (card.kind, card.batch, find(story, BLUE)) == ("plastic", made, anna)
    assert bind(story, anna, BLUE) == card, "once more changes nothing"
    request = msgspec.structs.replace(story.request(anna, "10"), client=Who("card", BLUE))
    assert msgspec.json.decode(story.sell_raw(request).text)["points_earned"] == "10"
    (record,) = AuditRecord.objects.filter(action="card.bound")
    assert BLUE not in str(record.details)


def test_what_is_not_bound(story: TillStory) -> None:
    anna, boris = story.join(), story.join("+79161234568")
    batch(story, BLUE)
    bind(story, anna, BLUE)
    batch(story, GREEN, state="withdrawn")
    batch(story, "777", state="making")
    for number, why in (
        (BLUE, "card_taken"),
        (GREEN, "card_blocked"),
        ("777", "card_not_found"),
        ("12345", "card_not_found"),
        ("+79161234567", "card_taken"),
    ):
        with pytest.raises(Refused, match=why):
            bind(story, boris, number)
    accounts.block(account=boris, reason="", now=story.now, by="test")
    with pytest.raises(Refused, match="client_blocked"):
        bind(story, boris, "12345")


def test_any_number_where_the_shop_wants_that(story: TillStory) -> None:
    anna = story.join()
    binding.let_any_number(program_id=story.program_id, allowed=True, now=story.now, by="test")
    assert bind(story, anna, "OLD-0042").batch is None
    assert bind(story, anna, "10-001").batch is None
    for number in (
        "+79990000000",
        "<script>",
        "12",
        "7" * 41,
        "1234",
        "123456",
        "89161234567",
        "84951234567",
        "10-0001",
        "8916-123-45-67",
    ):
        with pytest.raises(Refused, match="card_not_found"):
            bind(story, anna, number)


def test_a_blocked_card_says_so_and_finds_nobody(story: TillStory) -> None:
    story.publish(ONE_PER_ONE)
    anna = story.join()
    batch(story, BLUE)
    card = bind(story, anna, BLUE)
    binding.block(card=card, why=Card.Why.LOST, note="в метро", now=story.now, by="test")
    request = msgspec.structs.replace(story.request(anna, "10"), client=Who("card", BLUE))
    with pytest.raises(Refused, match="card_blocked"):
        find(story, BLUE)
    with pytest.raises(Refused, match="card_blocked"):
        story.sell_raw(request)
    with pytest.raises(Refused, match="card_blocked"):
        bind(story, anna, BLUE)
    assert find(story, story.card(anna)) == anna, "her other card works"
    binding.unblock(card=card, note="нашлась", now=story.now, by="test")
    assert find(story, BLUE) == anna
    assert list(
        AuditRecord.objects.order_by("id").values_list("action", "reason").filter(action__contains="block")
    ) == [
        ("card.blocked", "в метро"),
        ("card.unblocked", "нашлась"),
    ]


def test_a_stolen_card_of_an_erased_client_stays_blocked(story: TillStory) -> None:
    anna, boris = story.join(), story.join("+79161234568")
    batch(story, BLUE, GREEN)
    stolen = bind(story, anna, BLUE)
    bind(story, anna, GREEN)
    binding.block(card=stolen, why=Card.Why.STOLEN, note="", now=story.now, by="test")
    closing.close(account=anna, reason="", now=story.now, by="test")
    assert not binding.is_waiting(story.program_id, BLUE)
    with pytest.raises(Refused, match="card_blocked"):
        bind(story, boris, BLUE)
    assert bind(story, boris, GREEN).account_id == boris.pk


def test_blocked_cards_are_not_counted(story: TillStory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binding, "MOST_CARDS", 3)
    anna = story.join()  # a phone and a virtual card
    batch(story, BLUE, GREEN)
    lost = bind(story, anna, BLUE)
    with pytest.raises(Refused, match="card_limit"):
        bind(story, anna, GREEN)
    binding.block(card=lost, why=Card.Why.LOST, note="", now=story.now, by="test")
    assert bind(story, anna, GREEN).number == GREEN


def test_another_card_takes_over(story: TillStory) -> None:
    anna = story.join()
    batch(story, BLUE, GREEN)
    old = bind(story, anna, BLUE)
    new = binding.replace(card=old, number=GREEN, note="", now=story.now, by="test")
    assert find(story, GREEN) == anna
    with pytest.raises(Refused, match="card_replaced"):
        find(story, BLUE)
    with pytest.raises(Refused, match="card_replaced"):
        binding.unblock(card=old, note="", now=story.now, by="test")
    old.refresh_from_db()
    assert (old.status, old.block_why, old.replaced_by) == ("blocked", "replaced", new.pk)


def test_a_virtual_card_gets_a_new_number(story: TillStory) -> None:
    anna = story.join()
    old = Card.objects.get(account=anna, kind="virtual")
    new = binding.replace(card=old, number="", note="", now=story.now, by="test")
    assert new.number != old.number
    assert find(story, new.number) == anna


def test_replaced_cards_go_and_come_with_a_merge(story: TillStory) -> None:
    anna, twin = story.join(), story.join("+79161234568")
    batch(story, BLUE, GREEN)
    old = bind(story, twin, BLUE)
    row = merging.merge(keep=anna, drop=twin, now=story.now, by="test")
    assert find(story, BLUE) == anna
    assert bind(story, twin, BLUE) == old, "an alias is the client himself"
    old.refresh_from_db()
    binding.replace(card=old, number=GREEN, note="", now=story.now, by="test")
    merging.unmerge(merge=row, now=story.now, by="test")
    twin.refresh_from_db()
    assert find(story, GREEN) == twin, "the new card is in the hands of whoever had the old one"


# ---------------------------------------------------------------- the rotating code


def told(story: TillStory, token: str, *, till: int | None = None) -> str:
    who = presence.recognised(
        Who("card", token), program_id=story.program_id, till_id=till or story.caller.till_id, now=story.now
    )
    return who.value


def test_a_fresh_code_stands_for_the_client_and_an_old_one_for_nobody(story: TillStory) -> None:
    anna = story.join()
    code = issue_code(account=anna, now=story.now)
    token = presence.token_of(code, now=story.now)
    story.later(minutes=2.5)
    assert told(story, token) != code.code
    fresh = presence.token_of(code, now=story.now)
    assert fresh != token
    story.now += dt.timedelta(seconds=85)
    assert told(story, fresh) == code.code
    story.later(minutes=5)
    assert told(story, fresh) == code.code, "the till that has taken it goes on with it"
    assert told(story, fresh, till=story.caller.till_id + 1) != code.code
    story.later(minutes=10)
    assert told(story, fresh) != code.code


def test_a_fresh_code_goes_with_the_client_to_another_till(story: TillStory) -> None:
    other = story.caller.till_id + 1
    code = issue_code(account=story.join(), now=story.now)
    token = presence.token_of(code, now=story.now)
    assert told(story, token) == code.code
    assert told(story, token, till=other) == code.code, "looked up at the first, paid at the second"
    story.later(minutes=4)
    assert told(story, token, till=other) == code.code
    assert told(story, token) != code.code


def test_forged_codes_stand_for_nobody(story: TillStory) -> None:
    code = issue_code(account=story.join(), now=story.now)
    token = presence.token_of(code, now=story.now)
    for forged in (token[:-1] + str((int(token[-1]) + 1) % 10), token[:10] + "0" * 18, "9" * 28):
        assert told(story, forged) != code.code
    who = presence.recognised(Who("card", code.code), program_id=story.program_id, till_id=1, now=story.now)
    assert who == Who("card", code.code), "six digits in the place of a card are a card's number"


def test_the_picture_does_not_give_away_the_digits(story: TillStory) -> None:
    code = issue_code(account=story.join(), now=story.now)
    OneTimeCode.objects.filter(pk=code.pk).update(code="739146")
    code.refresh_from_db()
    for minutes in range(10):
        token = presence.token_of(code, now=story.now + dt.timedelta(minutes=minutes))
        assert (len(token), code.code in token, token.isdigit()) == (28, False, True)


def test_the_picture_dies_with_the_digits_that_it_stands_for(story: TillStory) -> None:
    anna, boris = story.join(), story.join("+79161234568")
    code = issue_code(account=anna, now=story.now)
    token = presence.token_of(code, now=story.now)
    OneTimeCode.objects.filter(pk=code.pk).update(account=boris, code="000001")
    assert told(story, token) == token


# ---------------------------------------------------------------- at once


@pytest.mark.django_db(transaction=True)
def test_two_tills_bind_one_card(story: TillStory) -> None:
    anna, boris = story.join(), story.join("+79161234568")
    batch(story, BLUE)
    both = at_once(story.program_id, [lambda one=one: bind(story, one, BLUE) for one in (anna, boris)])  # type: ignore[misc]
    (card,) = [one for one in both if isinstance(one, Card)]
    (refused,) = [one for one in both if isinstance(one, Refused)]
    assert refused.code == "card_taken"
    assert Card.objects.get(number=BLUE).account_id == card.account_id


@pytest.mark.django_db(transaction=True)
def test_a_card_bound_while_its_client_is_merged(story: TillStory) -> None:
    anna, twin = story.join(), story.join("+79161234568")
    batch(story, BLUE)
    done = at_once(
        story.program_id,
        [
            lambda: merging.merge(keep=anna, drop=twin, now=story.now, by="test"),
            lambda: bind(story, twin, BLUE),
        ],
    )
    assert not [one for one in done if isinstance(one, Exception)], done
    assert find(story, BLUE) == anna
    assert not Card.objects.filter(account=twin).exists()
