"""The forms about clients."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clients.birthdays import BirthdayField, Born, fields_of
from clients.editing import Particulars
from clients.enrolment import NotABirthdayError, NotAnEmailError, check_birthday, check_email
from clients.phones import NotAPhoneError, e164
from loyalty.engine.earning import lot_dates
from loyalty.engine.quantities import unit
from loyalty.engine.rulebook import Rulebook
from loyalty.templatetags.kopilka import through
from merchants.forms import PageForm

MOST_TAGS: Final = 20
MOST_POINTS: Final = Decimal(9_999_999)
FURTHEST: Final = dt.timedelta(days=3660)

SHOWN: Final[Mapping[str, Promise]] = {
    "": gettext_lazy("All clients"),
    "debt": gettext_lazy("With a debt"),
    "blocked": gettext_lazy("Blocked"),
    "birthday": gettext_lazy("Birthday within two weeks"),
}
REASONS: Final[Mapping[str, Promise]] = {
    "gift": gettext_lazy("Gift"),
    "apology": gettext_lazy("Apology to the client"),
    "forgotten": gettext_lazy("The card was not shown at the purchase"),
    "mistake": gettext_lazy("Correction of a mistake"),
    "prize": gettext_lazy("Prize of a contest"),
    "other": gettext_lazy("Another reason"),
}


class DayInput(forms.DateInput):
    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class FindForm(PageForm):
    """Filters of the list. Addresses are edited by hand: what is wrong is as good as empty."""

    q = forms.CharField(
        label=gettext_lazy("Find"),
        required=False,
        max_length=60,
        widget=forms.TextInput(
            attrs={
                "type": "search",
                "placeholder": gettext_lazy("Name, phone or card number"),
                "autocomplete": "off",
                "maxlength": 60,
            }
        ),
    )
    tier = forms.ChoiceField(label=gettext_lazy("Tier"), required=False)
    show = forms.ChoiceField(label=gettext_lazy("Show"), required=False, choices=list(SHOWN.items()))

    def __init__(self, *args: Any, rulebook: Rulebook, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        titles = [(tier.id, tier.title) for tier in rulebook.tiers]
        self.fields["tier"].choices = [("", _("All tiers")), *titles]  # type: ignore[attr-defined]
        if not titles:
            del self.fields["tier"]

    def asked(self, name: str) -> str:
        self.is_valid()
        return str(self.cleaned_data.get(name, ""))


class TagsField(forms.CharField):
    """«подруги, опт» as a list of tags."""

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value) or ""
        tags = dict.fromkeys(" ".join(tag.split()) for tag in text.split(","))
        return [tag for tag in tags if tag]

    def clean(self, value: Any) -> Any:
        self.run_validators(str(value or ""))
        tags = self.to_python(value)
        if len(tags) > MOST_TAGS:
            raise forms.ValidationError(_("No more than %(most)s tags, please.") % {"most": MOST_TAGS})
        if any(len(tag) > 40 for tag in tags):
            raise forms.ValidationError(_("A tag has 40 characters at most."))
        return tags


class ClientForm(PageForm):
    phone = forms.CharField(
        label=gettext_lazy("Phone"),
        max_length=40,
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "off", "inputmode": "tel"}),
    )
    name = forms.CharField(
        label=gettext_lazy("Client's name"),
        max_length=120,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    birthday = BirthdayField(label=gettext_lazy("Birthday"))
    email = forms.EmailField(
        label=gettext_lazy("E-mail"), required=False, widget=forms.EmailInput(attrs={"autocomplete": "off"})
    )
    note = forms.CharField(
        label=gettext_lazy("Note for cashiers"),
        max_length=300,
        required=False,
        help_text=gettext_lazy("Shown at the till: “takes oat milk”. The client does not see it."),
        widget=forms.Textarea(attrs={"rows": 2, "maxlength": 300}),
    )
    tags = TagsField(
        label=gettext_lazy("Tags"),
        max_length=900,
        required=False,
        help_text=gettext_lazy("Separated by commas. Rules can ask for them."),
    )

    def __init__(self, *args: Any, now: dt.datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._now = now

    def clean_phone(self) -> str:
        spelling = str(self.cleaned_data["phone"])
        try:
            return e164(spelling) if spelling else ""
        except NotAPhoneError:
            raise forms.ValidationError(_("This is not a phone number. Example: +7 916 123-45-67.")) from None

    def clean_birthday(self) -> Born | None:
        born: Born | None = self.cleaned_data["birthday"]
        try:
            check_birthday(born.day if born else None, self._now)
        except NotABirthdayError:
            raise forms.ValidationError(_("Nobody was born on that day.")) from None
        return born

    def clean_email(self) -> str:
        email = str(self.cleaned_data["email"])
        try:
            check_email(email)
        except NotAnEmailError:
            raise forms.ValidationError(_("Check the e-mail address.")) from None
        return email

    @property
    def particulars(self) -> Particulars:
        said = self.cleaned_data
        fields = {name: said[name] for name in ("phone", "name", "email", "note", "tags")}
        return Particulars(**fields, **fields_of(said["birthday"]))


class NewClientForm(ClientForm):
    processing = forms.BooleanField(
        label=gettext_lazy("The client agrees to the processing of personal data"),
        error_messages={"required": gettext_lazy("Without this consent nobody's data may be kept.")},
    )
    advertising = forms.BooleanField(label=gettext_lazy("The client agrees to advertising"), required=False)


class ReasonForm(PageForm):
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=200,
        help_text=gettext_lazy("It stands in the audit log."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


class BlockForm(ReasonForm):
    """`was` is the status that the page showed: a second press, or somebody else's, changes nothing back."""

    was = forms.CharField(widget=forms.HiddenInput)


