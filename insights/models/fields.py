from __future__ import annotations

from typing import Any

from django.db import models


class SumField(models.DecimalField[Any, Any]):
    """A sum over many rows of money or points: wider than any one of them may be."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"max_digits": 24, "decimal_places": 2, **kwargs})
