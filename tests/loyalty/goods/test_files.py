"""Files as shops send them, and as nobody should: what is read, what is refused and why."""

from __future__ import annotations

import gzip
import io
from decimal import Decimal as D

import pytest
from django.utils import translation

from loyalty.goods import reading
from loyalty.goods.reading import Contents, Good, read
from loyalty.pages.goods.samples import SAMPLES
from loyalty.sheets import UnreadableError

HEADER = "Артикул;Название;Категория;Бренд;Цена;Мин. цена;Начислять;Списывать;Скидка\n"


def opened(content: str | bytes, encoding: str = "utf-8") -> Contents:
    return read(io.BytesIO(content.encode(encoding) if isinstance(content, str) else content), digits=2)


def refusals(contents: Contents) -> list[tuple[int, str, str]]:
    return [(one.row, one.column, one.code) for one in contents.problems]


def refused(content: str | bytes) -> str:
    with pytest.raises(UnreadableError) as error, translation.override("ru"):
        opened(content)
    return str(error.value)


# ---------------------------------------------------------------- CSV


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1251", "utf-16"])
@pytest.mark.parametrize("separator", [";", ",", "\t"])
def test_the_usual_tables(encoding: str, separator: str) -> None:
    rows = [["Код", "Наименование", "Группа", "Цена", "Начислять"], ["00123", "Чай «Эрл Грей»", "Чай", "199", "нет"]]
    contents = opened("\r\n".join(separator.join(row) for row in rows), encoding)
    assert contents.columns == ["sku", "name", "category", "price", "earn"]
    assert contents.goods == [Good(2, "00123", "Чай «Эрл Грей»", "Чай", price=D(199), earn=False)]


def test_english_names_and_quotes() -> None:
    contents = opened('sku,name,vendor,price\n"1","Tea, ""black""",Ahmad,"1,234.50"\n')
    assert contents.goods == [Good(2, "1", 'Tea, "black"', brand="Ahmad", price=D("1234.50"))]


def test_the_better_of_two_headers_counts() -> None:
    contents = opened("Код;Артикул;Название;Остаток\n17;A-1;Чай;5\n")
    assert contents.goods[0].sku == "A-1"
    assert contents.unused == ["Код", "Остаток"]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("", None),
        ("0", D(0)),
        ("1 234,50 ₽", D("1234.50")),
        ("1\u00a0234.5", D("1234.50")),
        ("1.234,50", D("1234.50")),
        ("99,90 руб.", D("99.90")),
        ("12,500", D("12.50")),
        ("999999999999,99", D("999999999999.99")),
    ],
)
def test_prices(written: str, meant: D | None) -> None:
    assert opened(f"Артикул;Название;Цена\n1;Чай;{written}\n").goods[0].price == meant


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("-5", "negative"),
        ("дорого", "not_a_price"),
        ("NaN", "not_a_price"),
        ("Infinity", "not_a_price"),
        ("1e5", "not_a_price"),
        ("١٢", "not_a_price"),
        ("1,2,3", "not_a_price"),
        ("1,999", "too_fine"),
        ("9999999999999", "too_large"),
        ("9" * 5000, "too_large"),
    ],
)
def test_no_prices(written: str, code: str) -> None:
    contents = opened(f"Артикул;Название;Цена\n1;Чай;{written}\n2;Кофе;5\n")
    assert refusals(contents) == [(2, "price", code)]
    assert contents.refused == 1
    assert [good.sku for good in contents.goods] == ["2"]


@pytest.mark.parametrize("written", ["1.00E+05", "4,60705E+12", "1E+05", "1e+5"])
def test_skus_that_excel_has_eaten(written: str) -> None:
    contents = opened(f"Артикул;Название\n{written};Чай\n")
    assert refusals(contents) == [(2, "sku", "excel_number")]
    with translation.override("ru"):
        assert written in contents.problems[0].why
        assert "текст" in contents.problems[0].why


@pytest.mark.parametrize(
    ("written", "sku"), [("000", "000"), ("007", "007"), ('"=""00123"""', "00123"), ("1E5", "1E5")]
)
def test_skus_stay_as_they_are(written: str, sku: str) -> None:
    assert [good.sku for good in opened(f"Артикул;Название\n{written};Чай\n").goods] == [sku]


