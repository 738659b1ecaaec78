"""The launcher with real processes: nothing is left behind, and nothing is lost."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
import redis

from config.local.accounts import Account
from config.local.instance import CHECKOUT, Instance
from config.local.postgres import REACHABLE
from config.local.processes import is_at_home, stop_leftover

LAUNCHER = [sys.executable, "-m", "config.local"]


class Launched:
    """`config.local serve` on a data folder, with what it says of itself."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.process = subprocess.Popen(
            [*LAUNCHER, "serve"],
            cwd=CHECKOUT,
            env=clean_environment(data),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        self.environment: dict[str, str] = json.loads(self.process.stdout.readline() or "{}")

    def query(self, sql: str) -> object:
        with psycopg.connect(self.environment["DATABASE_URL"], autocommit=True) as connection:
            cursor = connection.execute(sql)
            row = cursor.fetchone() if cursor.description else None
            return row[0] if row else None

    def cache(self) -> "redis.Redis":
        return redis.Redis.from_url(self.environment["REDIS_URL"])

    def servers(self) -> list[int]:
        files = ("postgres/postmaster.pid", "valkey/valkey.pid")
        return [int((self.data / file).read_text().split()[0]) for file in files]

    def end(self, how: signal.Signals = signal.SIGTERM) -> None:
        self.process.send_signal(how)
        self.process.communicate(timeout=30)


def clean_environment(data: Path) -> dict[str, str]:
    """Without the test session's own servers."""
    mine = {name: value for name, value in os.environ.items() if not name.endswith("_URL")}
    return mine | {"DATA_DIR": str(data)}


