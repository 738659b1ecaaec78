"""Text messages. A gateway is a class with `send`, named by the setting SMS_BACKEND."""

from __future__ import annotations

import sys
from typing import Protocol, cast

from django.conf import settings
from django.utils.module_loading import import_string


class SmsBackend(Protocol):
    def send(self, phone: str, text: str) -> None:
        """Hand the text over to the gateway, within half a minute, or raise. `phone` is E.164."""


class ConsoleBackend:
    """For a shop that tries the product out: the text appears where the server was started."""

    def send(self, phone: str, text: str) -> None:
        # Not sys.stdout: a Celery worker turns that into log lines, and codes don't belong into logs.
        stream = sys.__stdout__ or sys.stdout
        stream.write(f"SMS {phone}: {text}\n")
        stream.flush()


def backend() -> SmsBackend:
    """The gateway that the settings name."""
    path = getattr(settings, "SMS_BACKEND", "merchants.sms.ConsoleBackend")
    return cast("SmsBackend", import_string(path)())
