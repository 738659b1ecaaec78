"""The programme in words, its editor, its versions."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from decimal import Decimal as D
from typing import Any

import pytest
from django.http import QueryDict
from django.test import Client
from django.utils import timezone, translation
from hypothesis import given, settings
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from loyalty import drafts, program_file, programs
from loyalty.engine.rulebook import Rulebook, dump, load
from loyalty.engine.validation import faults_of
from loyalty.models import ProgramDraft, ProgramVersion
from loyalty.pages.rules.sheet import Sheet
from merchants.models import AuditRecord
from tests.cast import Cast, Shop
from tests.loyalty.paper import Paper
from tests.loyalty.shop import TillStory

DOCUMENT: dict[str, Any] = {
    "points": {"expiry": {"kind": "days", "days": 180}},
    "spending": {"max_percent": "50"},
    "tiers": [
        {"id": "bronze", "title": "Бронза", "spent": "0", "earn_percent": "5"},
        {"id": "silver", "title": "Серебро", "spent": "8000", "earn_percent": "7", "gift": "200"},
    ],
    "rules": [
        {"id": "welcome", "title": "Приветственные зёрна", "effect": {"kind": "welcome", "points": "100"}},
        {
            "id": "weekend",
            "title": "Выходные",
            "effect": {"kind": "multiply", "by": "2"},
            "goods": {"categories": ["Десерты"]},
            "when": [{"kind": "tier", "tiers": ["silver"]}],
        },
    ],
}


class Desk:
    """A member at the pages of the rules."""

    def __init__(self, client: Client, shop: Shop) -> None:
        self.client, self.shop = client, shop
        self.home = f"/m/{shop.merchant.pk}/rules/"
        client.force_login(shop.owner)

    def get(self, path: str = "", **query: str) -> Paper:
        answer = self.client.get(self.home + path, query)
        assert answer.status_code == 200, answer.status_code
        return Paper(answer.content.decode().replace("\xa0", " "))

    def text(self, path: str = "", **query: str) -> str:
        return self.get(path, **query).text

    def fields(self, page: Paper) -> QueryDict:
        """What a browser would send, with nothing changed."""
        return page.fields("editor")

    def send(self, path: str = "edit/", do: str = "save", **changes: str | None) -> Paper:
        """Opens the editor, changes fields (None: switched off), presses a button."""
        return self.press(self.fields(self.get("edit/")), path, do, **changes)

    def press(self, data: QueryDict, path: str = "edit/", do: str = "save", **changes: str | None) -> Paper:
        for name, value in changes.items():
            field = re.sub(r"^(base|points|spending|status|caps|earn|pay|tier_\w+?)__", r"\1-", name).replace(
                "tier_", "tier-"
            )
            if value is None:
                data.pop(field, None)
            else:
                data[field] = value
        data["do"] = do
        answer = self.client.post(
            self.home + path, data.urlencode(), content_type="application/x-www-form-urlencoded", follow=True
        )
        assert answer.status_code == 200
        return Paper(answer.content.decode().replace("\xa0", " "))


@pytest.fixture
def desk(client: Client, story: TillStory) -> Desk:
    return Desk(client, story.shop)


@pytest.fixture
def live(desk: Desk, story: TillStory) -> Desk:
    story.publish(DOCUMENT)
    return desk


# ---------------------------------------------------------------- the programme


def test_before_the_first_version(desk: Desk) -> None:
    page = desk.text()
    assert "Правил пока нет" in page
    assert "Настроить правила" in page
    assert "За покупки баллы пока не начисляются" not in page


def test_the_rules_are_sentences(live: Desk) -> None:
    page = live.text()
    for sentence in (
        "Версия 1, действует на всех кассах",
        "Серебро: от 8 000 ₽ покупок — 7 % баллами, подарок 200 зёрен.",
        "Выходные: основные баллы × 2 на категорию «Десерты», для уровня «Серебро».",
        "Приветственные зёрна: 100 зёрен новому клиенту при вступлении.",
        "Баллами можно оплатить до 50 % чека.",
        "Баллы сгорают через 180 дней.",
    ):
        assert sentence in page


def test_points_that_expire_as_they_come_are_told(desk: Desk, story: TillStory) -> None:
    told = "новые баллы сгорают в момент начисления"
    ends = {"kind": "date", "date": f"{timezone.localdate()}"}
    story.publish({**DOCUMENT, "points": {"expiry": ends}})
    assert told not in desk.text()
    story.publish({**DOCUMENT, "points": {"expiry": ends | {"date": "2026-01-01"}}})
    assert told in desk.text()
    assert "они сгорают в момент начисления" in desk.text("edit/rules/")


def test_a_worked_receipt(live: Desk) -> None:
    page = live.text(total="2000", tier="silver", category="Десерты", points="on")
    assert "К оплате 1 000 ₽" in page
    assert "Получит" not in page
    assert "Начислено 140 зёрен" in page
    assert "Начислено 100 зёрен" in live.text(total="2 000")
    assert "Нужно число от 0,01" in live.text(total="0")
    part = (
        live.client.get(live.home, {"total": "3000"}, headers={"HX-Request": "true"})
        .content.decode()
        .replace("\xa0", " ")
    )
    assert "<html" not in part
    assert "150 зёрен" in part


def test_staff_read_and_do_not_edit(live: Desk) -> None:
    live.client.force_login(live.shop.operator)
    assert "Править правила" not in live.text()
    assert "Вернуть в черновик" not in live.text("1/")
    for path in ("edit/", "publish/", "discard/"):
        assert live.client.get(live.home + path).status_code == 403
    for path in ("edit/", "publish/", "discard/", "preview/", "1/restore/"):
        assert live.client.post(live.home + path).status_code == 403
    live.client.force_login(live.shop.cashier)
    assert live.client.get(live.home).status_code == 403


def test_versions_and_what_became_different(live: Desk, story: TillStory) -> None:
    story.later(days=1)
    story.publish({**DOCUMENT, "spending": {"max_percent": "30"}})
    page = live.get()
    assert "Версия 2" in page.text
    assert ProgramVersion.objects.get(number=1).digest[:8] in page.text
    second = live.text("2/")
    assert "Баллами можно оплатить до 50 % чека." in second
    assert "Баллами можно оплатить до 30 % чека." in second
    assert "Это была первая версия." in live.text("1/")
    assert live.client.get(live.home + "3/").status_code == 404
    assert live.client.get(live.home + "99999999999999999999/").status_code == 404


def test_the_file_is_the_version(live: Desk) -> None:
    answer = live.client.get(live.home + "1/file/")
    assert answer["Content-Disposition"] == 'attachment; filename="rules-1.yaml"'
    document = program_file.parse(answer.content.decode().replace("\xa0", " "))
    assert load(document) == load(ProgramVersion.objects.get().document)


def test_a_version_is_brought_back(live: Desk, story: TillStory) -> None:
    story.later(days=1)
    story.publish({**DOCUMENT, "spending": {"max_percent": "30"}})
    page = (
        live.client.post(live.home + "1/restore/", {"revision": "0"}, follow=True).content.decode().replace("\xa0", " ")
    )
    assert "Версия 1 теперь в черновике." in page
    assert ProgramDraft.objects.get().document["spending"]["max_percent"] == "50"
    assert AuditRecord.objects.filter(action="draft.restored").count() == 1


def test_a_draft_is_not_lost_unasked(live: Desk) -> None:
    live.send(spending__max_percent="40")
    asked = live.client.post(live.home + "1/restore/", {"revision": "1"}).content.decode().replace("\xa0", " ")
    assert "Нынешний черновик пропадёт" in asked
    assert "1 изменение" in asked
    live.client.post(live.home + "1/restore/", {"revision": "1", "confirmed": "yes"})
    assert ProgramDraft.objects.get().document["spending"]["max_percent"] == "50"


@pytest.mark.parametrize("versions", [2, 9])
def test_queries_do_not_grow_with_versions(
    live: Desk, story: TillStory, versions: int, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for n in range(versions):
        story.later(days=1)
        story.publish({**DOCUMENT, "points": {"pending_days": n}})
    live.get()
    with django_assert_max_num_queries(12):
        live.get()
    with django_assert_max_num_queries(12):
        live.get("edit/")


# ---------------------------------------------------------------- the editor


def test_a_change_becomes_a_draft_and_a_version(live: Desk) -> None:
    page = live.send(spending__max_percent="30", tier_silver__earn_percent="7,5").text
    assert "Черновик сохранён" in page
    draft = ProgramDraft.objects.get()
    assert draft.edited_by == live.shop.owner
    assert "Баллами можно оплатить до 50 % чека." in live.text(), "nothing is in force yet"
    assert "Есть черновик" in live.text()

    asked = live.get("publish/").text
    assert "Баллами можно оплатить до 30 % чека." in asked
    assert "Серебро: от 8 000 ₽ покупок — 7,5 % баллами, подарок 200 зёрен." in asked
    assert "Получит 70 зёрен" in asked
    assert "Получит 75 зёрен" in asked
    done = (
        live.client.post(live.home + "publish/", {"revision": "1", "live": "1"}, follow=True)
        .content.decode()
        .replace("\xa0", " ")
    )
    assert "Версия 2 действует на всех кассах." in done
    assert ProgramVersion.objects.get(number=2).published_by == live.shop.owner
    assert "Есть черновик" not in live.text()
    # The draft is used up: the editor starts from what is in force.
    assert not ProgramDraft.objects.exists()
    assert live.fields(live.get("edit/"))["spending-max_percent"] == "30"
    assert "сохранять нечего" in live.send().text
    assert {"draft.saved", "program.published"} <= set(AuditRecord.objects.values_list("action", flat=True))


def test_the_first_version(desk: Desk) -> None:
    desk.send(base__percent="5", base__welcome="100")
    asked = desk.text("publish/")
    assert "За каждую покупку: 5 % от оплаченной суммы баллами на всё." in asked
    desk.client.post(desk.home + "publish/", {"revision": "1", "live": "0"})
    assert [rule["id"] for rule in ProgramVersion.objects.get().document["rules"]] == ["base", "welcome"]


def test_rules_that_the_form_does_not_know_stay(live: Desk) -> None:
    assert "Ещё 1 правило" in live.text("edit/")
    live.send(base__welcome="0", base__percent="3")
    rules = ProgramDraft.objects.get().document["rules"]
    assert [rule["id"] for rule in rules] == ["base", "weekend"]
    assert rules[1]["goods"]["categories"] == ["Десерты"]


def test_every_field_changes_what_it_says(live: Desk) -> None:
    live.send(
        points__value="0,5", points__rounding="up", points__earn_on="total", points__earn_when_redeeming=None,
        points__pending_days="3", points__expiry_kind="date", points__expiry_date="2027-12-31", points__debt="clamp",
        points__reinstate_days="7", points__late_days="5", spending__max_percent="40", spending__per_receipt="1000",
        spending__per_day="2 000", spending__min_points="10", spending__step="10", spending__redeem_from="50",
        spending__confirm_phone=None, spending__line_minimum="1", spending__round_to_pay="on",
        tier_silver__title="Сильвер", tier_silver__spent="9000", tier_silver__visits="20",
        tier_silver__earn_percent="", tier_silver__discount_percent="2", tier_silver__max_percent="70",
        tier_silver__gift="",
    )  # fmt: skip
    drafted = load(ProgramDraft.objects.get().document)
    assert drafted.points == load(
        {
            "points": {
                "value": "0.5", "rounding": "up", "earn_on": "total", "earn_when_redeeming": False, "pending_days": 3,
                "expiry": {"kind": "date", "date": "2027-12-31"}, "debt": "clamp", "reinstate_days": 7, "late_days": 5,
            }
        }
    ).points  # fmt: skip
    assert drafted.spending == load(
        {
            "spending": {
                "max_percent": "40", "per_receipt": "1000", "per_day": "2000", "min_points": "10", "step": "10",
                "redeem_from": "50", "confirm": ["id"], "line_minimum": "1", "round_to_pay": True,
            }
        }
    ).spending  # fmt: skip
    silver = drafted.tiers[1]
    assert (silver.title, silver.spent, silver.visits, silver.earn_percent) == ("Сильвер", D(9000), 20, None)
    assert (silver.discount_percent, silver.max_percent, silver.gift) == (D(2), D(70), D(0))


def test_rows_of_tiers_without_scripts(live: Desk) -> None:
    page = live.press(live.fields(live.get("edit/")), do="tier-add", tier_silver__title="Сильвер")
    data = live.fields(page)
    assert data.getlist("tier") == ["bronze", "silver", "tier-1"]
    assert data["tier-silver-title"] == "Сильвер", "what was typed in is not lost"
    assert not ProgramDraft.objects.exists()
    data["tier-tier-1-title"], data["tier-tier-1-spent"] = "Золото", "5000"
    page = live.press(data, do="tier-up:tier-1")
    page = live.press(live.fields(page), do="tier-remove:bronze")
    data = live.fields(page)
    assert data.getlist("tier") == ["tier-1", "silver"]
    page = live.press(live.fields(page), do="save")
    assert "Черновик сохранён" in page.text
    tiers = ProgramDraft.objects.get().document["tiers"]
    assert [(tier["id"], tier["title"]) for tier in tiers] == [("tier-1", "Золото"), ("silver", "Сильвер")]


def test_the_answer_for_scripts_is_a_part(live: Desk) -> None:
    data = live.fields(live.get("edit/"))
    data["do"] = "tier-add"
    answer = live.client.post(
        live.home + "edit/", data.urlencode(), content_type="application/x-www-form-urlencoded",
        headers={"HX-Request": "true"},
    )  # fmt: skip
    page = Paper(answer.content.decode().replace("\xa0", " "))
    assert {"tiers", "preview"} <= set(page.ids)
    assert 'hx-swap-oob="true"' in answer.content.decode().replace("\xa0", " ")
    assert "html" not in page.tags


FAULTS: list[tuple[dict[str, str], str, str]] = [
    ({"spending__max_percent": "сто"}, "spending-max_percent", "Напишите число, например 5 или 7,5."),
    ({"spending__max_percent": "120"}, "spending-max_percent", "Нужно число от 0 до 100."),
    ({"points__value": ""}, "points-value", "Обязательное поле."),
    ({"points__pending_days": "-1"}, "points-pending_days", "больше либо равно 0"),
    ({"points__expiry_days": ""}, "points-expiry_days", "Укажите, через сколько дней."),
    ({"points__expiry_kind": "date"}, "points-expiry_date", "Укажите дату."),
    ({"tier_silver__title": " "}, "tier-silver-title", "Дайте уровню название."),
]
# What the engine finds: the draft is kept all the same.
RULE_FAULTS: list[tuple[dict[str, str], str, str]] = [
    ({"points__value": "0"}, "points-value", "Балл должен стоить"),
    ({"spending__step": "0"}, "spending-step", "Шаг должен быть больше нуля"),
    ({"spending__per_receipt": "-5"}, "spending-per_receipt", "не может быть отрицательным"),
    ({"spending__min_points": "1,5"}, "spending-min_points", "знаков"),
    ({"spending__min_points": "50", "spending__per_receipt": "10"}, "spending-min_points", "больше лимита"),
    ({"tier_silver__spent": ""}, "tier-silver-spent", "Серебро"),
    ({"tier_silver__spent": "0"}, "tier-silver-spent", "Серебро"),
    ({"tier_silver__gift": "-1"}, "tier-silver-gift", "больше нуля"),
    ({"base__welcome": "1,5"}, "base-welcome", "знаков"),
]


@pytest.mark.parametrize(("changes", "field", "said"), FAULTS, ids=str)
def test_faults_of_typing(live: Desk, changes: dict[str, str], field: str, said: str) -> None:
    page = live.send(**changes)
    assert "черновик ещё не сохранён" in page.text
    assert said in page.beside(f"id_{field}_error")
    assert not ProgramDraft.objects.exists()


@pytest.mark.parametrize(("changes", "field", "said"), RULE_FAULTS, ids=str)
def test_faults_of_the_rules(live: Desk, changes: dict[str, str], field: str, said: str) -> None:
    page = live.send(**changes)
    assert "опубликовать его пока нельзя" in page.text
    assert said in page.beside(f"id_{field}_error")
    assert ProgramDraft.objects.exists()
    assert "Нет черновика, который можно опубликовать" in live.client.get(
        live.home + "publish/", follow=True
    ).content.decode().replace("\xa0", " ")
    assert said in live.text("edit/"), "it is said again when the draft is opened later"


def test_a_removed_tier_that_a_rule_speaks_of(live: Desk) -> None:
    page = live.press(live.fields(live.press(live.fields(live.get("edit/")), do="tier-remove:silver")))
    assert "Правило «Выходные»" in page.text
    assert "Такого уровня нет" in page.text


def test_a_stale_draft(live: Desk) -> None:
    opened = live.fields(live.get("edit/"))
    live.client.force_login(live.shop.manager)
    live.send(spending__max_percent="30")
    live.client.force_login(live.shop.owner)
    page = live.press(opened, spending__max_percent="60")
    said = page.text
    assert "За это время черновик изменил другой человек: Boris" in said
    assert "Баллами можно оплатить до 30 % чека. Станет: Баллами можно оплатить до 60 % чека." in said
    assert ProgramDraft.objects.get().document["spending"]["max_percent"] == "30"
    live.press(live.fields(page))
    assert ProgramDraft.objects.get().document["spending"]["max_percent"] == "60"


def test_a_version_published_while_somebody_edits(live: Desk) -> None:
    """Whether he had opened the rules in force or a draft of the same number: what he typed in is not the next step."""
    before = live.fields(live.get("edit/"))
    live.send(spending__max_percent="30")
    drafted = live.fields(live.get("edit/"))
    live.client.post(live.home + "publish/", {"revision": "1", "live": "1"})
    for opened in (before, drafted):
        page = live.press(opened.copy(), spending__max_percent="60")
        assert "За это время опубликована версия 2: Anna" in page.text
        assert "Баллами можно оплатить до 30 % чека. Станет: Баллами можно оплатить до 60 % чека." in page.text
        assert not ProgramDraft.objects.exists()
    live.send(spending__max_percent="45")
    assert "За это время" in live.press(drafted, spending__max_percent="60").text
    assert ProgramDraft.objects.get().document["spending"]["max_percent"] == "45"
    live.press(live.fields(page), spending__max_percent="50")
    assert ProgramDraft.objects.get().document["spending"]["max_percent"] == "45", "and a draft there is by now"


def test_what_was_shown_is_what_is_published(live: Desk) -> None:
    live.send(spending__max_percent="30")
    live.send(spending__max_percent="20")
    page = (
        live.client.post(live.home + "publish/", {"revision": "1", "live": "1"}).content.decode().replace("\xa0", " ")
    )
    assert "За это время правила изменили" in page
    assert ProgramVersion.objects.count() == 1


def test_a_draft_is_thrown_away(live: Desk) -> None:
    live.send(spending__max_percent="30")
    assert "1 изменение" in live.text("discard/")
    page = (
        live.client.post(live.home + "discard/", {"revision": "1"}, follow=True).content.decode().replace("\xa0", " ")
    )
    assert "Черновик отменён" in page
    assert not ProgramDraft.objects.exists()
    assert AuditRecord.objects.filter(action="draft.discarded").count() == 1


def test_nothing_changed_is_no_draft(live: Desk) -> None:
    assert "сохранять нечего" in live.send().text
    assert not ProgramDraft.objects.exists()


def test_a_draft_that_is_no_rules(live: Desk) -> None:
    programs.save_draft(
        program=live.shop.program, document={"tiers": "x"}, revision=0, now=timezone.now(), by=live.shop.owner
    )
    assert "не читается как правила" in live.text()
    page = live.text("edit/")
    assert "Черновик нельзя прочитать" in page
    live.client.post(live.home + "discard/", {"revision": "1"})
    assert "Процент с каждой покупки" in live.text("edit/")


def test_typing_shows_what_comes_of_it(live: Desk) -> None:
    page = live.send("preview/", tier_bronze__earn_percent="10", spending__max_percent="x")
    said = page.text
    assert "Чек на 1 000 ₽" in said
    assert "Получит 100 зёрен" in said
    assert "Бронза: все с первого дня — 10 % баллами." in said
    assert "Может списать 500 зёрен" in said
    broken = live.send("preview/", points__value="0").text
    assert "Пока не посчитать" in broken


def test_examples_are_of_the_shops_size(live: Desk, story: TillStory) -> None:
    anna = story.join()
    for price in ("410", "430"):
        story.sell(anna, price)
    assert "Чек на 420 ₽" in live.text("edit/")
    assert "5 % от 420 ₽ — это 21 зерно." in live.text("edit/")


def test_two_programmes_know_nothing_of_each_other(live: Desk, cast: Cast) -> None:
    live.client.force_login(cast.pryanik.owner)
    assert live.client.get(live.home).status_code == 404
    own = f"/m/{cast.pryanik.merchant.pk}/rules/"
    assert "Правил пока нет" in live.client.get(own).content.decode().replace("\xa0", " ")
    assert live.client.get(own + "1/").status_code == 404


# ---------------------------------------------------------------- form ↔ document


@pytest.fixture(scope="module", autouse=True)
def russian() -> Iterator[None]:
    with translation.override("ru"):
        yield


def decimals(low: str, high: str, places: int = 2) -> st.SearchStrategy[str]:
    found = st.decimals(D(low), D(high), places=places, allow_nan=False, allow_infinity=False)
    return found.map(lambda number: f"{number:f}")


TITLES = st.text(
    st.characters(min_codepoint=32, max_codepoint=0x450, exclude_characters="\x7f"), min_size=1, max_size=20
)
PERCENTS = decimals("0", "100")
POINTS = st.integers(0, 10_000).map(str)
MAYBE_POINTS = st.none() | POINTS
EXPIRY = st.one_of(
    st.just({"kind": "never"}),
    st.integers(1, 3660).map(lambda days: {"kind": "days", "days": days}),
    st.dates(dt.date(2026, 1, 1), dt.date(2050, 1, 1)).map(lambda date: {"kind": "date", "date": date.isoformat()}),
)
DAYS = st.integers(0, 3660)
TIERS = st.lists(
    st.fixed_dictionaries(
        {"title": TITLES},
        optional={
            "spent": decimals("0", "100000"),
            "visits": st.integers(0, 1000),
            "earn_percent": PERCENTS,
            "max_percent": PERCENTS,
            "discount_percent": PERCENTS,
            "gift": POINTS,
        },
    ),
    max_size=4,
).map(lambda tiers: [{"id": f"t{n}", **tier} for n, tier in enumerate(tiers)])
EFFECTS = st.one_of(
    decimals("0.01", "100").map(lambda p: {"kind": "percent", "percent": p}),
    st.integers(1, 500).map(lambda p: {"kind": "welcome", "points": str(p)}),
    decimals("1.01", "9").map(lambda m: {"kind": "multiply", "by": m}),
    decimals("0.01", "100").map(lambda p: {"kind": "discount", "percent": p}),
)
RULES = st.lists(
    st.fixed_dictionaries(
        {"title": TITLES, "effect": EFFECTS},
        optional={
            "goods": st.just({"categories": ["Кофе"]}),
            "when": st.just([{"kind": "minimum_receipt", "amount": "300"}]),
        },
    ),
    max_size=4,
).map(lambda rules: [{"id": f"r{n}", **rule} for n, rule in enumerate(rules)])
DOCUMENTS = st.fixed_dictionaries(
    {},
    optional={
        "points": st.fixed_dictionaries(
            {},
            optional={
                "value": decimals("0.0001", "10000", 4),
                "rounding": st.sampled_from(["down", "half_up", "up"]),
                "earn_on": st.sampled_from(["money", "total"]),
                "earn_when_redeeming": st.booleans(),
                "pending_days": DAYS,
                "expiry": EXPIRY,
                "debt": st.sampled_from(["allow", "clamp"]),
                "reinstate_days": DAYS,
                "late_days": DAYS,
            },
        ),
        "spending": st.fixed_dictionaries(
            {},
            optional={
                "max_percent": PERCENTS,
                "per_receipt": MAYBE_POINTS,
                "per_day": MAYBE_POINTS,
                "min_points": POINTS,
                "step": MAYBE_POINTS,
                "redeem_from": POINTS,
                "confirm": st.lists(st.sampled_from(["phone", "card", "code", "id"]), unique=True),
                "line_minimum": st.sampled_from(["0", "0.01", "1"]),
                "round_to_pay": st.booleans(),
            },
        ),
        "tiers": TIERS,
        "rules": RULES,
    },
).filter(lambda document: not faults_of(document))


def as_a_browser_sends(sheet: Sheet) -> QueryDict:
    data = QueryDict(mutable=True)
    data.setlist("tier", sheet.ids)
    for form in sheet.parts:
        for name, values in Paper(str(form)).fields().lists():
            data.setlist(name, values)
    return data


@settings(max_examples=60, deadline=None)
@given(DOCUMENTS)
def test_what_is_opened_and_saved_is_equal(document: dict[str, Any]) -> None:
    before = load(document)
    again = Sheet.posted(before, as_a_browser_sends(Sheet(before)))
    assert again.is_valid(), [form.errors for form in again.parts]
    assert dump(again.rulebook()) == dump(before)
    assert drafts.document_of(again.rulebook()) == drafts.document_of(before)


def test_an_untouched_number_keeps_its_spelling() -> None:
    before = load({"spending": {"max_percent": "50.00"}, "points": {"value": "1.0"}})
    again = Sheet.posted(before, as_a_browser_sends(Sheet(before))).rulebook()
    assert (dump(again)["spending"]["max_percent"], dump(again)["points"]["value"]) == ("50.00", "1.0")


def test_strange_rows_are_left_out() -> None:
    data = QueryDict("tier=x&tier=x&tier=../a&tier=" + "y" * 50, mutable=True)
    assert Sheet.posted(Rulebook(), data).ids == ["x"]
