"""The columns that a client base may have, and the names that other systems give them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from loyalty.sheets import clean

TITLES: Final[Mapping[str, Promise]] = {
    "phone": _("Phone"),
    "card": _("Card number"),
    "virtual": _("Virtual card number"),
    "name": _("Client’s name"),
    "surname": _("Surname"),
    "patronymic": _("Patronymic"),
    "email": _("E-mail"),
    "birthday": _("Birthday"),
    "points": _("Points balance"),
    "expires": _("Points expire on"),
    "tier": _("Tier"),
    "spent": _("Money spent"),
    "visits": _("Number of purchases"),
    "referrer": _("Who invited (phone or card)"),
    "tags": _("Tags"),
    "processing": _("Consent to data processing"),
    "advertising": _("Consent to advertising"),
    "notices": _("Consent to e-mails about purchases"),
    "note": _("Note"),
    "joined": _("Client since"),
}

# In small letters, without ё and without signs. Of several that a file has, the first one is taken.
NAMES: Final[Mapping[str, Sequence[str]]] = {
    "phone": (
        *("телефон", "мобильный телефон", "номер телефона", "мобильный", "сотовый", "сотовый телефон", "тел"),
        *("phone", "phone number", "mobile", "mobile phone", "контактный телефон", "моб телефон", "телефон клиента"),
    ),
    "card": (
        *("номер карты", "карта", "карта клиента", "дисконтная карта", "пластиковая карта", "карта лояльности"),
        *("card", "card number", "штрихкод", "штрих код", "штрихкод карты", "код карты", "карта №", "№ карты"),
    ),
    "virtual": ("виртуальная карта", "номер виртуальной карты", "virtual card", "электронная карта"),
    "name": (
        *("имя", "фио", "ф и о", "клиент", "имя клиента", "фио клиента", "покупатель", "name", "first name"),
        *("full name", "client", "customer", "наименование", "контрагент", "имя фамилия", "фамилия имя"),
        *("фамилия имя отчество",),
    ),
    "surname": ("фамилия", "surname", "last name"),
    "patronymic": ("отчество", "patronymic", "middle name"),
    "email": ("email", "e mail", "почта", "эл почта", "электронная почта", "mail", "имейл", "адрес эл почты"),
    "birthday": (
        *("день рождения", "дата рождения", "др", "д р", "birthday", "birth date", "date of birth", "родился"),
    ),
    "points": (
        *("баллы", "бонусы", "баланс", "остаток баллов", "баланс баллов", "бонусный баланс", "остаток бонусов"),
        *("количество баллов", "количество бонусов", "бонусные баллы", "points", "balance", "bonus", "bonuses"),
        *("накоплено баллов", "сумма бонусов", "бонусный счет", "остаток"),
    ),
    "expires": (
        *("баллы сгорят", "срок баллов", "срок действия баллов", "дата сгорания", "сгорание", "сгорают"),
        *("действуют до", "баллы до", "expires", "points expire", "expires at", "срок действия бонусов"),
    ),
    "tier": ("уровень", "статус", "категория клиента", "уровень клиента", "tier", "level", "status", "группа"),
    "spent": (
        *("сумма покупок", "сумма чеков", "потрачено", "оборот", "выручка", "total spent", "spent", "накоплено"),
        *("сумма накоплений", "сумма продаж", "всего покупок на сумму", "turnover"),
    ),
    "visits": (
        *("визиты", "количество визитов", "количество покупок", "покупок", "число покупок", "чеков", "число чеков"),
        *("количество чеков", "visits", "purchases", "кол во покупок", "кол во визитов", "кол во чеков"),
    ),
    "referrer": (
        *("кто пригласил", "пригласил", "пригласивший", "реферер", "реферал от", "рекомендатель", "от кого"),
        *("referrer", "invited by", "телефон пригласившего"),
    ),
    "tags": ("метки", "теги", "тэги", "сегмент", "сегменты", "tags", "tag", "метка"),
    "processing": (
        *("согласие", "согласие на обработку", "согласие на обработку данных", "согласие на пдн", "пдн"),
        *("согласие на обработку персональных данных", "consent", "processing"),
    ),
    "advertising": (
        *("рассылка", "согласие на рассылку", "согласие на рекламу", "реклама", "смс рассылка", "advertising"),
        *("subscribed", "подписан", "подписка", "согласие на смс"),
    ),
    "notices": ("уведомления", "согласие на уведомления", "чеки на почту", "notices"),
    "note": ("заметка", "комментарий", "примечание", "note", "comment", "notes", "описание"),
    "joined": (
        *("дата регистрации", "клиент с", "зарегистрирован", "дата добавления", "дата создания", "создан"),
        *("registered", "joined", "created", "created at", "дата вступления", "дата выдачи карты", "регистрация"),
    ),
}
# As our own files call them, in both languages: what was taken out can be loaded again.
_OURS: Final[Mapping[str, str]] = {
    "баллы остаток": "points",
    "кто пригласил телефон или карта": "referrer",
    "согласие на письма о покупках": "notices",
    "клиент с дата": "joined",
    "virtual card number": "virtual",
    "client s name": "name",
    "points balance": "points",
    "points expire on": "expires",
    "money spent": "spent",
    "number of purchases": "visits",
    "who invited phone or card": "referrer",
    "consent to data processing": "processing",
    "consent to advertising": "advertising",
    "consent to e mails about purchases": "notices",
    "client since": "joined",
}
_SIGNS: Final = re.compile(r"[^\w№]+")


def folded(title: str) -> str:
    """A column's name as it is compared: «E-mail*» and «e mail» are one."""
    return " ".join(_SIGNS.sub(" ", clean(title).lower().replace("ё", "е").replace("_", " ")).split())


class Vocabulary:
    """The columns that a kind of files may have: their titles, and the names they are known by, folded."""

    def __init__(
        self,
        titles: Mapping[str, Promise],
        names: Mapping[str, Sequence[str]],
        ours: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self.titles, self.names = titles, names
        self._by_name = {**{name: column for column, known in names.items() for name in known}, **ours}

    def column_of(self, title: str) -> str:
        """Which column a name means; empty where nobody knows."""
        return self._by_name.get(folded(title), "")

    def guessed(self, titles: Sequence[str], remembered: Mapping[str, str] | None = None) -> list[str]:
        """A column for each title (empty: not needed), each column once. What the shop has chosen before counts
        first."""
        known = remembered or {}
        found = [known.get(folded(title), "") if folded(title) in known else self.column_of(title) for title in titles]
        taken: set[str] = set()
        best = self._first_named(titles, found)
        for place, column in enumerate(found):
            if column and (column in taken or best.get(column, place) != place):
                found[place] = ""
            elif column:
                taken.add(column)
        return found

    def _first_named(self, titles: Sequence[str], found: Sequence[str]) -> dict[str, int]:
        """Of several titles of one column the one that stands first in its names: «Телефон» before «Контактный
        телефон»."""
        best: dict[str, tuple[int, int]] = {}
        for place, (title, column) in enumerate(zip(titles, found, strict=True)):
            if not column:
                continue
            names = self.names[column]
            rank = names.index(folded(title)) if folded(title) in names else -1
            if column not in best or rank < best[column][0]:
                best[column] = (rank, place)
        return {column: place for column, (_rank, place) in best.items()}


CLIENTS: Final = Vocabulary(TITLES, NAMES, _OURS)
column_of = CLIENTS.column_of
guessed = CLIENTS.guessed
