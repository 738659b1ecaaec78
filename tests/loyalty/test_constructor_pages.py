"""The constructor: rules one by one, each a sentence and a form made from the vocabulary."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.http import QueryDict
from django.test import Client
from django.utils import translation
from pytest_django import DjangoAssertNumQueries

from loyalty import programs
from loyalty.engine.conditions import CONDITIONS
from loyalty.engine.conflicts import conflicts
from loyalty.engine.effects import EFFECTS
from loyalty.engine.fields import fields_of
from loyalty.engine.rulebook import load
from loyalty.models import ProgramDraft
from loyalty.pages.rules.vocabulary import MAKERS
from loyalty.shop_templates import TEMPLATES
from merchants.models import AuditRecord
from tests.cast import Shop
from tests.loyalty.paper import Paper
from tests.loyalty.shop import TillStory
from tests.loyalty.test_rule_pages import DOCUMENT, Desk


class Workbench:
    """A member at the constructor."""

    def __init__(self, client: Client, shop: Shop) -> None:
        self.client, self.shop = client, shop
        self.home = f"/m/{shop.merchant.pk}/rules/edit/"
        client.force_login(shop.owner)

    def get(self, path: str) -> Paper:
        answer = self.client.get(self.home + path)
        assert answer.status_code == 200, answer.status_code
        return Paper(answer.content.decode())

    def fields(self, path: str) -> QueryDict:
        return self.get(path).fields("rule-form")

    def press(self, path: str, data: QueryDict, do: str = "save", **changes: str) -> Paper:
        for name, value in changes.items():
            data[name.replace("__", "-")] = value
        data["do"] = do
        answer = self.client.post(
            self.home + path, data.urlencode(), content_type="application/x-www-form-urlencoded", follow=True
        )
        assert answer.status_code == 200, answer.status_code
        return Paper(answer.content.decode())

    def act(self, do: str, **changes: str) -> Paper:
        return self.press("rules/", self.get("rules/").fields("rules-list"), do, **changes)

    def rules(self) -> list[dict[str, Any]]:
        draft = ProgramDraft.objects.filter(program=self.shop.program).first()
        assert draft is not None
        rules: list[dict[str, Any]] = draft.document["rules"]
        return rules


@pytest.fixture
def bench(client: Client, story: TillStory) -> Workbench:
    return Workbench(client, story.shop)


@pytest.fixture
def desk(client: Client, story: TillStory) -> Desk:
    return Desk(client, story.shop)


@pytest.fixture
def live(bench: Workbench, story: TillStory) -> Workbench:
    story.publish(DOCUMENT)
    return bench


# ---------------------------------------------------------------- the list


def test_the_list_says_each_rule(live: Workbench) -> None:
    page = live.get("rules/").text
    assert "Приветственные зёрна" in page
    assert "Основные баллы × 2 на категорию «Десерты»" in page
    assert "версия 1" in page.lower()


def test_rules_move_switch_and_copy(live: Workbench) -> None:
    assert [rule["id"] for rule in _acted(live, "down:welcome")] == ["weekend", "welcome"]
    assert [rule["id"] for rule in _acted(live, "order", order="welcome weekend nobody")] == ["welcome", "weekend"]
    assert [rule["enabled"] for rule in _acted(live, "off:weekend")] == [True, False]
    assert [rule["enabled"] for rule in _acted(live, "on:weekend")] == [True, True]
    copied = _acted(live, "copy:weekend")
    assert [rule["id"] for rule in copied] == ["welcome", "weekend", "rule-1"]
    assert copied[2] == {**copied[1], "id": "rule-1", "title": "Выходные (копия)"}
    assert AuditRecord.objects.filter(action="draft.saved").count() == 5


def _acted(bench: Workbench, do: str, **changes: str) -> list[dict[str, Any]]:
    bench.act(do, **changes)
    return bench.rules()


def test_what_can_not_move_stays_and_strange_wishes_do_nothing(live: Workbench) -> None:
    for wish in ("up:welcome", "down:weekend", "up:nobody", "burn:welcome", "", "order"):
        live.act(wish)
    assert not ProgramDraft.objects.filter(program=live.shop.program).exists()


def test_somebody_was_first(live: Workbench) -> None:
    stale = live.get("rules/").fields("rules-list")
    live.act("off:weekend")
    page = live.press("rules/", stale, "off:welcome")
    assert "кто-то другой изменил правила" in page.text
    assert [rule["enabled"] for rule in live.rules()] == [True, False]


def test_a_rule_is_deleted_after_a_question(live: Workbench) -> None:
    page = live.get("rule/weekend/delete/")
    assert "Выходные: основные баллы × 2" in page.text
    said = live.press("rule/weekend/delete/", page.fields(), "")
    assert "Правила «Выходные» больше нет в черновике." in said.text
    assert [rule["id"] for rule in live.rules()] == ["welcome"]


# ---------------------------------------------------------------- one rule


def test_every_kind_of_field_has_a_form_field() -> None:
    kinds = {one.kind for part in (*EFFECTS, *CONDITIONS) for one in fields_of(part)}
    assert kinds <= set(MAKERS)


@pytest.mark.parametrize("effect", [str(cls.__struct_config__.tag) for cls in EFFECTS])
def test_every_effect_has_a_page_with_every_condition(live: Workbench, effect: str) -> None:
    data = live.fields(f"new/{effect}/")
    assert data["head-title"]
    if "Добавить условие" not in live.get(f"new/{effect}/").text:
        return
    for condition in CONDITIONS if effect == "percent" else CONDITIONS[:1]:
        kind = str(condition.__struct_config__.tag)
        page = live.press(f"new/{effect}/", data, f"add:{kind}")
        data = page.fields("rule-form")
        assert any(key.endswith(f"-{kind}") for key in data.getlist("when"))


def test_a_new_rule(live: Workbench) -> None:
    data = live.fields("new/percent/")
    data = live.press("new/percent/", data, "add:birthday", effect__percent="10").fields("rule-form")
    data = live.press("new/percent/", data, "add:minimum_receipt").fields("rule-form")
    assert data["effect-percent"] == "10"
    page = live.press(
        "new/percent/",
        data,
        head__title="День рождения",
        goods__except_categories='Табак, "Вода, соки"',
        **{"when-0-birthday-before": "3", "when-1-minimum_receipt-amount": "1 000,50", "limits-per_receipt": "500"},
        **{"rest-expiry_kind": "days", "rest-expiry_days": "30", "rest-group": "подарки"},
    )
    assert "Сохранено в черновике: «День рождения»." in page.text
    made = live.rules()[-1]
    assert made["id"] == "rule-1"
    assert made["effect"] == {"kind": "percent", "percent": "10"}
    assert made["goods"]["except_categories"] == ["Табак", "Вода, соки"]
    assert made["when"] == [
        {"kind": "birthday", "before": 3, "after": 0},
        {"kind": "minimum_receipt", "amount": "1000.50"},
    ]
    assert made["limits"]["per_receipt"] == "500"
    assert (made["expiry"], made["group"], made["enabled"]) == ({"kind": "days", "days": 30}, "подарки", True)


def test_a_condition_is_removed(live: Workbench) -> None:
    data = live.fields("rule/weekend/")
    assert data["when-0-tier-tiers"] == "silver"
    data = live.press("rule/weekend/", data, "remove:0-tier").fields("rule-form")
    live.press("rule/weekend/", data)
    assert live.rules()[1]["when"] == []


def test_what_nobody_touched_keeps_its_spelling(bench: Workbench, story: TillStory) -> None:
    rule = {
        "id": "base",
        "title": " По-своему ",
        "effect": {"kind": "percent", "percent": "5.00"},
        "goods": {"skus": ["01", "a;b"], "categories": ['"Кавычки"']},
        "when": [
            {"kind": "period", "weekdays": [6, 1], "time_from": "09:30:15"},
            {"kind": "channel", "channels": ["x"]},
        ],
        "limits": {"per_month": "100.0"},
        "expiry": {"kind": "date", "date": "2027-01-31"},
    }
    story.publish({"rules": [rule]})
    page = bench.press("rule/base/", bench.fields("rule/base/"))
    assert "Правило осталось как было" in page.text
    assert not ProgramDraft.objects.filter(program=story.shop.program).exists()
    bench.press("rule/base/", bench.fields("rule/base/"), limits__per_day="7")
    kept = bench.rules()[0]
    assert kept["effect"] == rule["effect"]
    assert kept["goods"]["skus"] == ["01", "a;b"]
    assert kept["when"][0]["weekdays"] == [6, 1]
    assert kept["when"][0]["time_from"] == "09:30:15"
    assert (kept["limits"]["per_month"], kept["limits"]["per_day"]) == ("100.0", "7")


@pytest.mark.parametrize(
    ("effect", "fields", "beside", "said"),
    [
        ("percent", {"effect-percent": ""}, "id_effect-percent_error", "Обязательное поле"),
        ("percent", {"effect-percent": "150"}, "id_effect-percent_error", "число от 0 до 100"),
        ("percent", {"effect-percent": "0"}, "id_effect-percent_error", "больше 0"),
        ("give", {"effect-points": "1,5"}, "id_effect-points_error", "меньше знаков"),
        ("multiply", {"effect-by": "1"}, "id_effect-by_error", "больше 1"),
        ("percent", {"effect-percent": "5", "limits-per_day": "0"}, "id_limits-per_day_error", "больше нуля"),
        ("percent", {"effect-percent": "5", "head-title": " "}, "id_head-title_error", "название"),
        ("ladder", {"effect-by": "turnover", "effect-steps-0-from": "500"}, "id_effect-steps_error", "Строка 1"),
        (
            "ladder",
            {
                "effect-by": "turnover",
                "effect-steps-0-from": "500",
                "effect-steps-0-percent": "5",
                "effect-steps-1-from": "900",
                "effect-steps-1-percent": "3",
            },
            "id_effect-steps_error",
            " ",
        ),
    ],
)
def test_faults_stand_beside_their_fields(
    live: Workbench, effect: str, fields: dict[str, str], beside: str, said: str
) -> None:
    page = live.press(f"new/{effect}/", live.fields(f"new/{effect}/"), **fields)
    assert said in page.beside(beside)
    assert not ProgramDraft.objects.filter(program=live.shop.program).exists()


def test_two_write_at_once(live: Workbench) -> None:
    mine = live.fields("rule/weekend/")
    live.act("off:welcome")
    page = live.press("rule/weekend/", mine, effect__by="3")
    assert "Ваше ещё не сохранено" in page.text
    live.press("rule/weekend/", page.fields("rule-form"))
    rules = live.rules()
    assert (rules[0]["enabled"], rules[1]["effect"]["by"]) == (False, "3")


def test_a_rule_that_is_gone(live: Workbench) -> None:
    assert "такого правила уже нет" in live.press("rule/nobody/", QueryDict(mutable=True)).text
    assert live.client.get(f"{live.home}new/magic/").status_code == 404


# ---------------------------------------------------------------- the receipt beside it


def test_the_receipt_is_worked_out_with_the_rule_being_typed(live: Workbench) -> None:
    data = live.fields("new/ladder/")
    data["receipt-0-amount"], data["receipt-spent"] = "2000", "4 000"
    page = live.press(
        "receipt/",
        data,
        **{"effect-by": "turnover", "effect-steps-0-from": "3000", "effect-steps-0-percent": "5"},
    )
    assert "К оплате 1 900 ₽" in page.beside("trial-result")
    assert "3 000" in page.beside("trial-result")


def test_the_receipt_of_a_birthday_and_a_first_purchase(live: Workbench) -> None:
    for condition, field in (("birthday", "receipt-birthday"), ("first_purchase", "receipt-first")):
        data = live.press("new/give/", live.fields("new/give/"), f"add:{condition}").fields("rule-form")
        data["effect-points"] = "777"
        assert "777 зёрен" not in live.press("receipt/", data).beside("trial-result").partition("Начислено")[2][:40]
        data[field] = "on"
        assert "827 зёрен" in live.press("receipt/", data).beside("trial-result")


def test_pages_ask_the_database_a_few_times(
    live: Workbench, story: TillStory, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_max_num_queries(16):
        live.get("rules/")
    many = [{**DOCUMENT["rules"][0], "id": f"w{n}"} for n in range(30)]
    story.publish({**DOCUMENT, "rules": [*DOCUMENT["rules"], *many]})
    with django_assert_max_num_queries(16):
        live.get("rules/")
    with django_assert_max_num_queries(16):
        live.get("rule/w5/")


# ---------------------------------------------------------------- the sheet beside the rules


def test_the_sheet_keeps_tiers_caps_and_goods(desk: Desk) -> None:
    page = desk.send(
        status__window_kind="days",
        status__window_days="365",
        status__downgrade="at_once",
        status__grace_days="30",
        status__fall="one_step",
        caps__per_month="5 000",
        earn__except_categories="Табак",
        pay__brands="Лавацца",
        points__inactivity_days="180",
        spending__min_line_price="99,50",
    )
    assert "Черновик сохранён" in page.text
    draft = ProgramDraft.objects.get(program=desk.shop.program).document
    assert draft["status"] == {
        "window": {"kind": "days", "days": 365},
        "downgrade": "at_once",
        "grace_days": 30,
        "fall": "one_step",
    }
    points, spending = draft["points"], draft["spending"]
    assert (points["inactivity_days"], points["caps"]["per_month"]) == (180, "5000")
    assert points["goods"]["except_categories"] == ["Табак"]
    assert (spending["goods"]["brands"], spending["min_line_price"]) == (["Лавацца"], "99.50")


def test_tiers_that_can_not_fall_are_told_so(desk: Desk) -> None:
    page = desk.send(status__downgrade="at_once")
    assert page.beside("id_status-downgrade_error") != ""
    page = desk.send(status__window_kind="days", status__window_days="")
    assert "Укажите, сколько дней." in page.beside("id_status-window_days_error")


# ---------------------------------------------------------------- templates


@pytest.mark.parametrize("key", list(TEMPLATES))
def test_a_template_can_be_published_as_it_is(bench: Workbench, key: str) -> None:
    with translation.override("ru"):
        document = TEMPLATES[key].document()
    assert programs.check(program=bench.shop.program, document=document) == []
    assert conflicts(load(document), dt.date(2026, 6, 15)) == []
    page = bench.get("templates/")
    data = page.fields()
    data.setlist("template", [key])
    data.setlist("revision", ["0"])
    assert "теперь в черновике" in bench.press("templates/", data, "").text
    assert [rule["id"] for rule in bench.rules()] == [rule["id"] for rule in document["rules"]]


def test_a_template_asks_before_a_draft_is_lost(live: Workbench) -> None:
    live.act("off:weekend")
    data = QueryDict(mutable=True)
    data["template"], data["revision"] = "cafe", "1"
    page = live.press("templates/", data, "")
    assert "Начать с шаблона «Кафе»?" in page.text
    assert live.rules()[1]["id"] == "weekend"
    fields = page.fields()
    fields["confirmed"] = "yes"
    live.press("templates/", fields, "")
    assert live.rules()[1]["id"] == "birthday"


def test_the_list_warns_of_rules_that_do_nothing(bench: Workbench, story: TillStory) -> None:
    percents = [
        {"id": name, "title": name, "effect": {"kind": "percent", "percent": percent}}
        for name, percent in (("a", "5"), ("b", "10"))
    ]
    story.publish({"rules": percents})
    assert "«b» всегда даёт не меньше" in bench.get("rules/").text
