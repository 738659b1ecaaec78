"""Plastic cards for a printer: ten on an A4 sheet with crop marks, or each on a page of its own with a bleed.

Bars and squares are drawn as vectors. Imported by whoever prints, and not before: it takes memory.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from typing import Any, Final, Literal

import segno
from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.lib.utils import simpleSplit
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import FILL_NON_ZERO, Canvas

from loyalty.certificates.drawing import INK, colour, fonts, logo_of
from loyalty.models import CardBatch
from merchants import barcodes
from merchants.look import look_of

Sheet = Literal["a4", "single"]

WIDTH, HEIGHT = 85.6 * mm, 54 * mm
BLEED: Final = 1.5 * mm
COLUMNS, ROWS = 2, 5
GAP: Final = 3 * mm
MARK: Final = 4 * mm
LEFT: Final = (A4[0] - COLUMNS * WIDTH - (COLUMNS - 1) * GAP) / 2
BOTTOM: Final = (A4[1] - ROWS * HEIGHT - (ROWS - 1) * GAP) / 2
BAND: Final = 25 * mm
MARGIN: Final = 5 * mm
_GROUND: Final = "ground"
# Thinner bars no scanner reads from plastic.
THINNEST, THICKEST = 0.2 * mm, 0.42 * mm


def pdf(batch: CardBatch, numbers: Sequence[str], *, sheet: Sheet) -> bytes:
    """In the active language. The batch comes with its merchant."""
    buffer = io.BytesIO()
    face = _Face(batch)
    page = A4 if sheet == "a4" else (WIDTH + 2 * BLEED, HEIGHT + 2 * BLEED)
    canvas = Canvas(buffer, pagesize=page)
    canvas.setTitle(f"{batch.merchant.name}: {batch.name}")
    canvas.setAuthor(batch.merchant.name)
    face.prepare(canvas)
    if sheet == "a4":
        _sheets(canvas, face, numbers)
    else:
        canvas.setTrimBox((BLEED, BLEED, BLEED + WIDTH, BLEED + HEIGHT))
        canvas.setBleedBox((0, 0, *page))
        for number in numbers:
            _at(canvas, BLEED, BLEED, face, number)
            canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def _sheets(canvas: Any, face: _Face, numbers: Sequence[str]) -> None:
    places = [
        (LEFT + column * (WIDTH + GAP), BOTTOM + row * (HEIGHT + GAP))
        for row in reversed(range(ROWS))
        for column in range(COLUMNS)
    ]
    for start in range(0, len(numbers), len(places)):
        for (left, bottom), number in zip(places, numbers[start : start + len(places)], strict=False):
            _at(canvas, left, bottom, face, number)
        _crop_marks(canvas)
        canvas.showPage()


def _crop_marks(canvas: Any) -> None:
    canvas.setStrokeColor(INK)
    canvas.setLineWidth(0.25)
    for column in range(COLUMNS):
        left = LEFT + column * (WIDTH + GAP)
        for x in (left, left + WIDTH):
            canvas.line(x, BOTTOM - BLEED - MARK, x, BOTTOM - BLEED)
            canvas.line(x, A4[1] - BOTTOM + BLEED, x, A4[1] - BOTTOM + BLEED + MARK)
    for row in range(ROWS):
        bottom = BOTTOM + row * (HEIGHT + GAP)
        for y in (bottom, bottom + HEIGHT):
            canvas.line(LEFT - BLEED - MARK, y, LEFT - BLEED, y)
            canvas.line(A4[0] - LEFT + BLEED, y, A4[0] - LEFT + BLEED + MARK, y)


def _at(canvas: Any, left: float, bottom: float, face: _Face, number: str) -> None:
    canvas.saveState()
    canvas.translate(left, bottom)
    face.draw(canvas, number)
    canvas.restoreState()


class _Face:
    """One side says all: whose card, its number, and the codes for a scanner. Drawn from the cut's lower left corner,
    with the band running out into the bleed."""

    def __init__(self, batch: CardBatch) -> None:
        self.batch, self.merchant = batch, batch.merchant
        self.look = look_of(self.merchant.colour)
        self.logo = logo_of(self.merchant)
        self.regular, self.bold = fonts()

    def prepare(self, canvas: Any) -> None:
        """What is the same on every card is written once."""
        canvas.beginForm(_GROUND, -BLEED, -BLEED, WIDTH + BLEED, HEIGHT + BLEED)
        canvas.setFillColor(HexColor("#ffffff"))
        canvas.rect(-BLEED, -BLEED, WIDTH + 2 * BLEED, HEIGHT + 2 * BLEED, stroke=0, fill=1)
        self._band(canvas)
        canvas.endForm()

    def draw(self, canvas: Any, number: str) -> None:
        canvas.doForm(_GROUND)
        room = WIDTH - 2 * MARGIN
        with_qr = self.batch.codes != CardBatch.Codes.BARCODE
        bars = None if self.batch.codes == CardBatch.Codes.QR else barcodes.modules(number)
        side = 21 * mm
        beside = room - (side + 4 * mm if with_qr else 0)
        if bars is not None and beside / len(bars) < THINNEST:
            # Too long to stand beside a square: the bars have the room to themselves, or the square has.
            with_qr = room / len(bars) < THINNEST
            bars, beside = (None, room) if with_qr else (bars, room)
        if bars is None:
            with_qr = True
            beside = room - side - 4 * mm
        if with_qr:
            _qr(canvas, number, WIDTH - MARGIN - side, 4 * mm, side)
        foot = 4 * mm
        canvas.setFillColor(INK)
        size = self._fitting(number, beside)
        canvas.setFont(self.regular, size)
        if bars is None:
            canvas.drawString(MARGIN, foot + 8 * mm, _spaced(number))
        else:
            width = min(beside / len(bars), THICKEST)
            canvas.drawString(MARGIN, foot + 1 * mm, _spaced(number))
            _bars(canvas, bars, MARGIN, foot + 6 * mm, width, 13 * mm)

    def _fitting(self, number: str, room: float) -> float:
        natural = stringWidth(_spaced(number), self.regular, 10)
        return min(10.0, 10 * room / natural) if natural else 10.0

    def _band(self, canvas: Any) -> None:
        canvas.setFillColor(colour(self.look.brand))
        canvas.rect(-BLEED, HEIGHT - BAND, WIDTH + 2 * BLEED, BAND + BLEED, stroke=0, fill=1)
        left, side = MARGIN, 15 * mm
        if self.logo is not None:
            bottom = HEIGHT - BAND + (BAND - side) / 2
            canvas.setFillColor(HexColor("#ffffff"))
            canvas.roundRect(left, bottom, side, side, 2 * mm, stroke=0, fill=1)
            pad = 1.5 * mm
            canvas.drawImage(
                self.logo,
                left + pad,
                bottom + pad,
                side - 2 * pad,
                side - 2 * pad,
                preserveAspectRatio=True,
                mask="auto",
            )
            left += side + 4 * mm
        canvas.setFillColor(colour(self.look.on_brand))
        room = WIDTH - MARGIN - left
        lines = [*self._text(self.merchant.name, self.bold, 14, room, 2)]
        if self.batch.line:
            lines += self._text(self.batch.line, self.regular, 9, room, 2)
        height = sum(size * 1.2 for _text, _font, size in lines)
        top = HEIGHT - BAND / 2 + height / 2
        for said, font, size in lines:
            top -= size * 1.2
            canvas.setFont(font, size)
            canvas.drawString(left, top + size * 0.25, said)

    def _text(self, text: str, font: str, size: float, room: float, most: int) -> Iterator[tuple[str, str, float]]:
        lines = simpleSplit(text, font, size, room)
        if len(lines) > most:
            lines = [*lines[: most - 1], f"{lines[most - 1]}…"]
        return ((line, font, size) for line in lines)


def _bars(canvas: Any, found: str, left: float, bottom: float, width: float, height: float) -> None:
    path = canvas.beginPath()
    for begins, many in barcodes.runs(found):
        path.rect(left + begins * width, bottom, many * width, height)
    canvas.drawPath(path, stroke=0, fill=1)


def _qr(canvas: Any, text: str, left: float, bottom: float, side: float) -> None:
    # Of eight masks any is read; to look for the handsomest takes longer than all the rest of the card.
    rows = list(segno.make_qr(text, error="m", mask=2).matrix)
    cell = side / len(rows)
    path = canvas.beginPath()
    for place, row in enumerate(rows):
        line = "".join("1" if dark else "0" for dark in row)
        for begins, many in barcodes.runs(line):
            # A hair taller than a cell, or some viewers show lines between the rows; hence the fill, too.
            path.rect(left + begins * cell, bottom + side - (place + 1) * cell, many * cell, cell * 1.02)
    canvas.setFillColor(INK)
    canvas.drawPath(path, stroke=0, fill=1, fillMode=FILL_NON_ZERO)


def _spaced(number: str) -> str:
    """In fours, as people read long numbers; an EAN-13 as it is usually written."""
    if barcodes.is_ean(number):
        return f"{number[0]} {number[1:7]} {number[7:]}"
    if number.isdigit() and len(number) > 6:
        return " ".join(number[start : start + 4] for start in range(0, len(number), 4))
    return number
