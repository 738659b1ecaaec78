"""Who gets what, for every URL there is: a URL without a row fails, and so does a row without a URL."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

import pytest
from django.contrib.auth.hashers import make_password
from django.http.response import HttpResponseBase
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from campaigns.mailings import planning
from campaigns.messages import refusing
from campaigns.models import MessageTemplate
from campaigns.ready import READY
from campaigns.running import changing
from clients import card_links
from clients.enrolment import enrol
from clients.models import ClientAct
from clients.plastic import making
from clients.plastic.numbers import Order
from clients.segments import keeping
from clients.segments.definition import Definition
from loyalty import approvals
from loyalty.accounts import adjust
from loyalty.certificates import issuing, links
from loyalty.models import Account, Activity, Card, Category, Entry, Exchange, GoodsImport, Product, Sale
from loyalty.promo import making as promo_making
from loyalty.promo.terms import Terms as PromoTerms
from loyalty.rewards import catalogue
from merchants import invitations
from merchants.access import tenant
from merchants.models import Cashier, Invitation, Member, OutboxMessage, Role, Scope, TillKey, User
from tests.cast import Cast, Shop, make_key
from tests.permissions import (
    PEOPLE,
    Outcome,
    Page,
    Person,
    backtests,
    campaigns,
    cards,
    certificates,
    client_imports,
    client_merges,
    clients,
    common,
    goods,
    insights,
    merchants,
    messages,
    personal,
    promo,
    public,
    receipts,
    rewards,
    rules,
    segments,
    till,
)

PAGES: dict[str, Page] = {
    **common.PAGES,
    **merchants.PAGES,
    **receipts.PAGES,
    **rules.PAGES,
    **goods.PAGES,
    **clients.PAGES,
    **client_imports.PAGES,
    **client_merges.PAGES,
    **segments.PAGES,
    **messages.PAGES,
    **public.PAGES,
    **personal.PAGES,
    **insights.PAGES,
    **backtests.PAGES,
    **campaigns.PAGES,
    **cards.PAGES,
    **certificates.PAGES,
    **promo.PAGES,
    **rewards.PAGES,
    **till.PAGES,
}


@dataclass
class Call:
    """An address of the till API: by method, the scopes any one of which lets a key in. `{id}` is an object's."""

    path: str
    scopes: Mapping[str, set[str]]


READ = {"GET": {"read", "sell"}}
SELL = {"POST": {"sell"}}

CALLS: dict[str, Call] = {
    "api/v1/program": Call("/api/v1/program", READ),
    "api/v1/clients": Call("/api/v1/clients", READ | {"POST": {"enrol"}}),
    "api/v1/clients/<uuid:client_id>": Call("/api/v1/clients/{id}", READ),
    "api/v1/clients/<uuid:client_id>/history": Call("/api/v1/clients/{id}/history", READ),
    "api/v1/clients/<uuid:client_id>/confirmation": Call("/api/v1/clients/{id}/confirmation", SELL),
    "api/v1/clients/<uuid:client_id>/activities": Call("/api/v1/clients/{id}/activities", {"POST": {"sell", "enrol"}}),
    "api/v1/clients/<uuid:client_id>/cards": Call("/api/v1/clients/{id}/cards", {"POST": {"sell", "enrol"}}),
    "api/v1/clients/<uuid:client_id>/cards/return": Call("/api/v1/clients/{id}/cards/return", SELL),
    "api/v1/certificates": Call("/api/v1/certificates", {"POST": {"sell", "adjust"}}),
    "api/v1/certificates/<str:code>": Call("/api/v1/certificates/7K2MQX4T9PBA", READ),
    "api/v1/promo-codes/<str:code>": Call("/api/v1/promo-codes/SPRING", READ),
    "api/v1/rewards": Call("/api/v1/rewards", READ),
    "api/v1/exchanges": Call("/api/v1/exchanges", READ | SELL),
    "api/v1/exchanges/<uuid:exchange_id>/hand-over": Call("/api/v1/exchanges/{id}/hand-over", SELL),
    "api/v1/exchanges/<uuid:exchange_id>/cancel": Call("/api/v1/exchanges/{id}/cancel", SELL),
    "api/v1/quotes": Call("/api/v1/quotes", SELL),
    "api/v1/sales": Call("/api/v1/sales", SELL),
    "api/v1/sales/batch": Call("/api/v1/sales/batch", SELL),
    "api/v1/sales/<uuid:sale_id>": Call("/api/v1/sales/{id}", READ),
    "api/v1/sales/<uuid:sale_id>/commit": Call("/api/v1/sales/{id}/commit", SELL),
    "api/v1/sales/<uuid:sale_id>/void": Call("/api/v1/sales/{id}/void", SELL),
    "api/v1/sales/<uuid:sale_id>/returns": Call("/api/v1/sales/{id}/returns", SELL),
}
OBJECTS = [route for route, call in CALLS.items() if "{id}" in call.path]
# Open to everybody, like the pages: the documentation of the API.
DOCUMENTS = {"api/v1/schema/": "/api/v1/schema/", "api/v1/docs/": "/api/v1/docs/"}
ADMIN = "admin/"


