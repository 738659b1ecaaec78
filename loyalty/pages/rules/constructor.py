"""The constructor: the rules of the draft as sentences, and one rule as a form. Each step is kept in the draft."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from msgspec import Struct, structs

from loyalty import conflict_words, drafts
from loyalty import faults as fault_words
from loyalty.engine.conflicts import Finding, conflicts
from loyalty.engine.faults import Fault
from loyalty.engine.rulebook import Rule, Rulebook
from loyalty.pages.rules.catalogue import conditions_by_chapter, effects_by_chapter
from loyalty.pages.rules.editor import faults_of, live_in, unreadable
from loyalty.pages.rules.programme import revision_in
from loyalty.pages.rules.rooms import Rules
from loyalty.pages.rules.rule_sheet import EFFECT_BY_KIND, RuleSheet
from loyalty.pages.rules.sheet import free_id
from loyalty.pages.rules.trial import TrialForm
from loyalty.pages.rules.vocabulary import Setting
from loyalty.refusals import Refused
from loyalty.rule_sentences import Names, rule_sentence
from merchants.access import Action
from merchants.doors import Workplace, members_only

MOST_RULES = 200


class Item(Struct, frozen=True):
    """A rule in the list, with what is wrong with it."""

    rule: Rule
    sentence: str
    faults: list[str]
    warnings: list[str]


@require_http_methods(["GET", "HEAD", "POST"])
@members_only(Action.EDIT_RULES)
def rules_list(request: HttpRequest, place: Workplace) -> HttpResponse:
    """The rules in their order; a POST moves, switches or copies one, or orders all of them."""
    rules = Rules(place)
    rulebook = rules.drafted
    if rulebook is None:
        return unreadable(request, rules)
    if request.method == "POST":
        changed = rearranged(rulebook, request.POST.get("do", ""), request.POST.get("order", "").split())
        if changed is not None and changed != rulebook.rules and kept(request, rules, changed):
            rules, rulebook = Rules(place), structs.replace(rulebook, rules=changed)
        if not request.headers.get("HX-Request"):
            return redirect("programme_rules", place.merchant.pk)
        # What somebody else has kept meanwhile is shown.
        rulebook = Rules(place).drafted or rulebook
        return render(request, "rules/rules_list_answer.html", page_of(request, Rules(place), rulebook))
    return render(request, "rules/rules_list.html", page_of(request, rules, rulebook))


def page_of(request: HttpRequest, rules: Rules, rulebook: Rulebook) -> dict[str, Any]:
    found = faults_of(rules, rulebook)
    # Before it can be read as rules there is nothing to compare.
    today = rulebook.calendar.day_of(timezone.now())
    findings = [] if found else conflicts(rulebook, today)
    return {
        "rules": rules,
        "items": items_of(rules, rulebook, found, findings),
        "loose": loose_faults(rulebook, found),
        "warnings": [
            conflict_words.sentence(one) for one in findings if one.rule == "points" or one.rule.startswith("tier:")
        ],
        "changes": rules.changes(rules.before(rulebook), rulebook),
        **trial_context(request, rules, rulebook),
    }


def rearranged(rulebook: Rulebook, wish: str, order: Sequence[str]) -> tuple[Rule, ...] | None:
    """The rules after «up:id», «down:id», «on:id», «off:id», «copy:id», or «order» with all ids. None: not that."""
    rules = list(rulebook.rules)
    by_id = {rule.id: n for n, rule in enumerate(rules)}
    verb, _colon, rule_id = wish.partition(":")
    if verb == "order":
        ids = list(dict.fromkeys(order))
        # Rules that were added meanwhile keep their places at the end.
        known = [rules[by_id[one]] for one in ids if one in by_id]
        return (*known, *(rule for rule in rules if rule.id not in ids)) if known else None
    if rule_id not in by_id:
        return None
    n = by_id[rule_id]
    match verb:
        case "up" if n:
            rules[n - 1 : n + 1] = [rules[n], rules[n - 1]]
        case "down" if n + 1 < len(rules):
            rules[n : n + 2] = [rules[n + 1], rules[n]]
        case "on" | "off":
            rules[n] = structs.replace(rules[n], enabled=verb == "on")
        case "copy" if len(rules) < MOST_RULES:
            new = free_id(set(by_id), "rule-")
            title = _("%(title)s (copy)") % {"title": rules[n].title}
            rules.insert(n + 1, structs.replace(rules[n], id=new, title=title[:120]))
    return tuple(rules)


@require_safe
@members_only(Action.EDIT_RULES)
def rule_kinds(request: HttpRequest, place: Workplace) -> HttpResponse:
    """What a rule may do: cards, each with an example."""
    rules = Rules(place)
    return render(request, "rules/rule_kinds.html", {"chapters": effects_by_chapter(rules.words), "rules": rules})


@require_http_methods(["GET", "HEAD", "POST"])
@members_only(Action.EDIT_RULES)
def rule_new(request: HttpRequest, place: Workplace, kind: str) -> HttpResponse:
    if kind not in EFFECT_BY_KIND:
        raise Http404
    return one_rule(request, place, kind, None)


@require_http_methods(["GET", "HEAD", "POST"])
@members_only(Action.EDIT_RULES)
def rule_edit(request: HttpRequest, place: Workplace, rule_id: str) -> HttpResponse:
    return one_rule(request, place, "", rule_id)


def one_rule(request: HttpRequest, place: Workplace, kind: str, rule_id: str | None) -> HttpResponse:
    rules = Rules(place)
    rulebook = rules.drafted
    if rulebook is None:
        return unreadable(request, rules)
    old = rule_in(rulebook, rule_id) if rule_id is not None else None
    if rule_id is not None and old is None:
        messages.info(request, _("There is no such rule in the draft any more."))
        return redirect("programme_rules", place.merchant.pk)
    sheet = sheet_of(request, rules, rulebook, kind, old)
    if request.method != "POST":
        return form_page(request, rules, rulebook, sheet)
    if request.POST.get("do", "save") != "save":  # a condition more or less, or «work it out»
        return form_page(request, rules, rulebook, sheet)
    if not sheet.is_valid():
        return form_page(request, rules, rulebook, sheet, refused=True)
    rule = sheet.rule()
    found = sheet.unreadable()
    if rule is None or found:
        sheet.tell(found)
        return form_page(request, rules, rulebook, sheet, refused=True)
    after = with_rule(rulebook, rule, old)
    found = faults_in(faults_of(rules, after), after, rule.id)
    if found:
        sheet.tell(found)
        return form_page(request, rules, rulebook, sheet, refused=True)
    if after == rulebook:
        messages.info(request, _("Nothing is different: the rule stays as it is."))
        return redirect("programme_rules", place.merchant.pk)
    if not kept(request, rules, after.rules, overtaken=_("Yours is not saved: look at it, and save again.")):
        return form_page(request, Rules(place), rulebook, sheet, overtaken=True)
    messages.success(request, _("Kept in the draft: “%(title)s”.") % {"title": rule.title})
    return redirect("programme_rules", place.merchant.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@members_only(Action.EDIT_RULES)
def rule_delete(request: HttpRequest, place: Workplace, rule_id: str) -> HttpResponse:
    rules = Rules(place)
    rulebook = rules.drafted
    rule = rule_in(rulebook, rule_id) if rulebook else None
    if rulebook is None or rule is None:
        return redirect("programme_rules", place.merchant.pk)
    if request.method == "POST":
        if kept(request, rules, tuple(one for one in rulebook.rules if one is not rule)):
            messages.success(request, _("The rule “%(title)s” is no longer in the draft.") % {"title": rule.title})
        return redirect("programme_rules", place.merchant.pk)
    context = {
        "title": _("Delete the rule?"),
        "sentence": sentence_of(rules, rulebook, rule),
        "figures": [(_("At the tills"), _("nothing changes before you publish"))],
        "revision": rules.revision,
        "live": rules.number,
        "verb": _("Delete the rule"),
        "danger": True,
        "back": reverse("programme_rules", args=[place.merchant.pk]),
    }
    return render(request, "rules/confirm_rule.html", context)


@require_POST
@members_only(Action.EDIT_RULES)
def rule_receipt(request: HttpRequest, place: Workplace) -> HttpResponse:
    """The receipt alone, while somebody types: with the rule that the form holds, if it comes from one."""
    rules = Rules(place)
    rulebook = rules.drafted
    if rulebook is None:
        return redirect("programme_rules", place.merchant.pk)
    kind, old = request.POST.get("kind", ""), rule_in(rulebook, request.POST.get("rule", ""))
    context: dict[str, Any] = {}
    if kind in EFFECT_BY_KIND:
        sheet = sheet_of(request, rules, rulebook, kind, old)
        rule = sheet.rule()
        context["sentence"] = sentence_of(rules, rulebook, rule) if rule else ""
        rulebook = with_rule(rulebook, rule, old) if rule else rulebook
    return render(
        request, "rules/trial_result.html", {"rules": rules, **context, **trial_context(request, rules, rulebook)}
    )


# ---------------------------------------------------------------- parts of the pages


def sheet_of(request: HttpRequest, rules: Rules, rulebook: Rulebook, kind: str, old: Rule | None) -> RuleSheet:
    setting = setting_of(request, rules, rulebook)
    if old is not None:
        kind = str(type(old.effect).__struct_config__.tag)
    rule_id = old.id if old else free_id({rule.id for rule in rulebook.rules}, "rule-")
    if request.method == "POST":
        return RuleSheet.posted(kind, old, setting, request.POST, rule_id=rule_id)
    return RuleSheet(kind, old, setting, rule_id=rule_id)


def form_page(
    request: HttpRequest,
    rules: Rules,
    rulebook: Rulebook,
    sheet: RuleSheet,
    *,
    refused: bool = False,
    overtaken: bool = False,
) -> HttpResponse:
    """The form; only its inside for htmx. What it was opened with stays in it until somebody else was first."""
    if refused:
        messages.error(request, _("Please look at the marked fields: the rule is not saved yet."))
    rule = sheet.rule()
    after = with_rule(rulebook, rule, sheet.before) if rule else rulebook
    shows = request.headers.get("HX-Request") and request.POST.get("do", "save") != "save"
    context = {
        "rules": rules,
        "sheet": sheet,
        "revision": rules.revision if overtaken else revision_in(request, rules.revision),
        "live": live_in(request) if request.method == "POST" and not overtaken else rules.number,
        "sentence": sentence_of(rules, rulebook, rule) if rule else "",
        "addable": conditions_by_chapter(),
        **trial_context(request, rules, after),
    }
    return render(request, "rules/rule_form.html" if shows else "rules/rule.html", context)


def setting_of(request: HttpRequest, rules: Rules, rulebook: Rulebook) -> Setting:
    place: Workplace = request.place  # type: ignore[attr-defined]  # set by the door
    return Setting(rulebook, rules.outlets, reverse("goods_suggest", args=[place.merchant.pk]))


def trial_context(request: HttpRequest, rules: Rules, rulebook: Rulebook) -> dict[str, Any]:
    """The receipt of the form, or why it can't be worked out."""
    data = request.POST if request.method == "POST" else None
    form = TrialForm(rulebook, setting_of(request, rules, rulebook), data, total=rules.purchase)
    found = faults_of(rules, rulebook)
    said = [fault_words.sentence(fault) for fault in found]
    return {
        "trial_form": form,
        "trial_faults": said,
        "trial": None if said else form.trial(rules.words, timezone.now()),
    }


