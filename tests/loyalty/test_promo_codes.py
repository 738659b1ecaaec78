"""Codes of batches at the till: what they give, whom they are for, and that each is used as often as it may be."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from decimal import Decimal as D
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from loyalty import audit
from loyalty.engine.cart import line
from loyalty.models import PromoBatch, PromoCode, PromoCodeUse
from loyalty.promo import making
from loyalty.promo.making import Terms
from loyalty.sales.receipt import Receipt
from merchants.access import tenant
from tests.cast import Cast
from tests.loyalty.at_once import at_once
from tests.loyalty.shop import ONE_PER_ONE, TillStory

NOW = dt.datetime(2026, 11, 22, 9, 0, tzinfo=dt.UTC)


@pytest.fixture
def till(cast: Cast) -> Iterator[TillStory]:
    with tenant(cast.zerno.program.pk):
        story = TillStory(cast.zerno, NOW)
        story.publish(ONE_PER_ONE)
        yield story
        wrong = [str(found) for _check, found in audit.audit(program_id=story.program_id, now=story.now) if found]
        assert wrong == []


def batch(till: TillStory, **more: Any) -> PromoBatch:
    terms: dict[str, Any] = {"name": "Весна", "kind": "shared", "word": "SPRING", "gives": "percent", "percent": D(10)}
    if more.get("kind") == "unique":
        terms |= {"word": "", "size": 3, "length": 8}
    return making.order_batch(merchant=till.shop.merchant, terms=Terms(**terms | more), now=till.now, by="test")


def codes(made: PromoBatch) -> list[str]:
    return list(PromoCode.objects.filter(batch=made).order_by("id").values_list("code", flat=True))


def why(receipt: Receipt) -> list[str]:
    return [one.reason for one in receipt.rejected]


@pytest.mark.django_db
class TestAtTheTill:
    def test_a_percent_off_by_a_shared_code(self, till: TillStory) -> None:
        batch(till)
        anna = till.join()
        sold = till.sell(anna, "200", codes=["spring"])
        assert (sold.discount, sold.to_pay, sold.points_earned) == (D(20), D(180), D(180))
        assert [(fact.rule[:6], fact.title) for fact in sold.facts if fact.effect == "promo_percent"] == [
            ("promo:", "Весна")
        ]
        use = PromoCodeUse.objects.get()
        assert (use.money, use.account, use.code) == (D(20), anna, None)

    def test_without_a_client_too(self, till: TillStory) -> None:
        batch(till)
        assert till.sell(None, "200", codes=["SPRING"]).to_pay == D(180)

    def test_a_sum_off_from_a_sum(self, till: TillStory) -> None:
        batch(till, gives="sum", percent=None, amount=D(150), minimum=D(500))
        assert why(till.quote(None, "499.99", codes=["SPRING"])) == ["minimum_receipt"]
        assert till.quote(None, "500", codes=["SPRING"]).to_pay == D(350)

    def test_one_product_for_nothing(self, till: TillStory) -> None:
        batch(till, gives="product", percent=None, category="Кофе")
        latte = line(price=D(190), quantity=D(2), sku="latte", category="Кофе")
        espresso = line(price=D(120), sku="espresso", category="Кофе")
        cake = line(price=D(50), sku="cake", category="Десерты")
        assert till.quote(None, latte, espresso, cake, codes=["SPRING"]).to_pay == D(430)
        assert till.quote(None, latte, cake, codes=["SPRING"]).to_pay == D(240)
        assert why(till.quote(None, cake, codes=["SPRING"])) == ["no_goods"]

    def test_points_are_given_once_and_go_back_with_the_goods(self, till: TillStory) -> None:
        batch(till, gives="points", percent=None, points=D(300), minimum=D(100))
        anna = till.join()
        assert why(till.quote(None, "200", codes=["SPRING"])) == ["no_client"]
        sold = till.sell(anna, "100", "100", codes=["SPRING"])
        assert sold.points_earned == D(500)
        till.give_back(sold, [(0, "1")])
        assert till.standing(anna).available == D(400)
        till.give_back(sold, [(1, "1")])
        assert till.standing(anna).available == D(0)
        assert PromoCodeUse.objects.get().released_at is not None

    def test_a_void_looks_for_codes_only_where_the_receipt_used_some(self, till: TillStory) -> None:
        batch(till)
        for used, codes_ in ((1, ["SPRING"]), (0, [])):
            sold = till.sell(None, "100", codes=codes_)
            with CaptureQueriesContext(connection) as asked:
                till.void(sold)
            written = [one["sql"] for one in asked if one["sql"].startswith("UPDATE")]
            assert sum("promocodeuse" in sql for sql in written) == used
            assert not any("personalcoupon" in sql for sql in written)
        assert PromoCodeUse.objects.get().released_at is not None

    def test_a_rule_waits_for_codes_of_a_batch(self, till: TillStory) -> None:
        made = batch(till, kind="unique", gives="rule", percent=None, total_limit=1)
        till.publish(
            {
                "rules": [
                    *ONE_PER_ONE["rules"],
                    {
                        "id": "triple",
                        "title": "Тройные баллы",
                        "effect": {"kind": "multiply", "by": "3"},
                        "when": [{"kind": "promo_batch", "batch": "Весна"}],
                    },
                ]
            }
        )
        anna = till.join()
        one, other, _third = codes(made)
        assert why(till.quote(anna, "100", codes=["Весна"])) == ["unknown"]
        assert till.sell(anna, "100", codes=[one]).points_earned == D(300)
        assert why(till.quote(anna, "100", codes=[one])) == ["promo_used"]
        assert why(till.quote(anna, "100", codes=[other])) == ["promo_spent"]
        use = PromoCodeUse.objects.get()
        assert (use.points, use.money) == (D(200), D(0))

    def test_of_several_codes_the_best_counts_unless_they_stack(self, till: TillStory) -> None:
        batch(till)
        batch(till, name="Лето", word="ЛЕТО", percent=D(20))
        batch(till, name="Друзья", word="FRIENDS", gives="sum", percent=None, amount=D(10), stacks=True)
        got = till.quote(None, "100", codes=["SPRING", "лето", "FRIENDS"])
        assert (got.to_pay, [(one.value, one.reason) for one in got.rejected]) == (D(72), [("SPRING", "excluded")])

    def test_one_code_of_a_batch_for_a_receipt(self, till: TillStory) -> None:
        made = batch(till, kind="unique", stacks=True)
        got = till.sell(None, "100", codes=codes(made))
        assert (got.to_pay, why(got)) == (D(90), ["promo_one", "promo_one"])
        assert PromoCodeUse.objects.count() == 1

    def test_a_slip_of_the_finger_is_told_from_a_code_that_there_is_not(self, till: TillStory) -> None:
        made = batch(till, kind="unique", prefix="ZERNO")
        code = codes(made)[0]
        letter = "2" if code[-3] != "2" else "3"
        wrong = code[:-3] + letter + code[-2:]
        assert why(till.quote(None, "100", codes=[wrong, "НЕТ"])) == ["mistyped", "unknown"]
        russian = code.translate(str.maketrans("ABEKMHPCTX", "АВЕКМНРСТХ")).lower()
        spaced = f" {russian[:4]} - {russian[4:]}"
        assert till.quote(None, "100", codes=[spaced]).to_pay == D(90)


@pytest.mark.django_db
class TestWhomFor:
    def test_time_and_stopping(self, till: TillStory) -> None:
        made = batch(till, starts_at=NOW + dt.timedelta(days=1), ends_at=NOW + dt.timedelta(days=3))
        assert why(till.quote(None, "100", codes=["SPRING"])) == ["promo_early"]
        till.later(days=1)
        assert why(till.quote(None, "100", codes=["SPRING"])) == []
        making.stop(batch=made, now=till.now, by="test")
        assert why(till.quote(None, "100", codes=["SPRING"])) == ["promo_stopped"]
        # A receipt of before is one of before.
        assert why(till.quote(None, "100", codes=["SPRING"], at=till.now - dt.timedelta(minutes=5))) == ["promo_early"]
        making.go_on(batch=made, now=till.now, by="test")
        assert why(till.quote(None, "100", codes=["SPRING"])) == []
        till.later(days=2)
        assert why(till.quote(None, "100", codes=["SPRING"])) == ["promo_over"]

    def test_so_often_for_one_client(self, till: TillStory) -> None:
        batch(till, per_client=1)
        anna, boris = till.join(), till.join("+79161234568")
        assert why(till.quote(None, "100", codes=["SPRING"])) == ["no_client"]
        held = till.hold(anna, "100", codes=["SPRING"])
        assert why(till.sell(anna, "100", codes=["SPRING"])) == ["promo_times"]
        assert why(till.sell(boris, "100", codes=["SPRING"])) == []
        till.void(held)
        sold = till.sell(anna, "100", codes=["SPRING"])
        assert why(sold) == []
        till.void(sold)
        assert why(till.quote(anna, "100", codes=["SPRING"])) == []

    def test_on_the_first_purchase_only(self, till: TillStory) -> None:
        batch(till, first_purchase=True)
        anna = till.join()
        assert till.sell(anna, "100", codes=["SPRING"]).to_pay == D(90)
        assert why(till.quote(anna, "100", codes=["SPRING"])) == ["promo_not_first"]

    def test_another_merchants_codes_are_unknown(self, till: TillStory, cast: Cast) -> None:
        batch(till)
        with tenant(cast.pryanik.program.pk):
            strange = TillStory(cast.pryanik, NOW)
            strange.publish(ONE_PER_ONE)
            assert why(strange.quote(None, "100", codes=["SPRING"])) == ["unknown"]


@pytest.mark.django_db
class TestGoodOnce:
    def test_used_kept_by_a_hold_and_free_again(self, till: TillStory) -> None:
        made = batch(till, kind="unique")
        code = codes(made)[0]
        held = till.hold(None, "100", codes=[code])
        assert held.to_pay == D(90)
        assert why(till.sell(None, "100", codes=[code])) == ["promo_used"]
        till.commit(held)
        assert why(till.sell(None, "100", codes=[code])) == ["promo_used"]
        till.void(held)
        assert till.sell(None, "100", codes=[code]).to_pay == D(90)

    def test_a_hold_whose_time_has_passed_has_used_nothing(self, till: TillStory) -> None:
        made = batch(till, kind="unique", total_limit=1)
        code = codes(made)[0]
        till.hold(None, "100", codes=[code], receipt="7")
        till.later(minutes=16)
        # The number of the receipt ends the hold, and with it what its budget kept.
        assert till.sell(None, "100", codes=[code], receipt="7").to_pay == D(90)
        assert why(till.quote(None, "100", codes=[code])) == ["promo_used"]

    def test_a_returned_part_gives_nothing_back_and_the_whole_does(self, till: TillStory) -> None:
        made = batch(till, kind="unique", total_limit=2)
        code = codes(made)[0]
        sold = till.sell(None, "100", "100", codes=[code])
        till.give_back(sold, [(0, "1")])
        assert why(till.quote(None, "100", codes=[code])) == ["promo_used"]
        till.give_back(sold, [(1, "1")])
        assert why(till.quote(None, "100", codes=[code])) == []

    def test_booked_without_it_where_the_receipt_has_happened(self, till: TillStory) -> None:
        from loyalty import sales
        from tests.loyalty.shop import as_json, new_key

        made = batch(till, kind="unique")
        code = codes(made)[0]
        till.sell(None, "100", codes=[code])
        request = till.request(None, "100", codes=[code], receipt="9")
        sales.book(caller=till.caller, request=request, key=new_key("", request), now=till.now, render=as_json)
        flags = PromoCodeUse.objects.get().sale.__class__.objects.get(receipt_number="9").flags
        assert flags == ["promo_codes_not_booked"]


@pytest.mark.django_db(transaction=True)
class TestAtOnce:
    def test_ten_tills_and_one_code(self, till: TillStory) -> None:
        made = batch(till, kind="unique", size=1)
        code = codes(made)[0]

        def sell(number: int) -> Callable[[], Receipt]:
            return lambda: till.sell(None, "100", codes=[code], receipt=str(number))

        sold = at_once(till.program_id, [sell(n) for n in range(10)])
        paid = sorted(one.to_pay for one in sold if isinstance(one, Receipt))
        assert paid == [D(90)] + [D(100)] * 9
        refused = [why(one) for one in sold if isinstance(one, Receipt) and one.to_pay == 100]
        assert refused == [["promo_used"]] * 9
        assert PromoCodeUse.objects.count() == 1

    def test_sixteen_tills_and_five_uses_of_a_shared_code(self, till: TillStory) -> None:
        batch(till, total_limit=5)

        def sell(number: int) -> Callable[[], Receipt]:
            return lambda: till.sell(None, "100", codes=["SPRING"], receipt=str(number))

        sold = at_once(till.program_id, [sell(n) for n in range(16)])
        paid = sorted(one.to_pay for one in sold if isinstance(one, Receipt))
        assert paid == [D(90)] * 5 + [D(100)] * 11
        assert PromoCodeUse.objects.filter(released_at=None).count() == 5
        one = next(one for one in sold if isinstance(one, Receipt) and one.to_pay == 90)
        assert isinstance(one.id, UUID)
        till.void(one)
        assert till.sell(None, "100", codes=["SPRING"]).to_pay == D(90)
        assert why(till.sell(None, "100", codes=["SPRING"])) == ["promo_spent"]

    def test_one_client_at_ten_tills(self, till: TillStory) -> None:
        batch(till, per_client=2)
        anna = till.join()

        def sell(number: int) -> Callable[[], Receipt]:
            return lambda: till.sell(anna, "100", codes=["SPRING"], receipt=str(number))

        sold = at_once(till.program_id, [sell(n) for n in range(10)])
        assert sorted(one.to_pay for one in sold if isinstance(one, Receipt)) == [D(90)] * 2 + [D(100)] * 8
