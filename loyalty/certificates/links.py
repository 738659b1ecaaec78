"""The secret link to a certificate's page: signed, and stored nowhere. Short, because it is printed as a QR code."""

from __future__ import annotations

import base64
import binascii
import uuid
from typing import Final

from django.core.signing import BadSignature, Signer
from django.urls import reverse

from loyalty.models import Certificate
from merchants.access import tenant

LONGEST: Final = 80
_SALT: Final = "loyalty.certificate"
_ID: Final = 16


class ShortSigner(Signer):
    """128 bits of a signature are as many as nobody guesses."""

    def signature(self, value: str | bytes, key: str | bytes | None = None) -> str:
        return super().signature(value, key)[:22]


def token_of(certificate: Certificate) -> str:
    program = certificate.program_id.to_bytes((certificate.program_id.bit_length() + 7) // 8, "big")
    value = base64.urlsafe_b64encode(certificate.public_id.bytes + program).decode().rstrip("=")
    return ShortSigner(salt=_SALT, sep=".").sign(value)


def certificate_of(token: str) -> Certificate | None:
    """The certificate with its programme and merchant; None for a link that is made up."""
    if len(token) > LONGEST or not token.isascii():
        return None
    try:
        text = ShortSigner(salt=_SALT, sep=".").unsign(token)
        value = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (BadSignature, binascii.Error, ValueError):
        return None
    program_id, public_id = int.from_bytes(value[_ID:], "big"), uuid.UUID(bytes=value[:_ID])
    with tenant(program_id):
        found = Certificate.objects.select_related("program", "merchant")
        return found.filter(program_id=program_id, public_id=public_id).first()


def address(certificate: Certificate, site: str) -> str:
    """The whole link. `site` is where we live, as in `https://kopilka.example`."""
    return site.rstrip("/") + reverse("certificate_public", args=[token_of(certificate)])
