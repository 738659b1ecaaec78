"""The constructor in a browser: five known programmes are made from its pages alone, by somebody new."""

from __future__ import annotations

from decimal import Decimal as D
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from loyalty import programs
from loyalty.engine.rulebook import Rulebook
from loyalty.models import ProgramDraft, ProgramVersion
from merchants.access import tenant
from tests.browser.looking import enter, look_at, without_scripts
from tests.cast import Cast, Shop, make_cast


@pytest.fixture
def cast(transactional_db: None) -> Cast:
    return make_cast()


class Owner:
    """Somebody at the pages, who knows what he wants and has read nothing."""

    def __init__(self, page: Page, live_server: LiveServer, shop: Shop) -> None:
        self.page, self.shop = page, shop
        enter(page.context, live_server, shop.owner)
        page.goto(f"{live_server.url}/m/{shop.merchant.pk}/rules/")

    def begin(self) -> None:
        self.page.get_by_role("link", name="Настроить правила").click()

    def add(self, kind: str, **fields: str) -> None:
        self.page.get_by_role("link", name="Добавить").last.click()
        self.page.locator(f"a[href$='/new/{kind}/']").click()
        self.fill(**fields)

    def fill(self, **fields: str) -> None:
        for name, value in fields.items():
            field = self.page.locator(f"[name='{name.replace('__', '-')}']")
            if field.evaluate("e => e.tagName") == "SELECT":
                field.select_option(value)
            else:
                field.fill(value)

    def condition(self, kind: str, **fields: str) -> None:
        number = self.page.locator("[name=when]").count()
        self.page.locator("#add-condition > summary").click()
        self.page.locator(f"button[value='add:{kind}']").click()
        expect(self.page.locator(f"[name=when][value='{number}-{kind}']")).to_have_count(1)
        self.fill(**{f"when-{number}-{kind}-{name}": value for name, value in fields.items()})

    def thresholds(self, *steps: tuple[str, str]) -> None:
        for n, (at, percent) in enumerate(steps, start=1):
            self.page.get_by_label(f"Порог {n}: от").fill(at)
            self.page.get_by_label(f"Порог {n}: процент").fill(percent)

    def open(self, title: str) -> None:
        self.page.locator("summary", has_text=title).click()

    def sees(self, *texts: str) -> None:
        for text in texts:
            expect(self.page.locator("#trial-result")).to_contain_text(text)

    def keep(self) -> None:
        self.page.get_by_role("button", name="Сохранить в черновик").last.click()
        expect(self.page.get_by_text("Сохранено в черновике")).to_be_visible()

    def settings(self, **fields: str) -> None:
        """Of the sheet beside the rules, without saving."""
        if not self.page.locator("#editor").count():
            self.page.get_by_role("link", name="Баллы, уровни, оплата").click()
        self.fill(**fields)

    def keep_settings(self) -> None:
        self.page.get_by_role("button", name="Сохранить черновик").last.click()
        expect(self.page.get_by_text("Черновик сохранён.")).to_be_visible()

    def tier(self, n: int, **fields: str) -> None:
        self.page.get_by_role("button", name="Добавить уровень").click()
        expect(self.page.locator(".tiers > li")).to_have_count(n)
        self.fill(**{f"tier-tier-{n}-{name}": value for name, value in fields.items()})

    def publish(self) -> Rulebook:
        self.page.get_by_role("link", name="Правила", exact=True).last.click()
        self.page.get_by_role("link", name="Опубликовать…").click()
        self.page.get_by_role("button", name="Опубликовать").click()
        expect(self.page.get_by_text("Версия 1 действует на всех кассах.")).to_be_visible()
        with tenant(self.shop.program.pk):
            return programs.rulebook_of(self.shop.program.pk, 1)


@pytest.fixture
def owner(page: Page, live_server: LiveServer, cast: Cast, complaints: list[str]) -> Owner:
    return Owner(page, live_server, cast.zerno)


