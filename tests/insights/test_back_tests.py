"""Back tests: asked for on a page, run by a worker that may be killed or called off, read by those who see figures."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal as D
from io import StringIO
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from insights import back_tests
from insights.models import BackTest, ReceiptFile
from loyalty import drafts, programs
from loyalty.backtest import running
from loyalty.models import ProgramDraft
from merchants.access import tenant
from tests.cast import Cast
from tests.loyalty.shop import TillStory

RULES = {
    "tiers": [{"id": "base", "title": "Базовый", "earn_percent": "5"}],
    "spending": {"confirm": []},
}
BETTER = {"tiers": [{"id": "base", "title": "Базовый", "earn_percent": "10"}], "spending": {"confirm": []}}


@pytest.fixture
def story(cast: Cast) -> TillStory:
    """Ten receipts of two clients, and a draft that gives twice as much."""
    story = TillStory(cast.zerno, timezone.now() - dt.timedelta(days=20))
    with tenant(story.program_id):
        story.publish(RULES)
        story.later(hours=1)
        clients = [story.join("+79161234567"), story.join("+79161234568")]
        for n in range(10):
            story.later(hours=5)
            story.sell(clients[n % 2], "200", points="max" if n == 6 else None)
        ProgramDraft.objects.create(program=cast.zerno.program, document=BETTER, revision=1)
    return story


def asked(story: TillStory, cast: Cast) -> BackTest:
    with tenant(story.program_id):
        rulebook = drafts.rulebook_in(cast.zerno.program, BETTER)
        assert rulebook is not None
        return back_tests.ask(
            merchant=cast.zerno.merchant,
            rulebook=rulebook,
            live=1,
            since=story.now - dt.timedelta(days=30),
            until=timezone.now(),
            margin=D(30),
            by=cast.zerno.owner,
            now=timezone.now(),
        )


def fresh(one: BackTest) -> BackTest:
    with tenant(one.program_id):
        return BackTest.objects.get(pk=one.pk)


def test_an_owner_tries_the_draft(cast: Cast, story: TillStory, client: Client) -> None:
    client.force_login(cast.zerno.owner)
    today = timezone.localdate()
    form = {"since": today - dt.timedelta(days=40), "until": today, "margin": "30"}
    answer = client.post(reverse("backtest_new", args=[cast.zerno.merchant.pk]), form, follow=True)
    assert "Ждёт своей очереди" in answer.content.decode()
    assert back_tests.run_due(clock=timezone.now) == 1
    page = client.get(answer.redirect_chain[-1][0]).content.decode()
    assert "Кто выиграет больше всех" in page
    assert "10 чеков" in page
    assert "Базовый" in page
    for wrong in ("Начислено баллов по месяцам", "Прибыль до прочих расходов", "По правилам"):
        assert wrong in page
    listed = client.get(reverse("backtests", args=[cast.zerno.merchant.pk])).content.decode()
    assert "готова" in listed


def test_the_first_day_comes_before_the_last(cast: Cast, story: TillStory, client: Client) -> None:
    client.force_login(cast.zerno.owner)
    today = timezone.localdate()
    form = {"since": today, "until": today - dt.timedelta(days=4)}
    answer = client.post(reverse("backtest_new", args=[cast.zerno.merchant.pk]), form)
    assert "Последний день раньше первого." in answer.content.decode()


def test_pages_ask_the_database_no_more_for_more_rows(
    cast: Cast, story: TillStory, client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client.force_login(cast.zerno.reader)
    url = reverse("backtests", args=[cast.zerno.merchant.pk])
    one = asked(story, cast)
    client.get(url)
    with django_assert_num_queries(4):
        client.get(url)
    for _n in range(3):
        asked(story, cast)
    with django_assert_num_queries(4):
        client.get(url)
    back_tests.run_due(clock=timezone.now)
    with django_assert_num_queries(7):
        client.get(reverse("backtest", args=[cast.zerno.merchant.pk, one.pk]))


def test_a_killed_run_begins_anew_and_says_the_same(cast: Cast, story: TillStory) -> None:
    one = asked(story, cast)
    begun = back_tests.claim(timezone.now())
    assert begun is not None
    assert back_tests.claim(timezone.now()) is None
    later = timezone.now() + dt.timedelta(minutes=3)
    assert back_tests.run_due(clock=lambda: later) == 1
    done = fresh(one)
    assert (done.state, done.done, done.receipts) == ("done", 10, 10)
    again = asked(story, cast)
    with tenant(story.program_id):
        BackTest.objects.filter(pk=again.pk).update(until=done.until)
    back_tests.run_due(clock=timezone.now)
    assert fresh(again).result == done.result
    # The one that was taken for dead comes to life: what it has is nobody's any more.
    with tenant(story.program_id):
        back_tests.run(begun, timezone.now)
    assert fresh(one).finished_at == done.finished_at


def test_a_run_that_is_called_off_stops(cast: Cast, story: TillStory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "EVERY", 1)
    monkeypatch.setattr(back_tests, "SAVED_EVERY", dt.timedelta(0))
    one = asked(story, cast)
    seen: list[int] = []

    def calling_off(keeper: back_tests.Keeper, done: int) -> None:
        seen.append(done)
        if done == 3:
            back_tests.cancel(one=one, by=cast.zerno.owner, now=timezone.now())
        keeper.keep(done=done)

    monkeypatch.setattr(back_tests.Keeper, "progress", calling_off)
    back_tests.run_due(clock=timezone.now)
    assert seen == [1, 2, 3]
    assert fresh(one).state == "cancelled"
    assert fresh(one).result is None


def test_deleting_asks_first(cast: Cast, story: TillStory, client: Client) -> None:
    one = asked(story, cast)
    client.force_login(cast.zerno.owner)
    url = reverse("backtest_delete", args=[cast.zerno.merchant.pk, one.pk])
    assert "Удалить проверку?" in client.get(url).content.decode()
    client.post(url)
    assert client.get(reverse("backtest", args=[cast.zerno.merchant.pk, one.pk])).status_code == 404


def test_the_calculator_says_what_it_costs(cast: Cast, story: TillStory, client: Client) -> None:
    client.force_login(cast.zerno.owner)
    url = reverse("calculator", args=[cast.zerno.merchant.pk])
    asked_ = {"receipts": 1000, "average": "500", "margin": "25", "with_card": "60", "spent": "50"}
    page = client.get(url, asked_).content.decode().replace("\xa0", " ")
    # 10 % of 500 ₽ for 600 receipts, half of it spent: 15 000 ₽, paid for by 60 000 ₽ of sales at 25 %.
    assert "15 000 ₽" in page
    assert "60 000 ₽" in page
    assert "120 чеков" in page


def test_the_command_prints_both_sides(cast: Cast, story: TillStory, tmp_path: Path) -> None:
    file = tmp_path / "draft.yaml"
    file.write_text("tiers: [{id: base, title: База, earn_percent: '10'}]\n", encoding="utf-8")
    out = StringIO()
    call_command("program", "backtest", str(file), f"--program={story.program_id}", stdout=out)
    told = out.getvalue()
    assert "10 receipts" in told
    assert "earn" in told


FILE = (
    "Номер чека;Дата и время;Клиент;Сумма\n"
    "1;01.03.2026 10:00;+7 916 123-45-67;1000\n"
    "2;02.03.2026 10:00;+7 916 123-45-67;500\n"
    "3;второго марта;;500\n"
)


def test_an_owner_tries_the_draft_on_a_file(cast: Cast, story: TillStory, client: Client) -> None:
    client.force_login(cast.zerno.owner)
    url = reverse("backtest_new", args=[cast.zerno.merchant.pk])
    form = {"from-file": "1", "file-spend": "no", "file-margin": "30"}
    wrong = client.post(url, form | {"file-file": SimpleUploadedFile("goods.csv", "Артикул;Цена\n1;2\n".encode())})
    assert "Первая строка должна называть" in wrong.content.decode() or "Дата" in wrong.content.decode()
    answer = client.post(url, form | {"file-file": SimpleUploadedFile("касса.csv", FILE.encode("cp1251"))}, follow=True)
    assert "Ждёт своей очереди" in answer.content.decode()
    assert back_tests.run_due(clock=timezone.now) == 1
    page = client.get(answer.redirect_chain[-1][0]).content.decode()
    assert "2 чека" in page
    assert "из файла «касса.csv»" in page
    assert "«второго марта» — не дата" in page
    assert "строка 2 файла" in page
    assert "касса.csv" in client.get(reverse("backtests", args=[cast.zerno.merchant.pk])).content.decode()
    with tenant(story.program_id):
        kept = ReceiptFile.objects.get()
        assert kept.content is None
        assert BackTest.objects.get().since == dt.datetime(2026, 3, 1, 7, tzinfo=dt.UTC)
    one = answer.redirect_chain[-1][0]
    client.post(f"{one}delete/")
    with tenant(story.program_id):
        assert not ReceiptFile.objects.exists()


def test_a_file_without_one_good_line_says_why(cast: Cast, story: TillStory, client: Client) -> None:
    client.force_login(cast.zerno.owner)
    file = SimpleUploadedFile("x.csv", "Дата;Сумма\nвчера;5\n".encode())
    form = {"from-file": "1", "file-spend": "yes", "file-file": file}
    answer = client.post(reverse("backtest_new", args=[cast.zerno.merchant.pk]), form, follow=True)
    back_tests.run_due(clock=timezone.now)
    page = client.get(answer.redirect_chain[-1][0]).content.decode()
    assert "Из файла нельзя взять ни одной строки" in page
    assert "«вчера» — не дата" in page


def test_a_few_files_at_most_wait(cast: Cast, story: TillStory, client: Client) -> None:
    client.force_login(cast.zerno.owner)
    url = reverse("backtest_new", args=[cast.zerno.merchant.pk])
    for n in range(back_tests.MOST_FILES + 1):
        form = {"from-file": "1", "file-spend": "yes", "file-file": SimpleUploadedFile("x.csv", FILE.encode())}
        answer = client.post(url, form)
        assert answer.status_code == (302 if n < back_tests.MOST_FILES else 200)
    assert "Уже проверяются другие файлы" in answer.content.decode()
    with tenant(story.program_id):
        back_tests.cancel(one=BackTest.objects.earliest("pk"), by=cast.zerno.owner, now=timezone.now())
    form["file-file"] = SimpleUploadedFile("x.csv", FILE.encode())
    assert client.post(url, form).status_code == 302


def test_the_command_takes_a_file_of_receipts_and_the_rules_in_force(
    cast: Cast, story: TillStory, tmp_path: Path
) -> None:
    """A version that waits for its time is not the one to compare with."""
    with tenant(story.program_id):
        programs.publish(
            program=cast.zerno.program,
            document=BETTER,
            now=timezone.now(),
            starts_at=timezone.now() + dt.timedelta(days=3),
            by=cast.zerno.owner,
        )
    rules, receipts = tmp_path / "draft.yaml", tmp_path / "receipts.csv"
    rules.write_text("tiers: [{id: base, title: База, earn_percent: '10'}]\n", encoding="utf-8")
    receipts.write_text(FILE, encoding="cp1251")
    out = StringIO()
    arguments = ["backtest", str(rules), f"--program={story.program_id}", f"--receipts={receipts}", "--save-up"]
    call_command("program", *arguments, stdout=out)
    told = out.getvalue()
    assert "2 receipts from 2026-03-01 on, version 1" in told
    assert " ".join(next(row for row in told.splitlines() if "earn " in row).split()).startswith("earn 75")
