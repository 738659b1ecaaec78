"""`make run`: everything in the foreground, started together and stopped together."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

from config.local.instance import CHECKOUT, Instance, private_write
from config.local.processes import Child, marked
from config.local.services import services

FIRST_PORT = 8000
LOOPBACK = ("127.0.0.1", "localhost", "::1")
EVERYWHERE = ("0.0.0.0", "::", "")  # noqa: S104 - what is asked for, compared
WEB_WORKERS = 2
# Of each web worker; as many database connections go with them.
WEB_THREADS = 4
# A process that falls over this often without living for long is not worth starting again.
PATIENCE = 5
SHORT_LIFE = 5.0


def run(instance: Instance) -> int:
    host = os.environ.get("HOST", "127.0.0.1")
    with ExitStack() as stack:
        found = stack.enter_context(services(instance))
        # Only now, with the lock held, is it certain that these are nobody's.
        stop_strays(instance.key)
        port = stack.enter_context(reserve_port(host, os.environ.get("PORT"))).getsockname()[1]
        known = known_to_others(host, port)
        environment = os.environ | found.environment | known | {"KOPILKA_RUN": instance.key, "PORT": str(port)}
        manage(environment, "migrate", "--no-input", "--verbosity=0")
        logins = demo(instance, environment)
        children = applications(environment, host, port)
        for child in children:
            stack.callback(child.stop)
            child.start()
        # Stopped in reverse: web and beat first, so that the worker sees no new work.
        wait_for_web(children[-1], host, port)
        print(banner(environment.get("SITE_URL") or f"http://{host}:{port}", instance, logins), flush=True)
        return watch([service.child for service in found.started] + children)


def known_to_others(host: str, port: int) -> dict[str, str]:
    """Of a server for the local network (HOST=0.0.0.0): the address that phones know it by, which links and QR codes
    then lead to. What the environment says already stays."""
    if host in LOOPBACK:
        return {}
    address = address_in_network() if host in EVERYWHERE else host
    found = {"ALLOWED_HOSTS": f"localhost,127.0.0.1,[::1],{address}", "SITE_URL": f"http://{address}:{port}"}
    return {name: value for name, value in found.items() if name not in os.environ}


def address_in_network() -> str:
    """Ours on the way out; nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as way:
        try:
            way.connect(("192.0.2.1", 9))
        except OSError:
            return "127.0.0.1"
        return str(way.getsockname()[0])


def applications(environment: Mapping[str, str], host: str, port: int) -> list[Child]:
    python = sys.executable
    celery = [python, "-m", "celery", "--app=config.celery", "--quiet"]
    worker_options = ["--concurrency=2", "--loglevel=WARNING", "--without-gossip"]
    granian = [
        *(python, "-m", "granian", "--interface=wsgi", "config.wsgi:application"),
        *(f"--host={host}", f"--port={port}", "--log-level=warning", "--no-ws"),
        *(f"--workers={WEB_WORKERS}", f"--blocking-threads={WEB_THREADS}"),
        *("--respawn-failed-workers", "--workers-kill-timeout=10"),
    ]

    # As root Celery warns that it should not be; on a developer's machine that is no news.
    quiet = {"PYTHONWARNINGS": "ignore:You're running the worker with superuser privileges"}

    def child(name: str, command: list[str], **extra: str) -> Child:
        return Child(name, command, {**environment, "KOPILKA_PROCESS": name, **extra}, CHECKOUT)

    return [
        child("worker", [*celery, "worker", *worker_options, "--without-mingle"], **quiet),
        child("beat", [*celery, "beat", "--loglevel=WARNING", "--pidfile="]),
        child("web", granian, DB_POOL_SIZE=str(WEB_THREADS)),
    ]


def watch(children: list[Child]) -> int:
    """Start again whatever dies, until a signal ends it all (see `__main__`)."""
    falls = dict.fromkeys((child.name for child in children), 0)
    while True:
        time.sleep(0.3)
        for child in children:
            if child.is_running:
                continue
            lived = time.monotonic() - child.started_at
            falls[child.name] = falls[child.name] + 1 if lived < SHORT_LIFE else 1
            if falls[child.name] > PATIENCE:
                print(f"{child.name} does not stay up; giving up.", file=sys.stderr, flush=True)
                return 1
            print(f"{child.name} stopped unexpectedly; starting it again.", file=sys.stderr)
            child.kill_group()
            time.sleep(0.3 * falls[child.name])
            child.start()


def manage(environment: Mapping[str, str], *arguments: str) -> str:
    """What the command printed; its complaints go past us to the terminal."""
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=CHECKOUT,
        env=dict(environment),
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"{done.stdout}`manage.py {arguments[0]}` failed; what it said stands above.")
    return done.stdout


def demo(instance: Instance, environment: Mapping[str, str]) -> str:
    """Filled once; what it says of logins is kept and said again at each start."""
    said = instance.data / "demo.txt"
    if not said.exists():
        if not any(CHECKOUT.glob("*/management/commands/demo.py")):
            return ""
        print("First start: filling a demo, which takes a minute or two…", flush=True)
        private_write(said, manage(environment, "demo"))
    # The demo does not know on which port it will be served, this time.
    return said.read_text().replace("${PORT:-8000}", environment["PORT"])


def reserve_port(host: str, wanted: str | None) -> socket.socket:
    """A socket that is bound and never listens: it keeps the port ours until the web server is up.

    Web servers share ports (SO_REUSEPORT), so two checkouts started at once would otherwise both
    take the first free one, and each answer half of the requests.
    """
    ports = [int(wanted)] if wanted else range(FIRST_PORT, FIRST_PORT + 100)
    for port in ports:
        if is_free(host, port):
            held = socket.socket()
            # Not SO_REUSEADDR: with it on both sides, another's probe would find the port free.
            held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            held.bind((host, port))
            return held
    raise SystemExit(f"Port {wanted or ports} is taken; choose another with PORT=….")


def is_free(host: str, port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def wait_for_web(web: Child, host: str, port: int, seconds: float = 60) -> None:
    url = f"http://{'127.0.0.1' if host in EVERYWHERE else host}:{port}/readyz"
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except (urllib.error.URLError, OSError):
            if not web.is_running:
                break
            time.sleep(0.1)
    raise SystemExit("The web server did not come up; its last words are above.")


def stop_strays(key: str, seconds: float = 10) -> None:
    """Web and workers of an earlier run that was killed together with its supervisor."""
    deadline = time.monotonic() + seconds
    while strays := list(marked("KOPILKA_RUN", key)):
        how = signal.SIGTERM if time.monotonic() < deadline else signal.SIGKILL
        for pid in strays:
            try:
                os.kill(pid, how)
            except ProcessLookupError:
                continue
        time.sleep(0.2)


def banner(address: str, instance: Instance, logins: str) -> str:
    moved = instance.data / "postgres-is-at"
    lines = [
        "",
        f"Kopilka       {address}/",
        f"Till API      {address}/api/v1/docs/",
        f"All data      {instance.data}",
        *([f"Database      {Path(moved.read_text().strip())}"] if moved.exists() else []),
        "",
        logins.strip(),
        "",
        "Codes that go to phones and mails appear below. Ctrl-C stops everything; the data stays.",
        "",
    ]
    return "\n".join(lines)
