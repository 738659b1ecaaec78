"""A hold keeps points for a sale until it is committed, voided, or its time has passed."""

from __future__ import annotations

import datetime as dt

import pytest

from loyalty import cards, ledger, sales
from loyalty.models import Reservation, Sale
from loyalty.refusals import Refused
from loyalty.sales.request import Who
from tests.loyalty.checking import books_are_sound
from tests.loyalty.shop import ONE_PER_ONE, TillStory, as_json, id_of, new_key


def test_what_is_held_is_the_clients_and_not_available(story: TillStory) -> None:
    story.publish({})
    anna = story.join()
    story.give(anna, "100")
    held = story.hold(anna, "80", points="80")
    standing = story.standing(anna)
    assert (held.status, standing.available, standing.held, standing.balance) == ("held", 20, 80, 100)
    with pytest.raises(Refused, match="redemption_limit"):
        story.sell(anna, "80", points="21")
    assert story.entries(anna) == [("adjust", 100)]


def test_commit_books_what_was_computed(story: TillStory) -> None:
    story.publish(ONE_PER_ONE)
    anna = story.join()
    story.give(anna, "100")
    held = story.hold(anna, "150", points="80", minutes=60)
    # Neither other rules nor other lots change what was computed.
    story.later(minutes=30)
    story.publish({"rules": []})
    sold = story.commit(held)
    assert (sold.status, sold.points_redeemed, sold.points_earned, sold.hold_until) == ("committed", 80, 70, None)
    assert (story.standing(anna).balance, story.standing(anna).held) == (90, 0)
    assert story.commit(held).status == "committed"
    assert story.standing(anna).balance == 90


def test_void_frees_the_points_the_code_and_the_receipt_number(story: TillStory) -> None:
    story.publish({})
    anna = story.join()
    story.give(anna, "100")
    code = cards.issue_code(account=anna, now=story.now)
    request = story.request(anna, "80", points="80", receipt="000001")
    request = type(request)(
        **{name: getattr(request, name) for name in request.__struct_fields__} | {"client": Who("code", code.code)}
    )
    until = story.now + dt.timedelta(minutes=15)
    held = sales.hold(
        caller=story.caller, request=request, key=new_key("", request), now=story.now, until=until, render=as_json
    )
    assert held.sale_id is not None
    with pytest.raises(Refused, match="client_not_found"):
        story.sell_raw(request.__class__(cart=request.cart, occurred_at=story.now, client=Who("code", code.code)))
    back = story.void(held.sale_id)
    assert (back.sale_status, back.is_void, back.money, back.points_back) == ("ended", True, 0, 0)
    assert story.standing(anna).available == 100
    assert story.void(held.sale_id) == back
    assert story.sell_raw(request).status == 201
    with pytest.raises(Refused, match="hold_ended"):
        story.commit(held.sale_id)


@pytest.mark.parametrize("tidied", [False, True], ids=["not yet tidied", "tidied"])
def test_its_time_passes(story: TillStory, tidied: bool) -> None:
    story.publish({})
    anna = story.join()
    story.give(anna, "100")
    held = story.hold(anna, "80", points="80", minutes=15, receipt="000001")
    story.later(minutes=15)
    if tidied:
        assert ledger.end_due_holds(program_id=story.program_id, now=story.now) == 1
        assert ledger.end_due_holds(program_id=story.program_id, now=story.now) == 0
    assert (story.standing(anna).available, story.standing(anna).held) == (100, 0)
    with pytest.raises(Refused, match="hold_ended"):
        story.commit(held)
    # The receipt's number is free again.
    assert story.sell(anna, "90", points="90", receipt="000001").points_redeemed == 90
    books_are_sound(story.program_id, story.now)


def test_held_points_outlive_their_own_time(story: TillStory) -> None:
    """Those lots stay usable until the hold ends."""
    story.publish({})
    anna = story.join()
    story.give(anna, "100", until=story.now + dt.timedelta(minutes=10))
    held = story.hold(anna, "60", points="60", minutes=30)
    story.later(minutes=20)
    assert (story.sweep(), story.standing(anna).balance) == (1, 60)
    assert story.sweep() == 0
    story.commit(held)
    assert story.entries(anna) == [("adjust", 100), ("expire", -40), ("redeem", -60)]


