"""Finding, enrolling and showing clients."""

from __future__ import annotations

import pytest

from clients.models import Client, Consent
from loyalty.models import Account, Card
from merchants.access import tenant
from merchants.models import OutboxMessage
from tests.cashier.books import nothing_changes
from tests.cashier.till import ANNA, FIVE_PERCENT, Till, columns

WELCOME = {"id": "welcome", "title": "За вступление", "effect": {"kind": "welcome", "points": "50"}}


@pytest.mark.parametrize(
    "spelling", ["+79161234567", "8 (916) 123-45-67", "8-916-123-45-67", "916 123 45 67", "79161234567"]
)
def test_a_client_joins_and_is_found(till: Till, spelling: str) -> None:
    till.publish(WELCOME, FIVE_PERCENT)
    joined = till.post(
        "clients",
        {
            "phone": spelling,
            "name": "  Анна   Петрова ",
            "birthday": "1990-02-28",
            "email": "anna@example.org",
            "consents": [{"kind": "processing", "text_version": "2026-1"}, {"kind": "advertising", "given": False}],
            "cashier": "vera",
        },
    )
    assert joined.status == 201
    assert joined.get("name", "phone", "balance", "status") == {
        "name": "Анна Петрова",
        "phone": ANNA,
        "balance": "50",
        "status": "active",
    }
    assert till.get("clients", card=joined["card"]).ok().json == joined.json
    for found in (till.get("clients", phone=spelling), till.get(f"clients/{joined['id']}")):
        assert found.ok().json == joined.json | {"card": ""}, "a phone is not told what spends"
    with tenant(till.shop.program.pk):
        client = Client.objects.get()
        assert (str(client.birthday), client.email) == ("1990-02-28", "anna@example.org")
        assert str(client.account.birthday) == "1990-02-28"
        assert list(Consent.objects.order_by("kind").values_list("kind", "given", "text_version")) == [
            ("advertising", False, ""),
            ("processing", True, "2026-1"),
        ]
        assert Consent.objects.filter(source=f"till:{till.shop.till.pk} vera").count() == 2


def test_who_has_joined_already_is_named_by_id_alone(till: Till) -> None:
    till.publish(WELCOME)
    anna = till.join(name="Анна")
    with nothing_changes():
        told = till.post("clients", {"phone": "8 916 123 45 67", "name": "Somebody"})
    assert told.problem == (409, "client_exists")
    assert told["facts"] == {"account_id": anna}
    assert "Анна" not in told.text
    assert ANNA not in told.text


def test_who_invited_whom(till: Till) -> None:
    till.publish()
    anna = till.join()
    boris = till.join("+79160000001", referrer=till.card_of(anna))
    with tenant(till.shop.program.pk):
        referrer = Account.objects.get(public_id=boris).referrer
    assert str(referrer) == anna


def test_search_by_a_part(till: Till) -> None:
    till.publish()
    for n, name in enumerate(["Анна Петрова", "Борис Аннин", "Вера"]):
        till.join(f"+7916000000{n}", name=name)
    assert columns(till.get("clients", q="анн").ok()["clients"], "name") == [("Борис Аннин",), ("Анна Петрова",)]
    assert columns(till.get("clients", q="000-00-02").ok()["clients"], "name") == [("Вера",)]
    assert columns(till.get("clients", q="8 916 000 00 01").ok()["clients"], "name") == [("Борис Аннин",)]
    assert till.get("clients", q="%%%").ok()["clients"] == []


def test_pages_of_a_search(till: Till) -> None:
    till.publish()
    with tenant(till.shop.program.pk):
        for n in range(120):
            account = Account.objects.create(program=till.shop.program, merchant=till.shop.merchant)
            Client.objects.create(program=till.shop.program, account=account, name=f"Анна {n}")
    seen: list[str] = []
    cursor = ""
    for size in (50, 50, 20):
        page = till.get("clients", q="Анна", **({"cursor": cursor} if cursor else {})).ok()
        assert len(page["clients"]) == size
        seen += [client["name"] for client in page["clients"]]
        cursor = page["next"]
    assert cursor is None
    assert seen == [f"Анна {n}" for n in reversed(range(120))]


