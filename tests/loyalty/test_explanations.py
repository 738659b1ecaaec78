"""Facts in words: every reason of the engine has its sentence, in both languages."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from loyalty import engine
from loyalty.engine.effects import AnyEffect
from loyalty.engine.explanation import Fact, Rejected
from loyalty.engine.rulebook import load
from loyalty.explanations import APPLIED, NEARLY, PLAINLY, explain, limit, why_rejected
from loyalty.limits import LIMITS
from loyalty.wording import Words

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
        "Сумма к оплате округлена вниз на 0,33 ₽",
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


def said_by_the_engine() -> Iterator[tuple[str, str]]:
    """Every reason that the engine's code can give, with the file that gives it."""
    for file in sorted(Path(engine.__file__).parent.glob("*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            if not isinstance(node, ast.Call):
                continue
            given = [keyword.value for keyword in node.keywords if keyword.arg == "reason"]
            if isinstance(node.func, ast.Name) and node.func.id == "Miss":
                given += node.args[:1]
            for value in given:
                for part in ast.walk(value):
                    if isinstance(part, ast.Constant) and isinstance(part.value, str) and part.value:
                        yield part.value, file.name


def test_every_reason_has_a_sentence() -> None:
    known = {*NEARLY, *PLAINLY, *LIMITS}
    said = set(said_by_the_engine())
    assert {reason for reason, _file in said} >= {"minimum_receipt", "too_little", "confirmation", "redeeming"}
    assert {(reason, file) for reason, file in said if reason not in known} == set()


def test_every_limit_has_a_sentence() -> None:
    text = (Path(engine.__file__).parent / "points.py").read_text()
    limits = {*re.findall(r'^\s*\(?"(\w+)", ', text, re.MULTILINE), *re.findall(r'limits\.append\(\("(\w+)"', text)}
    limits |= set(re.findall(r'(?:limit = ZERO, |Allowance\(ZERO, )"(\w+)"', text))
    assert limits >= {"balance", "per_day", "redeem_from", "no_client"}
    assert limits <= set(LIMITS)
    assert all(limit(name, RU) != limit(name, EN) for name in limits)


def test_every_effect_has_a_sentence() -> None:
    effects = {effect.name for effect in AnyEffect.__args__}
    assert effects <= {*APPLIED, "percent", "per_unit"}


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
