"""A merchant's logo. What is uploaded is never passed on: Pillow reads it and writes a small PNG of ours."""

from __future__ import annotations

import hashlib
import io
import struct
import zlib
from datetime import datetime
from typing import BinaryIO

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _
from PIL import Image, ImageOps

from merchants import audit
from merchants.access import Action, Actor, require, same_tenant
from merchants.models import Logo, Merchant

LARGEST_FILE = 2 * 1024 * 1024
# A few kilobytes may unfold to gigabytes; the header says so before anything is unfolded.
MOST_PIXELS = 20_000_000
SIDE = 512
FORMATS = ("PNG", "JPEG", "WEBP")
# What a broken picture makes Pillow raise: it has no error of its own for that.
UNREADABLE = (
    ArithmeticError,
    EOFError,
    LookupError,
    OSError,
    SyntaxError,
    TypeError,
    ValueError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
    Image.DecompressionBombWarning,
)


@transaction.atomic
def put_logo(*, merchant: Merchant, file: BinaryIO, by: Actor, now: datetime) -> Logo:
    """Set or replace the logo.

    ValidationError: `logo_too_large`, `logo_svg`, `logo_unreadable`, `logo_too_many_pixels`.
    """
    same_tenant(merchant)
    require(by, Action.CHANGE_SETTINGS, merchant=merchant)
    content = redrawn(file.read(LARGEST_FILE + 1))
    logo, _created = Logo.objects.update_or_create(
        program_id=merchant.program_id,
        merchant=merchant,
        defaults={
            "content": content,
            "content_type": "image/png",
            "digest": hashlib.sha256(content).hexdigest(),
            "changed_at": now,
        },
    )
    audit.record(program_id=merchant.program_id, action="logo.changed", at=now, by=by, subject=merchant)
    return logo


@transaction.atomic
def remove_logo(*, merchant: Merchant, by: Actor, now: datetime) -> None:
    """Nothing happens where there is none."""
    same_tenant(merchant)
    require(by, Action.CHANGE_SETTINGS, merchant=merchant)
    deleted, _by_model = Logo.objects.filter(merchant=merchant).delete()
    if deleted:
        audit.record(program_id=merchant.program_id, action="logo.removed", at=now, by=by, subject=merchant)


def redrawn(upload: bytes) -> bytes:
    """The picture as a PNG of at most 512 × 512, without anything that was in the file besides."""
    written = io.BytesIO()
    clean(upload, side=SIDE).save(written, "PNG", optimize=True)
    return written.getvalue()


def clean(upload: bytes, *, side: int) -> Image.Image:
    """An uploaded picture within so many pixels each way, drawn anew. ValidationError as `put_logo` raises it."""
    if len(upload) > LARGEST_FILE:
        raise ValidationError(_("The file is larger than 2 MB. Make the picture smaller."), code="logo_too_large")
    if b"<svg" in upload[:1000].lower():
        raise ValidationError(_("SVG is not taken: save the logo as PNG, JPEG or WebP."), code="logo_svg")
    try:
        with Image.open(io.BytesIO(upload), formats=FORMATS) as image:
            if image.width * image.height > MOST_PIXELS:
                raise ValidationError(
                    _("The picture has too many pixels. Make it smaller, 2000 × 2000 is plenty."),
                    code="logo_too_many_pixels",
                )
            image.draft("RGB", (side * 2, side * 2))
            upright = ImageOps.exif_transpose(image).convert("RGBA")
    except UNREADABLE as error:
        raise ValidationError(_("This is no picture in PNG, JPEG or WebP."), code="logo_unreadable") from error
    upright.thumbnail((side, side))
    # A new picture: what the old one carried along (EXIF, colour profiles, texts) stays behind.
    anew = Image.new("RGBA", upright.size)
    anew.paste(upright)
    return anew
