"""A client is erased: nothing in the whole database says who it was, and the books are whole."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterator
from decimal import Decimal as D
from typing import Any

import pytest
import time_machine
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.test import Client as Browser

from clients import card_links, editing, joining, merging
from clients.acts import asking
from clients.editing import Particulars
from clients.models import Client, ClientAct, ClientImport, ClientImportLine, Erasure
from clients.models.imports import LINES
from clients.personal import erasing
from loyalty import accounts, approvals, closing
from loyalty.audit import audit
from loyalty.certificates import changing, issuing
from loyalty.certificates.issuing import Terms
from loyalty.models import Account, Activity, Card, Certificate, Entry, Lot, Sale
from loyalty.refusals import Refused
from merchants.access import tenant
from merchants.models import AuditRecord, OutboxMessage
from tests.cast import Cast
from tests.clients.counter import enrolled
from tests.clients.newcomers import join
from tests.clients.personal.searching import places_of
from tests.loyalty.shop import ONE_PER_ONE, TillStory

NOON = dt.datetime(2026, 11, 21, 9, 0, tzinfo=dt.UTC)
NAME, PHONE, EMAIL = "Клеопатра Задунайская", "+79167778899", "kleo@zadunajskaya.example"
SECOND, THIRD = "+79167778800", "+79167778811"
WORDS = ["задунайск", "клеопатр", EMAIL]
DIGITS = ["9167778899", "9167778800", "9167778811"]


@pytest.fixture
def story(cast: Cast) -> Iterator[TillStory]:
    with tenant(cast.zerno.program.pk), time_machine.travel(NOON, tick=False):
        story = TillStory(cast.zerno, NOON)
        story.publish(ONE_PER_ONE)
        yield story
        assert [str(found) for _check, found in audit(now=story.now) if found] == []


def erase(client: Client, cast: Cast, story: TillStory) -> Erasure:
    merchant, owner = cast.zerno.merchant, cast.zerno.owner
    return erasing.erase(client=client, merchant=merchant, source="test", now=story.now, by=owner)


def lived(cast: Cast, story: TillStory) -> Client:
    """A client whom every part of the product has met, and staff who wrote her name wherever they could."""
    zerno, now = cast.zerno, story.now
    kleo = join(zerno, phone=PHONE, name=NAME, email=EMAIL, birthday="1991-02-03", notices="on")
    owner: Any = {"now": now, "by": zerno.owner}
    editing.edit(
        client=kleo,
        particulars=Particulars(
            phone=PHONE, name=NAME, birthday=dt.date(1991, 2, 3), email=EMAIL, note=f"Это {NAME}", tags=["клеопатра"]
        ),
        **owner,
    )
    # By the till's API, with the answer stored under its key.
    Browser().post(
        "/api/v1/clients",
        {"phone": SECOND, "name": NAME, "email": EMAIL},
        content_type="application/json",
        headers=zerno.auth | {"Idempotency-Key": uuid.uuid4().hex},
    )
    again = Client.objects.get(phone=SECOND)
    accounts.adjust(
        account=again.account, points=D(7), reason=f"{NAME}, вторая карта", merchant_id=zerno.merchant.pk, **owner
    )
    merging.merge(keep=kleo, drop=again, now=now, by=zerno.owner)
    account = Account.objects.get(pk=kleo.account_id)
    accounts.adjust(
        account=account, points=D(50), reason=f"Подарок для {NAME} {PHONE}", merchant_id=zerno.merchant.pk, **owner
    )
    accounts.block(account=account, reason=f"{NAME} просила", **owner)
    accounts.unblock(account=account, reason=f"{NAME} передумала", **owner)
    approvals.ask(
        account=account,
        merchant=zerno.merchant,
        points=D(5),
        reason=f"{NAME} ждёт",
        now=now,
        by=zerno.operator,
        key=uuid.uuid4(),
    )
    Activity.objects.create(
        program=zerno.program,
        merchant=zerno.merchant,
        account=account,
        public_id=uuid.uuid4(),
        action="review",
        reference=f"vk.com/{EMAIL}",
        rule="review",
        points=D(5),
        status=Activity.Status.WAITING,
        at=now,
        reason=NAME,
    )
    terms = Terms(
        kind="sum", amount=D(500), expires_at=now + dt.timedelta(days=9), for_whom=NAME, wish=f"Дорогая {NAME}!"
    )
    held, bearer = (
        issuing.issue(merchant=zerno.merchant, terms=terms, holder=holder, **owner)[0] for holder in (account, None)
    )
    for one in (held, bearer):
        changing.send(certificate=one, email=EMAIL, site="", **owner)
    changing.extend(certificate=held, until=now + dt.timedelta(days=20), reason=f"{NAME} просила", **owner)
    story.sell(account, "100", receipt="17")
    story.give_back(Sale.objects.get(receipt_number="17").public_id, [(0, "1")])
    story.sell(account, "300", points="40")
    imported(cast, account, now)
    card_links.send(client=kleo, way="mail", shop="Зерно", site="", **owner)
    joining.send_code(merchant=zerno.merchant, phone=PHONE, now=now + dt.timedelta(hours=1))
    LogEntry.objects.create(
        user=cast.olga,
        content_type=ContentType.objects.get_for_model(Client),
        object_id=str(kleo.pk),
        object_repr=NAME,
        action_flag=CHANGE,
        change_message=NAME,
    )
    AuditRecord.objects.create(program=zerno.program, at=now, action="old", details={"was": {"phone": PHONE}})
    return kleo


def imported(cast: Cast, account: Account, now: dt.datetime) -> None:
    """A loaded file with a line of hers, a refused one, and a friend's that names her."""
    zerno = cast.zerno
    one = ClientImport.objects.create(
        program=zerno.program,
        merchant=zerno.merchant,
        file_name="base.csv",
        digest="",
        state="done",
        examples=[["8 (916) 777-88-99"], [NAME]],
        created_at=now,
    )
    lines: list[dict[str, Any]] = [
        {
            "account": account.pk,
            "outcome": "change",
            "name": NAME,
            "phone": THIRD,
            "note": NAME,
            "tags": ["x"],
            "changes": {"name": ["", NAME]},
        },
        {
            "account": 0,
            "outcome": "refused",
            "problems": [{"column": "phone", "code": "repeated_phone", "value": "8 916 777 88 99"}],
        },
        {"account": 1, "outcome": "fresh", "name": "Пётр", "referrer": PHONE},
    ]
    for row, values in enumerate(lines, start=1):
        ClientImportLine.objects.create(id=one.pk * LINES + row, program=zerno.program, row=row, **values)


