"""Batches of plastic cards: order one, see how many have found their client, print, withdraw."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any, Final, Literal

import msgspec
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from clients.pages.staff.cards.forms import SOURCES, AnyNumberForm, BatchForm, TermsForm
from clients.plastic import making
from clients.plastic.numbers import BadOrder
from clients.plastic.problems import Problem
from loyalty import binding, giving_cards
from loyalty.models import Card, CardBatch, PlasticCard
from loyalty.sheets import UnreadableError
from merchants import audit, exports, paging
from merchants.access import Action, tenant
from merchants.doors import Workplace, members_only

FORM: Final = ["GET", "HEAD", "POST"]
PROBLEMS_SHOWN: Final = 50
# Of a printed file: more than that no browser shows with pleasure.
PRINTED: Final = 500
_PIECE: Final = 1_000
State = CardBatch.State


@members_only(Action.EDIT_CLIENTS)
@require_safe
def card_batches(request: HttpRequest, place: Workplace) -> HttpResponse:
    rows = CardBatch.objects.filter(program=place.program, merchant=place.merchant).defer("content", "problems")
    page = paging.newest_first(rows, request.GET.get("before", ""))
    bound = _bound(place, page.rows)
    any_number = binding.any_number(place.program.pk)
    return render(
        request,
        "cards/list.html",
        {
            "page": page,
            "rows": [(one, bound.get(one.pk, 0), max(one.size - bound.get(one.pk, 0), 0)) for one in page.rows],
            "any_number": any_number,
            "card_terms": giving_cards.terms(place.program.pk),
            "form": AnyNumberForm(initial={"any_number": any_number}) if place.may(Action.EDIT_RULES) else None,
        },
    )


def _bound(place: Workplace, batches: Sequence[CardBatch]) -> dict[int, int]:
    cards = Card.objects.filter(program=place.program, batch__in=[one.pk for one in batches])
    return dict(cards.order_by().values_list("batch").annotate(Count("pk")))


@members_only(Action.EDIT_RULES)
@require_POST
def card_any_number(request: HttpRequest, place: Workplace) -> HttpResponse:
    form = AnyNumberForm(request.POST)
    if form.is_valid():
        binding.let_any_number(
            program_id=place.program.pk, allowed=form.cleaned_data["any_number"], now=timezone.now(), by=place.user
        )
        messages.success(request, _("Saved."))
    return redirect("card_batches", place.merchant.pk)


@members_only(Action.EDIT_RULES)
@require_http_methods(FORM)
def card_terms(request: HttpRequest, place: Workplace) -> HttpResponse:
    """When tills give cards of batches, and for how much."""
    now_are = giving_cards.terms(place.program.pk)
    initial = {"given": now_are.given, "least": typed(now_are.least), "price": typed(now_are.price)}
    form = TermsForm(request.POST if request.method == "POST" else None, initial=initial)
    if form.is_valid():
        giving_cards.set_terms(program_id=place.program.pk, wanted=form.terms, now=timezone.now(), by=place.user)
        messages.success(request, _("Saved."))
        return redirect("card_batches", place.merchant.pk)
    return render(request, "cards/terms.html", {"form": form})


def typed(money: Decimal) -> str:
    """As one would type it; nothing for nothing."""
    return f"{money:f}".removesuffix(".00").replace(".", ",") if money else ""


@members_only(Action.EDIT_CLIENTS)
@require_http_methods(FORM)
def card_batch_new(request: HttpRequest, place: Workplace) -> HttpResponse:
    source = request.GET.get("by", "")
    if source not in SOURCES:
        source = "random"
    form = (
        BatchForm(request.POST, request.FILES, source=source) if request.method == "POST" else BatchForm(source=source)
    )
    if form.is_valid():
        given = form.cleaned_data
        file = given.get("file")
        try:
            batch = making.order_batch(
                merchant=place.merchant,
                name=given["name"],
                line=given.get("line", ""),
                codes=given["codes"],
                order=form.order,
                now=timezone.now(),
                by=place.user,
                file=file,
                file_name=file.name if file else "",
            )
        except BadOrder as bad:
            form.refuse(bad.why)
        except UnreadableError as error:
            form.add_error("file" if file else "last" if source == "range" else None, str(error))
        else:
            return redirect("card_batch", place.merchant.pk, batch.pk)
    return render(request, "cards/new.html", {"form": form, "source": source, "sources": SOURCES.items()})


@members_only(Action.EDIT_CLIENTS)
@require_safe
def card_batch(request: HttpRequest, place: Workplace, batch_id: int) -> HttpResponse:
    batch = _found(place, batch_id)
    if batch.state == State.MAKING:
        alone = request.headers.get("HX-Request")
        return render(request, f"cards/making{'_part' if alone else ''}.html", {"batch": batch})
    if request.headers.get("HX-Request"):
        return HttpResponse(headers={"HX-Refresh": "true"})
    cards = Card.objects.filter(program=place.program, batch=batch).aggregate(
        bound=Count("pk"), blocked=Count("pk", filter=Q(status=Card.Status.BLOCKED))
    )
    ends = PlasticCard.objects.filter(program=place.program, batch=batch)
    first, last = ends.order_by("id").first(), ends.order_by("-id").first()
    problems = msgspec.convert(batch.problems[:PROBLEMS_SHOWN], list[Problem])
    return render(
        request,
        "cards/one.html",
        {
            "batch": batch,
            "waiting": max(batch.size - cards["bound"], 0),
            **cards,
            "first": first,
            "last": last,
            "parts": _parts(batch.size),
            "may_export": _may_export(place),
            "problems": problems,
            "more_problems": max(batch.refused - len(problems), 0),
        },
    )


def _parts(size: int) -> list[tuple[int, int]]:
    """From which card to which one each file is printed."""
    return [(start, min(start + PRINTED - 1, size)) for start in range(1, size + 1, PRINTED)]


@members_only(Action.EDIT_CLIENTS)
@require_http_methods(FORM)
def card_batch_withdraw(request: HttpRequest, place: Workplace, batch_id: int) -> HttpResponse:
    """Or bring back one that is withdrawn."""
    batch = _found(place, batch_id)
    back = reverse("card_batch", args=[place.merchant.pk, batch.pk])
    withdrawn = batch.state == State.WITHDRAWN
    if batch.state not in (State.READY, State.WITHDRAWN):
        return redirect(back)
    if request.method == "POST":
        act = making.bring_back if withdrawn else making.withdraw
        act(batch=batch, now=timezone.now(), by=place.user)
        messages.success(request, _("The batch is back.") if withdrawn else _("The batch is withdrawn."))
        return redirect(back)
    bound = Card.objects.filter(program=place.program, batch=batch).count()
    figures = [(_("Waiting for a client"), max(batch.size - bound, 0)), (_("With clients"), bound)]
    sentence = _("Cards that wait for a client can be bound again.")
    if not withdrawn:
        sentence = _("Cards that nobody has yet can’t be bound any more. Those that clients have go on working.")
    return render(
        request,
        "shop/confirm.html",
        {
            "title": (_("Bring back “%(name)s”?") if withdrawn else _("Withdraw “%(name)s”?")) % {"name": batch.name},
            "sentence": sentence,
            "figures": figures,
            "verb": _("Bring back") if withdrawn else _("Withdraw"),
            "danger": not withdrawn,
            "back": back,
        },
    )


@members_only(Action.EXPORT)
@require_safe
def card_batch_numbers(
    request: HttpRequest, place: Workplace, batch_id: int, kind: Literal["csv", "xlsx"]
) -> HttpResponseBase:
    """For a printing house: the numbers that nobody has yet, in order; with `?all=1` those of clients, too."""
    batch = _to_export(place, batch_id)
    _note(place, batch, kind, whole=_whole(request))
    titles = ["№", _("Card number")]
    body = _lines(place.program.pk, batch.pk, whole=_whole(request))
    try:
        return exports.answer(kind, name=_name(batch), titles=titles, body=body)
    except exports.TooManyRowsError:
        messages.error(request, _("So many cards are better taken as CSV."))
        return redirect("card_batch", place.merchant.pk, batch.pk)


def _lines(program_id: int, batch_id: int, *, whole: bool) -> Iterator[Sequence[exports.Cell]]:
    place, after = 0, 0
    while True:
        with tenant(program_id):
            rows = PlasticCard.objects.filter(program_id=program_id, batch=batch_id, pk__gt=after).order_by("pk")
            piece = list(rows.values_list("pk", "number")[:_PIECE])
            taken = set() if whole else _taken(program_id, [number for _key, number in piece])
        for key, number in piece:
            place, after = place + 1, key
            if number not in taken:
                yield place, number
        if len(piece) < _PIECE:
            return


def _taken(program_id: int, numbers: Sequence[str]) -> set[str]:
    cards = Card.objects.filter(program_id=program_id, number__in=numbers)
    return set(cards.values_list("number", flat=True))


def _whole(request: HttpRequest) -> bool:
    return request.GET.get("all") == "1"


@members_only(Action.EXPORT)
@require_safe
def card_batch_pdf(request: HttpRequest, place: Workplace, batch_id: int) -> HttpResponse:
    """Of five hundred cards from `?from=` those that nobody has yet (with `?all=1` all), on sheets of A4 or, with
    `?sheet=single`, each on a page of its own."""
    from clients.plastic import printing  # noqa: PLC0415  # it takes 18 MB, and most processes never print

    batch = _to_export(place, batch_id)
    start = request.GET.get("from", "1")
    first = int(start) if start.isascii() and start.isdigit() and len(start) < 8 else 1
    rows = PlasticCard.objects.filter(program=place.program, batch=batch).order_by("pk")
    numbers = list(rows.values_list("number", flat=True)[max(first - 1, 0) : max(first - 1, 0) + PRINTED])
    if not numbers:
        raise Http404
    taken = set() if _whole(request) else _taken(place.program.pk, numbers)
    numbers = [number for number in numbers if number not in taken]
    if not numbers:
        messages.info(request, _("All of these cards are with clients already."))
        return redirect("card_batch", place.merchant.pk, batch.pk)
    _note(place, batch, "pdf", whole=_whole(request))
    sheet: printing.Sheet = "single" if request.GET.get("sheet") == "single" else "a4"
    return HttpResponse(
        printing.pdf(batch, numbers, sheet=sheet),
        content_type="application/pdf",
        headers={"Content-Disposition": f'inline; filename="{_name(batch)}-{first}.pdf"'},
    )


@members_only(Action.EDIT_CLIENTS)
@require_safe
def card_batch_errors(request: HttpRequest, place: Workplace, batch_id: int) -> HttpResponseBase:
    """Every row of the file that became no card, and why."""
    batch = _found(place, batch_id)
    problems = msgspec.convert(batch.problems, list[Problem])
    titles = [_("Row"), _("Card number"), _("What is wrong")]
    lines = ((one.row, one.text, one.sentence) for one in problems)
    return exports.answer("csv", name=f"{_name(batch)}-errors", titles=titles, body=lines)


def _found(place: Workplace, batch_id: int) -> CardBatch:
    rows = CardBatch.objects.filter(program=place.program, merchant=place.merchant).defer("content")
    return get_object_or_404(rows.select_related("merchant", "created_by"), pk=batch_id)


def _may_export(place: Workplace) -> bool:
    """A batch is every outlet's."""
    return place.may(Action.EXPORT) and place.outlets is None


def _to_export(place: Workplace, batch_id: int) -> CardBatch:
    if not _may_export(place):
        raise PermissionDenied
    batch = _found(place, batch_id)
    if batch.state not in (State.READY, State.WITHDRAWN) or not batch.size:
        raise Http404
    return batch


def _name(batch: CardBatch) -> str:
    return f"cards-{batch.pk}-{slugify(batch.name)}".rstrip("-")


def _note(place: Workplace, batch: CardBatch, kind: str, *, whole: bool) -> None:
    """Numbers open a client's points where they are bound: the log knows who has had them."""
    details: dict[str, Any] = {"as": kind, "cards": batch.size, "with_clients": whole}
    audit.record(
        program_id=place.program.pk,
        action="card_batch.downloaded",
        at=timezone.now(),
        by=place.user,
        subject=batch,
        details=details,
    )
