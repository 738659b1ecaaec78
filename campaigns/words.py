"""Campaigns in words: what they do in a sentence, and why somebody's turn came to nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, cast

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from msgspec import structs

from campaigns.models import Campaign, CampaignTurn, MessageTemplate
from campaigns.plan import Plan
from clients.models import Segment
from loyalty import rule_sentences
from loyalty.engine.rulebook import Rulebook
from loyalty.wording import Words

WHY: Final[Mapping[str, Promise]] = {
    "blocked": gettext_lazy("the client is blocked"),
    "merged": gettext_lazy("had it on the card that became this one"),
    "removed": gettext_lazy("the client is gone"),
    "once": gettext_lazy("has had it once"),
    "year": gettext_lazy("has had it this year as often as may be"),
    "cooldown": gettext_lazy("has had it lately"),
    "busy": gettext_lazy("another campaign came that day"),
    "waits": gettext_lazy("another campaign comes first"),
    "pace": gettext_lazy("so many an hour are enough"),
    "budget": gettext_lazy("the budget was spent"),
    "late": gettext_lazy("too late: the campaign did not run then"),
    "over": gettext_lazy("the campaign was over"),
    "expired": gettext_lazy("what was to be given would have expired already"),
    "bought": gettext_lazy("has bought something: no reminder"),
    "failed": gettext_lazy("it could not be given to this client because of an error; the others got it"),
    "stopped": gettext_lazy("its promo codes are stopped"),
}


@dataclass(frozen=True)
class Names:
    """What keys in a plan are called."""

    tiers: Mapping[str, str] = field(default_factory=dict)
    outlets: Mapping[str, str] = field(default_factory=dict)
    segments: Mapping[int, str] = field(default_factory=dict)
    templates: Mapping[int, str] = field(default_factory=dict)


def names_of(merchant_id: int, rulebook: Rulebook) -> Names:
    segments = Segment.objects.filter(merchant_id=merchant_id).order_by("name")
    templates = MessageTemplate.objects.filter(merchant_id=merchant_id, is_copy=False, removed_at=None)
    return Names(
        tiers={tier.id: tier.title for tier in rulebook.tiers},
        segments=dict(segments.values_list("pk", "name")),
        templates=dict(templates.order_by("name").values_list("pk", "name")),
    )


def said(part: Any, words: Words, names: Names) -> str:
    """What a trigger or an action says of itself."""
    for name, titles in (("segment", names.segments), ("template", names.templates), ("tier", names.tiers)):
        value = getattr(part, name, None)
        if value:
            title = cast("Mapping[Any, str]", titles).get(value, _("(it is gone)"))
            part = structs.replace(part, **{name: _("“%(name)s”") % {"name": title}})
    return rule_sentences.said(part, words, rule_sentences.Names(tiers=names.tiers, outlets=names.outlets))


def steps_said(plan: Plan, words: Words, names: Names) -> list[str]:
    found = []
    for step in plan.steps:
        text = said(step.action, words, names)
        if step.after_days:
            later = ngettext("%(days)s day later", "%(days)s days later", step.after_days) % {"days": step.after_days}
            text = f"{later}: {text}"
        if step.unless_bought:
            text = _("%(step)s, if nothing was bought") % {"step": text}
        found.append(text)
    return found


def sentence(plan: Plan, words: Words, names: Names) -> str:
    """«В день рождения: начислить 100 баллов, действуют 30 дней.»"""
    when = said(plan.when, words, names)
    done = "; ".join(steps_said(plan, words, names)) or _("nothing yet")
    return f"{when[:1].upper()}{when[1:]}: {done}."


def limits_said(plan: Plan, words: Words) -> Sequence[str]:
    limits, timing, order = plan.limits, plan.timing, plan.order
    found = []
    if plan.when.daily:
        found.append(_("at %(hour)s") % {"hour": f"{timing.hour:%H:%M}"})
    if limits.once:
        found.append(_("once for a client in all"))
    if limits.per_year is not None:
        text = ngettext("%(n)s time a year for a client", "%(n)s times a year for a client", limits.per_year)
        found.append(text % {"n": limits.per_year})
    if limits.cooldown_days is not None:
        text = ngettext("not within %(n)s day", "not within %(n)s days", limits.cooldown_days)
        found.append(text % {"n": limits.cooldown_days})
    if limits.clients is not None:
        text = ngettext("for %(n)s client", "for %(n)s clients", limits.clients)
        found.append(text % {"n": limits.clients})
    if limits.points is not None:
        found.append(_("budget %(sum)s") % {"sum": words.points(limits.points)})
    if limits.money is not None:
        found.append(_("budget of certificates and promo codes %(sum)s") % {"sum": words.round_money(limits.money)})
    if order.holdout:
        found.append(_("%(percent)s held out for comparison") % {"percent": words.percent(order.holdout)})
    return found


def state_of(turn: CampaignTurn) -> str:
    text = str(turn.get_state_display())
    return f"{text}: {WHY.get(turn.why, turn.why)}" if turn.why else text


def ended(campaign: Campaign) -> str:
    return str(campaign.get_why_display()) if campaign.why else ""
