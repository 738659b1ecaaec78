"""«Begin with a template»: ready programmes in sentences; one of them is put into the draft."""

from __future__ import annotations

from collections.abc import Iterator

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods
from msgspec import Struct

from loyalty import drafts
from loyalty.engine.effects import Coupon
from loyalty.engine.rulebook import Rulebook
from loyalty.pages.rules.programme import draft_facts, revision_in
from loyalty.pages.rules.rooms import Rules
from loyalty.refusals import Refused
from loyalty.shop_templates import TEMPLATES, Template
from merchants.access import Action
from merchants.doors import Workplace, members_only

TOLD = ("rule:", "tier:", "spending.max_percent", "points.expiry")


class Shown(Struct, frozen=True):
    key: str
    title: str
    lead: str
    sentences: list[str]


@require_http_methods(["GET", "HEAD", "POST"])
@members_only(Action.EDIT_RULES)
def rule_templates(request: HttpRequest, place: Workplace) -> HttpResponse:
    rules = Rules(place)
    if request.method == "POST":
        return taken(request, place, rules)
    return render(request, "rules/templates.html", {"rules": rules, "templates": list(shown(rules))})


def taken(request: HttpRequest, place: Workplace, rules: Rules) -> HttpResponse:
    """Into the draft. A draft that says something else is asked about first."""
    template = TEMPLATES.get(request.POST.get("template", ""))
    if template is None:
        raise Http404
    if "confirmed" not in request.POST and rules.draft is not None and rules.waiting() != []:
        context = {
            "title": _("Begin with the template “%(title)s”?") % {"title": template.title},
            "sentence": _("The draft there is will be lost. Nothing changes at the tills before you publish."),
            "figures": draft_facts(rules),
            "revision": rules.revision,
            "template_key": request.POST["template"],
            "verb": _("Replace the draft"),
            "danger": True,
            "back": reverse("rule_templates", args=[place.merchant.pk]),
        }
        return render(request, "rules/confirm_template.html", context)
    try:
        drafts.keep(
            program=place.program,
            document=drafts.document_of(rulebook_of(rules, template)),
            revision=revision_in(request, -1),
            by=place.user,
            now=timezone.now(),
        )
    except Refused:
        messages.error(request, _("The draft was changed meanwhile: look at it first."))
        return redirect("rule_templates", place.merchant.pk)
    messages.success(
        request, _("The template “%(title)s” is in the draft. Put your own figures in.") % {"title": template.title}
    )
    return redirect("programme_rules", place.merchant.pk)


def rulebook_of(rules: Rules, template: Template) -> Rulebook:
    rulebook = drafts.rulebook_in(rules.program, template.document())
    assert rulebook is not None  # noqa: S101  # ours
    return rulebook


def shown(rules: Rules) -> Iterator[Shown]:
    for key, template in TEMPLATES.items():
        rulebook = rulebook_of(rules, template)
        # Where only discounts are given there are no points to speak of.
        told = TOLD if rulebook.spending.max_percent or any(rulebook.rules_that(Coupon)) else TOLD[:2]
        chapters = rules.told(rulebook)
        sentences = [one.text for chapter in chapters for one in chapter.sentences if one.key.startswith(told)]
        yield Shown(key, str(template.title), str(template.lead), sentences)
