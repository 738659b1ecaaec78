"""Each condition, with its bounds: whom it finds among known people, all at once and one by one."""

from __future__ import annotations

from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from clients import segments
from clients.models import Client, Segment
from clients.segments import definition, rfm
from clients.segments.conditions import BY_KIND
from loyalty.wording import words_of
from merchants.access import tenant
from tests.cast import Cast
from tests.clients.segments.people import NOW, People, at

ALL = {"Анна", "Борис", "Вера", "Глеб", "Дарья", "Егор"}


@pytest.fixture(params=["alone", "shared"])
def people(request: pytest.FixtureRequest, cast: Cast) -> Iterator[People]:
    """A merchant alone in his programme, and one who shares it: his purchases are counted from his receipts."""
    shop = cast.pryanik if request.param == "alone" else cast.zerno
    with tenant(shop.program.pk):
        yield People(shop)


# In letters: А, Б, В, Г, Д, Е.
CASES: list[tuple[dict[str, Any], str]] = [
    ({"kind": "contact", "has": "phone"}, "АБВГД"),
    ({"kind": "contact", "has": "email"}, "АЕ"),
    ({"kind": "contact", "has": "both"}, "А"),
    ({"kind": "contact", "has": "either"}, "АБВГДЕ"),
    ({"kind": "birthday_soon", "days": 0}, "А"),
    ({"kind": "birthday_soon", "days": 1}, "АБ"),
    ({"kind": "birthday_soon", "days": 14}, "АБВ"),
    ({"kind": "birthday_soon", "days": 15}, "АБВГ"),
    ({"kind": "birthday_month", "month": "2"}, "Е"),
    ({"kind": "birthday_month", "month": "3"}, "АБВГ"),
    ({"kind": "birthday_known"}, "АБВГЕ"),
    ({"kind": "age", "at_least": 36}, "АГ"),
    ({"kind": "age", "at_least": 35, "at_most": 35}, "Б"),
    ({"kind": "age", "at_most": 26}, "ВЕ"),
    ({"kind": "age", "at_most": 25}, "В"),
    ({"kind": "joined", "since": "2026-03-12"}, "ВЕ"),
    ({"kind": "joined", "until": "2026-02-11"}, "АД"),
    ({"kind": "joined", "since": "2026-02-02", "until": "2026-02-20"}, "БД"),
    ({"kind": "joined_ago", "at_most": 0}, "ВЕ"),
    ({"kind": "joined_ago", "at_most": 1}, "ВГЕ"),
    ({"kind": "joined_ago", "at_least": 29}, "АД"),
    ({"kind": "joined_ago", "at_least": 30}, "А"),
    ({"kind": "tags", "any": ["опт"]}, "АБ"),
    ({"kind": "tags", "any": ["опт"], "none": ["друзья"]}, "Б"),
    ({"kind": "tags", "none": ["опт"]}, "ВГДЕ"),
    ({"kind": "tier", "tiers": ["silver"]}, "АВД"),
    ({"kind": "tier", "tiers": ["bronze"]}, "БГЕ"),
    ({"kind": "tier", "tiers": ["bronze", "silver"]}, "АБВГДЕ"),
    ({"kind": "consent", "to": "advertising"}, "А"),
    ({"kind": "consent", "to": "notices"}, "Б"),
    ({"kind": "consent", "to": "processing"}, "АБВГДЕ"),
    ({"kind": "blocked"}, "Г"),
    ({"kind": "joined_by", "way": "poster"}, "А"),
    ({"kind": "joined_by", "way": "till"}, "БЕ"),
    ({"kind": "joined_by", "way": "page"}, "Д"),
    ({"kind": "joined_by", "way": "staff"}, "В"),
    ({"kind": "joined_by", "way": "import"}, "Г"),
    ({"kind": "joined_at", "outlets": ["HERE"]}, "АБ"),
    ({"kind": "was_invited"}, "ВД"),
    ({"kind": "invited_others", "at_least": 2}, "А"),
    ({"kind": "invited_others", "at_least": 3}, ""),
    ({"kind": "invited_others", "at_least": 1, "bought": True}, "А"),
    ({"kind": "invited_others", "at_least": 2, "bought": True}, ""),
    ({"kind": "last_purchase", "at_most": 0}, "А"),
    ({"kind": "last_purchase", "at_most": 11}, "АБ"),
    ({"kind": "last_purchase", "at_most": 10}, "А"),
    ({"kind": "last_purchase", "at_least": 11}, "БД"),
    ({"kind": "last_purchase", "at_least": 12}, "Д"),
    ({"kind": "last_purchase", "at_least": 11, "at_most": 29}, "БД"),
    ({"kind": "last_purchase", "at_least": 11, "at_most": 28}, "Б"),
    ({"kind": "first_purchase", "since": "2026-02-11"}, "БД"),
    ({"kind": "first_purchase", "until": "2026-02-10"}, "А"),
    ({"kind": "first_purchase", "days": 12}, "Б"),
    ({"kind": "first_purchase", "days": 11}, ""),
    ({"kind": "purchases", "at_most": 0}, "ВГЕ"),
    ({"kind": "purchases", "at_least": 1}, "АБД"),
    ({"kind": "purchases", "at_least": 2}, "А"),
    ({"kind": "purchases", "at_least": 0, "at_most": 1}, "БВГДЕ"),
    ({"kind": "purchases", "at_least": 1, "days": 12}, "АБ"),
    ({"kind": "purchases", "at_least": 1, "days": 11}, "А"),
    ({"kind": "purchases", "at_most": 0, "since": "2026-02-11", "until": "2026-03-11"}, "АВГЕ"),
    ({"kind": "spent", "at_least": "400"}, "АД"),
    ({"kind": "spent", "at_least": "400.01"}, "Д"),
    ({"kind": "spent", "at_most": "300"}, "БВГЕ"),
    ({"kind": "spent", "at_least": "300", "at_most": "400"}, "АБ"),
    ({"kind": "spent", "at_least": "300", "days": 12}, "АБ"),
    ({"kind": "spent", "at_most": "299.99", "days": 12}, "ВГДЕ"),
    ({"kind": "average_receipt", "at_least": "200"}, "АБД"),
    ({"kind": "average_receipt", "at_least": "200.01"}, "БД"),
    ({"kind": "average_receipt", "at_most": "200"}, "А"),
    ({"kind": "average_receipt", "at_most": "300", "days": 12}, "АБ"),
    ({"kind": "average_receipt", "at_most": "299", "since": "2026-02-01"}, "А"),
    ({"kind": "returned"}, "Б"),
    ({"kind": "returned", "at_least": 2}, ""),
    ({"kind": "returned", "days": 8}, "Б"),
    ({"kind": "returned", "days": 7}, ""),
    ({"kind": "bought_at", "outlets": ["HERE"]}, "АБД"),
    ({"kind": "bought_at", "outlets": ["HERE"], "days": 1}, "А"),
    ({"kind": "bought_goods", "skus": ["cake"]}, "Д"),
    ({"kind": "bought_goods", "categories": ["Чай"]}, "АБ"),
    ({"kind": "bought_goods", "categories": ["Чай"], "at_least": 2}, "А"),
    ({"kind": "bought_goods", "brands": ["Гринфилд"]}, "А"),
    ({"kind": "bought_goods", "brands": ["Гринфилд"], "days": 30}, ""),
    ({"kind": "bought_goods", "skus": ["cake"], "brands": ["Гринфилд"], "days": 31}, "АД"),
    ({"kind": "balance", "at_least": "50"}, "ДЕ"),
    ({"kind": "balance", "at_least": "50", "at_most": "50"}, "Д"),
    ({"kind": "balance", "at_most": "0"}, "АВГ"),
    ({"kind": "expiring", "days": 10, "at_least": "1"}, "Д"),
    ({"kind": "expiring", "days": 11, "at_least": "1"}, "БД"),
    ({"kind": "expiring", "days": 11, "at_least": "31"}, "Д"),
    ({"kind": "has_certificate"}, "Е"),
    ({"kind": "has_certificate", "kind_of": "given"}, "Е"),
    ({"kind": "has_certificate", "kind_of": "sold"}, ""),
    # Three have bought: days 11 February, 1 and 12 March; 1, 1, 2 receipts; 300, 400, 1000.
    ({"kind": "rfm_scores", "recency_from": 4}, "А"),
    ({"kind": "rfm_scores", "recency_to": 1}, "Д"),
    ({"kind": "rfm_scores", "frequency_from": 2}, "А"),
    ({"kind": "rfm_scores", "frequency_to": 1}, "БД"),
    ({"kind": "rfm_scores", "money_from": 4}, "Д"),
    ({"kind": "rfm_scores"}, "АБД"),
    ({"kind": "rfm", "group": "lost"}, "Д"),
]


