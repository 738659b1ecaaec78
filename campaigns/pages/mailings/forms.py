from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns.mailings.planning import FURTHEST
from campaigns.messages import templates
from campaigns.models import MessageTemplate
from clients.models import Segment
from clients.segments import keeping
from merchants.forms import PageForm
from merchants.models import Merchant


class MomentInput(forms.DateTimeInput):
    input_type = "datetime-local"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(format="%Y-%m-%dT%H:%M", **kwargs)


class MailingForm(PageForm):
    """What, to whom and when. Without a moment it begins at once; moments are of the shop's time zone."""

    title = forms.CharField(
        label=gettext_lazy("Name of the mailing"),
        max_length=80,
        help_text=gettext_lazy("For you: clients don’t see it."),
    )
    template: Any = forms.ModelChoiceField(label=gettext_lazy("Message"), queryset=None, empty_label=None)
    segment: Any = forms.ModelChoiceField(
        label=gettext_lazy("To whom"), queryset=None, required=False, empty_label=gettext_lazy("All clients")
    )
    starts_at = forms.DateTimeField(
        label=gettext_lazy("When"),
        required=False,
        widget=MomentInput,
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"],
        help_text=gettext_lazy("By the shop’s clock. Empty: at once. Messages wait for the end of quiet hours."),
    )

    def __init__(self, *args: Any, merchant: Merchant, now: dt.datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._now = now
        template, segment = self.fields["template"], self.fields["segment"]
        template.queryset = templates.of(merchant)  # type: ignore[attr-defined]  # of ModelChoiceField
        segment.queryset = keeping.of(merchant)  # type: ignore[attr-defined]

    def clean_starts_at(self) -> dt.datetime:
        asked: dt.datetime | None = self.cleaned_data["starts_at"]
        if asked is None:
            return self._now
        if asked < self._now - dt.timedelta(minutes=5):
            raise forms.ValidationError(_("That moment has passed."))
        if asked > self._now + FURTHEST:
            raise forms.ValidationError(_("That is too far ahead: half a year at the most."))
        return max(asked, self._now)

    @property
    def chosen(self) -> tuple[MessageTemplate, Segment | None, dt.datetime]:
        data = self.cleaned_data
        return data["template"], data["segment"], data["starts_at"]


def moment_in_words(at: dt.datetime, now: dt.datetime) -> str:
    from loyalty.templatetags.kopilka import moment  # noqa: PLC0415  # a library of tags

    return _("at once") if at <= now else str(moment(timezone.localtime(at)))
