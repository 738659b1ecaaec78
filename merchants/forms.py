from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _


class PageForm(forms.Form):
    """A form of a page: `{{ form }}` draws all of it, `{{ form.name.as_field_group }}` one field with its label, help
    and errors (templates/forms). Its look is given to the widgets there, so forms of libraries look the same."""

    template_name = "forms/form.html"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.template_name = "forms/field.html"  # type: ignore[attr-defined]  # unknown to the stubs


class SignUpForm(PageForm):
    """What an invited person who is new here says of himself. Whether the password is any good, the service knows."""

    name = forms.CharField(
        label=_("Your name"), max_length=120, widget=forms.TextInput(attrs={"autocomplete": "name", "autofocus": True})
    )
    password = forms.CharField(
        label=_("Password"),
        strip=False,
        max_length=1000,
        help_text=_("At least 8 characters, not only digits, and not one that everybody uses."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password", "minlength": 8}),
    )