def found(people: People, *clauses: dict[str, Any]) -> str:
    segment = Segment(program=people.shop.program, merchant=people.shop.merchant, name="x")
    segment.definition = {"clauses": list(clauses)}
    together = {client.name for client in segments.members(segment, NOW)}
    if not any(one["not"] for one in clauses):
        asked = list(people.clients) if len(clauses) == 1 else ["Анна", "Дарья"]
        one_by_one = {name for name in asked if segments.contains(segment, people.clients[name], NOW)}
        assert one_by_one == together & set(asked), clauses
    return letters(together)


def letters(names: set[str]) -> str:
    return "".join(sorted(name[0] for name in names))


def clause(people: People, condition: dict[str, Any], *, negated: bool = False) -> dict[str, Any]:
    here = [people.shop.outlet.code]
    condition = {key: here if value == ["HERE"] else value for key, value in condition.items()}
    return {"is": condition, "not": negated}


def test_each_condition_and_its_opposite(people: People) -> None:
    assert {case["kind"] for case, _names in CASES} == set(BY_KIND)
    wrong = []
    for case, expected in CASES:
        got = found(people, clause(people, case))
        others = found(people, clause(people, case, negated=True))
        if (got, others) != (expected, letters(ALL - {name for name in ALL if name[0] in expected})):
            wrong.append((case, expected, got, others))
    assert wrong == []


