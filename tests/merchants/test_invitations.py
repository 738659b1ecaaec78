from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.core import mail
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection

from merchants import invitations, outbox
from merchants.access import tenant
from merchants.models import AuditRecord, Invitation, Member, OutboxMessage, Program, Role, User
from tests.cast import Cast

NOW = datetime(2026, 11, 20, 22, tzinfo=UTC)
PASSWORD = "зёрна-и-молоко-1"


@pytest.fixture(autouse=True)
def in_zerno(cast: Cast) -> Iterator[None]:
    with tenant(cast.zerno.program.pk):
        yield


def invite(
    cast: Cast, email: str = "nina@example.org", role: Role = Role.CASHIER, by: User | None = None
) -> Invitation:
    return invitations.invite(
        merchant=cast.zerno.merchant,
        email=email,
        role=role,
        outlets=[cast.zerno.outlet],
        site="https://kopilka.example",
        by=by or cast.zerno.owner,
        now=NOW,
    )


def test_nina_is_invited_and_joins(cast: Cast) -> None:
    invitation = invite(cast, " Nina@Example.org ")
    assert (invitation.email, invitation.expires_at) == ("nina@example.org", NOW + timedelta(days=7))
    member = invitations.sign_up(invitation=invitation, name=" Нина ", password=PASSWORD, now=NOW + timedelta(days=6))
    assert (member.role, member.merchant, list(member.outlets.all())) == (
        Role.CASHIER,
        cast.zerno.merchant,
        [cast.zerno.outlet],
    )
    assert (member.user.email, member.user.name, member.user.is_staff) == ("nina@example.org", "Нина", False)
    assert member.user.check_password(PASSWORD)
    actions = AuditRecord.objects.order_by("pk").values_list("action", flat=True)
    assert list(actions) == ["invitation.sent", "member.joined"]
    assert "nina" not in str(list(AuditRecord.objects.values_list("details", "reason", "actor")))


@pytest.mark.parametrize(("language", "words"), [("ru", "приглашает"), ("en", "invites you")])
@pytest.mark.django_db(transaction=True)
def test_the_mail_speaks_the_language_of_the_programme(cast: Cast, language: str, words: str) -> None:
    Program.objects.update(language=language, time_zone="Asia/Vladivostok")
    cast.zerno.merchant.name = "Зерно\nBcc: all@example.org"
    cast.zerno.merchant.save()
    invitation = invite(cast)
    assert outbox.deliver(now=NOW) == 1
    (letter,) = mail.outbox
    assert letter.to == ["nina@example.org"]
    assert words in letter.body
    assert "28" in letter.body, "the day in the shop"
    assert "\n" not in letter.subject
    link = re.search(r"https://kopilka\.example/invitations/(in_\S{40,})/", str(letter.body))
    assert link
    assert link[1].encode() not in bytes(invitation.digest)
    assert not OutboxMessage.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_revoked_invitation_is_not_mailed(cast: Cast) -> None:
    invitations.revoke(invitation=invite(cast), by=cast.zerno.owner, now=NOW)
    outbox.deliver(now=NOW)
    assert mail.outbox == []
    assert not OutboxMessage.objects.exists()


def test_inviting_again_replaces_the_first_link(cast: Cast) -> None:
    first, second = invite(cast), invite(cast, "NINA@example.org", Role.OPERATOR)
    assert list(Invitation.objects.pending()) == [second]
    with pytest.raises(ValidationError) as refusal:
        invitations.sign_up(invitation=first, name="Нина", password=PASSWORD, now=NOW)
    assert refusal.value.code == "invitation_over"
    assert not User.objects.filter(email="nina@example.org").exists(), "nothing of the attempt is left"
    assert invitations.sign_up(invitation=second, name="Нина", password=PASSWORD, now=NOW).role == Role.OPERATOR


