"""The overview tells what was sold, and does not tell what it can't know."""

from __future__ import annotations

import datetime as dt
import html
import re
from collections.abc import Iterator
from decimal import Decimal as D
from typing import Any

import pytest
import time_machine
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from insights import rollups, z_reports
from insights.models import PointsDay
from insights.snapshots import refresh
from merchants.access import tenant
from merchants.models import Member, Outlet, Role
from tests.cast import Cast, make_key
from tests.loyalty.conftest import NOON
from tests.loyalty.shop import ONE_PER_ONE, TillStory

RULES = {**ONE_PER_ONE, "points": {"value": "0.5"}}


@pytest.fixture
def clock() -> Iterator[Any]:
    with time_machine.travel(NOON, tick=False) as clock:
        yield clock


class Overview:
    """«Зерно» with a clock: sells, and looks at the page as the owner does."""

    def __init__(self, story: TillStory, cast: Cast, client: Client, clock: Any) -> None:
        self.story, self.cast, self.client, self.clock = story, cast, client, clock
        story.publish(RULES)
        self.anna = story.join()
        client.force_login(cast.zerno.owner)

    def sell(self, days_ago: float, with_card: str = "", without: str = "", cashier: str = "") -> None:
        at = self.story.now - dt.timedelta(days=days_ago)
        now, self.story.now = self.story.now, at
        if with_card:
            self.story.sell(self.anna, with_card, cashier=cashier)
        if without:
            self.story.sell(None, without, cashier=cashier)
        self.story.now = now

    def page(self, query: str = "", path: str = "", *, anew: bool = True) -> str:
        """Sales that are told of the past are written in the past, so what was rolled up before is made anew."""
        self.clock.move_to(self.story.now)
        if anew:
            rollups.rebuild(program_id=self.story.program_id, now=self.story.now)
        rollups.roll_up(now=self.story.now)
        answer = self.client.get(f"/m/{self.cast.zerno.merchant.pk}/{path}{query}")
        assert answer.status_code == 200
        return plain(answer.content.decode())


def plain(page: str) -> str:
    """The words of a page, without its markup and with common spaces."""
    words = re.sub(r"<(script|style)\b.*?</\1>", " ", page, flags=re.DOTALL)
    words = html.unescape(re.sub(r"<[^>]+>", " ", words))
    return re.sub(r"\s+", " ", words)


@pytest.fixture
def overview(story: TillStory, cast: Cast, client: Client, clock: Any, request: pytest.FixtureRequest) -> Overview:
    """Of a programme that has lived for sixteen days: every one of them is rolled up whenever the page is asked for."""
    lived = dt.timedelta(days=getattr(request, "param", 16))
    story.now -= lived
    made = Overview(story, cast, client, clock)
    story.now += lived
    return made


OLD = pytest.mark.parametrize("overview", [62], indirect=True)


def figure(page: str, label: str) -> str:
    """What follows a figure's name in the page's words."""
    return page.split(f" {label} ", 1)[1][:120]


def test_an_empty_shop_is_told_what_to_do(story: TillStory, cast: Cast, client: Client) -> None:
    client.force_login(cast.zerno.owner)
    page = plain(client.get(f"/m/{cast.zerno.merchant.pk}/").content.decode())
    assert "Продаж пока нет" in page
    assert "Пригласить сотрудников" in page
    assert "0 ₽" not in page
    client.force_login(cast.zerno.reader)
    page = plain(client.get(f"/m/{cast.zerno.merchant.pk}/").content.decode())
    assert "Пригласить сотрудников" not in page


def test_with_and_without_the_card(overview: Overview) -> None:
    overview.sell(1, "1000", "500")
    overview.sell(2, "500", "1000")
    overview.sell(0, "70", "30")
    page = overview.page()
    assert figure(page, "Выручка с картой").startswith("1 500 ₽ 2 чека")
    assert figure(page, "Выручка без карты").startswith("1 500 ₽ 2 чека")
    assert figure(page, "Доля с картой").startswith("50 %")
    assert figure(page, "Средний чек с картой").startswith("750 ₽")
    assert "это не эффект программы" in page
    assert figure(page, "Сегодня, с картой").startswith("70 ₽ 1 чек; без карты 30 ₽")
    assert figure(page, "Вчера, с картой").startswith("1 000 ₽ 1 чек; без карты 500 ₽")
    assert "Чеки без карты с кассы не приходят" not in page
    assert "Данные на 12:00" in page


