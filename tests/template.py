"""The migrated database of which the session's test databases are copies: `python -m tests.template` makes it.

To migrate takes longer than anything else before the first test. It is done once for all workers, while they look for
their tests, and what comes of it is kept beside pytest's cache, for as long as no migration changes.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
import urllib.parse
from collections.abc import Iterator
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from typing import Final

import psycopg
from psycopg import sql

from config.local.postgres import package

CHECKOUT: Final = Path(__file__).resolve().parent.parent
KEPT: Final = CHECKOUT / ".pytest_cache" / "databases"
MARK: Final = "KOPILKA_TEST_TEMPLATE"
MADE, BEGUN, FAILED = "kopilka_template", "kopilka_template_begun", "kopilka_template_failed"
PATIENCE: Final = 300


def begin() -> subprocess.Popen[bytes]:
    """Have it made by a process of its own, on the server that the environment names."""
    os.environ[MARK] = MADE
    return subprocess.Popen([sys.executable, "-m", "tests.template"], cwd=CHECKOUT, start_new_session=True)


def made() -> str | None:
    """Its name, as soon as it is there. None where none is made, or it came to nothing: then everybody migrates."""
    if not os.environ.get(MARK):
        return None
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as server:
        for _n in range(PATIENCE * 10):
            rows = server.execute("SELECT datname FROM pg_database WHERE datname = ANY (%s)", [[MADE, FAILED]])
            names = {name for (name,) in rows}
            if names:
                return MADE if MADE in names else None
            time.sleep(0.1)
    return None


def make() -> None:
    address = urllib.parse.urlsplit(os.environ["DATABASE_URL"])
    # Put together by hand: urlunsplit forgets the empty host of a server behind a Unix socket.
    url = f"{address.scheme}://{address.netloc}/{BEGUN}" + (f"?{address.query}" if address.query else "")
    kept = KEPT / f"{key()}.dump"
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as server:
        _create(server)
        good = kept.exists() and _ran(_tool("pg_restore"), "--exit-on-error", "--dbname", url, kept)
        if not good:
            _create(server)
            good = _ran(sys.executable, "manage.py", "migrate", "--no-input", "--verbosity=0", DATABASE_URL=url)
            if good:
                _keep(url, kept)
        server.execute(
            sql.SQL("ALTER DATABASE {} RENAME TO {}").format(
                sql.Identifier(BEGUN), sql.Identifier(MADE if good else FAILED)
            )
        )


def key() -> str:
    """Of all that decides what a migrated database looks like."""
    digest = blake2b(sys.version.encode(), digest_size=16)
    for file in sorted(_decisive()):
        digest.update(f"{file.relative_to(CHECKOUT)}\0".encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()


def _decisive() -> Iterator[Path]:
    yield CHECKOUT / "requirements.txt"
    yield CHECKOUT / "config" / "settings.py"
    for app in ("merchants", "loyalty", "clients", "campaigns", "insights", "cashier"):
        yield from (CHECKOUT / app).rglob("*.sql")
        yield from (CHECKOUT / app / "migrations").glob("*.py")


def _create(server: psycopg.Connection) -> None:
    server.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(BEGUN)))
    server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(BEGUN)))


def _keep(url: str, kept: Path) -> None:
    KEPT.mkdir(parents=True, exist_ok=True)
    draft = kept.with_suffix(f".{os.getpid()}")
    if _ran(_tool("pg_dump"), "--format=custom", "--no-owner", "--file", draft, url):
        for older in KEPT.glob("*.dump"):
            with suppress(FileNotFoundError):
                older.unlink()
        draft.rename(kept)


def _tool(name: str) -> Path:
    return package() / "pginstall" / "bin" / name


def _ran(*command: str | Path, **environment: str) -> bool:
    return subprocess.run(list(command), cwd=CHECKOUT, env=os.environ | environment, check=False).returncode == 0


if __name__ == "__main__":
    make()
