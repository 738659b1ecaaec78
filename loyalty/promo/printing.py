"""QR codes of promo codes on A4, to cut: imported by whoever prints, and not before: it takes memory."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any, Final

import segno
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from loyalty.certificates.drawing import INK, QUIET, fonts
from loyalty.models import PromoBatch
from loyalty.promo.shown import code_shown

COLUMNS: Final = 4
ROWS: Final = 6
WIDTH, HEIGHT = A4[0] / COLUMNS, A4[1] / ROWS
SIDE: Final = 30 * mm


def pdf(batch: PromoBatch, codes: Sequence[str]) -> bytes:
    """The batch comes with its merchant."""
    regular, bold = fonts()
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=A4)
    canvas.setTitle(f"{batch.merchant.name}: {batch.name}")
    canvas.setAuthor(batch.merchant.name)
    for n, code in enumerate(codes):
        place = n % (COLUMNS * ROWS)
        if n and not place:
            canvas.showPage()
        row, column = divmod(place, COLUMNS)
        canvas.saveState()
        canvas.translate(column * WIDTH, A4[1] - (row + 1) * HEIGHT)
        _draw(canvas, batch, code_shown(batch, code), regular, bold)
        canvas.restoreState()
    canvas.save()
    return buffer.getvalue()


def _draw(canvas: Any, batch: PromoBatch, shown: str, regular: str, bold: str) -> None:
    middle = WIDTH / 2
    matrix = segno.make_qr(shown, error="m").matrix
    size = SIDE / (len(matrix) + 2)
    left, top = middle - len(matrix) * size / 2, HEIGHT - 4 * mm
    path = canvas.beginPath()
    for y, line in enumerate(matrix):
        for x, dark in enumerate(line):
            if dark:
                path.rect(left + x * size, top - (y + 1) * size, size, size)
    canvas.setFillColor(INK)
    canvas.drawPath(path, stroke=0, fill=1)
    _centred(canvas, shown, bold, 10, middle, 9 * mm)
    canvas.setFillColor(QUIET)
    _centred(canvas, batch.name, regular, 7, middle, 5 * mm)


def _centred(canvas: Any, text: str, font: str, size: float, middle: float, y: float) -> None:
    """As large as the place allows."""
    width = canvas.stringWidth(text, font, size)
    size = min(size, size * (WIDTH - 6 * mm) / width) if width else size
    canvas.setFont(font, size)
    canvas.drawCentredString(middle, y, text)
