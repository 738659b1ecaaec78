"""The rules as an owner reads them: every effect, condition and setting is said, and nothing is left unsaid."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal as D
from typing import Any

import msgspec
import pytest
from django.utils import translation

from loyalty.engine import conditions, effects
from loyalty.engine.rulebook import AfterDays, Frame, OnDate, Points, Rule, Rulebook, Spending, Tier, load
from loyalty.rule_sentences import CONDITIONS, EFFECTS, Names, rule_sentence
from loyalty.sentences import changes, told
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


EFFECT_SENTENCES: dict[str, tuple[dict[str, str], str]] = {
    "percent": ({"percent": "5"}, "5 % от оплаченной суммы баллами на всё."),
    "per_unit": ({"points": "0.05"}, "0,05 балла за каждый оплаченный 1 ₽, пропорционально на всё."),
    "for_every": ({"points": "30", "amount": "1000"}, "30 баллов за каждые полные 1 000 ₽ на всё."),
    "multiply": ({"by": "1.5"}, "основные баллы × 1,5 на всё."),
    "discount": ({"percent": "7.5"}, "скидка 7,5 % на всё."),
    "welcome": ({"points": "101"}, "101 балл новому клиенту при вступлении."),
}
CONDITION_SENTENCES: list[tuple[dict[str, Any], str]] = [
    ({"kind": "minimum_receipt", "amount": "300"}, "в чеках от 300 ₽"),
    ({"kind": "minimum_receipt", "amount": "99.9"}, "в чеках от 99,90 ₽"),
    ({"kind": "tier", "tiers": ["silver"]}, "для уровня «Серебро»"),
    ({"kind": "tier", "tiers": ["silver", "gold"]}, "для уровней «Серебро», «Золото»"),
    ({"kind": "outlet", "outlets": ["main"]}, "в точке «Лесная 5»"),
    ({"kind": "outlet", "outlets": ["main", "gone"]}, "в точках «Лесная 5», «gone»"),
    ({"kind": "channel", "channels": ["online"]}, "в канале продаж «online»"),
    ({"kind": "identified", "by": ["code", "card"]}, "если клиент найден по карте или по одноразовому коду"),
    ({"kind": "period", "weekdays": [6, 7]}, "по субботам, по воскресеньям"),
    ({"kind": "period", "since": "2026-11-01", "until": "2026-12-31"}, "с 01.11.2026, по 31.12.2026 включительно"),
    ({"kind": "period", "time_from": "18:00:00", "time_to": "20:30:00"}, "с 18:00, до 20:30"),
]
GOODS_SENTENCES: list[tuple[dict[str, list[str]], str]] = [
    ({}, "на всё"),
    ({"categories": ["Десерты"]}, "на категорию «Десерты»"),
    ({"skus": ["12", "13"], "brands": ["Lavazza"]}, "на товары «12», «13», бренд «Lavazza»"),
    ({"except_categories": ["Табак", "Пиво"]}, "на всё, кроме категорий «Табак», «Пиво»"),
    ({"except_skus": ["7"], "except_brands": ["Б"]}, "на всё, кроме товара «7», кроме бренда «Б»"),
]  # fmt: skip


@pytest.mark.parametrize("kind", EFFECT_SENTENCES)
def test_effects(kind: str) -> None:
    fields, sentence = EFFECT_SENTENCES[kind]
    assert rule(effect={"kind": kind, **fields}) == sentence


@pytest.mark.parametrize(("condition", "clause"), CONDITION_SENTENCES, ids=str)
def test_conditions(condition: dict[str, Any], clause: str) -> None:
    assert rule(when=[condition]) == f"5 % от оплаченной суммы баллами на всё, {clause}."


@pytest.mark.parametrize(("goods", "clause"), GOODS_SENTENCES, ids=str)
def test_goods(goods: dict[str, list[str]], clause: str) -> None:
    assert rule(goods=goods) == f"5 % от оплаченной суммы баллами {clause}."


def test_every_effect_and_condition_has_words() -> None:
    assert set(EFFECTS) == set(effects.AnyEffect.__args__)
    assert {effect.__struct_config__.tag for effect in EFFECTS} == set(EFFECT_SENTENCES)
    assert set(CONDITIONS) == set(conditions.AnyCondition.__args__)
    assert {c.__struct_config__.tag for c in CONDITIONS} == {case["kind"] for case, _clause in CONDITION_SENTENCES}


def test_a_welcome_looks_at_no_receipt() -> None:
    assert "товары и условия не проверяются" in rule(
        effect={"kind": "welcome", "points": "100"}, when=[{"kind": "minimum_receipt", "amount": "1"}]
    )


SETTINGS: list[tuple[dict[str, Any], str]] = [
    ({}, "За покупки баллы пока не начисляются."),
    ({"points": {"value": "0.05"}}, "Один балл оплачивает 0,05 ₽."),
    ({"points": {"rounding": "half_up"}}, "Начисленные баллы округляются до ближайшего числа."),
    ({"points": {"rounding": "up"}}, "Начисленные баллы округляются вверх."),
    ({}, "Баллы начисляются на то, что оплачено деньгами, а не на часть, оплаченную баллами."),
    ({"points": {"earn_on": "total"}}, "Баллы начисляются на весь чек, в том числе на часть, оплаченную баллами."),
    ({"points": {"earn_when_redeeming": False}}, "На чек, оплаченный частично баллами, баллы не начисляются."),
    ({"points": {"pending_days": 1}}, "Баллы можно тратить через 1 день после начисления."),
    ({"points": {"pending_days": 14}}, "Баллы можно тратить через 14 дней после начисления."),
    ({}, "Баллы не сгорают."),
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
    ({"spending": {"round_to_pay": True}}, "Сумма к оплате округляется вниз до 1 ₽."),
    ({"program": {"day_starts_at": "05:00:00"}}, "Сутки начинаются в 05:00 по времени Europe/Moscow."),
]  # fmt: skip


@pytest.mark.parametrize(("document", "sentence"), SETTINGS, ids=str)
def test_settings(document: dict[str, Any], sentence: str) -> None:
    assert sentence in said(document)


def test_tiers() -> None:
    tiers = [
        {"id": "bronze", "title": "Бронза", "spent": "0", "earn_percent": "3"},
        {"id": "silver", "title": "Серебро", "spent": "8000", "earn_percent": "7", "gift": "200"},
        {"id": "gold", "title": "Золото", "spent": "50000", "visits": 21, "discount_percent": "3", "max_percent": "70"},
        {"id": "none", "title": "Клуб"},
    ]
    sentences = said({"tiers": tiers})
    assert "За покупки баллы начисляются по уровню клиента: см. «Уровни»." in sentences
    assert "Бронза: все с первого дня — 3 % баллами." in sentences
    assert "Серебро: от 8 000 ₽ покупок — 7 % баллами, подарок 200 баллов." in sentences
    assert (
        "Золото: от 50 000 ₽ покупок или от 21 визита — скидка 3 %, баллами можно оплатить до 70 % чека." in sentences
    )
    assert "Клуб: никто: порог не задан — ничего своего." in sentences


# ---------------------------------------------------------------- nothing is left unsaid

TIER = Tier("gold", "Золото", spent=D(100))
RULE = Rule("r", "Акция", effects.Percent(D(5)))
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
        "line_minimum": "0.01",
        "round_to_pay": True,
    },
    Tier: {
        "title": "Платина",
        "spent": D(200),
        "visits": 5,
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
    },
    conditions.Goods: dict.fromkeys(conditions.Goods.__struct_fields__, ("x",)),
    AfterDays: {"days": 31},
    OnDate: {"date": dt.date(2030, 1, 1)},
    effects.Percent: {"percent": D(6)},
    effects.PerUnit: {"points": D(6)},
    effects.ForEvery: {"points": D(6), "amount": D(6)},
    effects.Multiply: {"by": D(6)},
    effects.Discount: {"percent": D(6)},
    effects.Welcome: {"points": D(6)},
    conditions.MinimumReceipt: {"amount": D(6)},
    conditions.InTier: {"tiers": ("gold",)},
    conditions.AtOutlet: {"outlets": ("main",)},
    conditions.ByChannel: {"channels": ("online",)},
    conditions.Identified: {"by": ("card",)},
    conditions.Between: {
        "since": dt.date(2026, 1, 1),
        "until": dt.date(2026, 1, 1),
        "weekdays": (3,),
        "time_from": dt.time(9),
        "time_to": dt.time(9),
    },
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
    effects.Percent: effects.Percent(D(5)),
    effects.PerUnit: effects.PerUnit(D(5)),
    effects.ForEvery: effects.ForEvery(D(5), D(5)),
    effects.Multiply: effects.Multiply(D(5)),
    effects.Discount: effects.Discount(D(5)),
    effects.Welcome: effects.Welcome(D(5)),
    conditions.MinimumReceipt: conditions.MinimumReceipt(D(5)),
    conditions.InTier: conditions.InTier(("silver",)),
    conditions.AtOutlet: conditions.AtOutlet(("other",)),
    conditions.ByChannel: conditions.ByChannel(("store",)),
    conditions.Identified: conditions.Identified(("phone",)),
    conditions.Between: conditions.Between(),
}
# Ids are for machines; the format is the same for all; a rulebook's own parts are walked themselves.
UNSAID = {(Tier, "id"), (Rule, "id")}


def placed(value: Any) -> Rulebook:
    match value:
        case Frame():
            return Rulebook(program=value)
        case Points():
            return Rulebook(points=value)
        case Spending():
            return Rulebook(spending=value)
        case Tier():
            return Rulebook(tiers=(Tier("base", "Все"), value))
        case Rule():
            return Rulebook(rules=(value,))
        case conditions.Goods():
            return Rulebook(rules=(msgspec.structs.replace(RULE, goods=value),))
        case AfterDays() | OnDate():
            return Rulebook(points=Points(expiry=value))
        case effects.Effect():
            return Rulebook(rules=(msgspec.structs.replace(RULE, effect=value),))
        case conditions.Condition():
            return Rulebook(rules=(msgspec.structs.replace(RULE, when=(value,)),))
    raise AssertionError(value)


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
