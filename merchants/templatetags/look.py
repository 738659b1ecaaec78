"""The look of a merchant on any page: `{% look_url merchant %}`, `{% logo_url merchant as logo %}`."""

from __future__ import annotations

from django import template
from django.urls import reverse

from merchants.models import Logo, Merchant

register = template.Library()


@register.simple_tag
def look_url(merchant: Merchant) -> str:
    """The stylesheet; its address changes with the colour, so it is kept for ever."""
    return f"{reverse('look', args=[merchant.pk])}?v={merchant.colour[1:]}"


@register.simple_tag
def logo_url(merchant: Merchant) -> str:
    """The picture, or nothing. One query where the merchant was not read with its logo."""
    if "logo" in merchant._state.fields_cache:
        logo: Logo | None = merchant._state.fields_cache["logo"]
        digest = logo.digest if logo else ""
    else:
        digest = Logo._base_manager.filter(merchant=merchant).values_list("digest", flat=True).first() or ""
    return reverse("logo", args=[merchant.pk, digest]) if digest else ""