def routes() -> Iterator[str]:
    def walk(patterns: list[URLPattern | URLResolver], prefix: str) -> Iterator[str]:
        for pattern in patterns:
            route = prefix + str(pattern.pattern)
            if isinstance(pattern, URLResolver):
                yield from walk(pattern.url_patterns, route)
            else:
                yield route

    return walk(get_resolver().url_patterns, "")


def test_every_url_has_a_row_and_every_row_a_url() -> None:
    found = {route for route in routes() if not route.startswith(ADMIN)}
    assert found == {*PAGES, *CALLS, *DOCUMENTS}


def user_of(cast: Cast, person: Person) -> User | None:
    users: dict[str, User | None] = {
        "anonymous": None,
        "stranger": cast.semyon,
        "neighbour": cast.bakery.owner,
        "foreigner": cast.pryanik.owner,
        "platform": cast.olga,
        **{str(role): user for role, user in cast.zerno.people.items()},
    }
    return users[person]


def outcome_of(response: HttpResponseBase) -> Outcome:
    if response.status_code == 302:
        return "login" if response["Location"].startswith(("/accounts/login/", "/admin/login/")) else "away"
    outcomes: dict[int, Outcome] = {200: "ok", 403: "forbidden", 404: "missing", 405: "wrong method"}
    return outcomes[response.status_code]


def client_of(cast: Cast, person: Person) -> Client:
    client = Client()
    user = user_of(cast, person)
    if user is not None:
        user.set_password("whatever")  # who has none gets other pages of allauth's
        user.save()
        client.force_login(user)
    return client


def invitation_of(cast: Cast) -> str:
    with tenant(cast.zerno.program.pk):
        sent = invitations.invite(
            merchant=cast.zerno.merchant,
            email="nina@example.org",
            role=Role.CASHIER,
            site="",
            by=cast.zerno.owner,
            now=timezone.now(),
        )
        message = OutboxMessage.objects.get(payload__invitation=sent.pk)
    return str(message.payload["link"])


def activity_of(shop: Shop, account: Account) -> Activity:
    """A review that waits for a decision."""
    return Activity.objects.create(
        program=shop.program,
        merchant=shop.merchant,
        account=account,
        public_id=uuid.uuid4(),
        action="review",
        reference="1",
        rule="review",
        points=Decimal(5),
        status=Activity.Status.WAITING,
        at=timezone.now(),
    )