def sentence_of(rules: Rules, rulebook: Rulebook, rule: Rule) -> str:
    return rule_sentence(rule, rules.words, Names({tier.id: tier.title for tier in rulebook.tiers}, rules.outlets))


def items_of(rules: Rules, rulebook: Rulebook, found: Sequence[Fault], findings: Sequence[Finding]) -> list[Item]:
    return [
        Item(
            rule,
            sentence_of(rules, rulebook, rule).removeprefix(f"{rule.title}: "),
            [fault_words.sentence(fault) for fault in faults_in(found, rulebook, rule.id)],
            [conflict_words.sentence(one) for one in findings if one.rule == rule.id],
        )
        for rule in rulebook.rules
    ]


def loose_faults(rulebook: Rulebook, found: Sequence[Fault]) -> list[tuple[str, str]]:
    """Faults of other parts than the rules."""
    document = drafts.document_of(rulebook)
    rest = [fault for fault in found if not fault.pointer.startswith("/rules/")]
    return [(fault_words.place(fault, document), fault_words.sentence(fault)) for fault in rest]


def faults_in(faults: Sequence[Fault], rulebook: Rulebook, rule_id: str) -> list[Fault]:
    """Those of one rule, their pointers from inside it."""
    n = next(n for n, rule in enumerate(rulebook.rules) if rule.id == rule_id)
    at = f"/rules/{n}"
    return [
        structs.replace(fault, pointer=fault.pointer.removeprefix(at))
        for fault in faults
        if fault.pointer.startswith(f"{at}/")
    ]


