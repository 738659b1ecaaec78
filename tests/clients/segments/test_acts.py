"""Points, tiers, tags for many: the total before, once each, whoever is killed; limits, approval, undoing."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from collections.abc import Iterator
from decimal import Decimal as D
from typing import Any

import pytest
from django.core import mail
from django.test import Client as Browser
from django.urls import reverse
from django.utils import timezone

from clients.acts import asking, doing, working
from clients.acts.asking import Kind, State, Terms
from clients.acts.letters import HANDLERS
from clients.enrolment import enrol
from clients.models import Client, ClientAct, ClientActLine, Consent, Segment
from clients.segments import keeping
from clients.segments.definition import Definition
from clients.segments.using import members
from loyalty import hand_limits, ledger
from loyalty.models import Account, Certificate, Entry, HandUse
from loyalty.refusals import Refused
from merchants.access import tenant
from merchants.models import AuditRecord, OutboxMessage, Role, User
from tests.cast import Cast
from tests.loyalty.shop import TillStory

TIERS = {"tiers": [{"id": "silver", "title": "Серебро", "earn_percent": "1"}]}


@pytest.fixture
def story(cast: Cast) -> Iterator[TillStory]:
    with tenant(cast.zerno.program.pk):
        story = TillStory(cast.zerno, timezone.now())
        story.publish(TIERS)
        for n in range(5):
            enrol(
                program_id=story.program_id,
                merchant_id=story.caller.merchant_id,
                phone=f"+791612345{n:02}",
                name=f"Клиент {n}",
                source="test",
                now=story.now,
            )
        yield story


@pytest.fixture
def segment(cast: Cast, story: TillStory) -> Segment:
    return keeping.make(
        merchant=cast.zerno.merchant, name="Все наши", definition=Definition(), now=story.now, by=cast.zerno.owner
    )


def asked(
    cast: Cast, story: TillStory, segment: Segment, kind: Kind, by: User | None = None, **terms: Any
) -> ClientAct:
    return asking.ask(
        merchant=cast.zerno.merchant,
        kind=kind,
        terms=Terms(**terms),
        reason="Подарок",
        rows=members(segment, story.now),
        title=segment.name,
        expected=5,
        key=uuid.uuid4(),
        now=story.now,
        by=by or cast.zerno.owner,
    )


def balances() -> list[D]:
    return [account.points - account.debt for account in Account.objects.order_by("pk")]


def run(story: TillStory) -> None:
    working.run_due(clock=lambda: story.now)


def test_each_once_whoever_is_killed(
    cast: Cast, story: TillStory, segment: Segment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(working, "CHUNK", 2)
    act = asked(cast, story, segment, Kind.POINTS, points=D(10))
    turns = []
    do = doing.do

    def dies_at_the_fourth(*args: Any) -> None:
        turns.append(1)
        if len(turns) == 4:
            raise KeyboardInterrupt
        do(*args)

    monkeypatch.setattr(doing, "do", dies_at_the_fourth)
    with pytest.raises(KeyboardInterrupt):
        run(story)
    act.refresh_from_db()
    assert (act.state, act.done, sum(balances())) == ("work", 2, 20)
    run(story)  # it is somebody's still
    assert sum(balances()) == 20
    story.later(minutes=3)
    run(story)
    act.refresh_from_db()
    assert (act.state, act.done, act.passed) == ("done", 5, 5)
    assert balances() == [10] * 5
    run(story)
    assert balances() == [10] * 5
    assert Entry.objects.count() == 5
    done = AuditRecord.objects.get(action="client_act.done")
    assert (done.details["done"], done.details["points"]) == (5, "10")


def test_undone_as_a_whole(cast: Cast, story: TillStory, segment: Segment) -> None:
    act = asked(cast, story, segment, Kind.POINTS, points=D(10))
    run(story)
    one = Account.objects.earliest("pk")
    story.give(one, "-10")
    asking.undo(act=act, now=story.now, by=cast.zerno.manager)
    run(story)
    act.refresh_from_db()
    assert act.state == "undone"
    assert balances() == [-10, 0, 0, 0, 0]
    with pytest.raises(asking.NotNowError):
        asking.undo(act=act, now=story.now, by=cast.zerno.manager)


def test_who_has_too_few_is_left_out(cast: Cast, story: TillStory, segment: Segment) -> None:
    for account in Account.objects.order_by("pk")[:3]:
        story.give(account, "7")
    act = asked(cast, story, segment, Kind.POINTS, points=D(-7))
    run(story)
    act.refresh_from_db()
    assert (act.state, act.done, asking.left_out(act)) == ("done", 3, 2)
    assert set(ClientActLine.objects.values_list("why", flat=True)) == {"", "short"}
    assert balances() == [0] * 5


def test_tiers_come_back_as_they_were(cast: Cast, story: TillStory, segment: Segment) -> None:
    first, second = Account.objects.order_by("pk")[:2]
    until = story.now + dt.timedelta(days=3)
    Account.objects.filter(pk=first.pk).update(manual_tier="silver", manual_tier_until=until)
    act = asked(cast, story, segment, Kind.TIER, tier="silver", until=story.now + dt.timedelta(days=30))
    run(story)
    assert set(Account.objects.values_list("manual_tier", flat=True)) == {"silver"}
    Account.objects.filter(pk=second.pk).update(manual_tier="", manual_tier_until=None)
    asking.undo(act=act, now=story.now, by=cast.zerno.owner)
    run(story)
    first.refresh_from_db()
    assert (first.manual_tier, first.manual_tier_until) == ("silver", until)
    assert Account.objects.exclude(manual_tier="").count() == 1
    assert ClientActLine.objects.get(account=second).why == "changed"


def test_tags_added_and_removed(cast: Cast, story: TillStory, segment: Segment) -> None:
    first = Account.objects.earliest("pk")
    Account.objects.filter(pk=first.pk).update(tags=["опт", "друзья"])
    act = asked(cast, story, segment, Kind.TAG, tag="опт")
    run(story)
    assert Account.objects.filter(tags__contains=["опт"]).count() == 5
    act.refresh_from_db()
    assert (act.done, asking.left_out(act)) == (4, 1)
    asking.undo(act=act, now=story.now, by=cast.zerno.owner)
    run(story)
    assert list(Account.objects.filter(tags__contains=["опт"])) == [first]
    asked(cast, story, segment, Kind.UNTAG, tag="опт")
    run(story)
    first.refresh_from_db()
    assert first.tags == ["друзья"]


def limit(cast: Cast, story: TillStory, **most: D) -> None:
    none: dict[str, D | None] = dict.fromkeys(hand_limits.FIELDS)
    roles = {Role.MANAGER: none | {"add_once": D(60)}, Role.OPERATOR: none | most}
    hand_limits.change(merchant=cast.zerno.merchant, limits=roles, now=story.now, by=cast.zerno.owner)


def test_above_the_limit_somebody_else_decides(cast: Cast, story: TillStory, segment: Segment) -> None:
    limit(cast, story, add_once=D(49))
    act = asked(cast, story, segment, Kind.POINTS, by=cast.zerno.operator, points=D(10))
    assert act.state == State.ASKED
    run(story)
    assert sum(balances()) == 0
    with pytest.raises(Exception, match="approve"):
        asking.approve(act=act, now=story.now, by=cast.zerno.operator)
    asking.approve(act=act, now=story.now, by=cast.zerno.manager)
    run(story)
    assert balances() == [10] * 5
    big = asked(cast, story, segment, Kind.POINTS, by=cast.zerno.operator, points=D(13))
    with pytest.raises(Refused, match="adjustment_limit"):
        asking.approve(act=big, now=story.now, by=cast.zerno.manager)
    own = asked(cast, story, segment, Kind.POINTS, by=cast.zerno.manager, points=D(13))
    with pytest.raises(asking.OneselfError):
        asking.approve(act=own, now=story.now, by=cast.zerno.manager)
    asking.refuse(act=own, now=story.now, by=cast.zerno.owner)
    with pytest.raises(asking.NotNowError):
        asking.approve(act=big, now=story.later(days=30), by=cast.zerno.owner)
    assert balances() == [10] * 5


def test_what_waits_stands_among_the_approvals(cast: Cast, story: TillStory, segment: Segment) -> None:
    limit(cast, story, add_once=D(49))
    act = asked(cast, story, segment, Kind.POINTS, by=cast.zerno.operator, points=D(10))
    browser = Browser()
    browser.force_login(cast.zerno.owner)
    assert "Все наши" in browser.get(url(cast, "approvals")).content.decode()
    # Within the manager's own limit.
    letters = OutboxMessage.objects.filter(topic="client_act.asked")
    assert {message.payload["user"] for message in letters} == {cast.zerno.owner.pk, cast.zerno.manager.pk}
    for message in letters:
        HANDLERS[message.topic](message, story.now)
    assert {to for letter in mail.outbox for to in letter.to} == {"anna@example.org", "boris@example.org"}
    assert "Начислить 50" in mail.outbox[0].body.replace("\u00a0", " ")
    assert "Все наши: Подарок" in mail.outbox[0].body
    page = browser.get(url(cast, "client_act", act.pk)).content.decode()
    assert "Согласовать" in page
    browser.post(url(cast, "client_act_decide", act.pk), {"do": "approve"})
    message = OutboxMessage.objects.get(topic="client_act.decided")
    HANDLERS[message.topic](message, story.now)
    assert mail.outbox[-1].to == ["vera@example.org"]
    run(story)
    assert balances() == [10] * 5


def test_within_the_limit_the_day_is_counted(cast: Cast, story: TillStory, segment: Segment) -> None:
    limit(cast, story, add_day=D(80))
    assert asked(cast, story, segment, Kind.POINTS, by=cast.zerno.operator, points=D(10)).state == State.WORK
    assert asked(cast, story, segment, Kind.POINTS, by=cast.zerno.operator, points=D(10)).state == State.ASKED


def test_what_was_confirmed_and_twice(cast: Cast, story: TillStory, segment: Segment) -> None:
    Client.objects.latest("pk").delete()
    with pytest.raises(asking.ChangedError):
        asked(cast, story, segment, Kind.POINTS, points=D(10))
    assert not ClientAct.objects.exists()


def url(cast: Cast, name: str, *args: object) -> str:
    return reverse(name, args=[cast.zerno.merchant.pk, *args])


def confirmed(browser: Browser, address: str, shown: str) -> str:
    hidden = re.findall(r'<input type="hidden" name="(\w+)"(?: value="([^"]*)")?', shown)
    data: dict[str, list[str]] = {}
    for name, value in hidden:
        data.setdefault(name, []).append(value)
    return browser.post(address, data | {"confirmed": ["yes"]}, follow=True).content.decode().replace("\u00a0", " ")


def test_the_pages_from_a_segment_to_the_undoing(cast: Cast, story: TillStory, segment: Segment) -> None:
    browser = Browser()
    browser.force_login(cast.zerno.owner)
    address = url(cast, "client_act_new", "points")
    form = browser.get(address, {"segment": segment.pk}).content.decode()
    assert "Все наши: 5 клиентов" in form
    points = {"direction": "add", "points": "10", "reason": "gift", "segment": segment.pk}
    shown = browser.post(address, points).content.decode().replace("\u00a0", " ")
    for said in ("5 клиентов", "Всего", "+50", "Начислить 50"):
        assert said in shown
    assert sum(balances()) == 0
    done = confirmed(browser, address, shown)
    assert "+10" in done
    assert "Отменить у всех" in done
    assert balances() == [10] * 5
    confirmed(browser, address, shown)  # the same press again
    assert balances() == [10] * 5
    act = ClientAct.objects.get()
    assert "5 клиентов" in browser.get(url(cast, "client_act_undo", act.pk)).content.decode()
    assert "отменено" in browser.post(url(cast, "client_act_undo", act.pk), follow=True).content.decode()
    assert balances() == [0] * 5
    assert "Все наши" in browser.get(url(cast, "client_acts")).content.decode()


def test_a_tag_for_the_ticked(cast: Cast, story: TillStory) -> None:
    browser = Browser()
    browser.force_login(cast.zerno.operator)
    listed = browser.get(url(cast, "clients")).content.decode()
    assert listed.index("Баллы вручную выбранным") < listed.index("Клиент 4")
    address = url(cast, "client_act_new", "tag")
    ids = [str(one.account.public_id) for one in Client.objects.select_related("account").order_by("pk")[:2]]
    shown = browser.post(address, {"client": ids, "tag": "опт", "reason": "акция"}).content.decode()
    confirmed(browser, address, shown)
    assert Account.objects.filter(tags=["опт"]).count() == 2


def test_a_certificate_for_each(cast: Cast, story: TillStory, segment: Segment) -> None:
    for n, said in enumerate(((True,), (True, False), (), (False, True))):
        client = Client.objects.get(name=f"Клиент {n}")
        Client.objects.filter(pk=client.pk).update(email=f"klient{n}@example.org")
        for given in said:
            Consent.objects.create(program=client.program, client=client, kind="advertising", given=given, at=story.now)
    browser = Browser()
    browser.force_login(cast.zerno.owner)
    address = url(cast, "client_act_new", "gift")
    day = (story.now + dt.timedelta(days=30)).date().isoformat()
    data = {"sort": "sum", "amount": "500", "last_day": day, "reason": "акция", "email": "on", "segment": segment.pk}
    wrong = browser.post(address, data | {"amount": ""}).content.decode()
    assert "Укажите сумму сертификата" in wrong
    shown = browser.post(address, data).content.decode().replace("\u00a0", " ")
    assert "2 500 ₽" in shown
    assert re.search(r"Письма тем, кто согласен на рекламу</dt>\s*<dd[^>]*>2 клиента", shown)
    assert not Certificate.objects.exists()
    confirmed(browser, address, shown)
    confirmed(browser, address, shown)
    assert Certificate.objects.filter(nominal=500, is_sold=False).count() == 5
    assert OutboxMessage.objects.filter(topic="certificate.send").count() == 2
    sent = Certificate.objects.exclude(email="").values_list("holder__client__name", flat=True)
    assert set(sent) == {"Клиент 0", "Клиент 3"}
    browser.post(url(cast, "client_act_undo", ClientAct.objects.get().pk))
    assert Certificate.objects.cancelled().count() == 5


def test_somebody_elses_act_is_undone_within_ones_own_limit(cast: Cast, story: TillStory, segment: Segment) -> None:
    none: dict[str, D | None] = dict.fromkeys(hand_limits.FIELDS)
    roles = {Role.MANAGER: none | {"deduct_once": D(49)}, Role.OPERATOR: none}
    hand_limits.change(merchant=cast.zerno.merchant, limits=roles, now=story.now, by=cast.zerno.owner)
    act = asked(cast, story, segment, Kind.POINTS, points=D(10))
    run(story)
    with pytest.raises(asking.NotYoursError):
        asking.undo(act=act, now=story.now, by=cast.zerno.operator)
    with pytest.raises(Refused, match="adjustment_limit"):
        asking.undo(act=act, now=story.now, by=cast.zerno.manager)
    for user, said in ((cast.zerno.operator, "Отменить может"), (cast.zerno.manager, "больше баллов, чем ваш лимит")):
        browser = Browser()
        browser.force_login(user)
        for ask in (browser.get, browser.post):
            assert said in ask(url(cast, "client_act_undo", act.pk), follow=True).content.decode()
    act.refresh_from_db()
    assert (act.state, balances()) == (State.DONE, [10] * 5)
    small = asked(cast, story, segment, Kind.POINTS, points=D(9))
    run(story)
    asking.undo(act=small, now=story.now, by=cast.zerno.manager)
    run(story)
    assert balances() == [10] * 5
    use = HandUse.objects.get(user=cast.zerno.manager)
    assert (use.added, use.deducted) == (0, 45)


def test_ones_own_act_is_undone_whatever_the_limit(cast: Cast, story: TillStory, segment: Segment) -> None:
    limit(cast, story, deduct_once=D(1))
    act = asked(cast, story, segment, Kind.POINTS, by=cast.zerno.operator, points=D(10))
    run(story)
    asking.undo(act=act, now=story.now, by=cast.zerno.operator)
    run(story)
    assert balances() == [0] * 5


def test_certificates_of_who_is_no_owner_wait_for_somebody_else(cast: Cast, story: TillStory, segment: Segment) -> None:
    browser = Browser()
    browser.force_login(cast.zerno.manager)
    address = url(cast, "client_act_new", "gift")
    day = (story.now + dt.timedelta(days=30)).date().isoformat()
    data = {"sort": "sum", "amount": "500", "last_day": day, "reason": "акция", "segment": segment.pk}
    shown = browser.post(address, data).content.decode()
    assert "Отправить на согласование?" in shown
    assert "владелец или другой управляющий" in shown
    assert "ждёт решения" in confirmed(browser, address, shown)
    act = ClientAct.objects.get()
    run(story)
    assert not Certificate.objects.exists()
    message = OutboxMessage.objects.get(topic="client_act.asked")
    assert message.payload["user"] == cast.zerno.owner.pk
    HANDLERS[message.topic](message, story.now)
    assert "5 клиентов" in mail.outbox[-1].body
    assert "Сертификат каждому: 500" in mail.outbox[-1].body
    browser.post(url(cast, "client_act_decide", act.pk), {"do": "approve"})
    run(story)
    assert not Certificate.objects.exists()
    browser.force_login(cast.zerno.owner)
    # Without limits on points the menu has no such room until something waits.
    assert url(cast, "approvals") in browser.get(url(cast, "clients")).content.decode()
    assert "Согласовать" in browser.get(url(cast, "client_act", act.pk)).content.decode()
    browser.post(url(cast, "client_act_decide", act.pk), {"do": "approve"})
    run(story)
    assert Certificate.objects.count() == 5
    message = OutboxMessage.objects.get(topic="client_act.decided")
    HANDLERS[message.topic](message, story.now)
    assert mail.outbox[-1].to == [cast.zerno.manager.email]
    assert "Согласовано: сертификаты выдаются" in mail.outbox[-1].body
    assert not HandUse.objects.exists()


def test_accounts_are_locked_before_the_act(
    cast: Cast, story: TillStory, segment: Segment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As whoever erases a client does; the other way round the two would wait for each other."""
    asked(cast, story, segment, Kind.TAG, tag="опт")
    marks = []
    lock_all = ledger.lock_all

    def locks(**asked_for: Any) -> None:
        marks.append(ClientAct.objects.get().mark)
        lock_all(**asked_for)

    monkeypatch.setattr(ledger, "lock_all", locks)
    run(story)
    assert marks == [0]


