"""An article and a category, by hand."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from loyalty.goods import categories, products
from loyalty.models import Category, Product
from loyalty.pages.goods.forms import FLAGS, CategoryForm, ProductForm, initial_of
from merchants.access import Action
from merchants.doors import Workplace, members_only

FORM = ["GET", "HEAD", "POST"]


@members_only(Action.EDIT_RULES)
@require_http_methods(FORM)
def goods_new(request: HttpRequest, place: Workplace) -> HttpResponse:
    form = _form(request, place)
    if form.is_valid():
        try:
            product = products.add(
                program_id=place.program.pk, particulars=form.particulars, by=place.user, now=timezone.now()
            )
        except products.SkuTakenError:
            form.add_error("sku", _("Another product has this SKU."))
        else:
            messages.success(request, _("“%(name)s” is in the directory.") % {"name": product.name})
            return redirect("goods", place.merchant.pk)
    return render(request, "goods/product.html", {"form": form, "product": None})


@members_only(Action.EDIT_RULES)
@require_http_methods(FORM)
def product(request: HttpRequest, place: Workplace, product_id: int) -> HttpResponse:
    one = get_object_or_404(Product, program=place.program, pk=product_id)
    form = _form(request, place, one)
    if form.is_valid():
        try:
            changed = products.edit(product=one, particulars=form.particulars, by=place.user, now=timezone.now())
        except products.SkuTakenError:
            form.add_error("sku", _("Another product has this SKU."))
        else:
            messages.success(request, _("Saved.") if changed else _("Nothing was changed."))
            return redirect("goods", place.merchant.pk)
    return render(request, "goods/product.html", {"form": form, "product": one})


def _form(request: HttpRequest, place: Workplace, one: Product | None = None) -> ProductForm:
    return ProductForm(
        request.POST if request.method == "POST" else None,
        initial=initial_of(one) if one else {},
        digits=place.program.currency_digits,
        suggest=reverse("goods_suggest", args=[place.merchant.pk]),
    )


@members_only(Action.EDIT_RULES)
@require_http_methods(FORM)
def goods_category(request: HttpRequest, place: Workplace, category_id: int) -> HttpResponse:
    """The flags of a category, and of all that stand in it."""
    one = get_object_or_404(Category, program=place.program, pk=category_id)
    form = CategoryForm(
        request.POST if request.method == "POST" else None, initial={flag: getattr(one, flag) for flag in FLAGS}
    )
    if form.is_valid():
        n = categories.set_flags(category=one, flags=form.cleaned_data, by=place.user, now=timezone.now())
        said = ngettext("Saved for %(n)d category.", "Saved for %(n)d categories, with those below.", n)
        messages.success(request, said % {"n": n})
        return redirect("goods_categories", place.merchant.pk)
    path = categories.paths(place.program.pk).get(one.name, one.name)
    return render(request, "goods/category.html", {"form": form, "category": one, "path": path})