def test_nothing_says_who_it_was(cast: Cast, story: TillStory) -> None:
    kleo = lived(cast, story)
    known_in = places_of(words=WORDS, digits=DIGITS)
    for table in (
        "clients_client", "clients_clientmerge", "clients_phonecheck", "clients_clientimport",
        "clients_clientimportline", "loyalty_card", "loyalty_entry", "loyalty_idempotencykey",
        "loyalty_adjustmentrequest", "loyalty_activity", "loyalty_certificate", "loyalty_certificateentry",
        "loyalty_account", "merchants_auditrecord", "merchants_outboxmessage", "django_admin_log",
    ):  # fmt: skip
        assert any(place.startswith(f"{table}.") for place in known_in), f"the story says nothing in {table}"
    erase(kleo, cast, story)
    assert places_of(words=WORDS, digits=DIGITS) == set()


def test_the_books_stay_whole(cast: Cast, story: TillStory) -> None:
    kleo = lived(cast, story)
    account = Account.objects.get(pk=kleo.account_id)
    before = story.standing(account)
    entries, lots = Entry.objects.filter(account=account).count(), Lot.objects.filter(account=account).count()
    told = erasing.foresee(client=kleo, now=story.now)
    assert (told.books.points, told.books.receipts, told.books.certificates, told.merged) == (before.balance, 2, 1, 1)
    assert (told.import_lines, told.files) == (2, 1)
    row = erase(kleo, cast, story)
    assert (row.points, row.debt, row.state) == (before.balance, 0, "done")
    account.refresh_from_db()
    assert (account.status, account.points, account.debt, account.birthday, account.tags) == ("removed", 0, 0, None, [])
    last = Entry.objects.filter(account=account).latest("pk")
    assert (last.kind, last.points, last.reason) == ("expire", -before.balance, "Данные клиента стёрты")
    assert Entry.objects.filter(account=account).count() == entries + 1
    assert Lot.objects.filter(account=account).count() == lots
    assert Sale.objects.filter(account=account).count() == 2
    assert not Card.objects.filter(account=account).exists()
    # Whoever has the paper pays with it.
    assert all(one.rest == 500 for one in Certificate.objects.all())
    assert AuditRecord.objects.filter(action="client.erased", object_id=str(row.pk)).count() == 1


def test_nobody_finds_him_and_his_phone_joins_anew(cast: Cast, story: TillStory) -> None:
    old = enrolled(cast.zerno, NAME, PHONE, NOON)
    story.give(old.account, "30")
    link = card_links.token_of(old)
    request = story.request(old.account, "100", by="id")
    erase(old, cast, story)
    for act in (story.sell_raw, lambda given: accounts.find(program_id=story.program_id, who=given.client, now=NOON)):
        with pytest.raises(Refused, match="client_not_found"):
            act(request)
    assert Browser().get(f"/card/{link}/").status_code == 404
    new = enrolled(cast.zerno, NAME, PHONE, NOON)
    assert new.account_id != old.account_id
    assert story.standing(new.account).balance == 0


