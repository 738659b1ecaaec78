"""Forms of the goods: filters, an article, a file, the flags of a category."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from loyalty.goods import cells
from loyalty.goods.products import Particulars
from loyalty.models import GoodsImport, Product
from loyalty.sheets import BadCell, clean
from merchants.forms import PageForm

SHOW: Final[Mapping[str, Promise]] = {
    "": gettext_lazy("On sale"),
    "no_earn": gettext_lazy("Earn no points"),
    "no_redeem": gettext_lazy("Not for points"),
    "no_discount": gettext_lazy("No discounts"),
    "off": gettext_lazy("Off sale"),
}
AS_CATEGORY: Final = [
    ("", gettext_lazy("As its category")),
    ("yes", gettext_lazy("Yes")),
    ("no", gettext_lazy("No")),
]
FLAGS: Final = ("earn", "redeem", "discount")


class FindForm(PageForm):
    """Addresses are edited by hand: what is wrong is as good as empty."""

    q = forms.CharField(
        label=gettext_lazy("Name or SKU"),
        required=False,
        max_length=120,
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off"}),
    )
    category = forms.CharField(
        label=gettext_lazy("Category"),
        required=False,
        max_length=120,
        widget=forms.TextInput(attrs={"list": "categories", "autocomplete": "off"}),
    )
    brand = forms.CharField(
        label=gettext_lazy("Brand"),
        required=False,
        max_length=120,
        widget=forms.TextInput(attrs={"list": "brands", "autocomplete": "off"}),
    )
    show = forms.ChoiceField(label=gettext_lazy("Show"), required=False, choices=list(SHOW.items()))

    def asked(self) -> dict[str, str]:
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value}


class PriceField(forms.CharField):
    """Money as people write it: with a comma, spaces, a currency."""

    def __init__(self, *, label: Any, help_text: Any = "") -> None:
        widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})
        super().__init__(label=label, help_text=help_text, required=False, max_length=30, widget=widget)
        self.digits = 2

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        try:
            return cells.price(text, self.digits)
        except BadCell as bad:
            raise forms.ValidationError(str(_SAID[bad.code])) from bad


_SAID: Final[Mapping[str, Promise]] = {
    "not_a_price": gettext_lazy("Write the price in digits: 199.90"),
    "negative": gettext_lazy("A price is not below zero."),
    "too_fine": gettext_lazy("Too many decimal places."),
    "too_large": gettext_lazy("This price is too large."),
}


class ProductForm(PageForm):
    sku = forms.CharField(
        label=gettext_lazy("SKU"),
        max_length=64,
        help_text=gettext_lazy("Exactly as the till sends it, with its zeros."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    name = forms.CharField(label=gettext_lazy("Name"), max_length=200)
    category = forms.CharField(
        label=gettext_lazy("Category"),
        max_length=120,
        required=False,
        help_text=gettext_lazy("As the till calls it. A new one is added by itself."),
    )
    brand = forms.CharField(label=gettext_lazy("Brand"), max_length=120, required=False)
    price = PriceField(label=gettext_lazy("Price"), help_text=gettext_lazy("For your information: the till’s counts."))
    min_price = PriceField(
        label=gettext_lazy("Lowest price"),
        help_text=gettext_lazy("Discounts and points take no unit below it."),
    )
    earn = forms.ChoiceField(label=gettext_lazy("Earns points"), required=False, choices=AS_CATEGORY)
    redeem = forms.ChoiceField(label=gettext_lazy("Can be paid by points"), required=False, choices=AS_CATEGORY)
    discount = forms.ChoiceField(label=gettext_lazy("Gets discounts"), required=False, choices=AS_CATEGORY)
    is_active = forms.BooleanField(
        label=gettext_lazy("On sale"),
        required=False,
        initial=True,
        help_text=gettext_lazy("What is off sale is not offered for rules. If a rest is sold, its marks still hold."),
    )

    def __init__(self, *args: Any, digits: int, suggest: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("category", "brand"):
            self.fields[name].widget.attrs |= {
                "list": f"{name}-choices",
                "autocomplete": "off",
                "hx-get": f"{suggest}?kind={name}",
                "hx-trigger": "input changed delay:250ms, focus once",
                "hx-target": f"#{name}-choices",
                "hx-swap": "innerHTML",
            }
        for name in ("price", "min_price"):
            field: Any = self.fields[name]
            field.digits = digits

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        for name in ("sku", "name", "category", "brand"):
            if name in data:
                data[name] = clean(data[name])
        for name in ("sku", "name"):
            if name in data and not data[name]:
                self.add_error(name, _("This is empty."))
        price, lowest = data.get("price"), data.get("min_price")
        if price is not None and lowest is not None and lowest > price:
            self.add_error("min_price", _("The lowest price is above the price."))
        return data

    @property
    def particulars(self) -> Particulars:
        flags = {name: {"yes": True, "no": False}.get(self.cleaned_data[name]) for name in FLAGS}
        return Particulars(**{**self.cleaned_data, **flags})


def initial_of(product: Product) -> dict[str, Any]:
    said = {None: "", True: "yes", False: "no"}
    texts = ("sku", "name", "category", "brand", "is_active")
    return {
        **{name: getattr(product, name) for name in texts},
        **{name: said[getattr(product, name)] for name in FLAGS},
        **{name: _price(getattr(product, name)) for name in ("price", "min_price")},
    }


def _price(amount: Any) -> str:
    return "" if amount is None else f"{amount:.2f}".replace(".", ",").removesuffix(",00")


class FileForm(PageForm):
    file = forms.FileField(
        label=gettext_lazy("File"),
        help_text=gettext_lazy(
            "CSV or YML, up to 25 MB and 50,000 goods; packed with gzip, YML up to 100 MB. Nothing changes yet: first"
            " you see what the file would do."
        ),
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,.tsv,.xml,.yml,.gz,text/csv,text/xml,application/xml"}),
        allow_empty_file=True,
    )


class PolicyForm(PageForm):
    policy = forms.ChoiceField(
        label=gettext_lazy("Goods that are not in the file"),
        choices=GoodsImport.Missing.choices,
        initial=GoodsImport.Missing.LEAVE,
        widget=forms.RadioSelect,
    )


class CategoryForm(PageForm):
    earn = forms.BooleanField(label=gettext_lazy("Earns points"), required=False)
    redeem = forms.BooleanField(label=gettext_lazy("Can be paid by points"), required=False)
    discount = forms.BooleanField(label=gettext_lazy("Gets discounts"), required=False)


class LearnForm(forms.Form):
    """Boxes that are drawn in a table: which goods and categories of the receipts to add."""

    sku = forms.MultipleChoiceField(required=False)
    category = forms.MultipleChoiceField(required=False)

    def __init__(self, *args: Any, skus: list[str], names: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        sku, category = self.fields["sku"], self.fields["category"]
        assert isinstance(sku, forms.MultipleChoiceField)  # noqa: S101
        assert isinstance(category, forms.MultipleChoiceField)  # noqa: S101
        sku.choices = [(one, one) for one in skus]
        category.choices = [(one, one) for one in names]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not self.errors and not data.get("sku") and not data.get("category"):
            raise forms.ValidationError(_("Choose something first."))
        return data
