"""QR codes, drawn by the server: pages show them without scripts."""

from __future__ import annotations

import io

import segno


def svg(text: str) -> str:
    """For the middle of a page: dark on nothing, so the page gives it a light ground."""
    code = segno.make_qr(text, error="m")
    return str(code.svg_inline(border=4, svgclass="qr", lineclass=None, omitsize=True))


def svg_file(text: str) -> bytes:
    return _saved(text, "svg", scale=10, light="white")


def png_file(text: str) -> bytes:
    """About a thousand pixels wide: sharp on a poster."""
    return _saved(text, "png", scale=30)


def _saved(text: str, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    segno.make_qr(text, error="m").save(buffer, kind=kind, border=4, **options)
    return buffer.getvalue()
