"""Text messages. A gateway is a class with `send`, named by the setting SMS_BACKEND."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Final, Protocol, cast
from uuid import UUID

from django.conf import settings
from django.utils.module_loading import import_string

from merchants.gateways.answers import Fate, Handed, SmsGateway

# Those that come with the product, by the words of SMS_BACKEND; another one is named by its path.
BUILT_IN: Final = {
    "console": "merchants.sms.ConsoleBackend",
    "smsaero": "merchants.gateways.sms_aero.SmsAero",
    "sms.ru": "merchants.gateways.sms_ru.SmsRu",
    "smsc": "merchants.gateways.smsc.Smsc",
}


class SmsBackend(Protocol):
    def send(self, phone: str, text: str) -> object:
        """Hand the text over to the gateway, within half a minute, or raise. `phone` is E.164."""


class ConsoleBackend:
    """For a shop that tries the product out: the text appears where the server was started."""

    name = "console"

    def send(
        self, phone: str, text: str, *, key: UUID | None = None, sender: str = "", again: bool = False
    ) -> Handed | None:
        # Not sys.stdout: a Celery worker turns that into log lines, and codes don't belong into logs.
        stream = sys.__stdout__ or sys.stdout
        stream.write(f"SMS {phone}: {text}\n")
        stream.flush()
        return None

    def fates(self, asked: Sequence[tuple[str, str]]) -> dict[str, Fate]:
        return {}


class Plain:
    """A gateway of somebody's own, that only sends: nothing is known of ids, of senders or of what became of it."""

    name = "own"

    def __init__(self, own: SmsBackend) -> None:
        self.own = own

    def send(
        self, phone: str, text: str, *, key: UUID | None = None, sender: str = "", again: bool = False
    ) -> Handed | None:
        self.own.send(phone, text)
        return None

    def fates(self, asked: Sequence[tuple[str, str]]) -> dict[str, Fate]:
        return {}


def backend() -> SmsBackend:
    """The gateway that the settings name."""
    path = getattr(settings, "SMS_BACKEND", "console")
    return cast("SmsBackend", import_string(BUILT_IN.get(path, path))())


def gateway() -> SmsGateway:
    """The same, with all that messages of campaigns want of one."""
    found = backend()
    return cast("SmsGateway", found) if hasattr(found, "name") and hasattr(found, "fates") else Plain(found)


def is_set_up() -> bool:
    """Whether texts reach phones: not where they appear on the console, except where the product is tried out."""
    return settings.LOCAL or settings.SMS_BACKEND not in ("console", BUILT_IN["console"])
