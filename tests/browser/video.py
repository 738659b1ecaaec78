"""A picture as a film of one frame: what a browser that has no camera is given in place of one."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

SIZE = (1280, 720)


def film(picture: Image.Image, path: Path) -> None:
    """The picture in the middle of a grey frame, as Y4M; the browser shows it again and again."""
    frame = Image.new("L", SIZE, 128)
    shown = picture.convert("L")
    shown.thumbnail((SIZE[1] - 40, SIZE[1] - 40))
    frame.paste(shown, ((SIZE[0] - shown.width) // 2, (SIZE[1] - shown.height) // 2))
    grey = bytes([128]) * (SIZE[0] * SIZE[1] // 2)
    head = f"YUV4MPEG2 W{SIZE[0]} H{SIZE[1]} F10:1 Ip A1:1 C420jpeg\n"
    path.write_bytes(head.encode() + b"FRAME\n" + frame.tobytes() + grey)