def test_a_till_that_sends_no_receipts_without_the_card(overview: Overview) -> None:
    overview.sell(1, "1000")
    overview.sell(2, "500")
    page = overview.page()
    assert "Чеки без карты с кассы не приходят" in page
    assert figure(page, "Выручка без карты").startswith("— введите итоги дня")
    assert figure(page, "Доля с картой").startswith("—")
    # One day's Z-report is entered: the share is of that day alone.
    z_reports.enter(
        outlet=overview.cast.zerno.outlet,
        day=(NOON - dt.timedelta(days=1)).date(),
        total=D(4000),
        receipts=11,
        now=overview.story.now,
        by=overview.cast.zerno.owner,
    )
    page = overview.page()
    assert "Чеки без карты с кассы не приходят" not in page
    assert figure(page, "Выручка без карты").startswith("3 000 ₽ 10 чеков, по Z-отчёту")
    assert figure(page, "Доля с картой").startswith("25 % по тем дням точек, где известен весь итог: 1 из 2")
    assert figure(page, "Средний чек без карты").startswith("300 ₽")


def test_a_z_report_prevails_over_what_the_till_sent(overview: Overview) -> None:
    overview.sell(1, "1000", "500")
    z_reports.enter(
        outlet=overview.cast.zerno.outlet,
        day=(NOON - dt.timedelta(days=1)).date(),
        total=D(3000),
        receipts=None,
        now=overview.story.now,
        by=overview.cast.zerno.owner,
    )
    assert figure(overview.page(), "Выручка без карты").startswith("2 000 ₽ по Z-отчёту")


def test_a_return_takes_money_off_its_own_day(overview: Overview) -> None:
    at = overview.story.now
    overview.story.now -= dt.timedelta(days=3)
    sold = overview.story.sell(overview.anna, "1000")
    overview.story.later(days=2)
    overview.story.give_back(sold, amount="400")
    overview.story.now = at
    page = overview.page()
    assert figure(page, "Выручка с картой").startswith("600 ₽ 1 чек")
    assert figure(page, "Вчера, с картой").startswith("−400 ₽ 0 чеков")


def test_change_only_against_whole_days_before(overview: Overview) -> None:
    for day in range(1, 13):
        overview.sell(day, "100")
    page = overview.page("?days=7")
    assert "Для сравнения пока мало дней" in page
    page = overview.page("?days=30")
    assert "Пока 12 дней данных, сравнивать не с чем." in page
    assert "+" not in figure(page, "Выручка с картой")[:14]
    for day in range(13, 15):
        overview.sell(day, "50")
    page = overview.page("?days=7")
    assert "сравнивать не с чем" not in page
    # 7 × 100 against 5 × 100 + 2 × 50.
    assert figure(page, "Выручка с картой").startswith("700 ₽ 7 чеков, +16,7 %")


def test_the_first_day_is_today(overview: Overview) -> None:
    overview.sell(0, "100", "50")
    page = overview.page()
    assert "Пока 1 день данных, сравнивать не с чем." in page
    assert figure(page, "Выручка с картой").startswith("100 ₽ 1 чек")


@OLD
def test_strange_periods_are_the_usual_one(overview: Overview) -> None:
    overview.sell(40, "900")
    overview.sell(1, "100")
    assert figure(overview.page("?days=5000"), "Выручка с картой").startswith("100 ₽")


@OLD
def test_points_and_what_they_cost(overview: Overview) -> None:
    story = overview.story
    overview.sell(40, "1000")
    at, story.now = story.now, story.now - dt.timedelta(days=2)
    story.sell(overview.anna, "500", points="200")
    story.now = at
    page = overview.page()
    # 200 points at half a rouble paid 100 of the 500.
    assert figure(page, "Стоимость программы").startswith("100 ₽ списанные баллы 100 ₽, скидки 0 ₽")
    assert figure(page, "Стоимость в доле от выручки с картой").startswith("25 %")
    assert figure(page, "Списано").startswith("200 зёрен")
    assert figure(page, "Начислено").startswith("400 зёрен")
    assert figure(page, "Баллы на руках сейчас").startswith("1 200 зёрен не больше 600 ₽")
    assert "На руках на начало 22.10.2026 1 000 зёрен Начислено +400 зёрен" in page
    assert "На руках на конец 20.11.2026 1 200 зёрен" in page
    assert "Сходится до балла" in page


def test_it_says_when_points_do_not_close(overview: Overview) -> None:
    overview.sell(3, "100")
    overview.page()
    PointsDay.objects.all().delete()
    refresh(program=overview.story.shop.program, now=overview.story.now)
    assert "Не сходится: на счетах клиентов расхождение +100 зёрен" in overview.page(anew=False)


def test_clients(overview: Overview) -> None:
    story = overview.story
    overview.sell(5, "100")
    overview.sell(3, "100")
    at, story.now = story.now, story.now - dt.timedelta(days=2)
    boris = story.join("+79160000001")
    story.sell(boris, "100")
    story.now = at
    page = overview.page()
    assert figure(page, "Активные клиенты").startswith("2 покупали за последние 90 дней, всего клиентов 2")
    assert figure(page, "Новые клиенты").startswith("1")
    assert figure(page, "Доля повторных покупателей").startswith(
        "50 % за 30 дней купили 2, из них больше одного раза 1"
    )


