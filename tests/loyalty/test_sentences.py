"""The rules as an owner reads them: every effect, condition and setting is said, and nothing is left unsaid."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator
from decimal import Decimal as D
from typing import Any

import msgspec
import pytest
from django.utils import translation

from loyalty.engine import conditions, effects
from loyalty.engine.conditions.history import Turnover
from loyalty.engine.conditions.person import Age, Birthday, Tagged
from loyalty.engine.effects.discounts import Step
from loyalty.engine.fields import Field, fields_of
from loyalty.engine.rulebook import (
    AfterDays,
    CalendarPeriod,
    Caps,
    Frame,
    LastDays,
    Limits,
    Never,
    OnDate,
    Points,
    Rule,
    Rulebook,
    Spending,
    Status,
    Tier,
    load,
)
from loyalty.rule_sentences import Names, rule_sentence
from loyalty.rule_words import PARTS
from loyalty.sentences import changes, others, told
from loyalty.wording import Words

WORDS = Words()
SHOPS = {"main": "Лесная 5"}
ANY: dict[str, Any] = {"id": "r", "title": "Акция", "effect": {"kind": "percent", "percent": "5"}}


@pytest.fixture(autouse=True)
def russian() -> Iterator[None]:
    with translation.override("ru"):
        yield


def said(document: dict[str, Any]) -> list[str]:
    return [s.text for chapter in told(load(document), WORDS, outlets=SHOPS) for s in chapter.sentences]


def rule(**parts: Any) -> str:
    names = Names({"silver": "Серебро", "gold": "Золото"}, SHOPS)
    return rule_sentence(load({"rules": [{**ANY, **parts}]}).rules[0], WORDS, names).removeprefix("Акция: ")


LADDER = [{"at_least": "500", "percent": "3"}, {"at_least": "3000", "percent": "5"}]
EFFECT_SENTENCES: list[tuple[dict[str, Any], str]] = [
    ({"kind": "percent", "percent": "5"}, "5 % от оплаченной суммы баллами на всё."),
    ({"kind": "per_unit", "points": "0.05"}, "0,05 балла за каждый оплаченный 1 ₽, пропорционально на всё."),
    ({"kind": "for_every", "points": "30", "amount": "1000"}, "30 баллов за каждые полные 1 000 ₽ на всё."),
    ({"kind": "for_every_carried", "points": "100", "amount": "300"},
     "100 баллов за каждые полные 300 ₽ на всё, остаток переходит на следующий чек."),
    ({"kind": "stamps", "points": "200", "needed": 6},
     "200 баллов за карту на 6 штампов: один за каждую штуку на всё."),
    ({"kind": "stamps", "points": "200", "needed": 6, "per_receipt": 2},
     "200 баллов за карту на 6 штампов: один за каждую штуку на всё, за чек не больше 2."),
    ({"kind": "stamps", "points": "200", "needed": 5, "of": "visits"},
     "200 баллов за карту на 5 штампов: один за каждый день с покупкой на всё."),
    ({"kind": "per_item", "points": "10"}, "10 баллов за каждую штуку на всё."),
    ({"kind": "per_item", "points": "10", "quantity": "2"}, "10 баллов за каждые 2 штуки на всё."),
    ({"kind": "per_item", "points": "10", "quantity": "0.5"}, "10 баллов за каждые 0,5 штуки на всё."),
    ({"kind": "multiply", "by": "1.5"}, "основные баллы × 1,5 на всё."),
    ({"kind": "give", "points": "100"}, "100 баллов за чек на всё."),
    ({"kind": "milestone", "points": "500", "every": "10000"}, "500 баллов за каждые 10 000 ₽ всех покупок."),
    ({"kind": "milestone", "points": "500", "at": "10000"},
     "500 баллов, когда сумма всех покупок достигнет 10 000 ₽."),
    ({"kind": "coupon", "every": "500", "percent": "10"},
     "купон на скидку 10 % за каждые начисленные 500 баллов, действует 180 дней."),
    ({"kind": "coupon", "every": "500", "amount": "200", "days": 31, "minimum": "1000"},
     "купон на скидку 200 ₽ за каждые начисленные 500 баллов, действует 31 день, в чеках от 1 000 ₽."),
    ({"kind": "discount", "percent": "7.5"}, "скидка 7,5 % на всё."),
    ({"kind": "discount", "percent": "10", "at_most": "9"}, "скидка 10 % (не больше 9 ₽) на всё."),
    ({"kind": "discount_sum", "amount": "99.9"}, "скидка 99,90 ₽ на всё."),
    ({"kind": "ladder", "by": "turnover", "steps": LADDER},
     "скидка на всё растёт с покупками клиента: от 500 ₽ — 3 %, от 3 000 ₽ — 5 %."),
    ({"kind": "ladder", "by": "turnover", "steps": LADDER, "days": 30},
     "скидка на всё растёт с покупками клиента за последние 30 дней: от 500 ₽ — 3 %, от 3 000 ₽ — 5 %."),
    ({"kind": "ladder", "by": "line_quantity", "steps": LADDER[:1]},
     "скидка на всё растёт с количеством в строке чека: от 500 шт. — 3 %."),
    ({"kind": "welcome", "points": "101"}, "101 балл новому клиенту при вступлении."),
    ({"kind": "referral", "percents": ["5"]}, "пригласившему клиента 5 % от оплаченной суммы баллами на всё."),
    ({"kind": "referral", "percents": ["5"], "per_month": "500"},
     "пригласившему клиента 5 % от оплаченной суммы баллами (каждому не больше 500 баллов в месяц) на всё."),
    ({"kind": "referral", "percents": ["5", "3", "1"]},
     "пригласившим клиента по уровням 5 %, 3 %, 1 % от оплаченной суммы баллами на всё."),
    ({"kind": "referral_gift", "points": ["100"]}, "пригласившему клиента 100 баллов."),
    ({"kind": "referral_gift", "points": ["100", "51"]}, "пригласившим клиента по уровням 100 баллов, 51 балл."),
    ({"kind": "activity", "action": "review", "points": "50"}, "50 баллов за действие «отзыв»."),
    ({"kind": "activity", "action": "review", "points": "50", "approval": True},
     "50 баллов за действие «отзыв» (после проверки)."),
]  # fmt: skip
CONDITION_SENTENCES: list[tuple[dict[str, Any], str]] = [
    ({"kind": "minimum_receipt", "amount": "300"}, "в чеках от 300 ₽"),
    ({"kind": "minimum_receipt", "amount": "99.9"}, "в чеках от 99,90 ₽"),
    ({"kind": "minimum_goods", "amount": "300"}, "если этих товаров на сумму от 300 ₽"),
    ({"kind": "minimum_line", "amount": "300"}, "если одна из строк стоит от 300 ₽"),
    ({"kind": "quantity", "at_least": "2"}, "если этих товаров от 2 шт"),
    ({"kind": "lines", "at_least": 3}, "если этих товаров от 3 строк в чеке"),
    ({"kind": "promo_code", "code": "NOVEMBER"}, "по промокоду «NOVEMBER»"),
    ({"kind": "promo_batch", "batch": "VESNA"}, "по промокоду из партии «VESNA»"),
    ({"kind": "tier", "tiers": ["silver"]}, "для уровня «Серебро»"),
    ({"kind": "tier", "tiers": ["silver", "gold"]}, "для уровней «Серебро», «Золото»"),
    ({"kind": "outlet", "outlets": ["main"]}, "в точке «Лесная 5»"),
    ({"kind": "outlet", "outlets": ["main", "gone"]}, "в точках «Лесная 5», «gone»"),
    ({"kind": "channel", "channels": ["online"]}, "в канале продаж «online»"),
    ({"kind": "identified", "by": ["code", "card"]}, "если клиент найден по карте или по одноразовому коду"),
    ({"kind": "period"}, "в любое время"),
    ({"kind": "period", "weekdays": [6, 7]}, "по субботам и воскресеньям"),
    ({"kind": "period", "weekdays": [1, 2, 3, 4, 5]}, "с понедельника по пятницу"),
    ({"kind": "period", "since": "2026-11-01", "until": "2026-12-31"}, "с 01.11.2026 по 31.12.2026 включительно"),
    ({"kind": "period", "time_from": "18:00:00", "time_to": "20:30:00"}, "с 18:00 до 20:30"),
    ({"kind": "first_purchase"}, "при первой покупке"),
    ({"kind": "nth_visit", "number": 5}, "в каждый 5-й визит"),
    ({"kind": "nth_visit", "number": 5, "again": False}, "в 5-й визит"),
    ({"kind": "visits_within", "visits": 3, "days": 30}, "если за 30 дней не меньше 3 визитов"),
    ({"kind": "turnover", "at_least": "5000"}, "с суммой покупок от 5 000 ₽"),
    ({"kind": "turnover", "at_least": "5000", "below": "10000", "days": 31},
     "с суммой покупок от 5 000 ₽ до 10 000 ₽ за последний 31 день"),
    ({"kind": "turnover"}, "с любой суммой покупок"),
    ({"kind": "comes_back", "days": 60}, "если покупок не было 60 дней и больше"),
    ({"kind": "birthday"}, "в день рождения"),
    ({"kind": "birthday", "before": 3, "after": 7}, "в день рождения (за 3 дня до и 7 дней после)"),
    ({"kind": "birthday", "after": 1}, "в день рождения и 1 день после"),
    ({"kind": "age", "at_least": 18}, "для клиентов в возрасте от 18 лет"),
    ({"kind": "age", "at_least": 0, "at_most": 21}, "для клиентов в возрасте от 0 лет до 21 года включительно"),
    ({"kind": "age"}, "для клиентов с известной датой рождения"),
    ({"kind": "tags", "any": ["vip"], "none": ["b2b", "own"]}, "для клиентов с меткой «vip», без меток «b2b», «own»"),
    ({"kind": "tags", "none": ["own"]}, "для клиентов без метки «own»"),
    ({"kind": "tags"}, "для всех клиентов"),
    ({"kind": "invited"}, "для тех, кого пригласил другой клиент"),
    ({"kind": "member_for", "days": 365}, "для тех, кто в программе не меньше 365 дней"),
]  # fmt: skip
GOODS_SENTENCES: list[tuple[dict[str, list[str]], str]] = [
    ({}, "на всё"),
    ({"categories": ["Десерты"]}, "на категорию «Десерты»"),
    ({"skus": ["12", "13"], "brands": ["Lavazza"]}, "на товары «12», «13», бренд «Lavazza»"),
    ({"except_categories": ["Табак", "Пиво"]}, "на всё, кроме категорий «Табак», «Пиво»"),
    ({"except_skus": ["7"], "except_brands": ["Б"]}, "на всё, кроме товара «7», кроме бренда «Б»"),
]  # fmt: skip


@pytest.mark.parametrize(("effect", "sentence"), EFFECT_SENTENCES, ids=str)
def test_effects(effect: dict[str, Any], sentence: str) -> None:
    assert rule(effect=effect) == sentence


@pytest.mark.parametrize(("condition", "clause"), CONDITION_SENTENCES, ids=str)
def test_conditions(condition: dict[str, Any], clause: str) -> None:
    assert rule(when=[condition]) == f"5 % от оплаченной суммы баллами на всё, {clause}."


@pytest.mark.parametrize(("goods", "clause"), GOODS_SENTENCES, ids=str)
def test_goods(goods: dict[str, list[str]], clause: str) -> None:
    assert rule(goods=goods) == f"5 % от оплаченной суммы баллами {clause}."


def test_every_effect_and_condition_has_a_sentence_here() -> None:
    assert {cls.__struct_config__.tag for cls in effects.EFFECTS} == {case["kind"] for case, _said in EFFECT_SENTENCES}
    tags = {cls.__struct_config__.tag for cls in conditions.CONDITIONS}
    assert tags == {case["kind"] for case, _said in CONDITION_SENTENCES}


def test_in_english_every_effect_and_condition_reads_on() -> None:
    with translation.override("en"):
        words = Words(language="en")
        for effect, _said in EFFECT_SENTENCES:
            text = rule_sentence(load({"rules": [{**ANY, "title": "Deal", "effect": effect}]}).rules[0], words)
            assert not re.search("[а-яё]|  |%[(]|,[.,]", text), text
        for condition, _said in CONDITION_SENTENCES:
            text = rule_sentence(load({"rules": [{**ANY, "title": "Deal", "when": [condition]}]}).rules[0], words)
            assert not re.search("[а-яё](?<!Лесная)|  |%[(]|,[.,]", text), text


RULES: list[tuple[dict[str, Any], str]] = [
    ({"limits": {"per_receipt": "30"}}, "не больше 30 баллов за чек"),
    ({"limits": {"per_month": "301", "times_per_day": 1}},
     "клиенту не больше 301 балл в месяц, клиенту не больше 1 раза в день"),
    ({"limits": {"budget": "10000", "uses": 100}},
     "бюджет на всех клиентов — 10 000 баллов, все клиенты вместе — не больше 100 раз"),
    ({"group": "зима"}, "не суммируется с другими правилами группы «зима»"),
    ({"closes": ["points"]}, "эти товары тогда нельзя оплатить баллами"),
    ({"pending_days": 1}, "потратить можно через 1 день"),
    ({"expiry": {"kind": "days", "days": 30}}, "эти баллы живут 30 дней"),
    ({"expiry": {"kind": "never"}}, "эти баллы не сгорают"),
]  # fmt: skip


@pytest.mark.parametrize(("parts", "clause"), RULES, ids=str)
def test_limits_groups_and_the_life_of_points(parts: dict[str, Any], clause: str) -> None:
    assert rule(**parts) == f"5 % от оплаченной суммы баллами на всё, {clause}."


def test_the_limit_of_a_discount_is_money() -> None:
    said = rule(effect={"kind": "discount", "percent": "10"}, limits={"per_day": "500"})
    assert said == "скидка 10 % на всё, клиенту не больше 500 ₽ в день."


def test_a_rule_that_is_switched_off_says_so() -> None:
    assert rule(enabled=False) == "5 % от оплаченной суммы баллами на всё. Выключено."


def test_a_whole_rule() -> None:
    text = rule(
        effect={"kind": "discount", "percent": "10", "at_most": "9"},
        goods={"categories": ["Еда"]},
        when=[{"kind": "promo_code", "code": "NOVEMBER"}],
    )
    assert text == "скидка 10 % (не больше 9 ₽) на категорию «Еда», по промокоду «NOVEMBER»."


def test_a_welcome_looks_at_no_receipt() -> None:
    assert "товары и условия не проверяются" in rule(
        effect={"kind": "welcome", "points": "100"}, when=[{"kind": "minimum_receipt", "amount": "1"}]
    )


SETTINGS: list[tuple[dict[str, Any], str]] = [
    ({}, "За покупки баллы пока не начисляются."),
    ({"points": {"value": "0.05"}}, "Один балл оплачивает 0,05 ₽."),
    ({"points": {"rounding": "half_up"}}, "Начисленные баллы округляются до ближайшего числа."),
    ({"points": {"rounding": "up"}}, "Начисленные баллы округляются в большую сторону."),
    ({}, "Баллы начисляются на то, что оплачено деньгами, а не на часть, оплаченную баллами."),
    ({"points": {"earn_on": "total"}}, "Баллы начисляются на весь чек, в том числе на часть, оплаченную баллами."),
    ({"points": {"earn_when_redeeming": False}}, "На чек, оплаченный частично баллами, баллы не начисляются."),
    ({"points": {"pending_days": 1}}, "Баллы можно тратить через 1 день после начисления."),
    ({"points": {"pending_days": 14}}, "Баллы можно тратить через 14 дней после начисления."),
    ({}, "Баллы не сгорают."),
    ({"points": {"inactivity_days": 90}}, "Все баллы сгорают, если покупок нет 90 дней."),
    ({"points": {"goods": {"categories": ["Еда"]}}}, "Баллы начисляются только на категорию «Еда»."),
    ({"points": {"caps": {"per_receipt": "300"}}}, "По всем правилам вместе за чек начисляется не больше: 300 баллов."),
    ({"points": {"caps": {"per_week": "1"}}}, "По всем правилам вместе клиент получает в неделю не больше: 1 балл."),
    ({"spending": {"goods": {"except_categories": ["Вино"]}}},
     "Баллы можно тратить на всё, кроме категории «Вино»."),
    ({"spending": {"min_line_price": "100"}}, "Баллами нельзя оплатить товары дешевле 100 ₽."),
    ({"points": {"expiry": {"kind": "days", "days": 180}}}, "Баллы сгорают через 180 дней."),
    ({"points": {"expiry": {"kind": "date", "date": "2027-01-31"}}}, "Баллы действуют по 31.01.2027 включительно."),
    ({"points": {"debt": "clamp"}}, "Если баллы за возвращённую покупку уже потрачены, остаток прощается."),
    ({"points": {"late_days": 21}}, "Чек можно провести с опозданием до 21 дня."),
    ({"spending": {"max_percent": "50"}}, "Баллами можно оплатить до 50 % чека."),
    ({"spending": {"max_percent": "0"}}, "Баллами нельзя оплачивать покупки."),
    ({"spending": {"per_receipt": "1000"}}, "За один чек можно списать не больше: 1 000 баллов."),
    ({"spending": {"per_day": "2000"}}, "За день можно списать не больше: 2 000 баллов."),
    ({"spending": {"min_points": "10"}}, "За раз списывается не меньше: 10 баллов."),
    ({"spending": {"step": "100"}}, "Списывать можно шагами по 100 баллов."),
    ({"spending": {"redeem_from": "301"}}, "Тратить можно, когда накоплено хотя бы 301 балл."),
    ({"spending": {"confirm": []}}, "Списание подтверждать не нужно."),
    ({"spending": {"confirm": ["phone"]}}, "Если клиент найден по номеру телефона, списание подтверждается кодом."),
    ({"spending": {"line_minimum": "1"}}, "После скидок и баллов единица товара стоит не меньше 1 ₽."),
    ({"spending": {"round_to_pay": True}}, "Сумма к оплате округляется в меньшую сторону до 1 ₽."),
    ({"program": {"day_starts_at": "05:00:00"}}, "Сутки начинаются в 05:00; часовой пояс: Москва."),
]  # fmt: skip


@pytest.mark.parametrize(("document", "sentence"), SETTINGS, ids=str)
def test_settings(document: dict[str, Any], sentence: str) -> None:
    assert sentence in said(document)


STATUS: list[tuple[dict[str, Any], list[str]]] = [
    ({}, ["Для уровня считаются покупки за всё время.", "Достигнутый уровень остаётся навсегда."]),
    ({"window": {"kind": "days", "days": 90}, "downgrade": "at_once", "fall": "one_step"},
     ["Для уровня считаются покупки за последние 90 дней.", "Если покупок мало, уровень понижается сразу.",
      "Тогда клиент переходит на один уровень ниже."]),
    ({"window": {"kind": "calendar", "unit": "quarter"}, "downgrade": "period_end", "grace_days": 14},
     ["Для уровня считаются покупки за текущий квартал.", "Если покупок мало, уровень сохраняется до конца периода.",
      "Отсрочка понижения — 14 дней.", "Тогда клиент получает тот уровень, на который хватает покупок."]),
]  # fmt: skip


@pytest.mark.parametrize(("status", "sentences"), STATUS, ids=str)
def test_how_tiers_are_kept(status: dict[str, Any], sentences: list[str]) -> None:
    tiers = [{"id": "all", "title": "Все"}]
    (chapter,) = [one for one in told(load({"status": status, "tiers": tiers}), WORDS) if one.title == "Уровни"]
    assert [one.text for one in chapter.sentences][1:] == sentences
    assert not [text for text in said({"status": status}) if "уровень" in text.lower()]


def test_chapters_have_every_rule_once() -> None:
    rules = [{**ANY, "id": f"r{n}", "effect": effect} for n, (effect, _said) in enumerate(EFFECT_SENTENCES)]
    chapters = {one.title: [s.key for s in one.sentences if s.key.startswith("rule:")] for one in told(
        load({"rules": rules}), WORDS
    )}  # fmt: skip
    kinds = {f"rule:r{n}": effect["kind"] for n, (effect, _said) in enumerate(EFFECT_SENTENCES)}
    found = {title: {kinds[key] for key in keys} for title, keys in chapters.items() if keys}
    assert found["Скидки"] == {"discount", "discount_sum", "ladder"}
    assert found["Приглашения и действия"] == {"referral", "referral_gift", "activity"}
    assert found["Начисление"] == set(kinds.values()) - found["Скидки"] - found["Приглашения и действия"]
    keys = [key for keys in chapters.values() for key in keys]
    assert sorted(keys) == sorted(kinds)
    assert len(others(load({"rules": rules}), ("r0",), WORDS)) == len(rules) - 1


def test_only_rules_that_are_on_earn() -> None:
    assert "За покупки баллы пока не начисляются." in said({"rules": [{**ANY, "enabled": False}]})
    assert "За покупки баллы пока не начисляются." not in said({"rules": [ANY]})


def test_tiers() -> None:
    tiers = [
        {"id": "bronze", "title": "Бронза", "spent": "0", "earn_percent": "3"},
        {"id": "silver", "title": "Серебро", "spent": "8000", "earn_percent": "7", "gift": "200"},
        {"id": "gold", "title": "Золото", "spent": "50000", "visits": 21, "discount_percent": "3", "max_percent": "70"},
        {"id": "friends", "title": "Друзья", "referrals": 3},
        {"id": "none", "title": "Клуб"},
    ]
    sentences = said({"tiers": tiers})
    assert "За покупки баллы начисляются по уровню клиента: см. «Уровни»." in sentences
    assert "Бронза: все с первого дня — 3 % баллами." in sentences
    assert "Серебро: от 8 000 ₽ покупок — 7 % баллами, подарок 200 баллов." in sentences
    assert (
        "Золото: от 50 000 ₽ покупок или от 21 визита — скидка 3 %, баллами можно оплатить до 70 % чека." in sentences
    )
    assert "Друзья: от 3 приглашённых — ничего своего." in sentences
    assert "Клуб: никто: порог не задан — ничего своего." in sentences


# ---------------------------------------------------------------- nothing is left unsaid

TIER = Tier("gold", "Золото", spent=D(100))
RULE = Rule("r", "Акция", effects.Percent(D(5)))
TIMES = ("times_per_day", "times_per_month", "times_per_client")
OTHER: dict[type, dict[str, Any]] = {
    Frame: {
        "currency": "EUR",
        "currency_digits": 0,
        "precision": 2,
        "time_zone": "Asia/Omsk",
        "day_starts_at": dt.time(5),
    },
    Points: {
        "value": D("0.5"),
        "rounding": "up",
        "earn_on": "total",
        "earn_when_redeeming": False,
        "pending_days": 3,
        "expiry": AfterDays(30),
        "inactivity_days": 30,
        "goods": conditions.Goods(skus=("1",)),
        "caps": Caps(per_day=D(5)),
        "debt": "clamp",
        "reinstate_days": 7,
        "late_days": 7,
    },
    Spending: {
        "max_percent": D(50),
        "per_receipt": D(0),
        "per_day": D(0),
        "min_points": D(5),
        "step": D(5),
        "redeem_from": D(5),
        "confirm": ("card",),
        "goods": conditions.Goods(skus=("1",)),
        "min_line_price": D(5),
        "line_minimum": "0.01",
        "round_to_pay": True,
    },
    Tier: {
        "title": "Платина",
        "spent": D(200),
        "visits": 5,
        "referrals": 5,
        "earn_percent": D(5),
        "max_percent": D(5),
        "discount_percent": D(5),
        "gift": D(5),
    },
    Rule: {
        "title": "Другая",
        "effect": effects.Percent(D(6)),
        "goods": conditions.Goods(skus=("1",)),
        "when": (conditions.MinimumReceipt(D(1)),),
        "group": "зима",
        "limits": Limits(per_day=D(5)),
        "expiry": Never(),
        "pending_days": 3,
        "closes": ("points",),
        "enabled": False,
    },
    Status: {
        "window": CalendarPeriod(),
        "downgrade": "at_once",
        "grace_days": 14,
        "fall": "one_step",
    },
    Limits: {name: 5 if name in ("uses", *TIMES) else D(5) for name in Limits.__struct_fields__},
    Caps: dict.fromkeys(Caps.__struct_fields__, D(5)),
    conditions.Goods: dict.fromkeys(conditions.Goods.__struct_fields__, ("x",)),
    AfterDays: {"days": 31},
    OnDate: {"date": dt.date(2030, 1, 1)},
    LastDays: {"days": 31},
    CalendarPeriod: {"unit": "month"},
    Step: {"at_least": D(6), "percent": D(6)},
}
# What every value stands in before one of its fields is changed.
BASES: dict[type, Any] = {
    Frame: Frame(),
    Points: Points(),
    Spending: Spending(),
    Tier: TIER,
    Rule: RULE,
    conditions.Goods: conditions.Goods(),
    AfterDays: AfterDays(1),
    OnDate: OnDate(dt.date(2029, 1, 1)),
    Status: Status(LastDays(90), "period_end"),
    Limits: Limits(),
    Caps: Caps(),
    LastDays: LastDays(90),
    CalendarPeriod: CalendarPeriod(),
    Step: Step(D(5), D(5)),
}
# The vocabulary: each class with its least, and with what a field may be instead. What is not said by itself first.
VOCABULARY = [cls for cls in (*effects.EFFECTS, *conditions.CONDITIONS) if cls.__struct_fields__]
CASES = {case["kind"]: case for case, _said in reversed([*EFFECT_SENTENCES, *CONDITION_SENTENCES])}


def least(cls: Any) -> Any:
    case = CASES[str(cls.__struct_config__.tag)]
    if issubclass(cls, effects.Effect):
        return msgspec.convert(case, effects.AnyEffect)
    return msgspec.convert(case, conditions.AnyCondition)


BASES |= {cls: least(cls) for cls in VOCABULARY}
# Where a field is only told when another one is (not) there.
BASES |= {
    effects.Milestone: effects.Milestone(D(5), at=D(5)),
    effects.Ladder: effects.Ladder("turnover", (Step(D(5), D(5)),)),
    Age: Age(), Birthday: Birthday(), Tagged: Tagged(), Turnover: Turnover(), conditions.Between: conditions.Between(),
}  # fmt: skip


def another(one: Field, value: Any) -> Any:
    """Something else that the field may be."""
    made: dict[str, Any] = {
        "tiers": ("gold",),
        "outlets": ("elsewhere",),
        "channels": ("phone",),
        "ways": ("id",),
        "tags": ("x",),
        "text": "other",
        "yes": not value,
        "choice": one.choices[-1][0] if one.choices else "",
        "date": dt.date(2026, 1, 1),
        "time": dt.time(9),
        "weekdays": (3,),
        "steps": (Step(D(77), D(7)),),
        "levels": (D(77),),
        "count": 77,
        "days": 77,
    }
    return made.get(one.kind, D(77))


OTHER |= {cls: {one.name: another(one, getattr(BASES[cls], one.name)) for one in fields_of(cls)} for cls in VOCABULARY}
# Ids are for machines; the format is the same for all; a rulebook's own parts are walked themselves.
UNSAID = {(Tier, "id"), (Rule, "id")}


def ruled(**parts: Any) -> Rulebook:
    return Rulebook(rules=(msgspec.structs.replace(RULE, **parts),))


ALL = (Tier("base", "Все"),)
PLACES: list[tuple[Any, Callable[[Any], Rulebook]]] = [
    (Frame, lambda value: Rulebook(program=value)),
    (Points, lambda value: Rulebook(points=value)),
    (Caps, lambda value: Rulebook(points=Points(caps=value))),
    (AfterDays | OnDate, lambda value: Rulebook(points=Points(expiry=value))),
    (Spending, lambda value: Rulebook(spending=value)),
    (Tier, lambda value: Rulebook(tiers=(*ALL, value))),
    (Status, lambda value: Rulebook(status=value, tiers=ALL)),
    (LastDays | CalendarPeriod, lambda value: Rulebook(status=Status(value), tiers=ALL)),
    (Rule, lambda value: Rulebook(rules=(value,))),
    (Limits, lambda value: ruled(limits=value)),
    (conditions.Goods, lambda value: ruled(goods=value)),
    (effects.Effect, lambda value: ruled(effect=value)),
    (Step, lambda value: ruled(effect=effects.Ladder("turnover", (value,)))),
    (conditions.Condition, lambda value: ruled(when=(value,))),
]


def placed(value: Any) -> Rulebook:
    return next(place(value) for kind, place in PLACES if isinstance(value, kind))


def text_of(rulebook: Rulebook) -> list[str]:
    return [s.text for chapter in told(rulebook, WORDS, outlets=SHOPS) for s in chapter.sentences]


def structs_in(kind: Any, seen: set[type]) -> set[type]:
    """Every struct that a rulebook may hold."""
    for part in (*getattr(kind, "__args__", ()), *getattr(kind, "__metadata__", ())):
        structs_in(part, seen)
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct) and kind not in seen:
        seen.add(kind)
        for field in msgspec.structs.fields(kind):
            structs_in(field.type, seen)
    return seen


def test_every_field_has_a_name() -> None:
    names = {name for kind in structs_in(Rulebook, set()) for name in kind.__struct_fields__}
    assert names <= set(PARTS)
    assert {name for name in names if not re.search("[А-Яа-я]", str(PARTS[name]))} == {"id"}


def test_nothing_is_left_unsaid() -> None:
    walked = {kind for kind in structs_in(Rulebook, set()) if kind.__struct_fields__} - {Rulebook}
    assert walked == set(OTHER) == set(BASES)
    for kind in walked:
        for name in kind.__struct_fields__:
            if (kind, name) not in UNSAID:
                changed = msgspec.structs.replace(BASES[kind], **{name: OTHER[kind][name]})
                assert text_of(placed(changed)) != text_of(placed(BASES[kind])), f"{kind.__name__}.{name}"


# ---------------------------------------------------------------- two versions


def test_changes_are_pairs_of_sentences() -> None:
    before = load({"rules": [ANY], "points": {"pending_days": 1}})
    after = load(
        {"rules": [{**ANY, "effect": {"kind": "percent", "percent": "7"}}, {**ANY, "id": "n", "title": "Ещё"}]}
    )
    found = {(change.before, change.after) for change in changes(before, after, WORDS)}
    assert found == {
        ("Акция: 5 % от оплаченной суммы баллами на всё.", "Акция: 7 % от оплаченной суммы баллами на всё."),
        ("", "Ещё: 5 % от оплаченной суммы баллами на всё."),
        ("Баллы можно тратить через 1 день после начисления.", "Баллы можно тратить сразу, со следующего чека."),
    }


def test_an_order_and_an_id_are_changes_too() -> None:
    other = {**ANY, "id": "other", "title": "Другая"}
    (order,) = changes(load({"rules": [ANY, other]}), load({"rules": [other, ANY]}), WORDS)
    assert (order.before, order.after) == ("Правила: порядок: Акция, Другая", "Правила: порядок: Другая, Акция")
    assert changes(load({"rules": [ANY]}), load({"rules": [{**ANY, "id": "renamed"}]}), WORDS)
    assert changes(load({"rules": [ANY]}), load({"rules": [ANY]}), WORDS) == []