def test_each_line_says_what_is_wrong() -> None:
    lines = [
        "1;Чай;Чай;;100;;да;да;да",
        "1;Чай снова;Чай;;100;;;;",  # repeated
        ";Без артикула;;;;;;;",
        "4;;;;;;;;",  # no name
        f"5;{'я' * 12_000};;;;;;;",
        "6;Кофе;;;;;может быть;;",
        "7;Торт;;;100;200;;;",  # taken, with a question
        "",
        f"{'9' * 65};Длинный;;;;;;;",
        f"10;Кекс;{'к' * 121};{'б' * 121};;;;;",
    ]
    contents = opened(HEADER + "\n".join(lines))
    assert refusals(contents) == [
        (3, "sku", "repeated"),
        (4, "sku", "empty"),
        (5, "name", "empty"),
        (6, "name", "too_long"),
        (7, "earn", "not_yes_or_no"),
        (8, "min_price", "above_price"),
        (10, "sku", "too_long"),
        (11, "category", "too_long"),
        (11, "brand", "too_long"),
    ]
    assert contents.refused == 7
    assert [good.sku for good in contents.goods] == ["1", "7"]
    assert all(len(problem.value) <= 61 for problem in contents.problems)


def test_a_short_line_has_empty_cells() -> None:
    assert opened(HEADER + "1;Чай").goods == [Good(2, "1", "Чай")]


def test_control_characters_are_no_part_of_a_name() -> None:
    assert opened("sku,name\n1,Чай\x07\u200bчёрный\n").goods[0].name == "Чай чёрный"


def test_a_category_may_be_a_path() -> None:
    contents = opened("sku,name,category\n1,Чай,Продукты > Напитки>Чай\n2,Ложка,Ложки\n")
    assert [good.category for good in contents.goods] == ["Чай", "Ложки"]
    assert contents.parents == {"Продукты": "", "Напитки": "Продукты", "Чай": "Напитки"}


@pytest.mark.parametrize("content", ["", "  \n\n", b"\xef\xbb\xbf"])
def test_nothing_to_read(content: str | bytes) -> None:
    assert refused(content)


def test_a_header_that_says_too_little() -> None:
    said = refused("Название;Цена\nЧай;5\n")
    assert "Артикул" in said
    assert "Цена" in said


def test_other_kinds_of_files() -> None:
    assert "CSV" in refused(b"PK\x03\x04\x00\x00\x00" + bytes(1000))
    assert "строк" in refused('sku,name\n1,"' + "x" * 200_000)
    assert refused(";" * 300 + "\n")


