"""A stubborn till: asks again with the same key until it has an answer, and keeps every answer it was given."""

from __future__ import annotations

import http.client
import json
import threading
import time
import uuid
from dataclasses import dataclass, field
from typing import Any

API = "/api/v1/"


class Abandoned(Exception):  # noqa: N818  # not an error: the test is over
    """The test has ended for another reason while this till was still asking."""


@dataclass(frozen=True)
class Acknowledged:
    """A write and the answer it was given: from now on it may neither be lost nor be done twice."""

    what: str
    till: str
    path: str
    key: str
    body: bytes
    status: int
    text: str
    replayed: bool

    @property
    def json(self) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(self.text)
        return answer

    def __getitem__(self, name: str) -> Any:
        return self.json[name]


@dataclass
class Figures:
    """What the till went through: how often it had to ask again, by the reason."""

    again: dict[str, int] = field(default_factory=dict)
    longest: float = 0.0

    def count(self, reason: str) -> None:
        self.again[reason] = self.again.get(reason, 0) + 1


class Till:
    """One thread's till."""

    def __init__(self, port: int, key: str, *, patience: float = 180, over: threading.Event | None = None) -> None:
        self.port, self.key, self.patience = port, key, patience
        self.over = over or threading.Event()
        self.connection: http.client.HTTPConnection | None = None
        self.figures = Figures()

    def write(self, what: str, path: str, body: dict[str, Any] | None = None, *, key: str = "") -> Acknowledged:
        data = b"" if body is None else json.dumps(body).encode()
        return self.insist(what, path, key or uuid.uuid4().hex, data)

    def insist(self, what: str, path: str, key: str, data: bytes) -> Acknowledged:
        """Until it is acknowledged. A refusal is no answer that these stories expect."""
        began, pause = time.monotonic(), 0.02
        while True:
            reason = ""
            try:
                status, replayed, text = self.ask("POST", path, data, {"Idempotency-Key": key})
                if 200 <= status < 300:
                    self.figures.longest = max(self.figures.longest, time.monotonic() - began)
                    return Acknowledged(what, self.key, path, key, data, status, text, replayed)
                assert status >= 500, f"{what} {path}: {status} {text}"
                reason = f"{status} {json.loads(text).get('code', '')}" if text.startswith("{") else str(status)
            except (OSError, http.client.HTTPException) as error:
                reason = type(error).__name__
                self.hang_up()
            self.figures.count(reason)
            if self.over.is_set():
                raise Abandoned
            waited = time.monotonic() - began
            assert waited < self.patience, f"{what} {path}: no answer for {waited:.0f} s; the last was {reason}"
            time.sleep(pause)
            pause = min(pause * 2, 0.5)

    def read(self, path: str) -> dict[str, Any]:
        status, _replayed, text = self.ask("GET", path)
        assert status == 200, text
        answer: dict[str, Any] = json.loads(text)
        return answer

    def ask(
        self, method: str, path: str, data: bytes | None = None, headers: dict[str, str] | None = None
    ) -> tuple[int, bool, str]:
        """Status, whether it was a replay, and the text."""
        if self.connection is None:
            self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=15)
        mine = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
        self.connection.request(method, API + path, body=data, headers=mine | (headers or {}))
        answer = self.connection.getresponse()
        text = answer.read().decode()
        return answer.status, answer.headers.get("Idempotency-Replayed") == "true", text

    def hang_up(self) -> None:
        if self.connection is not None:
            self.connection.close()
            self.connection = None
