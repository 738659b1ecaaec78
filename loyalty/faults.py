"""What keeps rules from being published, in sentences for the owner. `loyalty.engine.validation` finds the faults."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from django.utils.translation import gettext as _

from loyalty.engine.faults import Fault
from loyalty.rule_words import part

Sentence = Callable[[Fault], str]


def sentence(fault: Fault) -> str:
    """Raises nothing: a code that this release has no words for is shown as it is."""
    worded = SENTENCES.get(fault.code)
    return worded(fault) if worded else " ".join(filter(None, (fault.code, fault.subject, fault.detail)))


def place(fault: Fault, document: Any = None) -> str:
    """Where the fault is: `Rule “Base” · Effect · Percent`. The document gives tiers and rules their titles."""
    steps = [step for step in fault.pointer.split("/") if step]
    here: Any = document
    names: list[str] = []
    for n, step in enumerate(steps):
        above, here = here, _inside(here, step)
        if step.isdigit() and n == 1 and steps[0] in _NUMBERED:
            names[-1] = _NUMBERED[steps[0]](_title(here) or str(int(step) + 1))
        elif step.isdigit():
            names[-1] = f"{names[-1]} {int(step) + 1}"
        else:
            names.append(part(step, of=above))
    return " · ".join(names)


_NUMBERED: Mapping[str, Callable[[str], str]] = {
    "tiers": lambda title: _("Tier “%(title)s”") % {"title": title},
    "rules": lambda title: _("Rule “%(title)s”") % {"title": title},
}


def _inside(here: Any, step: str) -> Any:
    if isinstance(here, dict):
        return here.get(step)
    if isinstance(here, list) and step.isdigit() and int(step) < len(here):
        return here[int(step)]
    return None


def _title(here: Any) -> str:
    return str(here.get("title") or here.get("id") or "") if isinstance(here, dict) else ""


def _name(fault: Fault) -> str:
    return fault.pointer.rpartition("/")[2]


def _repeated(fault: Fault) -> str:
    if fault.pointer.startswith("/tiers"):
        return _("Another tier has this id already. Each tier needs an id of its own.")
    return _("Another rule has this id already. Each rule needs an id of its own.")


def _negative(fault: Fault) -> str:
    if _name(fault) == "step":
        return _("The step must be greater than zero. Leave it out if any number of points may be spent.")
    return _("The number can't be negative.")


def _tier_order(fault: Fault) -> str:
    if _name(fault) == "referrals":
        return _("The tier “%(title)s” needs more invited clients than every tier below it.") % {"title": fault.subject}
    if _name(fault) == "visits":
        return _("The tier “%(title)s” needs more visits than every tier below it.") % {"title": fault.subject}
    return _("The tier “%(title)s” needs a larger sum of purchases than every tier below it.") % {
        "title": fault.subject
    }


def _one_of_two(fault: Fault) -> str:
    if _name(fault) == "every":
        return _("Say either every how much the points are given, or at which sum once.")
    return _("Say either a percent or a sum of the discount.")


SENTENCES: Mapping[str, Sentence] = {
    "malformed": lambda fault: _malformed(fault.detail),
    "repeated": _repeated,
    "unknown_tier": lambda fault: _("There is no such tier: %(tiers)s.") % {"tiers": fault.subject},
    "unknown_time_zone": lambda fault: (
        _("There is no time zone “%(name)s”. Moscow's is Europe/Moscow.") % {"name": fault.subject}
    ),
    "point_value": lambda _fault: _("A point must be worth something between 0.0001 and 10,000 units of money."),
    "percent": lambda _fault: _("A percent lies between 0 and 100; that of a rule is greater than 0."),
    "negative": _negative,
    "precision": lambda _fault: _("The programme doesn't count points so finely: fewer decimal places, please."),
    "minimum_above_cap": lambda _fault: _("The smallest number of points is above the limit of one receipt."),
    "tier_unreachable": lambda fault: (
        _("Nobody can reach the tier “%(title)s”: it needs a sum of purchases, visits or invited clients.")
        % {"title": fault.subject}
    ),
    "tier_order": _tier_order,
    "not_positive": lambda _fault: _("The number must be greater than zero."),
    "multiplier": lambda _fault: _("A multiplier must be greater than 1."),
    "ends_before_it_begins": lambda _fault: _("It ends before it begins: the second value must be the larger one."),
    "more_visits_than_days": lambda _fault: _("There are more visits than days: a visit is counted once a day."),
    "steps_must_rise": lambda _fault: _("Each threshold must be higher than the one before, and so must its percent."),
    "days_of_purchases_only": lambda _fault: _("Days can only be set for a discount that grows with purchases."),
    "one_of_two": _one_of_two,
    "mixed_group": lambda fault: (
        _("The group “%(group)s” has discounts and points: they can’t be compared. Make two groups of it.")
        % {"group": fault.subject}
    ),
    "lifetime_never_falls": lambda _fault: _(
        "While all purchases since joining count, a tier can’t be lost. Choose another period, or no downgrade."
    ),
    "window_too_short": lambda _fault: _("The period must be a week at least."),
    "fixed_by_first_version": lambda _fault: _("This was fixed when the rules were published for the first time."),
    "differs_from_program": lambda _fault: _(
        "The programme itself says something else. Take this line out, or change the programme."
    ),
}


# ---------------------------------------------------------------- what the reader of the format says


def _malformed(detail: str) -> str:
    for pattern, worded in MALFORMED:
        match = re.search(pattern, detail)
        if match:
            return worded(match)
    return _("This can't be read: %(detail)s") % {"detail": detail}


_KINDS: Mapping[str, Callable[[], str]] = {
    "str": lambda: _("text"),
    "int": lambda: _("a whole number"),
    "float": lambda: _("a number"),
    "decimal": lambda: _("a number"),
    "bool": lambda: _("yes or no (true or false)"),
    "array": lambda: _("a list"),
    "object": lambda: _("named values"),
    "null": lambda: _("nothing"),
    "date": lambda: _("a date such as 2026-12-31"),
    "time": lambda: _("a time such as 09:30:00"),
}


def _kinds(names: str) -> str:
    return _(" or ").join(_KINDS[name]() if name in _KINDS else name for name in names.split(" | ") if name != "null")


Worded = Callable[["re.Match[str]"], str]
MALFORMED: tuple[tuple[str, Worded], ...] = (
    (r"missing required field `(\w+)`", lambda m: _("“%(name)s” is missing here.") % {"name": m[1]}),
    (
        r"unknown field `([^`]+)`",
        lambda m: _("There is no setting “%(name)s”. Check how it is spelled.") % {"name": m[1]},
    ),
    (
        r"Expected `([^`]+)`, got `([^`]+)`",
        lambda m: (
            _("Here should be %(wanted)s, not %(got)s.")
            % {"wanted": _kinds(m[1]), "got": _KINDS[m[2]]() if m[2] in _KINDS else m[2]}
        ),
    ),
    (r"Invalid enum value '?([^']*)'?", lambda m: _("“%(value)s” is none of the possible values.") % {"value": m[1]}),
    (r"Invalid value '?([^']*)'?", lambda m: _("“%(value)s” is none of the possible values.") % {"value": m[1]}),
    (r"matching regex", lambda _m: _("Only small Latin letters, digits, “-” and “_” are possible here.")),
    (r"`(?:str|array)` of length >= (\d+)", lambda _m: _("This can't be empty.")),
    (r"`str` of length <= (\d+)", lambda m: _("At most %(number)s characters are possible here.") % {"number": m[1]}),
    (r"`\w+` >= (-?[\d.]+)", lambda m: _("The number must be at least %(number)s.") % {"number": m[1]}),
    (r"`\w+` <= (-?[\d.]+)", lambda m: _("The number must be at most %(number)s.") % {"number": m[1]}),
    (r"Invalid decimal", lambda _m: _("Here should be a number.")),
    (r"Invalid RFC3339|Invalid .*date|Invalid .*time", lambda _m: _("Write a date as 2026-12-31, a time as 09:30:00.")),
    (r"a mapping is expected", lambda _m: _("The rules begin with named parts such as “tiers:” and “rules:”.")),
    (
        r"^line (\d+), column (\d+): (.*)",
        lambda m: (
            _("Line %(line)s, column %(column)s can't be read: %(detail)s.")
            % {"line": m[1], "column": m[2], "detail": m[3]}
        ),
    ),
)
