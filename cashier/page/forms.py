from __future__ import annotations

from typing import Any

from django import forms
from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _

from cashier.api.input.texts import CLEAN
from cashier.page.codes import code_in
from cashier.page.numbers import money_field, points_field, quantity_field
from clients.birthdays import BirthdayField
from loyalty.certificates.codes import may_be
from loyalty.presence import DIGITS
from merchants.forms import PageForm

MOST_LINES = 100
MOST_CODES, LONGEST_CODE = 5, 40
# With scripts the quote is computed while one types, a code only when it is whole: a wrong one is counted.
WHILE_TYPING = {"hx-post": "", "hx-trigger": "input changed delay:400ms"}
WHEN_DONE = {"hx-post": "", "hx-trigger": "change"}
clean = RegexValidator(CLEAN, _("There are characters that can't be seen or change the direction of writing."))


def text_field(*, limit: int, **options: Any) -> forms.CharField:
    return forms.CharField(**{"required": False, "max_length": limit, "validators": [clean], **options})


class FindForm(PageForm):
    """What was keyed in or scanned. A scanner ends with Enter, which sends the form."""

    q = text_field(
        limit=300,
        required=True,
        label=_("Phone, card or code"),
        help_text=_("Whole, or the last four digits. A code from the client’s phone has six."),
        widget=forms.TextInput(
            attrs={"inputmode": "tel", "autocomplete": "off", "autofocus": True, "enterkeyhint": "search"}
        ),
    )


class ReceiptForm(PageForm):
    """A receipt as it is keyed in: one sum here, or lines in a `LineForms`."""

    total = money_field(label=_("Sum of the receipt"), required=False)
    receipt_number = text_field(limit=64, label=_("Receipt number"))
    points = points_field(label=_("Points to spend"), required=False)
    confirmation = text_field(
        limit=DIGITS,
        label=_("Code of the client"),
        help_text=_("Four digits from the message, or six from the client’s card on the phone."),
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )

    promo = text_field(
        limit=200,
        label=_("Promo code"),
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}),
    )

    certificate = text_field(
        limit=400,
        label=_("Gift certificate"),
        help_text=_("Its code; several stand apart by commas."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}),
    )

    def clean_promo(self) -> str:
        """Several stand apart by spaces or commas; each counts once."""
        codes = list(dict.fromkeys(self.cleaned_data["promo"].replace(",", " ").upper().split()))
        if len(codes) > MOST_CODES or any(len(code) > LONGEST_CODE for code in codes):
            raise forms.ValidationError(_("This is no promo code."))
        return " ".join(codes)

    def clean_certificate(self) -> list[str]:
        """The codes, each once. A slip of the finger is told without asking anybody."""
        found = [code_in(part) for part in self.cleaned_data["certificate"].split(",") if part.strip()]
        if len(found) > MOST_CODES or not all(may_be(code) for code in found):
            raise forms.ValidationError(_("There is a mistake in the code: check it letter by letter."))
        return list(dict.fromkeys(found))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["certificate"].widget.attrs.update(WHEN_DONE)
        self.fields["promo"].widget.attrs.update(WHEN_DONE)
        self.fields["total"].widget.attrs.update(
            {"enterkeyhint": "go", "placeholder": "0,00", "autofocus": True, **WHILE_TYPING}
        )
        self.fields["points"].widget.attrs.update({"placeholder": "0", **WHILE_TYPING})
        self.fields["confirmation"].widget.attrs.update(WHEN_DONE)


class LineForm(PageForm):
    """One line; an empty one does not count."""

    name = text_field(limit=200, label=_("Goods"))
    quantity = quantity_field(label=_("Qty"), required=False)
    price = money_field(label=_("Price"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("quantity", "price"):
            self.fields[name].widget.attrs.update(WHILE_TYPING)
        self.fields["quantity"].widget.attrs["placeholder"] = "1"

    @property
    def is_filled(self) -> bool:
        return any(self.cleaned_data.get(name) not in (None, "") for name in self.fields)


LineForms = forms.formset_factory(LineForm, extra=0, max_num=MOST_LINES, absolute_max=MOST_LINES)


class EnrolForm(PageForm):
    phone = text_field(
        limit=40,
        required=True,
        label=_("Phone"),
        widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "off", "type": "tel"}),
    )
    name = text_field(limit=120, label=_("Name of the client"), widget=forms.TextInput(attrs={"autocomplete": "off"}))
    birthday = BirthdayField(label=_("Birthday"))
    invited_by = text_field(
        limit=40,
        label=_("Who invited (phone or card)"),
        widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "off"}),
    )
    card = text_field(
        limit=60,
        label=_("Number of the plastic card"),
        help_text=_("If the client is given one: scan it, or type the number."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    agreed = forms.BooleanField(
        label=_("The client has agreed to the processing of his data"),
        error_messages={"required": _("Without the client’s consent nothing may be stored. Ask for it.")},
    )

    def __init__(self, *args: Any, referrals: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not referrals:
            del self.fields["invited_by"]


class BindForm(PageForm):
    """A plastic card, scanned or keyed in."""

    q = text_field(
        limit=60,
        required=True,
        label=_("Number of the plastic card"),
        help_text=_("Scan the barcode or the QR code, or type the number."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "autofocus": True, "spellcheck": "false"}),
    )
    # What the page has told the cashier that the card costs.
    price = money_field(required=False, widget=forms.HiddenInput)


class CardBackForm(PageForm):
    """The key of a card that was sold."""

    back = forms.IntegerField(min_value=1, max_value=2**63 - 1, widget=forms.HiddenInput)


class PinForm(PageForm):
    """`cashier` is the button of a name that was pressed."""

    cashier = forms.IntegerField(widget=forms.HiddenInput)
    pin = forms.CharField(
        label=_("PIN"),
        max_length=6,
        widget=forms.PasswordInput(
            attrs={"inputmode": "numeric", "autocomplete": "off", "autofocus": True, "pattern": "[0-9]*"}
        ),
    )


class DeviceForm(PageForm):
    name = text_field(
        limit=80,
        required=True,
        label=_("What to call this phone"),
        help_text=_("The manager sees the name in the list of connected phones and can switch the phone off there."),
    )


class ReturnForm(PageForm):
    """What comes back: everything, a sum, or quantities of lines (fields `line-0`, `line-1`, …)."""

    amount = money_field(label=_("Sum to return"), required=False)
    reason = text_field(limit=250, label=_("Reason"))

    def __init__(self, *args: Any, lines: Any = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for line in lines:
            self.fields[f"line-{line.position}"] = quantity_field(
                required=False, label=line.name or _("Line %(n)s") % {"n": line.position + 1}
            )
        for field in self.fields.values():
            field.template_name = "forms/field.html"  # type: ignore[attr-defined]  # unknown to the stubs
