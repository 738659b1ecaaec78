"""Files to begin with: what a shop downloads, fills in and sends back."""

from __future__ import annotations

from typing import Final

_CSV: Final = """\
Артикул;Название;Категория;Бренд;Цена;Мин. цена;Начислять;Списывать;Скидка
00123;Капучино 300 мл;Напитки > Кофе;;220;;да;да;да
4607012345678;Зёрна «Бразилия» 250 г;Напитки > Кофе;Обжарщик;690,00;450;да;да;да
00777;Сигареты;Табак;;230;;нет;нет;нет
"""

_YML: Final = """\
<?xml version="1.0" encoding="UTF-8"?>
<yml_catalog date="2026-11-22T10:00:00+03:00">
  <shop>
    <categories>
      <category id="1">Напитки</category>
      <category id="2" parentId="1">Кофе</category>
    </categories>
    <offers>
      <offer id="00123">
        <name>Капучино 300 мл</name>
        <price>220</price>
        <categoryId>2</categoryId>
      </offer>
      <offer id="4607012345678">
        <name>Зёрна «Бразилия» 250 г</name>
        <vendor>Обжарщик</vendor>
        <price>690.00</price>
        <categoryId>2</categoryId>
      </offer>
    </offers>
  </shop>
</yml_catalog>
"""

# With its mark, because Excel takes UTF-8 for Windows-1251 without one.
SAMPLES: Final = {
    "csv": (_CSV.encode("utf-8-sig"), "text/csv; charset=utf-8"),
    "yml": (_YML.encode(), "text/xml; charset=utf-8"),
}