@contextmanager
def folder_of_data() -> Iterator[Path]:
    """Not tmp_path: as root PostgreSQL runs on another account, which cannot go in there."""
    folder = Path(tempfile.mkdtemp(prefix="kopilka-launcher-"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def new() -> Iterator[Path]:
    """A folder in which nothing has been started yet."""
    with folder_of_data() as folder:
        yield folder


@pytest.fixture(scope="module")
def stopped() -> Iterator[Path]:
    """A folder with an empty cluster: to make one takes longer than all the rest of a start."""
    with folder_of_data() as folder:
        Launched(folder).end()
        yield folder


@pytest.fixture
def data(new: Path, stopped: Path) -> Path:
    copied(stopped, new)
    return new


def copied(stopped: Path, folder: Path) -> Path:
    subprocess.run(["cp", "-a", f"{stopped}/.", folder], check=True)
    return folder


@pytest.fixture
def launch() -> Iterator[Callable[[Path], Launched]]:
    launched: list[Launched] = []

    def start(data: Path) -> Launched:
        launched.append(Launched(data))
        return launched[-1]

    yield start
    for one in launched:
        one.process.terminate()
        one.process.communicate(timeout=30)


def gone(pids: list[int], seconds: float = 15) -> bool:
    deadline = time.monotonic() + seconds
    while any(Path(f"/proc/{pid}").exists() for pid in pids):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def test_cyrillic_is_found_in_any_case(new: Path, launch: Callable[[Path], Launched]) -> None:
    here = launch(new)
    assert here.query("SELECT lower('ЖЕЛЕЗ') = 'желез' AND upper('желез') = 'ЖЕЛЕЗ'") is True
    assert here.query("SELECT 'Железнодорожник' ILIKE '%желез%'") is True
    here.query("CREATE EXTENSION pg_trgm")
    assert here.query("SELECT similarity('ЖЕЛЕЗО', 'железо')") == 1.0


@pytest.mark.parametrize(
    "how", [signal.SIGTERM, *(pytest.param(how, marks=pytest.mark.long) for how in (signal.SIGINT, signal.SIGHUP))]
)
def test_a_signal_stops_everything(data: Path, launch: Callable[[Path], Launched], how: signal.Signals) -> None:
    here = launch(data)
    servers = here.servers()
    here.end(how)
    assert here.process.returncode == 0
    assert gone(servers, seconds=0)
    assert not Instance(data).sockets.exists()


def test_the_end_of_its_input_stops_everything(data: Path, launch: Callable[[Path], Launched]) -> None:
    here = launch(data)
    servers = here.servers()
    here.process.communicate(timeout=30)
    assert gone(servers, seconds=0)


def test_killed_it_leaves_nothing_running_and_the_next_start_finds_the_data(
    data: Path, launch: Callable[[Path], Launched]
) -> None:
    first = launch(data)
    first.query("CREATE TABLE kept AS SELECT 42 AS answer")
    first.cache().set("kept", "42")
    servers = first.servers()
    first.end(signal.SIGKILL)
    second = launch(data)
    assert second.query("SELECT answer FROM kept") == 42
    assert second.cache().get("kept") == b"42"
    assert gone(servers)


def test_killed_with_its_servers_it_recovers(data: Path, launch: Callable[[Path], Launched]) -> None:
    first = launch(data)
    first.query("CREATE TABLE kept AS SELECT 42 AS answer")
    for pid in (first.process.pid, *first.servers()):
        os.kill(pid, signal.SIGKILL)
    first.process.communicate()
    assert launch(data).query("SELECT answer FROM kept") == 42


def test_a_number_that_is_somebody_elses_now_is_left_alone(data: Path, launch: Callable[[Path], Launched]) -> None:
    launch(data).end()
    with subprocess.Popen(["/bin/sleep", "60"]) as stranger:
        stale = f"{stranger.pid}\n{data / 'postgres'}\n"
        (data / "postgres" / "postmaster.pid").write_text(stale)
        (data / "valkey" / "valkey.pid").write_text(f"{stranger.pid}\n")
        assert launch(data).query("SELECT 1") == 1
        assert stranger.poll() is None
        stranger.kill()


def test_a_server_left_by_a_killed_run_is_known_by_its_folder(new: Path) -> None:
    """Where the kernel does not tell children of their parent's death."""
    with subprocess.Popen(["/bin/sleep", "60"], cwd=new) as orphan:
        (new / "orphan.pid").write_text(f"{orphan.pid}\n")
        assert is_at_home(orphan.pid, new)
        # Our own child stays a zombie until it is waited for, so it is reaped meanwhile.
        orphan.terminate()
        orphan.wait()
        stop_leftover(new / "orphan.pid", new, signal.SIGTERM)
        assert not is_at_home(orphan.pid, new)


def test_two_side_by_side(new: Path, stopped: Path, launch: Callable[[Path], Launched]) -> None:
    for name in ("one", "other"):
        (new / name).mkdir(mode=0o711)
    one, other = (launch(copied(stopped, new / name)) for name in ("one", "other"))
    one.query("CREATE TABLE mine (id int)")
    assert other.query("SELECT count(*) FROM pg_tables WHERE tablename = 'mine'") == 0
    one.end()
    assert other.query("SELECT 1") == 1


def test_a_folder_in_use_is_refused(data: Path, launch: Callable[[Path], Launched]) -> None:
    launch(data)
    second = launch(data)
    said = second.process.communicate(timeout=30)[1]
    assert second.process.returncode == 1
    assert "in use by a running Kopilka" in said


def test_exec_joins_a_running_one_and_passes_the_answer_on(data: Path, launch: Callable[[Path], Launched]) -> None:
    here = launch(data)
    command = [*LAUNCHER, "exec", "--", "sh", "-c", 'echo "$DATABASE_URL"; exit 7']
    done = subprocess.run(
        command, cwd=CHECKOUT, env=clean_environment(data), capture_output=True, text=True, check=False
    )
    assert done.stdout.strip() == here.environment["DATABASE_URL"]
    assert done.returncode == 7
    assert here.query("SELECT 1") == 1


def test_exec_alone_starts_and_stops(new: Path) -> None:
    command = [*LAUNCHER, "exec", "--fast", "--", "sh", "-c", 'cat "$DATA_DIR"/*/*.pid']
    done = subprocess.run(command, cwd=CHECKOUT, env=clean_environment(new), capture_output=True, text=True, check=True)
    pids = [int(line) for line in done.stdout.splitlines() if line.isdigit()]
    assert len(pids) >= 2
    assert gone([pid for pid in pids if is_at_home(pid, new / "postgres")], seconds=0)


def test_sockets_fit_however_deep_the_checkout_lies(new: Path, launch: Callable[[Path], Launched]) -> None:
    here = launch(new / ("deep" * 20) / ("deeper" * 20))
    assert here.query("SELECT 1") == 1


@pytest.mark.skipif(os.getuid() != 0, reason="only root lends PostgreSQL an account")
def test_root_keeps_the_cluster_where_the_lent_account_can_go(new: Path, launch: Callable[[Path], Launched]) -> None:
    private = new / "private"
    private.mkdir(mode=0o700)
    here = launch(private / "checkout")
    kept = REACHABLE / Instance(private / "checkout").key
    try:
        assert here.query("SELECT 1") == 1
        assert (private.stat().st_mode & 0o777) == 0o700
        assert (kept / "postgres" / "PG_VERSION").exists()
        server = int((kept / "postgres" / "postmaster.pid").read_text().split()[0])
        assert Path(f"/proc/{server}").stat().st_uid == Account.unprivileged().uid
        here.end()
        assert gone([server], seconds=0)
    finally:
        shutil.rmtree(kept)


class Running:
    """`config.local run`: the whole of Kopilka, as `make run` starts it."""

    def __init__(self, data: Path, output: Path) -> None:
        self.output = output
        with output.open("w") as file:
            self.process = subprocess.Popen(
                [*LAUNCHER, "run"],
                cwd=CHECKOUT,
                env=clean_environment(data),
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
            )
        self.address = ""

    def wait_for_address(self, seconds: float = 180) -> None:
        deadline = time.monotonic() + seconds
        while "Ctrl-C stops everything" not in self.output.read_text():
            assert self.process.poll() is None, self.output.read_text()
            assert time.monotonic() < deadline, self.output.read_text()
            time.sleep(0.2)
        (line,) = [line for line in self.output.read_text().splitlines() if line.startswith("Kopilka ")]
        self.address = line.split()[1]

    def is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.address}readyz", timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def children(self) -> list[int]:
        found = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return [int(pid) for pid in found.split()]

    def end(self, how: signal.Signals) -> None:
        self.process.send_signal(how)
        self.process.wait(timeout=60)


@pytest.fixture
def run(new: Path, tmp_path: Path) -> Iterator[Callable[[str], Running]]:
    running: list[Running] = []

    def start(name: str) -> Running:
        running.append(Running(new / name, tmp_path / f"output-{len(running)}"))
        return running[-1]

    yield start
    for one in running:
        if one.process.poll() is None:
            one.end(signal.SIGINT)


@pytest.mark.long
def test_the_whole_of_it_starts_stops_and_recovers(run: Callable[[str], Running]) -> None:
    first, beside = run("one"), run("other")
    first.wait_for_address()
    beside.wait_for_address()
    assert first.address != beside.address
    assert first.is_ready()
    assert beside.is_ready()
    # PostgreSQL, Valkey, worker, beat and web.
    children = first.children()
    assert len(children) == 5
    first.end(signal.SIGKILL)
    assert gone(children, seconds=30)
    assert beside.is_ready()

    again = run("one")
    again.wait_for_address()
    assert "First start" not in again.output.read_text()
    for pid in again.children():
        os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + 30
    while not (again.is_ready() and len(again.children()) == 5):
        assert time.monotonic() < deadline, again.output.read_text()
        time.sleep(0.2)
    children = again.children()
    again.end(signal.SIGTERM)
    assert again.process.returncode == 0
    assert gone(children, seconds=0)