@pytest.mark.parametrize(
    ("kind", "everybody"), [("joined", "АБВГДЕ"), ("first_purchase", "АБД"), ("returned", "Б"), ("purchases", "АБВГДЕ")]
)
def test_days_that_never_were(people: People, kind: str, everybody: str) -> None:
    """Kept before they were refused: they find somebody or nobody, and break no page."""
    bound = {"at_least": 0} if kind == "purchases" else {}
    wide = {"kind": kind, "since": "0001-01-01", "until": "9999-12-31"} | bound
    assert found(people, clause(people, wide)) == everybody
    assert [said for _n, _name, said in definition.faults(definition.read({"clauses": [clause(people, wide)]}))]
    if kind != "purchases":
        assert found(people, clause(people, {"kind": kind, "since": "9999-12-31"})) == ""
        assert found(people, clause(people, {"kind": kind, "until": "0001-01-01"})) == ""


def test_all_conditions_hold_together(people: People) -> None:
    bought, wholesale = {"kind": "purchases", "at_least": 1, "days": 60}, {"kind": "tags", "any": ["опт"]}
    assert found(people) == "АБВГДЕ"
    assert found(people, clause(people, bought), clause(people, wholesale)) == "АБ"
    assert found(people, clause(people, bought), clause(people, wholesale, negated=True)) == "Д"


def test_another_merchants_purchases_are_not_looked_at(cast: Cast) -> None:
    """«Зерно» and the bakery share clients, not receipts."""
    with tenant(cast.zerno.program.pk):
        people = People(cast.zerno)
        people.shop = cast.bakery
        assert found(people, clause(people, {"kind": "purchases", "at_least": 1})) == ""
        assert found(people, clause(people, {"kind": "rfm_scores"})) == ""
        assert found(people, clause(people, {"kind": "invited_others", "bought": True})) == ""
        assert found(people, clause(people, {"kind": "invited_others"})) == "А"
        assert found(people, clause(people, {"kind": "balance", "at_least": "50"})) == "ДЕ"


def test_another_programme_has_nobody(cast: Cast) -> None:
    with tenant(cast.zerno.program.pk):
        people = People(cast.zerno)
    with tenant(cast.pryanik.program.pk):
        segment = Segment(program=cast.pryanik.program, merchant=cast.pryanik.merchant, name="x")
        assert not segments.members(segment, NOW).exists()
        assert not segments.contains(segment, people.clients["Анна"], NOW)


def test_sentences_have_words(cast: Cast) -> None:
    with tenant(cast.pryanik.program.pk):
        people = People(cast.pryanik)
    words = words_of(people.shop.program.pk)
    told = [
        definition.clause_sentence(definition.read({"clauses": [clause(people, case)]}).clauses[0], words)
        for case, _names in CASES
    ]
    assert all(told)
    assert not [text for text in told if "%" in text or "  " in text]


def test_born_on_the_29th_of_february(cast: Cast) -> None:
    with tenant(cast.pryanik.program.pk):
        born_on_the_29th_of_february(People(cast.pryanik))


def born_on_the_29th_of_february(people: People) -> None:
    segment = Segment(program=people.shop.program, merchant=people.shop.merchant, name="x")
    segment.definition = {"clauses": [{"is": {"kind": "birthday_soon", "days": 0}}]}
    assert letters({one.name for one in segments.members(segment, at("2026-02-28 10:00"))}) == "Е"
    assert letters({one.name for one in segments.members(segment, at("2028-02-28 10:00"))}) == ""
    assert letters({one.name for one in segments.members(segment, at("2028-02-29 10:00"))}) == "Е"
    segment.definition = {"clauses": [{"is": {"kind": "age", "at_least": 26, "at_most": 26}}]}
    assert "Е" in letters({one.name for one in segments.members(segment, at("2026-02-28 10:00"))})
    assert "Е" not in letters({one.name for one in segments.members(segment, at("2026-02-27 10:00"))})
    Client.objects.filter(name__startswith="Е").update(birthday_year_known=False)
    assert "Е" not in letters({one.name for one in segments.members(segment, at("2026-02-28 10:00"))})


def test_the_reference_is_up_to_date() -> None:
    """`manage.py segment_vocabulary > docs/segments-reference.md` writes it anew."""
    out = StringIO()
    call_command("segment_vocabulary", stdout=out)
    assert (Path(__file__).resolve().parents[3] / "docs/segments-reference.md").read_text() == out.getvalue()


def test_each_cell_of_rfm_is_in_one_group() -> None:
    cells = sorted(cell for its in rfm.CELLS.values() for cell in its)
    assert cells == [(recency, frequency) for recency in range(1, 6) for frequency in range(1, 6)]
    assert set(rfm.CELLS) == set(rfm.NAMES) == set(rfm.HINTS)
