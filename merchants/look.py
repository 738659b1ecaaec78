"""A merchant's colour, made fit to be read: what the pages' styles are given for the light and for the dark theme."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

# WCAG 2.1 AA for text; a little more, because what is mixed is rounded.
CONTRAST = 4.55
BLACK, WHITE = (0, 0, 0), (255, 255, 255)
DARK_SURFACE = (38, 38, 38)
STEPS = 50

RGB = tuple[int, int, int]


@dataclass(frozen=True)
class Theme:
    """`primary` is read on the page and on `tint`, and `on_primary` on it."""

    primary: RGB
    on_primary: RGB
    hover: RGB
    tint: RGB


@dataclass(frozen=True)
class Look:
    """`brand` is the colour as it was chosen, for areas of it, with `on_brand` to be read on them."""

    brand: RGB
    on_brand: RGB
    light: Theme
    dark: Theme


def look_of(colour: str) -> Look:
    """The look of a colour `#rrggbb`."""
    brand = parsed(colour)
    return Look(
        brand=brand,
        on_brand=max(WHITE, BLACK, key=lambda text: contrast(text, brand)),
        light=_theme(brand, surface=WHITE, away=BLACK, share=0.12),
        dark=_theme(brand, surface=DARK_SURFACE, away=WHITE, share=0.12),
    )


def stylesheet(colour: str) -> str:
    """The look as custom properties, in the names of Tabler and of app.css."""
    look = look_of(colour)
    brand = {"--brand": _hex(look.brand), "--brand-fg": _hex(look.on_brand)}
    light, dark = _properties(brand | _names(look.light)), _properties(_names(look.dark))
    return f":root{{{light}}}\n[data-bs-theme=dark]{{{dark}}}\n"


def parsed(colour: str) -> RGB:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def contrast(one: RGB, other: RGB) -> float:
    """WCAG's ratio, 1 to 21."""
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def mixed(one: RGB, other: RGB, share: float) -> RGB:
    """`share` of the other in the one."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return red, green, blue


def _theme(brand: RGB, *, surface: RGB, away: RGB, share: float) -> Theme:
    tint = mixed(surface, brand, share)
    primary = next(
        candidate
        for step in range(STEPS + 1)
        if min(contrast(candidate := mixed(brand, away, step / STEPS), ground) for ground in (surface, tint))
        >= CONTRAST
    )
    on_primary = max(WHITE, mixed(BLACK, brand, 0.15), BLACK, key=lambda text: contrast(text, primary))
    return Theme(primary=primary, on_primary=on_primary, hover=mixed(primary, away, 0.16), tint=tint)


def _luminance(colour: RGB) -> float:
    def linear(part: int) -> float:
        value = part / 255
        return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4

    red, green, blue = map(linear, colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _names(theme: Theme) -> dict[str, str]:
    return {
        "--tblr-primary": _hex(theme.primary),
        "--tblr-primary-rgb": _numbers(theme.primary),
        "--tblr-primary-fg": _hex(theme.on_primary),
        "--tblr-primary-darken": _hex(theme.hover),
        "--tblr-link-color": _hex(theme.primary),
        "--tblr-link-color-rgb": _numbers(theme.primary),
        "--tblr-link-hover-color-rgb": _numbers(theme.hover),
        "--tint": _hex(theme.tint),
    }


def _properties(values: Mapping[str, str]) -> str:
    return ";".join(f"{name}:{value}" for name, value in values.items())


def _hex(colour: RGB) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)


def _numbers(colour: RGB) -> str:
    return ", ".join(map(str, colour))
