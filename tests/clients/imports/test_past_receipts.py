"""Past receipts become history whole: they give no points, twice changes nothing, and they can be undone."""

from __future__ import annotations

import datetime as dt
import io
import random
from collections.abc import Iterable, Sequence
from decimal import Decimal as D
from functools import partial
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client as Browser
from django.urls import reverse
from django.utils import timezone

from clients import merging
from clients.imports import counting, jobs, reports, working
from clients.imports.keeper import Keeper
from clients.imports.receipts import staging as receipts_staging
from clients.imports.receipts import work
from clients.imports.receipts.choices import ReceiptChoices, Unknown
from clients.models import Client, ClientImport, ReceiptImportLine
from clients.personal import erasing
from clients.personal.dossier import SECTIONS, asked_by
from insights import back_tests
from insights.models import BackTest
from loyalty.backtest.history import History
from loyalty.backtest.running import Past
from loyalty.models import Account, Entry, PastReceipt, PastReceiptLine, Sale
from loyalty.programs import rulebook_of
from merchants.access import tenant
from merchants.models import AuditRecord, Outlet
from tests.cast import Cast, Shop
from tests.clients.counter import enrolled
from tests.clients.imports.files import as_csv, as_xlsx, books_are_sound, confirmed, fresh, loaded, taken_back
from tests.clients.imports.test_kills import Killed
from tests.loyalty.shop import TillStory

HEADER = ("№ чека", "Дата и время", "Клиент", "Артикул", "Наименование", "Группа товаров", "Кол-во", "Сумма")
ROWS: Sequence[Sequence[Any]] = (
    ("1024", "03.11.2025 09:15", "8 916 123-45-67", "00123", "Капучино", "Напитки > Кофе", "2", "440,00"),
    ("1024", "03.11.2025 09:15", "8 916 123-45-67", "00310", "Круассан", "Выпечка", "", "180,00"),
    ("1025", "03.11.2025 09:21", "", "00123", "Капучино", "Кофе", "1", "220,00"),
    ("1024", "04.11.2025 10:00", "89161234567", "00123", "Капучино", "Кофе", "1", "1 220,50"),
    ("1026", "04.11.2025 10:02", "8 916 000-00-00", "00123", "Капучино", "Кофе", "1", "220"),
)


@pytest.fixture
def story(cast: Cast) -> TillStory:
    story = TillStory(cast.zerno, timezone.now() - dt.timedelta(days=20))
    with tenant(story.program_id):
        story.publish({"tiers": [{"id": "base", "title": "Гость", "earn_percent": "5"}], "spending": {"confirm": []}})
        story.join("+79161234567")
    return story


def checked(shop: Shop, rows: Iterable[Sequence[Any]], **choices: Any) -> ClientImport:
    return looked_through(shop, as_csv([HEADER, *rows]), **choices)


def looked_through(shop: Shop, file: io.BytesIO, **choices: Any) -> ClientImport:
    now = timezone.now()
    with tenant(shop.program.pk):
        one = jobs.upload(
            merchant=shop.merchant, file=file, file_name="чеки.csv", by=shop.owner, now=now, kind="receipts"
        )
        jobs.look_through(one=one, chosen=one.columns, choices=ReceiptChoices(**choices), by=shop.owner, now=now)
    working.run_due(clock=timezone.now)
    return fresh(one)


def whys(one: ClientImport) -> dict[int, str]:
    with tenant(one.program_id):
        lines = reports.lines_of(one, "refused", size=1000) + reports.lines_of(one, "remark", size=1000)
        return {line.row: "; ".join(problem.why for problem in reports.problems_of(line)) for line in lines}


def test_a_sum_that_no_receipt_has_is_told(cast: Cast, story: TillStory) -> None:
    header = ("№ чека", "Дата и время", "Наименование", "Кол-во", "Цена")
    rows = [("1", "03.11.2025 09:15", "Слитки", "999999999", "999999999"), ("2", "03.11.2025 09:20", "Чай", "2", "5")]
    one = looked_through(cast.zerno, as_csv([header, *rows]))
    assert (one.state, work.told(one).found.fresh) == ("checked", 1)
    assert list(whys(one)) == [2]


