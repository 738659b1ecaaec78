"""Pages of cards: batches, their files, and the cards of a client."""

from __future__ import annotations

import io
import re
from typing import Any

import pypdfium2
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client as Browser
from PIL import Image

from clients.enrolment import enrol
from clients.models import Client
from clients.plastic import making
from clients.plastic.numbers import Order
from loyalty import binding
from loyalty.models import Card, CardBatch, PlasticCard
from merchants import logos
from merchants.access import tenant
from merchants.models import AuditRecord, Member
from tests.cast import Cast
from tests.clients.plastic.test_batches import NOW


@pytest.fixture
def owner(cast: Cast, client: Browser) -> Browser:
    client.force_login(cast.zerno.owner)
    return client


@pytest.fixture
def anna(cast: Cast) -> Client:
    with tenant(cast.zerno.program.pk):
        return enrol(
            program_id=cast.zerno.program.pk,
            merchant_id=cast.zerno.merchant.pk,
            phone="+79161234567",
            name="Анна",
            source="test",
            now=NOW,
        )


def batch_of(cast: Cast, count: int = 3) -> CardBatch:
    with tenant(cast.zerno.program.pk):
        return making.order_batch(
            merchant=cast.zerno.merchant,
            name="Синие",
            line="Баллы с каждой покупки",
            codes="both",
            order=Order(source="range", prefix="27", first=1, last=count),
            now=NOW,
            by="test",
        )


def rooms(cast: Cast, path: str = "") -> str:
    return f"/m/{cast.zerno.merchant.pk}/cards/{path}"


def text(answer: Any) -> str:
    body = re.sub(r"<[^>]+>", " ", answer.content.decode())
    return " ".join(body.replace("\xa0", " ").split())


def test_from_an_empty_room_to_a_batch(cast: Cast, owner: Browser) -> None:
    assert "Пластиковых карт пока нет" in text(owner.get(rooms(cast)))
    said = {"name": "Синие", "count": "7", "codes": "both", "line": ""}
    page = owner.post(rooms(cast, "new/?by=random"), said, follow=True)
    assert "Ждут клиента 7" in text(page)
    with tenant(cast.zerno.program.pk):
        assert PlasticCard.objects.count() == 7


@pytest.mark.parametrize(
    ("by", "said", "answer"),
    [
        ("random", {"count": "100001"}, "100000"),
        ("random", {"count": "0"}, "1"),
        (
            "range",
            {"prefix": "29", "first": "1", "last": "5", "check": "on"},
            "Номера на 29 отведены картам в телефонах.",
        ),
        ("range", {"prefix": "27", "first": "5", "last": "1", "check": "on"}, "Последний номер должен быть не меньше"),
        ("range", {"prefix": "27", "first": "1", "last": "200000", "check": "on"}, "В партии не больше 100 000 карт."),
        ("range", {"prefix": "Ж", "first": "1", "last": "2"}, "Латинские буквы, цифры и дефисы"),
        ("file", {"file": SimpleUploadedFile("a.csv", b"")}, "пуст"),
    ],
)
def test_what_a_form_refuses(cast: Cast, owner: Browser, by: str, said: dict[str, Any], answer: str) -> None:
    page = owner.post(rooms(cast, f"new/?by={by}"), {"name": "x", "codes": "both", **said})
    assert page.status_code == 200
    assert answer in text(page)


def test_a_file_with_bad_rows(cast: Cast, owner: Browser) -> None:
    file = SimpleUploadedFile("cards.csv", "Номер карты\nA-001\nA-001\n=cmd()\n".encode("cp1251"))
    page = owner.post(rooms(cast, "new/?by=file"), {"name": "Старые", "codes": "both", "file": file}, follow=True)
    assert "Строка 3: «A-001» уже был в строке 2" in text(page)
    with tenant(cast.zerno.program.pk):
        made = CardBatch.objects.get()
    errors = b"".join(owner.get(rooms(cast, f"{made.pk}/errors.csv"))).decode("utf-8-sig")  # type: ignore[arg-type]
    assert errors.splitlines()[0] == "Строка;Номер карты;Что не так"
    assert [line.split(";")[:2] for line in errors.splitlines()[1:]] == [["3", "A-001"], ["4", "'=cmd()"]]


