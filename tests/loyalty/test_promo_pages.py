"""The pages of promo codes: made after the sentence, looked up, stopped, taken out; and giving to single clients."""

from __future__ import annotations

import datetime as dt
import io
import re
from collections.abc import Iterator
from decimal import Decimal as D
from typing import Any

import pytest
import time_machine
from django.test import Client as Browser
from openpyxl import load_workbook
from pytest_django import DjangoAssertNumQueries

from clients import coupons
from clients.enrolment import enrol
from clients.segments import keeping
from clients.segments.definition import Definition
from loyalty import audit, drafts
from loyalty.merging import merge, unmerge
from loyalty.models import Account, ProgramDraft, PromoBatch, PromoCode, PromoCodeUse
from loyalty.promo import drawing, giving, making
from loyalty.promo.giving import CantGive
from loyalty.promo.terms import Terms, length_for
from loyalty.wording import words_of
from merchants.models import AuditRecord
from tests.loyalty.conftest import NOON
from tests.loyalty.shop import ONE_PER_ONE, TillStory
from tests.loyalty.test_backtest import as_it_was

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def noon() -> Iterator[None]:
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def shop(story: TillStory) -> Iterator[TillStory]:
    story.publish(ONE_PER_ONE)
    yield story
    assert [str(found) for _check, found in audit.audit(now=story.now) if found] == []


@pytest.fixture
def owner(shop: TillStory) -> Browser:
    browser = Browser()
    browser.force_login(shop.shop.owner)
    return browser


def home(shop: TillStory) -> str:
    return f"/m/{shop.shop.merchant.pk}/promo-codes/"


def text(response: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).replace("\xa0", " ").split())


def form(**more: str) -> dict[str, str]:
    return {"name": "Весна", "kind": "shared", "word": "весна", "gives": "percent", "percent": "10", **more}


def unique(shop: TillStory, size: int = 3, **more: Any) -> PromoBatch:
    terms: dict[str, Any] = {
        "name": "Лично",
        "kind": "unique",
        "gives": "percent",
        "percent": D(10),
        "size": size,
        "length": 8,
    }
    return making.order_batch(merchant=shop.shop.merchant, terms=Terms(**terms | more), now=shop.now, by="test")


# ---------------------------------------------------------------- pages


def test_nothing_yet_says_what_to_do(owner: Browser, shop: TillStory) -> None:
    assert "Промокодов пока нет" in text(owner.get(home(shop)))


def test_a_shared_code_is_made_after_its_sentence_and_used(owner: Browser, shop: TillStory) -> None:
    asked = owner.post(f"{home(shop)}new/", form(minimum="500", per_client="1", last_day="2026-11-30"))
    assert "Кто назовёт код «весна», получит: Скидка 10 %" in text(asked)
    assert "по 30.11.2026" in text(asked)
    assert not PromoBatch.objects.exists()
    made = owner.post(f"{home(shop)}new/", form(minimum="500", per_client="1", last_day="2026-11-30", confirmed="yes"))
    batch = PromoBatch.objects.get()
    assert made["Location"] == f"{home(shop)}{batch.pk}/"
    anna = shop.join()
    sold = shop.sell(anna, "1000", codes=["ВЕСНА"])
    assert sold.to_pay == D(900)
    page = text(owner.get(made["Location"]))
    assert "Использовано 1" in page
    assert "100,00 ₽" in page
    assert "весна" in text(owner.get(home(shop)))
    checked = text(owner.get(f"{home(shop)}check/?code=Весна"))
    assert "Весна действует" in checked


def test_what_is_wrong_stands_beside_the_field(owner: Browser, shop: TillStory) -> None:
    page = text(
        owner.post(f"{home(shop)}new/", form(word="", percent="", last_day="2026-11-01", first_day="2026-11-05"))
    )
    for said in ("Укажите код", "Укажите процент", "Конец раньше начала"):
        assert said in page
    page = text(owner.post(f"{home(shop)}new/", form(kind="unique", size="1000000", length="6")))
    assert "код короче можно подобрать" in page
    owner.post(f"{home(shop)}new/", form(confirmed="yes"))
    twice = text(owner.post(f"{home(shop)}new/", form(confirmed="yes")))
    assert "Акция с таким названием уже есть" in twice
    twice = text(owner.post(f"{home(shop)}new/", form(name="Другая", confirmed="yes")))
    assert "Такой промокод уже есть" in twice