def names_of(cast: Cast) -> dict[str, object]:
    """What the paths of the table name: rows of «Зерно»."""
    zerno = cast.zerno
    invitation = invitation_of(cast)
    with tenant(zerno.program.pk):
        anna = enrol(
            program_id=zerno.program.pk,
            merchant_id=zerno.merchant.pk,
            phone="+79161234567",
            name="Анна",
            source="test",
            now=timezone.now(),
        )
        adjust(
            account=anna.account,
            points=Decimal(10),
            reason="",
            now=timezone.now(),
            by=zerno.owner,
            merchant_id=zerno.merchant.pk,
        )
        terms = issuing.Terms(kind="sum", amount=Decimal(100), expires_at=timezone.now() + dt.timedelta(days=9))
        certificate, _other = issuing.issue(
            merchant=zerno.merchant, terms=terms, now=timezone.now(), by=zerno.owner, number=2
        )
        batch = making.order_batch(
            merchant=zerno.merchant,
            name="Синие",
            line="",
            codes="both",
            order=Order(source="random", count=1),
            now=timezone.now(),
            by=zerno.owner,
        )
        segment = keeping.make(
            merchant=zerno.merchant, name="Все", definition=Definition(), now=timezone.now(), by=zerno.owner
        )
        act = ClientAct.objects.create(
            program=zerno.program,
            merchant=zerno.merchant,
            public_id=uuid.uuid4(),
            kind="tag",
            clients=1,
            done=1,
            state="done",
            created_by=zerno.owner,
        )
        exchange = exchange_of(zerno, anna.account)
        promo_batch = promo_making.order_batch(
            merchant=zerno.merchant,
            terms=PromoTerms(name="Весна", kind="unique", gives="percent", percent=Decimal(10), size=2, length=8),
            now=timezone.now(),
            by=zerno.owner,
        )
        campaign = changing.make(
            merchant=zerno.merchant,
            name="Весна",
            plan=READY["birthday"].plan,
            audience=None,
            now=timezone.now(),
            by=zerno.owner,
        )
        template = MessageTemplate.objects.create(
            program=zerno.program, merchant=zerno.merchant, name="Привет", channels=["sms"], texts={"sms": "Привет"}
        )
        mailing = planning.plan(
            merchant=zerno.merchant,
            template=template,
            segment=None,
            title="Всем",
            starts_at=timezone.now(),
            expected=planning.Estimate(1, {"sms": 1}, {}),
            key=uuid.uuid4(),
            now=timezone.now(),
            by=zerno.owner,
        )
        unsubscribing = refusing.token_of(zerno.program.pk, anna.account.public_id, "email", "test")
        return {
            "message_template": template.pk,
            "mailing": mailing.pk,
            "unsubscribe": reverse("unsubscribe", args=[unsubscribing]),
            "campaign": campaign.pk,
            "exchange": exchange.public_id,
            "promo_batch": promo_batch.pk,
            "reward": exchange.reward.public_id,
            "segment": segment.pk,
            "act": act.pk,
            "virtual": Card.objects.get(account=anna.account, kind=Card.Kind.VIRTUAL).pk,
            "cards": batch.pk,
            "certificate": certificate.public_id,
            "certificates": certificate.batch,
            "certificate_public": reverse("certificate_public", args=[links.token_of(certificate)]),
            "invitation": invitation,
            "merchant": zerno.merchant.pk,
            "outlet": zerno.outlet.pk,
            "till": zerno.till.pk,
            "member": Member.objects.get(merchant=zerno.merchant, role=Role.OPERATOR).pk,
            "invited": Invitation.objects.latest("pk").pk,
            "key": TillKey.objects.filter(till=zerno.till).latest("pk").pk,
            "cashier": Cashier.objects.create(
                program=zerno.program, merchant=zerno.merchant, name="Анна", pin=make_password("4826")
            ).pk,
            "client": anna.account.public_id,
            "approval": approvals.ask(
                account=anna.account,
                merchant=zerno.merchant,
                points=Decimal(10),
                reason="",
                now=timezone.now(),
                by=zerno.operator,
                key=uuid.uuid4(),
            ).public_id,
            "activity": activity_of(zerno, anna.account).public_id,
            "card": reverse("card", args=[card_links.token_of(anna)]),
            "notices_off": reverse("notices_off", args=[card_links.unsubscribe_token_of(anna)]),
            "entry": Entry.objects.latest("pk").pk,
            "sale": account_and_sale(zerno)[1].public_id,
            "product": Product.objects.create(program=zerno.program, sku="1", name="Чай").pk,
            "category": Category.objects.create(program=zerno.program, name="Чай").pk,
            "goods_import": GoodsImport.objects.create(program=zerno.program, file_name="goods.csv").pk,
        }


@pytest.mark.parametrize("person", PEOPLE)
def test_pages(cast: Cast, person: Person) -> None:
    names = names_of(cast)
    client = client_of(cast, person)
    expected, got = {}, {}
    for route, page in PAGES.items():
        response = getattr(client, page.method)(page.path.format(**names))
        expected[route], got[route] = page.outcomes[person], outcome_of(response)
    assert got == expected


@pytest.mark.parametrize("person", PEOPLE)
def test_the_admin_is_the_platform_operators_alone(cast: Cast, person: Person) -> None:
    client = client_of(cast, person)
    if person == "platform":
        assert outcome_of(client.get("/admin/")) == "ok"
        return
    for route in routes():
        # The login page leads to the common one; the log-out ends a session, whosever it is.
        if route.startswith(ADMIN) and route not in {"admin/login/", "admin/logout/"}:
            path = "/" + re.sub(r"\^|\$|\(\?P<\w+>.*?\)|<[^>]+>", "1", route).replace("1app_label1", "auth")
            assert outcome_of(client.get(path)) in {"login", "forbidden", "missing"}, path


