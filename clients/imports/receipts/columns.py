"""The columns that a file of receipts may have, and the names that tills and other systems give them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from clients.imports.columns import Vocabulary

TITLES: Final[Mapping[str, Promise]] = {
    "at": _("Date and time of the receipt"),
    "time": _("Time, where it stands apart"),
    "receipt": _("Receipt number"),
    "till": _("Till"),
    "outlet": _("Outlet"),
    "client": _("Client: phone or card"),
    "card": _("Card number"),
    "sku": _("SKU"),
    "product": _("Name of the product"),
    "category": _("Category"),
    "brand": _("Brand"),
    "quantity": _("Quantity"),
    "price": _("Price"),
    "amount": _("Sum"),
}
# In small letters, without ё and without signs. Of several that a file has, the first one is taken.
NAMES: Final[Mapping[str, Sequence[str]]] = {
    "at": (
        *("дата и время", "дата время", "дата чека", "дата продажи", "дата операции", "дата", "датавремя"),
        *(
            "дата и время чека",
            "date and time",
            "datetime",
            "date",
            "receipt date",
            "sold at",
            "date and time of the receipt",
        ),
    ),
    "time": ("время", "время чека", "время продажи", "time", "receipt time", "time where it stands apart"),
    "receipt": (
        *("номер чека", "№ чека", "чек №", "чек", "номер документа", "номер", "фискальный документ", "фд", "документ"),
        *("receipt number", "receipt", "receipt no", "number", "check", "check number", "order", "номер заказа"),
    ),
    "till": ("касса", "номер кассы", "ккт", "терминал", "рабочее место", "till", "register", "pos", "terminal"),
    "outlet": (
        *("торговая точка", "точка", "магазин", "точка продаж", "филиал", "подразделение", "склад", "место продажи"),
        *("outlet", "shop", "store", "location", "branch"),
    ),
    "client": (
        *("телефон", "телефон клиента", "номер телефона", "клиент", "покупатель", "контрагент", "phone", "client"),
        *("customer", "phone number", "mobile", "id клиента", "код клиента", "client phone or card"),
    ),
    "card": (
        *("номер карты", "карта клиента", "карта", "дисконтная карта", "карта лояльности", "card", "card number"),
        *("бонусная карта", "штрихкод карты"),
    ),
    "sku": (
        *(
            "артикул",
            "код товара",
            "код",
            "sku",
            "штрихкод",
            "штрих код",
            "barcode",
            "id товара",
            "номенклатурный номер",
        ),
        *("item code", "product code"),
    ),
    "product": (
        *("название", "наименование", "товар", "номенклатура", "наименование товара", "название товара", "позиция"),
        *("product", "name", "item", "title", "name of the product"),
    ),
    "category": ("категория", "группа", "группа товаров", "товарная группа", "категория товара", "раздел", "category"),
    "brand": ("бренд", "марка", "производитель", "торговая марка", "brand", "vendor"),
    "quantity": ("количество", "кол во", "колво", "quantity", "qty", "шт"),
    "price": ("цена", "цена за единицу", "price", "unit price"),
    "amount": (
        *("сумма", "сумма со скидкой", "сумма чека", "сумма продажи", "стоимость", "итого", "всего", "оплачено"),
        *("sum", "total", "amount", "receipt total", "сумма позиции"),
    ),
}

RECEIPTS: Final = Vocabulary(TITLES, NAMES)
