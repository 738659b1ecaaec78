"""The editor's sheet: a draft as forms, and the forms as a draft.

What the forms don't know (rules of other kinds, ways of confirmation, spellings of numbers) goes through untouched.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _
from msgspec import structs

from loyalty import faults as fault_words
from loyalty.engine.conditions import EVERYTHING
from loyalty.engine.effects import Percent, Welcome
from loyalty.engine.faults import Fault
from loyalty.engine.rulebook import Rule, Rulebook, Tier
from loyalty.pages.rules.editor_forms import (
    NEW_TIER,
    BaseForm,
    CapsForm,
    PointsForm,
    SpendingForm,
    StatusForm,
    TierForm,
)
from loyalty.pages.rules.rule_parts import GoodsForm

MOST_TIERS = 30
_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")


class Sheet:
    """`before` is the draft that was opened; `data` what was typed in, None where nothing was yet."""

    def __init__(self, before: Rulebook, data: QueryDict | None = None, *, ids: Sequence[str] | None = None) -> None:
        self.before, self.data = before, data
        self.percent_rule = plain_rule(before, Percent)
        self.welcome_rule = plain_rule(before, Welcome)
        self.base = BaseForm(data, prefix="base", initial=self._base_initial())
        self.points = PointsForm(data, before.points, prefix="points")
        self.spending = SpendingForm(data, before.spending, prefix="spending")
        self.earn_goods = GoodsForm(data, before.points.goods, prefix="earn")
        self.caps = CapsForm(data, before.points.caps, prefix="caps")
        self.pay_goods = GoodsForm(data, before.spending.goods, prefix="pay")
        self.status = StatusForm(data, before.status, prefix="status")
        known = {tier.id: tier for tier in before.tiers}
        self.ids = list(ids if ids is not None else known)
        self.tiers = [
            TierForm(
                data if data is not None and f"tier-{tier_id}-title" in data else None,
                known.get(tier_id, NEW_TIER),
                prefix=f"tier-{tier_id}",
                use_required_attribute=False,
            )
            for tier_id in self.ids
        ]
        self.loose: list[tuple[str, str]] = []

    @classmethod
    def posted(cls, before: Rulebook, data: QueryDict) -> Sheet:
        """The rows stand in the order of their `tier` fields; `do` may ask for one more, one less, or another order."""
        ids = [tier_id for tier_id in dict.fromkeys(data.getlist("tier")) if _ID.fullmatch(tier_id)][:MOST_TIERS]
        return cls(before, data, ids=ids)

    def _base_initial(self) -> dict[str, Decimal | None]:
        return {
            "percent": self.percent_rule.effect.percent if self.percent_rule else None,  # type: ignore[attr-defined]
            "welcome": self.welcome_rule.effect.points if self.welcome_rule else None,  # type: ignore[attr-defined]
        }

    @property
    def parts(self) -> list[Any]:
        fixed = [self.base, self.points, self.earn_goods, self.caps, self.spending, self.pay_goods, self.status]
        return [*fixed, *self.tiers]

    def is_valid(self) -> bool:
        # All of them are asked: each has its faults to show.
        return not [form for form in self.parts if not form.is_valid()]

    def rows(self) -> list[tuple[str, TierForm]]:
        return list(zip(self.ids, self.tiers, strict=True))

    @staticmethod
    def known_rules(rulebook: Rulebook) -> tuple[str, ...]:
        """The rules that stand in fields of their own."""
        return tuple(rule.id for effect in (Percent, Welcome) if (rule := plain_rule(rulebook, effect)))

    # ------------------------------------------------------------ as rules

    def rulebook(self) -> Rulebook:
        """What is typed in, as rules. Fields with a fault keep what they were."""
        self.is_valid()
        return structs.replace(
            self.before,
            points=structs.replace(self.points.made(), goods=self.earn_goods.made(), caps=self.caps.made()),
            spending=structs.replace(self.spending.made(), goods=self.pay_goods.made()),
            status=self.status.made(),
            tiers=tuple(self._tier(tier_id, form) for tier_id, form in self.rows()),
            rules=self._rules(),
        )

    @staticmethod
    def _tier(tier_id: str, form: TierForm) -> Tier:
        tier = structs.replace(form.made(), id=tier_id)
        return tier if tier.title else structs.replace(tier, title=_("Tier"))

    def _rules(self) -> tuple[Rule, ...]:
        rules = self.before.rules
        if not self.base.is_bound:
            return rules
        given = self.base.cleaned_data
        touched = [name for name in self.base.changed_data if name in given]
        # Nothing, and 0 as well, is no rule.
        if "percent" in touched:
            percent = Percent(given["percent"]) if given["percent"] else None
            rules = _with(rules, self.percent_rule, percent, "base", _("For every purchase"), first=True)
        if "welcome" in touched:
            welcome = Welcome(given["welcome"]) if given["welcome"] else None
            rules = _with(rules, self.welcome_rule, welcome, "welcome", _("Welcome points"))
        return rules

    # ------------------------------------------------------------ rows without scripts

    def rearranged(self, order: str) -> Sheet:
        """After «tier-add», «tier-remove:gold», «tier-up:gold» or «tier-down:gold»; typed values stay in their rows."""
        verb, _colon, tier_id = order.partition(":")
        ids = list(self.ids)
        if verb == "tier-add" and len(ids) < MOST_TIERS:
            ids.append(free_id(set(ids) | set(self.before.tiers_by_id), "tier-"))
        elif tier_id in ids:
            place = ids.index(tier_id)
            ids.remove(tier_id)
            if verb in ("tier-up", "tier-down"):
                ids.insert(max(0, place - 1 if verb == "tier-up" else place + 1), tier_id)
        return Sheet(self.before, self.data, ids=ids)

    # ------------------------------------------------------------ faults

    def tell(self, faults: Sequence[Fault], document: Mapping[str, Any]) -> None:
        """Puts each fault beside the field that it is about, or into `loose`, with its place in words."""
        for fault in faults:
            form, name = self._field_of(fault.pointer, document)
            if form is not None and form.is_bound and name in form.fields:
                form.add_error(name, fault_words.sentence(fault))
            else:
                self.loose.append((fault_words.place(fault, document), fault_words.sentence(fault)))

    def _field_of(self, pointer: str, document: Mapping[str, Any]) -> tuple[Any, str]:
        parts = {
            "/points/expiry/": (self.points, "expiry_"),
            "/points/goods/": (self.earn_goods, ""),
            "/points/caps/": (self.caps, ""),
            "/points/": (self.points, ""),
            "/spending/goods/": (self.pay_goods, ""),
            "/spending/": (self.spending, ""),
            "/status/window/": (self.status, "window_"),
            "/status/": (self.status, ""),
        }
        for part, (form, prefix) in parts.items():
            if pointer.startswith(part):
                return form, prefix + pointer.removeprefix(part).partition("/")[0]
        match pointer.split("/")[1:]:
            case ["tiers", row, *rest] if row.isdigit() and int(row) < len(self.tiers):
                return self.tiers[int(row)], rest[0] if rest else "spent"
            case ["rules", row, *_rest] if row.isdigit() and int(row) < len(document["rules"]):
                rule = document["rules"][int(row)]
                known = {"base": self.percent_rule, "welcome": self.welcome_rule}
                if rule["id"] == (known["base"].id if known["base"] else "base"):
                    return self.base, "percent"
                if rule["id"] == (known["welcome"].id if known["welcome"] else "welcome"):
                    return self.base, "welcome"
        return None, ""


def plain_rule(rulebook: Rulebook, effect: type) -> Rule | None:
    """The first rule of this effect that is about everything and always."""
    for rule in rulebook.rules:
        if isinstance(rule.effect, effect) and rule.goods == EVERYTHING and not rule.when:
            return rule
    return None


def _with(
    rules: tuple[Rule, ...], old: Rule | None, effect: Any, rule_id: str, title: str, *, first: bool = False
) -> tuple[Rule, ...]:
    """The rules with the effect of one of them replaced, with that rule gone, or with a new one."""
    if old is not None:
        changed = [structs.replace(rule, effect=effect) if rule is old else rule for rule in rules]
        return tuple(changed) if effect is not None else tuple(rule for rule in rules if rule is not old)
    if effect is None:
        return rules
    ids = {rule.id for rule in rules}
    new = Rule(rule_id if rule_id not in ids else free_id(ids, f"{rule_id}-"), title, effect)
    return (new, *rules) if first else (*rules, new)


def free_id(taken: set[str], stem: str) -> str:
    return next(found for number in range(1, len(taken) + 2) if (found := f"{stem}{number}") not in taken)
