"""The platform operator's day in a real browser. The fixture `complaints` fails what the browser complains of."""

from __future__ import annotations

import json
import re
import urllib.request

import pytest
from django.contrib import admin
from django.db.models import Model
from django.urls import reverse
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from loyalty import programs
from loyalty.models import Account, ProgramDraft, ProgramVersion, Return, Sale
from merchants.access import every_tenant
from tests.admin.stage import Stage
from tests.browser.conftest import PASSWORD
from tests.browser.looking import PHONE, look_at

# What axe finds in Unfold's own templates, and neither a style sheet nor a block of theirs can mend.
UNFOLDS_OWN = {
    "landmark-unique": "simplebar makes two regions of the side bar that have the same name",
}


def test_olga_logs_in(page: Page, live_server: LiveServer, stage: Stage, complaints: list[str]) -> None:
    page.goto(f"{live_server.url}/admin/")
    page.get_by_label("почт").fill(stage.cast.olga.email)
    page.get_by_label("Пароль").fill(PASSWORD)
    page.get_by_role("button", name="Войти").click()
    page.wait_for_url("**/admin/")
    expect(page.get_by_role("link", name="Клиенты").first).to_be_attached()


MODELS = sorted(admin.site._registry, key=lambda model: model._meta.label)


# That all of them open is known without a browser; what it complains of are their common scripts and styles.
@pytest.mark.parametrize("models", [MODELS[::6], pytest.param(MODELS, marks=pytest.mark.long)], ids=["some", "all"])
def test_pages_open_without_a_complaint(
    olga: Page, live_server: LiveServer, stage: Stage, models: list[type[Model]]
) -> None:
    for model in models:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        answer = olga.goto(live_server.url + reverse(f"{name}_changelist"))
        assert answer
        assert answer.ok, name
        with every_tenant():
            row = model._default_manager.order_by("-pk").first()
        assert row
        answer = olga.goto(live_server.url + reverse(f"{name}_change", args=[row.pk]))
        assert answer
        assert answer.ok, name


def test_a_key_is_issued_and_a_till_uses_it(olga: Page, live_server: LiveServer, stage: Stage) -> None:
    olga.goto(live_server.url + reverse("admin:merchants_till_change", args=[stage.cast.zerno.till.pk]))
    olga.get_by_role("link", name="Выдать ключ").click()
    olga.get_by_role("button", name="Выдать ключ").click()
    key = olga.locator("#secret").inner_text()
    request = urllib.request.Request(f"{live_server.url}/api/v1/program", headers={"Authorization": f"Bearer {key}"})
    with urllib.request.urlopen(request) as answer:
        assert json.load(answer)
    olga.get_by_role("link", name="Готово").click()
    expect(olga.get_by_text(key)).to_have_count(0)


def test_rules_are_edited_mended_and_published(olga: Page, live_server: LiveServer, stage: Stage) -> None:
    olga.goto(live_server.url + reverse("admin:loyalty_programdraft_edit", args=[stage.cast.zerno.program.pk]))
    rules = olga.get_by_label("Правила в виде YAML")
    text = rules.input_value()
    rules.fill(text.replace("percent: '3'", "percent: '300'"))
    olga.get_by_role("button", name="Сохранить и опубликовать").click()
    expect(olga.get_by_text("Процент — от 0 до 100")).to_be_visible()
    olga.get_by_role("link", name=re.compile("^строка")).click()
    chosen = "rules.value.slice(rules.selectionStart, rules.selectionEnd)"
    assert "300" in olga.evaluate(chosen)
    olga.get_by_label("Правила в виде YAML").fill(text.replace("percent: '3'", "percent: '7'"))
    olga.get_by_role("button", name="Сохранить и опубликовать").click()
    row = olga.get_by_role("row", name="Правило «3 % от чека»")
    expect(row).to_contain_text("7")
    olga.get_by_label("Комментарий").fill("осень")
    olga.get_by_role("button", name="Опубликовать").click()
    expect(olga.get_by_text("Версия 2 действует.")).to_be_visible()
    with every_tenant():
        assert ProgramVersion.objects.filter(program=stage.cast.zerno.program).count() == 2


