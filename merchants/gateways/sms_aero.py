"""SMS Aero, version 2: `SMS_LOGIN` is the e-mail of the account, `SMS_KEY` its API key.

It keeps no ids of ours, but lists what it was given: after a lost answer it is asked for the text at the number.
"""

from __future__ import annotations

import base64
import time
from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from django.conf import settings

from merchants.gateways import http
from merchants.gateways.answers import AnswerLost, Fate, Handed, NobodyThere, NotNow, Refused, Trouble, cost_of

URL: Final = "https://gate.smsaero.ru/v2"
# A lost answer is asked for soon after, unless the worker was down.
LOST_FOR_SECONDS: Final = 24 * 60 * 60
# The name that everybody may send by.
COMMON_NAME: Final = "SMS Aero"
_FATES: Final = {
    0: Fate.ON_THE_WAY, 1: Fate.DELIVERED, 2: Fate.LOST, 3: Fate.ON_THE_WAY, 4: Fate.ON_THE_WAY,
    6: Fate.LOST, 8: Fate.ON_THE_WAY,
}  # fmt: skip


class SmsAero:
    name = "smsaero"

    def send(
        self, phone: str, text: str, *, key: UUID | None = None, sender: str = "", again: bool = False
    ) -> Handed | None:
        number = phone.lstrip("+")
        if again and (known := self._known(number, text)):
            return known
        data = self._ask("/sms/send", {"number": number, "text": text, "sign": sender or COMMON_NAME})
        return _handed(data)

    def fates(self, asked: Sequence[tuple[str, str]]) -> dict[str, Fate]:
        found: dict[str, Fate] = {}
        for one, _phone in asked:
            try:
                said = self._ask("/sms/status", {"id": int(one)})
            except Refused:
                continue
            found |= {one: fate} if (fate := _FATES.get(int(said.get("status", -1)))) else {}
        return found

    def _known(self, number: str, text: str) -> Handed | None:
        listed = self._ask("/sms/list", {"number": number, "text": text})
        # The same words may have gone there last year.
        since = time.time() - LOST_FOR_SECONDS
        rows = [row for row in listed.values() if isinstance(row, dict) and row.get("text") == text]
        rows = [row for row in rows if float(row.get("dateCreate") or 0) > since]
        return _handed(max(rows, key=lambda row: row["dateCreate"])) if rows else None

    def _ask(self, path: str, fields: Mapping[str, object]) -> dict[str, Any]:
        url = (settings.SMS_URL or URL).rstrip("/") + path
        who = base64.b64encode(f"{settings.SMS_LOGIN}:{settings.SMS_KEY}".encode()).decode()
        status, answer = http.document(url, fields, {"Authorization": f"Basic {who}"})
        if status == 401:
            raise Trouble("wrong_key")
        if not isinstance(answer, dict):
            raise NotNow if status != 200 else AnswerLost
        if answer.get("success"):
            return answer.get("data") or {}
        raise _error(answer, status)


def _handed(data: Mapping[str, Any]) -> Handed:
    return Handed(str(data.get("id", "")), cost_of(data.get("cost")))


def _error(answer: Mapping[str, Any], status: int) -> Exception:
    said = f"{answer.get('message') or ''} {answer.get('result') or ''}".lower()
    if "money" in said or "credits" in said or status == 402:
        return Trouble("no_money")
    if "number" in str(answer.get("data") or "").lower():
        return NobodyThere("bad_address")
    return NotNow() if status >= 500 else Refused("rejected")
