"""The editor of the draft, what the draft would do, and its publication."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import formats, timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST
from msgspec import Struct

from loyalty import drafts, programs
from loyalty import faults as fault_words
from loyalty.engine.faults import Fault
from loyalty.engine.rulebook import Rulebook
from loyalty.pages.rules.helping import Example, explain
from loyalty.pages.rules.programme import revision_in
from loyalty.pages.rules.publish_form import PublishForm
from loyalty.pages.rules.rooms import Rules
from loyalty.pages.rules.sheet import Sheet
from loyalty.refusals import Refused
from loyalty.rule_sentences import Names
from loyalty.samples import Outcome, by_tier
from loyalty.sentences import Change, others
from merchants.access import Action
from merchants.doors import Workplace, members_only


class Preview(Struct, frozen=True):
    """What rules come to: `outcomes` are empty and `faults` say why, where they can't be worked out."""

    changes: list[Change]
    outcomes: list[Outcome]
    faults: list[str]


@require_http_methods(["GET", "HEAD", "POST"])
@members_only(Action.EDIT_RULES)
def edit(request: HttpRequest, place: Workplace) -> HttpResponse:
    rules = Rules(place)
    before = rules.drafted
    if before is None:
        return unreadable(request, rules)
    if request.method != "POST":
        sheet = Sheet(before)
        if rules.draft is not None:
            tell(sheet, rules, before)
        return page(request, rules, sheet)
    sheet, wish = Sheet.posted(before, request.POST), request.POST.get("do", "save")
    if wish.startswith("tier-"):
        return page(request, rules, sheet.rearranged(wish), revision=revision_in(request, 0), part="rules/tiers.html")
    if not sheet.is_valid():
        messages.error(request, _("Please look at the marked fields: the draft is not saved yet."))
        return page(request, rules, sheet, revision=revision_in(request, 0))
    return save(request, place, rules, sheet, publish=wish == "publish")


def save(request: HttpRequest, place: Workplace, rules: Rules, sheet: Sheet, *, publish: bool) -> HttpResponse:
    rulebook = sheet.rulebook()
    if rules.draft is None and rulebook == sheet.before and rules.live is not None:
        messages.info(request, _("Nothing is different from the rules in force: there is no draft to keep."))
        return redirect("programme_edit", place.merchant.pk)
    if live_in(request) != rules.number:
        return overtaken(request, rules, sheet, rulebook)
    try:
        drafts.keep(
            program=place.program,
            document=drafts.document_of(rulebook),
            revision=revision_in(request, 0),
            by=place.user,
            now=timezone.now(),
        )
    except Refused:
        return overtaken(request, rules, sheet, rulebook)
    if tell(sheet, rules, rulebook):
        messages.warning(request, _("The draft is saved, but it can’t be published yet: look at the marked places."))
        return page(request, Rules(place), sheet)
    if publish:
        return redirect("programme_publish", place.merchant.pk)
    messages.success(request, _("The draft is saved. The tills go on with the rules in force until you publish."))
    return redirect("programme_edit", place.merchant.pk)


def overtaken(request: HttpRequest, rules: Rules, sheet: Sheet, rulebook: Rulebook) -> HttpResponse:
    """Somebody saved or published meanwhile. Both are shown; what was typed in here may be saved on top, knowingly."""
    between = rules.changes(sheet.before, rulebook)
    by, version = rules.draft and rules.draft.edited_by, 0
    if rules.draft is None and rules.live is not None:
        by, version = rules.live.published_by, rules.number
    return page(request, rules, sheet, overtaken={"by": by, "version": version, "changes": between})


@require_POST
@members_only(Action.EDIT_RULES)
def preview(request: HttpRequest, place: Workplace) -> HttpResponse:
    """What stands beside the editor, while somebody types."""
    rules = Rules(place)
    before = rules.drafted
    if before is None:
        return redirect("programme_edit", place.merchant.pk)
    rulebook = Sheet.posted(before, request.POST).rulebook()
    return render(request, "rules/preview.html", {"preview": preview_of(rules, rulebook), "rules": rules})


