"""Certificates on paper: A4, three on a page with lines to cut along, in the shop's colour and with its logo."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Sequence
from functools import cache
from typing import Any, Final

import segno
from django.conf import settings
from django.utils import formats, timezone
from django.utils.translation import gettext as _
from reportlab.graphics.barcode.code128 import Code128
from reportlab.lib.colors import Color, HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.lib.utils import ImageReader, simpleSplit
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from loyalty.certificates import codes, links, wording
from loyalty.models import Certificate
from loyalty.wording import words_of
from merchants.look import RGB, look_of
from merchants.models import Logo, Merchant

PER_PAGE: Final = 3
WIDTH, PAGE_HEIGHT = A4
HEIGHT: Final = PAGE_HEIGHT / PER_PAGE
BAND: Final = 62 * mm
MARGIN: Final = 9 * mm
INK, QUIET, LINE = HexColor("#1d2433"), HexColor("#5b6472"), HexColor("#b9c0cb")


def pdf(certificates: Sequence[Certificate], *, site: str, now: dt.datetime) -> bytes:
    """In the active language. The certificates come with their merchant, all of one."""
    regular, bold = fonts()
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=A4)
    canvas.setTitle(_("Gift certificate"))
    canvas.setAuthor(certificates[0].merchant.name)
    logo = logo_of(certificates[0].merchant)
    for n, one in enumerate(certificates):
        place = n % PER_PAGE
        if n and not place:
            canvas.showPage()
        canvas.saveState()
        canvas.translate(0, PAGE_HEIGHT - HEIGHT * (place + 1))
        _Sheet(canvas, one, logo, regular, bold).draw(site)
        canvas.restoreState()
    canvas.save()
    return buffer.getvalue()


class _Sheet:
    """A third of a page, drawn from its lower left corner."""

    def __init__(self, canvas: Any, one: Certificate, logo: Any, regular: str, bold: str) -> None:
        self.canvas, self.one, self.logo, self.regular, self.bold = canvas, one, logo, regular, bold
        self.words = words_of(one.program_id)

    def draw(self, site: str) -> None:
        look = look_of(self.one.merchant.colour)
        self._band(colour(look.brand), colour(look.on_brand))
        self._qr(links.address(self.one, site))
        self._face(colour(look.light.primary))
        self._foot()
        self.canvas.setStrokeColor(LINE)
        self.canvas.setDash(2, 3)
        self.canvas.line(0, 0, WIDTH, 0)

    def _band(self, ground: Color, ink: Color) -> None:
        canvas, merchant = self.canvas, self.one.merchant
        canvas.setFillColor(ground)
        canvas.rect(0, 0, BAND, HEIGHT, stroke=0, fill=1)
        top = HEIGHT - MARGIN
        if self.logo is not None:
            side = 26 * mm
            canvas.setFillColor(HexColor("#ffffff"))
            canvas.roundRect(
                MARGIN - 2 * mm, top - side - 2 * mm, side + 4 * mm, side + 4 * mm, 2 * mm, stroke=0, fill=1
            )
            canvas.drawImage(self.logo, MARGIN, top - side, side, side, preserveAspectRatio=True, mask="auto")
            top -= side + 8 * mm
        canvas.setFillColor(ink)
        top = self._lines(merchant.name, MARGIN, top - 6 * mm, BAND - 2 * MARGIN, self.bold, 15, 3)
        if merchant.contacts:
            self._lines(merchant.contacts, MARGIN, top - 3 * mm, BAND - 2 * MARGIN, self.regular, 8, 5)

    def _face(self, accent: Color) -> None:
        canvas, one = self.canvas, self.one
        left, width = BAND + MARGIN, WIDTH - BAND - 2 * MARGIN - 38 * mm
        canvas.setFillColor(QUIET)
        canvas.setFont(self.regular, 12)
        canvas.drawString(left, HEIGHT - MARGIN - 4 * mm, _("Gift certificate"))
        canvas.setFillColor(accent)
        top = self._lines(
            wording.worth(one, self.words), left, HEIGHT - MARGIN - 18 * mm, width, self.bold, self._size(), 2
        )
        canvas.setFillColor(INK)
        if one.title and one.kind != Certificate.Kind.PRODUCT:
            top = self._lines(one.title, left, top - 2 * mm, width, self.regular, 10, 2)
        if one.for_whom:
            said = _("For: %(name)s") % {"name": one.for_whom}
            top = self._lines(said, left, top - 4 * mm, width, self.bold, 11, 2)
        if one.wish:
            self._lines(one.wish, left, top - 2 * mm, width, self.regular, 10, 4)

    def _size(self) -> int:
        """A sum is written large; the name of an article as it fits."""
        return 30 if self.one.kind != Certificate.Kind.PRODUCT else 18

    def _foot(self) -> None:
        canvas, left = self.canvas, BAND + MARGIN
        until = formats.date_format(
            timezone.localtime(self.one.expires_at - dt.timedelta(seconds=1)), "SHORT_DATE_FORMAT"
        )
        canvas.setFillColor(INK)
        canvas.setFont(self.regular, 10)
        canvas.drawString(left, 29 * mm, _("Good through %(day)s inclusive") % {"day": until})
        canvas.setFont(self.bold, 16)
        canvas.drawString(left, 20 * mm, codes.shown(self.one.code))
        barcode = Code128(self.one.code, barHeight=8 * mm, barWidth=0.36 * mm, quiet=False)
        barcode.drawOn(canvas, left, 9 * mm)

    def _qr(self, link: str) -> None:
        canvas, side = self.canvas, 34 * mm
        image = io.BytesIO()
        segno.make_qr(link, error="m").save(image, kind="png", scale=8, border=0)
        left, bottom = WIDTH - MARGIN - side, HEIGHT - MARGIN - side
        canvas.drawImage(ImageReader(image), left, bottom, side, side)
        canvas.setFillColor(QUIET)
        self._lines(_("The rest and the shops: scan the code"), left, bottom - 4 * mm, side, self.regular, 7.5, 3)

    def _lines(self, text: str, left: float, top: float, width: float, font: str, size: float, most: int) -> float:
        """Text folded to a width, at most so many lines; where the next one may begin."""
        lines = simpleSplit(text, font, size, width)
        if len(lines) > most:
            lines = [*lines[: most - 1], f"{lines[most - 1]}…"]
        self.canvas.setFont(font, size)
        for line in lines:
            self.canvas.drawString(left, top, line)
            top -= size * 1.25
        return top


def logo_of(merchant: Merchant) -> Any:
    found = Logo.objects.filter(program_id=merchant.program_id, merchant=merchant).first()
    return ImageReader(io.BytesIO(bytes(found.content))) if found is not None else None


def colour(rgb: RGB) -> Color:
    return Color(*(part / 255 for part in rgb))


@cache
def fonts() -> tuple[str, str]:
    for name, file in (("Inter", "inter-regular.ttf"), ("Inter-Bold", "inter-bold.ttf")):
        pdfmetrics.registerFont(TTFont(name, settings.BASE_DIR / "static" / "vendor" / file))
    return "Inter", "Inter-Bold"
