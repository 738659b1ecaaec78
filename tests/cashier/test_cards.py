"""Plastic cards over HTTP: bound to a client, refused with a sentence; the rotating code of the client's page."""

from __future__ import annotations

import re

import pytest

from loyalty import binding, presence
from loyalty.cards import issue_code
from loyalty.models import Account, Card, CardBatch, PlasticCard
from merchants.access import tenant
from merchants.models import OutboxMessage
from tests.cashier.till import ANNA, FIVE_PERCENT, Till, Told
from tests.cast import make_key

BLUE, GREEN = "2800000000017", "2800000000024"


@pytest.fixture
def waiting(till: Till) -> None:
    program = till.shop.program.pk
    with tenant(program):
        made = CardBatch.objects.create(
            program_id=program, merchant=till.shop.merchant, name="Синие", source="range", state="ready", size=2
        )
        for number in (BLUE, GREEN):
            PlasticCard.objects.create(program_id=program, batch=made, number=number)


def stop(till: Till, number: str, why: Card.Why = Card.Why.LOST) -> None:
    with tenant(till.shop.program.pk):
        binding.block(card=Card.objects.get(number=number), why=why, note="", now=till.now, by="test")


def token(till: Till, client: str) -> str:
    with tenant(till.shop.program.pk):
        code = issue_code(account=Account.objects.get(public_id=client), now=till.now)
        return presence.token_of(code, now=till.now)


def sell(till: Till, client: dict[str, str], **more: str) -> Told:
    return till.post("sales", {"client": client, "total": "100", **more})


def test_a_card_is_bound_and_finds_its_client(till: Till, waiting: None) -> None:
    till.publish(FIVE_PERCENT)
    anna = till.join()
    answer = till.post(f"clients/{anna}/cards", {"number": "2800 0000 00017", "cashier": "vera"}, idempotency="k1")
    assert answer.ok().get("client_id", "number", "kind", "status") == {
        "client_id": anna,
        "number": BLUE,
        "kind": "plastic",
        "status": "active",
    }
    again = till.post(f"clients/{anna}/cards", {"number": "2800 0000 00017", "cashier": "vera"}, idempotency="k1")
    assert (again.text, again.headers["Idempotency-Replayed"]) == (answer.text, "true")
    assert till.get("clients", card=BLUE).ok()["id"] == anna
    assert sell(till, {"card": BLUE}).ok()["points_earned"] == "5"


def test_a_client_joins_with_a_card(till: Till, waiting: None) -> None:
    anna = till.join(card=BLUE)
    assert till.get("clients", card=BLUE).ok()["id"] == anna
    refused = till.post("clients", {"phone": "+79161234568", "card": BLUE})
    assert refused.problem == (409, "card_taken")
    assert till.get("clients", phone="+79161234568").problem == (404, "client_not_found"), "nobody joined"


def test_cards_that_are_not_bound_say_why(till: Till, waiting: None) -> None:
    anna, boris = till.join(), till.join("+79161234568")
    till.post(f"clients/{anna}/cards", {"number": BLUE}).ok()
    assert till.post(f"clients/{boris}/cards", {"number": BLUE}).problem == (409, "card_taken")
    unknown = till.post(f"clients/{boris}/cards", {"number": "123456"})
    assert unknown.problem == (404, "card_not_found")
    assert unknown["detail"] == "Карты с таким номером нет. Проверьте номер или возьмите другую карту."
    stop(till, BLUE)
    assert till.post(f"clients/{anna}/cards", {"number": BLUE}).problem == (409, "card_blocked")
    key = make_key(till.shop.till, ["read"])
    assert till.post(f"clients/{anna}/cards", {"number": GREEN}, key=key).problem == (403, "scope_missing")


def test_a_blocked_card_is_refused_with_a_sentence(till: Till, waiting: None) -> None:
    till.publish(FIVE_PERCENT)
    till.join(card=BLUE)
    stop(till, BLUE, Card.Why.REPLACED)
    found = till.get("clients", card=BLUE)
    assert found.problem == (409, "card_replaced")
    assert found["title"] == "Карта заменена"
    assert sell(till, {"card": BLUE}).problem == (409, "card_replaced")
    late = {"client": {"card": BLUE}, "total": "100", "occurred_at": till.now.isoformat()}
    (item,) = till.post("sales/batch", {"sales": [late]}).ok()["results"]
    assert item["body"]["flags"] == ["card_blocked"]


