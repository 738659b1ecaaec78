"""A back test on the receipts of a file: in any shape, nothing lost silently, nobody's phone kept."""

from __future__ import annotations

import csv
import datetime as dt
import gzip
import io
from decimal import Decimal as D
from zoneinfo import ZoneInfo

import pytest
from django.utils import translation

from loyalty import programs
from loyalty.backtest import csv_file, running
from loyalty.backtest.csv_file import Refused, Sold, keep, moment, read
from loyalty.backtest.file_history import FileHistory, outlets_of
from loyalty.engine.rulebook import load
from loyalty.sheets import BadCell, UnreadableError
from merchants.access import tenant
from tests.cast import Cast

MOSCOW = ZoneInfo("Europe/Moscow")
HEAD = "Номер чека;Дата и время;Клиент;Точка;Артикул;Категория;Количество;Сумма\n"
RECEIPTS = (
    HEAD + "1;01.03.2026 10:00;+7 916 123-45-67;;A;Кофе;2;1 000,00\n"
    "1;01.03.2026 10:00;+7 916 123-45-67;;B;;1;500\n"
    "2;02.03.2026 11:30;8 (916) 123-45-67;;A;Кофе;1;500\n"
    "2;02.03.2026 11:40;77;;A;Кофе;1;200\n"
    "3;03.03.2026 12:00;;;A;Кофе;1;100\n"
)


def lines_of(text: str | bytes) -> list[Sold | Refused]:
    upload = keep(io.BytesIO(text.encode() if isinstance(text, str) else text))
    return list(read(upload.content, upload.columns, zone="Europe/Moscow", digits=2))


def sold(text: str | bytes) -> list[Sold]:
    return [line for line in lines_of(text) if isinstance(line, Sold)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1251", "utf-16"])
@pytest.mark.parametrize("separator", [";", ",", "\t"])
def test_any_encoding_and_separator(encoding: str, separator: str) -> None:
    out = io.StringIO()
    csv.writer(out, delimiter=separator).writerows(
        [["Дата", "Время", "Сумма", "Категория"], ["31.12.2026", "18:05", "1 234,50", "Еда > Чай"]]
    )
    (line,) = sold(out.getvalue().encode(encoding))
    assert (line.at, line.amount, line.category) == (
        dt.datetime(2026, 12, 31, 15, 5, tzinfo=dt.UTC),
        D("1234.50"),
        "Чай",
    )
    assert (line.quantity, line.price, line.row) == (1, D("1234.50"), 2)


@pytest.mark.parametrize(
    ("date", "time", "expected"),
    [
        ("31.12.2026 18:05", "", "2026-12-31T18:05"),
        ("31.12.26 18:05:59", "", "2026-12-31T18:05:59"),
        ("31.12.2026", "9:07", "2026-12-31T09:07"),
        ("31.12.2026", "", "2026-12-31T12:00"),
        ("2026-12-31 18:05", "", "2026-12-31T18:05"),
        ("2026-12-31", "18:05", "2026-12-31T18:05"),
        ("2026-12-31T15:05:00Z", "", "2026-12-31T18:05"),
    ],
)
def test_dates_as_they_are_written(date: str, time: str, expected: str) -> None:
    assert moment(date, time, MOSCOW) == dt.datetime.fromisoformat(expected).replace(tzinfo=MOSCOW)


@pytest.mark.parametrize("date", ["31.02.2026 10:00", "вчера", "12/31/2026", "31.12.2026 25:00", "01.01.0026"])
def test_what_is_no_date_is_refused(date: str) -> None:
    with pytest.raises(BadCell):
        moment(date, "", MOSCOW)


def test_bad_lines_are_told_by_line_and_column() -> None:
    rows = [
        "1;вчера;;;;;1;100",
        "2;01.03.2026;;;;;1;-5",
        "3;01.03.2026;;;;;1;сто",
        "4;01.03.2026;;;;;0;10",
        "5;01.03.2026;;;;;1;",
        "6;01.03.2026;;;;;1;10",
    ]
    *bad, good = lines_of(HEAD + "\n" + "\n".join(rows) + "\n")
    assert isinstance(good, Sold)
    assert good.row == 8  # the empty line counts, as in a spreadsheet
    with translation.override("ru"):
        told = [f"{one.row} {one.title}: {one.why}" for one in bad if isinstance(one, Refused)]
    assert told == [
        "3 Дата: «вчера» — не дата: пишите 31.12.2026 18:05",
        "4 Сумма: «-5» меньше нуля: возвраты не проверяются",
        "5 Сумма: «сто» — не число",
        "6 Количество: «0»: ничего не продано",
        "7 Сумма: пусто",
    ]


@pytest.mark.parametrize(
    "content", [b"", b"PK\x03\x04zip", "Артикул;Цена\nA;5\n".encode(), HEAD.encode(), b'a;b\n"never closed']
)
def test_what_is_no_file_of_receipts_is_said_at_once(content: bytes) -> None:
    with pytest.raises(UnreadableError):
        keep(io.BytesIO(content))


def test_too_much_is_said_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_file, "MOST_ROWS", 2)
    with pytest.raises(UnreadableError):
        keep(io.BytesIO(RECEIPTS.encode()))
    monkeypatch.setattr(csv_file, "LARGEST", 20)
    with pytest.raises(UnreadableError):
        keep(io.BytesIO(RECEIPTS.encode()))


