"""A version that begins later: published now, in force at its time, taken back before."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal as D
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import ProgrammingError, transaction
from django.utils import timezone

from loyalty import drafts, program_file, programs
from loyalty.engine.rulebook import load
from loyalty.models import ProgramDraft, ProgramVersion
from merchants.models import AuditRecord
from tests.loyalty.shop import TillStory
from tests.loyalty.test_constructor_pages import Workbench, bench  # noqa: F401  # a fixture
from tests.loyalty.test_program_file import exported
from tests.loyalty.test_rule_pages import DOCUMENT

LATER = {**DOCUMENT, "spending": {"max_percent": "30"}}


def test_it_is_in_force_from_its_time_on(story: TillStory) -> None:
    program, now = story.shop.program, timezone.now()
    story.publish(DOCUMENT)
    at = now + dt.timedelta(days=3)
    version = programs.publish(program=program, document=LATER, now=now, by="test", starts_at=at)
    assert version.number == 2
    assert programs.rulebook_at(program.pk, now)[0] == 1
    assert programs.rulebook_at(program.pk, at - dt.timedelta(seconds=1))[0] == 1
    number, rules = programs.rulebook_at(program.pk, at)
    assert (number, rules.spending.max_percent) == (2, D(30))


def test_not_in_the_past_and_one_at_a_time(story: TillStory) -> None:
    program, now = story.shop.program, timezone.now()
    with pytest.raises(programs.NotNow, match="past"):
        programs.publish(program=program, document=LATER, now=now, by="test", starts_at=now - dt.timedelta(minutes=1))
    programs.publish(program=program, document=LATER, now=now, by="test", starts_at=now + dt.timedelta(days=1))
    with pytest.raises(programs.NotNow, match="waits"):
        programs.publish(program=program, document=DOCUMENT, now=now, by="test")


def test_taken_back_its_number_is_another_s(story: TillStory) -> None:
    program, now = story.shop.program, timezone.now()
    story.publish(DOCUMENT)
    at = now + dt.timedelta(days=3)
    programs.publish(program=program, document=LATER, now=now, by="test", starts_at=at)
    assert programs.rulebook_of(program.pk, 2).spending.max_percent == 30
    programs.take_back(program=program, number=2, now=now, by="test")
    assert AuditRecord.objects.filter(action="program.taken_back").count() == 1
    programs.publish(program=program, document={**LATER, "spending": {"max_percent": "20"}}, now=now, by="test")
    assert programs.rulebook_of(program.pk, 2).spending.max_percent == 20


def test_what_has_begun_stays(story: TillStory) -> None:
    program, now = story.shop.program, timezone.now()
    story.publish(DOCUMENT)
    with pytest.raises(programs.NotNow, match="started"):
        programs.take_back(program=program, number=1, now=now, by="test")
    version = ProgramVersion.objects.get(program=program, number=1)
    with pytest.raises(ProgrammingError, match="delete"), transaction.atomic():
        version.delete()
    soon = now + dt.timedelta(days=1)
    later = programs.publish(program=program, document=LATER, now=now, by="test", starts_at=soon)
    with pytest.raises(ProgrammingError, match="update"), transaction.atomic():
        ProgramVersion.objects.filter(pk=later.pk).update(published_at=now)


def test_the_pages_schedule_and_take_back(bench: Workbench, story: TillStory) -> None:  # noqa: F811
    program, now = story.shop.program, timezone.now()
    story.publish(DOCUMENT)
    drafts.keep(program=program, document=LATER, revision=0, by=story.shop.owner, now=now)
    home = f"/m/{story.shop.merchant.pk}/rules/"
    bench.home = home
    data = bench.get("publish/").fields()
    data["begins"] = "later"
    assert "Укажите день и час." in bench.press("publish/", data, "").text
    data["at"] = "2020-01-01T00:00"
    assert "Это время уже прошло" in bench.press("publish/", data, "").text
    at = (timezone.localtime() + dt.timedelta(days=30)).replace(hour=0, minute=0)
    data["at"] = f"{at:%Y-%m-%dT%H:%M}"
    page = bench.press("publish/", data, "")
    assert f"Версия 2 начнёт действовать {at:%d.%m.%Y} в 00:00" in page.text
    assert "Версия 1, действует на всех кассах" in page.text
    assert "Баллами можно оплатить до 50 % чека." in page.text
    assert "До этого другую опубликовать нельзя" in bench.get("edit/rules/").text
    page = bench.press("2/take-back/", bench.get("2/take-back/").fields(), "", confirmed="yes")
    assert "Версия 2 отменена." in page.text
    assert ProgramDraft.objects.get(program=program).document["spending"]["max_percent"] == "30"
    assert not ProgramVersion.objects.filter(program=program, number=2).exists()


def test_a_file_is_of_the_version_in_force(story: TillStory, tmp_path: Path) -> None:
    program, now = story.shop.program, timezone.now()
    story.publish(DOCUMENT)
    programs.publish(program=program, document=LATER, now=now, by="test", starts_at=now + dt.timedelta(days=3))
    in_force, waiting = exported(story), exported(story, number=2)
    assert load(program_file.parse(in_force)).spending == load(DOCUMENT).spending
    assert load(program_file.parse(waiting)).spending == load(LATER).spending
    file = tmp_path / "rules.yaml"
    file.write_text(in_force)
    with pytest.raises(CommandError, match="version that waits"):
        call_command("program", "publish", str(file), program=program.pk)


def test_before_the_first_has_begun_there_is_none(story: TillStory) -> None:
    now = timezone.now()
    program = story.shop.program
    programs.publish(program=program, document=DOCUMENT, now=now, by="test", starts_at=now + dt.timedelta(days=3))
    with pytest.raises(CommandError, match="no such version"):
        exported(story)
