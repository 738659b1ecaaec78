"""Rules as a file: what was written is what is read."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from loyalty import program_file
from loyalty.engine.conditions import CONDITIONS
from loyalty.engine.effects import EFFECTS
from loyalty.engine.validation import faults_of
from loyalty.models import ProgramVersion
from tests.loyalty.shop import TillStory


def test_numbers_and_times_stay_what_they_are() -> None:
    text = "a: 5.1\nb: 10:30\nc: 2027-12-31\nd: 365\ne: 012\nf: -3\n"
    assert program_file.parse(text) == {"a": "5.1", "b": "10:30", "c": "2027-12-31", "d": 365, "e": "012", "f": -3}


@pytest.mark.parametrize("text", ["- 1", "a: [", "a: &x [1]\nb: *x", "a: !!python/object:os.system x", "[" * 2000])
def test_what_is_not_a_programme_is_refused(text: str) -> None:
    with pytest.raises(program_file.MalformedFile):
        program_file.parse(text)


def test_a_version_goes_round_byte_for_byte(story: TillStory, tmp_path: Path) -> None:
    when = [{"kind": "period", "time_from": "10:30:00", "weekdays": [6, 7]}]
    rule = {"id": "r", "title": "Утро", "effect": {"kind": "percent", "percent": "5.5"}, "when": when}
    story.publish({"rules": [rule]})
    first = exported(story)
    file = tmp_path / "rules.yaml"
    file.write_text(first)
    story.publish({})
    call_command("program", "publish", str(file), program=story.program_id, stdout=StringIO())
    assert exported(story) == first
    assert ProgramVersion.objects.count() == 3


def test_faults_are_named(story: TillStory, tmp_path: Path) -> None:
    file = tmp_path / "rules.yaml"
    file.write_text("spending: {max_percent: 150}")
    with pytest.raises(CommandError, match="/spending/max_percent"):
        call_command("program", "publish", str(file), program=story.program_id)
    assert not ProgramVersion.objects.exists()


def exported(story: TillStory, **options: int) -> str:
    out = StringIO()
    call_command("program", "export", program=story.program_id, stdout=out, **options)
    return out.getvalue()


def test_the_reference_of_the_vocabulary_is_up_to_date() -> None:
    """`manage.py program vocabulary > docs/rules-reference.md` writes it anew."""
    out = StringIO()
    call_command("program", "vocabulary", stdout=out)
    assert (Path(__file__).resolve().parents[2] / "docs/rules-reference.md").read_text() == out.getvalue()
    assert out.getvalue().count("\n### ") == len(EFFECTS) + len(CONDITIONS)


def test_the_example_of_the_documentation_may_be_published() -> None:
    text = (Path(__file__).resolve().parents[2] / "docs/rules.md").read_text()
    example = text.partition("```yaml\n")[2].partition("```")[0]
    assert faults_of(program_file.parse(example)) == []
