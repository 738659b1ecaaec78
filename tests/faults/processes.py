"""The processes of one run, found through /proc from the launcher down: nothing else is ever touched."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

PROC = Path("/proc")


@dataclass(frozen=True)
class Process:
    """A process id alone may be somebody else's by now; with its start time it is one process for ever.

    The command is no part of it: PostgreSQL's processes say there what they are doing.
    """

    pid: int
    started: str
    command: str = field(compare=False)

    @property
    def is_alive(self) -> bool:
        fields = stat_of(self.pid)
        return fields is not None and fields[19] == self.started and fields[0] != "Z"

    def send(self, how: signal.Signals) -> None:
        if self.is_alive:
            os.kill(self.pid, how)


def stat_of(pid: int) -> list[str] | None:
    """The fields of /proc/PID/stat after the name, which may hold anything: state, parent, group, …"""
    try:
        return (PROC / str(pid) / "stat").read_text(errors="replace").rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None


def process(pid: int) -> Process | None:
    fields = stat_of(pid)
    try:
        command = (PROC / str(pid) / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return Process(pid, fields[19], command) if fields and fields[0] != "Z" else None


def children(pid: int) -> Iterator[Process]:
    try:
        found = [task.joinpath("children").read_text() for task in (PROC / str(pid) / "task").iterdir()]
    except (FileNotFoundError, ProcessLookupError):
        return
    for number in " ".join(found).split():
        if child := process(int(number)):
            yield child


def descendants(pid: int) -> Iterator[Process]:
    for child in children(pid):
        yield child
        yield from descendants(child.pid)


def working_in(folder: Path) -> list[int]:
    """Processes whose current folder lies in `folder`: the data's servers, whoever their parent is."""
    found = []
    for entry in PROC.glob("[0-9]*"):
        try:
            here = (entry / "cwd").readlink()
        except OSError:
            continue
        if here.is_relative_to(folder):
            found.append(int(entry.name))
    return found


def until(true: Callable[[], bool], what: str, *, seconds: float, step: float = 0.05) -> float:
    """How long it took; AssertionError when it does not become true in time."""
    began = time.monotonic()
    while not true():
        assert time.monotonic() - began < seconds, f"not within {seconds:.0f} s: {what}"
        time.sleep(step)
    return time.monotonic() - began


def gone(processes: Iterable[Process], *, seconds: float) -> None:
    processes = list(processes)
    until(lambda: not any(one.is_alive for one in processes), f"the end of {processes}", seconds=seconds)