class UndoForm(ReasonForm):
    """`seen` are the numbers that were confirmed."""

    seen = forms.CharField(required=False, widget=forms.HiddenInput)


class TierForm(ReasonForm):
    tier = forms.ChoiceField(label=gettext_lazy("Tier"), required=False)
    until = forms.DateField(
        label=gettext_lazy("Until and including"),
        required=False,
        widget=DayInput,
        help_text=gettext_lazy("Empty: for ever."),
    )
    field_order = ("tier", "until", "reason")

    def __init__(self, *args: Any, rulebook: Rulebook, now: dt.datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._rulebook, self._now = rulebook, now
        titles = [(tier.id, tier.title) for tier in rulebook.tiers]
        self.fields["tier"].choices = [("", _("By purchases only")), *titles]  # type: ignore[attr-defined]

    def clean_until(self) -> dt.date | None:
        return still_ahead(self.cleaned_data["until"], self._rulebook, self._now)


class AdjustForm(PageForm):
    direction = forms.ChoiceField(
        label=gettext_lazy("What to do"),
        choices=[("add", gettext_lazy("Add points")), ("deduct", gettext_lazy("Deduct points"))],
        initial="add",
        widget=forms.RadioSelect,
    )
    points = forms.DecimalField(
        label=gettext_lazy("How many points"),
        max_digits=12,
        decimal_places=2,
        localize=True,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
    )
    reason = forms.ChoiceField(label=gettext_lazy("Reason"), choices=list(REASONS.items()))
    words = forms.CharField(
        label=gettext_lazy("In your words"),
        required=False,
        max_length=160,
        help_text=gettext_lazy("The client sees the reason in the history of the card."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    expires = forms.DateField(
        label=gettext_lazy("Added points can be spent until and including"),
        required=False,
        widget=DayInput,
        help_text=gettext_lazy("Empty: as the rules say."),
    )
    # One press of the last button, however often it is sent; and the balance that was looked at.
    once = forms.UUIDField(required=False, widget=forms.HiddenInput)
    seen = forms.CharField(required=False, max_length=40, widget=forms.HiddenInput)
    # Above the limit: somebody else is to approve it.
    ask = forms.BooleanField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, rulebook: Rulebook, now: dt.datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._rulebook, self._now = rulebook, now

    def clean_points(self) -> Decimal:
        points: Decimal = self.cleaned_data["points"]
        if points <= 0:
            raise forms.ValidationError(_("More than nothing, please."))
        if points > MOST_POINTS:
            raise forms.ValidationError(_("That is too many at once."))
        if points % unit(self._rulebook.program.precision):
            raise forms.ValidationError(_("The programme counts whole points only."))
        return points

    def clean_expires(self) -> dt.date | None:
        return still_ahead(self.cleaned_data["expires"], self._rulebook, self._now)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("reason") == "other" and not data.get("words"):
            self.add_error("words", _("Say why, in a few words."))
        if data.get("direction") == "deduct" and data.get("expires"):
            self.add_error("expires", _("Only added points have an end of their own."))
        if data.get("direction") == "add" and "expires" in data and not data["expires"]:
            self._check_usual_end()
        return data

    def _check_usual_end(self) -> None:
        end = lot_dates(self._rulebook, self._now)[1]
        if end is not None and end <= self._now:
            said = _("By the rules points could be spent until %(day)s, which is over: say a day for these.")
            self.add_error("expires", said % {"day": through(end)})

    @property
    def change(self) -> Decimal:
        points: Decimal = self.cleaned_data["points"]
        return points if self.cleaned_data["direction"] == "add" else -points

    @property
    def said(self) -> str:
        """The reason as it is kept: «Подарок: за терпение»."""
        reason, words = self.cleaned_data["reason"], self.cleaned_data["words"]
        usual = "" if reason == "other" else str(REASONS[reason])
        return ": ".join(part for part in (usual, words) if part)

    @property
    def until(self) -> dt.datetime | None:
        day = self.cleaned_data["expires"]
        return self._rulebook.calendar.end_of(day) if day else None


def still_ahead(day: dt.date | None, rulebook: Rulebook, now: dt.datetime) -> dt.date | None:
    if day is None:
        return None
    today = rulebook.calendar.day_of(now)
    if day < today:
        raise forms.ValidationError(_("This day is over already."))
    if day > today + FURTHEST:
        raise forms.ValidationError(_("No further than ten years ahead."))
    return day
