"""Stories in which something went wrong once: they stay told."""

from __future__ import annotations

import datetime as dt
import threading
from decimal import Decimal as D

import msgspec
import pytest

from loyalty import confirmation, sales
from loyalty.engine.books import Books, OpenLot
from loyalty.models import Confirmation, Sale
from loyalty.refusals import Refused
from loyalty.sales.receipt import Receipt
from merchants.authentication import look_up
from merchants.models import OutboxMessage
from tests.cast import make_key
from tests.loyalty.shop import ONE_PER_ONE, TillStory, as_json, new_key


def test_a_till_that_lost_its_hold_sells_the_same_receipt(story: TillStory) -> None:
    """The hold's answer was lost on the way; the till sells the receipt as if there had been none."""
    story.publish(ONE_PER_ONE)
    anna = story.join()
    held = story.hold(anna, "100", receipt="7")
    sold = story.sell(anna, "100", receipt="7")
    assert (sold.id, sold.status) == (held.id, "committed")
    assert story.standing(anna).balance == 100


def test_an_offline_receipt_ends_its_hold_as_a_sale(story: TillStory) -> None:
    story.publish(ONE_PER_ONE)
    anna = story.join()
    story.give(anna, "40")
    held = story.hold(anna, "100", points="40", receipt="7")
    request = story.request(anna, "100", points="40", receipt="7")
    answer = sales.book(caller=story.caller, request=request, key=new_key("", request), now=story.now, render=as_json)
    assert msgspec.json.decode(answer.text, type=Receipt).status == "committed"
    assert Sale.objects.get().public_id == held.id
    assert story.standing(anna).balance == 60


def test_an_offline_till_can_not_spend_by_phone_alone(story: TillStory) -> None:
    story.publish(ONE_PER_ONE)
    anna = story.join()
    story.give(anna, "100")
    caller = look_up(make_key(story.shop.till, ["sell"]))
    request = story.request(anna, "100", points="100", by="phone")
    answer = sales.book(caller=caller, request=request, key=new_key("", request), now=story.now, render=as_json)
    sale = msgspec.json.decode(answer.text, type=Receipt)
    assert (sale.points_redeemed, sale.flags) == (0, ("points_not_booked",))


def test_points_that_another_till_spent_after_the_hold_are_owed(story: TillStory) -> None:
    """Its clock was ahead: the hold was over for that till, and is not for this one."""
    story.publish({})
    anna = story.join()
    story.give(anna, "80")
    held = story.hold(anna, "80", points="80", minutes=15)
    here = story.now
    story.now = here + dt.timedelta(minutes=16)
    story.sell(anna, "50", points="50")
    story.now = here
    story.commit(held)
    assert story.standing(anna).balance == -50


def test_no_lot_gives_more_than_it_has() -> None:
    now = dt.datetime(2026, 11, 21, tzinfo=dt.UTC)
    books = Books(points=D(30), debt=D(0), lots=[OpenLot(1, D(30), D(80), now, None, None)], now=now)
    books.spend_held(D(80), {1: D(80)})
    assert (books.points, books.debt, books.balance) == (0, 50, -50)


def test_a_free_line_does_not_keep_a_sale_alive(story: TillStory) -> None:
    story.publish(ONE_PER_ONE)
    anna = story.join()
    sale = story.sell(anna, "100", "0")
    story.give_back(sale, amount="100")
    assert Sale.objects.get().status == "voided"
    anna.refresh_from_db()
    assert (anna.purchases, anna.visits) == (0, 0)


@pytest.mark.django_db(transaction=True)
def test_guesses_at_once_are_all_counted(story: TillStory) -> None:
    story.publish({})
    anna = story.join()
    story.give(anna, "100")
    confirmation.send(account=anna, shop="Зерно", points=None, now=story.now)
    right = OutboxMessage.objects.get(topic="confirmation.send").payload["text"][:4]
    wrong = "0000" if right != "0000" else "1111"
    request = story.request(anna, "100", points="10", by="phone", confirmation=wrong)
    start = threading.Barrier(8)

    def guess() -> None:
        from django.db import connection

        from merchants.access import tenant

        with tenant(story.program_id):
            start.wait()
            with pytest.raises(Refused, match="confirmation_invalid"):
                sales.quote(caller=story.caller, request=request, now=story.now)
        connection.close()

    threads = [threading.Thread(target=guess) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Confirmation.objects.get().attempts == confirmation.ATTEMPTS


def test_an_override_says_why(story: TillStory) -> None:
    story.publish({})
    anna = story.join()
    story.give(anna, "100")
    with pytest.raises(Refused, match="confirmation_required"):
        story.sell(anna, "100", points="10", by="phone", override="  ")