def test_an_invitation_ends_after_a_week(cast: Cast) -> None:
    invitation = invite(cast, cast.semyon.email)
    with pytest.raises(ValidationError) as refusal:
        invitations.accept(invitation=invitation, user=cast.semyon, now=NOW + timedelta(days=7))
    assert refusal.value.code == "invitation_over"


def test_whoever_has_an_account_joins_with_it(cast: Cast) -> None:
    egor = cast.pryanik.owner
    invitation = invite(cast, egor.email)
    with pytest.raises(ValidationError) as refusal:
        invitations.sign_up(invitation=invitation, name="Егор", password=PASSWORD, now=NOW)
    assert refusal.value.code == "has_account"
    with pytest.raises(ValidationError) as refusal:
        invitations.accept(invitation=invitation, user=cast.semyon, now=NOW)
    assert refusal.value.code == "other_person"
    assert invitations.accept(invitation=invitation, user=egor, now=NOW).user == egor
    with pytest.raises(ValidationError):
        invitations.accept(invitation=invitation, user=egor, now=NOW)


@pytest.mark.parametrize(
    ("email", "code"), [("", "invalid"), ("nina", "invalid"), ("boris@example.org", "already_member")]
)
def test_whom_nobody_can_invite(cast: Cast, email: str, code: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        invite(cast, email)
    assert refusal.value.code == code


def test_who_may_invite_whom(cast: Cast) -> None:
    shop = cast.zerno
    invite(cast, role=Role.OWNER, by=shop.owner)
    with pytest.raises(PermissionDenied):
        invite(cast, role=Role.CASHIER, by=shop.manager)  # it would replace the offer to be an owner
    invite(cast, "oleg@example.org", Role.MANAGER, by=shop.manager)
    with pytest.raises(PermissionDenied):
        invite(cast, "oleg@example.org", Role.OWNER, by=shop.manager)
    for by in (shop.operator, shop.cashier, shop.reader, cast.bakery.owner, cast.pryanik.owner, cast.semyon):
        with pytest.raises(PermissionDenied):
            invite(cast, "oleg@example.org", by=by)


def test_a_weak_password_is_refused(cast: Cast) -> None:
    invitation = invite(cast)
    with pytest.raises(ValidationError):
        invitations.sign_up(invitation=invitation, name="Нина", password="12345", now=NOW)
    assert Invitation.objects.open(NOW).get() == invitation


def test_what_is_long_over_is_deleted(cast: Cast) -> None:
    invite(cast)
    invitations.sign_up(invitation=invite(cast), name="Нина", password=PASSWORD, now=NOW)
    invite(cast, "oleg@example.org")
    assert invitations.purge(now=NOW + timedelta(days=30)) == 0
    assert invitations.purge(now=NOW + timedelta(days=31)) >= 2
    assert [invitation.email for invitation in Invitation.objects.all()] == ["oleg@example.org"]
    invitations.purge(now=NOW + timedelta(days=38))
    assert not Invitation.objects.exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("newcomer", [True, False])
def test_accepting_twice_at_once_makes_one_member(cast: Cast, newcomer: bool) -> None:
    invitation = invite(cast, "nina@example.org" if newcomer else cast.semyon.email)
    outcomes: list[str] = []
    start = threading.Barrier(4)

    def come() -> None:
        try:
            with tenant(cast.zerno.program.pk):
                start.wait()
                if newcomer:
                    invitations.sign_up(invitation=invitation, name="Нина", password=PASSWORD, now=NOW)
                else:
                    invitations.accept(invitation=invitation, user=cast.semyon, now=NOW)
            outcomes.append("joined")
        except ValidationError as refusal:
            outcomes.append(str(refusal.code))
        finally:
            connection.close()

    threads = [threading.Thread(target=come) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    refused = "has_account" if newcomer else "invitation_over"
    assert sorted(outcomes) == sorted(["joined", refused, refused, refused])
    assert Member.objects.filter(user__email=invitation.email).count() == 1