def test_an_accumulating_discount(owner: Owner) -> None:
    owner.begin()
    owner.add("ladder")
    owner.thresholds(("500", "3"), ("3000", "5"), ("5 000", "8"))
    owner.open("Клиент, день и час")
    owner.fill(**{"receipt-spent": "3500", "receipt-0-amount": "1000"})
    owner.sees("К оплате", "950 ₽")
    owner.fill(**{"receipt-spent": "5000"})
    owner.sees("920 ₽")
    owner.keep()
    ladder: Any = owner.publish().rules[0].effect
    assert ladder.by == "turnover"
    assert [(step.at_least, step.percent) for step in ladder.steps] == [(500, 3), (3000, 5), (5000, 8)]


def test_a_hundred_points_for_every_three_hundred(owner: Owner) -> None:
    owner.begin()
    owner.add("for_every", **{"effect-points": "100", "effect-amount": "300", "receipt-0-amount": "950"})
    owner.sees("300 зёрен")
    owner.keep()
    effect: Any = owner.publish().rules[0].effect
    assert (effect.points, effect.amount) == (100, 300)


def test_a_point_for_a_rouble_coupons_and_four_tiers(owner: Owner) -> None:
    owner.begin()
    owner.add("per_unit", **{"effect-points": "1", "receipt-0-amount": "700"})
    owner.sees("700 зёрен")
    owner.keep()
    owner.add("coupon", **{"effect-every": "500", "effect-amount": "300", "effect-days": "180"})
    owner.sees("2 купона")
    owner.keep()
    for n, (title, spent) in enumerate((("A", "0"), ("B", "10000"), ("C", "50000"), ("D", "100 000")), start=1):
        if n == 1:
            owner.settings()
        owner.tier(n, title=title, spent=spent)
    owner.keep_settings()
    rules = owner.publish()
    coupon: Any = rules.rules[1].effect
    assert (coupon.every, coupon.amount, coupon.days) == (500, 300, 180)
    assert [tier.spent for tier in rules.tiers] == [0, 10_000, 50_000, 100_000]


def test_three_levels_of_referral_a_limit_of_spending_and_expiry(owner: Owner) -> None:
    owner.begin()
    owner.add("referral", **{"effect-percents": "5; 3; 1", "receipt-0-amount": "1000"})
    owner.open("Клиент, день и час")
    owner.page.get_by_label("Клиента кто-то пригласил").check()
    owner.sees("50 зёрен", "30 зёрен", "10 зёрен")
    owner.keep()
    owner.settings(**{"spending-max_percent": "50", "points-expiry_kind": "days", "points-expiry_days": "90"})
    owner.keep_settings()
    rules = owner.publish()
    referral: Any = rules.rules[0].effect
    expiry: Any = rules.points.expiry
    assert (referral.percents, rules.spending.max_percent, expiry.days) == ((5, 3, 1), 50, 90)


def test_wholesale_by_quantity(owner: Owner) -> None:
    owner.begin()
    owner.add("ladder", **{"effect-by": "line_quantity"})
    owner.thresholds(("10", "5"), ("50", "10"))
    owner.open("На какие товары")
    owner.fill(**{"goods-except_categories": "Табак"})
    owner.fill(**{"receipt-0-amount": "1000", "receipt-0-quantity": "12"})
    owner.sees("950 ₽")
    owner.fill(**{"receipt-0-category": "Табак"})
    owner.sees("К оплате1 000 ₽")
    owner.keep()
    rule = owner.publish().rules[0]
    assert rule.goods.except_categories == ("Табак",)
    assert rule.effect.by == "line_quantity"  # type: ignore[attr-defined]


# ---------------------------------------------------------------- the list, by mouse, by keyboard, without scripts


RULES: dict[str, Any] = {
    "tiers": [{"id": "all", "title": "Все", "spent": "0"}, {"id": "gold", "title": "Золото", "spent": "9000"}],
    "rules": [
        {"id": "base", "title": "За покупку", "effect": {"kind": "percent", "percent": "5"}},
        {
            "id": "party",
            "title": "День рождения",
            "effect": {"kind": "percent", "percent": "10"},
            "goods": {"except_categories": ["Табак"]},
            "when": [{"kind": "birthday", "before": 3}, {"kind": "tier", "tiers": ["gold"]}],
            "limits": {"per_receipt": "500"},
        },
        {"id": "off", "title": "Скидка", "effect": {"kind": "discount", "percent": "3"}, "enabled": False},
    ],
}


