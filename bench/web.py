"""The web server, started by the same hand and with the same options as `make run` does it."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.place import Database
from config.local.supervisor import applications, wait_for_web

HOST = "127.0.0.1"
# Tills are still counted on the shared cache, but one key may do more here than any till does.
UNBOUNDED = {"TILL_REQUESTS_PER_MINUTE": "1000000000"}


@dataclass(frozen=True)
class Web:
    pid: int
    port: int

    def workers(self) -> list[int]:
        """The worker processes: children of granian's first one."""
        found = []
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            try:
                stat = (entry / "stat").read_text(encoding="utf-8", errors="replace")
            except OSError:
                continue
            if int(stat.rpartition(")")[2].split()[1]) == self.pid:
                found.append(int(entry.name))
        return found

    def memory_mib(self) -> float:
        """Resident memory of the largest worker."""
        return max(_resident_mib(pid) for pid in self.workers())


def _resident_mib(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0


@contextmanager
def serving(database: Database, folder: Path) -> Iterator[Web]:
    """Two workers of granian with four threads each; the access log goes to a file in `folder`."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port = probe.getsockname()[1]
    environment = {**database.environment(), **UNBOUNDED, "DJANGO_SETTINGS_MODULE": "bench.settings"}
    environment.pop("KOPILKA_PROCESS", None)
    child = next(child for child in applications(environment, HOST, port) if child.name == "web")
    child.log = folder / f"web-{database.name}.log"
    try:
        child.start()
        wait_for_web(child, HOST, port)
        assert child.process is not None
        yield Web(child.process.pid, port)
    except SystemExit as error:
        raise SystemExit(f"{error}\n{child.log.read_text(errors='replace')[-4000:]}") from error
    finally:
        child.stop()


def pids(web: Web, postmaster: int | None) -> dict[str, list[int]]:
    """Whose CPU time is counted."""
    groups = {"app": [web.pid]}
    return groups | {"db": [postmaster]} if postmaster else groups
