from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _


class SignUpForm(forms.Form):
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
