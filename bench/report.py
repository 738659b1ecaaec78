"""Figures, their goals, and where they are written down."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import os
import platform
import re
import subprocess
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

from bench.measure import Rounds, median
from bench.place import ROOT, Database

DOCUMENT = ROOT / "docs" / "performance.md"
PACKAGES = ("Django", "djangorestframework", "psycopg", "msgspec", "granian")


@dataclass(frozen=True)
class Figure:
    """A figure with its goal: at least it, or at most it."""

    name: str
    value: float
    unit: str = ""
    at_least: float | None = None
    at_most: float | None = None

    @property
    def goal(self) -> str:
        if self.at_least is not None:
            return f"≥ {self.at_least:g}"
        return f"≤ {self.at_most:g}" if self.at_most is not None else ""

    @property
    def verdict(self) -> str:
        if not self.goal:
            return ""
        held = self.value >= self.at_least if self.at_least is not None else self.value <= (self.at_most or 0)
        return "yes" if held else "**no**"

    @property
    def shown(self) -> str:
        value = f"{self.value:,.0f}" if abs(self.value) >= 100 else f"{self.value:.3g}"
        return f"{value} {self.unit}".strip()


@dataclass
class Report:
    """What one command found."""

    command: str
    title: str
    figures: list[Figure] = field(default_factory=list)
    rounds: Rounds = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    machine: dict[str, str] = field(default_factory=dict)

    def markdown(self) -> str:
        lines = [f"### {self.title}", "", f"`{self.command}`, {self.machine.pop('date', '')}", ""]
        if self.rounds:
            lines += ["| | per second | p50 ms | p99 ms | CPU ms per operation |", "|---|---|---|---|---|"]
            for name, samples in self.rounds.items():
                m = median(samples)
                cpu = " + ".join(f"{ms:.2f} {group}" for group, ms in m.cpu_ms.items())
                lines.append(f"| {name} | {m.per_second:,.0f} | {m.p50_ms:.2f} | {m.p99_ms:.2f} | {cpu} |")
            lines.append("")
        lines += ["| figure | measured | goal | met |", "|---|---|---|---|"]
        lines += [f"| {f.name} | {f.shown} | {f.goal} | {f.verdict} |" for f in self.figures]
        lines += ["", *(f"- {note}" for note in self.notes)]
        lines += [f"- {name}: {value}" for name, value in self.machine.items()]
        return "\n".join(lines) + "\n"

    def as_json(self) -> dict[str, Any]:
        return {
            "command": self.command,
            "machine": self.machine,
            "figures": [asdict(figure) | {"met": figure.verdict} for figure in self.figures],
            "rounds": {name: [asdict(sample) for sample in samples] for name, samples in self.rounds.items()},
            "notes": self.notes,
        }


def machine(database: Database | None) -> dict[str, str]:
    """What a reader needs to place the figures: no names, no paths."""
    found = {"date": dt.datetime.now(dt.UTC).strftime("%Y-%m-%d %H:%M UTC")}
    found["revision"] = _output("git", "describe", "--always", "--dirty")
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    found["machine"] = f"{cores} cores ({_cpu()}), {_memory_gib():.0f} GiB, {platform.system()} {platform.machine()}"
    found["load before"] = f"{os.getloadavg()[0]:.1f} processes wanted a core in the minute before"
    packages = [f"{name} {version(name)}" for name in PACKAGES]
    if database is not None:
        with database.connect() as connection:
            names = ("server_version", "synchronous_commit", "fsync", "shared_buffers")
            shown = {name: str((connection.execute(f"SHOW {name}".encode()).fetchone() or [""])[0]) for name in names}
        packages.insert(0, f"PostgreSQL {shown.pop('server_version')}")
        found["durability"] = ", ".join(f"{name} {value}" for name, value in shown.items())
    found["versions"] = ", ".join([f"Python {platform.python_version()}", *packages])
    return found


def _output(*command: str) -> str:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"


def _cpu() -> str:
    with contextlib.suppress(OSError):
        found = re.search(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(encoding="utf-8"), re.MULTILINE)
        if found:
            return found[1]
    return platform.processor() or "unknown"


def _memory_gib() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30


def publish(report: Report, name: str, *, write: bool, to: Path | None) -> None:
    """Print the table, write the JSON, and with `write` the section of docs/performance.md."""
    if to is not None:
        to.write_text(json.dumps(report.as_json(), ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    text = report.markdown()
    print(f"\n{text}", flush=True)
    if write:
        put(text, name)


def put(text: str, name: str, document: Path = DOCUMENT) -> None:
    """Replace the text between this name's markers; add them at the end where there are none."""
    first, last = f"<!-- bench:{name} -->", f"<!-- /bench:{name} -->"
    old = document.read_text(encoding="utf-8") if document.exists() else "# Performance\n"
    section = f"{first}\n{text}{last}"
    if first in old:
        before, _, rest = old.partition(first)
        new = before + section + rest.partition(last)[2]
    else:
        new = f"{old.rstrip()}\n\n{section}\n"
    document.write_text(new, encoding="utf-8")


def met(figures: Sequence[Figure]) -> bool:
    return not any(figure.verdict == "**no**" for figure in figures)
