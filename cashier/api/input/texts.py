"""Texts as tills send them: of a length, and without what could hide or turn around what a person reads."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from msgspec import Meta

# Control characters (NUL among them), line separators, and the marks that turn the direction of writing.
UNSEEN = r"\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff"
# Python's `$` also matches before a last newline, hence the look-ahead.
CLEAN = rf"^[^{UNSEEN}]*$(?!\n)"
# Something is there, and it is not only spaces.
SAID = rf"^[^{UNSEEN}]*[^{UNSEEN}\s][^{UNSEEN}]*$(?!\n)"

Short: TypeAlias = Annotated[str, Meta(max_length=64, pattern=CLEAN)]
Medium: TypeAlias = Annotated[str, Meta(max_length=120, pattern=CLEAN)]
Long: TypeAlias = Annotated[str, Meta(max_length=200, pattern=CLEAN)]
Reason: TypeAlias = Annotated[str, Meta(max_length=250, pattern=CLEAN)]
Code: TypeAlias = Annotated[str, Meta(min_length=1, max_length=40, pattern=SAID)]
OneTimeCode: TypeAlias = Annotated[
    str,
    Meta(
        pattern=r"^(?:[0-9]{6}|[0-9]{28})$(?!\n)",
        description="Of the client's page: it stands for the client, once. The six digits, or the 28 of its QR code.",
    ),
]
Phone: TypeAlias = Annotated[
    str,
    Meta(
        min_length=5,
        max_length=40,
        pattern=SAID,
        description="In any usual spelling: +79161234567, 8 (916) 123-45-67.",
        examples=["+79161234567"],
    ),
]
Channel: TypeAlias = Annotated[
    str, Meta(max_length=20, pattern=CLEAN, description="Where the sale happens, for example store or online.")
]
