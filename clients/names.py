"""Names of shops inside sentences."""

from __future__ import annotations

from loyalty.wording import spoken


def quoted(name: str) -> str:
    """`«Зерно»`, in English `“Зерно”`; a name that brings quotes of its own has enough of them."""
    if any(mark in name for mark in '«»“”„"'):
        return name
    return f"«{name}»" if spoken() == "ru" else f"“{name}”"