def test_what_nobody_decides_is_over(cast: Cast, story: TillStory, segment: Segment) -> None:
    limit(cast, story, add_once=D(49))
    act = asked(cast, story, segment, Kind.POINTS, by=cast.zerno.operator, points=D(10))
    gift = asked(cast, story, segment, Kind.GIFT, by=cast.zerno.manager, amount=D(100))
    assert asking.expire_due(now=story.now + dt.timedelta(days=3, minutes=-1)) == 0
    later = story.now + dt.timedelta(days=3)
    assert asking.expire_due(now=later) == 2
    assert asking.expire_due(now=later) == 0
    act.refresh_from_db()
    assert (act.state, act.finished_at) == (State.EXPIRED, later)
    assert AuditRecord.objects.filter(action="client_act.expired", actor="sweep").count() == 2
    for message in OutboxMessage.objects.filter(topic="client_act.decided").order_by("pk"):
        HANDLERS[message.topic](message, later)
    told = {letter.to[0]: letter.body for letter in mail.outbox}
    assert "Никто не решил" in told[cast.zerno.operator.email]
    assert "сертификаты не выдаются" in told[cast.zerno.manager.email]
    browser = Browser()
    browser.force_login(cast.zerno.operator)
    page = browser.get(url(cast, "client_act", gift.pk)).content.decode()
    assert "никто не решил вовремя" in page
    assert "ждёт решения" not in page