def test_too_many_goods(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MOST_GOODS", 3)
    assert "3" in refused("sku,name\n" + "\n".join(f"{n},Чай" for n in range(5)))


def test_only_the_first_problems_are_kept() -> None:
    contents = opened("sku,name\n" + "\n".join(f"{n}," for n in range(1000)))
    assert contents.refused == 1000
    assert len(contents.problems) == reading.MOST_PROBLEMS


def test_packed_files(monkeypatch: pytest.MonkeyPatch) -> None:
    assert opened(gzip.compress(b"sku,name\n1,Tea\n")).goods == [Good(2, "1", "Tea")]
    assert refused(gzip.compress(b"sku,name\n1,Tea\n")[:-9])
    assert refused(b"\x1f\x8bnonsense")
    monkeypatch.setattr(reading, "LARGEST_CSV", 1_000_000)
    assert refused(gzip.compress(b"sku,name\n" + b"1,Tea\n" * 1_000_000))


# ---------------------------------------------------------------- YML

YML = """<?xml version="1.0" encoding="{encoding}"?>
<!DOCTYPE yml_catalog SYSTEM "shops.dtd">
<yml_catalog date="2026-11-22"><shop><name>Зерно</name>
<categories><category id="1">Еда</category><category id="2" parentId="1">Чай &amp; кофе</category></categories>
<offers>
<offer id="7"><name>Чай</name><price>199.5</price><categoryId>2</categoryId><vendor>Ahmad</vendor></offer>
<offer id="8" available="false"><typePrefix>Кофе</typePrefix><vendor>Illy</vendor><model>Classico</model>
  <shop-sku>00008</shop-sku><description><![CDATA[<b>вкусно</b>]]></description><categoryId>99</categoryId></offer>
</offers></shop></yml_catalog>"""


@pytest.mark.parametrize("encoding", ["utf-8", "windows-1251"])
def test_yml(encoding: str) -> None:
    contents = opened(YML.format(encoding=encoding), encoding)
    assert contents.problems == []
    assert contents.columns == ["sku", "name", "category", "brand", "price"]
    assert [(good.sku, good.name, good.category, good.brand, good.price) for good in contents.goods] == [
        ("7", "Чай", "Чай & кофе", "Ahmad", D("199.50")),
        ("00008", "Кофе Illy Classico", "", "Illy", None),
    ]
    assert contents.parents == {"Еда": "", "Чай & кофе": "Еда"}
    assert contents.goods[0].row == 6


LAUGHS = """<?xml version="1.0"?>
<!DOCTYPE lolz [<!ENTITY lol "lol"><!ENTITY lol2 "&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;">]>
<yml_catalog><shop><offers><offer id="1"><name>&lol2;</name></offer></offers></shop></yml_catalog>"""
OUTSIDE = """<?xml version="1.0"?>
<!DOCTYPE x [<!ENTITY file SYSTEM "file:///etc/passwd">]>
<yml_catalog><shop><offers><offer id="1"><name>&file;</name></offer></offers></shop></yml_catalog>"""


@pytest.mark.parametrize("content", [LAUGHS, OUTSIDE, LAUGHS.replace("[<!E", "[ <!E")])
def test_entities_are_not_read(content: str) -> None:
    assert "сущност" in refused(content)


@pytest.mark.parametrize(
    "content",
    [
        "<yml_catalog><shop>",
        "<yml_catalog><shop><offers><offer id='1'><name>Чай</offers></shop></yml_catalog>",
        '<?xml version="1.0" encoding="no-such"?><a/>',
        "<html><body>Ошибка 500</body></html>",
        "<a>" * 1000,
        "<a>" * 100 + "</a>" * 100,
        '<a b="' + "x" * 3_000_000 + '"/>',
        b"<a>\xff\xfe\x00</a>",
    ],
)
def test_broken_xml(content: str | bytes) -> None:
    assert refused(content)


def test_a_long_name_is_refused_and_a_long_description_is_passed_over() -> None:
    offers = f"<offer id='1'><name>{'я' * 12_000}</name></offer>"
    offers += f"<offer id='2'><name>Чай</name><description>{'я' * 3_000_000}</description></offer><offer/>"
    contents = opened(f"<yml_catalog><shop><offers>{offers}</offers></shop></yml_catalog>")
    assert [good.sku for good in contents.goods] == ["2"]
    assert [(column, code) for _row, column, code in refusals(contents)] == [
        ("name", "too_long"),
        ("sku", "empty"),
        ("name", "empty"),
    ]


def test_one_name_in_two_sections_is_asked_about() -> None:
    tree = "<category id='1'>А</category><category id='2'>Б</category>"
    tree += "<category id='3' parentId='1'>Чай</category><category id='4' parentId='2'>Чай</category>"
    tree += "<category id='5' parentId='5'>Круг</category>"
    contents = opened(
        f"<yml_catalog><shop><categories>{tree}</categories>"
        "<offers><offer id='1'><name>Чай</name></offer></offers></shop></yml_catalog>"
    )
    assert refusals(contents) == [(0, "category", "two_parents")]
    assert contents.parents == {"А": "", "Б": "", "Чай": "А", "Круг": ""}


@pytest.mark.parametrize("kind", ["csv", "yml"])
def test_the_samples_are_good_files(kind: str) -> None:
    contents = opened(SAMPLES[kind][0])
    assert contents.problems == []
    assert contents.goods[0].sku == "00123"
    assert contents.unused == []
