"""Versions of the rules: numbered, immutable, in force from their publication."""

from __future__ import annotations

import pytest

from loyalty import programs
from loyalty.engine.validation import Fault
from loyalty.models import ProgramVersion
from loyalty.refusals import Refused
from merchants.models import AuditRecord
from tests.loyalty.shop import ONE_PER_ONE, TillStory


def test_versions_are_numbered_and_logged(story: TillStory) -> None:
    story.publish(ONE_PER_ONE)
    story.later(days=1)
    story.publish({})
    assert list(ProgramVersion.objects.order_by("number").values_list("number", flat=True)) == [1, 2]
    assert AuditRecord.objects.filter(action="program.published").count() == 2


def test_the_same_rules_again_change_nothing(story: TillStory) -> None:
    story.publish(ONE_PER_ONE)
    story.publish({**ONE_PER_ONE, "format": 1})
    assert ProgramVersion.objects.count() == 1


def test_a_late_receipt_is_computed_with_the_rules_of_its_time(story: TillStory) -> None:
    story.publish(ONE_PER_ONE)
    yesterday = story.now
    story.later(days=1)
    story.publish({})
    anna = story.join()
    late = story.sell(anna, "100", at=yesterday)
    assert (late.version, late.points_earned) == (1, 100)
    assert story.sell(anna, "100").points_earned == 0


def test_wrong_rules_are_not_published(story: TillStory) -> None:
    with pytest.raises(Refused) as refused:
        story.publish({"spending": {"max_percent": "120"}})
    assert refused.value.facts["faults"] == [Fault("/spending/max_percent", "percent")]
    assert not ProgramVersion.objects.exists()


def test_the_precision_of_points_is_fixed_by_the_first_publication(story: TillStory) -> None:
    story.publish(ONE_PER_ONE)
    program = story.shop.program
    program.precision = 2
    program.save()
    with pytest.raises(Refused) as refused:
        story.publish({})
    assert refused.value.facts["faults"] == [Fault("/program/precision", "fixed_by_first_version")]


def test_a_stale_draft_is_refused_and_nothing_is_lost(story: TillStory) -> None:
    program = story.shop.program
    mine = programs.save_draft(program=program, document={"rules": []}, revision=0, now=story.now, by="anna")
    programs.save_draft(program=program, document={"tiers": []}, revision=mine.revision, now=story.now, by="boris")
    with pytest.raises(Refused, match="draft_is_stale"):
        programs.save_draft(program=program, document={}, revision=mine.revision, now=story.now, by="anna")
    program.draft.refresh_from_db()
    assert (program.draft.document, program.draft.revision) == ({"tiers": []}, 2)
