"""Talking to gateways over HTTP: one pool of connections, short time-outs, and what each failure means."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode

import urllib3
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    NameResolutionError,
    NewConnectionError,
    ProtocolError,
    ReadTimeoutError,
)

from merchants.gateways.answers import AnswerLost, NotNow, Trouble

CONNECT_SECONDS: Final = 5.0
READ_SECONDS: Final = 15.0
LARGEST: Final = 1024 * 1024
# A gateway's proxy has given up waiting for it: the message may be gone.
_UNKNOWN: Final = frozenset({502, 504})


@functools.cache
def pool() -> urllib3.PoolManager:
    return urllib3.PoolManager(num_pools=10, maxsize=32, retries=False)


def form(url: str, fields: Mapping[str, object], **more: Any) -> tuple[int, Any]:
    """POST fields as a form: the status, and the JSON of the answer (None where it is none)."""
    return post(url, urlencode(fields).encode(), {"Content-Type": "application/x-www-form-urlencoded"}, **more)


def document(url: str, fields: Mapping[str, object], headers: Mapping[str, str] | None = None) -> tuple[int, Any]:
    """POST fields as JSON."""
    return post(url, json.dumps(fields).encode(), {"Content-Type": "application/json", **(headers or {})})


def post(url: str, body: bytes, headers: Mapping[str, str], seconds: float = READ_SECONDS) -> tuple[int, Any]:
    """Trouble where nobody answers at all, AnswerLost where the answer does not come, NotNow where it is too busy."""
    try:
        answer = pool().request(
            "POST",
            url,
            body=body,
            headers={"User-Agent": "Kopilka", **headers},
            timeout=urllib3.Timeout(connect=CONNECT_SECONDS, read=seconds),
            redirect=False,
            preload_content=False,
        )
        try:
            text = answer.read(LARGEST)
        finally:
            answer.release_conn()
    except (NewConnectionError, ConnectTimeoutError, NameResolutionError) as error:
        raise Trouble("unreachable") from error
    except (ReadTimeoutError, ProtocolError) as error:
        raise AnswerLost from error
    except HTTPError as error:  # a certificate that is not theirs, an address that is none
        raise Trouble("unreachable") from error
    if answer.status in _UNKNOWN:
        raise AnswerLost
    if answer.status == 429:
        raise NotNow("busy", _seconds(answer.headers.get("Retry-After", "")))
    if answer.status >= 500:
        raise NotNow
    return answer.status, _json(text)


def _json(text: bytes) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _seconds(text: str) -> int:
    return min(int(text), 3600) if text.isascii() and text.isdigit() else 0
