"""A file of goods: sent, looked through, taken over; and what the tills sold that no file had."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from loyalty.engine.calendar import Calendar
from loyalty.goods import importing, sold
from loyalty.goods.problems import COLUMNS
from loyalty.models import GoodsImport
from loyalty.pages.goods.forms import FileForm, LearnForm, PolicyForm
from loyalty.pages.goods.samples import SAMPLES
from loyalty.sheets import UnreadableError
from merchants import paging
from merchants.access import Action
from merchants.doors import Workplace, members_only

FORM = ["GET", "HEAD", "POST"]


@members_only(Action.EDIT_RULES)
@require_http_methods(FORM)
def goods_import(request: HttpRequest, place: Workplace) -> HttpResponse:
    """Send a file; below, the files that were sent before."""
    form = FileForm(request.POST, request.FILES) if request.method == "POST" else FileForm()
    if form.is_valid():
        file = form.cleaned_data["file"]
        try:
            checked = importing.check(
                program=place.program, file=file, file_name=file.name, by=place.user, now=timezone.now()
            )
        except UnreadableError as error:
            form.add_error("file", str(error))
        else:
            return redirect("goods_import_one", place.merchant.pk, checked.pk)
    imports = GoodsImport.objects.filter(program=place.program).select_related("by").defer("content", "problems")
    page = paging.newest_first(imports, request.GET.get("before", ""))
    return render(request, "goods/import.html", {"form": form, "page": page})


@members_only(Action.EDIT_RULES)
@require_http_methods(FORM)
def goods_import_one(request: HttpRequest, place: Workplace, import_id: int) -> HttpResponse:
    """What a file would do, or did; a POST takes it over."""
    found = GoodsImport.objects.filter(program=place.program).select_related("by").defer("content")
    one = get_object_or_404(found, pk=import_id)
    form = PolicyForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            importing.take_over(
                checked=one,
                policy=GoodsImport.Missing(form.cleaned_data["policy"]),
                by=place.user,
                now=timezone.now(),
            )
        except importing.OvertakenError:
            messages.error(request, _("This file was taken over already, or another one came after it."))
        else:
            messages.success(request, _("The goods are in the directory."))
        return redirect("goods_import_one", place.merchant.pk, one.pk)
    problems = importing.problems_of(one)
    is_waiting = one.status == GoodsImport.Status.CHECKED
    return render(
        request,
        "goods/checked.html",
        {
            "one": one,
            "form": form,
            "columns": [COLUMNS[column] for column in one.columns],
            "problems": [problem for problem in problems if problem.is_refused],
            "questions": [problem for problem in problems if not problem.is_refused],
            "is_waiting": is_waiting,
            "has_goods": one.fresh + one.changed + one.same > 0,
            "has_work": one.fresh + one.changed + one.missing > 0,
        },
    )


@members_only(Action.EDIT_RULES)
@require_safe
def goods_sample(request: HttpRequest, place: Workplace, kind: str) -> HttpResponse:
    """A small file to fill in: `csv` or `yml`."""
    if kind not in SAMPLES:
        raise Http404
    content, content_type = SAMPLES[kind]
    answer = HttpResponse(content, content_type=content_type)
    answer["Content-Disposition"] = f'attachment; filename="goods.{kind}"'
    return answer


@members_only(Action.EDIT_RULES)
@require_http_methods(FORM)
def goods_sold(request: HttpRequest, place: Workplace) -> HttpResponse:
    """What the tills sold and the directory lacks; a POST adds what is chosen."""
    now = timezone.now()
    today = Calendar(place.program.time_zone, place.program.day_starts_at).day_of(now)
    own: dict[str, Any] = {"program_id": place.program.pk, "merchant_id": place.merchant.pk, "today": today}
    goods, names = sold.unknown_goods(**own), sold.unknown_categories(**own)
    form = LearnForm(
        request.POST if request.method == "POST" else None,
        skus=[one.sku for one in goods],
        names=[one.name for one in names],
    )
    if form.is_valid():
        added, fresh = sold.learn(
            **own, skus=form.cleaned_data["sku"], names=form.cleaned_data["category"], by=place.user, now=now
        )
        said = _("Added to the directory: goods %(goods)d, categories %(categories)d.")
        messages.success(request, said % {"goods": added, "categories": fresh})
        return redirect("goods_sold", place.merchant.pk)
    context = {"goods": goods, "categories": names, "form": form, "most": sold.MOST_RECEIPTS, "shown": sold.SHOWN}
    return render(request, "goods/sold.html", context)