def test_by_cashier(overview: Overview) -> None:
    overview.sell(1, "300", "100", cashier="anna")
    overview.sell(1, "", "50", cashier="boris")
    page = overview.page()
    assert "anna 400 ₽ 2 50 % 200 ₽ 0 зёрен 0" in page
    assert "boris 50 ₽" in page


def second_outlet(cast: Cast) -> Outlet:
    from merchants.models import Till

    zerno = cast.zerno
    outlet = Outlet.objects.create(program=zerno.program, merchant=zerno.merchant, name="Вокзал", code="vokzal")
    till = Till.objects.create(program=zerno.program, merchant=zerno.merchant, outlet=outlet, name="Касса 1")
    story = TillStory(zerno, NOON - dt.timedelta(days=1))
    from merchants.authentication import look_up

    story.caller = look_up(make_key(till))
    story.sell(None, "8000")
    return outlet


def test_outlets_are_told_apart_and_hidden_from_who_works_elsewhere(overview: Overview) -> None:
    overview.sell(1, "300", "100")
    vokzal = second_outlet(overview.cast)
    page = overview.page()
    assert "Вокзал 0 ₽ 8 000 ₽ 0 %" in page
    assert "Вместе 300 ₽ 8 100 ₽" in page
    member = Member.objects.get(merchant=overview.cast.zerno.merchant, role=Role.OWNER)
    member.outlets.add(overview.cast.zerno.outlet)
    page = overview.page()
    assert "Вокзал" not in page
    assert "8 000" not in page
    # Clients and points outstanding belong to no outlet.
    assert "Активные клиенты" not in page
    assert "Движение баллов" not in page
    assert figure(page, "Начислено").startswith("300 зёрен")
    assert vokzal.name not in overview.page(path="z/")


def test_neighbours_are_not_counted(overview: Overview, cast: Cast) -> None:
    overview.sell(1, "300")
    bakery = TillStory(cast.bakery, NOON - dt.timedelta(days=1))
    bakery.sell(None, "7777")
    assert "7 777" not in overview.page()
    with tenant(cast.pryanik.program.pk):
        other = TillStory(cast.pryanik, NOON - dt.timedelta(days=1))
        other.publish(ONE_PER_ONE)
        other.sell(None, "6666")
    assert "6 666" not in overview.page()


@OLD
def test_queries_do_not_grow(overview: Overview, django_assert_max_num_queries: DjangoAssertNumQueries) -> None:
    overview.sell(1, "100", "100")
    overview.page()
    with django_assert_max_num_queries(17) as few:
        overview.client.get(f"/m/{overview.cast.zerno.merchant.pk}/?days=90")
        count = len(few)
    assert count > 10
    for day in range(1, 60, 7):
        overview.sell(day, "100", "50", cashier=f"anna-{day}")
    second_outlet(overview.cast)
    overview.page()
    with django_assert_max_num_queries(count):
        overview.client.get(f"/m/{overview.cast.zerno.merchant.pk}/?days=90")


def test_no_query_reads_sales_or_entries(
    overview: Overview, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    overview.sell(1, "100", "100")
    overview.page()
    with django_assert_max_num_queries(20) as asked:
        overview.client.get(f"/m/{overview.cast.zerno.merchant.pk}/")
    for query in asked.captured_queries:
        assert not re.search(r"loyalty_(sale|entry|account|return|lot)\b", query["sql"]), query["sql"]


@OLD
def test_every_figure_links_to_its_definition(overview: Overview) -> None:
    overview.sell(40, "1000", "200")
    overview.sell(1, "1000", "500")
    overview.page()
    path = f"/m/{overview.cast.zerno.merchant.pk}/"
    linked = set(re.findall(r'figures/\?days=30#([\w-]+)"', overview.client.get(path).content.decode()))
    said = overview.client.get(f"{path}figures/").content.decode()
    assert linked
    assert linked <= set(re.findall(r'id="([\w-]+)" tabindex', said))
    words = plain(said)
    assert "1 000 ₽ ÷ 1 500 ₽ = 66,7 %" in words
    assert "1 000 + 1 000 = 2 000" in words


def test_figures_of_an_empty_shop_are_explained(story: TillStory, cast: Cast, client: Client) -> None:
    client.force_login(cast.zerno.owner)
    page = plain(client.get(f"/m/{cast.zerno.merchant.pk}/figures/").content.decode())
    assert "Стоимость программы ÷ выручка с картой." in page
    assert "У вас:" not in page


def test_english_by_choice(overview: Overview) -> None:
    overview.sell(1, "1000", "500")
    overview.client.cookies["django_language"] = "en"
    page = overview.page()
    assert figure(page, "Revenue with the card").startswith("1,000 ₽ 1 receipt")
    for own in ("Зерно", "зёрен", "Лесная", "Русский"):
        page = page.replace(own, "")
    assert not re.search("[а-я]{4,}", page[400:2000])