@pytest.mark.parametrize("route", CALLS)
def test_calls_need_a_key(client: Client, cast: Cast, route: str) -> None:
    client.force_login(cast.zerno.owner)  # a browser's session is none of a till's
    for method in CALLS[route].scopes:
        assert call(client, method, route, key=None) == (401, "not_authenticated")
        assert call(client, method, route, key="kp_1_" + "a" * 43) == (401, "invalid_key")


@pytest.mark.parametrize("route", CALLS)
def test_calls_need_a_live_key(client: Client, cast: Cast, route: str) -> None:
    TillKey._base_manager.update(revoked_at=timezone.now())
    for method in CALLS[route].scopes:
        assert call(client, method, route, key=cast.zerno.key) == (401, "key_revoked")


@pytest.mark.parametrize("route", CALLS)
def test_calls_need_a_scope(client: Client, cast: Cast, route: str) -> None:
    for method, scopes in CALLS[route].scopes.items():
        for scope in Scope.values:
            status, code = call(client, method, route, key=make_key(cast.zerno.till, [scope]))
            assert (code == "scope_missing") == (scope not in scopes), (method, scope)
            assert status not in {401, 500}


@pytest.mark.parametrize("route", OBJECTS)
def test_another_programmes_objects_are_as_good_as_none(client: Client, cast: Cast, route: str) -> None:
    account, sale = account_and_sale(cast.zerno)
    own = sale.public_id if "sales" in route else account.public_id
    if "exchanges" in route:
        own = exchange_of(cast.zerno, account).public_id
    for method in CALLS[route].scopes:
        own_answer = call(client, method, route, key=cast.zerno.key, of=own)
        assert own_answer[0] not in {401, 403, 404, 500}
        status, code = call(client, method, route, key=cast.pryanik.key, of=own)
        assert (status, code) == call(client, method, route, key=cast.pryanik.key)
        assert (status, code[-10:]) == (404, "_not_found")


@pytest.mark.parametrize("route", DOCUMENTS)
def test_documents_are_open(client: Client, cast: Cast, route: str) -> None:
    assert client.get(DOCUMENTS[route]).status_code == 200


def call(client: Client, method: str, route: str, *, key: str | None, of: uuid.UUID | None = None) -> tuple[int, str]:
    """The status and, of a problem, its code. Without `of` the address names an object that nobody has."""
    response = client.generic(
        method,
        CALLS[route].path.format(id=of or uuid.uuid4()),
        "{}" if method == "POST" else "",
        content_type="application/json",
        headers={"Idempotency-Key": uuid.uuid4().hex} | ({"Authorization": f"Bearer {key}"} if key else {}),
    )
    answer = response.json()
    return response.status_code, str(answer.get("code", "")) if isinstance(answer, dict) else ""


def exchange_of(shop: Shop, account: Account) -> Exchange:
    """A gift that waits to be handed over; nobody has paid for it."""
    terms = catalogue.Terms(title="Кофе", price=Decimal(5))
    with tenant(shop.program.pk):
        reward = catalogue.add(merchant=shop.merchant, terms=terms, now=timezone.now(), by=shop.owner)
        return Exchange.objects.create(
            program=shop.program,
            merchant=shop.merchant,
            reward=reward,
            account=account,
            public_id=uuid.uuid4(),
            code="7K2MQX4T",
            title=reward.title,
            points=0,
            state=Exchange.State.ORDERED,
            channel=Exchange.Channel.CARD,
        )


def account_and_sale(shop: Shop) -> tuple[Account, Sale]:
    account = Account.objects.create(program=shop.program, merchant=shop.merchant)
    sale = Sale.objects.create(
        program=shop.program,
        merchant=shop.merchant,
        outlet=shop.outlet,
        till=shop.till,
        public_id=uuid.uuid4(),
        account=account,
        status=Sale.Status.COMMITTED,
        occurred_at=timezone.now(),
        local_day=timezone.now().date(),
        total=0,
        discount=0,
        points_redeemed=0,
        points_value=0,
        to_pay=0,
        points_earned=0,
        body_digest=b"",
    )
    return account, sale