def test_receipts_become_history_and_nothing_else(cast: Cast, story: TillStory) -> None:
    one = checked(cast.zerno, ROWS)
    assert (one.state, one.why) == ("checked", "")
    found = work.told(one).found
    assert (found.fresh, found.same, found.refused, found.remarks) == (4, 0, 0, 1)
    assert (found.known, found.clients, found.total) == (2, 1, D("2280.50"))
    assert whys(one) == {6: "клиент с «+79160000000» неизвестен: чек загрузится без клиента"}
    with tenant(one.program_id):
        assert not PastReceipt.objects.exists()
        before = list(Account.objects.values())
    one = confirmed(one)
    assert one.state == "done"
    with tenant(one.program_id):
        assert list(Account.objects.values()) == before
        assert not Entry.objects.exists()
        assert not Sale.objects.exists()
        receipts = list(PastReceipt.objects.order_by("pk"))
        assert [(r.receipt_number, str(r.local_day), r.total) for r in receipts] == [
            ("1024", "2025-11-03", D("620.00")),
            ("1025", "2025-11-03", D("220.00")),
            ("1024", "2025-11-04", D("1220.50")),
            ("1026", "2025-11-04", D("220.00")),
        ]
        [account] = Account.objects.all()
        assert [r.account_id for r in receipts] == [account.pk, None, account.pk, None]
        lines = PastReceiptLine.objects.filter(receipt=receipts[0]).order_by("position")
        assert [(n.position, n.sku, n.name, n.category, n.quantity, n.price, n.amount) for n in lines] == [
            (1, "00123", "Капучино", "Кофе", D(2), D(220), D(440)),
            (2, "00310", "Круассан", "Выпечка", D(1), D(180), D(180)),
        ]
    books_are_sound(one.program_id)


def test_twice_changes_nothing_and_an_undo_takes_all(cast: Cast, story: TillStory) -> None:
    first = confirmed(checked(cast.zerno, ROWS))
    with tenant(first.program_id):
        before = list(PastReceipt.objects.values()), list(PastReceiptLine.objects.values())
    again = checked(cast.zerno, ROWS)
    found = work.told(again).found
    assert (found.fresh, found.same, found.refused) == (0, 4, 0)
    again = confirmed(again)
    with tenant(first.program_id):
        assert (list(PastReceipt.objects.values()), list(PastReceiptLine.objects.values())) == before
    assert taken_back(again).state == "undone"
    with tenant(first.program_id):
        assert PastReceipt.objects.count() == 4
    undone = taken_back(first)
    assert (undone.state, work.told(undone).undone) == ("undone", 4)
    with tenant(first.program_id):
        assert not PastReceipt.objects.exists()
        assert not PastReceiptLine.objects.exists()
    # And it can be loaded anew.
    confirmed(checked(cast.zerno, ROWS))
    with tenant(first.program_id):
        assert PastReceipt.objects.count() == 4


def test_lines_without_numbers_are_receipts_each(cast: Cast, story: TillStory) -> None:
    header = ("Дата", "Сумма")
    rows = [header, ("03.11.2025", "100"), ("03.11.2025", "100"), ("03.11.2025", "50")]
    confirmed(looked_through(cast.zerno, as_csv(rows)))
    again = looked_through(cast.zerno, as_csv(rows))
    assert work.told(again).found.same == 3
    with tenant(again.program_id):
        assert sorted(PastReceipt.objects.values_list("total", flat=True)) == [D(50), D(100), D(100)]


