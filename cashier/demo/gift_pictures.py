"""The pictures of the demo's gifts: drawn here, in a few flat shapes."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Final, TypeAlias

from PIL import Image, ImageDraw

Draw: TypeAlias = ImageDraw.ImageDraw

SIDE: Final = 320
CREAM, BROWN, DARK, MILK = "#f3e6d3", "#8a5a34", "#4a2f1b", "#fffaf2"
RED, ROSE, GREEN, BLUE = "#c8473b", "#e8a0a0", "#6f8f5f", "#4f7ea8"


def drawn(name: str) -> bytes:
    """As a PNG. KeyError for a name that is not in PICTURES."""
    ground, draw = PICTURES[name]
    picture = Image.new("RGB", (SIDE, SIDE), ground)
    draw(ImageDraw.Draw(picture))
    file = io.BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()


def _beans(on: Draw) -> None:
    on.rounded_rectangle((95, 60, 225, 270), 14, fill=BROWN)
    on.rectangle((95, 60, 225, 95), fill=DARK)
    on.ellipse((120, 130, 200, 230), fill=CREAM)
    on.ellipse((140, 145, 180, 215), fill=DARK)
    on.line((163, 148, 157, 180, 163, 212), fill=CREAM, width=5)


def _mug(on: Draw) -> None:
    on.ellipse((195, 120, 265, 210), outline=MILK, width=18)
    on.rounded_rectangle((75, 90, 225, 250), 22, fill=MILK)
    on.ellipse((122, 135, 178, 195), fill=BLUE)


def _cake(on: Draw) -> None:
    on.polygon(((60, 210), (60, 150), (260, 105), (260, 210)), fill=CREAM)
    on.rectangle((60, 170, 260, 185), fill=RED)
    on.polygon(((60, 150), (260, 105), (260, 125), (60, 168)), fill=MILK)
    on.ellipse((180, 75, 220, 115), fill=RED)
    on.ellipse((45, 205, 275, 240), fill=MILK)


def _latte(on: Draw) -> None:
    on.ellipse((45, 45, 275, 275), fill=MILK)
    on.ellipse((70, 70, 250, 250), fill=BROWN)
    on.polygon(((160, 225), (105, 150), (215, 150)), fill=MILK)
    on.ellipse((101, 108, 163, 172), fill=MILK)
    on.ellipse((157, 108, 219, 172), fill=MILK)


def _paw(on: Draw) -> None:
    on.ellipse((105, 150, 215, 255), fill=MILK)
    for left, top in ((65, 125), (110, 75), (165, 75), (210, 125)):
        on.ellipse((left, top, left + 45, top + 60), fill=MILK)


PICTURES: Final[dict[str, tuple[str, Callable[[Draw], None]]]] = {
    "beans": (GREEN, _beans),
    "mug": (CREAM, _mug),
    "cake": (ROSE, _cake),
    "latte": (CREAM, _latte),
    "paw": (BLUE, _paw),
}
