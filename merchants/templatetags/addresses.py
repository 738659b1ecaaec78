"""Whether a phone can follow a QR code of this page."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django import template
from django.conf import settings
from django.template import Context

register = template.Library()

_LOOPBACK = ("localhost", "127.0.0.1", "::1")


@register.inclusion_tag("parts/only_here.html", takes_context=True)
def only_here(context: Context) -> dict[str, Any]:
    """A warning where the page was opened by an address that means «this computer» everywhere."""
    host = urlsplit(context["request"].build_absolute_uri("/")).hostname or ""
    site = str(settings.SITE_URL)
    return {"is_local": host in _LOOPBACK, "site": "" if urlsplit(site).hostname in _LOOPBACK else site}
