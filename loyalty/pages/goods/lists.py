"""The directory of goods, by name; its categories; what may be picked from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.db.models import Count, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from loyalty.goods import categories, picking
from loyalty.models import Category, Product
from loyalty.pages.goods.forms import FLAGS, FindForm
from merchants import paging
from merchants.access import Action
from merchants.doors import Workplace, members_only

SIZE: Final = 50
MOST_CATEGORIES: Final = 300
MOST_CHOICES: Final = 300


@dataclass(frozen=True)
class Row:
    """An article and what may not be done with it, in words."""

    product: Product
    without: list[str]


@members_only(Action.SEE_RULES)
@require_safe
def goods(request: HttpRequest, place: Workplace) -> HttpResponse:
    form = FindForm(request.GET)
    asked = form.asked()
    anchor = _anchor(place, request.GET.get("after", ""))
    rows = list(_after(_found(place, asked), anchor).order_by("name", "pk")[: SIZE + 1])
    page = rows[:SIZE]
    flags = {one.name: one for one in Category.objects.filter(name__in={row.category for row in page})}
    return render(
        request,
        "goods/list.html",
        {
            "form": form,
            "rows": [Row(row, without(row, flags.get(row.category))) for row in page],
            "asked": bool(asked),
            "further": page[-1].pk if len(rows) > SIZE else None,
            "is_first": anchor is None,
            "categories": Category.objects.order_by("name").values_list("name", flat=True)[:MOST_CHOICES],
            "brands": picking.brands(place.program.pk, limit=MOST_CHOICES),
            "may_edit": place.may(Action.EDIT_RULES),
        },
    )


def without(product: Product, category: Category | None) -> list[str]:
    said = {"earn": _("earns no points"), "redeem": _("not for points"), "discount": _("no discounts")}
    return [said[flag] for flag in FLAGS if not _holds(product, category, flag)]


def _holds(product: Product, category: Category | None, flag: str) -> bool:
    own = getattr(product, flag)
    return bool(own if own is not None else getattr(category, flag, True))


def _found(place: Workplace, asked: dict[str, str]) -> QuerySet[Product]:
    rows = Product.objects.filter(program=place.program)
    show = asked.get("show", "")
    rows = rows.filter(is_active=show != "off")
    if part := " ".join(asked.get("q", "").split()):
        rows = rows.matching(part)
    for name in ("category", "brand"):
        if name in asked:
            rows = rows.filter(**{name: asked[name]})
    flag = show.removeprefix("no_")
    if flag in FLAGS:
        kept_off = Category.objects.filter(program=place.program, **{flag: False}).values("name")
        rows = rows.filter(Q(**{flag: False}) | Q(**{flag: None}, category__in=kept_off))
    return rows


def _anchor(place: Workplace, cursor: str) -> Product | None:
    """The last article of the page before; people edit addresses."""
    key = paging.key_of(cursor)
    return None if key is None else Product.objects.filter(program=place.program, pk=key).only("name").first()


def _after(rows: QuerySet[Product], anchor: Product | None) -> QuerySet[Product]:
    if anchor is None:
        return rows
    # The first condition is where an index is entered, the second drops the names alike.
    return rows.filter(Q(name__gt=anchor.name) | Q(name=anchor.name, pk__gt=anchor.pk), name__gte=anchor.name)


@members_only(Action.SEE_RULES)
@require_safe
def goods_categories(request: HttpRequest, place: Workplace) -> HttpResponse:
    part = " ".join(request.GET.get("q", "")[:120].replace("\0", "").split())
    found = Category.objects.filter(program=place.program)
    rows = list((found.filter(name__icontains=part) if part else found).order_by("name")[: MOST_CATEGORIES + 1])
    shown = rows[:MOST_CATEGORIES]
    named = Product.objects.filter(program=place.program, is_active=True, category__in=[row.name for row in shown])
    counts = dict(named.order_by().values("category").annotate(n=Count("pk")).values_list("category", "n"))
    paths = categories.paths(place.program.pk) if shown else {}
    return render(
        request,
        "goods/categories.html",
        {
            "rows": [(row, paths.get(row.name, row.name), counts.get(row.name, 0)) for row in shown],
            "has_more": len(rows) > MOST_CATEGORIES,
            "q": part,
            "may_edit": place.may(Action.EDIT_RULES),
        },
    )


@members_only(Action.EDIT_RULES)
@require_safe
def goods_suggest(request: HttpRequest, place: Workplace) -> HttpResponse:
    """`<option>`s for a datalist: `?kind=sku|category|brand&q=…`. Of htmx, the field that asks may have any name."""
    kind = next((kind for kind in picking.KINDS if kind == request.GET.get("kind")), None)
    if kind is None:
        raise Http404
    asking = request.htmx.trigger_name or ""  # type: ignore[attr-defined]  # the middleware's
    text = request.GET.get("q", request.GET.get(asking, ""))
    return render(request, "goods/suggest.html", {"choices": picking.suggest(place.program.pk, kind, text)})
