"""The pages of segments: made, looked at, kept, frozen, taken out, deleted; the RFM table."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client as Browser
from django.urls import reverse
from django.utils import timezone

from clients import segments
from clients.enrolment import enrol
from clients.models import Client, Segment
from merchants.access import tenant
from merchants.models import AuditRecord, Member, Role
from tests.cast import Cast
from tests.loyalty.shop import TillStory


@pytest.fixture
def story(cast: Cast) -> Iterator[TillStory]:
    with tenant(cast.pryanik.program.pk):
        story = TillStory(cast.pryanik, timezone.now())
        story.publish({})
        for n, name in enumerate(("Анна", "Борис", "Вера")):
            client = enrol(
                program_id=story.program_id,
                merchant_id=story.caller.merchant_id,
                phone=f"+791612345{n:02}",
                name=name,
                source="test",
                now=story.now,
            )
            if n < 2:
                story.sell(client.account, "100" if n else "300")
        yield story


@pytest.fixture
def egor(cast: Cast) -> Browser:
    browser = Browser()
    browser.force_login(cast.pryanik.owner)
    return browser


def url(cast: Cast, name: str, *args: object) -> str:
    return reverse(name, args=[cast.pryanik.merchant.pk, *args])


def text(response: Any) -> str:
    return str(response.content.decode()).replace("\u00a0", " ")


def test_a_ready_one_by_one_click(cast: Cast, story: TillStory, egor: Browser) -> None:
    page = text(egor.get(url(cast, "segments")))
    assert "Начните с готового" in page
    assert "Спящие" in page
    made = text(egor.post(url(cast, "segments"), {"ready": "without_purchases"}, follow=True))
    assert "Без покупок" in made
    assert "0 клиентов" in made  # nobody has joined a week ago
    again = text(egor.post(url(cast, "segments"), {"ready": "without_purchases"}, follow=True))
    assert "Такой сегмент уже есть" in again
    assert list(AuditRecord.objects.filter(action="segment.made").values_list("user__name", flat=True)) == ["Egor"]


FORM = {
    "name": "Покупали много",
    "when": "0-spent",
    "sent-0-spent": "yes",
    "when-0-spent-at_least": "200",
    "when-0-spent-at_most": "",
    "when-0-spent-days": "",
    "when-0-spent-since": "",
    "when-0-spent-until": "",
}


def test_conditions_are_counted_kept_and_changed(cast: Cast, story: TillStory, egor: Browser) -> None:
    counted = text(egor.post(url(cast, "segment_count"), FORM | {"do": "save"}))
    assert "1 клиент" in counted
    assert "Анна" in counted
    assert "Борис" not in counted
    assert "2 клиента" in text(egor.post(url(cast, "segment_count"), FORM | {"not-0-spent": "yes"}))
    half = text(egor.post(url(cast, "segment_count"), FORM | {"when-0-spent-at_least": ""}))
    assert "3 клиента" in half
    assert "1 условие ещё не заполнено" in half
    added = text(egor.post(url(cast, "segment_new"), FORM | {"do": "add:birthday_soon"}))
    assert 'name="when-1-birthday_soon-days"' in added
    gone = text(egor.post(url(cast, "segment_new"), FORM | {"do": "remove:0-spent"}))
    assert "when-0-spent-at_least" not in gone
    kept = text(egor.post(url(cast, "segment_new"), FORM | {"do": "save"}, follow=True))
    assert "Сегмент сохранён" in kept
    assert "Анна" in kept
    assert "покупки на сумму от 200 ₽" in kept
    again = text(egor.post(url(cast, "segment_new"), FORM | {"do": "save"}))
    assert "Так уже называется другой сегмент" in again
    segment = Segment.objects.get()
    edited = text(egor.get(url(cast, "segment_edit", segment.pk)))
    assert 'value="200"' in edited
    egor.post(url(cast, "segment_edit", segment.pk), FORM | {"do": "save", "not-0-spent": "yes"})
    assert {one.name for one in segments.members(Segment.objects.get(), timezone.now())} == {"Борис", "Вера"}


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"when-0-spent-at_least": ""}, "Укажите, от скольких или до скольких"),
        ({"when-0-spent-at_most": "100"}, "Это меньше начала"),
        ({"when-0-spent-at_least": "много"}, "Напишите число"),
        ({"when-0-spent-days": "7", "when-0-spent-since": "2026-01-01"}, "Либо последние дни, либо две даты"),
        ({"when-0-spent-since": "2026-02-01", "when-0-spent-until": "2026-01-01"}, "Это раньше первого дня"),
        ({"when-0-spent-since": "0001-01-01"}, "Только дни с 1900 по 2100 год"),
        ({"when-0-spent-until": "9999-12-31"}, "Только дни с 1900 по 2100 год"),
        ({"name": " "}, "Обязательное поле"),
    ],
)
def test_what_is_wrong_is_said(cast: Cast, story: TillStory, egor: Browser, fields: dict[str, str], said: str) -> None:
    page = text(egor.post(url(cast, "segment_new"), FORM | {"do": "save"} | fields))
    assert said in page
    assert "Пока не сохранено" in page
    assert not Segment.objects.exists()


def test_a_kept_list_and_its_end(cast: Cast, story: TillStory, egor: Browser) -> None:
    egor.post(url(cast, "segment_new"), FORM | {"do": "save", "not-0-spent": "yes"})
    segment = Segment.objects.get()
    frozen = text(egor.post(url(cast, "segment_freeze", segment.pk), {"do": "freeze"}, follow=True))
    assert "Список сохранён: 2 клиента" in frozen
    assert "Egor" in frozen
    boris = segments.members(segment, timezone.now()).get(name="Борис")
    story.sell(boris.account, "500")
    segment = Segment.objects.get()
    assert segments.members(segment, timezone.now()).filter(pk=boris.pk).exists()
    assert segments.contains(segment, boris, timezone.now())
    assert "1 клиент." in text(egor.post(url(cast, "segment_freeze", segment.pk), {"do": "freeze"}, follow=True))
    egor.post(url(cast, "segment_freeze", segment.pk), {"do": "thaw"})
    assert not Segment.objects.get().is_frozen
    asks = text(egor.get(url(cast, "segment_delete", segment.pk)))
    assert "Удалить сегмент?" in asks
    assert Segment.objects.exists()
    egor.post(url(cast, "segment_delete", segment.pk))
    assert not Segment.objects.exists()


def test_download_and_rfm(cast: Cast, story: TillStory, egor: Browser) -> None:
    egor.post(url(cast, "segment_new"), FORM | {"do": "save"})
    answer = egor.get(url(cast, "segment_csv", Segment.objects.get().pk))
    lines = b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()  # type: ignore[attr-defined]
    assert len(lines) == 2
    assert "Анна" in lines[1]
    page = text(egor.get(url(cast, "segments_rfm")))
    assert "2 клиента с покупкой" in page
    assert "?cell=1-1" in page
    begun = text(egor.get(url(cast, "segment_new"), {"cell": "1-1"}))
    assert "2 клиента" in begun
    assert "RFM: Чемпионы" in text(egor.get(url(cast, "segment_new"), {"group": "champions"}))


def test_the_page_asks_no_more_for_more_clients(
    cast: Cast, story: TillStory, egor: Browser, django_assert_max_num_queries: object
) -> None:
    egor.post(url(cast, "segment_new"), {"name": "Все", "do": "save"})
    segment = Segment.objects.get()
    egor.get(url(cast, "segment", segment.pk))
    with django_assert_max_num_queries(24):  # type: ignore[operator]
        egor.get(url(cast, "segment", segment.pk))
    with django_assert_max_num_queries(12):  # type: ignore[operator]
        egor.get(url(cast, "segments"))


def test_who_works_at_some_outlets_sees_nothing_of_them(cast: Cast, story: TillStory, egor: Browser) -> None:
    egor.post(url(cast, "segment_new"), FORM | {"do": "save"})
    key = Segment.objects.get().pk
    Member.objects.get(user=cast.pryanik.owner).outlets.add(cast.pryanik.outlet)
    page = text(egor.get(url(cast, "segments")))
    assert "Покупали много" not in page
    assert "для тех, кто работает во всех точках" in page
    for address in (
        url(cast, "segment", key),
        url(cast, "segments_rfm"),
        url(cast, "segment_csv", key),
        f"{url(cast, 'client_act_new', 'tag')}?segment={key}",
    ):
        assert egor.get(address).status_code == 403
    assert egor.post(url(cast, "client_act_new", "tag"), {"segment": key, "tag": "x"}).status_code == 403


def test_sums_of_groups_are_figures(cast: Cast, story: TillStory, egor: Browser) -> None:
    assert "₽" in text(egor.get(url(cast, "segments_rfm")))
    Member.objects.filter(user=cast.pryanik.owner).update(role=Role.OPERATOR)
    page = text(egor.get(url(cast, "segments_rfm")))
    assert "2 клиента с покупкой" in page
    assert "₽" not in page


def test_odd_numbers_are_none(cast: Cast, story: TillStory, egor: Browser) -> None:
    """«²» is a digit to Python, and no number."""
    address = url(cast, "client_act_new", "tag")
    assert egor.get(address, {"segment": "²"}).status_code == 302
    client = str(Client.objects.select_related("account").latest("pk").account.public_id)
    sent = {"client": client, "tag": "опт", "reason": "x", "confirmed": "yes", "seen": "²", "once": str(uuid.uuid4())}
    assert "число клиентов изменилось" in text(egor.post(address, sent))
