"""One copy of Kopilka on this machine: its data folder, lock, secret and sockets."""

import fcntl
import hashlib
import json
import os
import secrets
import shutil
import stat
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Self

CHECKOUT = Path(__file__).resolve().parent.parent.parent


class AlreadyRunningError(Exception):
    """Another process holds the data folder."""


class Instance:
    def __init__(self, data: Path) -> None:
        self.data = data.resolve()
        # Enterable, not readable: where root lends PostgreSQL an account, it must come through.
        self.data.mkdir(mode=0o711, parents=True, exist_ok=True)
        self.key = hashlib.sha256(f"{os.getuid()}:{self.data}".encode()).hexdigest()[:12]
        # A socket's path may have 107 bytes and a checkout may lie deep, hence not in `data`.
        self.sockets = Path("/tmp") / f"kopilka-{self.key}"  # noqa: S108 - its owner is checked
        self.logs = self.data / "logs"
        self.logs.mkdir(mode=0o700, exist_ok=True)

    @classmethod
    def from_environment(cls, variables: Mapping[str, str] = os.environ) -> Self:
        return cls(Path(variables.get("DATA_DIR") or CHECKOUT / ".data"))

    @classmethod
    @contextmanager
    def temporary(cls) -> Iterator[Self]:
        folder = Path(tempfile.mkdtemp(prefix="kopilka-data-"))
        folder.chmod(0o711)
        try:
            yield cls(folder)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """The kernel drops the lock with its holder, however that ends: it is never stale."""
        with (self.data / "lock").open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise AlreadyRunningError(f"{self.data} is in use by a running Kopilka.") from error
            yield

    @contextmanager
    def socket_folder(self) -> Iterator[Path]:
        """Sockets ask for no password, so nobody else may have made this folder, or write in it."""
        self.sockets.mkdir(mode=0o711, exist_ok=True)
        status = self.sockets.lstat()
        is_ours = stat.S_ISDIR(status.st_mode) and status.st_uid == os.getuid()
        if not is_ours or status.st_mode & 0o022:
            raise SystemExit(f"{self.sockets} is not a private folder of ours; remove it.")
        try:
            yield self.sockets
        finally:
            shutil.rmtree(self.sockets, ignore_errors=True)

    @property
    def secret_key(self) -> str:
        """Made once: sessions outlive a restart."""
        file = self.data / "secret-key"
        if not file.exists():
            private_write(file, secrets.token_urlsafe(50))
        return file.read_text()

    @contextmanager
    def announced(self, environment: Mapping[str, str]) -> Iterator[None]:
        """Tell `exec` where the running services are, for as long as they run."""
        file = self.data / "running.json"
        private_write(file, json.dumps(dict(environment)))
        try:
            yield
        finally:
            file.unlink(missing_ok=True)

    def running(self) -> dict[str, str]:
        announced: dict[str, str] = json.loads((self.data / "running.json").read_text())
        return announced


def private_write(file: Path, text: str) -> None:
    """Whole or not at all, and for our eyes only."""
    draft = file.with_suffix(".new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as handle:
        handle.write(text)
    draft.replace(file)
