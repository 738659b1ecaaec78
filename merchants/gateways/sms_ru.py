"""SMS.RU: `SMS_KEY` is the api_id. It keeps no ids of ours, so a text whose answer was lost may come twice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from django.conf import settings

from merchants.gateways import http
from merchants.gateways.answers import AnswerLost, Fate, Handed, NobodyThere, NotNow, Refused, Trouble, cost_of

URL: Final = "https://sms.ru"
MOST_AT_ONCE: Final = 100
_NUMBERS: Final = frozenset({202, 207, 209})
_TROUBLE: Final = frozenset({200, 201, 210, 211, 300, 301, 302, 303})
_BUSY: Final = frozenset({206, 220, 221, 230, 231, 232, 233, 500})
_LOST: Final = frozenset({104, 105, 106, 108, 150})


class SmsRu:
    name = "sms.ru"

    def send(
        self, phone: str, text: str, *, key: UUID | None = None, sender: str = "", again: bool = False
    ) -> Handed | None:
        number = phone.lstrip("+")
        fields: dict[str, object] = {"to": number, "msg": text}
        if sender:
            fields["from"] = sender
        answer = self._ask("/sms/send", fields)
        of_all = _code(answer)
        if of_all != 100:
            raise _error(of_all)
        one = (answer.get("sms") or {}).get(number) or {}
        if _code(one) != 100:
            raise _error(_code(one))
        return Handed(str(one.get("sms_id", "")), cost_of(one.get("cost")))

    def fates(self, asked: Sequence[tuple[str, str]]) -> dict[str, Fate]:
        found: dict[str, Fate] = {}
        for begin in range(0, len(asked), MOST_AT_ONCE):
            ids = ",".join(one for one, _phone in asked[begin : begin + MOST_AT_ONCE])
            answer = self._ask("/sms/status", {"sms_id": ids})
            for one, said in (answer.get("sms") or {}).items():
                found |= {one: fate} if (fate := _fate(_code(said))) else {}
        return found

    def _ask(self, path: str, fields: Mapping[str, object]) -> dict[str, Any]:
        url = (settings.SMS_URL or URL).rstrip("/") + path
        status, answer = http.form(url, {"api_id": settings.SMS_KEY, "json": 1, **fields})
        if not isinstance(answer, dict):
            raise NotNow if status != 200 else AnswerLost
        return answer


def _code(answer: Mapping[str, Any]) -> int:
    code = str(answer.get("status_code"))
    return int(code) if code.lstrip("-").isdigit() else 0


def _error(code: int) -> Exception:
    if code in _NUMBERS:
        return NobodyThere("bad_address")
    if code in _TROUBLE:
        return Trouble("no_money" if code == 201 else "wrong_key")
    return NotNow() if code in _BUSY else Refused("rejected")


def _fate(code: int) -> Fate | None:
    if code in {103, 110}:
        return Fate.DELIVERED
    if code in {107, 202, 207}:
        return Fate.NOBODY
    if code in _LOST:
        return Fate.LOST
    return Fate.ON_THE_WAY if code in {100, 101, 102} else None
