"""Child processes that do not outlive their parent, and finding those that did."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from config.local.accounts import Account

PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None
PROC = Path("/proc")
LARGEST_LOG = 10 * 1024 * 1024


def die_with_parent(how: signal.Signals) -> Callable[[], None]:
    """For `preexec_fn`: the kernel sends `how` when the parent is gone, `kill -9` included.

    Linux only; elsewhere the next start finds what was left (see `stop_leftover`).
    """
    parent = os.getpid()

    def ask_kernel() -> None:
        if LIBC is not None:
            LIBC.prctl(PR_SET_PDEATHSIG, int(how), 0, 0, 0)
            if os.getppid() != parent:
                os._exit(1)

    return ask_kernel


def open_log(log: Path) -> IO[bytes]:
    """Add to what a server said before it fell, and begin anew when that has grown large."""
    grown = log.exists() and log.stat().st_size > LARGEST_LOG
    return log.open("wb" if grown else "ab")


@dataclass
class Child:
    """One process in a session of its own, so that a Ctrl-C reaches the parent alone.

    The parent then stops its children in order; were PostgreSQL to hear the Ctrl-C too, it would
    close the door on requests that are still being answered.
    """

    name: str
    command: Sequence[str | Path]
    environment: Mapping[str, str]
    folder: Path
    log: Path | None = None
    account: Account | None = None
    # Asked in this order, each given its seconds; SIGKILL comes after the last.
    farewell: Sequence[tuple[signal.Signals, float]] = ((signal.SIGTERM, 15),)
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)
    started_at: float = field(default=0.0, init=False)

    def start(self) -> None:
        output = open_log(self.log) if self.log else None
        try:
            self.started_at = time.monotonic()
            self.process = subprocess.Popen(
                [str(part) for part in self.command],
                env=dict(self.environment),
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT if output else None,
                start_new_session=True,
                # Safe: this program has no threads.
                preexec_fn=die_with_parent(self.farewell[0][0]),  # noqa: PLW1509
                **(self.account.popen_options() if self.account else {}),
            )
        finally:
            if output:
                output.close()

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def stop(self) -> None:
        """Ask politely, then insist. What its own children left behind goes too."""
        if self.process is None:
            return
        for how, seconds in self.farewell:
            if self.process.poll() is not None:
                break
            self.process.send_signal(how)
            try:
                self.process.wait(seconds)
            except subprocess.TimeoutExpired:
                continue
        self.kill_group()
        self.process.wait()
        self.process = None

    def kill_group(self) -> None:
        """The whole group: a killed web server leaves workers that would hold the port."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)


def is_at_home(pid: int, folder: Path) -> bool:
    """Whether the process works in `folder`: PostgreSQL and Valkey both sit in their data folder.

    A process id in a file proves nothing by itself: after a crash or in a new container the same
    number may be somebody else.
    """
    if PROC.is_dir():
        try:
            return os.readlink(PROC / str(pid) / "cwd") == str(folder.resolve())  # noqa: PTH115
        except OSError:
            return False
    listing = subprocess.run(["/bin/ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return str(folder) in listing.stdout


def stop_leftover(pid_file: Path, folder: Path, how: signal.Signals, seconds: float = 30) -> None:
    """Stop the server of an earlier run that was killed, if it is still there and is ours."""
    try:
        pid = int(pid_file.read_text().split()[0])
    except (FileNotFoundError, ValueError, IndexError):
        return
    deadline = time.monotonic() + seconds
    while is_at_home(pid, folder):
        # Past the deadline PostgreSQL's backends die with it; its journal makes the data whole.
        os.kill(pid, how if time.monotonic() < deadline else signal.SIGKILL)
        time.sleep(0.2)


def marked(variable: str, value: str) -> Iterator[int]:
    """Processes that were started with `variable=value`, other than this one."""
    wanted = f"{variable}={value}".encode()
    for entry in PROC.glob("[0-9]*"):
        if int(entry.name) == os.getpid():
            continue
        try:
            environment = (entry / "environ").read_bytes().split(b"\0")
        except OSError:
            continue
        if wanted in environment:
            yield int(entry.name)
