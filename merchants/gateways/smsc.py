"""SMSC: `SMS_LOGIN` and `SMS_KEY` (the password). A message carries an id of ours: after a lost answer its status says
whether it is there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from django.conf import settings

from merchants.gateways import http
from merchants.gateways.answers import AnswerLost, Fate, Handed, NobodyThere, NotNow, Refused, Trouble, cost_of

URL: Final = "https://smsc.ru"
MOST_AT_ONCE: Final = 100
LARGEST_ID: Final = 2**31 - 1
_LOST: Final = frozenset({-2, 3, 20, 23, 24, 25})


class Smsc:
    name = "smsc"

    def send(
        self, phone: str, text: str, *, key: UUID | None = None, sender: str = "", again: bool = False
    ) -> Handed | None:
        fields: dict[str, object] = {"phones": phone, "mes": text, "charset": "utf-8", "cost": 3}
        if key is not None:
            fields["id"] = own_id(key)
            if again and self._is_known(fields["id"], phone):
                return Handed(str(fields["id"]))
        if sender:
            fields["sender"] = sender
        answer = self._ask("/sys/send.php", fields)
        if answer.get("error_code") is not None:
            raise _error(int(answer["error_code"]))
        return Handed(str(answer.get("id", "")), cost_of(answer.get("cost")))

    def fates(self, asked: Sequence[tuple[str, str]]) -> dict[str, Fate]:
        found: dict[str, Fate] = {}
        for begin in range(0, len(asked), MOST_AT_ONCE):
            chunk = asked[begin : begin + MOST_AT_ONCE]
            # The comma at the end: one message is answered in the shape of many.
            ids, phones = (",".join(one[place] for one in chunk) + "," for place in (0, 1))
            answer = self._ask("/sys/status.php", {"id": ids, "phone": phones})
            for row in answer if isinstance(answer, list) else [answer]:
                fate = _fate(row)
                if fate is not None and "id" in row:
                    found[str(row["id"])] = fate
        return found

    def _is_known(self, key: object, phone: str) -> bool:
        answer = self._ask("/sys/status.php", {"id": key, "phone": phone})
        return answer.get("error_code") is None and answer.get("status") not in (None, -3, "-3")

    def _ask(self, path: str, fields: Mapping[str, object]) -> Any:
        url = (settings.SMS_URL or URL).rstrip("/") + path
        status, answer = http.form(url, {"login": settings.SMS_LOGIN, "psw": settings.SMS_KEY, "fmt": 3, **fields})
        if not isinstance(answer, dict | list):
            raise NotNow if status != 200 else AnswerLost
        return answer


def own_id(key: UUID) -> int:
    """A number from 1 to 2³¹ − 1: all that it takes for an id."""
    return key.int % LARGEST_ID + 1


def _error(code: int) -> Exception:
    match code:
        case 2 | 3:
            return Trouble("no_money" if code == 3 else "wrong_key")
        case 4 | 9:
            return NotNow("busy", 60)
        case 7:
            return NobodyThere("bad_address")
    return Refused("rejected")


def _fate(row: Mapping[str, Any]) -> Fate | None:
    status = row.get("status")
    if status is None or not str(status).lstrip("-").isdigit():
        return None
    match int(status):
        case 1 | 2 | 4:
            return Fate.DELIVERED
        case 22:
            return Fate.NOBODY
        case -1 | 0:
            return Fate.ON_THE_WAY
        case code if code in _LOST:
            return Fate.LOST
    return None