def test_a_receipt_under_way_is_let_go_first(cast: Cast, story: TillStory) -> None:
    anna = enrolled(cast.zerno, "Анна", PHONE, NOON)
    story.give(anna.account, "100")
    hold = story.hold(anna.account, "80", points="40")
    told = erasing.foresee(client=anna, now=story.now)
    assert (told.books.points, told.books.holds) == (100, 1)
    erase(anna, cast, story)
    with pytest.raises(Refused, match="hold_ended"):
        story.commit(hold)
    assert Account.objects.get(pk=anna.account_id).points == 0


def test_a_debt_is_let_go(cast: Cast, story: TillStory) -> None:
    anna = enrolled(cast.zerno, "Анна", PHONE, NOON)
    sale = story.sell(anna.account, "100")
    story.sell(anna.account, "100", points="80")
    story.void(sale)
    debt = -story.standing(anna.account).balance
    assert debt > 0
    assert erase(anna, cast, story).debt == debt
    assert Account.objects.get(pk=anna.account_id).debt == 0


def test_what_a_late_return_leaves_is_written_off(cast: Cast, story: TillStory) -> None:
    anna = enrolled(cast.zerno, "Анна", PHONE, NOON)
    story.give(anna.account, "50")
    sale = story.sell(anna.account, "100", points="50")
    erase(anna, cast, story)
    story.void(sale)
    assert story.standing(anna.account).balance != 0
    assert erasing.write_off_late(program_id=story.program_id, now=story.now) == 1
    assert story.standing(anna.account).balance == 0
    assert erasing.write_off_late(program_id=story.program_id, now=story.now) == 0


def test_whom_he_invited_stay_invited_and_he_gets_nothing(cast: Cast, story: TillStory) -> None:
    document = {
        **ONE_PER_ONE,
        "rules": [
            *ONE_PER_ONE["rules"],
            {"id": "r", "title": "Друзья", "effect": {"kind": "referral", "percents": ["5"]}},
        ],
    }
    anna = enrolled(cast.zerno, "Анна", PHONE, NOON)
    boris = enrolled(cast.zerno, "Борис", SECOND, NOON, referrer=anna.account)
    story.publish(document)
    story.sell(boris.account, "100")
    assert story.standing(anna.account).balance == 5
    erase(anna, cast, story)
    story.sell(boris.account, "100")
    boris.account.refresh_from_db()
    assert boris.account.referrer_id == anna.account_id
    assert story.standing(anna.account).balance == 0


def test_once_only(cast: Cast, story: TillStory) -> None:
    anna = enrolled(cast.zerno, "Анна", PHONE, NOON)
    erase(anna, cast, story)
    with pytest.raises((closing.ClosedAlreadyError, Client.DoesNotExist)):
        erase(anna, cast, story)
    assert OutboxMessage.objects.filter(payload__client=anna.pk).count() == 0


def test_words_of_an_act_for_one_client(cast: Cast, story: TillStory) -> None:
    """Given by a tick in the list, with words about her; of an act for two the words stay."""
    kleo = enrolled(cast.zerno, NAME, PHONE, story.now)
    friend = enrolled(cast.zerno, "Пётр", "+79161112233", story.now)
    acts = [given(cast, story, people) for people in ([kleo], [kleo, friend])]
    erase(kleo, cast, story)
    for act, words in zip(acts, ("", f"{NAME} просила"), strict=True):
        act.refresh_from_db()
        assert act.reason == words
        records = AuditRecord.objects.filter(object_type="clientact", object_id=str(act.pk))
        assert {record.reason for record in records} == {words}
    assert {acts[0].terms[key] for key in ("wish", "title", "tag")} == {""}
    assert acts[1].terms["wish"] == f"Дорогая {NAME}!"


def given(cast: Cast, story: TillStory, people: list[Client]) -> ClientAct:
    return asking.ask(
        merchant=cast.zerno.merchant,
        kind=asking.Kind.GIFT,
        terms=asking.Terms(amount=D(5), wish=f"Дорогая {NAME}!", title=f"Для {NAME}", tag=NAME),
        reason=f"{NAME} просила",
        rows=Client.objects.filter(pk__in=[one.pk for one in people]),
        title="",
        expected=len(people),
        key=uuid.uuid4(),
        now=story.now,
        by=cast.zerno.owner,
    )