def drafted(cast: Cast, document: dict[str, Any]) -> None:
    with tenant(cast.zerno.program.pk):
        programs.publish(program=cast.zerno.program, document=document, now=timezone.now(), by=cast.zerno.owner)


def order(cast: Cast) -> list[str]:
    with tenant(cast.zerno.program.pk):
        draft = ProgramDraft.objects.get(program=cast.zerno.program)
        return [rule["id"] for rule in draft.document["rules"]]


def test_rules_are_dragged_and_moved_by_keyboard(
    page: Page, live_server: LiveServer, cast: Cast, complaints: list[str]
) -> None:
    drafted(cast, RULES)
    enter(page.context, live_server, cast.zerno.owner)
    page.goto(f"{live_server.url}/m/{cast.zerno.merchant.pk}/rules/edit/rules/")
    first = page.locator("[data-rule=base] [data-drag]").bounding_box()
    last = page.locator("[data-rule=off]").bounding_box()
    assert first
    assert last
    page.mouse.move(first["x"] + 5, first["y"] + 5)
    page.mouse.down()
    page.mouse.move(first["x"] + 5, last["y"] + last["height"] - 5, steps=8)
    page.mouse.up()
    expect(page.locator("#state")).to_contain_text("отличия от версии 1")
    assert order(cast) == ["party", "off", "base"]

    up = page.locator("#up-base")
    up.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".rule-list > li").nth(1)).to_have_attribute("data-rule", "base")
    assert order(cast) == ["party", "base", "off"]
    expect(up).to_be_focused()
    page.locator("#switch-off").click()
    expect(page.locator("#trial-result")).to_contain_text("970 ₽")


def test_a_rule_without_scripts(
    page: Page, browser: Browser, live_server: LiveServer, cast: Cast, complaints: list[str]
) -> None:
    drafted(cast, RULES)
    enter(page.context, live_server, cast.zerno.owner)
    plain = without_scripts(browser, page.context)
    plain.goto(f"{live_server.url}/m/{cast.zerno.merchant.pk}/rules/edit/rules/")
    plain.locator("#down-base").click()
    plain.locator("#edit-party").click()
    plain.locator("button[value='remove:1-tier']").click()
    plain.locator("#add-condition > summary").click()
    plain.locator("button[value='add:minimum_receipt']").click()
    plain.locator("[name$='minimum_receipt-amount']").fill("700")
    plain.get_by_role("button", name="Посчитать").click()
    expect(plain.locator("#trial-result")).to_contain_text("700 ₽")
    plain.get_by_role("button", name="Сохранить в черновик").last.click()
    expect(plain.get_by_text("Сохранено в черновике")).to_be_visible()
    assert order(cast) == ["party", "base", "off"]
    with tenant(cast.zerno.program.pk):
        rule = ProgramDraft.objects.get(program=cast.zerno.program).document["rules"][0]
        assert ProgramVersion.objects.filter(program=cast.zerno.program).count() == 1
    assert [one["kind"] for one in rule["when"]] == ["birthday", "minimum_receipt"]
    assert D(rule["when"][1]["amount"]) == 700
    plain.context.close()


def test_everybody_can_use_it(page: Page, live_server: LiveServer, cast: Cast, complaints: list[str]) -> None:
    drafted(cast, RULES)
    enter(page.context, live_server, cast.zerno.owner)
    edit = f"/m/{cast.zerno.merchant.pk}/rules/edit/"
    pages = ["rules/", "new/", "new/ladder/", "rule/party/", "templates/"]
    assert look_at(page, live_server, [edit + path for path in pages]) == {}
    enter(page.context, live_server, cast.pryanik.owner)
    assert look_at(page, live_server, [f"/m/{cast.pryanik.merchant.pk}/rules/edit/rules/"]) == {}
