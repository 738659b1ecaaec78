"""The pages of the goods: lists, an article, files, categories, what was sold."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal as D
from typing import Any

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client as Browser
from django.utils.html import strip_tags
from pytest_django import DjangoAssertNumQueries

from loyalty.engine.cart import line
from loyalty.goods import categories
from loyalty.models import Category, GoodsImport, Product
from loyalty.pages.goods.lists import SIZE
from merchants.access import tenant
from merchants.models import User
from tests.cast import Cast, Shop
from tests.loyalty.shop import ONE_PER_ONE, TillStory

NOON = dt.datetime(2026, 11, 21, 9, 0, tzinfo=dt.UTC)


@pytest.fixture
def shop(cast: Cast) -> Iterator[Shop]:
    with time_machine.travel(NOON, tick=False), tenant(cast.zerno.program.pk):
        yield cast.zerno


def browser(user: User) -> Browser:
    client = Browser()
    client.force_login(user)
    return client


def get(shop: Shop, path: str = "", user: User | None = None, **query: Any) -> Any:
    return browser(user or shop.owner).get(f"/m/{shop.merchant.pk}/goods/{path}", query)


def post(shop: Shop, path: str, **data: Any) -> Any:
    return browser(shop.owner).post(f"/m/{shop.merchant.pk}/goods/{path}", data, follow=True)


def text(answer: Any) -> str:
    assert answer.status_code == 200
    return " ".join(strip_tags(answer.content.decode().partition('class="sheet"')[2].replace("<", " <")).split())


def make(shop: Shop, sku: str, name: str, **more: Any) -> Product:
    return Product.objects.create(program=shop.program, sku=sku, name=name, source="hand", **more)


def skus(answer: Any) -> list[str]:
    assert answer.status_code == 200
    return [row.product.sku for row in answer.context["rows"]]


# ---------------------------------------------------------------- the list


def test_no_goods_yet(shop: Shop) -> None:
    assert "Товаров пока нет" in text(get(shop))
    assert "Загрузите файл" in text(get(shop))
    assert "Загрузите файл" not in text(get(shop, user=shop.reader))


def test_found_by_filters(shop: Shop) -> None:
    Category.objects.create(program=shop.program, name="Табак", earn=False)
    make(shop, "1", "Чай чёрный", category="Чай", brand="Ahmad", price=D("199.50"), min_price=D(150))
    make(shop, "2", "Сигареты", category="Табак")
    make(shop, "3", "Зажигалка", category="Табак", earn=True, discount=False)
    make(shop, "AB-4", "Чайник", brand="Bosch", is_active=False)
    assert skus(get(shop)) == ["3", "2", "1"]
    assert skus(get(shop, q="ЧАЙ")) == ["1"]
    assert skus(get(shop, q="b-4", show="off")) == ["AB-4"]
    assert skus(get(shop, category="Табак")) == ["3", "2"]
    assert skus(get(shop, brand="Ahmad")) == ["1"]
    assert skus(get(shop, show="no_earn")) == ["2"]
    assert skus(get(shop, show="no_discount")) == ["3"]
    assert skus(get(shop, show="nonsense", after="x", category="x" * 500)) == ["3", "2", "1"]
    shown = text(get(shop))
    assert "199,50 ₽" in shown
    assert "не ниже 150,00 ₽" in shown
    assert shown.count("без начисления") == 1
    assert "Таких товаров нет" in text(get(shop, q="кофе"))


def test_pages_by_name(shop: Shop) -> None:
    for n in range(SIZE + 5):
        make(shop, f"{n:03}", "Чай" if n % 2 else f"Чай {n:03}")
    first = get(shop)
    second = get(shop, after=first.context["further"])
    assert second.context["further"] is None
    found = skus(first) + skus(second)
    assert len(found) == len(set(found)) == SIZE + 5
    assert found[:2] == ["001", "003"]
    assert "В начало" in text(second)
    # The place is kept when the article is taken off sale or renamed meanwhile.
    Product.objects.filter(pk=first.context["further"]).update(is_active=False)
    assert skus(get(shop, after=first.context["further"])) == skus(second)


def test_the_list_asks_no_more_for_more_goods(shop: Shop, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    make(shop, "0", "Чай", category="Чай")
    client = browser(shop.owner)
    path = f"/m/{shop.merchant.pk}/goods/"
    client.get(path)
    with django_assert_num_queries(7):
        client.get(path)
    for n in range(1, 60):
        make(shop, str(n), f"Чай {n}", category=f"Чай {n % 20}", brand=f"Бренд {n}")
        Category.objects.get_or_create(program=shop.program, name=f"Чай {n % 20}")
    with django_assert_num_queries(7):
        client.get(path)
    with django_assert_num_queries(7):
        client.get(path, {"q": "чай 1", "brand": "Бренд 1"})
    with django_assert_num_queries(6):
        client.get(f"{path}categories/")


def test_a_stranger_finds_none_of_them(cast: Cast, shop: Shop) -> None:
    product = make(shop, "1", "Чай")
    with tenant(cast.pryanik.program.pk):
        assert get(cast.pryanik, f"{product.pk}/").status_code == 404
        assert skus(get(cast.pryanik)) == []


# ---------------------------------------------------------------- one article

FORM = {"sku": "1", "name": "Чай", "category": "", "brand": "", "price": "", "min_price": ""}
FLAGS = {"earn": "", "redeem": "", "discount": ""}


def test_add_edit_take_off_sale(shop: Shop) -> None:
    answer = post(
        shop, "new/", **FORM | FLAGS | {"price": "1 199,90 ₽", "is_active": "on", "category": " Чай  листовой "}
    )
    assert "Товар «Чай» записан в справочник." in text(answer)
    product = Product.objects.get()
    assert (product.price, product.category, product.earn) == (D("1199.90"), "Чай листовой", None)
    form = get(shop, f"{product.pk}/").content.decode()
    assert 'value="1199,90"' in form
    post(shop, f"{product.pk}/", **FORM | FLAGS | {"earn": "no"})
    product.refresh_from_db()
    assert (product.is_active, product.earn, product.price) == (False, False, None)
    assert "Снятые с продажи" in text(get(shop))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"sku": "2"}, "Этот артикул уже у другого товара."),
        ({"sku": " \u200b"}, "Здесь пусто."),
        ({"price": "дорого"}, "Напишите цену цифрами"),
        ({"price": "-1"}, "Цена не бывает меньше нуля"),
        ({"price": "1,999"}, "Слишком много знаков"),
        ({"price": "100", "min_price": "200"}, "Минимальная цена выше цены."),
    ],
)
def test_what_is_wrong_stands_beside_the_field(shop: Shop, wrong: dict[str, str], said: str) -> None:
    make(shop, "2", "Кофе")
    assert said in text(post(shop, "new/", **FORM | FLAGS | wrong))
    assert Product.objects.count() == 1


# ---------------------------------------------------------------- files


def send(shop: Shop, content: str | bytes, name: str = "Прайс ноябрь.csv") -> Any:
    data = content.encode() if isinstance(content, str) else content
    return post(shop, "import/", file=SimpleUploadedFile(name, data))


def test_a_file_is_looked_through_and_taken_over(shop: Shop) -> None:
    make(shop, "9", "Старый чай")
    answer = send(shop, "Артикул;Название;Цена;Остаток\n00123;Чай;100;5\n1.00E+05;Кофе;10;\n;Без артикула;;\n")
    shown = text(answer)
    assert "Прайс ноябрь.csv" in shown
    assert "Новых товаров 1" in shown
    assert "Отклонено строк 2" in shown
    assert "Нет в файле 1" in shown
    assert "3 Артикул «1.00E+05» — не артикул" in shown
    assert "Лишние столбцы Остаток" in shown
    one = GoodsImport.objects.get()
    assert not Product.objects.filter(sku="00123").exists()
    done = post(shop, f"import/{one.pk}/", policy="retire")
    assert "Товары записаны в справочник." in text(done)
    assert "Снято с продажи 1" in text(done)
    assert skus(get(shop)) == ["00123"]
    assert "Прайс ноябрь.csv" in text(get(shop, "import/"))
    assert "записан, или после него проверили другой" in text(post(shop, f"import/{one.pk}/", policy="leave"))
    log = text(browser(shop.owner).get(f"/m/{shop.merchant.pk}/log/"))
    assert "Товары загружены из файла" in log
    assert "Снято с продажи" in log


def test_nothing_to_take_over(shop: Shop) -> None:
    make(shop, "1", "Чай")
    assert "записывать нечего" in text(send(shop, "sku,name\n1,Чай\n"))
    assert "нельзя взять ни одной строки" in text(send(shop, "sku,name\n,Чай\n"))


def test_files_that_are_none(shop: Shop) -> None:
    assert "Файл пустой." in text(send(shop, ""))
    assert "сущности XML" in text(send(shop, '<!DOCTYPE a [<!ENTITY b "c">]><a/>', "a.xml"))
    assert not GoodsImport.objects.exists()


def test_a_file_may_be_larger_than_a_logo_but_not_endless(shop: Shop) -> None:
    assert "Не нашлись" in text(send(shop, "a\n" * 4 * 1024 * 1024))
    url = f"/m/{shop.merchant.pk}/goods/import/"
    assert browser(shop.owner).post(url, {"file": SimpleUploadedFile("a", b"a" * 27 * 1024 * 1024)}).status_code == 413


@pytest.mark.parametrize("kind", ["csv", "yml"])
def test_a_sample_can_be_sent_back(shop: Shop, kind: str) -> None:
    sample = get(shop, f"import/sample.{kind}")
    assert sample["Content-Disposition"] == f'attachment; filename="goods.{kind}"'
    assert "Отклонено строк 0" in text(send(shop, sample.content, f"goods.{kind}"))
    assert get(shop, "import/sample.exe").status_code == 404


# ---------------------------------------------------------------- categories, receipts, choices


def test_flags_of_a_category(shop: Shop) -> None:
    categories.ensure(shop.program.pk, {"Табак": "Прочее", "Чай": ""})
    make(shop, "1", "Сигареты", category="Табак")
    shown = text(get(shop, "categories/"))
    assert "Табак Прочее / Табак 1" in shown
    tobacco = Category.objects.get(name="Табак")
    assert "Сохранено для 1 категории" in text(post(shop, f"categories/{tobacco.pk}/", discount="on"))
    tobacco.refresh_from_db()
    assert (tobacco.earn, tobacco.redeem, tobacco.discount) == (False, False, True)
    assert "без начисления без оплаты баллами" in text(get(shop))
    assert "Такой категории нет" in text(get(shop, "categories/", q="нет такой"))


def test_goods_of_receipts(shop: Shop) -> None:
    assert "Всё на месте" in text(get(shop, "sold/"))
    story = TillStory(shop, NOON - dt.timedelta(days=2))
    story.publish(ONE_PER_ONE)
    story.later(days=1)
    for n in range(3):
        story.sell(None, line(price=D(90), sku=f"T-{n}", name=f"Чай {n}", category="Чай"))
    shown = text(get(shop, "sold/"))
    assert "Чай 2 T-2 Чай" in shown
    assert "Сначала отметьте" in text(post(shop, "sold/"))
    assert "товаров — 2, категорий — 1" in text(post(shop, "sold/", sku=["T-0", "T-2"]))
    assert skus(get(shop)) == ["T-0", "T-2"]
    assert "T-0" not in text(get(shop, "sold/"))


def test_choices_as_options(shop: Shop) -> None:
    make(shop, "1", "Чай <чёрный>", brand='"A"')
    answer = get(shop, "suggest/", kind="sku", q="чай").content.decode()
    assert '<option value="1">Чай &lt;чёрный&gt; · 1</option>' in answer
    by_name = browser(shop.owner).get(
        f"/m/{shop.merchant.pk}/goods/suggest/",
        {"kind": "brand", "whatever": "A"},
        headers={"HX-Request": "true", "HX-Trigger-Name": "whatever"},
    )
    assert '<option value="&quot;A&quot;"></option>' in by_name.content.decode()
    assert get(shop, "suggest/", kind="price").status_code == 404