def test_numbers_that_are_tried_out_stop_the_till(till: Till, waiting: None) -> None:
    anna = till.join()
    for n in range(30):
        assert till.post(f"clients/{anna}/cards", {"number": f"OLD-{n:03}"}).status == 404
    assert till.post(f"clients/{anna}/cards", {"number": BLUE}).problem == (429, "throttled")
    assert till.get("clients", card=BLUE).problem == (429, "throttled")


def test_cards_that_wait_are_scanned_as_often_as_one_likes(till: Till, waiting: None) -> None:
    for _n in range(31):
        assert till.get("clients", card=BLUE).problem == (404, "client_not_found")


@pytest.mark.parametrize("place", ["card", "code"])
def test_the_code_of_the_clients_page_is_presence(till: Till, place: str) -> None:
    till.publish(FIVE_PERCENT, spending={"confirm": ["phone", "id", "card"]})
    anna = till.join()
    till.give(anna, "50")
    scanned = token(till, anna)
    assert till.get("clients", **{place: scanned}).ok()["id"] == anna
    till.later(minutes=4)
    sold = sell(till, {place: scanned}, points="50")
    assert sold.ok()["points_redeemed"] == "50"
    assert sell(till, {place: scanned}).problem == (404, "client_not_found"), "once"
    by_card = till.sell(anna, "100", points="max")
    assert by_card.problem == (409, "confirmation_required"), "the barcode finds, and does not spend"


def test_a_photograph_of_the_code_is_worthless(till: Till) -> None:
    till.publish(FIVE_PERCENT)
    anna = till.join(ANNA)
    scanned = token(till, anna)
    till.later(minutes=3)
    assert till.get("clients", code=scanned).problem == (404, "client_not_found")
    assert sell(till, {"code": scanned}).problem == (404, "client_not_found")


def test_a_card_bound_without_the_client_confirms_nothing(till: Till, waiting: None) -> None:
    till.publish(FIVE_PERCENT)
    anna = till.join()
    till.give(anna, "50")
    assert sell(till, {"phone": ANNA}, points="50").problem == (409, "confirmation_required")
    assert till.post(f"clients/{anna}/cards", {"number": BLUE}).ok()["confirmed"] is False
    assert till.get("clients", card=BLUE).ok()["card"] == "", "nor does it tell the card that spends"
    assert sell(till, {"card": BLUE}, points="10").problem == (409, "confirmation_required")
    assert sell(till, {"card": BLUE}).ok()["points_earned"] == "5"
    late = {"client": {"card": BLUE}, "total": "100", "points": "10", "occurred_at": till.now.isoformat()}
    (item,) = till.post("sales/batch", {"sales": [late]}, key=make_key(till.shop.till, ["sell"])).ok()["results"]
    assert "points_not_booked" in item["body"]["flags"]
    till.post(f"clients/{anna}/confirmation", {}).ok()
    with tenant(till.shop.program.pk):
        text = OutboxMessage.objects.get(topic="confirmation.send").payload["text"]
    (code,) = re.findall(r"\b\d{4}\b", text)
    assert sell(till, {"card": BLUE}, points="10", confirmation=code).ok()["points_redeemed"] == "10"
    assert sell(till, {"card": BLUE}, points="10").ok()["points_redeemed"] == "10", "she has confirmed with it once"


def test_a_card_bound_with_the_clients_code_spends(till: Till, waiting: None) -> None:
    till.publish(FIVE_PERCENT)
    anna, boris = till.join(), till.join("+79161234568")
    till.give(anna, "50")
    strange = token(till, boris)
    assert till.post(f"clients/{anna}/cards", {"number": BLUE, "code": strange}).problem[1] == "confirmation_invalid"
    till.post(f"clients/{anna}/cards", {"number": BLUE}).ok()
    bound = till.post(f"clients/{anna}/cards", {"number": BLUE, "code": token(till, anna)})
    assert bound.ok()["confirmed"] is True
    assert sell(till, {"card": BLUE}, points="10").ok()["points_redeemed"] == "10"


def test_a_receipt_with_the_picture_is_known_when_it_is_sent_again(till: Till) -> None:
    till.publish(FIVE_PERCENT)
    anna = till.join()
    client = {"code": token(till, anna)}
    sold = sell(till, client, receipt_number="17").ok()
    till.later(minutes=1)
    assert sell(till, client, receipt_number="17").ok()["id"] == sold["id"]
    till.later(minutes=20)
    assert sell(till, client, receipt_number="17").ok()["id"] == sold["id"], "the code is dead by now"
    late = {"client": client, "total": "100", "receipt_number": "17", "occurred_at": sold["occurred_at"]}
    (item,) = till.post("sales/batch", {"sales": [late]}).ok()["results"]
    assert (item["status"], item["body"]["id"]) == (200, sold["id"])
