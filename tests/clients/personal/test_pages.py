"""The pages of personal data: who asks to be erased, erasing, consents on paper, data handed out, terms of keeping."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.test import Client as Browser
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from clients import card_links, consents
from clients.consents import Kind
from clients.models import Client, Consent, Erasure, Retention
from clients.personal import retention
from clients.personal.dossier import SECTIONS
from loyalty import accounts
from loyalty.models import Account
from merchants.access import tenant
from merchants.models import AuditRecord
from tests.cast import Cast
from tests.clients.counter import Desk, enrolled, said
from tests.clients.newcomers import code_sent, join
from tests.clients.personal.test_erasing import NAME, NOON, PHONE, lived
from tests.loyalty.shop import ONE_PER_ONE, TillStory


@pytest.fixture
def story(cast: Cast) -> Iterator[TillStory]:
    with tenant(cast.zerno.program.pk), time_machine.travel(NOON, tick=False):
        story = TillStory(cast.zerno, NOON)
        story.publish(ONE_PER_ONE)
        yield story


def plain(answer: Any) -> str:
    return said(answer).replace("\xa0", " ")


def withdraw(client: Client) -> None:
    page = reverse("card_consents", args=[card_links.token_of(client)])
    Browser().post(page, {"withdraw": "yes"}, REMOTE_ADDR="203.0.113.7")


def test_who_withdraws_stands_in_the_list_and_is_erased(cast: Cast, story: TillStory) -> None:
    anna = join(cast.zerno)
    story.give(anna.account, "70")
    withdraw(anna)
    desk = Desk(cast.zerno, cast.zerno.manager)
    assert "Просят удалить 1" in desk.text("clients/")
    listed = plain(desk.get("clients/erasures/"))
    assert "Анна" in listed
    assert "21 декабря 2026" in listed or "21.12.2026" in listed
    one = f"clients/{anna.account.public_id}/"
    assert "его данные нужно удалить до" in desk.text(one)
    asked = desk.get(f"{one}erase/")
    for words in ("Пропадёт баллов 70 зёрен", "0 чеков", "Пекарня", "Отменить это нельзя"):
        assert words in plain(asked), words
    changed = desk.post(f"{one}erase/", {"seen": "something else"})
    assert "Числа изменились" in plain(changed) or "изменились" in plain(changed)
    done = desk.post(f"{one}erase/", {"seen": asked.context["form"].initial["seen"]})
    assert "Клиент удалён" in plain(done)
    assert not Client.objects.filter(pk=anna.pk).exists()
    assert "Никто не просит удалить" in desk.text("clients/erasures/")
    assert "Недавно удалённые" in desk.text("clients/erasures/")
    assert desk.get(one).status_code == 404


def test_overdue_is_said(cast: Cast, story: TillStory) -> None:
    withdraw(join(cast.zerno))
    desk = Desk(cast.zerno, cast.zerno.owner)
    with time_machine.travel(NOON + dt.timedelta(days=31)):
        desk.browser.force_login(cast.zerno.owner)
        assert "просрочено" in desk.text("clients/erasures/")


def test_the_list_costs_the_same_for_many(
    cast: Cast, story: TillStory, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for n in range(8):
        withdraw(enrolled(cast.zerno, f"Анна {n}", f"+791600000{n:02}", NOON))
    desk = Desk(cast.zerno, cast.zerno.owner)
    desk.get("clients/erasures/")
    with django_assert_max_num_queries(16):
        assert len(desk.get("clients/erasures/").context["rows"]) == 8


def test_who_stays_after_all(cast: Cast, story: TillStory) -> None:
    anna = join(cast.zerno)
    withdraw(anna)
    row = Erasure.objects.get()
    desk = Desk(cast.zerno, cast.zerno.owner)
    path = f"clients/erasures/{row.pk}/stay/"
    assert "Карта снова заработает" in desk.text(path)
    back = desk.post(path, {"reason": "Передумала"})
    assert "Клиент остаётся" in plain(back)
    anna.account.refresh_from_db()
    assert anna.account.status == Account.Status.ACTIVE
    desk.post(f"clients/{anna.account.public_id}/consents/", {"kind": "processing", "given": "yes", "place": "Лесная"})
    assert consents.held(anna)[Kind.PROCESSING] is True
    # And may ask again.
    withdraw(anna)
    assert Erasure.objects.asked().count() == 1


def test_consents_have_time_source_address_and_version(cast: Cast, story: TillStory) -> None:
    browser = Browser(REMOTE_ADDR="203.0.113.7")
    anna = join(cast.zerno, browser, partners="on")
    rows = {row.kind: row for row in Consent.objects.filter(client=anna)}
    assert set(rows) == {"processing", "advertising", "partners"}, "who gives no e-mail is not asked for letters"
    assert {row.address for row in rows.values()} == {"203.0.113.7"}
    assert (rows["partners"].given, rows["partners"].text_version) == (True, "default-1")
    assert (rows["advertising"].given, rows["processing"].given) == (False, True)
    assert rows["partners"].at == NOON
    desk = Desk(cast.zerno, cast.zerno.operator)
    page = f"clients/{anna.account.public_id}/consents/"
    shown = desk.text(page)
    assert "203.0.113.7" in shown
    assert "на странице вступления" in shown or "default-1" in shown
    assert "203.0.113.7" not in Desk(cast.zerno, cast.zerno.reader).text(page)


def test_partners_are_asked_for_where_there_are_some_or_the_merchant_wishes(cast: Cast, story: TillStory) -> None:
    shown = Browser().get(f"/join/{cast.zerno.merchant.pk}/").content.decode()
    field = shown.partition('name="partners"')
    assert field[1]
    assert "checked" not in field[0].rpartition("<input")[2] + field[2].partition(">")[0], "never ticked by us"
    with tenant(cast.pryanik.program.pk):
        merchant = cast.pryanik.merchant
        assert 'name="partners"' not in Browser().get(f"/join/{merchant.pk}/").content.decode()
        consents.write_text(merchant=merchant, kind=Kind.PARTNERS, text="Передавайте", by=cast.pryanik.owner, now=NOON)
        assert 'name="partners"' in Browser().get(f"/join/{merchant.pk}/").content.decode()


def test_a_consent_on_paper(cast: Cast, story: TillStory) -> None:
    anna = enrolled(cast.zerno, "Анна", PHONE, NOON)
    page = f"clients/{anna.account.public_id}/consents/"
    desk = Desk(cast.zerno, cast.zerno.operator)
    empty = desk.post(page, {"kind": "advertising", "given": "yes", "place": ""})
    assert empty.context["form"].errors["place"]
    desk.post(page, {"kind": "advertising", "given": "yes", "place": "Заявление от 12 мая"})
    row = Consent.objects.get(client=anna)
    assert (row.kind, row.given, row.address) == ("advertising", True, "Заявление от 12 мая")
    assert row.source.startswith("paper:")
    again = desk.post(page, {"kind": "advertising", "given": "yes", "place": "Ещё раз"})
    assert "ничего не изменилось" in plain(again)
    assert "на бумаге" in desk.text(page)
    gone = desk.post(page, {"kind": "processing", "given": "no", "place": "Заявление"})
    assert "Просят удалить" in plain(gone)
    assert Erasure.objects.asked().count() == 1
    assert Desk(cast.zerno, cast.zerno.reader).post(page, {"kind": "advertising"}).status_code == 403


def read_zip(answer: Any) -> dict[str, list[list[str]]]:
    with zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content))) as archive:
        return {
            name.partition("-")[2].removesuffix(".csv"): list(
                csv.reader(io.StringIO(archive.read(name).decode("utf-8-sig")), delimiter=";")
            )
            for name in archive.namelist()
        }


def test_everything_in_one_file(cast: Cast, story: TillStory) -> None:
    kleo = lived(cast, story)
    friend = enrolled(cast.zerno, "Пётр Тайный", "+79160000077", NOON, referrer=kleo.account)
    desk = Desk(cast.zerno, cast.zerno.owner)
    answer = desk.get(f"clients/{kleo.account.public_id}/data.json")
    found = json.loads(b"".join(answer.streaming_content))
    assert list(found) == ["format", "version", "made_at", *(section.key for section in SECTIONS)]
    assert (found["profile"]["name"], found["profile"]["phone"]) == (NAME, PHONE)
    assert {card["kind"] for card in found["cards"]} == {"phone", "virtual"}
    assert next(one["number"] for one in found["receipts"]) == "17"
    assert found["receipt_lines"][0]["amount"] == "100.00"
    assert found["returns"][0]["money"] == "100.00"
    assert any(NAME in one["why"] for one in found["entries"])
    assert found["invited"] == [{"id": str(friend.account.public_id), "joined_at": NOON.isoformat()}]
    assert found["merged_cards"][0]["phone"] == "+79167778800"
    assert found["imports"][0]["name"] == NAME
    text = json.dumps(found, ensure_ascii=False)
    assert "Тайный" not in text
    assert "0000077" not in text
    tables = read_zip(desk.get(f"clients/{kleo.account.public_id}/data.zip"))
    assert tables["profile"][0][1] == "Имя"
    assert tables["profile"][1][1] == NAME
    assert {name: len(rows) - 1 for name, rows in tables.items() if name not in ("profile", "balance")} == {
        section.key: len(found[section.key]) for section in SECTIONS if section.key not in ("profile", "balance")
    }
    assert AuditRecord.objects.filter(action="client.data_given", object_id=str(kleo.pk)).count() == 2
    assert desk.get(f"clients/{kleo.account.public_id}/data.exe").status_code == 404
    assert Desk(cast.zerno, cast.zerno.operator).get(f"clients/{kleo.account.public_id}/data.json").status_code == 403


def test_a_partner_hands_out_no_receipts_of_others(cast: Cast, story: TillStory) -> None:
    anna = enrolled(cast.zerno, "Анна", PHONE, NOON)
    story.sell(anna.account, "100", receipt="тайна")
    answer = Desk(cast.bakery, cast.bakery.owner).get(f"clients/{anna.account.public_id}/data.json")
    text = b"".join(answer.streaming_content).decode()
    assert json.loads(text)["receipts"] == []
    assert "тайна" not in text


def test_the_client_takes_his_data_with_a_fresh_code(cast: Cast, story: TillStory) -> None:
    anna = join(cast.zerno)
    page = reverse("card_data", args=[card_links.token_of(anna)])
    browser = Browser()
    assert "Отправить код" in browser.get(page).content.decode()
    story.later(minutes=2)
    with time_machine.travel(story.now, tick=False):
        browser.post(page, {"do": "send"})
        wrong = browser.post(page, {"code": "000000", "kind": "json"})
        assert "Осталось попыток" in wrong.content.decode() or "попыток" in wrong.content.decode()
        right = browser.post(page, {"code": code_sent(cast.zerno), "kind": "json"})
        assert json.loads(b"".join(right.streaming_content))["profile"]["name"] == "Анна"
        again = browser.post(page, {"code": code_sent(cast.zerno), "kind": "json"})
        assert again["Content-Type"].startswith("text/html"), "a code is good once"
    assert AuditRecord.objects.get(action="client.data_given").actor == "card page"


def test_terms_show_numbers_first_and_then_erase(cast: Cast, story: TillStory) -> None:
    old = enrolled(cast.zerno, "Анна", PHONE, NOON - dt.timedelta(days=3000))
    with time_machine.travel(NOON - dt.timedelta(days=2900)):
        accounts.adjust(
            account=old.account,
            points=7,
            reason="",
            now=NOON - dt.timedelta(days=2900),
            by=cast.zerno.owner,  # type: ignore[arg-type]
        )
    fresh = enrolled(cast.zerno, "Борис", "+79160000002", NOON - dt.timedelta(days=3000))
    story.sell(fresh.account, "100")
    Consent.objects.create(
        program=cast.zerno.program, client=fresh, kind="advertising", given=True, source="x", address="203.0.113.7",
        at=NOON - dt.timedelta(days=90),
    )  # fmt: skip
    assert retention.run(now=NOON) == 0, "nothing is erased before somebody says so"
    desk = Desk(cast.zerno, cast.zerno.owner)
    terms = {"idle_years": "5", "import_days": "30", "address_days": "60"}
    asked = desk.post("settings/keeping/", terms)
    assert "Клиентов удалится навсегда 1 Баллов пропадёт вместе с ними 7" in plain(asked)
    assert not Retention.objects.exists()
    desk.post("settings/keeping/", terms | {"seen": asked.context["form"].initial["seen"]})
    assert Retention.objects.get().idle_years == 5
    assert retention.run(now=NOON) == 2
    assert list(Client.objects.values_list("name", flat=True)) == ["Борис"]
    assert Consent.objects.get().address == ""
    assert retention.run(now=NOON) == 0
    assert AuditRecord.objects.get(action="retention.done").details == {"clients": 1, "addresses": 1}
    wrong = desk.post("settings/keeping/", {"idle_years": "0", "import_days": "31", "address_days": ""})
    assert set(wrong.context["form"].errors) == {"idle_years", "import_days"}


def test_what_was_given_can_be_withdrawn_where_nobody_asks_for_it(cast: Cast, story: TillStory) -> None:
    with tenant(cast.pryanik.program.pk):
        anna = enrolled(cast.pryanik, "Анна", PHONE, NOON)
        consents.say(client=anna, said={Kind.PARTNERS: True}, texts={}, source="till:1", now=NOON)
        page = reverse("card_consents", args=[card_links.token_of(anna)])
        assert 'name="partners"' in Browser().get(page).content.decode()
        Browser().post(page, {"email": ""})
        assert consents.held(anna)[Kind.PARTNERS] is False
        assert 'name="partners"' not in Browser().get(page).content.decode()
