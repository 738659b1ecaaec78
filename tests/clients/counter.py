"""A counter in a few words: clients with names, and a browser of somebody of the team."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.test import Client as Browser
from django.utils.html import strip_tags

from clients.enrolment import enrol
from clients.models import Client
from merchants.models import User
from tests.cast import Shop


def enrolled(shop: Shop, name: str, phone: str, now: datetime, **more: Any) -> Client:
    return enrol(
        program_id=shop.program.pk, merchant_id=shop.merchant.pk, name=name, phone=phone, source="test", now=now, **more
    )


class Desk:
    """Somebody's browser at a merchant's pages."""

    def __init__(self, shop: Shop, user: User) -> None:
        self.shop = shop
        self.browser = Browser()
        self.browser.force_login(user)

    def path(self, rest: str) -> str:
        return f"/m/{self.shop.merchant.pk}/{rest}"

    def get(self, rest: str, query: dict[str, str] | None = None, **headers: str) -> Any:
        return self.browser.get(self.path(rest), query or {}, headers=headers)

    def text(self, rest: str, query: dict[str, str] | None = None) -> str:
        """What a page says, as one line."""
        answer = self.get(rest, query)
        assert answer.status_code == 200, answer.status_code
        return said(answer)

    def post(self, rest: str, data: dict[str, Any], *, follow: bool = True) -> Any:
        return self.browser.post(self.path(rest), data, follow=follow)


def said(answer: Any) -> str:
    """What the page says below its menu."""
    page = answer.content.decode()
    return " ".join(strip_tags((page.partition('class="sheet"')[2] or page).replace("<", " <")).split())


def names(answer: Any) -> list[str]:
    """The clients of a list, in its order."""
    return [row.client.name for row, _phone in answer.context["rows"]]
