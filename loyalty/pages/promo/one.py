"""A batch of promo codes: its figures, and what is done with it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from loyalty.certificates import printing
from loyalty.engine.calendar import Calendar
from loyalty.models import PromoBatch, PromoCode, PromoCodeUse
from loyalty.pages.promo.forms import DatesForm
from loyalty.promo import audiences, changing, making
from loyalty.promo.checking import live
from loyalty.promo.figures import days_of, figures_of
from loyalty.promo.shown import STATES, code_shown, state, time_of, worth
from loyalty.promo.waiting import rules_for
from loyalty.wording import words_on_page
from merchants import exports
from merchants.access import Action
from merchants.doors import Workplace, members_only

SHOWN: Final = 20
PRINTED: Final = 480
State = PromoBatch.State


def found(place: Workplace, batch_id: int) -> PromoBatch:
    mine = PromoBatch.objects.filter(program_id=place.program.pk, merchant=place.merchant, pk=batch_id)
    batch = mine.select_related("program", "merchant").first()
    if batch is None:
        raise Http404
    return batch


@members_only(Action.SEE_FIGURES)
@require_safe
def promo_batch(request: HttpRequest, place: Workplace, batch_id: int) -> HttpResponse:
    batch, now, words = found(place, batch_id), timezone.now(), words_on_page(place.program.pk)
    if batch.state == State.MAKING:
        alone = request.headers.get("HX-Request")
        return render(request, f"promo/making{'_part' if alone else ''}.html", {"batch": batch})
    if request.headers.get("HX-Request"):
        return HttpResponse(headers={"HX-Refresh": "true"})
    uses = live(PromoCodeUse.objects.filter(program_id=batch.program_id, batch=batch), now)
    is_unique = batch.kind == PromoBatch.Kind.UNIQUE
    return render(
        request,
        "promo/one.html",
        {
            "batch": batch,
            "state": state(batch, now),
            "state_said": STATES[state(batch, now)],
            "worth": worth(batch, words),
            "time": time_of(batch),
            "figures": figures_of(batch, now),
            "days": days_of(batch, ZoneInfo(place.program.time_zone), now),
            "uses": [
                (use, code_shown(batch, use.code.code) if use.code else batch.word)
                for use in uses.select_related("code", "sale__outlet").order_by("-id")[:SHOWN]
            ],
            "audience": dict(audiences.known().choices(place.merchant)).get(batch.audience or 0),
            "rules": rules_for(batch, now) if batch.gives == PromoBatch.Gives.RULE else (),
            "is_unique": is_unique,
            # Codes that campaigns draw for single clients are theirs: there is nothing to take out.
            "has_codes": is_unique and codes_to_take(batch).exists(),
            "parts": _parts(batch.size) if is_unique else [],
            "may_change": place.may(Action.RUN_CAMPAIGNS),
            "may_export": place.may(Action.RUN_CAMPAIGNS) and place.may(Action.EXPORT),
            "may_see_sales": place.may(Action.SEE_SALES),
        },
    )


def codes_to_take(batch: PromoBatch) -> QuerySet[PromoCode]:
    """Those that nobody was given."""
    return PromoCode.objects.filter(program_id=batch.program_id, batch=batch, account=None)


def _parts(size: int) -> list[tuple[int, int]]:
    """The sheets that can be printed: no more than a browser shows with pleasure."""
    return [(start, min(start + PRINTED - 1, size)) for start in range(1, min(size, 20 * PRINTED) + 1, PRINTED)]


@members_only(Action.RUN_CAMPAIGNS)
@require_http_methods(["GET", "HEAD", "POST"])
def promo_batch_stop(request: HttpRequest, place: Workplace, batch_id: int) -> HttpResponse:
    batch, now = found(place, batch_id), timezone.now()
    back = reverse("promo_batch", args=[place.merchant.pk, batch.pk])
    if request.method == "POST":
        making.stop(batch=batch, now=now, by=place.user)
        messages.success(request, _("Stopped: no code of the offer is taken any more."))
        return redirect(back)
    sums = figures_of(batch, now)
    return render(
        request,
        "shop/confirm.html",
        {
            "title": _("Stop “%(name)s”?") % {"name": batch.name},
            "sentence": _("No code of it will be taken from now on. What receipts have got stays. It can go on later."),
            "figures": [(_("Used so far"), str(sums.used)), (_("Times left"), str(_no_limit(sums.left)))],
            "form": forms.Form(),
            "verb": _("Stop"),
            "danger": True,
            "back": back,
        },
    )


def _no_limit(left: int | None) -> str:
    return _("without a limit") if left is None else str(left)


@members_only(Action.RUN_CAMPAIGNS)
@require_POST
def promo_batch_go_on(request: HttpRequest, place: Workplace, batch_id: int) -> HttpResponse:
    batch = found(place, batch_id)
    making.go_on(batch=batch, now=timezone.now(), by=place.user)
    messages.success(request, _("Codes of the offer are taken again."))
    return redirect("promo_batch", place.merchant.pk, batch.pk)


@members_only(Action.RUN_CAMPAIGNS)
@require_http_methods(["GET", "HEAD", "POST"])
def promo_batch_dates(request: HttpRequest, place: Workplace, batch_id: int) -> HttpResponse:
    batch, now = found(place, batch_id), timezone.now()
    calendar = Calendar(place.program.time_zone, place.program.day_starts_at)
    form = DatesForm(request.POST if request.method == "POST" else None, batch=batch, calendar=calendar)
    back = reverse("promo_batch", args=[place.merchant.pk, batch.pk])
    if form.is_valid():
        starts_at, ends_at = form.dates
        making.set_dates(batch=batch, starts_at=starts_at, ends_at=ends_at, now=now, by=place.user)
        messages.success(request, _("Saved."))
        return redirect(back)
    return render(
        request,
        "shop/confirm.html",
        {
            "title": _("When “%(name)s” runs") % {"name": batch.name},
            "sentence": _("A receipt counts by its own time."),
            "figures": [(_("Now"), time_of(batch))],
            "form": form,
            "verb": _("Save"),
            "danger": False,
            "back": back,
        },
    )


@members_only(Action.RUN_CAMPAIGNS)
@require_POST
def promo_batch_export(request: HttpRequest, place: Workplace, batch_id: int, kind: exports.Kind) -> HttpResponseBase:
    """All codes that nobody was given, with what has become of them. From then on they are out in the world."""
    batch, now = found(place, batch_id), timezone.now()
    zone = ZoneInfo(place.program.time_zone)
    codes = codes_to_take(batch)

    def told(page: Sequence[PromoCode]) -> list[exports.Line]:
        uses = PromoCodeUse.objects.filter(program_id=batch.program_id, code__in=[one.pk for one in page])
        used: dict[Any, Any] = dict(live(uses, now).values_list("code", "at"))
        return [(code_shown(batch, one.code), _moment(used.get(one.pk), zone)) for one in page]

    with transaction.atomic():
        # Noted before they are read: nobody is given one of them meanwhile.
        changing.note_taken_out(batch=batch, now=now, by=place.user)
        made = exports.download(
            request,
            place,
            kind,
            name=f"promo-codes-{batch.pk}",
            titles=[_("Promo code"), _("Used at")],
            body=exports.lines(codes, told, program_id=batch.program_id),
            action="promo_codes.exported",
            narrowed=False,
            back="promo_codes",
            now=now,
        )
        transaction.set_rollback(made.status_code != 200)
    return made


def _moment(value: Any, zone: ZoneInfo) -> Any:
    return value.astimezone(zone) if value else None


@members_only(Action.RUN_CAMPAIGNS)
@require_POST
def promo_batch_print(request: HttpRequest, place: Workplace, batch_id: int) -> HttpResponse:
    """A sheet of QR codes; `from` is the number of the first. From then on they are out in the world."""
    from loyalty.promo import printing as sheet  # noqa: PLC0415  # it takes memory, and few print

    batch, now = found(place, batch_id), timezone.now()
    if batch.state != State.READY:
        raise Http404
    asked = request.POST.get("from", "1")
    start = max(int(asked), 1) if asked.isascii() and asked.isdigit() and len(asked) < 9 else 1
    codes = codes_to_take(batch).order_by("id")
    with transaction.atomic():
        # Noted before they are read: nobody is given one of them meanwhile.
        changing.note_taken_out(batch=batch, now=now, by=place.user)
        rows = list(codes.values_list("code", flat=True)[start - 1 : start - 1 + PRINTED])
        if not rows:
            raise Http404
    return printing.response(sheet.pdf(batch, rows), name=f"promo-codes-{batch.pk}-{start}")
