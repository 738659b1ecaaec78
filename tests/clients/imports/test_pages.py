"""The pages: from an upload to clients and back, what forms refuse, who may, how many queries."""

from __future__ import annotations

import datetime as dt
import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client as Browser
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from clients.imports import jobs, working
from clients.models import Client, ClientImport, ClientImportLine, ClientImportPiece
from loyalty.models import Account
from merchants.access import tenant
from merchants.models import AuditRecord
from tests.cast import Cast, Shop
from tests.clients.imports.files import as_csv, checked, fresh, loaded, uploaded

ROWS = [
    ("ФИО", "Телефон", "Чудо-столбец", "Баллы"),
    ("Анна Ким", "8 916 123-45-67", "анна", "100"),
    ("Борис", "8.91612E+10", "борис", "50"),
]


@pytest.fixture
def owner(cast: Cast, client: Browser) -> Browser:
    client.force_login(cast.zerno.owner)
    return client


def page(browser: Browser, shop: Shop, name: str, *more: object) -> str:
    return browser.get(reverse(name, args=[shop.merchant.pk, *more])).content.decode()


def send(browser: Browser, shop: Shop, content: bytes, name: str = "база.csv") -> str:
    url = reverse("client_imports", args=[shop.merchant.pk])
    answer = browser.post(url, {"file": SimpleUploadedFile(name, content)}, follow=True)
    return answer.content.decode()


def columns(**more: str) -> dict[str, str]:
    chosen = {"column0": "name", "column1": "phone", "column2": "", "column3": "points"}
    return {**chosen, "existing": "skip", "expiry": "rules", **more}


def only(shop: Shop) -> ClientImport:
    with tenant(shop.program.pk):
        return ClientImport.objects.get()


def test_from_an_upload_to_clients_and_back(cast: Cast, owner: Browser) -> None:
    zerno = cast.zerno
    assert "Загрузить базу" in page(owner, zerno, "client_imports")
    content = as_csv(ROWS, encoding="cp1251").getvalue()
    sent = send(owner, zerno, content)
    for expected in ("Чудо-столбец", "анна", "Клиенты, которые у вас уже есть", "Windows-1251"):
        assert expected in sent
    one = only(zerno)
    assert one.columns == ["name", "phone", "", "points"]
    url = reverse("client_import_columns", args=[zerno.merchant.pk, one.pk])
    answer = owner.post(url, columns(column2="note"), follow=True).content.decode()
    assert "Ждёт своей очереди" in answer
    working.run_due(clock=timezone.now)
    report = page(owner, zerno, "client_import", one.pk)
    for expected in ("Что сделает файл", "превратила таблица", "Отклонённые строки, CSV"):
        assert expected in report
    assert "Загрузить клиентов?" in page(owner, zerno, "client_import_load", one.pk)
    owner.post(reverse("client_import_load", args=[zerno.merchant.pk, one.pk]))
    working.run_due(clock=timezone.now)
    assert "Что сделал файл" in page(owner, zerno, "client_import", one.pk)
    with tenant(one.program_id):
        anna = Client.objects.select_related("account").get()
        assert (anna.name, anna.note, anna.account.points) == ("Анна Ким", "анна", 100)
    assert "Анна Ким" in page(owner, zerno, "clients")
    errors = owner.get(reverse("client_import_errors", args=[zerno.merchant.pk, one.pk, "csv"]))
    text = b"".join(errors).decode("utf-8-sig")
    assert "Почему не загружено" in text
    assert text.count("\n") == 2
    assert "Отменить загрузку?" in page(owner, zerno, "client_import_undo", one.pk)
    owner.post(reverse("client_import_undo", args=[zerno.merchant.pk, one.pk]))
    working.run_due(clock=timezone.now)
    assert "Отменено клиентов" in page(owner, zerno, "client_import", one.pk)
    with tenant(one.program_id):
        assert not Client.objects.exists()
        acts = list(AuditRecord.objects.order_by("pk").values_list("action", flat=True))
    assert acts == [
        *("client_import.checked", "client_import.confirmed", "client_import.loaded"),
        *("client_import.undo_asked", "client_import.undone"),
    ]
    log = page(owner, zerno, "audit_log")
    assert "Клиенты загружены из файла" in log
    # The next file of these columns is understood at once, and the same file is known.
    again = send(owner, zerno, content)
    with tenant(one.program_id):
        assert ClientImport.objects.latest("pk").columns == ["name", "phone", "note", "points"]
    assert "уже загружали" not in again


def test_the_same_file_is_known(cast: Cast, owner: Browser) -> None:
    loaded(cast.zerno, as_csv(ROWS))
    assert "Этот же файл уже загружали" in send(owner, cast.zerno, as_csv(ROWS).getvalue())


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "Файл пуст"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "старого Excel"),
        (b"PK\x03\x04broken", "Этот XLSX не читается"),
        (b"\x89PNG\r\n\x00\x00", "Это не таблица"),
        (b";".join([b"a"] * 300), "больше 200 столбцов"),
    ],
)
def test_a_file_that_is_no_table(cast: Cast, owner: Browser, content: bytes, said: str) -> None:
    assert said in send(owner, cast.zerno, content)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"column1": ""}, "Укажите, где телефон или номер карты"),
        ({"column2": "phone"}, "«Телефон» выбрано дважды."),
        ({"expiry": "days"}, "Укажите, сколько дней"),
        ({"expiry": "date"}, "Укажите день."),
        ({"expiry": "date", "expires_on": "2020-01-01"}, "Этот день уже прошёл."),
        ({"tier_until": "2120-01-01"}, "Этот день слишком далеко."),
        ({"existing": ""}, "Обязательное поле"),
    ],
)
def test_each_refused_choice_has_its_sentence(cast: Cast, owner: Browser, more: dict[str, str], said: str) -> None:
    one = uploaded(cast.zerno, as_csv(ROWS))
    url = reverse("client_import_columns", args=[cast.zerno.merchant.pk, one.pk])
    assert said in owner.post(url, columns(**more)).content.decode()
    assert fresh(one).state == "new"


