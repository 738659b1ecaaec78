"""Phone numbers as people write them."""

from __future__ import annotations

import pytest

from clients.phones import NotAPhoneError, e164


@pytest.mark.parametrize(
    ("spelling", "number"),
    [
        ("+79161234567", "+79161234567"),
        ("8 (916) 123-45-67", "+79161234567"),
        ("8-916-123-45-67", "+79161234567"),
        ("916 123 45 67", "+79161234567"),
        ("79161234567", "+79161234567"),
        ("+7 916 123 45 67\n", "+79161234567"),
        ("8 495 123 45 67", "+74951234567"),
        ("+375 29 123-45-67", "+375291234567"),
    ],
)
def test_usual_spellings(spelling: str, number: str) -> None:
    assert e164(spelling) == number


@pytest.mark.parametrize("spelling", ["", "call me", "12345", "8916123456", "+7 916 123 45 67 доб. 5", "+70000000000"])
def test_no_phones(spelling: str) -> None:
    with pytest.raises(NotAPhoneError):
        e164(spelling)
