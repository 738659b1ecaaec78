from __future__ import annotations

from typing import Any, Final

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns.messages import language, templates
from campaigns.messages.templates import Content
from campaigns.models import Channel, MessageSettings, MessageTemplate
from merchants.forms import PageForm

ROWS: Final = {Channel.EMAIL: 8, Channel.SMS: 3, Channel.PUSH: 3, Channel.TELEGRAM: 5}
# The cheap ones first.
USUAL_ORDER: Final = (Channel.PUSH, Channel.TELEGRAM, Channel.EMAIL, Channel.SMS)
LABELS: Final = {
    Channel.EMAIL: gettext_lazy("Text of the letter"),
    Channel.SMS: gettext_lazy("Text of the SMS"),
    Channel.PUSH: gettext_lazy("Text of the push message"),
    Channel.TELEGRAM: gettext_lazy("Text in Telegram"),
}


class TemplateForm(PageForm):
    """A text for each channel; a channel without one is not used. `first` goes ahead of the usual order."""

    name = forms.CharField(
        label=gettext_lazy("Name"), max_length=80, help_text=gettext_lazy("For you: clients don’t see it.")
    )
    purpose = forms.ChoiceField(
        label=gettext_lazy("What it is"),
        choices=[
            ("advertising", gettext_lazy("Advertising: goes to those who agreed to it")),
            ("service", gettext_lazy("Service notice: about the client’s own points and purchases")),
        ],
        widget=forms.RadioSelect,
        initial="advertising",
    )
    first = forms.ChoiceField(
        label=gettext_lazy("Try first"),
        required=False,
        choices=[("", gettext_lazy("what costs nothing: push, Telegram, e-mail, then SMS")), *Channel.choices],
    )
    subject = forms.CharField(
        label=gettext_lazy("Subject of the letter, title of the push message"), max_length=150, required=False
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for channel in USUAL_ORDER:
            field = forms.CharField(
                label=LABELS[channel],
                required=False,
                max_length=language.LONGEST if channel == Channel.EMAIL else 2_000,
                widget=forms.Textarea(attrs={"rows": ROWS[channel]}),
            )
            field.template_name = "forms/field.html"  # type: ignore[attr-defined]  # unknown to the stubs
            self.fields[f"text_{channel}"] = field

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        content = self.content(data)
        if not content.channels:
            self.add_error(None, _("Write a text for one channel at least."))
        for field, why in templates.faults(content).items():
            self.add_error(field if field == "subject" else f"text_{field}", why)
        return data

    def content(self, data: dict[str, Any] | None = None) -> Content:
        data = self.cleaned_data if data is None else data
        texts = {
            str(channel): text.replace("\r\n", "\n")
            for channel in USUAL_ORDER
            if (text := (data.get(f"text_{channel}") or "").strip())
        }
        order = sorted(texts, key=lambda one: one != data.get("first"))
        return Content(
            name=" ".join((data.get("name") or "").split()),
            purpose=data.get("purpose") or "advertising",
            channels=tuple(order),
            subject=(data.get("subject") or "").strip(),
            texts=texts,
        )


def initial_of(content: Content) -> dict[str, Any]:
    usual = [str(channel) for channel in USUAL_ORDER if str(channel) in content.channels]
    first = content.channels[0] if content.channels and list(content.channels) != usual else ""
    return {
        "name": content.name,
        "purpose": content.purpose,
        "first": first,
        "subject": content.subject,
        **{f"text_{channel}": text for channel, text in content.texts.items()},
    }


class TestForm(PageForm):
    """To whom a trial goes: one's own address, or a phone."""

    channel = forms.ChoiceField(
        label=gettext_lazy("Send to myself by"), choices=[("email", gettext_lazy("e-mail")), ("sms", "SMS")]
    )
    address = forms.CharField(label=gettext_lazy("Address or phone"), max_length=120)


class TimeInput(forms.TimeInput):
    input_type = "time"


class SettingsForm(PageForm):
    sender_name = forms.CharField(
        label=gettext_lazy("Sender’s name in e-mail"),
        max_length=60,
        required=False,
        help_text=gettext_lazy("The shop’s name where it is empty."),
    )
    reply_to = forms.EmailField(label=gettext_lazy("Clients’ answers go to"), required=False)
    sms_sender = forms.RegexField(
        r"^[A-Za-z0-9 ._-]{0,11}$",
        label=gettext_lazy("Sender’s name in SMS"),
        required=False,
        help_text=gettext_lazy("Up to 11 Latin letters, agreed with the gateway."),
        error_messages={"invalid": gettext_lazy("Up to 11 Latin letters and digits.")},
    )
    sms_price = forms.DecimalField(
        label=gettext_lazy("Price of one part of an SMS"),
        required=False,
        min_value=0,
        max_digits=6,
        decimal_places=2,
        localize=True,
        help_text=gettext_lazy("By your contract with the gateway: mailings are estimated with it."),
    )
    quiet_from = forms.TimeField(label=gettext_lazy("Quiet from"), widget=TimeInput(format="%H:%M"))
    quiet_until = forms.TimeField(
        label=gettext_lazy("until"),
        widget=TimeInput(format="%H:%M"),
        help_text=gettext_lazy("Messages wait for the end of it. The same time twice: no quiet hours."),
    )
    cap_number = forms.IntegerField(
        label=gettext_lazy("Advertising to one client: at the most"), min_value=0, max_value=100
    )
    cap_days = forms.IntegerField(
        label=gettext_lazy("within days"),
        min_value=1,
        max_value=365,
        help_text=gettext_lazy("What is above it is not sent. 0 messages: no limit."),
    )


def settings_initial(row: MessageSettings) -> dict[str, Any]:
    return {name: getattr(row, name) for name in SettingsForm.base_fields}


def channels_in_words(template: MessageTemplate) -> str:
    return ", ".join(str(Channel(channel).label) for channel in template.channels)
