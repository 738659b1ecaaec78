"""A gateway on this machine that speaks the protocols of SMS Aero, SMS.RU, SMSC and Telegram, and misbehaves if asked.

`taken` are the texts that it has taken, with the id of ours where the protocol has one. `mood` says what it does.
"""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal
from urllib.parse import parse_qs

Mood = Literal[
    "fine", "no money", "wrong key", "wrong number", "refused", "silent", "broken", "busy", "lost", "blocked"
]


class Gateway:
    def __init__(self, url: str) -> None:
        self.url = url
        self.mood: Mood = "fine"
        self.taken: list[tuple[str, str, str]] = []
        self.status = "delivered"
        self.seconds = 0.0
        self.years = 0
        # What it has taken it does not own up to.
        self.forgets = False

    def take(self, to: str, text: str, key: str = "") -> int:
        self.taken.append((to, text, key))
        return len(self.taken)


@contextmanager
def gateway() -> Iterator[Gateway]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    own = Gateway(f"http://127.0.0.1:{server.server_address[1]}")
    server.own = own  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield own
    finally:
        server.shutdown()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    @property
    def own(self) -> Gateway:
        return self.server.own  # type: ignore[attr-defined, no-any-return]

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        return

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        kind = self.headers.get("Content-Type", "")
        fields = {} if "json" in kind else parse_qs(body.decode())
        said = json.loads(body) if "json" in kind else {key: values[0] for key, values in fields.items()}
        time.sleep(self.own.seconds)
        if self.own.mood == "busy":
            return self._say({}, 503)
        if self.own.mood == "broken":
            return self._raw(b"<html>oops</html>", 200)
        if self.own.mood == "silent":
            self.close_connection = True
            return None
        answer, status = self._answer(said)
        if self.own.mood == "lost" and self.path.endswith(("send", "send.php", "sendMessage")):
            self.close_connection = True
            return None
        return self._say(answer, status)

    def _answer(self, said: dict[str, Any]) -> tuple[Any, int]:
        for end, act in (
            ("/sms/send", self._send), ("/sms/status", self._status), ("/sms/list", self._list),
            ("/sys/send.php", self._smsc), ("/sys/status.php", self._smsc_status), ("/sendMessage", self._telegram),
        ):  # fmt: skip
            if self.path.endswith(end):
                return act(said)
        return {}, 404

    def _send(self, said: dict[str, Any]) -> tuple[Any, int]:
        return self._aero(said) if "number" in said else self._ru(said)

    def _aero(self, said: dict[str, Any]) -> tuple[Any, int]:
        who = base64.b64decode(self.headers["Authorization"].removeprefix("Basic ")).decode()
        if self.own.mood == "wrong key" or who != "shop@example.org:secret":
            return {"success": False, "data": None, "message": "Your request was made with invalid credentials."}, 401
        if self.own.mood == "no money":
            return {"success": False, "data": None, "message": "Not enough money."}, 200
        if self.own.mood == "wrong number":
            return {"success": False, "data": {"number": ["wrong"]}, "message": "Validation error."}, 400
        if self.own.mood == "refused":
            return {"success": False, "data": {"sign": ["unknown"]}, "message": "Validation error."}, 400
        key = self.own.take(said["number"], said["text"])
        return {
            "success": True,
            "data": {"id": key, "status": 0, "cost": 5.49, "text": said["text"]},
            "message": None,
        }, 200

    def _ru(self, said: dict[str, Any]) -> tuple[Any, int]:
        if self.own.mood == "wrong key" or said["api_id"] != "secret":
            return {"status": "ERROR", "status_code": 200}, 200
        code = {"no money": 201, "wrong number": 202, "refused": 204}.get(self.own.mood, 100)
        one: dict[str, Any] = {"status": "OK" if code == 100 else "ERROR", "status_code": code}
        if code == 100:
            one |= {"sms_id": f"000-{self.own.take(said['to'], said['msg'])}", "cost": "2.30"}
        return {"status": "OK", "status_code": 100, "sms": {said["to"]: one}}, 200

    def _status(self, said: dict[str, Any]) -> tuple[Any, int]:
        good = self.own.status == "delivered"
        if "id" in said:
            return {"success": True, "data": {"id": said["id"], "status": 1 if good else 2}}, 200
        codes = {one: {"status_code": 103 if good else 107} for one in said["sms_id"].split(",")}
        return {"status": "OK", "status_code": 100, "sms": codes}, 200

    def _list(self, said: dict[str, Any]) -> tuple[Any, int]:
        rows = [
            {"id": n, "text": text, "cost": 5.49, "dateCreate": time.time() + n - self.own.years * 366 * 86400}
            for n, (to, text, _key) in enumerate(self.own.taken, start=1)
            if (to, text) == (said["number"], said["text"])
        ]
        return {"success": True, "data": {str(n): row for n, row in enumerate(rows)}}, 200

    def _smsc(self, said: dict[str, Any]) -> tuple[Any, int]:
        code = {"wrong key": 2, "no money": 3, "wrong number": 7, "refused": 6}.get(self.own.mood)
        if code or said["psw"] != "secret":
            return {"error": "oops", "error_code": code or 2}, 200
        self.own.take(said["phones"], said["mes"], said.get("id", ""))
        return {"id": int(said.get("id", 1)), "cnt": 1, "cost": "3.50", "balance": "10"}, 200

    def _smsc_status(self, said: dict[str, Any]) -> tuple[Any, int]:
        good = self.own.status == "delivered"
        if said["id"].endswith(","):
            ids = [one for one in said["id"].split(",") if one]
            return [{"id": int(one), "status": 1 if good else 22} for one in ids], 200
        known = not self.own.forgets and any(key == said["id"] for _to, _text, key in self.own.taken)
        return ({"status": 0} if known else {"status": -3}), 200

    def _telegram(self, said: dict[str, Any]) -> tuple[Any, int]:
        if self.own.mood == "blocked":
            return {"ok": False, "error_code": 403, "description": "Forbidden: bot was blocked by the user"}, 403
        if self.own.mood == "wrong key":
            return {"ok": False, "error_code": 401, "description": "Unauthorized"}, 401
        return {"ok": True, "result": {"message_id": self.own.take(str(said["chat_id"]), said["text"])}}, 200

    def _say(self, answer: Any, status: int) -> None:
        self._raw(json.dumps(answer).encode(), status)

    def _raw(self, body: bytes, status: int) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