def test_numbers_and_paper_for_the_printing_house(cast: Cast, owner: Browser) -> None:
    made = batch_of(cast, 12)
    lines = b"".join(owner.get(rooms(cast, f"{made.pk}/numbers.csv"))).decode("utf-8-sig").splitlines()  # type: ignore[arg-type]
    assert (len(lines), lines[1]) == (13, "1;2700000000014")
    paper = pypdfium2.PdfDocument(owner.get(rooms(cast, f"{made.pk}/cards.pdf")).content)
    assert len(paper) == 2
    words = paper[0].get_textpage().get_text_range().replace("\xa0", " ")
    for said in ("Зерно", "Баллы с каждой покупки", "2 700000 000014"):
        assert said in words
    single = pypdfium2.PdfDocument(owner.get(rooms(cast, f"{made.pk}/cards.pdf?sheet=single&from=11")).content)
    assert len(single) == 2
    assert [round(side / 72 * 25.4, 1) for side in single[0].get_size()] == [88.6, 57.0]
    assert owner.get(rooms(cast, f"{made.pk}/cards.pdf?from=13")).status_code == 404
    with tenant(cast.zerno.program.pk):
        assert AuditRecord.objects.filter(action="card_batch.downloaded").count() == 3


def test_numbers_of_clients_are_left_out_unless_they_are_asked_for(cast: Cast, owner: Browser, anna: Client) -> None:
    made = batch_of(cast)
    with tenant(cast.zerno.program.pk):
        binding.bind(account=anna.account, number="2700000000021", now=NOW, by="test")

    def lines(more: str = "") -> list[str]:
        answer: Any = owner.get(rooms(cast, f"{made.pk}/numbers.csv{more}"))
        return b"".join(answer).decode("utf-8-sig").splitlines()[1:]

    assert lines() == ["1;2700000000014", "3;2700000000038"]
    assert len(lines("?all=1")) == 3
    words = pypdfium2.PdfDocument(owner.get(rooms(cast, f"{made.pk}/cards.pdf")).content)[0].get_textpage()
    assert "000002" not in words.get_text_range()
    assert "Номера карт, которые уже у клиентов" in text(owner.get(rooms(cast, f"{made.pk}/")))


def test_who_works_at_one_outlet_takes_no_numbers_away(cast: Cast, owner: Browser) -> None:
    made = batch_of(cast)
    with tenant(cast.zerno.program.pk):
        member = Member.objects.get(merchant=cast.zerno.merchant, user=cast.zerno.owner)
        member.outlets.add(cast.zerno.outlet)
    assert owner.get(rooms(cast, f"{made.pk}/numbers.csv")).status_code == 403
    assert "numbers.csv" not in owner.get(rooms(cast, f"{made.pk}/")).content.decode()
    assert owner.post(rooms(cast, "any-number/"), {"any_number": "on"}).status_code == 403


def test_another_merchants_batch_is_not_named(cast: Cast, client: Browser) -> None:
    batch_of(cast)
    client.force_login(cast.bakery.owner)
    file = SimpleUploadedFile("cards.csv", b"2700000000014\n")
    said = {"name": "x", "codes": "both", "file": file}
    page = text(client.post(f"/m/{cast.bakery.merchant.pk}/cards/new/?by=file", said, follow=True))
    assert "2700000000014" in page
    assert "Синие" not in page


def test_another_merchants_batch_is_not_there(cast: Cast, client: Browser) -> None:
    made = batch_of(cast)
    client.force_login(cast.bakery.owner)
    for path in ("", "numbers.csv", "cards.pdf", "withdraw/"):
        assert client.get(f"/m/{cast.bakery.merchant.pk}/cards/{made.pk}/{path}").status_code == 404


def test_the_list_asks_as_much_for_many_batches(cast: Cast, owner: Browser, django_assert_max_num_queries: Any) -> None:
    for first in (1, 11, 21):
        with tenant(cast.zerno.program.pk):
            making.order_batch(
                merchant=cast.zerno.merchant,
                name="x",
                line="",
                codes="both",
                order=Order(source="range", prefix="27", first=first, last=first + 2),
                now=NOW,
                by="test",
            )
    with django_assert_max_num_queries(16):
        owner.get(rooms(cast))


