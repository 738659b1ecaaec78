"""Codes of gifts that wait to be handed over: of the alphabet of certificates, with their check, and shorter.

A picture of one says `gift:` before the code, which no number of a card can: so a till that scans it where clients are
looked for knows what it is.
"""

from __future__ import annotations

import secrets
from typing import Final

from loyalty.certificates.codes import ALPHABET, spelled

LENGTH: Final = 8
SCANNED: Final = "gift:"


def new_code() -> str:
    body = "".join(secrets.choice(ALPHABET) for _n in range(LENGTH - 1))
    return body + _check(body)


def read(text: str) -> str:
    """The code as it is stored, however it was typed or scanned; empty for what can't be one."""
    code = spelled(text.strip().removeprefix(SCANNED).removeprefix(SCANNED.upper()))
    return code if len(code) == LENGTH and set(code) <= set(ALPHABET) and _check(code[:-1]) == code[-1] else ""


def is_scanned(text: str) -> bool:
    return text.strip().lower().startswith(SCANNED)


def shown(code: str) -> str:
    """`7K2MQX4T` as `7K2M-QX4T`."""
    return f"{code[:4]}-{code[4:]}"


def picture(code: str) -> str:
    """What the QR code says."""
    return f"{SCANNED}{code}"


def _check(body: str) -> str:
    """31 letters are a prime number of them: one wrong letter, or two that changed places, never pass."""
    return ALPHABET[sum((n + 1) * ALPHABET.index(letter) for n, letter in enumerate(body)) % len(ALPHABET)]
