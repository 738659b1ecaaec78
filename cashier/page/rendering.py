"""Pages of the till, with what their frame and their words need."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from cashier.page.door import Phone

T = TypeVar("T")


def page(
    request: HttpRequest, phone: Phone, template: str, context: Mapping[str, Any] | None = None, *, status: int = 200
) -> HttpResponse:
    frame = {"phone": phone, "program": phone.till.program, "now": phone.now}
    return render(request, f"till/{template}.html", {**frame, **(context or {})}, status=status)


def see(name: str, *args: object, query: str = "") -> HttpResponse:
    """303: look there, whatever was sent."""
    response = redirect(reverse(name, args=args) + query)
    response.status_code = 303
    return response


def rehearsed(act: Callable[[], T]) -> T:
    """What the act gives, without its having happened: the numbers that are asked about are those that will come."""
    with transaction.atomic():
        given = act()
        transaction.set_rollback(True)
    return given
