"""The whole of Kopilka as `make run` starts it, on a data folder and a port of its own, to be hurt by a test."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

from config.local.instance import CHECKOUT, Instance
from config.local.postgres import REACHABLE
from config.local.processes import marked
from tests.faults.processes import Process, children, descendants, gone, process, until, working_in

LAUNCHER = [sys.executable, "-m", "config.local"]
ROLES = ("postgres", "valkey", "worker", "beat", "web")
# Where the kernel takes no ports for connections of its own: a client that knocks at a dead server's port must not
# be given that very port, and connect to itself.
PORTS = range(20_000, 30_000)


class Kopilka:
    """Durable, as in production: fsync and synchronous_commit are on."""

    def __init__(self, *, seconds_per_sms: float = 0.0) -> None:
        # Not tmp_path: as root PostgreSQL runs on another account, which cannot go in there.
        self.folder = Path(tempfile.mkdtemp(prefix="kopilka-faults-"))
        self.folder.chmod(0o711)
        self.data = self.folder / "data"
        self.key = Instance(self.data).key
        # A demo that is there already: this shop has clients of its own.
        (self.data / "demo.txt").touch()
        self.sms = self.folder / "sms"
        self.sms.touch()
        self.output = self.folder / "output"
        self.port = free_port()
        mine = {name: value for name, value in os.environ.items() if not name.endswith("_URL")}
        self.environment = mine | {
            "DATA_DIR": str(self.data),
            "PORT": str(self.port),
            "LOG_LEVEL": "WARNING",
            # Counted on the shared cache at each call, but never too many.
            "TILL_REQUESTS_PER_MINUTE": "1000000",
            "SMS_BACKEND": "tests.faults.gateway.FileGateway",
            "FAULTS_SMS_FILE": str(self.sms),
            "FAULTS_SMS_SECONDS": str(seconds_per_sms),
        }
        self.seen: set[Process] = set()
        self.launcher: subprocess.Popen[bytes] | None = None

    # ------------------------------------------------------------ start and end

    def start(self, seconds: float = 180) -> None:
        already = len(self.said())
        with self.output.open("ab") as file:
            self.launcher = subprocess.Popen(
                [sys.executable, "-m", "tests.faults.mortal", "-m", "config.local", "run"],
                cwd=CHECKOUT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        until(
            lambda: "Ctrl-C stops everything" in self.said()[already:] or self.launcher_ended(),
            f"the start of {self.data}",
            seconds=seconds,
        )
        assert not self.launcher_ended(), self.said()[already:]
        self.look()

    def launcher_ended(self) -> bool:
        assert self.launcher is not None
        return self.launcher.poll() is not None

    def end(self) -> None:
        """Stop it, and see that nothing is left: no process, no socket, no folder."""
        try:
            if self.launcher is not None and not self.launcher_ended():
                self.look()
                self.launcher.send_signal(signal.SIGCONT)
                self.launcher.send_signal(signal.SIGTERM)
                self.launcher.wait(timeout=90)
            gone(self.seen, seconds=15)
            left = [*working_in(self.folder), *marked("KOPILKA_RUN", self.key)]
            assert not left, f"left behind: {left}"
            assert not Instance(self.data).sockets.exists()
        finally:
            for one in self.seen:
                one.send(signal.SIGKILL)
            if self.launcher is not None and not self.launcher_ended():
                self.launcher.kill()
                self.launcher.wait()
            shutil.rmtree(self.folder, ignore_errors=True)
            shutil.rmtree(REACHABLE / self.key, ignore_errors=True)

    # ------------------------------------------------------------ its parts

    def look(self) -> set[Process]:
        """All processes of this run that live now, the launcher among them."""
        assert self.launcher is not None
        itself = process(self.launcher.pid)
        living = {*([itself] if itself else []), *descendants(self.launcher.pid)}
        self.seen |= living
        return living

    def find(self, role: str) -> Process | None:
        """The server of this role, or None while it is down."""
        assert self.launcher is not None
        words = {
            "postgres": "bin/postgres -D",
            "valkey": "valkey-server",
            "worker": "config.celery --quiet worker",
            "beat": "config.celery --quiet beat",
            "web": "-m granian",
        }
        found = [child for child in children(self.launcher.pid) if words[role] in child.command]
        return found[0] if found else None

    def server(self, role: str, seconds: float = 30) -> Process:
        until(lambda: self.find(role) is not None, f"{role} runs", seconds=seconds)
        found = self.find(role)
        assert found is not None
        return found

    def helper(self, role: str, *, named: str = "", seconds: float = 30) -> Process:
        """A process that the server of this role has started itself: a web worker, a backend."""

        def all_of_them() -> list[Process]:
            server = self.find(role)
            return [child for child in children(server.pid) if named in child.command] if server else []

        until(lambda: bool(all_of_them()), f"{role} has a {named or 'child'}", seconds=seconds)
        return random.choice(all_of_them())

    def kill(self, victim: Process) -> None:
        """`kill -9`."""
        assert victim in self.look(), f"{victim} is not ours to kill"
        victim.send(signal.SIGKILL)
        gone([victim], seconds=10)

    def kill_everything(self) -> None:
        """As when the power goes: the launcher first, so that nothing is started again."""
        assert self.launcher is not None
        victims = self.look()
        self.launcher.kill()
        for one in victims:
            one.send(signal.SIGKILL)
        self.launcher.wait()
        gone(victims, seconds=15)

    def restarted(self, role: str, before: Process, seconds: float = 30) -> Process:
        until(
            lambda: self.find(role) not in (None, before),
            f"{role} is started again\n{self.said()[-2_000:]}",
            seconds=seconds,
        )
        self.look()
        return self.server(role)

    # ------------------------------------------------------------ talking to it

    def said(self) -> str:
        return self.output.read_text(errors="replace") if self.output.exists() else ""

    def last_words(self, most: int = 6_000) -> str:
        """The end of what it and its servers have said."""
        logs = [self.output, *sorted(Instance(self.data).logs.glob("*.log"))]
        return "\n".join(f"--- {log.name}\n{log.read_text(errors='replace')[-most:]}" for log in logs if log.exists())

    @property
    def fallen_web_workers(self) -> int:
        """How many have ended unasked, by Granian's count."""
        return self.said().count("Unexpected exit from worker")

    @property
    def database_url(self) -> str:
        return Instance(self.data).running()["DATABASE_URL"]

    def run(self, *command: str, seconds: float = 120) -> str:
        """What a command prints that is run beside the services, as `config.local exec` does it."""
        done = subprocess.run(
            [*LAUNCHER, "exec", "--", sys.executable, *command],
            cwd=CHECKOUT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=seconds,
        )
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
        return done.stdout

    def open_shop(self) -> list[str]:
        """A published programme and some tills; returns their keys."""
        keys: list[str] = json.loads(self.run("-m", "tests.faults.opening"))
        return keys


def free_port() -> int:
    for port in random.sample(PORTS, 100):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise AssertionError("no free port")