@require_http_methods(["GET", "HEAD", "POST"])
@members_only(Action.EDIT_RULES)
def publish(request: HttpRequest, place: Workplace) -> HttpResponse:
    """Asks with the numbers of a receipt before and after; publishes exactly the draft that was shown."""
    rules = Rules(place)
    drafted = rules.drafted if rules.draft is not None else None
    if rules.draft is None or drafted is None or faults_of(rules, drafted):
        messages.warning(request, _("There is no draft that could be published."))
        return redirect("programme_edit", place.merchant.pk)
    if rules.live is not None and not rules.waiting():
        messages.info(request, _("The draft says the same as the rules in force."))
        return redirect("programme", place.merchant.pk)
    if rules.waits is not None:
        said = _("Version %(number)s waits for its time. Take it back first, or wait until it has begun.")
        messages.warning(request, said % {"number": rules.waits.number})
        return redirect("programme", place.merchant.pk)
    form = PublishForm(request.POST if request.method == "POST" else None, now=timezone.now())
    if request.method == "POST" and form.is_valid():
        if (revision_in(request, 0), live_in(request)) == (rules.draft.revision, rules.number):
            return published(request, place, rules.draft.revision, form.starts_at)
        messages.error(request, _("The rules were changed meanwhile. This is how they are now: please look again."))
    total, now = rules.purchase, timezone.now()
    context = {
        "rules": rules,
        "form": form,
        "live": rules.number,
        "changes": rules.waiting(),
        "total": total,
        "before": by_tier(rules.in_force, total=total, at=now) if rules.live else [],
        "after": by_tier(drafted, total=total, at=now),
    }
    return render(request, "rules/publish.html", context)


def published(request: HttpRequest, place: Workplace, revision: int, starts_at: dt.datetime | None) -> HttpResponse:
    try:
        version = drafts.publish(
            program=place.program, revision=revision, by=place.user, now=timezone.now(), starts_at=starts_at
        )
    except (Refused, programs.NotNow):  # in this very moment
        return redirect("programme", place.merchant.pk)
    said = _("Version %(number)s is in force at all tills.")
    if version.published_at > timezone.now():
        said = _("Version %(number)s begins on %(day)s at %(time)s. Until then the present rules are in force.")
    at = timezone.localtime(version.published_at)
    day, time = formats.date_format(at, "SHORT_DATE_FORMAT"), formats.time_format(at, "H:i")
    messages.success(request, said % {"number": version.number, "day": day, "time": time})
    return redirect("programme", place.merchant.pk)


# ---------------------------------------------------------------- parts of the pages


def live_in(request: HttpRequest) -> int:
    """The version that was in force when the form was opened."""
    text = request.POST.get("live", "")
    return int(text[:9]) if text.isascii() and text.isdigit() else 0


def faults_of(rules: Rules, rulebook: Rulebook) -> Sequence[Fault]:
    return programs.check(program=rules.program, document=drafts.document_of(rulebook))


def tell(sheet: Sheet, rules: Rules, rulebook: Rulebook) -> bool:
    """Whether there are faults; the sheet says them."""
    found = faults_of(rules, rulebook)
    sheet.tell(found, drafts.document_of(rulebook))
    return bool(found)


def preview_of(rules: Rules, rulebook: Rulebook) -> Preview:
    found = faults_of(rules, rulebook)
    said = [fault_words.sentence(fault) for fault in found]
    outcomes = [] if found else by_tier(rulebook, total=rules.purchase, at=timezone.now())
    return Preview(rules.changes(rules.before(rulebook), rulebook), outcomes, said)


def page(
    request: HttpRequest,
    rules: Rules,
    sheet: Sheet,
    *,
    revision: int | None = None,
    overtaken: dict[str, Any] | None = None,
    part: str = "",
) -> HttpResponse:
    """The editor; only `part` of it for htmx. `revision` is that of the form where it must not move on."""
    rulebook = sheet.rulebook()
    names = Names({tier.id: tier.title for tier in rulebook.tiers}, rules.outlets)
    now = timezone.now()
    place: Workplace = request.place  # type: ignore[attr-defined]  # set by the door
    for goods in (sheet.earn_goods, sheet.pay_goods):
        goods.find_in(reverse("goods_suggest", args=[place.merchant.pk]))
    explain(sheet, Example(rulebook, rules.words, rules.purchase, timezone.localdate(now)))
    context = {
        "rules": rules,
        "sheet": sheet,
        "revision": rules.revision if revision is None else revision,
        "live": rules.number if revision is None else live_in(request),
        "others": others(rulebook, sheet.known_rules(rulebook), rules.words, names),
        "preview": preview_of(rules, rulebook),
        "overtaken": overtaken,
    }
    if part and request.headers.get("HX-Request"):
        return render(request, part, context)
    return render(request, "rules/editor.html", context)


def unreadable(request: HttpRequest, rules: Rules) -> HttpResponse:
    """A draft that was written as a file and is no rules: what is wrong with it, and the way out."""
    document = rules.draft.document if rules.draft else {}
    found = programs.check(program=rules.program, document=document)
    said = [(fault_words.place(fault, document), fault_words.sentence(fault)) for fault in found]
    return render(request, "rules/unreadable.html", {"rules": rules, "faults": said})