def rule_in(rulebook: Rulebook, rule_id: str) -> Rule | None:
    return next((rule for rule in rulebook.rules if rule.id == rule_id), None)


def with_rule(rulebook: Rulebook, rule: Rule, old: Rule | None) -> Rulebook:
    """The rules with one replaced, or one more at the end."""
    if old is None:
        return structs.replace(rulebook, rules=(*rulebook.rules, rule))
    return structs.replace(rulebook, rules=tuple(rule if one is old else one for one in rulebook.rules))


def kept(request: HttpRequest, rules: Rules, changed: tuple[Rule, ...], *, overtaken: str = "") -> bool:
    """Keeps the draft with these rules. False, and a message, where somebody saved or published meanwhile."""
    rulebook = rules.drafted
    assert rulebook is not None  # noqa: S101  # the callers have looked
    if live_in(request) == rules.number:
        try:
            drafts.keep(
                program=rules.program,
                document=drafts.document_of(structs.replace(rulebook, rules=changed)),
                revision=revision_in(request, -1),
                by=request.user,  # type: ignore[arg-type]  # the door let a member in
                now=timezone.now(),
            )
        except Refused:
            pass
        else:
            return True
    said = _("Meanwhile somebody else has changed the rules. This is how they are now.")
    messages.error(request, f"{said} {overtaken}".strip())
    return False
