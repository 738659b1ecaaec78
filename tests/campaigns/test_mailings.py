"""Mailings by hand: what is confirmed, who gets it, and what one can do meanwhile."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.test import Client as Browser
from django.urls import reverse

from campaigns.mailings import planning, results, working
from campaigns.messages import refusing
from campaigns.models import Mailing, Message, MessageTemplate
from clients.segments import keeping
from clients.segments.definition import Definition
from merchants.access import tenant
from merchants.models import AuditRecord
from tests.campaigns.people import NOON, Writing
from tests.cast import Cast

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def writing(cast: Cast) -> Writing:
    return Writing(cast.zerno)


def plan(writing: Writing, **more: Any) -> Mailing:
    shop = writing.shop
    with tenant(shop.program.pk):
        template = more.pop("template", None) or writing.template()
        return planning.plan(
            merchant=shop.merchant,
            template=template,
            segment=more.pop("segment", None),
            title="Новости",
            starts_at=more.pop("starts_at", writing.now),
            expected=planning.estimate(
                planning.audience(shop.merchant, None, writing.now), template, price=template_price()
            ),
            key=more.pop("key", uuid.uuid4()),
            now=writing.now,
            by=shop.owner,
        )


def template_price() -> Any:
    from decimal import Decimal

    return Decimal(3)


def work(writing: Writing) -> int:
    working.run_due(clock=lambda: writing.now)
    sent = writing.send()
    working.run_due(clock=lambda: writing.now)
    return sent


def state(mailing: Mailing) -> str:
    with tenant(mailing.program_id):
        mailing.refresh_from_db()
        return mailing.state


def test_everybody_gets_it_once(writing: Writing) -> None:
    for name in ("Анна", "Борис"):
        writing.client(name)
    writing.client("Вера", "notices")
    mailing = plan(writing)
    assert mailing.expected == 2
    assert work(writing) == 2
    assert state(mailing) == "done"
    assert mailing.audience == 3
    with tenant(mailing.program_id):
        told = results.of(mailing)
        assert (told.sent, dict(told.skipped), told.percent) == (2, {"no_consent": 1}, 100)
        # A worker that was killed, and one that comes late, do nothing twice.
        Mailing.objects.filter(pk=mailing.pk).update(state="planned", claim=None, finished_at=None)
    assert work(writing) == 0
    assert len(mail.outbox) == 2


def test_an_estimate_says_by_which_channel_and_why_not(writing: Writing) -> None:
    writing.client("Анна")
    writing.client("Борис", email="")
    writing.client("Вера", "notices")
    refuser = writing.client("Глеб")
    blocked = writing.client("Дарья")
    with tenant(refuser.program_id):
        for channel in ("email", "sms"):
            refusing.refuse(client=refuser, channel=refusing.Channel(channel), source="test", now=writing.now)
        blocked.account.__class__.objects.filter(pk=blocked.account_id).update(status="blocked")
        rows = planning.audience(writing.shop.merchant, None, writing.now)
        told = planning.estimate(rows, writing.template("telegram", "email", "sms"), template_price())
    assert dict(told.by_channel) == {"email": 1, "sms": 1}
    assert dict(told.without) == {"no_consent": 1, "refused": 1, "blocked": 1}
    assert (told.total, told.reached, told.cost) == (5, 2, template_price())


def test_it_begins_in_time_and_its_text_is_the_one_confirmed(writing: Writing) -> None:
    writing.client("Анна")
    template = writing.template(texts={"email": "Было"})
    mailing = plan(writing, template=template, starts_at=NOON + dt.timedelta(hours=2))
    with tenant(mailing.program_id):
        MessageTemplate.objects.filter(pk=template.pk).update(texts={"email": "Стало"})
    assert work(writing) == 0
    writing.client("Борис")  # joined meanwhile
    writing.later(hours=2)
    assert work(writing) == 2
    assert mail.outbox[0].body.startswith("Было")


def test_pause_go_on_and_stop(writing: Writing, settings: Any) -> None:
    settings.MESSAGES_PER_SECOND = 1
    for n in range(14):
        writing.client(f"Клиент {n}")
    mailing = plan(writing)
    assert work(writing) == 10
    owner = writing.shop.owner
    with tenant(mailing.program_id):
        planning.pause(mailing=mailing, now=writing.now, by=owner)
        with pytest.raises(planning.NotNowError):
            planning.pause(mailing=mailing, now=writing.now, by=owner)
    assert work(writing.later(seconds=60)) == 0
    with tenant(mailing.program_id):
        planning.go_on(mailing=mailing, now=writing.now, by=owner)
    assert state(mailing) == "sending"
    settings.MESSAGES_PER_SECOND = 1
    assert writing.send() == 4
    with tenant(mailing.program_id):
        Message.objects.filter(pk__in=Message.objects.values("pk")[:3]).update(state="waiting", sent_at=None)
        planning.stop(mailing=mailing, now=writing.now, by=owner)
    assert work(writing.later(seconds=60)) == 0
    with tenant(mailing.program_id):
        assert dict(results.of(mailing).skipped) == {"stopped": 3}
        assert set(AuditRecord.objects.filter(action__startswith="mailing.").values_list("action", flat=True)) >= {
            "mailing.planned", "mailing.paused", "mailing.continued", "mailing.stopped",
        }  # fmt: skip


def test_a_deleted_segment_stops_it(writing: Writing) -> None:
    writing.client()
    shop = writing.shop
    with tenant(shop.program.pk):
        segment = keeping.make(
            merchant=shop.merchant, name="Все", definition=Definition(), now=writing.now, by=shop.owner
        )
    mailing = plan(writing, segment=segment)
    with tenant(shop.program.pk):
        keeping.delete(segment=segment, now=writing.now, by=shop.owner)
    assert work(writing) == 0
    assert state(mailing) == "stopped"
    assert "сегмент" in mailing.why.lower()


def test_asked_for_on_a_page_with_its_numbers(writing: Writing, django_assert_max_num_queries: Any) -> None:
    shop = writing.shop
    for n in range(3):
        writing.client(f"Клиент {n}")
    template = writing.template()
    browser = Browser()
    browser.force_login(shop.owner)
    page = reverse("mailing_new", args=[shop.merchant.pk])
    with time_machine.travel(writing.now, tick=False):
        assert "Новая рассылка" in browser.get(page).content.decode()
        form = {"title": "Весна", "template": template.pk, "segment": "", "starts_at": ""}
        asked = browser.post(page, form).content.decode()
        assert "Отправить рассылку?" in asked
        key = re.search(r'name="key" value="([^"]+)"', asked)[1]  # type: ignore[index]
        writing.client("Новый")
        again = browser.post(page, {**form, "key": key, "expected": 3, "confirmed": "yes"}).content.decode()
        assert "изменилось" in again
        sure = {**form, "key": key, "expected": 4, "confirmed": "yes"}
        one = browser.post(page, sure)
        assert browser.post(page, sure)["Location"] == one["Location"]
        assert "Начнётся" in browser.get(one["Location"]).content.decode()
        work(writing)
        with django_assert_max_num_queries(20):
            done = browser.get(one["Location"]).content.decode()
        assert re.search(r"Отправлено</dt><dd>4<", done)
        with django_assert_max_num_queries(15):
            assert "Весна" in browser.get(reverse("mailings", args=[shop.merchant.pk])).content.decode()
    # The link in the letter ends it, and the mailing knows.
    link = re.search(r"/unsubscribe/\S+/", str(mail.outbox[0].body))[0]  # type: ignore[index]
    assert "Отписаться?" in browser.get(link).content.decode()
    stranger = Browser(enforce_csrf_checks=True)
    said = stranger.post(link, {"List-Unsubscribe": "One-Click"}).content.decode()
    assert "Вы отписались" in said
    assert "Отписались после неё" in browser.get(one["Location"]).content.decode()
    assert stranger.get(link[:-3] + "x/").status_code == 404
    assert "Рекламы больше не будет" in stranger.post(link, {"all": "1"}).content.decode()


def test_templates_are_written_and_tried(writing: Writing) -> None:
    shop = writing.shop
    writing.client("Анна")
    browser = Browser()
    browser.force_login(shop.owner)
    new = reverse("message_template_new", args=[shop.merchant.pk])
    assert "Новинка" in browser.get(reverse("message_templates", args=[shop.merchant.pk])).content.decode()
    assert "У нас новинка" in browser.get(f"{new}?ready=0").content.decode()
    form = {"name": "Весна", "purpose": "advertising", "subject": "Весна", "text_email": "{кто}", "text_sms": "Скидки!"}
    assert "Переменной «{кто}» нет" in browser.post(new, form).content.decode()
    form["text_email"] = "Привет, {имя}! {баллы|балл|балла|баллов}"
    answer = browser.post(new, form)
    assert answer.status_code == 302
    shown = browser.get(answer["Location"]).content.decode()
    assert "Привет, Анна! 0 баллов" in shown
    assert "7 симв., 1 SMS" in shown
    preview = reverse("message_template_preview", args=[shop.merchant.pk])
    assert "Никого не нашли" in browser.post(preview, {**form, "whom": "Нектарий"}).content.decode()
    assert (
        browser.post(f"{answer['Location']}test/", {"channel": "email", "address": "me@example.org"}).status_code == 302
    )
    assert mail.outbox[0].to == ["me@example.org"]
    assert browser.post(f"{answer['Location']}remove/", {"confirmed": "yes"}).status_code == 302
    assert browser.get(answer["Location"]).status_code == 404


def test_settings_are_kept(writing: Writing) -> None:
    shop, browser = writing.shop, Browser()
    browser.force_login(shop.owner)
    page = reverse("message_settings", args=[shop.merchant.pk])
    form = {
        "sender_name": "Кофейня", "reply_to": "", "sms_sender": "Кофе", "sms_price": "3,20", "quiet_from": "22:00",
        "quiet_until": "08:00", "cap_number": "2", "cap_days": "7",
    }  # fmt: skip
    assert "латинских" in browser.post(page, form).content.decode()
    assert browser.post(page, {**form, "sms_sender": "ZERNO"}).status_code == 302
    assert "22:00" in browser.get(page).content.decode()


def test_a_client_chooses_channels_on_the_card(writing: Writing) -> None:
    from clients import card_links

    anna, browser = writing.client("Анна"), Browser()
    page = reverse("card_channels", args=[card_links.token_of(anna)])
    assert "Выключить почту" in browser.get(page).content.decode()
    browser.post(page, {"off": "email"})
    assert "Включить почту" in browser.get(page).content.decode()
    browser.post(page, {"on": "email"})
    with tenant(anna.program_id):
        assert refusing.refused_by(anna) == set()
