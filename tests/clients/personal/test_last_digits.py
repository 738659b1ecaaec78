"""Whoever need not see whole phones, e-mails and cards sees their ends on every page that he may open."""

from __future__ import annotations

import pytest
from django.http.response import HttpResponseBase

from clients import editing
from clients.editing import Particulars
from clients.models import Client
from loyalty import accounts
from loyalty.models import Card
from merchants.access import ACTIONS, Action, tenant
from merchants.models import Role
from tests.cast import Cast
from tests.loyalty.shop import ONE_PER_ONE, TillStory
from tests.test_permissions import PAGES, client_of, names_of

WITHOUT = [role for role in Role if Action.SEE_PHONES not in ACTIONS[role]]
PHONE, EMAIL = "9161234567", "anna.secret@example.org"


@pytest.mark.parametrize("role", WITHOUT)
def test_no_page_shows_more_than_the_last_digits(cast: Cast, role: Role) -> None:
    names = names_of(cast)
    zerno = cast.zerno
    with tenant(zerno.program.pk):
        anna = Client.objects.get(phone="+79161234567")
        story = TillStory(zerno, anna.created_at)
        story.publish(ONE_PER_ONE)
        particulars = Particulars(phone="+79161234567", name="Анна", email=EMAIL)
        editing.edit(client=anna, particulars=particulars, now=story.now, by=zerno.owner)
        accounts.block(account=anna.account, reason="", now=story.now, by=zerno.owner)
        accounts.unblock(account=anna.account, reason="", now=story.now, by=zerno.owner)
        story.sell(anna.account, "100", receipt="1")
        numbers = list(Card.objects.filter(account=anna.account).exclude(kind="phone").values_list("number", flat=True))
    browser = client_of(cast, role)  # type: ignore[arg-type]
    asked = [page.path.format(**names) for page in PAGES.values() if page.method == "get"]
    searches = [f"/m/{zerno.merchant.pk}/{rest}" for rest in ("clients/?q=Анна", "clients/?q=4567", "sales/?q=1")]
    opened, leaks = 0, []
    for path in [*asked, *searches]:
        if not path.startswith("/m/"):
            continue  # a page of clients themselves
        answer = browser.get(path)
        if answer.status_code != 200:
            continue
        opened += 1
        text = said_by(answer)
        digits = "".join(sign for sign in text if sign.isdigit())
        if PHONE in digits or EMAIL in text or any(number in text for number in numbers):
            leaks.append(path)
    assert leaks == []
    assert opened >= (10 if role == Role.READER else 0), "the walk opens something"


def said_by(answer: HttpResponseBase) -> str:
    if answer.streaming:
        return b"".join(answer).decode(errors="replace")  # type: ignore[arg-type]
    return str(answer.content.decode(errors="replace"))  # type: ignore[attr-defined]