def test_a_large_batch_is_made_by_a_worker(owner: Browser, shop: TillStory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(making, "AT_ONCE", 10)
    monkeypatch.setattr(making, "_PIECE", 20)
    owner.post(f"{home(shop)}new/", form(kind="unique", size="50", beginning="zerno", confirmed="yes"))
    batch = PromoBatch.objects.get()
    assert batch.state == "making"
    assert "создаются" in text(owner.get(f"{home(shop)}{batch.pk}/"))
    assert making.run_due(clock=lambda: shop.now) == 1
    codes = set(PromoCode.objects.filter(batch=batch).values_list("code", flat=True))
    assert len(codes) == 50
    assert all(code.startswith("ZERNO") for code in codes)
    page = text(owner.get(f"{home(shop)}{batch.pk}/"))
    assert "50, каждый на один раз" in page
    assert making.run_due(clock=lambda: shop.now) == 0


def test_stopped_going_on_and_other_dates(owner: Browser, shop: TillStory) -> None:
    batch = unique(shop)
    one = f"{home(shop)}{batch.pk}/"
    assert "Остановить «Лично»?" in text(owner.get(f"{one}stop/"))
    owner.post(f"{one}stop/")
    assert "остановлено" in text(owner.get(one))
    owner.post(f"{one}go-on/")
    owner.post(f"{one}dates/", {"first_day": "2026-11-20", "last_day": "2026-12-31"})
    assert "с 20.11.2026 по 31.12.2026" in text(owner.get(one))
    acts = AuditRecord.objects.filter(action__startswith="promo_batch").order_by("pk")
    assert list(acts.values_list("action", flat=True)) == [
        "promo_batch.ordered",
        "promo_batch.stopped",
        "promo_batch.went_on",
        "promo_batch.dated",
    ]


def test_codes_go_out_as_files_and_sheets(owner: Browser, shop: TillStory) -> None:
    batch = unique(shop, prefix="VIP")
    codes = list(PromoCode.objects.filter(batch=batch).order_by("id").values_list("code", flat=True))
    shop.sell(None, "100", codes=[codes[0]])
    for kind in ("csv", "xlsx", "pdf"):
        assert owner.get(f"{home(shop)}{batch.pk}/codes.{kind}").status_code == 405
    batch.refresh_from_db()
    assert batch.exported_at is None
    file = b"".join(owner.post(f"{home(shop)}{batch.pk}/codes.csv").streaming_content)  # type: ignore[attr-defined]
    assert file.decode().count("VIP-") == 3
    assert "21.11.2026 12:00" in file.decode()
    sheet = load_workbook(io.BytesIO(owner.post(f"{home(shop)}{batch.pk}/codes.xlsx").content)).active
    assert sheet is not None
    assert sheet.max_row == 4
    pdf = owner.post(f"{home(shop)}{batch.pk}/codes.pdf")
    assert pdf.content.startswith(b"%PDF")
    batch.refresh_from_db()
    assert batch.exported_at == shop.now


def test_a_used_code_says_when_and_where(owner: Browser, shop: TillStory) -> None:
    batch = unique(shop)
    code = PromoCode.objects.filter(batch=batch).earliest("pk").code
    shop.sell(None, "100", codes=[code], receipt="17")
    page = text(owner.get(f"{home(shop)}check/?code={code.lower()}"))
    assert "использован" in page
    assert "21.11.2026 12:00" in page
    assert "17" in page
    wrong = code[:-1] + ("2" if code[-1] != "2" else "3")
    assert "Опечатка" in text(owner.get(f"{home(shop)}check/?code={wrong}"))
    assert "Такого промокода нет" in text(owner.get(f"{home(shop)}check/?code=НЕТ"))


def test_a_list_asks_as_much_for_many_as_for_one(
    owner: Browser, shop: TillStory, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for n in range(5):
        unique(shop, name=f"Партия {n}")
    owner.get(home(shop))
    with django_assert_max_num_queries(14):
        owner.get(home(shop))


# ---------------------------------------------------------------- codes by chance


def test_codes_are_drawn_with_their_check_characters() -> None:
    from loyalty.engine.codes import mistyped

    drawn = drawing.at_random(2000, prefix="ZERN0", length=8)
    assert len(drawn) == 2000
    assert not any(mistyped(code) for code in drawn)
    code = min(drawn)
    wrong = [
        code[:n] + letter + code[n + 1 :] for n in range(5, len(code)) for letter in "23456789" if letter != code[n]
    ]
    assert all(mistyped(one) for one in wrong)
    swapped = [code[:n] + code[n + 1] + code[n] + code[n + 2 :] for n in range(5, len(code) - 1)]
    assert all(mistyped(one) for one in swapped if one != code)
    assert (length_for(1), length_for(1_000_000)) == (6, 9)


# ---------------------------------------------------------------- for single clients


def test_each_occasion_gives_one_code_and_only_he_may_use_it(shop: TillStory) -> None:
    batch = unique(shop)
    anna, boris = shop.join(), shop.join("+79161234568")
    code = giving.give(batch=batch, account=anna, once="birthday:2026", now=shop.now, by="test")
    again = giving.give(batch=batch, account=anna, once="birthday:2026", now=shop.now, by="test")
    assert code == again
    assert [one.reason for one in shop.quote(boris, "100", codes=[code.code]).rejected] == ["promo_stranger"]
    assert [one.reason for one in shop.quote(None, "100", codes=[code.code]).rejected] == ["no_client"]
    assert shop.sell(anna, "100", codes=[code.code]).to_pay == D(90)
    both = giving.give_many(batch=batch, accounts=[anna.pk, boris.pk], once="spring", now=shop.now, by="test")
    assert len({one.code for one in both.values()} | {code.code}) == 3
    carl = shop.join("+79161234569")
    with pytest.raises(CantGive, match="empty"):
        giving.give(batch=batch, account=carl, once="spring", now=shop.now, by="test")


def test_codes_that_are_out_in_the_world_are_not_given(shop: TillStory, owner: Browser) -> None:
    batch = unique(shop)
    b"".join(owner.post(f"{home(shop)}{batch.pk}/codes.csv").streaming_content)  # type: ignore[attr-defined]
    with pytest.raises(CantGive, match="exported"):
        giving.give(batch=batch, account=shop.join(), once="spring", now=shop.now, by="test")


def test_used_by_somebody_it_is_not_given(shop: TillStory) -> None:
    batch = unique(shop, size=2)
    used, other = PromoCode.objects.filter(batch=batch).order_by("id").values_list("code", flat=True)
    shop.sell(None, "100", codes=[used])
    assert giving.give(batch=batch, account=shop.join(), once="x", now=shop.now, by="test").code == other


def test_merged_clients_bring_their_codes_and_uses_along(shop: TillStory) -> None:
    batch = unique(shop, per_client=1)
    keep, drop = shop.join(), shop.join("+79161234568")
    code = giving.give(batch=batch, account=drop, once="x", now=shop.now, by="test")
    other = PromoCode.objects.filter(batch=batch, account=None).earliest("pk").code
    shop.sell(drop, "100", codes=[other])
    put = merge(keep=keep, drop=drop, now=shop.now, by="test")
    assert PromoCodeUse.objects.get().account == keep
    assert [one.reason for one in shop.quote(keep, "100", codes=[code.code]).rejected] == ["promo_times"]
    unmerge(merge=put, now=shop.now, by="test")
    assert PromoCodeUse.objects.get().account == drop
    assert PromoCode.objects.get(pk=code.pk).account == drop


def test_for_a_segment(shop: TillStory) -> None:
    segment = keeping.make(
        merchant=shop.shop.merchant, name="Все", definition=Definition(), now=shop.now, by=shop.shop.owner
    )
    unique(shop, kind="shared", word="VIP", size=1, length=0, audience=segment.pk)
    anna = enrol(
        program_id=shop.program_id,
        merchant_id=shop.shop.merchant.pk,
        phone="+79161234567",
        name="Анна",
        source="test",
        now=shop.now,
    )
    account = Account.objects.get(pk=anna.account_id)
    assert shop.quote(account, "100", codes=["VIP"]).to_pay == D(90)
    segment.delete()
    assert [one.reason for one in shop.quote(account, "100", codes=["VIP"]).rejected] == ["promo_audience"]


# ---------------------------------------------------------------- the back test


def test_the_past_is_lived_again_with_the_codes_that_were_used(shop: TillStory) -> None:
    batch = unique(shop, size=5, total_limit=3)
    unique(
        shop, name="Баллы", kind="shared", word="BONUS", size=1, length=0, gives="points", percent=None, points=D(40)
    )
    codes = list(PromoCode.objects.filter(batch=batch).order_by("id").values_list("code", flat=True))
    anna = shop.join()
    for n, code in enumerate(codes[:3]):
        shop.later(hours=1)
        sold = shop.sell(anna, "100", "50", codes=[code, "BONUS"])
        if n == 0:
            shop.give_back(sold, [(0, "1")])
        if n == 1:
            shop.void(sold)
    shop.sell(None, "100", codes=[codes[3]])
    until = shop.now + dt.timedelta(seconds=1)
    side = as_it_was(shop.program_id, until)
    account = Account.objects.get(pk=anna.pk)
    lived = side.people[anna.pk].state
    assert (lived.points, lived.debt, lived.spent) == (account.points, account.debt, account.spent)
    assert account.points == D(45 + 40 + 135 + 40)


# ---------------------------------------------------------------- promos


def test_a_promo_goes_into_the_draft_and_stands_in_its_month(owner: Browser, shop: TillStory) -> None:
    page = f"/m/{shop.shop.merchant.pk}/promos/"
    assert "Акций пока нет" in text(owner.get(page))
    wrong = owner.post(f"{page}new/", {"title": "Кофе", "kind": "multiply", "value": "1"})
    assert "Больше 1" in text(wrong)
    endless = owner.post(f"{page}new/", {"title": "Кофе", "kind": "multiply", "value": "2"})
    assert "Задайте конец" in text(endless)
    asked = {
        "title": "Неделя кофе",
        "kind": "multiply",
        "value": "2",
        "categories": "Кофе",
        "since": "2026-11-20",
        "until": "2026-11-26",
        "weekdays": ["6", "7"],
        "budget": "100",
    }
    made = owner.post(f"{page}new/", asked)
    assert made["Location"] == page
    draft = ProgramDraft.objects.get()
    assert draft.document["rules"][-1]["when"][0]["kind"] == "period"
    shown = text(owner.get(page))
    assert "в черновике" in shown
    assert shown.count("Неделя кофе черновик") == 2
    drafts.publish(program=shop.shop.program, revision=draft.revision, by="test", now=shop.now)
    from loyalty.engine.cart import line

    shop.sell(shop.join(), line(price=D(60), sku="latte", category="Кофе"))
    shown = text(owner.get(page))
    assert "Неделя кофе идёт" in shown
    assert "60 зёрен из 100 зёрен" in shown
    with time_machine.travel(NOON + dt.timedelta(days=10), tick=False):
        assert "Неделя кофе закончил" in text(owner.get(page))


def test_a_code_of_ones_own_is_among_the_coupons(shop: TillStory) -> None:
    batch = unique(shop, prefix="VIP", minimum=D(500))
    anna = shop.join()
    code = giving.give(batch=batch, account=anna, once="x", now=shop.now, by="test")
    words = words_of(shop.program_id)

    def at_hand() -> list[tuple[str, str]]:
        found = coupons.codes_at_hand(program_id=shop.program_id, account_id=anna.pk, now=shop.now, words=words)
        return [(given.code, said) for given, said in found]

    [(shown, said)] = at_hand()
    assert shown.startswith("VIP-")
    assert said == "Скидка 10 % в чеке от 500 ₽"
    sold = shop.sell(anna, "500", codes=[shown])
    assert at_hand() == []
    shop.void(sold)
    assert len(at_hand()) == 1
    making.stop(batch=batch, now=shop.now, by="test")
    assert at_hand() == []
    assert code.once == "x"


def test_a_word_that_a_rule_waits_for_is_refused(owner: Browser, shop: TillStory) -> None:
    rule = {
        "id": "w",
        "title": "Весна в правилах",
        "effect": {"kind": "discount", "percent": "5"},
        "when": [{"kind": "promo_code", "code": "ВЕС-НА"}],
    }
    shop.later(minutes=1)
    shop.publish({"rules": [*ONE_PER_ONE["rules"], rule]})
    with time_machine.travel(shop.now, tick=False):
        page = text(owner.post(f"{home(shop)}new/", form(confirmed="yes")))
    assert "Этот код уже ждёт правило «Весна в правилах»" in page