def test_every_broken_line_says_why_and_takes_its_receipt_along(cast: Cast, story: TillStory) -> None:
    rows = [
        ("1", "03.11.2025 09:15", "", "1", "а", "", "1", "100"),
        ("1", "03.11.2025 09:15", "", "2", "б", "", "0", "100"),
        ("2", "вчера", "", "1", "а", "", "1", "100"),
        ("2", "03.11.2025 09:20", "", "2", "б", "", "1", "50"),
        ("3", "03.11.2025 09:25", "", "1", "а", "", "1", "-100"),
        ("4", "03.11.2098 09:25", "", "1", "а", "", "1", "100"),
        ("5", "03.11.2025 09:30", "8.91612E+10", "1", "а", "", "1", "100"),
        ("6", "03.11.2025 09:35", "89161234567", "1", "а", "", "1", "100"),
        ("6", "03.11.2025 09:36", "89160000001", "1", "а", "", "1", "100"),
        ("7", "03.11.2025 09:35", "89160000002", "1", "а", "", "1", "100"),
        ("8", "03.11.2025 09:35", "89161234567", "1", "а", "", "1", ""),
        ("9", "03.11.2025 09:45", "89161234567", "1", "а", "", "1", "100"),
    ]
    one = checked(cast.zerno, rows, unknown=Unknown.REFUSE)
    assert whys(one) == {
        2: "другая строка этого чека отклонена, строка 3: чек загружается целиком",
        3: "«0»: ничего не продано",
        4: "«вчера» — не дата: пишите 31.12.2026 18:05",
        5: "другая строка этого чека отклонена, строка 4: чек загружается целиком",
        6: "«-100» меньше нуля: возвраты не загружаются",
        7: "«03.11.2098 09:25» ещё не наступило",
        8: whys(one)[8],
        9: "чек «6»: строки разных клиентов за один день — укажите столбец с кассой",
        10: "чек «6»: строки разных клиентов за один день — укажите столбец с кассой",
        11: "клиент с «+79160000002» неизвестен: сначала загрузите клиентскую базу",
        12: "пусто",
    }
    assert "превратила таблица" in whys(one)[8]
    assert work.told(one).found.fresh == 1
    with tenant(one.program_id), reports.refused_file(one, "csv") as file:
        refused = file.read().decode("utf-8-sig")
    # Corrected and loaded again, it brings what it lacked, and now the receipt of somebody unknown, too.
    corrected = refused.replace("вчера", "03.11.2025 09:20").replace(";0;100;", ";1;100;")
    again = confirmed(looked_through(cast.zerno, io.BytesIO(corrected.encode())))
    assert work.told(again).found.fresh == 3


def test_outlets_tills_and_receipts_that_were_sold_here(cast: Cast, story: TillStory) -> None:
    zerno = cast.zerno
    with tenant(story.program_id):
        station = Outlet.objects.create(program=zerno.program, merchant=zerno.merchant, name="Вокзал", code="station")
        story.sell(None, "100.00", receipt="77")
        today = story.now.astimezone(dt.timezone(dt.timedelta(hours=3)))
    header = ("Номер чека", "Дата", "Точка", "Касса", "Сумма")
    rows = [
        header,
        ("1", "03.11.2025", "вокзал", "1", "100"),
        ("1", "03.11.2025", "Вокзал", "2", "70"),
        ("1", "03.11.2025", zerno.outlet.code, "1", "50"),
        ("3", "03.11.2025", "Луна", "1", "50"),
        ("2", "03.11.2025", "", "1", "50"),
        ("77", f"{today:%d.%m.%Y}", zerno.outlet.name, "", "100"),
    ]
    one = looked_through(zerno, as_xlsx(rows))
    said = whys(one)
    assert set(said) == {5, 6, 7}
    assert "Вокзал" in said[5]
    assert said[7] == "чек «77» за этот день уже пробит в Копилке"
    again = looked_through(zerno, as_xlsx(rows), outlet=station.pk)
    assert set(whys(again)) == {5, 7}
    confirmed(again)
    with tenant(story.program_id):
        found = PastReceipt.objects.order_by("pk").values_list("outlet", "total")
        assert list(found) == [(station.pk, D(100)), (station.pk, D(70)), (zerno.outlet.pk, D(50)), (station.pk, D(50))]


