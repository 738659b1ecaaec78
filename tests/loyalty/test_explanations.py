"""Facts in words: every reason of the engine has its sentence, in both languages."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from babel.messages.pofile import read_po

from loyalty import engine
from loyalty.engine.conditions import CONDITIONS
from loyalty.engine.effects import EFFECTS, BonusEffect
from loyalty.engine.explanation import Fact, Kind, Rejected
from loyalty.engine.rulebook import Caps, Limits, load
from loyalty.explanations import APPLIED, CUTS, NEARLY, PLAINLY, VOCABULARY, explain, limit, why_rejected
from loyalty.limits import LIMITS
from loyalty.wording import Words

D = Decimal

ROOT = Path(engine.__file__).parents[2]
RU = Words()
EN = Words(language="en")
GRAINS = Words(precision=2, point_names=("зерно", "зерна", "зёрен"))

FACTS: dict[str, tuple[Fact, str, str, str]] = {
    "percent of a tier": (
        Fact(
            "tier:silver",
            "earn",
            "percent",
            "Серебро",
            base=Decimal("340.00"),
            rate=Decimal(5),
            exact=Decimal("17.00"),
            points=Decimal(17),
        ),
        "5 % по уровню «Серебро»",
        "Оплачено деньгами 340,00 ₽ × 5 % = 17,00",
        "Paid with money 340.00 ₽ × 5 % = 17.00",
    ),
    "a percent, rounded": (
        Fact(
            "base",
            "earn",
            "percent",
            "Кешбэк",
            base=Decimal("143.33"),
            rate=Decimal("7.5"),
            exact=Decimal("10.74975"),
            points=Decimal(10),
        ),
        "Кешбэк",
        "Оплачено деньгами 143,33 ₽ × 7,5 % = 10,74975, с округлением 10 баллов",
        "Paid with money 143.33 ₽ × 7.5 % = 10.74975, rounded to 10 points",
    ),
    "per unit": (
        Fact(
            "base",
            "earn",
            "per_unit",
            "База",
            base=Decimal("1340.00"),
            rate=Decimal(1),
            exact=Decimal(1340),
            points=Decimal(1340),
        ),
        "База",
        "Оплачено деньгами 1 340,00 ₽ × 1 балл за 1 ₽ = 1 340,00",
        "Paid with money 1,340.00 ₽ × 1 point per 1 ₽ = 1,340.00",
    ),
    "for every": (
        Fact(
            "each",
            "earn",
            "for_every",
            "100 за 300",
            base=Decimal("899.99"),
            rate=Decimal(100),
            per=Decimal(300),
            exact=Decimal(200),
            points=Decimal(200),
        ),
        "100 за 300",
        "100 баллов за каждые 300,00 ₽ из 899,99 ₽: 200 баллов",
        "100 points for every 300.00 ₽ of 899.99 ₽: 200 points",
    ),
    "a multiplier": (
        Fact(
            "x2",
            "earn",
            "multiply",
            "Утро ×1,5",
            base=Decimal(19),
            rate=Decimal("1.5"),
            exact=Decimal("9.5"),
            points=Decimal(9),
        ),
        "Утро ×1,5",
        "×1,5: ещё 19 баллов × 0,5 = 9,50, с округлением 9 баллов",
        "×1.5: 19 points × 0.5 = 9.50 more, rounded to 9 points",
    ),
    "a discount": (
        Fact("discount:gold", "discount", "discount", "Золото", base=Decimal(200), rate=Decimal(3), money=Decimal(6)),
        "Скидка уровня «Золото»",
        "3 % от 200,00 ₽: скидка 6,00 ₽",
        "3 % of 200.00 ₽: 6.00 ₽ off",
    ),
    "a discount down to the minimum": (
        Fact(
            "sale",
            "discount",
            "discount",
            "Акция",
            base=Decimal(200),
            rate=Decimal(50),
            money=Decimal(6),
            reason="line_minimum",
        ),
        "Акция",
        "50 % от 200,00 ₽, но ни одна строка не дешевле минимальной цены: скидка 6,00 ₽",
        "50 % of 200.00 ₽, but no line below its minimum price: 6.00 ₽ off",
    ),
    "per unit, a small part of a point": (
        Fact("base", "earn", "per_unit", "База", base=D(200), rate=D("0.05"), exact=D(10), points=D(10)),
        "База",
        "Оплачено деньгами 200,00 ₽ × 0,05 балла за 1 ₽ = 10,00",
        "Paid with money 200.00 ₽ × 0.05 points per 1 ₽ = 10.00",
    ),
    "for pieces": (
        Fact("cup", "earn", "per_item", "Кофе", base=D(600), rate=D(10), per=D(2), exact=D(30), points=D(30)),
        "Кофе",
        "10 баллов за каждые 2 шт.: 30 баллов",
        "10 points for every 2 pcs: 30 points",
    ),
    "given for the receipt": (
        Fact("big", "earn", "give", "Крупный чек", exact=D(101), points=D(101)),
        "Крупный чек",
        "За этот чек: 101 балл",
        "For this receipt: 101 points",
    ),
    "cut by a limit": (
        Fact("big", "earn", "give", "Крупный чек", exact=D(100), points=D(30), reason="limit_per_receipt"),
        "Крупный чек",
        "За этот чек: 30 баллов. Не больше 30 баллов за чек",
        "For this receipt: 30 points. No more than 30 points for a receipt",
    ),
    "a percent cut by a budget": (
        Fact("p", "earn", "percent", "П", base=D(1000), rate=D(5), exact=D(50), points=D(12), reason="budget"),
        "П",
        "Оплачено деньгами 1 000,00 ₽ × 5 % = 50,00. В бюджете акции больше не осталось: 12 баллов",
        "Paid with money 1,000.00 ₽ × 5 % = 50.00. No more was left in the budget of this offer: 12 points",
    ),
    "cut by the programme": (
        Fact("p", "earn", "percent", "П", base=D(1000), rate=D(5), exact=D(50), points=D(12), reason="cap_per_day"),
        "П",
        "Оплачено деньгами 1 000,00 ₽ × 5 % = 50,00. С учётом лимита баллов на день: 12 баллов",
        "Paid with money 1,000.00 ₽ × 5 % = 50.00. By the limit of points a day: 12 points",
    ),
    "a milestone": (
        Fact("m", "earn", "milestone", "Рубеж", base=D(10200), rate=D(500), exact=D(500), points=D(500), count=1),
        "Рубеж",
        "Покупок набралось на 10 200,00 ₽: 500 баллов",
        "Purchases have come to 10,200.00 ₽: 500 points",
    ),
    "two milestones at once": (
        Fact("m", "earn", "milestone", "Рубеж", base=D(20200), rate=D(500), exact=D(1000), points=D(1000), count=2),
        "Рубеж",
        "Покупок набралось на 20 200,00 ₽: 2 × 500 баллов = 1 000 баллов",
        "Purchases have come to 20,200.00 ₽: 2 × 500 points = 1,000 points",
    ),
    "a full card of stamps": (
        Fact("s", "earn", "stamps", "Шестой", base=D(6), rate=D(200), exact=D(200), points=D(200), count=1),
        "Шестой",
        "Карта заполнена: 200 баллов",
        "The card is full: 200 points",
    ),
    "what was carried over": (
        Fact("c", "earn", "for_every_carried", "100 за 300", base=D(310), rate=D(100), exact=D(100), points=D(100)),
        "100 за 300",
        "С остатком прошлых чеков: 100 баллов",
        "With the rest of earlier receipts: 100 points",
    ),
    "a coupon given": (
        Fact("asos", "coupon", "coupon", "Купон за баллы", base=D(530), rate=D(500), count=1),
        "Купон за баллы",
        "1 купон в подарок: по одному за каждые 500 баллов начислений",
        "1 coupon as a gift: one for every 500 points earned",
    ),
    "a coupon by the rule “coupon”": (
        Fact("coupon", "coupon", "coupon", "Купон за баллы", base=D(1530), rate=D(500), count=2),
        "Купон за баллы",
        "2 купона в подарок: по одному за каждые 500 баллов начислений",
        "2 coupons as a gift: one for every 500 points earned",
    ),
    "a coupon used": (
        Fact("coupon:K7QX", "discount", "coupon", "Спасибо", base=D(500), money=D(200)),
        "Персональный купон «Спасибо»",
        "Скидка 200,00 ₽",
        "200.00 ₽ off",
    ),
    "a coupon without a title": (
        Fact("coupon:K7QX", "discount", "coupon", base=D(500), rate=D(10), money=D(50)),
        "Персональный купон «K7QX»",
        "10 % от 500,00 ₽: скидка 50,00 ₽",
        "10 % of 500.00 ₽: 50.00 ₽ off",
    ),
    "a coupon that was used before": (
        Fact("coupon:K7QX", "discount", "coupon", "Спасибо", applied=False, reason="coupon_used"),
        "Персональный купон «Спасибо»",
        "Купон уже использован",
        "The coupon has been used already",
    ),
    "a discount of a sum, cut": (
        Fact("s", "discount", "discount_sum", "Минус 100", base=D(500), money=D(40), reason="limit_per_day"),
        "Минус 100",
        "Скидка 40,00 ₽. Лимит на день: оставалось 40,00 ₽",
        "40.00 ₽ off. No more today: 40.00 ₽ were left of the day’s limit",
    ),
    "a discount up to a sum": (
        Fact("nov", "discount", "discount", "Ноябрь", base=D(95), rate=D(10), money=D(9), lines=(0,)),
        "Ноябрь",
        "10 % от 95,00 ₽, но не больше 9,00 ₽",
        "10 % of 95.00 ₽, but no more than 9.00 ₽",
    ),
    "a step of a ladder": (
        Fact("l", "discount", "ladder", "Накопительная", base=D(1000), rate=D(3), money=D(30)),
        "Накопительная",
        "3 % от 1 000,00 ₽: скидка 30,00 ₽",
        "3 % of 1,000.00 ₽: 30.00 ₽ off",
    ),
    "several steps of a ladder": (
        Fact("l", "discount", "ladder", "Опт", base=D(1000), money=D(40), lines=(0, 1)),
        "Опт",
        "На 1 000,00 ₽, у каждой строки свой процент: скидка 40,00 ₽",
        "Of 1,000.00 ₽, each line at its own percent: 40.00 ₽ off",
    ),
    "the one who invited": (
        Fact("ref", "referral", "referral", "Друг", exact=D("50.5"), points=D(50), count=1),
        "Друг",
        "Пригласившему: 50 баллов",
        "To the one who invited: 50 points",
    ),
    "the one above him, at the end of his month": (
        Fact("ref", "referral", "referral", "Друг", exact=D(30), points=D(11), count=2),
        "Друг",
        "Пригласившему на уровне 2: 11 баллов (больше за месяц не начисляется)",
        "To those who invited, level 2: 11 points (more is not given within a month)",
    ),
    "a gift to the one who invited": (
        Fact("ref", "referral", "referral_gift", "Друг", exact=D(100), points=D(100), count=1),
        "Друг",
        "Пригласившему: 100 баллов",
        "To the one who invited: 100 points",
    ),
    "points taken": (
        Fact("spending", "redeem", "points", points=Decimal(21), money=Decimal(21), rate=Decimal(1), asked=Decimal(21)),
        "Оплата баллами",
        "21 балл: оплачено 21,00 ₽",
        "21 points paid 21.00 ₽",
    ),
    "points cut": (
        Fact(
            "spending",
            "redeem",
            "points",
            points=Decimal(22),
            money=Decimal(22),
            rate=Decimal(1),
            asked=Decimal(50),
            reason="max_percent",
        ),
        "Оплата баллами",
        "Запрошено 50 баллов. 22 балла: оплачено 22,00 ₽: большую часть чека баллами не оплатить",
        "Asked for 50 points. 22 points paid 22.00 ₽: points may pay no larger part of the receipt",
    ),
    "no points": (
        Fact("spending", "redeem", "points", applied=False, points=Decimal(0), money=Decimal(0), reason="confirmation"),
        "Оплата баллами",
        "Баллы не списаны: сначала нужно подтвердить списание кодом",
        "No points were taken: spending has to be confirmed with a code first",
    ),
    "rounding": (
        Fact("rounding", "rounding", "round_to_pay", money=Decimal("0.33")),
        "Округление",
        "Сумма к оплате округлена в меньшую сторону на 0,33 ₽",
        "The sum to pay rounded down by 0.33 ₽",
    ),
    "a gift": (
        Fact("gift:gold", "gift", "tier_gift", "Золото", points=Decimal(102)),
        "Подарок за уровень «Золото»",
        "Один раз: 102 балла",
        "Given once: 102 points",
    ),
    "a new tier": (
        Fact("tier:gold", "gift", "tier_reached", "Золото", base=Decimal(20000)),
        "Достигнут уровень «Золото»",
        "Всего покупок на 20 000,00 ₽",
        "Purchases of 20,000.00 ₽ altogether",
    ),
    "nearly a gift": (
        Fact("box", "earn", "for_every", "Подарок", applied=False, reason="minimum_receipt", missing=Decimal(120)),
        "Подарок",
        "До «Подарок» не хватило 120,00 ₽",
        "120.00 ₽ short of “Подарок”",
    ),
    "nearly the next tier, by money": (
        Fact("tier:gold", "earn", "tier", "Золото", applied=False, reason="tier_threshold", missing=Decimal(120)),
        "Следующий уровень: «Золото»",
        "После этого чека до уровня «Золото» не хватает 120,00 ₽",
        "After this receipt, 120.00 ₽ short of the tier “Золото”",
    ),
    "nearly the next tier, by visits": (
        Fact("tier:gold", "earn", "tier", "Золото", applied=False, reason="tier_threshold", missing_visits=3),
        "Следующий уровень: «Золото»",
        "До уровня «Золото» осталось посещений: 3",
        "Visits left to the tier “Золото”: 3",
    ),
}


@pytest.mark.parametrize("name", FACTS)
def test_sentences(name: str) -> None:
    fact, title, russian, english = FACTS[name]
    said = explain(fact, RU)
    assert (said.title, said.why) == (title, russian)
    assert explain(fact, EN).why == english


def test_points_may_pay_for_points() -> None:
    fact = Fact(
        "base", "earn", "percent", "База", base=Decimal(100), rate=Decimal(5), exact=Decimal(5), points=Decimal(5)
    )
    rules = load({"points": {"earn_on": "total"}})
    assert explain(fact, RU, rulebook=rules).why == "Чек после скидок 100,00 ₽ × 5 % = 5,00"


@pytest.mark.parametrize(
    ("points", "russian", "english"),
    [
        ("1", "1 зерно", "1 зерно"),
        ("3", "3 зерна", "3 зёрен"),
        ("11", "11 зёрен", "11 зёрен"),
        ("-2", "−2 зерна", "−2 зёрен"),
    ],
)
def test_the_programmes_own_word(points: str, russian: str, english: str) -> None:
    assert GRAINS.points(Decimal(points)) == russian
    assert Words(point_names=GRAINS.point_names, language="en").points(Decimal(points)) == english


def test_parts_of_points_and_other_money() -> None:
    assert GRAINS.points(Decimal("7.17")) == "7,17 зерна"
    assert Words(currency="KZT", currency_digits=0).money(Decimal(1250)) == "1 250 ₸"
    assert Words(currency="PLN", language="en").money(Decimal("1250.5")) == "1,250.50 PLN"


PERIODS = ("day", "week", "month", "client")


def said_by_the_engine() -> Iterator[tuple[str, str]]:
    """Every reason that the engine's code can give, with the file that gives it."""
    folder = Path(engine.__file__).parent
    for file in sorted(folder.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            if not isinstance(node, ast.Call):
                continue
            given = [keyword.value for keyword in node.keywords if keyword.arg == "reason"]
            if isinstance(node.func, ast.Name):
                given += {"Miss": node.args[:1], "Left": node.args[1:2]}.get(node.func.id, [])
            for value in given:
                for reason in reasons_in(value):
                    yield reason, str(file.relative_to(folder))


def reasons_in(value: ast.expr) -> Iterator[str]:
    if isinstance(value, ast.IfExp):
        yield from (*reasons_in(value.body), *reasons_in(value.orelse))
        return
    if isinstance(value, ast.JoinedStr):
        # «limit_per_» and a period for which there is such a limit.
        start = value.values[0]
        assert isinstance(start, ast.Constant)
        prefix = str(start.value)
        field = prefix.removeprefix("limit_").removeprefix("cap_")
        limits = Caps if prefix.startswith("cap_") else Limits
        yield from (f"{prefix}{period}" for period in PERIODS if f"{field}{period}" in limits.__struct_fields__)
        return
    for part in ast.walk(value):
        if isinstance(part, ast.Constant) and isinstance(part.value, str) and part.value:
            yield part.value


# A bonus that gave nothing names itself; so does what goes by steps.
BY_NAME = {effect.name for effect in EFFECTS if issubclass(effect, BonusEffect)}
BY_NAME |= {"milestone", "for_every_carried", "stamps"}
# Comes by way of a variable.
INDIRECT = {"too_little"}
FROM_SQL = {"coupon_used", "coupon_expired", "coupon_cancelled"}
REASONS = {reason for reason, _file in said_by_the_engine()} | BY_NAME | INDIRECT | FROM_SQL | set(VOCABULARY)
# Ends of the sentence about spending, which are told otherwise.
SPENDING = set(LIMITS) - {"no_client", "line_minimum"}


def test_every_reason_is_found() -> None:
    assert {"too_little", "confirmation", "redeeming", "visited_today", "limit_per_week", "times_per_client"} <= REASONS
    assert {cls.__struct_config__.tag for cls in CONDITIONS} <= REASONS
    assert set(re.findall(r"'(coupon_\w+)'", (ROOT / "loyalty/sql/rewards.sql").read_text())) >= FROM_SQL


LATIN = re.compile("[A-Za-z]")
KINDS: dict[str, Kind] = {"coupon": "coupon", "referral": "referral", "referral_gift": "referral"}


@pytest.mark.parametrize("reason", sorted(REASONS - SPENDING - {"line_minimum"}))
def test_every_reason_of_what_did_not_apply_is_russian(reason: str) -> None:
    assert reason in {*NEARLY, *PLAINLY, *VOCABULARY}, reason
    fact = Fact("x", "earn", "give", "Акция", applied=False, reason=reason, missing=D(120), count=2, points=D(20))
    said = explain(fact, RU).why
    assert said != "Не подошло"
    assert not LATIN.search(said), said
    assert explain(fact, EN).why != said


@pytest.mark.parametrize("effect", sorted({effect.name for effect in EFFECTS} - {"welcome", "activity"}))
@pytest.mark.parametrize("reason", ["", *sorted(CUTS), "line_minimum"])
def test_every_effect_is_russian_whatever_cut_it(effect: str, reason: str) -> None:
    kind = "discount" if effect.startswith(("discount", "ladder")) else KINDS.get(effect, "earn")
    fact = Fact(
        "x", kind, effect, "Акция", base=D(600), rate=D(5), per=D(2), exact=D(30), points=D(20), money=D(20),
        count=1, reason=reason,
    )  # fmt: skip
    said = explain(fact, RU).why
    assert not LATIN.search(said), said
    assert re.search("[а-я]", said)


def test_what_a_limit_cuts_is_told_as_such() -> None:
    limits = {reason for reason in REASONS if reason.startswith(("limit_", "cap_", "budget"))}
    assert set(CUTS) == limits
    assert limits <= set(PLAINLY)


MISSED: list[tuple[dict[str, D | int | str], str]] = [
    ({"reason": "minimum_receipt", "missing": D(120)}, "До «Подарок» не хватило 120,00 ₽"),
    ({"reason": "minimum_goods", "missing": D(120)}, "До «Подарок» не хватило товаров акции на 120,00 ₽"),
    ({"reason": "minimum_line", "missing": D(5)}, "В одной строке чека не хватило 5,00 ₽"),
    ({"reason": "nth_visit", "count": 1}, "Остался 1 визит"),
    ({"reason": "nth_visit", "count": 2}, "Осталось 2 визита"),
    ({"reason": "visits_within", "count": 5}, "Осталось 5 визитов"),
    ({"reason": "member_for", "count": 21}, "Нужно быть в программе ещё 21 день"),
    ({"reason": "lines", "count": 1}, "Не хватает ещё 1 товара"),
    ({"reason": "turnover", "missing": D(1500)}, "Не хватает покупок на 1 500,00 ₽"),
    ({"reason": "milestone", "missing": D(100)}, "До следующего подарка осталось покупок на 100,00 ₽"),
    ({"reason": "for_every_carried", "missing": D(20)}, "До «Подарок» не хватило 20,00 ₽"),
    ({"reason": "stamps", "count": 2}, "Ещё 2 штампа до подарка"),
    ({"reason": "stamped_today"}, "Штамп этого дня уже стоит"),
    ({"reason": "coupon", "points": D(21)}, "До купона осталось накопить 21 балл"),
    ({"reason": "tier"}, "Только для клиентов других уровней"),
    ({"reason": "birthday_unknown"}, "Дата рождения не указана"),
    ({"reason": "visited_today"}, "Сегодняшний визит уже засчитан"),
    ({"reason": "excluded"}, "Не суммируется: сработала более выгодная акция"),
    ({"reason": "budget"}, "Бюджет акции исчерпан"),
]


@pytest.mark.parametrize(("fields", "said"), MISSED, ids=str)
def test_what_was_missing(fields: dict[str, Any], said: str) -> None:
    assert explain(Fact("x", "earn", "give", "Подарок", applied=False, **fields), RU).why == said


REJECTED = [
    ("promo_code", "unknown", "Такого кода нет"),
    ("certificate", "unknown", "Такого сертификата нет"),
    ("promo_code", "coupon_used", "Купон уже использован"),
    ("promo_code", "coupon_expired", "Срок купона истёк"),
    ("promo_code", "coupon_cancelled", "Купон отменён"),
    ("promo_code", "minimum_receipt", "Для этого промокода сумма чека мала"),
    ("promo_code", "tier", "Только для клиентов других уровней"),
    ("promo_code", "period", "Не в эти даты"),
    ("promo_code", "times_per_client", "Вы уже использовали эту акцию столько раз, сколько можно"),
    ("promo_code", "no_client", "Промокод — для клиентов программы: сначала найдите клиента"),
    ("promo_code", "lines", "Не выполнено условие: «Строк в чеке»"),
]


@pytest.mark.parametrize(("kind", "reason", "said"), REJECTED)
def test_why_a_code_did_nothing(kind: Any, reason: str, said: str) -> None:
    assert why_rejected(Rejected(kind, "NOVEMBER", reason), RU) == said


@pytest.mark.parametrize("reason", sorted({*REASONS, "never heard of"}))
def test_every_code_is_refused_in_russian(reason: str) -> None:
    said = why_rejected(Rejected("promo_code", "NOVEMBER", reason), RU)
    assert not LATIN.search(said), said
    assert "%" not in said


def test_every_limit_has_a_sentence() -> None:
    text = (Path(engine.__file__).parent / "points.py").read_text()
    limits = {*re.findall(r'^\s*\(?"(\w+)", ', text, re.MULTILINE), *re.findall(r'limits\.append\(\("(\w+)"', text)}
    limits |= set(re.findall(r'(?:limit = ZERO, |Allowance\(ZERO, )"(\w+)"', text))
    assert limits >= {"balance", "per_day", "redeem_from", "no_client"}
    assert limits <= set(LIMITS)
    assert all(limit(name, RU) != limit(name, EN) for name in limits)


def test_every_effect_has_a_sentence() -> None:
    # What is done without a receipt makes no fact: an action's points are an entry of the account.
    assert {effect.name for effect in EFFECTS} <= {*APPLIED, "percent", "per_unit", "activity"}


def test_what_is_unknown_is_told_by_its_numbers() -> None:
    assert explain(Fact("x", "earn", "future", "Новое", points=Decimal(2)), RU).why == "2 балла"
    assert explain(Fact("x", "earn", "future", "Новое", applied=False, reason="new"), RU).why == "Не подошло"
    assert why_rejected(Rejected("promo_code", "NOVEMBER", "unknown"), RU) == "Такого кода нет"


def marked(path: Path) -> set[str]:
    """The sentences of a file that are marked for translation."""
    return {
        arg.value
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in {"_", "gettext"}
        for arg in node.args
        if isinstance(arg, ast.Constant) and isinstance(arg.value, str)
    }


SPOKEN = {
    "cashier": [*(ROOT / "cashier/api").rglob("*.py"), ROOT / "cashier/apps.py"],
    # The pages of the admin are not said to tills.
    "clients": [ROOT / f"clients/{name}.py" for name in ("enrolment", "history", "phones", "models/client")],
    "loyalty": [ROOT / f"loyalty/{name}.py" for name in ("explanations", "limits", "confirmation")],
}


@pytest.mark.parametrize("app", SPOKEN)
def test_every_sentence_is_in_russian(app: str) -> None:
    with (ROOT / app / "locale/ru/LC_MESSAGES/django.po").open("rb") as file:
        russian = {str(message.id): str(message.string) for message in read_po(file, locale="ru") if message.id}
    sentences = {text for path in SPOKEN[app] for text in marked(path)}
    assert sentences - {text for text, said in russian.items() if said} == set()
    holes = re.compile(r"%\(\w+\)s")
    assert [text for text in sentences if set(holes.findall(text)) != set(holes.findall(russian[text]))] == []
