"""A shop's colour is made fit to be read, and its logo is written anew."""

from __future__ import annotations

import io
import struct
import zlib
from datetime import UTC, datetime

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client
from PIL import Image

from merchants import logos
from merchants.access import every_tenant, tenant
from merchants.look import BLACK, DARK_SURFACE, WHITE, contrast, look_of, parsed, stylesheet
from merchants.models import AuditRecord, Logo
from tests.cast import Cast

NOW = datetime(2026, 3, 5, 9, tzinfo=UTC)
COLOURS = ["#0b6e4f", "#ffd400", "#000000", "#ffffff", "#ff0000", "#00ff00", "#0000ff", "#7f7f7f", "#FFC0CB", "#1d5fa8"]


@pytest.mark.parametrize("colour", COLOURS)
def test_every_colour_is_readable_in_both_themes(colour: str) -> None:
    look = look_of(colour)
    for theme, surface in ((look.light, WHITE), (look.dark, DARK_SURFACE)):
        assert contrast(theme.primary, surface) >= 4.5
        assert contrast(theme.primary, theme.tint) >= 4.5
        assert contrast(theme.on_primary, theme.primary) >= 4.5
        assert contrast(theme.on_primary, theme.hover) >= 4.5
    assert contrast(look.on_brand, look.brand) >= 4.5


def test_a_readable_colour_stays_as_it_is() -> None:
    assert look_of("#0b6e4f").light.primary == parsed("#0b6e4f")
    assert look_of("#ffd400").dark.primary == parsed("#ffd400")
    assert contrast(BLACK, WHITE) == pytest.approx(21)


def test_the_stylesheet_is_kept_by_its_address(client: Client, cast: Cast) -> None:
    address = f"/look/{cast.zerno.merchant.pk}.css"
    answer = client.get(f"{address}?v=0b6e4f")
    assert answer["Content-Type"] == "text/css; charset=utf-8"
    assert answer.content.decode() == stylesheet("#0b6e4f")
    assert "immutable" in answer["Cache-Control"]
    assert "Cookie" not in answer.get("Vary", "")
    assert "max-age=300" in client.get(f"{address}?v=ffffff")["Cache-Control"]
    assert client.get("/look/999999.css").status_code == 404


def picture(kind: str = "PNG", size: tuple[int, int] = (900, 600), **kwargs: object) -> io.BytesIO:
    file = io.BytesIO()
    Image.new("RGB", size, "#b3261e").save(file, kind, **kwargs)
    file.seek(0)
    return file


def put(cast: Cast, file: io.BytesIO) -> Logo:
    with tenant(cast.zerno.program.pk):
        return logos.put_logo(merchant=cast.zerno.merchant, file=file, by=cast.zerno.owner, now=NOW)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_logo_is_a_small_png_of_ours(client: Client, cast: Cast, kind: str) -> None:
    exif = Image.Exif()
    exif[0x010E] = "Anna's garden"
    logo = put(cast, picture(kind, exif=exif.tobytes()))
    answer = client.get(f"/logo/{cast.zerno.merchant.pk}/{logo.digest}")
    assert (answer["Content-Type"], "immutable" in answer["Cache-Control"]) == ("image/png", True)
    with Image.open(io.BytesIO(answer.content)) as shown:
        assert (shown.format, shown.size, dict(shown.getexif())) == ("PNG", (512, 341), {})
    assert b"garden" not in answer.content
    assert client.get(f"/logo/{cast.bakery.merchant.pk}/{logo.digest}").status_code == 404
    assert client.get(f"/logo/{cast.zerno.merchant.pk}/x").status_code == 404
    assert client.get(f"/logo/{cast.zerno.merchant.pk}/%00").status_code == 404


def test_an_upright_photo_stays_upright(cast: Cast) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # held on its side
    with Image.open(io.BytesIO(put(cast, picture("JPEG", (600, 300), exif=exif.tobytes())).content)) as shown:
        assert shown.size == (256, 512)


def test_a_new_logo_replaces_the_old_one(cast: Cast) -> None:
    first, second = put(cast, picture()).digest, put(cast, picture(size=(64, 64))).digest
    with tenant(cast.zerno.program.pk):
        assert first != second
        assert list(Logo.objects.values_list("digest", flat=True)) == [second]
        logos.remove_logo(merchant=cast.zerno.merchant, by=cast.zerno.owner, now=NOW)
        logos.remove_logo(merchant=cast.zerno.merchant, by=cast.zerno.owner, now=NOW)
        actions = AuditRecord.objects.order_by("pk").values_list("action", flat=True)
        assert list(actions) == ["logo.changed", "logo.changed", "logo.removed"]


def bomb() -> bytes:
    """A PNG of a few bytes that says it has ten thousand million pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 100_000, 100_000, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("upload", "codes"),
    [
        (b"", {"logo_unreadable"}),
        (b"GIF89a" + b"\0" * 100, {"logo_unreadable"}),
        (picture().getvalue()[:200], {"logo_unreadable"}),
        (b'<?xml version="1.0"?><SVG xmlns="http://www.w3.org/2000/svg"/>', {"logo_svg"}),
        (b"\0" * (2 * 1024 * 1024 + 1), {"logo_too_large"}),
        (picture(size=(5000, 5000)).getvalue(), {"logo_too_many_pixels"}),
        (bomb(), {"logo_too_many_pixels", "logo_unreadable"}),
    ],
)
def test_what_is_no_logo(cast: Cast, upload: bytes, codes: set[str]) -> None:
    with pytest.raises(ValidationError) as refused:
        put(cast, io.BytesIO(upload))
    assert refused.value.code in codes
    with every_tenant():
        assert not Logo.objects.exists()


def test_a_photo_with_broken_exif_is_no_logo(cast: Cast) -> None:
    exif = Image.Exif()
    exif[0x010E], exif[0x0112] = "abc", 6
    # The description says that it is the width.
    photo = picture("JPEG", exif=exif.tobytes()).getvalue().replace(b"\x01\x0e\x00\x02", b"\x01\x00\x00\x02")
    with pytest.raises(ValidationError) as refused:
        put(cast, io.BytesIO(photo))
    assert refused.value.code == "logo_unreadable"


def test_a_cashier_changes_no_logo(cast: Cast) -> None:
    with tenant(cast.zerno.program.pk), pytest.raises(PermissionDenied):
        logos.put_logo(merchant=cast.zerno.merchant, file=picture(), by=cast.zerno.cashier, now=NOW)