def test_merging_and_erasing_take_them_along(cast: Cast, story: TillStory) -> None:
    now = timezone.now()
    one = confirmed(checked(cast.zerno, ROWS))
    with tenant(one.program_id):
        anna = enrolled(cast.zerno, "Анна", "+79169999999", now)
        account = Account.objects.exclude(pk=anna.account_id).get()
        twin = Client.objects.create(program=cast.zerno.program, account=account, name="Анна", phone="+79161234567")
        made = merging.merge(keep=anna, drop=twin, now=now, by=cast.zerno.owner)
        assert PastReceipt.objects.filter(account=anna.account_id).count() == 2
        merging.unmerge(merge=made, now=now, by=cast.zerno.owner)
        twin = Client.objects.get(phone="+79161234567")
        assert PastReceipt.objects.filter(account=twin.account_id).count() == 2
        [section] = [one for one in SECTIONS if one.key == "past_receipts"]
        assert [row[-1] for row in section.rows(asked_by(twin, now=now))] == [D(440), D(180), D("1220.50")]
        erasing.erase(client=twin, merchant=cast.zerno.merchant, source="staff", now=now, by=cast.zerno.owner)
        assert not ReceiptImportLine.objects.exclude(client=None).filter(client="+79161234567").exists()
        assert PastReceipt.objects.count() == 4
    books_are_sound(one.program_id)


def test_a_base_is_not_taken_back_under_receipts(cast: Cast, story: TillStory) -> None:
    base = loaded(cast.zerno, as_csv([("Имя", "Телефон"), ("Борис", "+79160000000")]))
    receipts = confirmed(checked(cast.zerno, ROWS))
    undone = taken_back(base)
    with tenant(base.program_id):
        assert Client.objects.filter(name="Борис").exists()
    assert counting.told(undone).left == 1
    taken_back(receipts)
    with tenant(base.program_id):
        assert not PastReceipt.objects.exists()


def test_the_page_of_the_back_test_knows_what_a_file_brought(cast: Cast, story: TillStory, client: Browser) -> None:
    confirmed(checked(cast.zerno, ROWS))
    client.force_login(cast.zerno.owner)
    new = client.get(reverse("backtest_new", args=[cast.zerno.merchant.pk])).content.decode()
    assert "4 чека из прежней системы" in new
    since, until = dt.datetime(2025, 11, 1, tzinfo=dt.UTC), timezone.now()
    with tenant(story.program_id):
        draft = rulebook_of(story.program_id, 1)
        one = back_tests.ask(
            merchant=cast.zerno.merchant,
            rulebook=draft,
            live=1,
            since=since,
            until=until,
            margin=None,
            by=cast.zerno.owner,
            now=until,
        )
    assert back_tests.run_due(clock=timezone.now) == 1
    with tenant(story.program_id):
        one = BackTest.objects.get(pk=one.pk)
        assert (one.state, one.receipts, one.loaded) == ("done", 4, 4)
    report = client.get(reverse("backtest", args=[cast.zerno.merchant.pk, one.pk])).content.decode()
    assert "4 чека загружены из файла" in report


def test_what_was_earned_in_the_past_is_not_brought_along_again(cast: Cast, story: TillStory) -> None:
    """Boris came with 500 points, and his receipts of then came, too: in a back test of them he earns these anew."""
    loaded(cast.zerno, as_csv([("Имя", "Телефон", "Баллы"), ("Борис", "+79160000000", "500")]))
    confirmed(checked(cast.zerno, ROWS))
    until = timezone.now() + dt.timedelta(seconds=1)
    with tenant(story.program_id):
        past = Past(story.program_id)
        calendar = rulebook_of(story.program_id, 1).calendar

        def kinds(since: dt.datetime) -> list[str]:
            history = History(story.program_id, calendar, since=since, until=until)
            return [type(event).__name__ for event in history.events(past.welcomes)]

        lived = kinds(dt.datetime(2025, 11, 1, tzinfo=dt.UTC))
        assert lived == ["Joined", "Receipt", "Receipt", "Receipt", "Joined", "Receipt"]
        assert "ByHand" in kinds(until - dt.timedelta(days=1))