def test_history_says_why(till: Till) -> None:
    till.publish(WELCOME, FIVE_PERCENT, points={"expiry": {"kind": "days", "days": 30}})
    anna = till.join()
    till.give(anna, "10")
    sale = till.sell(anna, "340.00", points="20", receipt_number="17").ok()
    till.give_back(sale).ok()
    till.later(days=40)
    till.sweep()
    entries = till.get(f"clients/{anna}/history").ok()["entries"]
    told = [(entry["kind"], entry["points"], entry["title"]) for entry in reversed(entries)]
    assert told[:6] == [
        ("earn", "50", "За вступление"),
        ("adjust", "10", "вручную"),
        ("redeem", "-20", "Оплата баллами"),
        ("earn", "16", "5 %"),
        ("clawback", "-16", "отмена начисления"),
        ("reinstate", "20", "возврат списанных баллов"),
    ]
    assert {(kind, title) for kind, _points, title in told[6:]} == {("expire", "сгорело")}
    whys = [entry["why"] for entry in reversed(entries)]
    assert whys[2] == "20 зёрен: оплачено 20,00 ₽"
    assert whys[3] == "Оплачено деньгами 320,00 ₽ × 5 % = 16,00"
    assert whys[4] == "Начисленное отменено: возврат по чеку 17"
    assert whys[5] == "Списанное вернулось: возврат по чеку 17"
    assert whys[6] == "Баллы сгорели"
    assert entries[-3]["sale"] == sale["id"]
    assert whys[0] == "Начислено программой"
    assert till.balance(anna) == "0"


def test_pages_of_a_history(till: Till) -> None:
    till.publish()
    anna = till.join()
    for n in range(1, 61):
        till.give(anna, str(n))
    first = till.get(f"clients/{anna}/history").ok()
    second = till.get(f"clients/{anna}/history", cursor=first["next"]).ok()
    points = [entry["points"] for entry in (*first["entries"], *second["entries"])]
    assert points == [str(n) for n in range(60, 0, -1)]
    assert second["next"] is None


def test_a_confirmation_by_sms(till: Till) -> None:
    till.publish(FIVE_PERCENT)
    anna = till.join()
    till.give(anna, "100")
    sent = till.post(f"clients/{anna}/confirmation", {"points": "40"})
    assert (sent.status, sent["expires_at"]) == (202, "2026-11-21T09:10:00Z")
    with tenant(till.shop.program.pk):
        message = OutboxMessage.objects.get(topic="confirmation.send").payload
    assert message["phone"] == ANNA
    assert "Зерно" in message["text"]
    code = next(word for word in message["text"].split() if word.strip(".:,").isdigit() and len(word) == 4)
    body = {"client": {"phone": "8 916 123-45-67"}, "lines": [{"price": "100"}], "confirmation": code}
    assert till.post("sales", {**body, "points": "41"}).problem == (409, "confirmation_invalid")
    sale = till.post("sales", {**body, "points": "40"}).ok()
    assert (sale["points_redeemed"], sale["to_pay"]) == ("40", "60.00")
    assert till.post("sales", {**body, "points": "40"}).problem[1] in {"confirmation_invalid", "confirmation_required"}


def test_no_phone_no_message(till: Till) -> None:
    till.publish()
    anna = till.join()
    with tenant(till.shop.program.pk):
        Card.objects.filter(kind=Card.Kind.PHONE).delete()
    with nothing_changes():
        assert till.post(f"clients/{anna}/confirmation").problem == (409, "phone_missing")


def test_too_many_guesses_stop_the_till(till: Till) -> None:
    till.publish()
    for n in range(30):
        assert till.get("clients", phone=f"+791600000{n:02}").problem == (404, "client_not_found")
    told = till.get("clients", phone=ANNA)
    assert told.problem == (429, "throttled")
    assert int(told.headers["Retry-After"]) > 0
    till.get("program").ok()
