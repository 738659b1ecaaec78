"""Broken rows: in four encodings, a twentieth of a base; each is told, the others are loaded in one go."""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Mapping

import pytest
import tablib
from django.db import connection
from django.utils import timezone

from clients.imports import counting, reports
from clients.imports.choices import Choices, rules_at
from clients.imports.resource import ClientResource
from clients.models import Client, ClientImport, Consent
from loyalty.models import Account, BroughtAlong, Card, Entry, Lot
from merchants.access import tenant
from tests.cast import Cast
from tests.clients.imports.files import as_csv, as_xlsx, books_are_sound, checked, confirmed, loaded, whys
from tests.clients.imports.test_loading import RULES
from tests.loyalty.shop import TillStory

HEADER = ["Фамилия", "Имя", "Мобильный телефон", "Почта", "ДР", "Бонусы", "Сгорание", "Уровень", "Карта", "Рассылка"]
NAMES = ["Анна", "Борис", "Вера", "Глеб", "Дарья", "Егор", "Жанна"]
# What is broken: the cell's place, what stands there, and what is said of it.
FAULTS: list[tuple[int, str, str]] = [
    (2, "8.91612E+10", "Телефон: «8.91612E+10» — не номер, а то, во что его превратила таблица"),
    (2, "89161", "Телефон: «89161» — не номер телефона"),
    (2, "", "нет ни телефона, ни номера карты"),
    (2, "89160000001", "Телефон: номер «+79160000001» уже был в строке 5"),
    (3, "anna@", "Электронная почта: «anna@» — не адрес e-mail"),
    (4, "31.02.1990", "День рождения: «31.02.1990» — не дата"),
    (4, "31.12.2090", "День рождения: «31.12.2090» ещё не наступило"),
    (5, "семь", "Баллы (остаток): «семь»"),
    (5, "-5", "Баллы (остаток): «-5»"),
    (5, "12,5", "Баллы (остаток): у «12,5» слишком много знаков"),
    (6, "01.01.2020", "Баллы сгорят: «01.01.2020» уже прошло"),
    (7, "Платина", "Уровень: в правилах нет уровня «Платина»; есть: Гость, Золото"),
    (8, "1", "Номер карты: «1» — не номер карты"),
    (8, "КАРТА-0", "Номер карты: карта «КАРТА-0» уже была в строке 4"),
    (9, "может быть", "Согласие на рассылку: «может быть»"),
    (1, "А" * 121, "Имя: длиннее"),
]


@pytest.fixture
def story(cast: Cast) -> TillStory:
    story = TillStory(cast.zerno, timezone.now())
    with tenant(story.program_id):
        story.publish(RULES)
    return story