def test_a_worker_that_dies_leaves_whole_receipts(
    cast: Cast, story: TillStory, monkeypatch: pytest.MonkeyPatch, transactional_db: None
) -> None:
    rows = [(str(n // 3), f"{n // 300 + 1:02}.10.2025", "", f"{n}", "т", "", "1", "10") for n in range(600)]
    one = checked(cast.zerno, rows)
    with tenant(one.program_id):
        jobs.load(one=one, by="test", now=timezone.now())
    monkeypatch.setattr(work, "CHUNK", 40)
    chosen, move, deaths, later = random.Random(5), Keeper.move, 0, timezone.now()

    def dying(keeper: Keeper, mark: int) -> None:
        if chosen.random() < 0.2:
            raise Killed
        move(keeper, mark)

    def until(state: str) -> int:
        nonlocal later
        died = 0
        while fresh(one).state != state:
            later += dt.timedelta(minutes=3)
            try:
                working.run_due(clock=partial(dt.datetime.fromisoformat, later.isoformat()))
            except Killed:
                died += 1
            assert died < 200
        return died

    read = receipts_staging.sql_of

    def dying_after(name: str) -> str:
        if name == "counts" and chosen.random() < 0.5:
            raise Killed
        return read(name)

    monkeypatch.setattr(Keeper, "move", dying)
    monkeypatch.setattr(receipts_staging, "sql_of", dying_after)
    deaths = until("done")
    assert deaths > 2
    with tenant(one.program_id):
        assert PastReceipt.objects.count() == 200
        assert PastReceiptLine.objects.count() == 600
        assert {r.total for r in PastReceipt.objects.all()} == {D(30)}
        jobs.take_back(one=one, by="test", now=timezone.now())
    assert until("undone") > 0
    with tenant(one.program_id):
        assert not PastReceipt.objects.exists()
        assert not PastReceiptLine.objects.exists()


def test_the_pages(cast: Cast, story: TillStory, client: Browser) -> None:
    zerno = cast.zerno
    client.force_login(zerno.owner)
    listed = reverse("receipt_imports", args=[zerno.merchant.pk])
    assert "Загрузить чеки" in client.get(listed).content.decode()
    for kind in ("csv", "xlsx"):
        content = client.get(reverse("receipt_import_sample", args=[zerno.merchant.pk, kind])).content
        assert looked_through(zerno, io.BytesIO(content)).columns[0] == "receipt"
    file = SimpleUploadedFile(
        "чеки.csv", as_csv([("Прошлый год",), ("Номер чека", *HEADER[1:]), *ROWS], encoding="koi8-r").getvalue()
    )
    answer = client.post(listed, {"file": file}, follow=True)
    with tenant(story.program_id):
        one = ClientImport.objects.latest("pk")
    assert one.columns == ["receipt", "at", "client", "sku", "product", "category", "quantity", "amount"]
    assert "Чеки клиентов, которых у вас нет" in answer.content.decode()
    columns = reverse("client_import_columns", args=[zerno.merchant.pk, one.pk])
    chosen = {f"column{n}": column for n, column in enumerate(one.columns)}
    for lacking, said in (("column1", "в каком столбце дата"), ("column7", "в каком столбце сумма")):
        assert said in client.post(columns, {**chosen, lacking: "", "unknown": "anonymous"}).content.decode()
    client.post(columns, {**chosen, "unknown": "anonymous"})
    working.run_due(clock=timezone.now)
    url = reverse("client_import", args=[zerno.merchant.pk, one.pk])
    said = client.get(url).content.decode()
    for expected in ("Новых чеков", "03.11.2025", "неизвестен: чек загрузится без клиента"):
        assert expected in said
    load = reverse("client_import_load", args=[zerno.merchant.pk, one.pk])
    assert "Загрузить чеки?" in client.get(load).content.decode()
    client.post(load)
    working.run_due(clock=timezone.now)
    assert "Что сделал файл" in client.get(url).content.decode()
    assert "Капучино" in client.get(url, {"show": "fresh"}).content.decode()
    undo = reverse("client_import_undo", args=[zerno.merchant.pk, one.pk])
    assert "Отменить загрузку чеков?" in client.get(undo).content.decode()
    assert "чеки.csv" in client.get(listed).content.decode()
    assert "чеки.csv" not in client.get(reverse("client_imports", args=[zerno.merchant.pk])).content.decode()
    # The next file of these columns is understood as this one was.
    with tenant(story.program_id):
        acts = set(AuditRecord.objects.filter(object_type="clientimport").values_list("action", flat=True))
    assert {"receipt_import.checked", "receipt_import.confirmed", "receipt_import.loaded"} <= acts
