"""The programme in words: what is in force, what waits as a draft, and every version there was."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from loyalty import drafts, program_file, programs
from loyalty.engine.conflicts import over
from loyalty.models import ProgramVersion
from loyalty.pages.rules.rooms import Rules
from loyalty.pages.rules.sample_form import SampleForm
from loyalty.refusals import Refused
from merchants.access import Action
from merchants.doors import Workplace, members_only
from merchants.paging import newest_first

VERSIONS_AT_ONCE = 10


@require_safe
@members_only(Action.SEE_RULES)
def programme(request: HttpRequest, place: Workplace) -> HttpResponse:
    rules = Rules(place)
    history = ProgramVersion.objects.filter(program=place.program).select_related("published_by").defer("document")
    context: dict[str, Any] = {
        "rules": rules,
        "waiting": rules.waiting(),
        "versions": newest_first(history, request.GET.get("before", ""), size=VERSIONS_AT_ONCE),
        "may_edit": place.may(Action.EDIT_RULES),
    }
    if rules.live is not None:
        now = timezone.now()
        form = SampleForm(rules.in_force, request.GET, total=rules.purchase)
        context |= {
            "chapters": rules.told(rules.in_force),
            "form": form,
            "sample": form.sample(rules.words, now),
            "points_over": over(rules.in_force, rules.in_force.calendar.day_of(now)),
        }
    part = "rules/sample.html" if request.headers.get("HX-Request") and rules.live else "rules/programme.html"
    return render(request, part, context)


@require_safe
@members_only(Action.SEE_RULES)
def version(request: HttpRequest, place: Workplace, number: int) -> HttpResponse:
    found = version_of(place, number)
    rules = Rules(place)
    rulebook = programs.rulebook_of(place.program.pk, number)
    context = {
        "version": found,
        "rules": rules,
        "chapters": rules.told(rulebook),
        "text": program_file.readable(found.document),
        "may_edit": place.may(Action.EDIT_RULES),
        "changes": rules.changes(programs.rulebook_of(place.program.pk, number - 1), rulebook) if number > 1 else None,
        "is_live": rules.live is not None and rules.live.number == number,
    }
    return render(request, "rules/version.html", context)


@require_safe
@members_only(Action.SEE_RULES)
def file(request: HttpRequest, place: Workplace, number: int) -> HttpResponse:
    """The version as YAML, for version control and for people who like it so."""
    found = version_of(place, number)
    answer = HttpResponse(program_file.readable(found.document), content_type="application/yaml; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="rules-{number}.yaml"'
    return answer


@require_POST
@members_only(Action.EDIT_RULES)
def restore(request: HttpRequest, place: Workplace, number: int) -> HttpResponse:
    """Into the draft. A draft that says something else is asked about first."""
    found, rules = version_of(place, number), Rules(place)
    if "confirmed" not in request.POST and rules.waiting() != [] and rules.draft is not None:
        return render(
            request,
            "rules/confirm.html",
            {
                "title": _("Put version %(number)s into the draft?") % {"number": number},
                "sentence": _("The draft there is will be lost. Nothing changes at the tills before you publish."),
                "figures": draft_facts(rules),
                "revision": rules.revision,
                "verb": _("Replace the draft"),
                "danger": True,
                "back": reverse("programme_version", args=[place.merchant.pk, number]),
            },
        )
    revision = revision_in(request, rules.revision)
    try:
        drafts.restore(version=found, revision=revision, by=place.user, now=timezone.now())
    except Refused:
        messages.error(request, _("The draft was changed meanwhile: look at it first."))
        return redirect("programme", place.merchant.pk)
    messages.success(request, _("Version %(number)s is in the draft now.") % {"number": number})
    return redirect("programme_edit", place.merchant.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@members_only(Action.EDIT_RULES)
def discard(request: HttpRequest, place: Workplace) -> HttpResponse:
    rules = Rules(place)
    back = reverse("programme", args=[place.merchant.pk])
    if rules.draft is None:
        return redirect(back)
    if request.method == "POST":
        try:
            drafts.discard(program=place.program, revision=revision_in(request, 0), by=place.user, now=timezone.now())
        except Refused:
            messages.error(request, _("The draft was changed meanwhile: look at it first."))
        else:
            messages.success(request, _("The draft is gone. The rules in force are as they were."))
        return redirect(back)
    context = {
        "title": _("Throw the draft away?"),
        "sentence": _("The rules in force stay as they are. What was changed in the draft can’t be brought back."),
        "figures": draft_facts(rules),
        "revision": rules.revision,
        "verb": _("Throw away"),
        "danger": True,
        "back": back,
    }
    return render(request, "rules/confirm.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@members_only(Action.EDIT_RULES)
def take_back(request: HttpRequest, place: Workplace, number: int) -> HttpResponse:
    """The version that waits for its time; its rules are put into the draft where there is none."""
    rules = Rules(place)
    back = reverse("programme", args=[place.merchant.pk])
    if rules.waits is None or rules.waits.number != number:
        messages.info(request, _("This version does not wait any more."))
        return redirect(back)
    if request.method == "POST":
        waits, now = rules.waits, timezone.now()
        try:
            with transaction.atomic():
                programs.take_back(program=place.program, number=number, now=now, by=place.user)
                if rules.draft is None:
                    document = {name: part for name, part in waits.document.items() if name != "program"}
                    drafts.keep(program=place.program, document=document, revision=0, by=place.user, now=now)
        except (Refused, programs.NotNow):
            messages.error(request, _("It is too late: the version begins in this moment."))
        else:
            messages.success(
                request, _("Version %(number)s is taken back. Its rules are a draft.") % {"number": number}
            )
        return redirect(back)
    context = {
        "title": _("Take version %(number)s back?") % {"number": number},
        "sentence": _("It will not begin. The rules in force stay as they are."),
        "figures": [],
        "revision": rules.revision,
        "verb": _("Take it back"),
        "danger": True,
        "back": back,
    }
    return render(request, "rules/confirm.html", context)


def version_of(place: Workplace, number: int) -> ProgramVersion:
    if number >= 1 << 31:
        raise Http404
    found = (
        ProgramVersion.objects.filter(program=place.program, number=number)
        .select_related("program", "published_by")
        .first()
    )
    if found is None:
        raise Http404
    return found


def revision_in(request: HttpRequest, missing: int) -> int:
    text = request.POST.get("revision", "")
    return int(text[:9]) if text.isascii() and text.isdigit() else missing


def draft_facts(rules: Rules) -> list[tuple[str, str]]:
    waiting = rules.waiting()
    said = _("It can’t be read")
    if waiting is not None:
        number = len(waiting)
        said = ngettext("%(number)s change", "%(number)s changes", number) % {"number": number}
    return [(_("In the draft"), said)]
