"""Codes of certificates as cashiers type or scan them."""

from __future__ import annotations

from loyalty import keyed_in
from loyalty.certificates import codes, links

LINK = "/certificate/"


def code_in(text: str) -> str:
    """The code that was typed or scanned; of a certificate's link the code behind it."""
    if LINK in text:
        one = links.certificate_of(text.split(LINK, 1)[1].strip().rstrip("/"))
        return one.code if one is not None else ""
    return codes.spelled(text)


def is_certificate(text: str) -> bool:
    """Whether what was keyed in for a client is a certificate instead."""
    return LINK in text or keyed_in.is_certificate(text)
