"""Messages through a gateway on this machine: what sending them costs beside the bare requests."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from bench.place import Database
from bench.report import Figure, Report, machine
from bench.shop import Shop, open_shop

# Speaks SMS.RU, in a process of its own: its work is not ours.
_GATEWAY = """
import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def do_POST(self):
        said = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        one = {"status": "OK", "status_code": 100, "sms_id": said["to"][0], "cost": "1"}
        body = json.dumps({"status": "OK", "status_code": 100, "sms": {said["to"][0]: one}}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass

server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(server.server_address[1], flush=True)
server.serve_forever()
"""
_CLIENTS = """
    INSERT INTO clients_client (program_id, account_id, name, phone, email, note, card_version, created_at)
    SELECT program_id, id, 'Клиент ' || id, '+7' || (9000000000 + id), '', '', 1, now()
    FROM loyalty_account WHERE program_id = %s
"""
_CONSENTS = """
    INSERT INTO clients_consent (program_id, client_id, kind, given, at, source, text_version)
    SELECT program_id, id, kind, true, now() - interval '1 day', 'bench', ''
    FROM clients_client, unnest(ARRAY['processing', 'advertising']) kind WHERE program_id = %s
"""


def run(database: Database, *, number: int, rounds: int) -> Report:
    from bench.place import use  # noqa: PLC0415

    use(database)
    shop = open_shop(database, number, opening_expires=None)
    with database.connect() as connection:
        for statement in (_CLIENTS, _CONSENTS):
            connection.execute(statement, [shop.program_id])
    database.settle()
    found = Report("", "Messages", machine=machine(database))
    gateway = subprocess.Popen([sys.executable, "-c", _GATEWAY], stdout=subprocess.PIPE, text=True)
    try:
        _set_up(gateway.stdout.readline().strip() if gateway.stdout else "")
        overheads, rates = [], []
        for n in range(rounds):
            bare = _bare(number)
            whole, cpu = _whole(shop, number, n)
            overheads.append((whole - bare) / number * 1000)
            rates.append(number / whole)
            print(f"{number:,} messages: {whole:.1f} s, CPU {cpu:.1f} s; bare requests {bare:.1f} s", flush=True)
    finally:
        gateway.kill()
        gateway.wait()
    found.figures = [
        Figure("own overhead of a message", statistics.median(overheads), "ms", at_most=2),
        Figure("messages", statistics.median(rates), "per s"),
    ]
    return found


def _set_up(port: str) -> None:
    from django.conf import settings  # noqa: PLC0415

    settings.SMS_BACKEND, settings.SMS_KEY, settings.SMS_URL = "sms.ru", "bench", f"http://127.0.0.1:{port}"
    settings.MESSAGES_PER_SECOND = 0


def _bare(number: int) -> float:
    """The requests alone, from as many threads."""
    from django.conf import settings  # noqa: PLC0415

    from merchants import sms  # noqa: PLC0415

    own: Any = sms.gateway()
    began = time.monotonic()
    with ThreadPoolExecutor(settings.MESSAGE_THREADS) as pool:
        list(pool.map(lambda n: own.send(f"+7{9000000000 + n}", "Привет"), range(number)))
    return time.monotonic() - began


def _whole(shop: Shop, number: int, n: int) -> tuple[float, float]:
    import datetime as dt  # noqa: PLC0415

    from campaigns.messages.claiming import settings_of  # noqa: PLC0415
    from campaigns.messages.queueing import Receiver, queue  # noqa: PLC0415
    from campaigns.messages.sending import send_due  # noqa: PLC0415
    from campaigns.models import Message, MessageTemplate  # noqa: PLC0415
    from loyalty.models import Account  # noqa: PLC0415
    from merchants.access import tenant  # noqa: PLC0415
    from merchants.models import Merchant  # noqa: PLC0415

    now = dt.datetime.now(dt.UTC)
    with tenant(shop.program_id):
        merchant = Merchant.objects.select_related("program").get(pk=shop.merchant_id)
        row = settings_of(merchant)
        row.cap_number, row.quiet_from, row.quiet_until = 0, dt.time(0), dt.time(0)
        row.save()
        template = MessageTemplate.objects.create(
            program_id=shop.program_id, merchant=merchant, name=f"bench {n}", channels=["sms"],
            texts={"sms": "{если имя}{имя}, у{иначе}У{конец} вас {баллы|балл|балла|баллов}"},
        )  # fmt: skip
        accounts = Account.objects.filter(program_id=shop.program_id).values_list("pk", flat=True)[:number]
        receivers = [Receiver(key, f"bench:{n}:{key}") for key in accounts]
        asked = queue(merchant=merchant, template=template, receivers=receivers, source=f"bench:{n}", now=now)
        if asked != number:
            raise RuntimeError(f"{asked} of {number} messages were asked for")
    began, cpu = time.monotonic(), time.process_time()
    send_due(clock=lambda: dt.datetime.now(dt.UTC), seconds=3600)
    took = time.monotonic() - began, time.process_time() - cpu
    with tenant(shop.program_id):
        sent = Message.objects.filter(source=f"bench:{n}", state=Message.State.SENT).count()
    if sent != number:
        raise RuntimeError(f"{sent} of {number} messages were sent")
    return took
