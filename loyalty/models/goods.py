from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import Q
from django.db.models.functions import Upper
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from loyalty.models.fields import MoneyField
from merchants.models import Program, TenantManager


class Category(models.Model):
    """A category by the flat name that tills send. `parent` is for people: rules and tills know the name alone.

    What the flags say holds for all its goods that say nothing themselves.
    """

    program = models.ForeignKey(Program, models.PROTECT, related_name="+", db_index=False)
    name = models.CharField(_("name"), max_length=120)
    parent = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, related_name="+", db_index=False)
    earn = models.BooleanField(_("earns points"), default=True)
    redeem = models.BooleanField(_("can be paid by points"), default=True)
    discount = models.BooleanField(_("gets discounts"), default=True)

    objects = TenantManager()

    class Meta:
        verbose_name = _("category of goods")
        verbose_name_plural = _("categories of goods")
        constraints = [models.UniqueConstraint("program", "name", name="category_name_unique")]

    def __str__(self) -> str:
        return self.name


class ProductQuerySet(models.QuerySet["Product"]):
    def matching(self, part: str) -> ProductQuerySet:
        """Goods with this part of a name or of an SKU. Of one or two letters: names and SKUs that begin so."""
        if len(part) > 2:
            return self.filter(Q(name__icontains=part) | Q(sku__icontains=part))
        return self.filter(Q(name__istartswith=part) | Q(sku__istartswith=part))


class Product(models.Model):
    """One article of the directory, by the SKU that tills send.

    A flag that is None is as the category says; without a category, «yes». Goods that are no longer active are not
    offered to anybody, but what their flags say still holds: a rest of them may be sold.
    """

    class Source(models.TextChoices):
        FILE = "file", _("from a file")
        HAND = "hand", _("by hand")
        TILL = "till", _("from receipts")

    program = models.ForeignKey(Program, models.PROTECT, related_name="+", db_index=False)
    sku = models.CharField(_("SKU"), max_length=64)
    name = models.CharField(_("name"), max_length=200)
    category = models.CharField(_("category"), max_length=120, blank=True)
    brand = models.CharField(_("brand"), max_length=120, blank=True)
    price = MoneyField(_("price"), null=True, blank=True)
    min_price = MoneyField(_("lowest price"), null=True, blank=True)
    earn = models.BooleanField(_("earns points"), null=True, blank=True)
    redeem = models.BooleanField(_("can be paid by points"), null=True, blank=True)
    discount = models.BooleanField(_("gets discounts"), null=True, blank=True)
    is_active = models.BooleanField(_("on sale"), default=True)
    source = models.CharField(_("where from"), max_length=4, choices=Source.choices)
    updated_at = models.DateTimeField(_("changed"), default=timezone.now)

    objects = TenantManager.from_queryset(ProductQuerySet)()

    class Meta:
        verbose_name = _("product")
        verbose_name_plural = _("goods")
        constraints = [
            models.UniqueConstraint("program", "sku", name="product_sku_unique"),
            models.CheckConstraint(
                condition=(Q(price=None) | Q(price__gte=0)) & (Q(min_price=None) | Q(min_price__gte=0)),
                name="product_prices_not_negative",
            ),
        ]
        indexes = [
            # Lists go by name, whole or of one category or brand.
            models.Index("program", "name", "id", name="product_name"),
            models.Index("program", "category", "name", "id", name="product_category"),
            models.Index("program", "brand", "name", "id", name="product_brand"),
            GinIndex(OpClass(Upper("name"), name="gin_trgm_ops"), name="product_name_trigrams"),
            GinIndex(OpClass(Upper("sku"), name="gin_trgm_ops"), name="product_sku_trigrams"),
        ]

    def __str__(self) -> str:
        return self.name


class GoodsImport(models.Model):
    """A file of goods that somebody looked through, and perhaps took over.

    `content` is what was read of it, packed, until it is taken over or another file comes: one at a time in a
    programme.
    """

    class Status(models.TextChoices):
        CHECKED = "checked", _("checked")
        APPLIED = "applied", _("taken over")
        DROPPED = "dropped", _("not taken over")

    class Missing(models.TextChoices):
        """What becomes of goods that the file lacks."""

        LEAVE = "leave", _("leave them as they are")
        RETIRE = "retire", _("take them off sale")

    program = models.ForeignKey(Program, models.PROTECT, related_name="+", db_index=False)
    status = models.CharField(_("status"), max_length=8, choices=Status.choices, default=Status.CHECKED)
    file_name = models.CharField(_("file"), max_length=120)
    at = models.DateTimeField(_("when"), default=timezone.now)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    # Which columns the file has, by our names; the headers of those that nobody needed.
    columns = models.JSONField(default=list)
    unused = models.JSONField(default=list)
    # The first of the lines that were refused or raise a question.
    problems: models.JSONField[Any, Any] = models.JSONField(default=list)
    refused = models.PositiveIntegerField(_("refused"), default=0)
    fresh = models.PositiveIntegerField(_("new"), default=0)
    changed = models.PositiveIntegerField(_("changed"), default=0)
    same = models.PositiveIntegerField(_("unchanged"), default=0)
    missing = models.PositiveIntegerField(_("not in the file"), default=0)
    policy = models.CharField(max_length=6, choices=Missing.choices, default=Missing.LEAVE)
    content = models.BinaryField(null=True)

    objects = TenantManager()

    class Meta:
        verbose_name = _("import of goods")
        verbose_name_plural = _("imports of goods")
        indexes = [models.Index("program", "id", name="goods_import_newest")]

    def __str__(self) -> str:
        return self.file_name
