"""The three kinds of quantity that the books hold, so that every column of a kind has the same size."""

from __future__ import annotations

from typing import Any

from django.db import models


class MoneyField(models.DecimalField[Any, Any]):
    """Money in the programme's currency, up to 12 digits before the point."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"max_digits": 14, "decimal_places": 2, **kwargs})


class PointsField(models.DecimalField[Any, Any]):
    """Loyalty points, with the programme's precision (0 or 2)."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"max_digits": 14, "decimal_places": 2, **kwargs})


class QuantityField(models.DecimalField[Any, Any]):
    """Pieces or kilograms: three decimal places, as tills weigh."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"max_digits": 12, "decimal_places": 3, **kwargs})