def test_a_stale_draft_is_refused_and_the_text_stays(olga: Page, live_server: LiveServer, stage: Stage) -> None:
    program = stage.cast.zerno.program
    olga.goto(live_server.url + reverse("admin:loyalty_programdraft_edit", args=[program.pk]))
    with stage.zerno():
        draft = ProgramDraft.objects.get()
        programs.save_draft(program=program, document={"rules": []}, revision=1, now=draft.edited_at, by="Anna")
    olga.get_by_label("Правила в виде YAML").fill("points: {pending_days: 7}")
    olga.get_by_role("button", name="Сохранить черновик").click()
    expect(olga.get_by_role("heading", name="За это время черновик сохранил кто-то другой")).to_be_visible()
    expect(olga.get_by_label("Правила в виде YAML")).to_have_value("points: {pending_days: 7}")
    with every_tenant():
        assert ProgramDraft.objects.get().document == {"rules": []}


def test_points_are_adjusted(olga: Page, live_server: LiveServer, stage: Stage) -> None:
    with every_tenant():
        before = int(Account.objects.get(pk=stage.account.pk).points)
    olga.goto(live_server.url + reverse("admin:loyalty_account_change", args=[stage.account.pk]))
    olga.get_by_role("link", name="Начислить или списать").click()
    olga.get_by_label("Баллы").fill("100")
    olga.get_by_label("Причина").fill("извинение")
    olga.get_by_role("button", name="Продолжить").click()
    expect(olga.get_by_text(f"Будет: {before} → {before + 100}")).to_be_visible()
    olga.get_by_role("button", name="Подтвердить").click()
    expect(olga.get_by_text("На счёте:")).to_be_visible()
    with every_tenant():
        assert Account.objects.get(pk=stage.account.pk).points == before + 100


def test_a_client_is_blocked(olga: Page, live_server: LiveServer, stage: Stage) -> None:
    olga.set_viewport_size(PHONE)
    olga.goto(live_server.url + reverse("admin:clients_client_change", args=[stage.anna.pk]))
    olga.get_by_text("more_horiz").click()
    olga.get_by_role("link", name="Заблокировать").click()
    olga.get_by_label("Причина").fill("жалоба")
    olga.get_by_role("button", name="Заблокировать").click()
    expect(olga.get_by_text("Клиент заблокирован.")).to_be_visible()
    with every_tenant():
        assert Account.objects.get(pk=stage.account.pk).block_reason == "жалоба"


def our_pages(stage: Stage) -> list[str]:
    zerno = stage.cast.zerno
    with every_tenant():
        sale = Sale.objects.get(program=zerno.program, receipt_number="R-spent")
        back, draft = Return.objects.filter(program=zerno.program).get(), ProgramDraft.objects.get()
        version = ProgramVersion.objects.filter(program=zerno.program).get()
    account = stage.account.pk
    acts = [reverse("admin:loyalty_account_act", args=[account, slug]) for slug in ("adjust", "tier", "block", "code")]
    return [
        reverse("admin:index"),
        reverse("admin:loyalty_sale_changelist"),
        reverse("admin:loyalty_sale_change", args=[sale.pk]),
        reverse("admin:loyalty_return_change", args=[back.pk]),
        reverse("admin:loyalty_account_change", args=[account]),
        reverse("admin:loyalty_programdraft_edit", args=[zerno.program.pk]),
        reverse("admin:loyalty_programdraft_act", args=[draft.pk, "publish"]),
        reverse("admin:loyalty_programversion_change", args=[version.pk]),
        reverse("admin:merchants_program_change", args=[zerno.program.pk]),
        reverse("admin:merchants_merchant_act", args=[zerno.merchant.pk, "invite"]),
        reverse("admin:merchants_till_act", args=[zerno.till.pk, "issue-key"]),
        *acts,
    ]


def test_pages_are_for_everybody(olga: Page, live_server: LiveServer, stage: Stage) -> None:
    # Ours is what stands in the content; around it everything but the colours is Unfold's.
    found = {
        (how, fault)
        for how, faults in look_at(olga, live_server, our_pages(stage), by_class=True).items()
        for fault in faults
        for rule, _, html in [fault.partition(": ")]
        if rule not in UNFOLDS_OWN or "k-" in html
    }
    assert found == set()
