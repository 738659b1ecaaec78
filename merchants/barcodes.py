"""Barcodes as bars: EAN-13 where a number is one, else Code 128. Pages draw them as SVG, printed cards as rectangles.

`modules` is the whole code from the first bar to the last, a character a module, `1` for a bar; the quiet ground beside
it is the drawer's.
"""

from __future__ import annotations

from typing import Final

# Of EAN-13: the seven modules of a digit on the left (set A; set B is its mirror of C), and which set is used where.
_LEFT: Final = [
    "0001101",
    "0011001",
    "0010011",
    "0111101",
    "0100011",
    "0110001",
    "0101111",
    "0111011",
    "0110111",
    "0001011",
]
_PARITY: Final = ["AAAAAA", "AABABB", "AABBAB", "AABBBA", "ABAABB", "ABBAAB", "ABBBAA", "ABABAB", "ABABBA", "ABBABA"]
# Of Code 128: six widths for each of the symbols 0 to 105, bar and space in turn.
_WIDTHS: Final = (
    "212222222122222221121223121322131222122213122312132212221213221312231212112232122132122231113222123122123221"
    "223211221132221231213212223112312131311222321122321221312212322112322211212123212321232121111323131123131321"
    "112313132113132311211313231113231311112133112331132131113123113321133121313121211331231131213113213311213131"
    "311123311321331121312113312311332111314111221411431111111224111422121124121421141122141221112214112412122114"
    "122411142112142211241211221114413111241112134111111242121142121241114212124112124211411212421112421211212141"
    "214121412121111143111341131141114113114311411113411311113141114131311141411131211412211214211232"
)
_STOP: Final = "2331112"
_START_B, _START_C, _TO_B, _TO_C = 104, 105, 100, 99
QUIET: Final = 10


def modules(text: str) -> str | None:
    """None for what no barcode holds."""
    if is_ean(text):
        return _ean(text)
    return _code128(text) if text and text.isascii() and text.isprintable() else None


def is_ean(text: str) -> bool:
    return len(text) == 13 and text.isascii() and text.isdigit() and check_digit(text[:12]) == text[12]


def check_digit(twelve: str) -> str:
    return str(-(sum(map(int, twelve[::2])) + 3 * sum(map(int, twelve[1::2]))) % 10)


def svg(text: str) -> str:
    """For the middle of a page: dark on nothing, so the page gives it a light ground. Empty for what has no barcode."""
    found = modules(text)
    if found is None:
        return ""
    bars = "".join(f"M{at + QUIET} 0h{width}v40h-{width}z" for at, width in runs(found))
    box = f"0 0 {len(found) + 2 * QUIET} 40"
    return f'<svg class="barcode" viewBox="{box}" preserveAspectRatio="none"><path d="{bars}"/></svg>'


def runs(found: str) -> list[tuple[int, int]]:
    """Where each bar begins, and how wide it is."""
    bars, at = [], 0
    while (begins := found.find("1", at)) >= 0:
        at = found.find("0", begins)
        at = len(found) if at < 0 else at
        bars.append((begins, at - begins))
    return bars


def _ean(number: str) -> str:
    left = [_digit(digit, side) for digit, side in zip(number[1:7], _PARITY[int(number[0])], strict=True)]
    right = [_inverse(_LEFT[int(digit)]) for digit in number[7:]]
    return f"101{''.join(left)}01010{''.join(right)}101"


def _digit(digit: str, side: str) -> str:
    bits = _LEFT[int(digit)]
    return bits if side == "A" else _inverse(bits)[::-1]


def _inverse(bits: str) -> str:
    return bits.translate(str.maketrans("01", "10"))


def _code128(text: str) -> str:
    """Pairs of digits where there are four or more in a row, else single characters."""
    symbols: list[int] = []
    at, pairs = 0, False
    while at < len(text):
        digits = len(text) - at - len(text[at:].lstrip("0123456789"))
        if pairs or digits >= 4:
            if digits >= 2:
                if not pairs:
                    symbols.append(_TO_C if symbols else _START_C)
                    pairs = True
                symbols.append(int(text[at : at + 2]))
                at += 2
                continue
            pairs = False
            symbols.append(_TO_B)
        elif not symbols:
            symbols.append(_START_B)
        symbols.append(ord(text[at]) - 32)
        at += 1
    check = (symbols[0] + sum(n * symbol for n, symbol in enumerate(symbols))) % 103
    widths = "".join(_WIDTHS[6 * symbol : 6 * symbol + 6] for symbol in [*symbols, check]) + _STOP
    return "".join("01"[(n + 1) % 2] * int(width) for n, width in enumerate(widths))
