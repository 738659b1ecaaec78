"""A client's page and its forms: what stands there, who may do what, and what is done once."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from decimal import Decimal as D
from typing import Any

import pytest
import time_machine
from pytest_django import DjangoAssertNumQueries

from clients.models import Client, Consent
from loyalty import accounts
from loyalty.models import Account, Card, Entry, Lot
from loyalty.refusals import Refused
from merchants.access import tenant
from merchants.models import AuditRecord
from tests.cast import Cast
from tests.clients.counter import Desk, enrolled, said
from tests.loyalty.checking import books_are_sound
from tests.loyalty.shop import ONE_PER_ONE, TillStory

NOON = dt.datetime(2026, 11, 21, 9, 0, tzinfo=dt.UTC)
TIERS = [
    {"id": "start", "title": "Новичок", "earn_percent": "1"},
    {"id": "silver", "title": "Серебро", "spent": "1000", "earn_percent": "2", "gift": "7"},
]
GIVEN = {"direction": "add", "points": "50", "reason": "apology", "words": "долго ждали", "expires": ""}


@pytest.fixture
def story(cast: Cast) -> Iterator[TillStory]:
    with time_machine.travel(NOON, tick=False), tenant(cast.zerno.program.pk):
        story = TillStory(cast.zerno, NOON)
        story.publish({"tiers": TIERS, **ONE_PER_ONE, "points": {"expiry": {"kind": "days", "days": 30}}})
        yield story


@pytest.fixture
def anna(cast: Cast, story: TillStory) -> Client:
    return enrolled(cast.zerno, "Анна", "+79161234567", NOON, birthday=dt.date(1990, 3, 8), email="anna@mail.example")


@pytest.fixture
def desk(cast: Cast, story: TillStory) -> Desk:
    return Desk(cast.zerno, cast.zerno.operator)


def at(client: Client, rest: str = "") -> str:
    return f"clients/{client.account.public_id}/{rest}"


def hidden(answer: Any) -> dict[str, str]:
    """What the page to confirm would send."""
    fields = re.findall(r'<input type="hidden" name="(\w+)"(?: value="([^"]*)")?', answer.content.decode())
    return {**dict(fields), "confirmed": "yes"}


# ---------------------------------------------------------------- the page


def test_a_client_who_has_done_nothing(desk: Desk, anna: Client) -> None:
    text = desk.text(at(anna))
    for part in ("Анна", "+7 916 123-45-67", "anna@mail.example", "08.03.1990", "Доступно", "0 зёрен", "Новичок"):
        assert part in text
    assert "1 000,00 ₽ покупок до уровня «Серебро»" in text
    assert "Пока ничего не происходило" in text


def test_standing_lots_and_history(story: TillStory, desk: Desk, anna: Client) -> None:
    story.give(anna.account, "20", until=NOON + dt.timedelta(days=2))
    story.sell(anna.account, "1000", receipt="17")
    story.sell(anna.account, "40", points="15", receipt="18")
    Client.objects.filter(pk=anna.pk).update(note="на овсяном")
    Account.objects.filter(pk=anna.account_id).update(tags=["опт"])
    text = desk.text(at(anna))
    for part in (
        "на овсяном",
        "опт",
        "5 зёрен — по 23.11.2026 включительно",
        "5 из 20",
        "Подарок за уровень «Серебро»",
        "1 балл за 1 ₽",
        "по 21.12.2026 включительно",
        "Чек 17",
        "Вручную test",
        "−15 зёрен",
        "Последние чеки",
    ):
        assert part in text, part


def test_the_history_has_pages_and_one_price(
    story: TillStory, desk: Desk, anna: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    story.sell(anna.account, "10", receipt="first")
    story.give(anna.account, "1")
    desk.get(at(anna))
    with django_assert_num_queries(19):
        desk.get(at(anna))
    for n in range(25):
        story.sell(anna.account, "10", receipt=f"r{n}")
        story.give(anna.account, "1")
    with django_assert_num_queries(19):
        answer = desk.get(at(anna))
    seen = [line.event.id for line in answer.context["history"]]
    while answer.context["page"].older:
        answer = desk.get(at(anna), {"before": answer.context["page"].older})
        seen += [line.event.id for line in answer.context["history"]]
    assert seen == list(Entry.objects.order_by("-pk").values_list("pk", flat=True))


def test_a_partner_sees_points_and_no_receipts(cast: Cast, story: TillStory, anna: Client) -> None:
    story.sell(anna.account, "777", receipt="секрет-17")
    text = Desk(cast.bakery, cast.bakery.owner).text(at(anna))
    assert "В другой компании программы" in text
    assert "+777 зёрен" in text
    assert "секрет-17" not in text
    assert "777,00" not in text


def test_a_reader_sees_neither_numbers_nor_buttons(cast: Cast, story: TillStory, anna: Client) -> None:
    story.give(anna.account, "20")
    card = Card.objects.get(account=anna.account, kind=Card.Kind.VIRTUAL).number
    page = Desk(cast.zerno, cast.zerno.reader).get(at(anna)).content.decode()
    for hidden_part in ("123-45", "79161234567", "anna@", card, "/points/", "/edit/", "/block/"):
        assert hidden_part not in page
    assert "…45-67" in page


@pytest.mark.parametrize("page", ["", "edit/", "block/", "tier/", "points/"])
def test_strangers_clients_are_not_there(cast: Cast, desk: Desk, anna: Client, page: str) -> None:
    with tenant(cast.pryanik.program.pk):
        egors = enrolled(cast.pryanik, "Чужой", "+79160000001", NOON)
    assert desk.get(at(egors, page)).status_code == 404
    assert desk.get(f"clients/00000000-0000-4000-8000-000000000000/{page}").status_code == 404
    assert Desk(cast.pryanik, cast.pryanik.owner).get(at(anna, page)).status_code == 404


# ---------------------------------------------------------------- points by hand


def test_points_are_added_after_the_numbers_and_once(story: TillStory, desk: Desk, anna: Client) -> None:
    story.give(anna.account, "5")
    asked = desk.post(at(anna, "points/"), GIVEN)
    text = said(asked)
    for part in ("Было 5 зёрен", "Изменение +50 зёрен", "Станет 55 зёрен", "по 21.12.2026 включительно"):
        assert part in text, part
    assert story.standing(anna.account).balance == 5
    sent = hidden(asked)
    first, second = (desk.post(at(anna, "points/"), sent) for _ in range(2))
    assert "Начислено: 50 зёрен." in said(first)
    assert "Это уже сделано." in said(second)
    assert story.entries(anna.account) == [("adjust", 5), ("adjust", 50)]
    entry = Entry.objects.latest("pk")
    assert (entry.reason, entry.actor) == ("Извинение перед клиентом: долго ждали", "vera@example.org")
    assert AuditRecord.objects.filter(action="account.adjusted").latest("pk").details["points"] == "50"
    # Another page to confirm is another deed.
    desk.post(at(anna, "points/"), hidden(desk.post(at(anna, "points/"), GIVEN)))
    assert story.standing(anna.account).balance == 105


def test_points_that_would_be_gone_as_they_come(story: TillStory, desk: Desk, anna: Client) -> None:
    """All points end on one day, and it is over: staff say another."""
    story.publish({**ONE_PER_ONE, "points": {"expiry": {"kind": "date", "date": "2026-11-20"}}})
    before = story.standing(anna.account).balance
    page = desk.post(at(anna, "points/"), GIVEN)
    assert "По правилам баллы можно было потратить до 20.11.2026" in said(page)
    with pytest.raises(Refused, match="points_expired"):
        accounts.adjust(account=anna.account, points=D(50), reason="", now=story.now, by="test")
    assert story.standing(anna.account).balance == before
    asked = desk.post(at(anna, "points/"), {**GIVEN, "expires": "2026-12-31"})
    desk.post(at(anna, "points/"), hidden(asked))
    assert story.standing(anna.account).balance == before + 50


def test_a_balance_that_moved_is_shown_again(story: TillStory, desk: Desk, anna: Client) -> None:
    sent = hidden(desk.post(at(anna, "points/"), GIVEN))
    story.sell(anna.account, "30")
    again = desk.post(at(anna, "points/"), sent)
    assert "Пока вы смотрели, баланс изменился" in said(again)
    assert "Было 30 зёрен" in said(again)
    assert story.standing(anna.account).balance == 30
    desk.post(at(anna, "points/"), hidden(again))
    assert story.standing(anna.account).balance == 80


def test_points_are_deducted_as_far_as_they_go(story: TillStory, desk: Desk, anna: Client) -> None:
    story.give(anna.account, "30")
    deduct = {**GIVEN, "direction": "deduct", "points": "31"}
    assert "Списать можно только 30 зёрен." in said(desk.post(at(anna, "points/"), deduct))
    asked = desk.post(at(anna, "points/"), {**deduct, "points": "30"})
    assert "Станет 0 зёрен" in said(asked)
    desk.post(at(anna, "points/"), hidden(asked))
    assert story.standing(anna.account).balance == 0


def test_added_points_with_a_day_of_their_own(story: TillStory, desk: Desk, anna: Client) -> None:
    asked = desk.post(at(anna, "points/"), {**GIVEN, "expires": "2026-11-25"})
    assert "по 25.11.2026 включительно" in said(asked)
    desk.post(at(anna, "points/"), hidden(asked))
    assert Lot.objects.get().expires_at == dt.datetime(2026, 11, 25, 21, 0, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"points": "0"}, "Укажите число больше нуля."),
        ({"points": "-5"}, "Укажите число больше нуля."),
        ({"points": "1,5"}, "В программе только целые баллы."),
        ({"points": "9" * 9}, "За один раз это слишком много."),
        ({"points": "сто"}, "Введите число."),
        ({"points": "NaN"}, "Введите число."),
        ({"points": "1e5"}, ""),
        ({"reason": "other", "words": ""}, "Напишите причину в двух словах."),
        ({"expires": "2026-11-20"}, "Этот день уже прошёл."),
        ({"expires": "9999-12-31"}, "Не дальше чем на десять лет."),
        ({"direction": "deduct", "points": "1", "expires": "2026-12-01"}, "Срок бывает только у начисления"),
    ],
)
def test_what_can_not_be_given(
    story: TillStory, desk: Desk, anna: Client, change: dict[str, str], message: str
) -> None:
    answer = desk.post(at(anna, "points/"), {**GIVEN, **change, "confirmed": "yes", "once": "", "seen": ""})
    assert message in said(answer)
    assert Entry.objects.count() == 0


def test_an_addition_is_undone_from_the_history(story: TillStory, desk: Desk, anna: Client) -> None:
    story.give(anna.account, "100")
    entry = Entry.objects.get()
    story.sell(anna.account, "80", points="80")
    page = desk.get(at(anna)).content.decode()
    assert f"/points/{entry.pk}/undo/" in page
    undo = at(anna, f"points/{entry.pk}/undo/")
    asked = desk.get(undo)
    for part in ("+100 зёрен (test)", "Было 20 зёрен", "Станет −80 зёрен", "Уже потрачено 80 зёрен", "Долг"):
        assert part in said(asked), part
    sent = {**hidden(asked), "reason": "не тому клиенту"}
    # Meanwhile he buys something: the numbers have to be seen again.
    story.sell(anna.account, "10")
    moved = desk.post(undo, sent)
    assert "баланс изменился" in said(moved)
    done = desk.post(undo, {**hidden(moved), "reason": "не тому клиенту"})
    assert "Отменено: −100 зёрен." in said(done)
    assert "Отмена: не тому клиенту" in said(done)
    assert f"/points/{entry.pk}/undo/" not in done.content.decode()
    assert "Эта операция уже отменена." in said(desk.post(undo, sent))
    assert story.standing(anna.account).balance == -70
    books_are_sound(story.program_id, story.now)


def test_what_can_not_be_undone(cast: Cast, story: TillStory, desk: Desk, anna: Client) -> None:
    boris = enrolled(cast.zerno, "Борис", "+79160000001", NOON)
    story.give(anna.account, "100")
    entry = Entry.objects.get()
    assert desk.get(at(boris, f"points/{entry.pk}/undo/")).status_code == 404
    story.sell(anna.account, "10")
    earned = Entry.objects.latest("pk")
    assert desk.get(at(anna, f"points/{earned.pk}/undo/")).status_code == 404
    assert desk.get(at(anna, f"points/{10**30}/undo/")).status_code == 404
    with time_machine.travel(NOON + dt.timedelta(days=30), tick=False):
        assert "/undo/" not in desk.get(at(anna)).content.decode()
        late = desk.browser.get(desk.path(at(anna, f"points/{entry.pk}/undo/")), follow=True)
        assert "Прошло больше 30 дней" in said(late)


# ---------------------------------------------------------------- who it is


NEW = {
    "phone": "8 (916) 765-43-21",
    "name": " Борис   Иванов ",
    "birthday": "1985-02-28",
    "email": "b@mail.example",
    "note": "вторая кружка",
    "tags": "опт, VIP,опт",
    "processing": "on",
}


def test_a_new_client(story: TillStory, desk: Desk) -> None:
    assert "Клиент добавлен." in said(desk.post("clients/new/", NEW))
    boris = Client.objects.select_related("account").get()
    assert (boris.name, boris.phone, boris.note) == ("Борис Иванов", "+79167654321", "вторая кружка")
    assert (boris.account.tags, boris.account.birthday) == (["опт", "VIP"], dt.date(1985, 2, 28))
    consent = Consent.objects.get()
    assert (consent.kind, consent.given, consent.source[:7]) == ("processing", True, "member:")
    assert consent.text_version
    assert AuditRecord.objects.get(action="client.added").details == {}
    again = desk.post("clients/new/", {**NEW, "name": "Другой"})
    assert "Этот телефон уже в программе" in said(again)
    assert again.redirect_chain[-1][0].endswith(f"/{boris.account.public_id}/")
    assert Client.objects.count() == 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"phone": "12"}, "Это не номер телефона."),
        ({"phone": ""}, "Обязательное поле."),
        ({"birthday": "2027-01-01"}, "Такого дня рождения не бывает"),
        ({"birthday": "1985-02-30"}, "Напишите день и месяц"),
        ({"email": "b@"}, "электронной почты"),
        ({"processing": ""}, "Без этого согласия"),
        ({"tags": ",".join(map(str, range(30)))}, "Не больше 20 меток."),
        ({"tags": "x" * 41}, "В метке не больше 40 символов."),
        ({"name": "x\0y"}, ""),
    ],
)
def test_what_is_wrong_with_a_new_client(desk: Desk, change: dict[str, str], message: str) -> None:
    data = {name: value for name, value in {**NEW, **change}.items() if value}
    answer = desk.post("clients/new/", data)
    assert message in said(answer)
    assert Client.objects.count() == 0


def test_a_changed_client(story: TillStory, desk: Desk, anna: Client) -> None:
    form = {**NEW, "phone": "8 916 000 00 01"}
    assert "Сохранено." in said(desk.post(at(anna, "edit/"), form))
    changed = Client.objects.select_related("account").get()
    assert (changed.name, changed.phone, changed.card_version) == ("Борис Иванов", "+79160000001", 2)
    assert (changed.account.birthday, changed.account.tags) == (dt.date(1985, 2, 28), ["опт", "VIP"])
    numbers = Card.objects.filter(account=changed.account, kind=Card.Kind.PHONE).values_list("number", flat=True)
    assert list(numbers) == ["+79160000001"]
    record = AuditRecord.objects.get(action="client.edited")
    assert sorted(record.details["fields"]) == ["birthday", "email", "name", "note", "phone", "tags"]
    assert "Борис" not in str(record.details)
    assert "79160000001" not in str(record.details)
    assert "Изменений нет." in said(desk.post(at(anna, "edit/"), form))
    assert AuditRecord.objects.filter(action="client.edited").count() == 1
    # The old number is free for whoever has it now.
    desk.post("clients/new/", {**NEW, "phone": "+79161234567"})
    assert Client.objects.count() == 2


def test_another_clients_phone_is_refused_by_name(cast: Cast, story: TillStory, desk: Desk, anna: Client) -> None:
    boris = enrolled(cast.zerno, "<b>Борис</b>", "+79160000001", NOON)
    answer = desk.post(at(anna, "edit/"), {**NEW, "phone": "89160000001"})
    assert "Этот телефон у другого клиента: &lt;b&gt;Борис&lt;/b&gt;" in said(answer)
    assert str(boris.account.public_id) in answer.content.decode()
    assert [str(client.phone) for client in Client.objects.order_by("pk")] == ["+79161234567", "+79160000001"]
    assert Card.objects.filter(kind=Card.Kind.PHONE).count() == 2
    assert Client.objects.filter(name="Анна").exists()


def test_block_and_unblock(story: TillStory, desk: Desk, anna: Client) -> None:
    asked = desk.get(at(anna, "block/"))
    assert "Заблокировать: Анна?" in said(asked)
    sent = {**hidden(asked), "reason": "спорный чек"}
    assert "Клиент заблокирован: баллы не начисляются" in said(desk.post(at(anna, "block/"), sent))
    # The same press again does not unblock.
    assert "Это уже сделал кто-то другой." in said(desk.post(at(anna, "block/"), sent))
    account = Account.objects.get()
    assert (account.status, account.block_reason) == ("blocked", "спорный чек")
    asked = desk.get(at(anna, "block/"))
    assert "спорный чек" in said(asked)
    desk.post(at(anna, "block/"), {**hidden(asked), "reason": "разобрались"})
    assert Account.objects.get().status == "active"
    assert list(AuditRecord.objects.filter(action__startswith="account.").values_list("action", flat=True)) == [
        "account.blocked",
        "account.unblocked",
    ]


def test_a_tier_by_hand_until_a_day(story: TillStory, desk: Desk, anna: Client) -> None:
    data = {"tier": "silver", "until": "2026-12-31", "reason": "друг"}
    text = said(desk.post(at(anna, "tier/"), data))
    assert "Серебро, по 31.12.2026 включительно" in text
    assert Account.objects.get().manual_tier_until == dt.datetime(2026, 12, 31, 21, 0, tzinfo=dt.UTC)
    assert "Этот день уже прошёл." in said(desk.post(at(anna, "tier/"), {**data, "until": "2026-11-20"}))
    assert "Выберите корректный вариант" in said(desk.post(at(anna, "tier/"), {**data, "tier": "platinum"}))
    desk.post(at(anna, "tier/"), {"tier": "", "until": "", "reason": "всё"})
    assert Account.objects.get().manual_tier == ""


def test_a_merchant_gives_points_as_his_own(cast: Cast, story: TillStory, anna: Client) -> None:
    baker = Desk(cast.bakery, cast.bakery.owner)
    baker.post(at(anna, "points/"), hidden(baker.post(at(anna, "points/"), GIVEN)))
    assert Lot.objects.get().merchant_id == cast.bakery.merchant.pk
    accounts.adjust(account=anna.account, points=D(1), reason="", now=NOON, by="test")
    assert Lot.objects.latest("pk").merchant_id == cast.zerno.merchant.pk


def test_points_that_wait_are_told_from_those_that_expire(desk: Desk, story: TillStory, anna: Client) -> None:
    story.publish({**ONE_PER_ONE, "points": {"pending_days": 2, "expiry": {"kind": "days", "days": 30}}})
    story.sell(anna.account, "105")
    page = said(desk.get(at(anna)))
    assert "из них 105 зёрен ещё не активны" in page
