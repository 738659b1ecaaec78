"""Certificates as PDF, for pages and letters."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.http import HttpResponse

from loyalty.models import Certificate


def pdf(certificates: Sequence[Certificate], *, site: str, now: dt.datetime) -> bytes:
    """In the active language. The certificates come with their merchant, all of one."""
    # Not above: the library of PDF takes eighteen megabytes of each process, and few of them print.
    from loyalty.certificates import drawing  # noqa: PLC0415

    return drawing.pdf(certificates, site=site, now=now)


def response(content: bytes, *, name: str) -> HttpResponse:
    """To be looked at in the browser, and printed or kept from there."""
    return HttpResponse(
        content, content_type="application/pdf", headers={"Content-Disposition": f'inline; filename="{name}.pdf"'}
    )
