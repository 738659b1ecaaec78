"""The file of a version goes round byte for byte, with all that a file can say."""

from __future__ import annotations

from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import translation
from msgspec import NODEFAULT, Struct
from msgspec.structs import fields

from loyalty import program_file, shop_templates
from loyalty.engine.conditions import CONDITIONS, Goods
from loyalty.engine.effects import EFFECTS
from loyalty.engine.rulebook import Caps, Limits, Points, Rule, Rulebook, Spending, Status, Tier, load
from loyalty.models import ProgramVersion
from tests.loyalty.shop import TillStory
from tests.loyalty.test_program_file import exported
from tests.loyalty.test_sentences import CONDITION_SENTENCES, EFFECT_SENTENCES, GOODS_SENTENCES

LIMITS = {
    "per_receipt": "50", "per_day": "100.5", "per_week": "200", "per_month": "300", "per_client": "1000.25",
    "times_per_day": 1, "times_per_month": 5, "times_per_client": 20, "budget": "100000", "uses": 500,
}  # fmt: skip
CAPS = {"per_receipt": "500", "per_day": "600", "per_week": "700", "per_month": "800"}
PERCENT = {"kind": "percent", "percent": "5.5"}
STEPS = [{"at_least": "0.5", "percent": "1.25"}, {"at_least": "3", "percent": "2"}]
EXPIRIES: list[dict[str, Any]] = [
    {"kind": "never"}, {"kind": "days", "days": 90}, {"kind": "date", "date": "2030-12-31"},
]  # fmt: skip


def everything() -> dict[str, Any]:
    """One programme with each effect, each condition, and each field of the format."""
    rules: list[dict[str, Any]] = [{"effect": effect} for effect, _said in EFFECT_SENTENCES]
    rules += [
        {"effect": {"kind": "ladder", "by": by, "steps": STEPS}}
        for by in ("line_quantity", "line_amount", "receipt_quantity", "receipt_amount")
    ]
    rules += [{"effect": {"kind": "referral_gift", "points": ["100", "50"], "per_month": "500"}}]
    rules += [{"effect": PERCENT, "when": [condition]} for condition, _said in CONDITION_SENTENCES]
    rules += [{"effect": PERCENT, "goods": goods} for goods, _said in GOODS_SENTENCES]
    rules += [{"effect": PERCENT, "expiry": expiry, "pending_days": 3} for expiry in EXPIRIES]
    rules += [
        {"effect": PERCENT, "when": [condition for condition, _said in CONDITION_SENTENCES], "limits": LIMITS},
        {"effect": {"kind": "discount", "percent": "5"}, "closes": ["points", "earning"], "group": "зима: «50 %»"},
        {"effect": PERCENT, "enabled": False},
    ]
    goods = next(goods for goods, _said in GOODS_SENTENCES if goods.get("skus"))
    return {
        "points": {
            "value": "0.5", "rounding": "half_up", "earn_on": "total", "earn_when_redeeming": False,
            "pending_days": 14, "expiry": EXPIRIES[1], "inactivity_days": 365, "goods": goods, "caps": CAPS,
            "debt": "clamp", "reinstate_days": 7, "late_days": 5,
        },
        "spending": {
            "max_percent": "30.5", "per_receipt": "1000", "per_day": "2000", "min_points": "10", "step": "10",
            "redeem_from": "100", "confirm": ["phone"], "goods": goods, "min_line_price": "0.99",
            "line_minimum": "0.01", "round_to_pay": True,
        },
        "status": {
            "window": {"kind": "days", "days": 365}, "downgrade": "period_end", "grace_days": 30, "fall": "one_step",
        },
        "tiers": [
            {"id": "base", "title": "Все: да"},
            {"id": "silver", "title": "007", "spent": "1000.5", "visits": 3, "referrals": 1, "earn_percent": "5",
             "max_percent": "50", "discount_percent": "1.5", "gift": "100"},
            {"id": "gold", "title": "нет", "spent": "5000"},
        ],
        "rules": [{"id": f"r{n}", "title": f"{n}:30 # «ё»", **rule} for n, rule in enumerate(rules)],
    }  # fmt: skip


def test_everything_goes_round_byte_for_byte(story: TillStory, tmp_path: Path) -> None:
    document = everything()
    first = round_trip(story, tmp_path, program_file.render(document))
    kept = load(program_file.parse(first))
    assert (kept.rules, kept.points, kept.spending) == (
        load(document).rules,
        load(document).points,
        load(document).spending,
    )
    assert (kept.tiers, kept.status) == (load(document).tiers, load(document).status)


@pytest.mark.parametrize("language", ["ru", "en"])
@pytest.mark.parametrize("name", shop_templates.TEMPLATES)
def test_ready_programmes_go_round_byte_for_byte(story: TillStory, tmp_path: Path, name: str, language: str) -> None:
    with translation.override(language):
        document = shop_templates.TEMPLATES[name].document()
    round_trip(story, tmp_path, program_file.render(document))


@pytest.mark.parametrize("window", [{"kind": "lifetime"}, {"kind": "calendar", "unit": "quarter"}], ids=str)
def test_so_does_each_way_to_keep_a_tier(story: TillStory, tmp_path: Path, window: dict[str, Any]) -> None:
    round_trip(story, tmp_path, program_file.render({"status": {"window": window}}))


def round_trip(story: TillStory, folder: Path, text: str) -> str:
    """Publish a file, export it, publish other rules, publish the export and export that: the same bytes."""
    publish(story, folder / "rules.yaml", text)
    first = exported(story)
    # Otherwise the same rules would give the version that there is.
    publish(story, folder / "other.yaml", "spending: {max_percent: 1}")
    assert exported(story) != first
    publish(story, folder / "again.yaml", first)
    assert ProgramVersion.objects.count() == 3
    assert exported(story).encode() == first.encode()
    return first


def publish(story: TillStory, file: Path, text: str) -> None:
    file.write_text(text, encoding="utf-8")
    call_command("program", "publish", str(file), program=story.program_id, stdout=StringIO())


WHOLE = (*EFFECTS, *CONDITIONS, Goods, Limits, Caps, Points, Spending, Tier, Status, Rule)


@pytest.mark.parametrize("cls", WHOLE, ids=lambda cls: cls.__name__)
def test_every_field_is_said_above(cls: type[Struct]) -> None:
    """What is left at its default everywhere would go round whatever became of it."""
    found = [value for value in parts_of(load(everything())) if isinstance(value, cls)]
    assert found
    for field in fields(cls):
        default = field.default if field.default_factory is NODEFAULT else field.default_factory()
        assert any(getattr(value, field.name) != default for value in found), field.name


def parts_of(value: object) -> list[object]:
    if isinstance(value, tuple):
        return [part for one in value for part in parts_of(one)]
    if not isinstance(value, Struct):
        return []
    return [value, *(part for name in value.__struct_fields__ for part in parts_of(getattr(value, name)))]


def test_the_frame_is_the_programme_s_own() -> None:
    """All that a rulebook holds stands above, but for its format and its frame, which no file changes."""
    assert set(Rulebook.__struct_fields__) - set(everything()) == {"format", "program"}
