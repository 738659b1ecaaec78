"""Gifts for points over the API."""

from __future__ import annotations

import uuid
from decimal import Decimal as D
from typing import Any

from loyalty.cards import issue_code
from loyalty.models import Account, Reward
from loyalty.rewards import catalogue
from loyalty.rewards.catalogue import Terms
from merchants.access import tenant
from tests.cashier.till import ANNA, ONE_PER_ONE, Till


def gift(till: Till, **said: Any) -> Reward:
    terms = Terms(**({"title": "Кофе в зёрнах", "price": D(200)} | said))
    with tenant(till.shop.program.pk):
        return catalogue.add(merchant=till.shop.merchant, terms=terms, now=till.now, by=till.shop.owner)


def code_of(till: Till, client: str) -> str:
    with tenant(till.shop.program.pk):
        return issue_code(account=Account.objects.get(public_id=client), now=till.now).code


def test_a_shop_exchanges_and_hands_over(till: Till) -> None:
    till.publish(ONE_PER_ONE)
    anna = till.join()
    till.sell(anna, "320")
    coffee = gift(till, left=2)
    gift(till, title="Дорогой", price=D(900))
    listed = till.get("rewards", client=anna)["rewards"]
    assert [(one["title"], one["price"], one["left"], one["obstacle"], one["missing"]) for one in listed] == [
        ("Кофе в зёрнах", "200", 2, "", "0"),
        ("Дорогой", "900", None, "points", "580"),
    ]
    assert {one["obstacle"] for one in till.get("rewards")["rewards"]} == {""}
    assert till.get("rewards", client=str(uuid.uuid4())).problem == (404, "client_not_found")

    body: dict[str, Any] = {"client": {"phone": ANNA}, "reward": str(coffee.public_id)}
    assert till.post("exchanges", body).problem == (409, "confirmation_required")
    body["client"] = {"code": code_of(till, anna)}
    taken = till.post("exchanges", body, idempotency="k1")
    assert (taken.status, taken["status"], taken["points"]) == (201, "ordered", "200")
    again = till.post("exchanges", body, idempotency="k1")
    assert (again.text, again.headers["Idempotency-Replayed"]) == (taken.text, "true")
    assert till.post("exchanges", body, idempotency="k2").problem == (404, "client_not_found")
    assert till.get("exchanges", code=taken["code"].lower())["id"] == taken["id"]
    assert till.get("exchanges", code="AAAA-AAAA").problem == (404, "exchange_not_found")

    done = till.post(f"exchanges/{taken['id']}/hand-over", {"cashier": "anna"}, idempotency="h")
    assert (done.status, done["status"]) == (200, "handed")
    assert till.post(f"exchanges/{taken['id']}/hand-over", {"cashier": "anna"}, idempotency="h").text == done.text
    assert till.post(f"exchanges/{taken['id']}/cancel", {}).problem == (409, "exchange_decided")
    assert till.get("rewards")["rewards"][0]["left"] == 1


def test_what_is_refused_says_why(till: Till) -> None:
    till.publish(ONE_PER_ONE)
    anna = till.join()
    till.sell(anna, "320")
    none_left = gift(till, left=0)
    asked = till.post("exchanges", {"client": {"code": code_of(till, anna)}, "reward": str(none_left.public_id)})
    assert asked.problem == (409, "reward_refused")
    assert (asked["facts"], asked["detail"]) == (
        {"why": "out_of_stock"},
        "Клиент не может взять этот подарок: они закончились.",
    )
    nothing = {"client": {"code": code_of(till, anna)}, "reward": str(uuid.uuid4())}
    assert till.post("exchanges", nothing).problem == (404, "reward_not_found")


def test_a_cancelled_one_gives_the_points_back(till: Till) -> None:
    till.publish(ONE_PER_ONE)
    anna = till.join()
    till.sell(anna, "320")
    body = {"client": {"code": code_of(till, anna)}, "reward": str(gift(till).public_id)}
    taken = till.post("exchanges", body)
    assert till.get(f"clients/{anna}")["available"] == "120"
    assert till.post(f"exchanges/{taken['id']}/cancel", {"reason": "передумала"})["status"] == "cancelled"
    assert till.get(f"clients/{anna}")["available"] == "320"
    titles = [one["title"] for one in till.get(f"clients/{anna}/history")["entries"]]
    assert titles[:2] == ["Подарок: Кофе в зёрнах"] * 2


def test_stamps_of_a_client(till: Till) -> None:
    card = {"id": "six", "title": "Шестой", "effect": {"kind": "stamps", "points": "200", "needed": 6}}
    till.publish(card)
    anna = till.join()
    till.sell(anna, "320")
    told = till.get(f"clients/{anna}")["stamps"]
    assert told == [{"rule": "six", "title": "Шестой", "have": 1, "needed": 6, "points": "200"}]
