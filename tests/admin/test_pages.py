"""Every page of the admin opens, costs as many queries for many rows as for few, and changes no books."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.contrib import admin
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clients.models import Client as Person
from loyalty.models import (
    Account,
    Card,
    Entry,
    IdempotencyKey,
    Lot,
    ProgramVersion,
    Return,
    Sale,
)
from loyalty.wording import forget_words
from merchants.access import every_tenant
from merchants.models import (
    AuditRecord,
    Invitation,
    Member,
    Merchant,
    OutboxMessage,
    Outlet,
    Program,
    Till,
    TillKey,
    User,
)
from tests.admin.stage import Stage
from tests.cast import Cast

BOOKS: tuple[type[Model], ...] = (
    Account,
    AuditRecord,
    Card,
    Entry,
    IdempotencyKey,
    Invitation,
    Lot,
    Member,
    OutboxMessage,
    Person,
    ProgramVersion,
    Return,
    Sale,
    TillKey,
)
LARGE: tuple[type[Model], ...] = (Account, AuditRecord, Card, Entry, IdempotencyKey, Lot, Person, Return, Sale)
ALL = sorted(admin.site._registry, key=lambda model: model._meta.label)


def names(*pages: str) -> Iterator[tuple[type[Model], str]]:
    for model in ALL:
        for page in pages:
            yield model, f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}"


def rows_of(model: type[Model]) -> list[Model]:
    with every_tenant():
        return list(model._default_manager.order_by("-pk")[:3])


def test_every_list_and_every_row_opens(olga: Client) -> None:
    for _model, name in names("changelist"):
        response = olga.get(reverse(name))
        assert response.status_code == 200, name
    for model, name in names("change"):
        rows = rows_of(model)
        assert rows, f"the stage has no {model._meta.label}"
        for row in rows:
            response = olga.get(reverse(name, args=[row.pk]), follow=True)
            assert response.status_code == 200, name


def test_a_list_costs_as_much_for_many_rows(olga: Client, stage: Stage) -> None:
    lists = {model: reverse(name) for model, name in names("changelist")}
    few = {model: queries(olga, url) for model, url in lists.items()}
    with stage.zerno():
        for n in range(10):
            someone = stage.story.join(f"+7916000000{n}")
            stage.story.sell(someone, "100", receipt=f"more-{n}")
    for model, url in lists.items():
        many = queries(olga, url)
        assert len(many) == len(few[model]), "\n".join(many)
        assert len(many) <= 12


def queries(client: Client, url: str) -> list[str]:
    forget_words()
    with CaptureQueriesContext(connection) as captured:
        assert client.get(url).status_code == 200
    return [query["sql"] for query in captured]


def test_large_tables_are_never_counted(olga: Client) -> None:
    for model in LARGE:
        url = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        for sql in queries(olga, url):
            if "COUNT(*)" in sql:
                assert "LIMIT 10001" in sql, sql


def test_the_first_page_counts_nothing_large(olga: Client) -> None:
    for sql in queries(olga, reverse("admin:index")):
        if "COUNT(*)" in sql and any(model._meta.db_table in sql for model in LARGE):
            assert "LIMIT 10001" in sql, sql


def test_the_books_are_read_only(olga: Client) -> None:
    for model in BOOKS:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        row = rows_of(model)[0]
        change, delete = reverse(f"{name}_change", args=[row.pk]), reverse(f"{name}_delete", args=[row.pk])
        assert olga.get(reverse(f"{name}_add")).status_code == 403
        assert olga.post(change, {"reason": "x", "points": "1"}).status_code == 403
        assert olga.get(delete).status_code == 403
        assert olga.post(delete, {"post": "yes"}).status_code == 403
        assert b'name="_save"' not in olga.get(change).content


def test_nothing_the_books_name_is_deleted(olga: Client) -> None:
    for model in (Program, Merchant, Outlet, Till, User):
        name = f"admin:merchants_{model._meta.model_name}_delete"
        assert olga.post(reverse(name, args=[rows_of(model)[0].pk]), {"post": "yes"}).status_code == 403


def test_staff_without_all_rights_is_nobody(client: Client, stage: Stage) -> None:
    semyon = stage.cast.semyon
    semyon.is_staff = True
    semyon.save()
    client.force_login(semyon)
    for name in ("admin:index", "admin:merchants_program_changelist", "admin:login"):
        response = client.get(reverse(name), follow=True)
        assert response.status_code == 403, name
    assert client.post(reverse("admin:login"), {"username": "a", "password": "b"}).status_code == 403


def test_secrets_are_not_shown(olga: Client, stage: Stage) -> None:
    with every_tenant():
        message = OutboxMessage.objects.get(topic="invitation.send")
        authenticator_url = next(name for model, name in names("change") if model._meta.label == "mfa.Authenticator")
        authenticator = rows_of(next(model for model in ALL if model._meta.label == "mfa.Authenticator"))[0]
    page = olga.get(reverse("admin:merchants_outboxmessage_change", args=[message.pk])).content.decode()
    assert message.payload["link"] not in page
    assert "s3cret" not in olga.get(reverse(authenticator_url, args=[authenticator.pk])).content.decode()


SEARCHES: tuple[tuple[type[Model], str], ...] = (
    (Account, "+7 916 123-45-67"),
    (Account, "89161234567"),
    (Account, "{account}"),
    (Card, "{card}"),
    (Entry, "+79161234567"),
    (Lot, "{account}"),
    (Sale, "{sale}"),
    (Sale, "R-0"),
    (Sale, "R-0 {day}"),
    (Sale, "+79161234567"),
    (Return, "R-spent"),
    (Person, "Смирн"),
    (Person, "916 123"),
    (AuditRecord, "account.adjusted"),
)


def test_search(olga: Client, stage: Stage) -> None:
    with every_tenant():
        sale = Sale.objects.get(program=stage.cast.zerno.program, receipt_number="R-0")
        facts = {
            "account": stage.account.public_id,
            "card": Card.objects.get(account=stage.account, kind="virtual").number,
            "sale": sale.public_id,
            "day": f"{sale.local_day:%d.%m.%Y}",
        }
    for model, term in SEARCHES:
        url = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        assert olga.get(url, {"q": term.format(**facts)}).context["cl"].result_count >= 1, (model, term)
        assert olga.get(url, {"q": "ничего такого"}).context["cl"].result_count == 0


@pytest.mark.parametrize("term", ["\x00", "a" * 300, "%", "00000000-0000-4000-8000-000000000000", "R-0 99.99.2026"])
def test_search_takes_anything(client: Client, cast: Cast, term: str) -> None:
    client.force_login(cast.olga)
    for model in LARGE:
        url = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        assert client.get(url, {"q": term}).status_code == 200
