"""Forms of the gifts: one of the catalogue, and filters of those taken."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from loyalty.models import Exchange, Reward
from loyalty.pages.receipts.forms import DayInput
from loyalty.rewards import codes, pictures
from loyalty.rewards.catalogue import Picture, Terms
from merchants.forms import PageForm

MOST_POINTS: Final = Decimal(10) ** 9
SHOW: Final[Mapping[str, Promise]] = {
    "ordered": gettext_lazy("To be handed over"),
    "all": gettext_lazy("All that were taken"),
    "handed": gettext_lazy("Handed over"),
    "cancelled": gettext_lazy("Cancelled"),
}


class RewardForm(PageForm):
    title = forms.CharField(label=gettext_lazy("What it is"), max_length=120)
    text = forms.CharField(
        label=gettext_lazy("In more words"),
        required=False,
        max_length=1000,
        help_text=gettext_lazy("Size, colour, where to come for it."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    picture = forms.FileField(
        label=gettext_lazy("Picture"),
        required=False,
        help_text=gettext_lazy("PNG, JPEG or WebP, up to 2 MB."),
        widget=forms.FileInput(attrs={"accept": "image/png,image/jpeg,image/webp"}),
    )
    no_picture = forms.BooleanField(label=gettext_lazy("Take the picture away"), required=False)
    price = forms.DecimalField(
        label=gettext_lazy("Price in points"), min_value=Decimal("0.01"), max_value=MOST_POINTS, localize=True
    )
    left = forms.IntegerField(
        label=gettext_lazy("How many there are"),
        required=False,
        min_value=0,
        max_value=10**6,
        help_text=gettext_lazy("Empty: there is no end of them."),
    )
    was_left = forms.IntegerField(required=False, widget=forms.HiddenInput)
    is_service = forms.BooleanField(
        label=gettext_lazy("Not a thing: a donation, an invitation, a delivery, a repair"), required=False
    )
    asks = forms.CharField(
        label=gettext_lazy("What to ask the client"),
        required=False,
        max_length=120,
        help_text=gettext_lazy("“Where to deliver it”, “For whom is the invitation”. Empty: nothing."),
    )
    per_client = forms.IntegerField(
        label=gettext_lazy("One client, altogether"),
        required=False,
        min_value=1,
        max_value=10_000,
        help_text=gettext_lazy("At the most. Empty: no limit."),
    )
    per_month = forms.IntegerField(
        label=gettext_lazy("One client, in a month"), required=False, min_value=1, max_value=10_000
    )
    tiers = forms.MultipleChoiceField(
        label=gettext_lazy("Only for tiers"),
        required=False,
        help_text=gettext_lazy("None ticked: for everybody."),
        widget=forms.CheckboxSelectMultiple,
    )
    first_day = forms.DateField(label=gettext_lazy("From day"), required=False, widget=DayInput)
    last_day = forms.DateField(label=gettext_lazy("Through day"), required=False, widget=DayInput)
    claim_days = forms.IntegerField(
        label=gettext_lazy("Kept for days"),
        required=False,
        min_value=1,
        max_value=365,
        help_text=gettext_lazy("Whoever has not come for it by then gets the points back. Empty: it is kept for ever."),
    )
    position = forms.IntegerField(
        label=gettext_lazy("Place in the catalogue"),
        min_value=0,
        max_value=30_000,
        initial=100,
        help_text=gettext_lazy("Smaller numbers stand first."),
    )
    enabled = forms.BooleanField(label=gettext_lazy("Clients see it and may take it"), required=False, initial=True)

    def __init__(
        self,
        *args: Any,
        precision: int,
        tiers: Mapping[str, str],
        reward: Reward | None = None,
        drawn: bool = False,
        **kwargs: Any,
    ) -> None:
        if reward is not None:
            said = {name: getattr(reward, name) for name in Terms.__struct_fields__}
            kwargs["initial"] = said | {"was_left": reward.left, "price": f"{reward.price:.{precision}f}"}
        super().__init__(*args, **kwargs)
        self.precision = precision
        known = dict(tiers) | {tier: tier for tier in (reward.tiers if reward else []) if tier not in tiers}
        self.fields["tiers"].choices = list(known.items())  # type: ignore[attr-defined]
        if not known:
            del self.fields["tiers"]
        if not drawn:
            del self.fields["no_picture"]

    def clean_price(self) -> Decimal:
        price: Decimal = self.cleaned_data["price"]
        if price != round(price, self.precision):
            raise ValidationError(_("The programme counts whole points only."))
        return price

    def clean_picture(self) -> bytes | None:
        upload = self.cleaned_data.get("picture")
        return pictures.redrawn(upload) if upload else None

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        first, last = said.get("first_day"), said.get("last_day")
        if first and last and last < first:
            self.add_error("last_day", _("The last day comes before the first."))
        return said

    @property
    def terms(self) -> Terms:
        said = {name: self.cleaned_data.get(name) for name in Terms.__struct_fields__}
        said["title"] = " ".join(self.cleaned_data["title"].split())
        return Terms(**(said | {"tiers": tuple(said["tiers"] or ())}))

    @property
    def drawing(self) -> Picture | None:
        """What becomes of the picture; None where it stays."""
        content = self.cleaned_data.get("picture")
        if content:
            return Picture(content)
        return Picture(None) if self.cleaned_data.get("no_picture") else None


class TakenForm(PageForm):
    """Addresses are edited by hand: what is wrong is as good as empty."""

    q = forms.CharField(
        label=gettext_lazy("Code of the gift"),
        required=False,
        max_length=40,
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off", "autocapitalize": "characters"}),
    )
    show = forms.ChoiceField(label=gettext_lazy("State"), required=False, choices=list(SHOW.items()))
    reward = forms.ModelChoiceField(Reward.objects.none(), label=gettext_lazy("Gift"), required=False)
    since = forms.DateField(label=gettext_lazy("From day"), required=False, widget=DayInput)
    until = forms.DateField(label=gettext_lazy("To day"), required=False, widget=DayInput)

    def __init__(self, *args: Any, merchant_id: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["reward"]
        field.queryset = Reward.objects.filter(merchant=merchant_id).order_by("title")
        field.to_field_name = "public_id"
        field.empty_label = _("All gifts")

    def asked(self) -> dict[str, Any]:
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value}

    def filters(self, start_of: Any) -> Q:
        """`start_of` gives the instant at which a local day begins."""
        asked, found = self.asked(), Q()
        show = asked.get("show", "ordered")
        if text := asked.get("q", ""):
            # Whoever has the code wants that one, whatever became of it.
            return Q(code=codes.read(text))
        if show != "all":
            found &= Q(state=Exchange.State(show))
        if "reward" in asked:
            found &= Q(reward=asked["reward"])
        if "since" in asked:
            found &= Q(created_at__gte=start_of(asked["since"]))
        if "until" in asked:
            found &= Q(created_at__lt=start_of(asked["until"] + dt.timedelta(days=1)))
        return found


class CancelForm(PageForm):
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=250,
        help_text=gettext_lazy("For the audit log; the client does not see it."),
    )
