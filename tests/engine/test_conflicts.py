"""Rules that may be published and yet do not what their owner thinks."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.utils import translation

from loyalty import conflict_words
from loyalty.engine.conflicts import Finding, conflicts
from loyalty.engine.rulebook import load

TODAY = dt.date(2026, 6, 15)
FIVE = {"kind": "percent", "percent": "5"}
TEN = {"kind": "percent", "percent": "10"}
GIVE = {"kind": "give", "points": "100"}


def rule(rule_id: str = "a", effect: dict[str, Any] | None = None, **parts: Any) -> dict[str, Any]:
    return {"id": rule_id, "title": rule_id.upper(), "effect": effect or GIVE, **parts}


def when(*conditions: dict[str, Any]) -> dict[str, Any]:
    return rule(when=list(conditions))


def period(**fields: Any) -> dict[str, Any]:
    return {"kind": "period", **fields}


FIRST: dict[str, Any] = {"kind": "first_purchase"}
TIERS = [{"id": "all", "title": "Все", "spent": "0"}, {"id": "gold", "title": "Золото", "visits": 40}]

CASES: list[tuple[str, dict[str, Any], list[tuple[str, str]]]] = [
    ("plain", {"rules": [rule("a", FIVE)]}, []),
    ("over", {"rules": [when(period(until="2026-06-14"))]}, [("a", "period_over")]),
    ("the last day", {"rules": [when(period(until="2026-06-15"))]}, []),
    ("over and switched off", {"rules": [when(period(until="2026-06-14")) | {"enabled": False}]}, []),
    ("visits", {"rules": [when({"kind": "visits_within", "visits": 9, "days": 3})]}, [("a", "never")]),
    ("weekdays", {"rules": [when(period(weekdays=[1]), period(weekdays=[2]))]}, [("a", "contradiction")]),
    ("the same weekday", {"rules": [when(period(weekdays=[1, 2]), period(weekdays=[2]))]}, []),
    ("dates", {"rules": [when(period(since="2026-08-01"), period(until="2026-07-01"))]}, [("a", "contradiction")]),
    (
        "tiers",
        {"tiers": TIERS, "rules": [when({"kind": "tier", "tiers": ["all"]}, {"kind": "tier", "tiers": ["gold"]})]},
        [("a", "contradiction")],
    ),
    ("first and tenth", {"rules": [when(FIRST, {"kind": "nth_visit", "number": 10})]}, [("a", "contradiction")]),
    ("first and first", {"rules": [when({"kind": "nth_visit", "number": 1}, FIRST)]}, []),
    ("first and back", {"rules": [when({"kind": "comes_back", "days": 30}, FIRST)]}, [("a", "contradiction")]),
    (
        "sums",
        {"rules": [when({"kind": "turnover", "at_least": "500"}, {"kind": "turnover", "below": "500"})]},
        [("a", "contradiction")],
    ),
    (
        "ages",
        {"rules": [when({"kind": "age", "at_least": 60}, {"kind": "age", "at_most": 18})]},
        [("a", "contradiction")],
    ),
    (
        "tags",
        {"rules": [when({"kind": "tags", "any": ["x"]}, {"kind": "tags", "none": ["x"]})]},
        [("a", "contradiction")],
    ),
    ("goods", {"rules": [rule(goods={"brands": ["x"], "except_brands": ["x"]})]}, [("a", "no_goods")]),
    (
        "goods that earn nothing",
        {
            "points": {"goods": {"except_categories": ["Табак"]}},
            "rules": [rule("a", FIVE, goods={"categories": ["Табак"]})],
        },
        [("a", "goods_do_not_earn")],
    ),
    ("nothing to multiply", {"rules": [rule("a", {"kind": "multiply", "by": "2"})]}, [("a", "nothing_to_multiply")]),
    ("multiplied", {"rules": [rule("a", {"kind": "multiply", "by": "2"}), rule("b", FIVE)]}, []),
    ("two percents", {"rules": [rule("a", FIVE), rule("b", TEN)]}, [("a", "outbid")]),
    ("twice the same", {"rules": [rule("a", FIVE), rule("b", FIVE)]}, [("b", "outbid")]),
    ("a higher one sometimes", {"rules": [rule("a", FIVE), rule("b", TEN, when=[FIRST])]}, []),
    ("a lower one sometimes", {"rules": [rule("a", FIVE, when=[FIRST]), rule("b", TEN)]}, [("a", "outbid")]),
    ("a higher one for some goods", {"rules": [rule("a", FIVE), rule("b", TEN, goods={"skus": ["1"]})]}, []),
    ("off", {"rules": [rule("a", FIVE), rule("b", TEN, enabled=False)]}, []),
    (
        "tiers give more",
        {"tiers": [{"id": "all", "title": "Все", "spent": "0", "earn_percent": "7"}], "rules": [rule("a", FIVE)]},
        [("a", "outbid_by_tiers")],
    ),
    ("a limit that nothing reaches", {"rules": [rule(limits={"per_receipt": "100"})]}, [("a", "limit_idle")]),
    ("a limit that cuts", {"rules": [rule(limits={"per_receipt": "99"})]}, [("a", "limit_cuts_always")]),
    (
        "a day above a month",
        {"rules": [rule("a", FIVE, limits={"per_day": "9", "per_month": "9"})]},
        [("a", "limit_idle")],
    ),
    ("a day within a month", {"rules": [rule("a", FIVE, limits={"per_day": "9", "per_month": "90"})]}, []),
    (
        "times do it",
        {"rules": [rule(limits={"per_day": "200", "times_per_day": 2})]},
        [("a", "limit_idle")],
    ),
    (
        "a minimum above the cap",
        {
            "rules": [
                rule("a", TEN, when=[{"kind": "minimum_receipt", "amount": "5000"}], limits={"per_receipt": "300"}),
            ]
        },
        [("a", "limit_cuts_always")],
    ),
    ("alone", {"rules": [rule(group="x")]}, [("a", "group_of_one")]),
    ("two", {"rules": [rule(group="x"), rule("b", group="x")]}, []),
    (
        "one code",
        {
            "rules": [
                when({"kind": "promo_code", "code": c}) | {"id": i, "group": "x"}
                for i, c in (("a", "ЛЕТО"), ("b", "ле-то"))
            ]
        },
        [("b", "same_code")],
    ),
    (
        "a tier by visits",
        {"status": {"window": {"kind": "days", "days": 30}}, "tiers": TIERS},
        [("tier:gold", "tier_unreachable")],
    ),
    ("points that end", {"points": {"expiry": {"kind": "date", "date": f"{TODAY}"}}}, []),
    (
        "points that have ended",
        {
            "points": {"expiry": {"kind": "date", "date": f"{TODAY - dt.timedelta(days=1)}"}},
            "rules": [rule(expiry={"kind": "date", "date": f"{TODAY - dt.timedelta(days=1)}"})],
        },
        [("points", "points_over"), ("a", "points_over")],
    ),
    ("a tier of a lifetime", {"tiers": TIERS}, []),
]


@pytest.mark.parametrize(("document", "found"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_what_is_found(document: dict[str, Any], found: list[tuple[str, str]]) -> None:
    assert [(one.rule, one.code) for one in conflicts(load(document), TODAY)] == found


@pytest.mark.parametrize("code", conflict_words.SENTENCES)
@pytest.mark.parametrize("limit", conflict_words.LIMITS)
def test_everything_found_has_russian_words(code: str, limit: str) -> None:
    with translation.override("ru"):
        said = conflict_words.sentence(Finding("a", code, other="Другое", limit=limit))
    assert said[:1].isupper()
    assert not set("abcdefghijklmnopqrstuvwxyz") & set(said)


def test_every_code_has_words() -> None:
    assert {code for _name, _document, found in CASES for _rule, code in found} <= set(conflict_words.SENTENCES)