def test_nobody_is_known_by_what_is_kept() -> None:
    """However the phone is written, the client is one; the phone and the columns that nobody needs are gone."""
    text = "Дата;Сумма;Телефон;ФИО\n01.03.2026;5;+7 916 123-45-67;Иванов\n01.03.2026;5;89161234567;Иванов\n"
    upload = keep(io.BytesIO(text.encode()))
    one, two = read(upload.content, upload.columns, zone="Europe/Moscow", digits=2)
    assert isinstance(one, Sold)
    assert isinstance(two, Sold)
    assert one.client == two.client
    plain = gzip.decompress(upload.content).decode()
    assert "1234567" not in plain
    assert "Иванов" not in plain
    assert upload.unused == ["ФИО"]


def test_the_sample_can_be_taken_as_it_is() -> None:
    assert len(sold(csv_file.SAMPLE)) == 4


@pytest.mark.parametrize(("spend", "redeemed"), [(True, D(-50)), (False, D(0))])
def test_the_receipts_of_a_file_under_two_sets_of_rules(cast: Cast, spend: bool, redeemed: D) -> None:
    program = cast.zerno.program
    tier = {"id": "base", "title": "Базовый", "earn_percent": "5"}
    spending = {"max_percent": "10", "confirm": []}
    with tenant(program.pk):
        version = programs.publish(
            program=program,
            document={"tiers": [tier], "spending": spending},
            now=dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
            by=cast.zerno.owner,
        )
        draft = load({**version.document, "tiers": [{**tier, "earn_percent": "10"}]})
        upload = keep(io.BytesIO((RECEIPTS + "4;нет;;;A;;1;5\n").encode("cp1251")))
        reports = []
        for _n in range(2):
            with FileHistory(
                upload.content, upload.columns, draft, outlets=outlets_of(program.pk), spend=spend
            ) as source:
                reports.append(running.run_on(source, draft, program_id=program.pk, live=version.number))
                facts = source.facts
    assert reports[0] == reports[1]
    assert (facts.lines, facts.receipts, facts.clients, facts.refused) == (5, 4, 2, 1)
    live, after = reports[0]["live"]["sums"], reports[0]["draft"]["sums"]
    assert (live["receipts"], live["with_client"], D(live["total"])) == (4, 3, D(2300))
    # 1500 ₽ of the first client at once, 500 ₽ later: 10 % of them at most may be paid by points.
    assert D(after["redeem"]) == redeemed
    if not spend:
        assert (D(live["earn"]), D(after["earn"])) == (D(110), D(220))
        assert [row[0] for row in reports[0]["winners"]] == [2, 5]
