"""The statements of the roll-ups, one in each file."""

from __future__ import annotations

from functools import cache
from pathlib import Path

HERE = Path(__file__).parent


@cache
def statement(name: str) -> str:
    return (HERE / f"{name}.sql").read_text(encoding="utf-8")
