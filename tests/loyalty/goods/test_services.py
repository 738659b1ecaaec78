"""The directory: files taken over, goods by hand and from receipts, what rules pick from, what the till is told."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Iterator
from decimal import Decimal as D

import pytest

from loyalty.engine.cart import Line, line
from loyalty.goods import categories, importing, picking, products, sold
from loyalty.goods.marking import Article, marked
from loyalty.goods.products import Particulars
from loyalty.models import Category, GoodsImport, Product, SaleLine
from merchants.access import tenant
from merchants.models import AuditRecord
from tests.cast import Cast, Shop
from tests.loyalty.shop import ONE_PER_ONE, TillStory

NOON = dt.datetime(2026, 11, 21, 9, 0, tzinfo=dt.UTC)
TODAY = NOON.date()
HEADER = "Артикул;Название;Категория;Бренд;Цена;Мин. цена;Начислять;Списывать;Скидка\n"


@pytest.fixture
def shop(cast: Cast) -> Iterator[Shop]:
    with tenant(cast.zerno.program.pk):
        yield cast.zerno


def check(shop: Shop, content: str, name: str = "goods.csv") -> GoodsImport:
    file = io.BytesIO(content.encode())
    return importing.check(program=shop.program, file=file, file_name=name, by=shop.owner, now=NOON)


def load(shop: Shop, content: str, policy: GoodsImport.Missing = GoodsImport.Missing.LEAVE) -> GoodsImport:
    return importing.take_over(checked=check(shop, content), policy=policy, by=shop.owner, now=NOON)


def counts(one: GoodsImport) -> tuple[int, int, int, int, int]:
    return one.fresh, one.changed, one.same, one.refused, one.missing


def add(shop: Shop, sku: str, name: str, **more: object) -> Product:
    particulars = Particulars(sku, name, **more)  # type: ignore[arg-type]
    return products.add(program_id=shop.program.pk, particulars=particulars, by=shop.owner, now=NOON)


# ---------------------------------------------------------------- files


def test_a_look_changes_nothing(shop: Shop) -> None:
    checked = check(shop, HEADER + "1;Чай;Напитки;;100;;да;да;да\n2;;;;;;;;\n")
    assert counts(checked) == (1, 0, 0, 1, 0)
    assert checked.status == GoodsImport.Status.CHECKED
    assert not Product.objects.exists()
    assert not AuditRecord.objects.exists()


def test_a_file_is_taken_over(shop: Shop) -> None:
    one = load(shop, HEADER + "1;Чай;Еда > Напитки;Ahmad;100;90,5;да;нет;\n2;Кофе;Напитки;;;;;;\n")
    assert counts(one) == (2, 0, 0, 0, 0)
    assert one.content is None
    tea = Product.objects.get(sku="1")
    assert (tea.name, tea.category, tea.brand, tea.price, tea.min_price) == (
        "Чай",
        "Напитки",
        "Ahmad",
        D(100),
        D("90.50"),
    )
    assert (tea.earn, tea.redeem, tea.discount, tea.source) == (True, False, None, "file")
    assert categories.paths(shop.program.pk) == {"Еда": "Еда", "Напитки": "Еда / Напитки"}
    record = AuditRecord.objects.get(action="goods.imported")
    assert record.details == {"file": "goods.csv", "new": 2, "changed": 0, "refused": 0}


def test_the_same_file_again_does_nothing(shop: Shop) -> None:
    content = HEADER + "1;Чай;Напитки;;100;;да;да;да\n"
    load(shop, content)
    Product.objects.update(updated_at=NOON - dt.timedelta(days=1))
    checked = check(shop, content)
    assert counts(checked) == (0, 0, 1, 0, 0)
    load(shop, content)
    assert Product.objects.get().updated_at == NOON - dt.timedelta(days=1)


def test_a_column_that_is_not_there_changes_nothing(shop: Shop) -> None:
    load(shop, HEADER + "1;Чай;Напитки;Ahmad;100;90;нет;нет;нет\n")
    one = load(shop, "Артикул;Название;Цена\n1;Чай чёрный;\n2;Кофе;5\n")
    assert counts(one) == (1, 1, 0, 0, 0)
    tea, coffee = Product.objects.order_by("sku")
    assert (tea.name, tea.category, tea.brand, tea.price, tea.min_price, tea.earn) == (
        "Чай чёрный",
        "Напитки",
        "Ahmad",
        None,
        D(90),
        False,
    )
    assert (coffee.category, coffee.brand, coffee.earn) == ("", "", None)


@pytest.mark.parametrize(("policy", "left"), [("leave", {"1", "2"}), ("retire", {"2"})])
def test_goods_that_the_file_lacks(shop: Shop, policy: str, left: set[str]) -> None:
    load(shop, "sku,name\n1,Чай\n")
    checked = check(shop, "sku,name\n2,Кофе\n")
    assert counts(checked) == (1, 0, 0, 0, 1)
    importing.take_over(checked=checked, policy=GoodsImport.Missing(policy), by=shop.owner, now=NOON)
    assert set(Product.objects.filter(is_active=True).values_list("sku", flat=True)) == left
    again = load(shop, "sku,name\n1,Чай\n2,Кофе\n")  # in the file once more, on sale once more
    assert again.changed == 2 - len(left)
    assert not Product.objects.filter(is_active=False).exists()


def test_a_file_is_taken_over_once_and_only_the_last_one(shop: Shop) -> None:
    first, second = check(shop, "sku,name\n1,Чай\n"), check(shop, "sku,name\n2,Кофе\n")
    leave = GoodsImport.Missing.LEAVE
    with pytest.raises(importing.OvertakenError):
        importing.take_over(checked=first, policy=leave, by=shop.owner, now=NOON)
    importing.take_over(checked=second, policy=leave, by=shop.owner, now=NOON)
    with pytest.raises(importing.OvertakenError):
        importing.take_over(checked=second, policy=leave, by=shop.owner, now=NOON)
    assert [one.status for one in GoodsImport.objects.order_by("pk")] == ["dropped", "applied"]
    assert list(Product.objects.values_list("sku", flat=True)) == ["2"]


def test_zeros_that_a_spreadsheet_cut_off_are_asked_about(shop: Shop) -> None:
    load(shop, "sku,name\n00123,Чай\n")
    [problem] = importing.problems_of(check(shop, "sku,name\n123,Чай\n9,Кофе\n"))
    assert (problem.code, problem.row, problem.value, problem.known) == ("zeros_lost", 2, "123", "00123")
    assert not problem.is_refused


def test_another_programme_keeps_its_goods(cast: Cast, shop: Shop) -> None:
    load(shop, "sku,name\n1,Чай\n")
    with tenant(cast.pryanik.program.pk):
        one = load(cast.pryanik, "sku,name\n1,Пряник\n", GoodsImport.Missing.RETIRE)
        assert counts(one) == (1, 0, 0, 0, 0)
    assert Product.objects.get().name == "Чай"
    assert Product.objects.get().is_active


def test_categories_that_stand_in_each_other(shop: Shop) -> None:
    load(shop, "sku,name,category\n1,Чай,А > Б\n")
    load(shop, "sku,name,category\n2,Кофе,Б > А\n")
    assert categories.paths(shop.program.pk) == {"А": "А", "Б": "А / Б"}


def test_a_large_file(shop: Shop) -> None:
    lines = "\n".join(f"{n};Товар {n};Раздел {n % 300};Бренд {n % 50};{n % 900 + 1},50" for n in range(5_000))
    one = load(shop, "Артикул;Название;Категория;Бренд;Цена\n" + lines)
    assert counts(one) == (5_000, 0, 0, 0, 0)
    assert Category.objects.count() == 300


# ---------------------------------------------------------------- by hand


def test_by_hand(shop: Shop) -> None:
    tea = add(shop, "1", "Чай", category="Напитки")
    assert Category.objects.get().name == "Напитки"
    with pytest.raises(products.SkuTakenError):
        add(shop, "1", "Другой чай")
    said = Particulars("1", "Чай зелёный", "Напитки", earn=False)
    assert products.edit(product=tea, particulars=said, by=shop.owner, now=NOON) == ["name", "earn"]
    assert products.edit(product=tea, particulars=said, by=shop.owner, now=NOON) == []
    add(shop, "2", "Кофе")
    with pytest.raises(products.SkuTakenError):
        products.edit(product=tea, particulars=Particulars("2", "Чай"), by=shop.owner, now=NOON)
    assert list(AuditRecord.objects.order_by("pk").values_list("action", flat=True)) == [
        "goods.added",
        "goods.changed",
        "goods.added",
    ]


# ---------------------------------------------------------------- receipts


@pytest.fixture
def story(shop: Shop) -> TillStory:
    story = TillStory(shop, NOON - dt.timedelta(days=1))
    story.publish(ONE_PER_ONE)
    story.later(days=1)
    return story


def tea(**more: str) -> Line:
    said = {"sku": "T-1", "name": "Чай", "category": "Напитки", "brand": "Ahmad"} | more
    return line(price=D(100), **said)


def test_sold_but_not_in_the_directory(cast: Cast, shop: Shop, story: TillStory) -> None:
    story.sell(None, tea(), tea(sku="", name="Без артикула", category="Разное"))
    story.sell(None, tea(name="Чай новый"), tea(sku="K-1", name="", category="", brand=""))
    add(shop, "X", "Другое")
    own = {"program_id": shop.program.pk, "merchant_id": shop.merchant.pk, "today": TODAY}
    assert [(one.sku, one.name, one.receipts) for one in sold.unknown_goods(**own)] == [
        ("T-1", "Чай новый", 2),
        ("K-1", "", 1),
    ]
    assert [(one.name, one.receipts) for one in sold.unknown_categories(**own)] == [("Напитки", 2), ("Разное", 1)]
    assert sold.unknown_goods(program_id=shop.program.pk, merchant_id=cast.bakery.merchant.pk, today=TODAY) == []
    later = {**own, "today": TODAY + dt.timedelta(days=100)}
    assert sold.unknown_goods(**later) == []

    done = sold.learn(**own, skus=["T-1", "K-1", "never sold"], names=["Разное"], by=shop.owner, now=NOON)
    assert done == (2, 2)  # «Напитки» came with the tea
    assert sold.unknown_goods(**own) == []
    known = Product.objects.get(sku="T-1")
    assert (known.name, known.category, known.brand, known.price, known.source) == (
        "Чай новый",
        "Напитки",
        "Ahmad",
        D(100),
        "till",
    )
    assert Product.objects.get(sku="K-1").name == "K-1"


# ---------------------------------------------------------------- picking


def test_picking(shop: Shop, story: TillStory) -> None:
    add(shop, "C-1", "Чай чёрный", category="Чай", brand="Ahmad")
    add(shop, "C-2", "Чайник", category="Посуда", is_active=False)
    categories.ensure(shop.program.pk, {"Чай": "Напитки"})
    story.sell(None, tea(category="Чаепитие", brand="Чайковский"), tea(sku="C-1"))
    pk = shop.program.pk
    assert picking.suggest(pk, "sku", "чай", today=TODAY) == [("C-1", "Чай чёрный · C-1"), ("T-1", "Чай · T-1")]
    assert picking.suggest(pk, "sku", "c-", today=TODAY) == [("C-1", "Чай чёрный · C-1")]
    assert picking.suggest(pk, "category", "чА", today=TODAY) == [("Чай", "Напитки / Чай"), ("Чаепитие", "Чаепитие")]
    assert picking.suggest(pk, "brand", "", today=TODAY) == [("Ahmad", "Ahmad"), ("Чайковский", "Чайковский")]
    assert picking.suggest(pk, "sku", "", 1, today=TODAY) == [("C-1", "Чай чёрный · C-1")]
    for nasty in ("%", "_", "\\", "'; DROP TABLE", "x" * 10_000):
        assert picking.suggest(pk, "brand", nasty, today=TODAY) == []
    assert len(picking.suggest(pk, "brand", "\0", today=TODAY)) == 2


def test_brands_one_step_each(shop: Shop) -> None:
    for n, brand in enumerate(["Б", "А", "", "Б", "В"]):
        add(shop, str(n), "Чай", brand=brand)
    assert picking.brands(shop.program.pk) == ["А", "Б", "В"]
    assert picking.brands(shop.program.pk, limit=2) == ["А", "Б"]


# ---------------------------------------------------------------- what the till is told


def bought(story: TillStory, *skus: str) -> dict[str, tuple[D, D]]:
    """Of each article of 100 ₽ what it earned and what points paid, with plenty of points."""
    anna = story.join()
    story.give(anna, "1000")
    lines = [line(price=D(100), sku=sku) for sku in skus]
    earned = story.quote(anna, *lines)
    paid = story.quote(anna, *lines, points="max")
    return {a.sku: (a.earned, b.points) for a, b in zip(earned.lines, paid.lines, strict=True)}


def test_the_till_knows_what_may_be_done_with_the_goods(shop: Shop, story: TillStory) -> None:
    story.publish(ONE_PER_ONE)
    add(shop, "plain", "Чай", category="Чай")
    add(shop, "cigarettes", "Сигареты", category="Табак")
    add(shop, "lighter", "Зажигалка", category="Табак", earn=True, redeem=True, discount=True)
    add(shop, "cheap", "Хлеб", min_price=D(30))
    flags = dict.fromkeys(("earn", "redeem", "discount"), False)
    categories.set_flags(category=Category.objects.get(name="Табак"), flags=flags, by=shop.owner, now=NOON)
    ordinary = (D(100), D(100))
    assert bought(story, "plain", "cigarettes", "lighter", "cheap", "unknown") == {
        "plain": ordinary,
        "cigarettes": (D(0), D(0)),
        "lighter": ordinary,
        "cheap": (D(100), D(70)),
        "unknown": ordinary,
    }


def test_rules_by_category_know_goods_whose_category_the_till_does_not_say(shop: Shop, story: TillStory) -> None:
    tea = {"id": "tea", "title": "Чай", "effect": {"kind": "per_unit", "points": "2"}, "goods": {"categories": ["Чай"]}}
    story.publish({"rules": [tea]})
    add(shop, "T", "Чай", category="Чай", brand="Ahmad")
    sale = story.sell(story.join(), line(price=D(100), sku="T"), line(price=D(100), sku="T2"))
    assert sale.points_earned == 200
    assert list(SaleLine.objects.order_by("position").values_list("category", "brand")) == [("Чай", "Ahmad"), ("", "")]


def test_a_categorys_flags_reach_below(shop: Shop) -> None:
    categories.ensure(shop.program.pk, {"Табак": "", "Сигары": "Табак", "Кубинские": "Сигары", "Чай": ""})
    top = Category.objects.get(name="Табак")
    flags = {"earn": False, "redeem": True, "discount": False}
    assert categories.set_flags(category=top, flags=flags, by=shop.owner, now=NOON) == 3
    categories.ensure(shop.program.pk, {"Трубки": "Табак"})
    assert set(Category.objects.filter(earn=False, discount=False).values_list("name", flat=True)) == {
        "Табак",
        "Сигары",
        "Кубинские",
        "Трубки",
    }


def test_of_two_prohibitions_the_stricter_holds() -> None:
    lines = [line(price=D(100), sku="a"), line(price=D(100), sku="b", earn=False, min_price=D(5)), line(price=D(1))]
    a, b, c = marked(lines, [Article("a", redeem=False), Article("b", redeem=False, min_price=D(50), category="X")])
    assert (a.earn, a.redeem, a.discount, a.min_price) == (True, False, True, D(0))
    assert (b.earn, b.redeem, b.min_price, b.category) == (False, False, D(50), "X")
    assert c == lines[2]
    assert marked(lines, []) == tuple(lines)