# ---------------------------------------------------------------- the cards of a client


def of(cast: Cast, anna: Client, path: str = "") -> str:
    return f"/m/{cast.zerno.merchant.pk}/clients/{anna.account.public_id}/{path}"


def test_bound_blocked_replaced_on_the_clients_page(cast: Cast, owner: Browser, anna: Client) -> None:
    batch_of(cast)
    first, second = "2700000000014", "2700000000021"
    assert "Карты с таким номером нет ни в одной партии" in text(
        owner.post(of(cast, anna, "cards/bind/"), {"number": "777-777"})
    )
    assert "Карта привязана." in text(owner.post(of(cast, anna, "cards/bind/"), {"number": first}, follow=True))
    with tenant(cast.zerno.program.pk):
        card = Card.objects.get(number=first)
    said = {"why": "lost", "note": "в метро"}
    page = owner.post(of(cast, anna, f"cards/{card.pk}/block/"), said, follow=True)
    assert "заблокирована: потеряна" in text(page)
    page = owner.post(of(cast, anna, f"cards/{card.pk}/block/"), {"note": "нашлась"}, follow=True)
    assert "Карта разблокирована." in text(page)
    page = owner.post(of(cast, anna, f"cards/{card.pk}/replace/"), {"number": second, "note": ""}, follow=True)
    assert "заменена" in text(page)
    assert "вернуть её нельзя" in text(owner.post(of(cast, anna, f"cards/{card.pk}/block/"), {"note": "x"}))


def test_a_virtual_card_gets_a_new_number(cast: Cast, owner: Browser, anna: Client) -> None:
    with tenant(cast.zerno.program.pk):
        card = Card.objects.get(account=anna.account, kind="virtual")
    assert "Карта заменена." in text(
        owner.post(of(cast, anna, f"cards/{card.pk}/replace/"), {"note": "номер утёк"}, follow=True)
    )
    with tenant(cast.zerno.program.pk):
        assert Card.objects.filter(account=anna.account, kind="virtual", status="active").exclude(pk=card.pk).exists()


def test_numbers_are_not_tried_out_on_the_clients_page(cast: Cast, owner: Browser, anna: Client) -> None:
    for n in range(30):
        owner.post(of(cast, anna, "cards/bind/"), {"number": f"NO-{n}"})
    assert "Слишком много неверных номеров" in text(owner.post(of(cast, anna, "cards/bind/"), {"number": "NO-31"}))


def test_a_phone_is_no_card_to_block(cast: Cast, owner: Browser, anna: Client) -> None:
    with tenant(cast.zerno.program.pk):
        phone = Card.objects.get(account=anna.account, kind="phone")
    assert owner.get(of(cast, anna, f"cards/{phone.pk}/block/")).status_code == 404


def test_the_reader_sees_ends_of_numbers(cast: Cast, client: Browser, anna: Client) -> None:
    client.force_login(cast.zerno.reader)
    page = text(client.get(of(cast, anna)))
    with tenant(cast.zerno.program.pk):
        number = Card.objects.get(account=anna.account, kind="virtual").number
    assert number not in page
    assert f"…{number[-4:]}" in page
    assert "Заменить" not in page


def test_the_logo_is_on_the_paper(cast: Cast, owner: Browser) -> None:
    png = io.BytesIO()
    Image.new("RGB", (64, 64), "#c01040").save(png, format="PNG")
    png.seek(0)
    with tenant(cast.zerno.program.pk):
        logos.put_logo(merchant=cast.zerno.merchant, file=png, by=cast.zerno.owner, now=NOW)
    made = batch_of(cast, 1)
    page = pypdfium2.PdfDocument(owner.get(rooms(cast, f"{made.pk}/cards.pdf?sheet=single")).content)[0]
    picture = page.render(scale=2).to_pil().convert("RGB")
    colours = {picture.getpixel((x, y)) for x in range(0, picture.width, 4) for y in range(0, picture.height, 4)}
    assert any(isinstance(one, tuple) and one[0] > 150 and one[1] < 60 and one[2] < 100 for one in colours)
