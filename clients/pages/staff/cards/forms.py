"""Forms about cards."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from clients.plastic.numbers import MOST, Order, Why
from loyalty.giving_cards import ZERO, Terms
from loyalty.models import Card, CardBatch
from loyalty.pages.goods.forms import PriceField
from merchants.forms import PageForm

SOURCES: Final[Mapping[str, Promise]] = {
    "random": gettext_lazy("Random numbers"),
    "range": gettext_lazy("Numbers in a row"),
    "file": gettext_lazy("Cards that are printed already"),
}
WRONG: Final[Mapping[Why, tuple[str, Promise]]] = {
    "prefix": ("prefix", gettext_lazy("Latin letters, digits and hyphens, 12 at most; for EAN-13 digits alone.")),
    "digits": ("last", gettext_lazy("With the beginning, the number gets too long.")),
    "backwards": ("last", gettext_lazy("The last number is not below the first one.")),
    "virtual": ("prefix", gettext_lazy("Numbers that begin with 29 are kept for cards on phones.")),
    "misread": (
        "prefix",
        gettext_lazy("Tills would take such numbers for a phone or a code: add something at the beginning."),
    ),
}


class BatchForm(PageForm):
    """What all batches have; each source adds its own fields."""

    name = forms.CharField(
        label=gettext_lazy("Name of the batch"),
        max_length=80,
        help_text=gettext_lazy("For yourself, as “Blue cards, autumn”. Clients don’t see it."),
    )

    def __init__(self, *args: Any, source: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.source = source
        self.fields |= {
            "range": self._of_range,
            "random": self._of_random,
            "file": self._of_file,
        }[source]()
        if source != "file":
            self.fields["line"] = forms.CharField(
                label=gettext_lazy("Line on the card"),
                max_length=60,
                required=False,
                help_text=gettext_lazy("Under the name of the shop, as “Cashback on every purchase”. May stay empty."),
            )
        self.fields["codes"] = forms.ChoiceField(
            label=gettext_lazy("Codes on the card"), choices=CardBatch.Codes.choices, initial=CardBatch.Codes.BOTH
        )
        for field in self.fields.values():
            field.template_name = "forms/field.html"  # type: ignore[attr-defined]  # unknown to the stubs

    def _of_range(self) -> dict[str, forms.Field]:
        return {
            "prefix": forms.CharField(
                label=gettext_lazy("Beginning of every number"), max_length=12, required=False, initial="27"
            ),
            "first": _number(gettext_lazy("From"), initial=1),
            "last": _number(gettext_lazy("Through"), initial=100),
            "check": forms.BooleanField(
                label=gettext_lazy("EAN-13: thirteen digits with a check digit"),
                required=False,
                initial=True,
                help_text=gettext_lazy("Any scanner reads it. Otherwise the number stays as it is, in Code 128."),
            ),
        }

    def _of_random(self) -> dict[str, forms.Field]:
        return {"count": _number(gettext_lazy("How many cards"), initial=100, most=MOST)}

    def _of_file(self) -> dict[str, forms.Field]:
        return {
            "file": forms.FileField(
                label=gettext_lazy("File of numbers"),
                help_text=gettext_lazy(
                    "CSV, TXT or XLSX, up to 100,000 rows: a number in each, or a column “Card number”."
                ),
                widget=forms.FileInput(attrs={"accept": ".csv,.txt,.xlsx"}),
            )
        }

    @property
    def order(self) -> Order:
        given = self.cleaned_data
        if self.source == "range":
            return Order(
                source="range",
                prefix=given["prefix"],
                first=given["first"],
                last=given["last"],
                check=given["check"],
            )
        return Order(source="random", count=given["count"]) if self.source == "random" else Order(source="file")

    def refuse(self, why: Why) -> None:
        if why == "too_many":
            said = ngettext("Up to %(most)s card in a batch.", "Up to %(most)s cards in a batch.", MOST)
            self.add_error(
                "last" if self.source == "range" else "count", said % {"most": f"{MOST:,}".replace(",", " ")}
            )
            return
        field, sentence = WRONG[why]
        self.add_error(field if field in self.fields else "count", str(sentence))


def _number(label: Any, *, initial: int, most: int = 10**12 - 1) -> forms.IntegerField:
    return forms.IntegerField(label=label, min_value=1 if most == MOST else 0, max_value=most, initial=initial)


class AnyNumberForm(PageForm):
    any_number = forms.BooleanField(
        label=gettext_lazy("Bind cards with any number"),
        required=False,
        help_text=gettext_lazy(
            "For old cards that no batch knows. A number that was mistyped is bound, too: better load the numbers as "
            "a batch."
        ),
    )


class TermsForm(PageForm):
    """How tills give cards. `terms` once it is valid."""

    given = forms.ChoiceField(
        label=gettext_lazy("When a till gives a card"),
        choices=[
            ("at_once", gettext_lazy("At once: on joining, or whenever the client asks")),
            ("first_purchase", gettext_lazy("After the first purchase")),
            ("receipt", gettext_lazy("For a receipt of the day from a sum, one card for each")),
        ],
        widget=forms.RadioSelect,
    )
    least = PriceField(
        label=gettext_lazy("Receipt from"),
        help_text=gettext_lazy("What was paid in money, less what was returned. Only for cards given for a receipt."),
    )
    price = PriceField(
        label=gettext_lazy("Price of a card"),
        help_text=gettext_lazy(
            "Empty: cards are given for nothing. The money stands apart from receipts and earns no points."
        ),
    )

    def clean(self) -> None:
        given, least = self.cleaned_data.get("given"), self.cleaned_data.get("least")
        if given == "receipt" and not least and "least" not in self.errors:
            self.add_error("least", _("Say from which sum a receipt gives a card."))

    @property
    def terms(self) -> Terms:
        given = self.cleaned_data
        return Terms(given["given"], given["least"] or ZERO, given["price"] or ZERO)


class BindForm(PageForm):
    number = forms.CharField(
        label=gettext_lazy("Number of the card"),
        max_length=60,
        help_text=gettext_lazy("Scan the barcode or type the number. Spaces don’t count."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "autofocus": True, "spellcheck": "false"}),
    )


class BlockCardForm(PageForm):
    why = forms.ChoiceField(
        label=gettext_lazy("What has happened"),
        choices=[choice for choice in Card.Why.choices if choice[0] != Card.Why.REPLACED],
    )
    note = forms.CharField(label=gettext_lazy("In words"), max_length=250, required=False)


class NoteForm(PageForm):
    note = forms.CharField(label=gettext_lazy("Reason"), max_length=250)


class ReplaceForm(BindForm):
    """A virtual card needs no number: one is drawn."""

    note = forms.CharField(label=gettext_lazy("In words"), max_length=250, required=False)

    def __init__(self, *args: Any, card: Card, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if card.kind == Card.Kind.VIRTUAL:
            del self.fields["number"]
        else:
            self.fields["number"].label = _("Number of the new card")
