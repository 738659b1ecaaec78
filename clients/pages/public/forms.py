from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clients.birthdays import BirthdayField, Born, fields_of
from clients.consents import ASKED, Kind, Text
from clients.enrolment import Consented, NotABirthdayError, check_birthday
from clients.joining import Applicant
from clients.phones import NotAPhoneError, e164
from merchants.forms import PageForm

# What each tick says: short, because the whole text stands beside it.
TICKS = {
    Kind.PROCESSING: gettext_lazy("I agree to the processing of my personal data"),
    Kind.ADVERTISING: gettext_lazy("I agree to receive advertising: promotions and news"),
    Kind.PARTNERS: gettext_lazy("I agree that my data are given to the partners of the programme"),
    Kind.NOTICES: gettext_lazy("Tell me about my purchases and points by e-mail"),
}


class JoinForm(PageForm):
    """What a newcomer says of himself; the ticks are his own, never ours."""

    phone = forms.CharField(
        label=gettext_lazy("Phone"),
        max_length=40,
        widget=forms.TextInput(
            attrs={"type": "tel", "inputmode": "tel", "autocomplete": "tel", "placeholder": "+7 900 000-00-00"}
        ),
    )
    name = forms.CharField(
        label=gettext_lazy("Your name"),
        required=False,
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    birthday = BirthdayField(
        label=gettext_lazy("Birthday"),
        help_text=gettext_lazy("Optional, and so is the year."),
        autocomplete="bday",
    )
    email = forms.EmailField(
        label=gettext_lazy("E-mail"),
        required=False,
        help_text=gettext_lazy("Optional."),
        # The placeholder is what CSS tells an empty field by.
        widget=forms.EmailInput(attrs={"autocomplete": "email", "placeholder": " "}),
    )
    # People don't see it; programs that fill in everything do.
    website = forms.CharField(required=False, widget=forms.TextInput(attrs={"tabindex": "-1", "autocomplete": "off"}))

    def __init__(self, *args: Any, texts: dict[Kind, Text], **kwargs: Any) -> None:
        self.texts = texts
        super().__init__(*args, **kwargs)
        self.asked = [kind for kind in ASKED if kind in texts]
        for kind in self.asked:
            self.fields[kind] = forms.BooleanField(
                label=TICKS[kind],
                required=kind == Kind.PROCESSING,
                error_messages={"required": gettext_lazy("Without this consent we may not open a card for you.")},
            )
            self.fields[kind].template_name = "forms/field.html"  # type: ignore[attr-defined]  # unknown to the stubs

    @property
    def ticks(self) -> list[tuple[forms.BoundField, Text]]:
        return [(self[kind], self.texts[kind]) for kind in self.asked]

    def clean_phone(self) -> str:
        try:
            return e164(self.cleaned_data["phone"])
        except NotAPhoneError as error:
            raise forms.ValidationError(_("There is no such number: write it as +7 916 123-45-67.")) from error

    def clean_birthday(self) -> Born | None:
        born: Born | None = self.cleaned_data["birthday"]
        try:
            check_birthday(born.day if born else None, timezone.now())
        except NotABirthdayError as error:
            raise forms.ValidationError(_("Check the year: nobody is born on that day.")) from error
        return born

    def applicant(self, source: str) -> Applicant:
        said = self.cleaned_data
        # Who gives no address was not asked about letters to it.
        asked = [kind for kind in self.asked if kind != Kind.NOTICES or said["email"]]
        return Applicant(
            phone=said["phone"],
            consents=tuple(Consented(kind, given=said[kind], text_version=self.texts[kind].version) for kind in asked),
            source=source,
            name=" ".join(said["name"].split()),
            **fields_of(said["birthday"]),
            email=said["email"],
        )


class CodeForm(PageForm):
    code = forms.CharField(
        label=gettext_lazy("Code from the message"),
        max_length=20,
        widget=forms.TextInput(
            attrs={"inputmode": "numeric", "autocomplete": "one-time-code", "autofocus": True, "class": "code-field"}
        ),
    )

    def clean_code(self) -> str:
        return "".join(sign for sign in self.cleaned_data["code"] if sign.isdecimal())


class CardConsentsForm(PageForm):
    """What a client may change on his card: the letters he gets, and where to."""

    email = forms.EmailField(
        label=gettext_lazy("E-mail"), required=False, widget=forms.EmailInput(attrs={"autocomplete": "email"})
    )

    def __init__(self, *args: Any, texts: dict[Kind, Text], **kwargs: Any) -> None:
        self.texts = texts
        super().__init__(*args, **kwargs)
        self.asked = [kind for kind in (Kind.NOTICES, Kind.ADVERTISING, Kind.PARTNERS) if kind in texts]
        for kind in self.asked:
            self.fields[kind] = forms.BooleanField(label=TICKS[kind], required=False)
            self.fields[kind].template_name = "forms/field.html"  # type: ignore[attr-defined]  # unknown to the stubs

    @property
    def ticks(self) -> list[tuple[forms.BoundField, Text]]:
        return [(self[kind], self.texts[kind]) for kind in self.asked]

    def clean(self) -> dict[str, Any]:
        said = super().clean() or self.cleaned_data
        if said.get(Kind.NOTICES) and not said.get("email") and "email" not in self.errors:
            self.add_error("email", _("Where to? Write your address."))
        return said


class TextsForm(PageForm):
    """A merchant's own words for the consents that clients are asked for."""

    def __init__(self, *args: Any, texts: dict[Kind, Text], **kwargs: Any) -> None:
        kwargs.setdefault("initial", {str(kind): text.text for kind, text in texts.items()})
        super().__init__(*args, **kwargs)
        for kind in texts:
            self.fields[kind] = forms.CharField(
                label=TICKS[kind],
                required=False,
                max_length=10_000,
                help_text=gettext_lazy("Leave it empty for the built-in text."),
                widget=forms.Textarea(attrs={"rows": 12}),
            )
            self.fields[kind].template_name = "forms/field.html"  # type: ignore[attr-defined]  # unknown to the stubs
