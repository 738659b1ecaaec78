"""A database of our own beside the one that the environment names, and what is around it."""

from __future__ import annotations

import os
import subprocess
import sys
import urllib.parse
from pathlib import Path
from typing import Self

import psycopg
from psycopg.sql import SQL, Identifier

ROOT = Path(__file__).resolve().parent.parent
INSIDE = "KOPILKA_BENCH_INSIDE"


def go_inside() -> None:
    """Start this command once more with PostgreSQL and Valkey around it, unless they are there already.

    The servers are those of `make run` with a temporary data folder: durable, with the same settings. DATABASE_URL and
    REDIS_URL put others in their place.
    """
    if os.environ.get(INSIDE):
        return
    os.environ[INSIDE] = "1"
    # Several at once in one checkout must not meet, hence a data folder of its own even with DATABASE_URL.
    command = [sys.executable, "-m", "config.local", "exec", "--temporary", "--"]
    os.chdir(ROOT)
    os.execv(sys.executable, [*command, sys.executable, "-m", "bench", *sys.argv[1:]])


def sibling(url: str, name: str) -> str:
    """The URL of another database on the same server."""
    parts = urllib.parse.urlsplit(url)
    # Put together by hand: urlunsplit forgets the empty host of a server behind a Unix socket.
    return f"{parts.scheme}://{parts.netloc}/{name}" + (f"?{parts.query}" if parts.query else "")


class Database:
    """One measured database, made anew and dropped at the end; or kept, for a fixture that takes half an hour."""

    def __init__(self, name: str = "kopilka_bench", *, keep: bool = False) -> None:
        self.name = name
        self.keep = keep
        self.is_new = True
        self.server_url = os.environ["DATABASE_URL"]
        self.url = sibling(self.server_url, name)

    def __enter__(self) -> Self:
        if not self.keep:
            self._drop()
        with psycopg.connect(self.server_url, autocommit=True) as server:
            known = server.execute("SELECT FROM pg_database WHERE datname = %s", [self.name]).fetchone()
            self.is_new = known is None
            if self.is_new:
                server.execute(SQL("CREATE DATABASE {}").format(Identifier(self.name)))
        command = [sys.executable, "manage.py", "migrate", "--no-input", "--verbosity=0"]
        subprocess.run(command, cwd=ROOT, env=self.environment(), check=True)
        return self

    def __exit__(self, *_error: object) -> None:
        if not self.keep:
            self._drop()

    def _drop(self) -> None:
        with psycopg.connect(self.server_url, autocommit=True) as server:
            server.execute(SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(Identifier(self.name)))

    def environment(self) -> dict[str, str]:
        return {**os.environ, "DATABASE_URL": self.url}

    def connect(self) -> psycopg.Connection:
        return psycopg.connect(self.url, autocommit=True)

    def settle(self) -> None:
        """Statistics, visibility maps, and no checkpoint due: every measurement starts from here."""
        with self.connect() as connection:
            connection.execute("VACUUM ANALYZE")
            try:
                connection.execute("CHECKPOINT")
            except psycopg.errors.InsufficientPrivilege:
                print("No right to CHECKPOINT: one may come in the middle of a round.", file=sys.stderr)

    def postmaster(self) -> int | None:
        """The server's first process, whose descendants' CPU time is counted; None where it is on another machine."""
        with self.connect() as connection:
            backend = connection.info.backend_pid
            try:
                status = Path(f"/proc/{backend}/status").read_text(encoding="ascii").splitlines()
            except OSError:
                return None
        fields = dict(line.split(":\t", 1) for line in status if ":\t" in line)
        return int(fields["PPid"]) if fields["Name"].startswith("postgres") else None


def use(database: Database) -> None:
    """Make Django of this process work on the database."""
    os.environ["DATABASE_URL"] = database.url
    os.environ["DJANGO_SETTINGS_MODULE"] = "bench.settings"
    import django  # noqa: PLC0415  # settings are read at the first import of anything that needs them

    django.setup()
