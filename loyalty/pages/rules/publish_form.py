"""When the draft becomes the rules: now, or at a time ahead."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from merchants.forms import PageForm

LONGEST_AHEAD = dt.timedelta(days=366)


class PublishForm(PageForm):
    begins = forms.ChoiceField(
        label=gettext_lazy("When they begin"),
        required=False,
        initial="now",
        widget=forms.RadioSelect,
        choices=[("now", gettext_lazy("at once")), ("later", gettext_lazy("at a time"))],
    )
    at = forms.DateTimeField(
        label=gettext_lazy("Day and hour of the beginning"),
        required=False,
        help_text=gettext_lazy("By the clock of the shop. Until then the version can be taken back."),
        input_formats=["%Y-%m-%dT%H:%M"],
        widget=forms.DateTimeInput(format="%Y-%m-%dT%H:%M", attrs={"type": "datetime-local"}),
    )

    def __init__(self, data: Any, *, now: dt.datetime) -> None:
        super().__init__(data)
        self.now = now

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        at: dt.datetime | None = given.get("at")
        if given.get("begins") == "later" and "at" not in self.errors:
            if at is None:
                self.add_error("at", _("Say the day and the hour."))
            elif at <= self.now:
                self.add_error("at", _("This time is over: choose one ahead."))
            elif at > self.now + LONGEST_AHEAD:
                self.add_error("at", _("At most a year ahead, please."))
        return given

    @property
    def starts_at(self) -> dt.datetime | None:
        """None: at once."""
        return self.cleaned_data["at"] if self.cleaned_data.get("begins") == "later" else None
