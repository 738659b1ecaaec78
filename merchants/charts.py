"""A chart as a value: what the script draws, and the table below it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any


@dataclass(frozen=True)
class Series:
    """`values` are drawn, `texts` are read: one of each for every label of the chart."""

    name: str
    values: Sequence[Decimal | int]
    texts: Sequence[str]
    dashed: bool = False


@dataclass(frozen=True)
class Row:
    label: str
    texts: Sequence[str]


@dataclass(frozen=True)
class Chart:
    """`kind`: "bar", "stacked" or "line". `label` names the column of the labels. Drawn by templates/parts/chart.html
    and static/js/charts.js."""

    id: str
    title: str
    kind: str
    label: str
    labels: Sequence[str]
    series: Sequence[Series]
    horizontal: bool = False

    @property
    def is_tall(self) -> bool:
        """Bars that lie need a line each."""
        return self.horizontal and len(self.labels) > 8

    @property
    def rows(self) -> list[Row]:
        return [Row(label, [line.texts[i] for line in self.series]) for i, label in enumerate(self.labels)]

    @property
    def data(self) -> dict[str, Any]:
        """For the script. Pixels need no exact decimals: here, and only here, numbers become floats."""
        return {
            "kind": self.kind,
            "horizontal": self.horizontal,
            "labels": list(self.labels),
            "series": [
                {
                    "name": line.name,
                    "values": [float(value) for value in line.values],
                    "texts": list(line.texts),
                    "dashed": line.dashed,
                }
                for line in self.series
            ],
        }
