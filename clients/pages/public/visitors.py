"""Who asks, as far as that can be told of a stranger."""

from __future__ import annotations

import ipaddress

from django.http import HttpRequest
from django.utils.translation import ngettext
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from clients.limits import HOUR, MINUTE


def visitor(request: HttpRequest) -> str:
    """The address behind NUM_PROXIES; of IPv6 the network, because a household has billions of addresses."""
    told = BaseThrottle().get_ident(Request(request)) or ""
    try:
        address = ipaddress.ip_address(told)
    except ValueError:
        return told
    if isinstance(address, ipaddress.IPv6Address):
        return str(address.ipv4_mapped or ipaddress.ip_network((address, 64), strict=False))
    return told


def in_words(seconds: int) -> str:
    """`40 seconds`, `5 minutes`, `2 hours`: rounded up, for «try again in …»."""
    if seconds < MINUTE:
        return ngettext("%(n)s second", "%(n)s seconds", seconds) % {"n": seconds}
    if seconds < HOUR:
        minutes = -(-seconds // MINUTE)
        return ngettext("%(n)s minute", "%(n)s minutes", minutes) % {"n": minutes}
    hours = -(-seconds // HOUR)
    return ngettext("%(n)s hour", "%(n)s hours", hours) % {"n": hours}
