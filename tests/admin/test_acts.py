"""What an operator does: through the services, with a reason, recorded, and never twice by accident."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from loyalty import programs
from loyalty.models import Account, OneTimeCode, ProgramDraft, ProgramVersion, Sale
from merchants.access import every_tenant
from merchants.models import AuditRecord, Invitation, Member, TillKey
from tests.admin.stage import RULES, Stage


def act_url(row: Any, slug: str) -> str:
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_act", args=[row.pk, slug])


def act(client: Client, row: Any, slug: str, **data: Any) -> Any:
    """Open the page, fill it in as it stands, send it."""
    url = act_url(row, slug)
    seen = re.search(r'name="seen" value="([^"]*)"', client.get(url).content.decode().replace("\xa0", " "))
    assert seen
    return client.post(url, {"seen": seen[1], **data})


def records(action: str) -> list[AuditRecord]:
    with every_tenant():
        return list(AuditRecord.objects.select_related("user").filter(action=action).order_by("-pk"))


def test_a_key_is_shown_once_and_works(olga: Client, stage: Stage) -> None:
    response = act(olga, stage.cast.zerno.till, "issue-key", scopes=["sell", "read"])
    key = re.search(r"kp_\d+_[\w-]{43}", response.content.decode().replace("\xa0", " "))
    assert key
    assert "no-store" in response["Cache-Control"]
    till = Client(headers={"Authorization": f"Bearer {key[0]}"})
    assert till.get("/api/v1/program").status_code == 200
    assert records("till_key.issued")[0].user == stage.cast.olga
    assert key[0] not in olga.get(
        reverse("admin:merchants_till_change", args=[stage.cast.zerno.till.pk])
    ).content.decode().replace("\xa0", " ")


def test_sent_twice_a_key_is_issued_once(olga: Client, stage: Stage) -> None:
    url = act_url(stage.cast.zerno.till, "issue-key")
    first = olga.post(url, {"seen": "1", "scopes": ["sell"]})
    second = olga.post(url, {"seen": "1", "scopes": ["sell"]})
    assert (
        "kp_" in first.content.decode().replace("\xa0", " "),
        "kp_" in second.content.decode().replace("\xa0", " "),
    ) == (True, False)
    with every_tenant():
        assert TillKey.objects.filter(till=stage.cast.zerno.till).count() == 2


def test_a_key_is_revoked_with_a_reason(olga: Client, stage: Stage) -> None:
    with every_tenant():
        key = TillKey.objects.get(till=stage.cast.zerno.till)
    assert act(olga, key, "revoke", reason="").status_code == 200
    assert act(olga, key, "revoke", reason="украли телефон").status_code == 302
    assert Client(headers=stage.cast.zerno.auth).get("/api/v1/program").status_code == 401
    assert records("till_key.revoked")[0].reason == "украли телефон"


def test_people_are_invited_and_sent_away(olga: Client, stage: Stage) -> None:
    merchant = stage.cast.zerno.merchant
    assert act(olga, merchant, "invite", email="ivan@example.org", role="cashier").status_code == 302
    with every_tenant():
        invitation = Invitation.objects.get(email="ivan@example.org")
        owner, gleb = (Member.objects.get(user=user) for user in (stage.cast.zerno.owner, stage.cast.zerno.cashier))
    assert act(olga, invitation, "revoke", reason="ошибка").status_code == 302
    assert act(olga, gleb, "role", role="operator", reason="повышение").status_code == 302
    assert act(olga, gleb, "deactivate", reason="уволен").status_code == 302
    assert act(olga, owner, "deactivate", reason="уволен").status_code == 200, "somebody has to own the merchant"
    with every_tenant():
        gleb.refresh_from_db()
        owner.refresh_from_db()
    assert (gleb.role, gleb.is_active, owner.is_active) == ("operator", False, True)


def test_points_are_adjusted_after_a_second_look(olga: Client, stage: Stage) -> None:
    before = balance(stage)
    shown = act(olga, stage.account, "adjust", points="100", reason="подарок")
    assert balance(stage) == before
    assert f"{before:.0f} → {before + 100:.0f}" in shown.content.decode().replace("\xa0", " ")
    done = act(olga, stage.account, "adjust", points="100", reason="подарок", confirmed="1")
    assert done.status_code == 302
    assert balance(stage) == before + 100
    assert records("account.adjusted")[0].reason == "подарок"


@pytest.mark.parametrize(
    ("points", "expires"),
    [("0", ""), ("1.5", ""), ("-100000", ""), ("1e99", ""), ("NaN", ""), ("x", ""), ("", ""), ("5", "2020-01-01")],
)
def test_adjustments_that_cannot_be(olga: Client, stage: Stage, points: str, expires: str) -> None:
    before = balance(stage)
    for confirmed in ({}, {"confirmed": "1"}):
        response = act(olga, stage.account, "adjust", points=points, reason="x", expires=expires, **confirmed)
        assert response.status_code == 200
        assert 'class="k-error"' in response.content.decode().replace(
            "\xa0", " "
        ) or 'role="alert"' in response.content.decode().replace("\xa0", " ")
    assert balance(stage) == before


def test_a_double_click_adjusts_once(olga: Client, stage: Stage) -> None:
    before = balance(stage)
    data = {"seen": str(before), "points": "10", "reason": "x", "confirmed": "1"}
    olga.post(act_url(stage.account, "adjust"), data)
    assert olga.post(act_url(stage.account, "adjust"), data).status_code == 200
    assert balance(stage) == before + 10


def test_a_client_is_blocked_and_unblocked_on_the_clients_page(olga: Client, stage: Stage) -> None:
    assert act(olga, stage.anna, "block", reason="жалоба").status_code == 302
    assert account(stage).status == Account.Status.BLOCKED
    assert "жалоба" in olga.get(act_url(stage.anna, "unblock")).content.decode().replace("\xa0", " ")
    assert act(olga, stage.anna, "unblock", reason="разобрались").status_code == 302
    assert account(stage).status == Account.Status.ACTIVE
    assert [record.reason for record in (*records("account.blocked"), *records("account.unblocked"))] == [
        "жалоба",
        "разобрались",
    ]


def test_a_receipt_gets_its_client_and_loses_him_again(olga: Client, stage: Stage) -> None:
    with every_tenant():
        sale = Sale.objects.get(receipt_number="R-nobody", program=stage.cast.zerno.program)
    before = balance(stage)
    stranger = act(olga, sale, "move", to="+79990000000", reason="Чек на руках")
    assert "Такого клиента в этой программе нет" in stranger.content.decode()
    asked = act(olga, sale, "move", to="+7 916 123-45-67", reason="Чек на руках")
    assert "Чей станет" in asked.content.decode()
    assert balance(stage) == before
    data = {"to": "+79161234567", "reason": "Чек на руках", "confirmed": "yes"}
    assert act(olga, sale, "move", **data).status_code == 302
    assert balance(stage) > before
    assert records("sale.attached")[0].user == stage.cast.olga
    with every_tenant():
        new = Sale.objects.get(replaces=sale)
    assert act(olga, new, "move-back", reason="Ошибка", confirmed="yes").status_code == 302
    assert balance(stage) == before
    gone = olga.get(reverse("admin:loyalty_sale_change", args=[sale.pk])).content.decode()
    assert "acts/move/" not in gone


def test_a_tier_is_set_until_the_end_of_a_day(olga: Client, stage: Stage) -> None:
    until = timezone.localdate() + dt.timedelta(days=30)
    assert act(olga, stage.account, "tier", tier="gold", until=str(until), reason="друг").status_code == 302
    found = account(stage)
    assert found.manual_tier == "gold"
    assert found.manual_tier_until
    assert timezone.localtime(found.manual_tier_until).date() == until + dt.timedelta(days=1)
    assert act(olga, stage.account, "tier", tier="platinum", reason="друг").status_code == 200


def test_a_code_finds_the_client(olga: Client, stage: Stage) -> None:
    page = act(olga, stage.account, "code").content.decode().replace("\xa0", " ")
    with every_tenant():
        code = OneTimeCode.objects.get(account=stage.account)
    assert code.code in page
    assert code.code not in str(records("account.code_issued")[0].details)


def edit(client: Client, stage: Stage, text: str, revision: int, **more: str) -> Any:
    url = reverse("admin:loyalty_programdraft_edit", args=[stage.cast.zerno.program.pk])
    return client.post(url, {"text": text, "revision": str(revision), **more})


def test_a_draft_with_faults_is_kept_and_its_faults_told(olga: Client, stage: Stage) -> None:
    text = "tiers:\n- {id: gold, title: Золото}\n- {id: gold, title: Платина}\n"
    assert edit(olga, stage, text, 1).status_code == 302
    page = (
        olga.get(reverse("admin:loyalty_programdraft_edit", args=[stage.cast.zerno.program.pk]))
        .content.decode()
        .replace("\xa0", " ")
    )
    assert "Платина" in page
    assert page.count("data-line=") == 2
    assert records("draft.saved")


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "- 1",
        "",
        "a: &a [1]\nb: *a",
        "a: !!binary aGk=",
        'a: "\\0"',
        'a: "\\ud800"',
        "[" * 100_000,
        "{a: " * 1000,
        "- " * 1000,
        "a: !!python/name:os.system",
    ],
)
def test_an_unreadable_text_is_given_back(olga: Client, stage: Stage, text: str) -> None:
    response = edit(olga, stage, text, 1)
    assert response.status_code == 200
    assert response.context["editor"].text == text
    assert response.context["editor"].unreadable
    with every_tenant():
        assert ProgramDraft.objects.get().document == RULES


def test_a_stale_draft_is_refused_and_nothing_is_lost(olga: Client, stage: Stage) -> None:
    with stage.zerno():
        programs.save_draft(
            program=stage.cast.zerno.program, document={"rules": []}, revision=1, now=timezone.now(), by=stage.cast.olga
        )
    mine = "points:\n  pending_days: 7\n"
    response = edit(olga, stage, mine, 1)
    assert response.status_code == 200
    assert response.context["editor"].stale
    assert "pending_days: 7" in response.content.decode().replace("\xa0", " ")
    with every_tenant():
        assert ProgramDraft.objects.get().document == {"rules": []}
    assert edit(olga, stage, mine, response.context["editor"].revision).status_code == 302


def test_publishing_shows_what_changes(olga: Client, stage: Stage) -> None:
    changed = "rules:\n- {id: base, title: 7 % от чека, effect: {kind: percent, percent: 7}}\n"
    assert edit(olga, stage, changed, 1, publish="1")["Location"].endswith("/acts/publish/")
    with every_tenant():
        draft = ProgramDraft.objects.get()
    page = olga.get(act_url(draft, "publish")).content.decode().replace("\xa0", " ")
    assert "Приветственные" in page
    assert act(olga, draft, "publish", reason="осень").status_code == 302
    with every_tenant():
        version = ProgramVersion.objects.get(program=stage.cast.zerno.program, number=2)
    assert version.document["rules"][0]["effect"]["percent"] == "7"
    assert records("program.published")[0].reason == "осень"
    with every_tenant():
        assert not ProgramDraft.objects.filter(pk=draft.pk).exists()
    assert "осень" in olga.get(
        reverse("admin:loyalty_programversion_change", args=[version.pk])
    ).content.decode().replace("\xa0", " ")


def test_a_draft_saved_meanwhile_is_looked_at_again(olga: Client, stage: Stage) -> None:
    with every_tenant():
        draft = ProgramDraft.objects.get()
    assert olga.post(act_url(draft, "publish"), {"seen": "0 1"}).status_code == 200
    with every_tenant():
        assert not ProgramVersion.objects.filter(program=stage.cast.zerno.program, number=2).exists()


def test_what_is_saved_here_is_in_the_log(olga: Client, stage: Stage) -> None:
    outlet = stage.cast.zerno.outlet
    data = {"name": "Зерно на Лесной", "address": "", "is_active": "on"}
    assert olga.post(reverse("admin:merchants_outlet_change", args=[outlet.pk]), data).status_code == 302
    assert records("outlet.changed")[0].user == stage.cast.olga
    merchant = {"program": stage.cast.zerno.program.pk, "name": "Кондитерская"}
    assert olga.post(reverse("admin:merchants_merchant_add"), merchant).status_code == 302
    assert records("merchant.added")
    till = {"outlet": outlet.pk, "name": "Касса 2"}
    assert olga.post(reverse("admin:merchants_till_add"), till).status_code == 302
    assert len(records("till.registered")) == 1
    assert olga.post(reverse("admin:merchants_till_add"), till).status_code == 200


def test_precision_is_fixed_by_publication(olga: Client, stage: Stage) -> None:
    program = stage.cast.zerno.program
    page = olga.get(reverse("admin:merchants_program_change", args=[program.pk])).content.decode().replace("\xa0", " ")
    assert 'name="precision"' not in page
    assert 'name="time_zone"' in page


def test_nobody_shuts_himself_out(olga: Client, stage: Stage) -> None:
    url = reverse("admin:merchants_user_change", args=[stage.cast.olga.pk])
    assert olga.post(url, {"name": "Ольга", "is_active": "on"}).status_code == 200
    stage.cast.olga.refresh_from_db()
    assert stage.cast.olga.is_superuser


def balance(stage: Stage) -> Any:
    found = account(stage)
    return found.points - found.debt


def account(stage: Stage) -> Account:
    with every_tenant():
        return Account.objects.get(pk=stage.account.pk)
