"""What gateways tell us. Each proves itself by a secret; a stranger finds nothing."""

from __future__ import annotations

import json
from typing import Any, Final

from django.conf import settings
from django.contrib.staticfiles import finders
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _
from django.utils.translation import override
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from campaigns.messages import fates, subscribing
from clients.limits import MINUTE, Limit, reached, use
from clients.pages.public.visitors import visitor
from merchants.access import tenant
from merchants.gateways import telegram
from merchants.gateways.answers import Fate, GatewayError

# Wrong secrets from one address.
GUESSES: Final = Limit("hook guesses", 20, 10 * MINUTE)
_EVENTS: Final = {
    "delivered": Fate.DELIVERED,
    "bounced": Fate.NOBODY,
    "failed": Fate.LOST,
    "complained": Fate.LOST,
}
MOST: Final = 1_000


@csrf_exempt
@require_POST
def telegram_update(request: HttpRequest) -> HttpResponse:
    """What people write to the bot: /start with the code from a card's page, /stop."""
    _prove(request, request.headers.get("X-Telegram-Bot-Api-Secret-Token", ""), settings.TELEGRAM_SECRET)
    said = _document(request)
    if not isinstance(said, dict):
        return HttpResponse()
    message, blocked = said.get("message") or {}, said.get("my_chat_member") or {}
    if (blocked.get("new_chat_member") or {}).get("status") in ("kicked", "left"):
        subscribing.unlink_chat(int((blocked.get("chat") or {}).get("id", 0)))
        return HttpResponse()
    chat = (message.get("chat") or {}).get("id")
    text = str(message.get("text") or "").strip()
    if not isinstance(chat, int) or (message.get("chat") or {}).get("type") != "private":
        return HttpResponse()
    if text.startswith("/stop"):
        subscribing.unlink_chat(chat)
        with override(settings.LANGUAGE_CODE):
            _answer(chat, _("No more messages will come here. Your card stays as it is."))
    elif text.startswith("/start"):
        _start(chat, text.removeprefix("/start").strip())
    return HttpResponse()


@csrf_exempt
@require_POST
def letters(request: HttpRequest, secret: str) -> HttpResponse:
    """What a mail server knows of letters: `[{"message_id": "…", "event": "delivered" | "bounced" | "failed" |
    "complained"}]`, up to 1,000. `bounced` is for good."""
    _prove(request, secret, settings.HOOK_SECRET)
    said = _document(request)
    events = said if isinstance(said, list) else [said]
    for event in events[:MOST]:
        if not isinstance(event, dict):
            continue
        fate = _EVENTS.get(str(event.get("event")))
        key = str(event.get("message_id", "")).strip("<> ").replace("\0", "")
        if fate is not None and key:
            why = "complained" if event["event"] == "complained" else ""
            fates.note(gateway="email", gateway_id=key, fate=fate, why=why, now=timezone.now())
    return HttpResponse(status=204)


@require_safe
def push_worker(request: HttpRequest) -> HttpResponse:
    """The browser's worker that shows push messages. It has to stand at the root, to speak for the cards' pages."""
    path = (
        finders.find("js/push_worker.js")
        if settings.STATIC_ROOT is None
        else f"{settings.STATIC_ROOT}/js/push_worker.js"
    )
    try:
        with open(str(path), encoding="utf-8") as file:  # noqa: PTH123
            return HttpResponse(file.read(), content_type="text/javascript; charset=utf-8")
    except OSError:
        raise Http404 from None


def _start(chat: int, code: str) -> None:
    client = subscribing.client_of(code, timezone.now()) if code else None
    if client is None:
        with override(settings.LANGUAGE_CODE):
            _answer(chat, _("Open the page of your card and press the button there: the link is good for two hours."))
        return
    with tenant(client.program_id), override(client.program.language):
        subscribing.link(client=client, chat=chat, now=timezone.now())
        _answer(
            chat,
            _("This is %(shop)s. News about your card will come here. To end it: /stop")
            % {"shop": client.account.merchant.name},
        )


def _answer(chat: int, text: str) -> None:
    try:
        telegram.send(chat, text)
    except GatewayError:
        return


def _prove(request: HttpRequest, told: str, secret: str) -> None:
    who = visitor(request)
    if secret and not reached(GUESSES, who) and constant_time_compare(told, secret):
        return
    use(GUESSES, who)
    raise Http404


def _document(request: HttpRequest) -> Any:
    try:
        return json.loads(request.body)
    except ValueError:
        return {}