def base(count: int) -> tuple[list[list[str]], dict[int, str]]:
    """Rows, every twentieth broken; and what should be said, by row (the names of columns stand in row 3)."""
    chosen, said = random.Random(1), {}
    rows = [["Выгрузка клиентов; ООО Зерно"], [], HEADER]
    for n in range(count):
        phone = f"8 (916) {n:03}-{n // 100:02}-{n % 100:02}" if n != 1 else "+7 916 000 00 01"
        row = ["Ёлкина", chosen.choice(NAMES), phone, f"c{n}@example.org", "31.12.1990", "1 234", "", "", "", "да"]
        if n == 0:
            row[8] = "КАРТА-0"
        if n >= 20 and n % 20 == 0:
            place, text, why = FAULTS[n // 20 % len(FAULTS)]
            row[place] = text
            said[len(rows) + 1] = why
        rows.append(row)
    return rows, said


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1251", "koi8-r"])
def test_every_broken_row_is_explained(cast: Cast, story: TillStory, encoding: str) -> None:
    rows, said = base(420)
    one = checked(cast.zerno, as_csv(rows, encoding=encoding))
    assert one.layout["encoding"] == {"utf-8": "utf-8-sig"}.get(encoding, encoding)
    found = whys(one)
    assert found.keys() == said.keys()
    assert [row for row, why in said.items() if why not in found[row]] == [], found
    one = confirmed(one)
    counts = counting.told(one).found
    assert (one.state, counts.fresh, counts.refused) == ("done", 400, 20)
    with tenant(story.program_id):
        assert Client.objects.count() == 400
    books_are_sound(story.program_id)


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_the_file_of_refused_lines_is_corrected_and_loaded(cast: Cast, story: TillStory, kind: str) -> None:
    rows, said = base(120)
    one = loaded(cast.zerno, as_csv(rows, encoding="cp1251"))
    with tenant(story.program_id), reports.refused_file(one, kind) as file:
        content = file.read()
    if kind == "xlsx":
        sheet = tablib.Dataset().load(content, format="xlsx")
        lines = [sheet.headers, *(["" if cell is None else str(cell) for cell in row] for row in sheet)]
    else:
        lines = list(csv.reader(io.StringIO(content.decode("utf-8-sig")), delimiter=";"))
    assert len(lines) == len(said) + 1
    assert lines[0] == [*HEADER, "Почему не загружено"]
    assert "Телефон" in lines[1][-1] or lines[1][-1]
    again = checked(cast.zerno, as_xlsx(lines) if kind == "xlsx" else as_csv(lines))
    # A line that repeats another is as good as any where it stands alone.
    found = counting.told(again).found
    assert (found.refused, found.same) == (len(said) - 1, 1)
    good = {2: "8916900{:04}", 3: "", 4: "", 5: "1", 6: "", 7: "", 8: "", 9: "", 1: "Имя"}
    for n, line in enumerate(lines[1:]):
        for place, text in good.items():
            line[place] = text.format(n)
    mended = loaded(cast.zerno, as_xlsx(lines) if kind == "xlsx" else as_csv(lines))
    assert counting.told(mended).found.fresh == len(said)
    with tenant(story.program_id):
        assert Client.objects.count() == 120
    books_are_sound(story.program_id)


def test_who_invited_whom(cast: Cast, story: TillStory) -> None:
    rows = [
        ("Имя", "Телефон", "Кто пригласил"),
        ("Один", "89160000001", "89160000002"),
        ("Два", "89160000002", "89160000003"),
        ("Три", "89160000003", "89160000001"),
        ("Сам", "89160000004", "89160000004"),
        ("За кругом", "89160000005", "89160000001"),
        ("Никто", "89160000006", "89169999999"),
        ("Хорошо", "89160000007", "89160000006"),
    ]
    one = loaded(cast.zerno, as_csv(rows))
    found = whys(one)
    assert set(found) == {2, 3, 4, 5, 6, 7}
    assert "по цепочке" in found[3]
    assert "сам себя" in found[5]
    assert "нет ни среди клиентов" in found[7]
    with tenant(story.program_id):
        assert [account.client.name for account in Account.objects.filter(referrer__isnull=False)] == ["Хорошо"]


def test_row_by_row_writes_the_same(cast: Cast, story: TillStory) -> None:
    """django-import-export with our widgets, and the path for big files."""
    columns = (
        *("surname", "name", "phone", "email", "birthday", "points", "expires", "tier", "card", "advertising"),
        *("spent", "visits", "tags", "note", "joined"),
    )
    chosen = random.Random(7)
    rows = [
        (
            *("Ким", chosen.choice(NAMES), f"8916{n:07}", f"c{n}@example.org", "31.12.1990", str(n % 5 * 100)),
            *(chosen.choice(["", "31.12.2030"]), chosen.choice(["", "Золото"]), f"К-{n}", chosen.choice(["да", "нет"])),
            *(chosen.choice(["", "60 000", "500,50"]), str(n % 3), "кофе, vip", "заметка"),
            chosen.choice(["", "01.02.2020"]),
        )
        for n in range(40)
    ]
    choices = Choices(all_consented=True)
    one = loaded(cast.zerno, as_csv([columns, *rows]), choices)
    with tenant(story.program_id):
        bulk = picture(one)
        empty(story.program_id)
        rules = rules_at(story.program_id, timezone.now())
        resource = ClientResource(one=one, choices=choices, rules=rules)
        data = tablib.Dataset(*rows, headers=columns)
        result = resource.import_data(data, use_transactions=True, raise_errors=True)
        assert result.totals["new"] == 40
        assert picture(one) == bulk
        again = resource.import_data(data, use_transactions=True, raise_errors=True)
        assert again.totals["skip"] == 40
        broken = tablib.Dataset(("Ким", "8.9E+10", "Платина"), headers=["name", "phone", "tier"])
        [wrong] = resource.import_data(broken).invalid_rows
        assert "превратила таблица" in str(wrong.error_dict)
    books_are_sound(story.program_id)


def empty(program_id: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "TRUNCATE clients_consent, clients_client, loyalty_card, loyalty_lot, loyalty_entry, loyalty_broughtalong,"
            " loyalty_account CASCADE"
        )


def picture(one: ClientImport) -> Mapping[str, object]:
    """Everything by the client's phone, without keys and the moment of loading."""
    found: dict[str, object] = {}
    for client in Client.objects.select_related("account").order_by("phone"):
        account = client.account
        facts = [
            *(client.name, client.email, client.birthday, client.note, account.birthday, account.tags, account.spent),
            *(account.visits, account.purchases, account.tier, account.manual_tier, account.points, account.debt),
            account.first_purchase_at if account.created_at < one.created_at else None,
            client.created_at if account.created_at < one.created_at else None,
        ]
        cards = Card.objects.filter(account=account).order_by("number").exclude(kind="virtual")
        lots = Lot.objects.filter(account=account).values_list("amount", "rest", "expires_at", "rule", "merchant_id")
        entries = Entry.objects.filter(account=account).values_list("kind", "points", "balance_after", "rule", "actor")
        consents = Consent.objects.filter(client=client).order_by("kind").values_list("kind", "given", "source")
        brought = BroughtAlong.objects.filter(account=account).values_list("spent", "visits", "purchases")
        found[str(client.phone)] = (
            facts,
            list(cards.values_list("kind", "number", "status")),
            *(list(lots), list(entries), list(consents), list(brought)),
        )
    assert len(found) == 40
    return found