def test_held_points_are_gone_with_the_hold(story: TillStory) -> None:
    story.publish({})
    anna = story.join()
    story.give(anna, "100", until=story.now + dt.timedelta(minutes=10))
    held = story.hold(anna, "60", points="60", minutes=30)
    story.later(minutes=20)
    story.void(held)
    assert story.standing(anna).balance == 0
    assert story.sweep() == 1
    assert story.entries(anna)[-1] == ("expire", -100)


def test_two_holds_share_a_lot(story: TillStory) -> None:
    story.publish({})
    anna = story.join()
    story.give(anna, "100")
    first, second = story.hold(anna, "60", points="60"), story.hold(anna, "40", points="40")
    with pytest.raises(Refused, match="redemption_limit"):
        story.hold(anna, "1", points="1")
    story.commit(second)
    assert (story.standing(anna).available, story.standing(anna).held) == (0, 60)
    story.commit(first)
    assert story.standing(anna).balance == 0


def test_points_taken_back_under_a_hold_are_owed_at_commit(story: TillStory) -> None:
    story.publish({**ONE_PER_ONE, "points": {"earn_when_redeeming": False}})
    anna = story.join()
    earned = story.sell(anna, "100")
    held = story.hold(anna, "100", points="100")
    story.void(earned)
    standing = story.standing(anna)
    assert (standing.balance, standing.held, standing.available) == (0, 0, 0)
    books_are_sound(story.program_id, story.now)
    story.commit(held)
    assert story.standing(anna).debt == 100


def test_the_youngest_hold_loses_its_points_first(story: TillStory) -> None:
    story.publish({**ONE_PER_ONE, "points": {"earn_when_redeeming": False}})
    anna = story.join()
    sale = story.sell(anna, "30", "70")
    older, younger = story.hold(anna, "60", points="60"), story.hold(anna, "40", points="40")
    story.give_back(sale, [(0, "1")])
    kept = Reservation.objects.order_by("id").values_list("sale__public_id", "points")
    assert list(kept) == [(older.id, 60), (younger.id, 10)]


def test_a_hold_whose_time_has_passed_protects_nobody(story: TillStory) -> None:
    """It is younger than the one that lasts, and still on the books: it can't lose points for it."""
    story.publish({**ONE_PER_ONE, "points": {"earn_when_redeeming": False}})
    anna = story.join()
    sale = story.sell(anna, "30", "70")
    lasting = story.hold(anna, "60", points="60", minutes=60)
    story.hold(anna, "40", points="40", minutes=5)
    story.later(minutes=10)
    story.give_back(sale, [(1, "1")])
    standing = story.standing(anna)
    assert (standing.balance, standing.held, standing.available) == (30, 30, 0)
    books_are_sound(story.program_id, story.now)
    story.commit(lasting)
    assert story.standing(anna).balance == -30


def test_a_hold_of_nobody_is_a_sale_in_waiting(story: TillStory) -> None:
    story.publish(ONE_PER_ONE)
    held = story.hold(None, "100")
    assert story.commit(held).status == "committed"
    ended = story.hold(None, "100")
    story.void(ended)
    assert Sale.objects.get(public_id=id_of(ended)).status == "ended"


def test_a_hold_is_no_sale_to_return(story: TillStory) -> None:
    story.publish(ONE_PER_ONE)
    held = story.hold(story.join(), "100")
    with pytest.raises(Refused, match="sale_not_sold"):
        story.give_back(held, [(0, "1")])


def test_the_visit_of_the_day_is_counted_at_commit(story: TillStory) -> None:
    story.publish(ONE_PER_ONE)
    anna = story.join()
    held = story.hold(anna, "100")
    story.sell(anna, "10")
    story.commit(held)
    anna.refresh_from_db()
    assert (anna.visits, anna.purchases, anna.spent) == (1, 2, 110)
