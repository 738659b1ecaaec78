"""Two workers send a mailing and are killed ten times, at random: what has come is counted at the gateway."""

from __future__ import annotations

import datetime as dt
import os
import random
import signal
import subprocess
import sys
import time
import uuid
from collections import defaultdict

import pytest
from django.db import connection

from campaigns.mailings import planning
from campaigns.models import Mailing, Message, MessageSettings, MessageTemplate
from clients.models import Client, Consent
from loyalty.models import Account
from merchants.access import tenant
from merchants.gateways.smsc import own_id
from tests.campaigns.gateway import Gateway, gateway
from tests.cast import Cast, Shop
from tests.faults.report import REPORT

CLIENTS, KILLS, THREADS = 1_500, 10, 8

# A worker and a beat of its own, that goes on until it is killed. Leases are short: the test waits for them.
WORKER = """
import datetime, django
django.setup()
from django.utils import timezone
from campaigns.mailings import working
from campaigns.messages import claiming, sending
claiming.LEASE, claiming.LEAST_LEFT = datetime.timedelta(seconds=25), datetime.timedelta(seconds=18)
claiming.BATCH = 100
while True:
    working.run_due(clock=timezone.now)
    sending.send_due(clock=timezone.now, seconds=5)
"""


def start(url: str) -> subprocess.Popen[bytes]:
    database = "postgres://{USER}:{PASSWORD}@/{NAME}?host={HOST}&port={PORT}".format(**connection.settings_dict)
    environment = os.environ | {
        "DATABASE_URL": database,
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "SMS_BACKEND": "smsc",
        "SMS_URL": url,
        "SMS_LOGIN": "shop",
        "SMS_KEY": "secret",
        "MESSAGES_PER_SECOND": "0",
        "MESSAGE_THREADS": str(THREADS),
    }
    return subprocess.Popen([sys.executable, "-m", "tests.faults.mortal", "-c", WORKER], env=environment)


def people(shop: Shop, now: dt.datetime) -> None:
    ours = {"program": shop.program}
    made = [Account(merchant=shop.merchant, created_at=now, **ours) for _n in range(CLIENTS)]
    accounts = Account.objects.bulk_create(made)
    clients = Client.objects.bulk_create(
        Client(account=account, name="Анна", phone=f"+7916{n:07}", created_at=now, **ours)
        for n, account in enumerate(accounts)
    )
    Consent.objects.bulk_create(
        Consent(client=client, kind=kind, given=True, at=now, source="test", **ours)
        for client in clients
        for kind in (Consent.Kind.PROCESSING, Consent.Kind.ADVERTISING)
    )


def mailing_of(shop: Shop, now: dt.datetime) -> Mailing:
    MessageSettings.objects.create(
        program=shop.program, merchant=shop.merchant, cap_number=0, quiet_from=dt.time(0), quiet_until=dt.time(0)
    )
    template = MessageTemplate.objects.create(
        program=shop.program, merchant=shop.merchant, name="Всем", channels=["sms"], texts={"sms": "{имя}, привет!"}
    )
    return planning.plan(
        merchant=shop.merchant,
        template=template,
        segment=None,
        title="Всем",
        starts_at=now,
        expected=planning.Estimate(CLIENTS, {"sms": CLIENTS}, {}),
        key=uuid.uuid4(),
        now=now,
        by=shop.owner,
    )


def kill_at_random(local: Gateway, mailing: Mailing, chance: random.Random) -> int:
    kills, workers = 0, [start(local.url), start(local.url)]
    try:
        until = time.monotonic() + 540
        while time.monotonic() < until:
            if kills < KILLS:
                # Not before it works: a process takes its time to begin.
                before, patience = len(local.taken), time.monotonic() + 60
                while len(local.taken) < before + chance.randrange(20, 90) and time.monotonic() < patience:
                    time.sleep(0.01)
                victim = chance.randrange(2)
                workers[victim].send_signal(signal.SIGKILL)
                workers[victim].wait()
                workers[victim] = start(local.url)
                kills += 1
                continue
            time.sleep(1)
            mailing.refresh_from_db()
            if mailing.state == Mailing.State.DONE:
                break
    finally:
        for worker in workers:
            worker.kill()
            worker.wait()
    return kills


@pytest.mark.long
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("forgets", [False, True], ids=["asked first", "a gateway that can’t be asked"])
def test_ten_kills_of_two_workers(cast: Cast, forgets: bool) -> None:
    shop, now = cast.zerno, dt.datetime.now(dt.UTC)
    with tenant(shop.program.pk), gateway() as local:
        local.seconds, local.forgets = 0.03, forgets
        people(shop, now - dt.timedelta(days=1))
        mailing = mailing_of(shop, now)
        kills = kill_at_random(local, mailing, random.Random(7))
        assert (kills, mailing.state) == (KILLS, "done")

        got: dict[int, list[str]] = defaultdict(list)
        for _to, _text, key in local.taken:
            got[int(key)].append(_to)
        messages = list(Message.objects.filter(mailing=mailing).select_related("account"))
        phones = dict(Client.objects.values_list("account", "phone"))
        assert len(messages) == len({one.account_id for one in messages})
        # Nobody gets what is not his, nor another's id.
        assert set(got) <= {own_id(one.public_id) for one in messages}
        twice = 0
        for one in messages:
            taken = got[own_id(one.public_id)]
            assert set(taken) <= {str(phones[one.account_id])}
            if one.state == Message.State.SENT:
                # Once; once more, with the same id, only where a worker has died with the answer.
                assert 1 <= len(taken) <= 1 + one.lost <= 2, (one.pk, taken, one.lost)
            else:
                # Two workers have died with this one, and nobody knows how far it came.
                assert (one.state, one.why, one.lost) == ("failed", "no_answer", 2)
                assert len(taken) <= 2
            twice += len(taken) > 1
        assert sum(one.state == Message.State.SENT for one in messages) >= len(phones) - KILLS
        assert twice <= KILLS * THREADS
        assert forgets or not twice
    lost = sum(one.lost > 0 for one in messages)
    REPORT.append(
        f"messages: {kills} kills, {len(phones)} clients, {len(local.taken)} texts at the gateway; "
        f"{lost} had lost an answer, {twice} of them came twice under one id"
    )
