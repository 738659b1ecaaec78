"""Figures of the faults, shown at the end of the session."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from tests.faults.load import Load

REPORT: list[str] = []


def report(story: str, load: Load, recoveries: Sequence[tuple[str, float]], *more: str) -> None:
    """What broke, how long the till's next answer took, and what was acknowledged meanwhile."""
    kinds = Counter(answer.what for answer in load.answers)
    again: Counter[str] = Counter()
    for till in load.tills:
        again.update(till.figures.again)
    longest = max(till.figures.longest for till in load.tills)
    REPORT.append(
        f"{story}: {len(recoveries)} faults; {len(load.answers)} writes acknowledged "
        f"({kinds['sell'] + kinds['hold']} sales), none lost, none double; "
        f"asked again {sum(again.values())} times {dict(again)}; the longest wait was {longest:.1f} s"
    )
    REPORT.append("  next answer after: " + ", ".join(f"{what} {seconds:.1f} s" for what, seconds in recoveries))
    REPORT.extend(f"  {line}" for line in more)