def test_a_file_is_read_another_way(cast: Cast, owner: Browser) -> None:
    one = uploaded(cast.zerno, as_csv([("А", "Б"), *ROWS], encoding="koi8-r"))
    url = reverse("client_import_columns", args=[cast.zerno.merchant.pk, one.pk])
    form = {"layout": "yes", "layout-header": "1", "layout-encoding": "koi8-r", "layout-separator": ";"}
    assert owner.post(url, form).status_code == 302
    assert fresh(one).titles[:2] == ["А", "Б"]
    answer = owner.post(url, {**form, "layout-header": "77"}).content.decode()
    assert "20" in answer
    form["layout-separator"], form["layout-header"] = "\t", "2"
    owner.post(url, form)
    assert fresh(one).titles == ["ФИО;Телефон;Чудо-столбец;Баллы"]


def test_stopping_and_discarding(cast: Cast, owner: Browser) -> None:
    one = uploaded(cast.zerno, as_csv(ROWS))
    url = reverse("client_import_columns", args=[cast.zerno.merchant.pk, one.pk])
    stop = reverse("client_import_stop", args=[cast.zerno.merchant.pk, one.pk])
    owner.post(url, columns())
    owner.post(stop)
    assert fresh(one).state == "new"
    assert working.run_due(clock=timezone.now) == 0
    owner.post(stop)
    assert fresh(one).state == "dropped"
    with tenant(one.program_id):
        assert not ClientImportPiece.objects.exists()
    assert "удалены" in page(owner, cast.zerno, "client_import", one.pk)
    assert owner.post(stop, follow=True).status_code == 200
    assert owner.post(reverse("client_import_load", args=[cast.zerno.merchant.pk, one.pk])).status_code == 302
    assert fresh(one).state == "dropped"


def test_others_see_nothing_of_it(cast: Cast, client: Browser) -> None:
    one = checked(cast.zerno, as_csv(ROWS))
    for user, status in ((cast.zerno.operator, 403), (cast.bakery.owner, 404), (cast.pryanik.owner, 404)):
        client.force_login(user)
        assert client.get(reverse("client_import", args=[cast.zerno.merchant.pk, one.pk])).status_code == status
    client.force_login(cast.bakery.owner)
    assert client.get(reverse("client_import", args=[cast.bakery.merchant.pk, one.pk])).status_code == 404
    client.force_login(cast.zerno.operator)
    assert "Загрузить базу" not in page(client, cast.zerno, "clients")


def test_pages_ask_no_more_for_more_rows(
    cast: Cast, owner: Browser, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    people = [(f"Клиент {n}", f"8916{n:07}", "", n) for n in range(40)]
    one = checked(cast.zerno, as_csv([*ROWS, *people]))
    page(owner, cast.zerno, "client_imports")
    with django_assert_num_queries(4):
        page(owner, cast.zerno, "client_imports")
    page(owner, cast.zerno, "client_import", one.pk)
    with django_assert_num_queries(5):
        page(owner, cast.zerno, "client_import", one.pk)
    with django_assert_num_queries(5):
        owner.get(reverse("client_import", args=[cast.zerno.merchant.pk, one.pk]), {"show": "fresh"})
    checked(cast.zerno, as_csv(ROWS))
    with django_assert_num_queries(4):
        page(owner, cast.zerno, "client_imports")


def test_files_are_forgotten(cast: Cast, owner: Browser) -> None:
    one = loaded(cast.zerno, as_csv(ROWS))
    unused = checked(cast.zerno, as_csv(ROWS[:2]))
    now = timezone.now()
    assert jobs.forget_old(now=now + dt.timedelta(days=8)) == 1
    assert fresh(unused).state == "dropped"
    assert jobs.forget_old(now=now + dt.timedelta(days=31)) == 1
    with tenant(one.program_id):
        assert not ClientImportLine.objects.exists()
        assert not ClientImportPiece.objects.exists()
        assert Account.objects.count() == 1
    assert "Отменить загрузку…" not in page(owner, cast.zerno, "client_import", one.pk)
    assert owner.get(reverse("client_import_errors", args=[cast.zerno.merchant.pk, one.pk, "csv"])).status_code == 404


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_samples_load(cast: Cast, owner: Browser, kind: str) -> None:
    content = owner.get(reverse("client_import_sample", args=[cast.zerno.merchant.pk, kind])).content
    one = loaded(cast.zerno, io.BytesIO(content))
    assert (one.state, "" in one.columns) == ("done", False)
    with tenant(one.program_id):
        assert Client.objects.count() == 2
        assert Account.objects.filter(referrer__isnull=False).count() == 1
