"""A Telegram bot: `TELEGRAM_TOKEN`. Telegram keeps no ids of ours: a message whose answer was lost may come twice."""

from __future__ import annotations

from typing import Any, Final

from django.conf import settings

from merchants.gateways import http
from merchants.gateways.answers import AnswerLost, Handed, NobodyThere, NotNow, Refused, Trouble

URL: Final = "https://api.telegram.org"
LONGEST: Final = 4096
NAME: Final = "telegram"


def is_set_up() -> bool:
    return bool(settings.TELEGRAM_TOKEN and settings.TELEGRAM_BOT)


def send(chat: int, text: str) -> Handed:
    """Plain text: what clients are called can't become markup."""
    said = _ask("sendMessage", {"chat_id": chat, "text": text[:LONGEST]})
    return Handed(str((said.get("result") or {}).get("message_id", "")))


def set_webhook(url: str, secret: str) -> None:
    """Have Telegram bring what people write to the bot."""
    _ask("setWebhook", {"url": url, "secret_token": secret, "allowed_updates": ["message", "my_chat_member"]})


def _ask(method: str, fields: dict[str, object]) -> dict[str, Any]:
    base = (settings.TELEGRAM_URL or URL).rstrip("/")
    status, answer = http.document(f"{base}/bot{settings.TELEGRAM_TOKEN}/{method}", fields)
    if not isinstance(answer, dict):
        raise NotNow if status != 200 else AnswerLost
    if answer.get("ok"):
        return answer
    said = str(answer.get("description", "")).lower()
    match int(answer.get("error_code") or status):
        case 401 | 404:
            raise Trouble("wrong_key")
        case 403:
            raise NobodyThere("blocked_by_receiver")
        case 400 if "chat" in said:
            raise NobodyThere("bad_address")
        case 429:
            raise NotNow("busy", int((answer.get("parameters") or {}).get("retry_after", 30)))
        case code if code >= 500:
            raise NotNow
    raise Refused("rejected")
