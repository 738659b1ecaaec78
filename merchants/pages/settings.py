"""Settings: the shop, its programme, the colour and the logo. Each part is a form of its own, told by its button."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from merchants import logos, second_factor, shop_settings, zones
from merchants.access import Action
from merchants.doors import Workplace, members_only
from merchants.forms import PageForm
from merchants.models.merchant import SecondFactor

# Each is readable in both themes as it is, or nearly so.
SWATCHES = ("#0b6e4f", "#1d5fa8", "#5b3fa8", "#a3327a", "#b3261e", "#b35400", "#8a6a00", "#5d4037", "#37474f")


class ShopForm(PageForm):
    name = forms.CharField(label=gettext_lazy("Name of the shop"), max_length=120)
    legal_name = forms.CharField(
        label=gettext_lazy("Legal name"),
        max_length=200,
        required=False,
        help_text=gettext_lazy("Who answers for personal data: it stands in the texts of consents."),
    )
    contacts = forms.CharField(
        label=gettext_lazy("Contacts for clients"),
        max_length=200,
        required=False,
        help_text=gettext_lazy("A phone or an e-mail, where clients may turn with questions."),
    )


class ProgramForm(PageForm):
    name = forms.CharField(label=gettext_lazy("Name of the programme"), max_length=120)
    point_one = forms.CharField(label="1 …", max_length=30)
    point_few = forms.CharField(label="2 …", max_length=30)
    point_many = forms.CharField(label="5 …", max_length=30)
    time_zone = forms.ChoiceField(label=gettext_lazy("Time zone"))
    day_starts_at = forms.TimeField(
        label=gettext_lazy("The day starts at"),
        widget=forms.TimeInput(format="%H:%M", attrs={"type": "time"}),
        help_text=gettext_lazy("After midnight for a bar: what is sold before counts for the day before."),
    )
    active_days = forms.IntegerField(
        label=gettext_lazy("A client is active for, days"),
        min_value=1,
        max_value=730,
        help_text=gettext_lazy("Since the last purchase; the overview counts active clients so."),
    )
    language = forms.ChoiceField(
        label=gettext_lazy("Language of clients’ pages and messages"), choices=[("ru", "Русский"), ("en", "English")]
    )
    join_by_sms = forms.BooleanField(
        label=gettext_lazy("Check phones by SMS when clients join"),
        required=False,
        help_text=gettext_lazy("Whoever joins from the poster proves that the phone is his. Needs an SMS gateway."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["time_zone"]
        field.choices = zones.choices()


class ColourForm(PageForm):
    colour = forms.CharField(
        label=gettext_lazy("Colour"),
        validators=[RegexValidator(r"^#[0-9a-fA-F]{6}\Z", gettext_lazy("A colour looks like #0b6e4f."))],
        widget=forms.TextInput(attrs={"type": "color"}),
    )


class LogoForm(PageForm):
    file = forms.FileField(
        label=gettext_lazy("Picture"),
        help_text=gettext_lazy("PNG, JPEG or WebP, up to 2 MB; best is a square."),
        widget=forms.FileInput(attrs={"accept": "image/png,image/jpeg,image/webp"}),
    )


class LoginForm(PageForm):
    who = forms.ChoiceField(
        label=gettext_lazy("Who must have a second factor"),
        choices=SecondFactor.choices,
        required=False,
        help_text=gettext_lazy(
            "A code of an app on the phone, beside the password. Whoever has none sets it up at once; until then the "
            "pages of this shop stay closed to him. Tills and cashiers with a PIN are not asked."
        ),
    )


@members_only(Action.CHANGE_SETTINGS)
@require_http_methods(["GET", "HEAD", "POST"])
def settings(request: HttpRequest, place: Workplace) -> HttpResponse:
    part = request.POST.get("part", "")
    if part == "no_logo":
        logos.remove_logo(merchant=place.merchant, by=place.user, now=timezone.now())
        messages.success(request, _("The logo is removed."))
        return redirect("settings", place.merchant.pk)
    if part == "login":
        place.require(Action.GUARD_LOGIN)
    if part == "program":
        place.require(Action.CHANGE_PROGRAM)
    forms_by_part = unbound(place)
    if part in forms_by_part:
        form = type(forms_by_part[part])(request.POST, request.FILES)
        if form.is_valid() and saved(place, part, form):
            messages.success(request, _("Saved. Pages that are open elsewhere follow within a minute."))
            return redirect("settings", place.merchant.pk)
        forms_by_part[part] = form
    context = {f"{name}_form": form for name, form in forms_by_part.items()}
    return render(
        request,
        "settings/settings.html",
        context
        | {"swatches": SWATCHES, "may_limit_points": place.may(Action.LIMIT_POINTS)}
        | {"may_guard_login": place.may(Action.GUARD_LOGIN), "may_change_program": place.may(Action.CHANGE_PROGRAM)},
    )


def unbound(place: Workplace) -> dict[str, PageForm]:
    merchant, program = place.merchant, place.program
    return {
        "shop": ShopForm(initial={name: getattr(merchant, name) for name in ShopForm.base_fields}),
        "program": ProgramForm(initial={name: getattr(program, name) for name in ProgramForm.base_fields}),
        "colour": ColourForm(initial={"colour": merchant.colour}),
        "logo": LogoForm(),
        "login": LoginForm(initial={"who": merchant.second_factor}),
    }


def saved(place: Workplace, part: str, form: PageForm) -> bool:
    """What the services refuse stands beside the field."""
    who: dict[str, Any] = {"by": place.user, "now": timezone.now(), "merchant": place.merchant}
    data = form.cleaned_data
    try:
        match part:
            case "shop":
                shop_settings.change_merchant(**data, **who)
            case "program":
                shop_settings.change_program(**data, **who)
            case "colour":
                shop_settings.change_colour(**data, **who)
            case "login":
                second_factor.ask_of(**who | {"who": SecondFactor(data["who"])})
            case _:
                logos.put_logo(**data, **who)
    except ValidationError as error:
        form.add_error("file" if part == "logo" else None, error)
        return False
    return True
