"""Send prepared requests to a server on this machine with `wrk`, and measure what they cost.

The generator shares two cores with the application and the database, so it has to be cheap: `wrk` sends what
`load.lua` beside this file cut into pieces beforehand.

    python bench/load/wrk.py --target target.json --pid app=1234 --pid db=5678 --rounds 3

A target file is `{"url", "headers": {}, "bodies": "file", "idempotency_header": "Idempotency-Key", "method": "POST"}`;
each of its fields can be given as an option instead. A line of the bodies file is `BODY`, `PATH<TAB>BODY` or
`PATH<TAB>HEADER: VALUE<TAB>BODY`; every `@KEY@` in it becomes a key that no other request has, the same as in that
request's idempotency header.

Only loopback addresses are accepted, and a round ends after 300 seconds or 5,000,000 requests at the latest.
"""

from __future__ import annotations

import argparse
import dataclasses
import ipaddress
import json
import os
import re
import secrets
import shutil
import socket
import statistics
import subprocess
import sys
import urllib.parse
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

SCRIPT = Path(__file__).with_name("load.lua")
MAX_SECONDS = 300
MAX_CONNECTIONS = 256
MAX_REQUESTS = 5_000_000
TIMEOUT_SECONDS = 10
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


class LoadError(Exception):
    """The load could not be sent, or its figures cannot be trusted."""


@dataclasses.dataclass(frozen=True)
class Target:
    """Where the requests go and what they are made of."""

    url: str
    bodies: Path
    headers: Mapping[str, str] = dataclasses.field(default_factory=dict)
    idempotency_header: str = "Idempotency-Key"
    method: str = "POST"

    @classmethod
    def read(cls, path: Path) -> Target:
        """Read a target file; a relative `bodies` is beside it."""
        data = json.loads(path.read_text(encoding="utf-8"))
        data["bodies"] = path.parent / data["bodies"]
        return cls(**data)


@dataclasses.dataclass(frozen=True)
class Result:
    """One round. Times are milliseconds; CPU is user + system per answered request.

    `machine_other` is the share of all cores that went to processes neither named nor the generator: where it is
    more than a few hundredths, something else disturbed the round.
    """

    seconds: float
    connections: int
    requests: int
    req_per_s: float
    mean_ms: float
    p50_ms: float
    p90_ms: float
    p99_ms: float
    max_ms: float
    statuses: dict[str, int]
    errors: dict[str, int]
    cpu_ms: dict[str, float]
    generator_cpu_ms: float
    machine_busy: float
    machine_other: float
    machine_steal: float

    @property
    def failed(self) -> int:
        """Answers that are not 2xx, and requests that got none."""
        return sum(n for status, n in self.statuses.items() if not status.startswith("2")) + sum(self.errors.values())


def find_wrk() -> str:
    """Return the path of `wrk`, or say how to install it."""
    found = shutil.which("wrk")
    if found is None:
        raise LoadError("wrk is not installed: it is in Debian's package wrk (apt-get install wrk)")
    return found


def check_loopback(url: str) -> None:
    """Refuse every address that is not this machine's loopback."""
    parts = urllib.parse.urlsplit(url)
    if parts.scheme != "http" or not parts.hostname:
        raise LoadError(f"not an http:// address: {url}")
    infos = socket.getaddrinfo(parts.hostname, parts.port or 80, type=socket.SOCK_STREAM)
    if not all(ipaddress.ip_address(info[4][0]).is_loopback for info in infos):
        raise LoadError(f"load goes to loopback addresses only, not to {parts.hostname}")


def _stat(pid: int) -> tuple[int, int] | None:
    """Return the parent and the CPU ticks (own and reaped children's) of a process, or None when it has ended."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return None
    # The second field is the name in brackets and may hold anything; utime … cstime are fields 14 to 17.
    fields = text.rpartition(")")[2].split()
    return int(fields[1]), sum(int(field) for field in fields[11:15])


def cpu_seconds(roots: Iterable[int]) -> float:
    """CPU time of the given processes and all their descendants, the ended and reaped ones included."""
    ticks: dict[int, int] = {}
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (stat := _stat(int(entry.name))) is not None:
            children.setdefault(stat[0], []).append(int(entry.name))
            ticks[int(entry.name)] = stat[1]
    pending, seen = list(roots), set[int]()
    while pending:
        pid = pending.pop()
        if pid in seen:
            continue
        if pid not in ticks:
            raise LoadError(f"process {pid} is not running")
        seen.add(pid)
        pending.extend(children.get(pid, []))
    return sum(ticks[pid] for pid in seen) / TICKS_PER_SECOND


def _machine() -> tuple[int, int, int]:
    """Return ticks of all cores since boot: all, idle, stolen by the host."""
    fields = [int(field) for field in Path("/proc/stat").read_text(encoding="utf-8").split("\n", 1)[0].split()[1:9]]
    return sum(fields), fields[3] + fields[4], fields[7]


def uncorrect(histogram: Sequence[tuple[int, int]], interval_us: int, requests: int) -> dict[int, int]:
    """Take wrk's correction for coordinated omission out of its latency histogram.

    wrk adds made-up samples n - i, n - 2i, … > i for every latency n of at least twice the mean interval i. That has
    no counterpart in pgbench's log, to which these figures are compared. From the largest down, each latency's own
    count is known by the time it is reached, so its made-up ones can be taken off exactly; the total proves it.
    """
    data = dict(histogram)
    for latency in sorted(data, reverse=True):
        if latency < interval_us * 2 or not data[latency]:
            continue
        made_up = latency - interval_us
        while made_up > interval_us:
            data[made_up] = data.get(made_up, 0) - data[latency]
            made_up -= interval_us
    if any(count < 0 for count in data.values()) or sum(data.values()) != requests:
        raise LoadError("this version of wrk counts latencies in an unknown way: its percentiles cannot be used")
    return {latency: count for latency, count in data.items() if count}


def percentile_ms(histogram: Mapping[int, int], share: float) -> float:
    """Return the smallest latency that `share` of all requests did not exceed."""
    wanted, seen = share * sum(histogram.values()), 0
    for latency in sorted(histogram):
        seen += histogram[latency]
        if seen >= wanted:
            return latency / 1000
    return 0.0


def _wrk(target: Target, seconds: int, connections: int, threads: int) -> dict[str, object]:
    """Run wrk once and return what load.lua printed."""
    command = [find_wrk(), f"-c{connections}", f"-t{threads}", f"-d{seconds}s", "--timeout", f"{TIMEOUT_SECONDS}s"]
    headers = {"Content-Type": "application/json", **target.headers}
    for name, value in headers.items():
        command += ["-H", f"{name}: {value}"]
    limit = MAX_REQUESTS // threads
    command += ["-s", str(SCRIPT), target.url, str(target.bodies), target.method]
    command += [target.idempotency_header, secrets.token_hex(4), str(limit)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 60, check=False)
    found = re.search(r"^LOAD (\{.*\})$", done.stdout, re.MULTILINE)
    if done.returncode or not found:
        raise LoadError(f"wrk ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    raw = json.loads(found.group(1))
    if not isinstance(raw, dict):
        raise LoadError("unexpected output of load.lua")
    return raw


def run(
    target: Target,
    *,
    seconds: int = 10,
    connections: int = 8,
    threads: int = 1,
    warmup: int = 0,
    pids: Mapping[str, Sequence[int]] | None = None,
) -> Result:
    """Send one round of requests and return its figures.

    `pids` names groups of processes ("app", "db"); the CPU time of each, descendants included, is counted.
    """
    check_loopback(target.url)
    if not target.bodies.is_file():
        raise LoadError(f"no such file of requests: {target.bodies}")
    if not 1 <= seconds <= MAX_SECONDS or not 0 <= warmup <= MAX_SECONDS:
        raise LoadError(f"a round lasts 1 to {MAX_SECONDS} seconds")
    if not 1 <= threads <= connections <= MAX_CONNECTIONS:
        raise LoadError(f"1 to {MAX_CONNECTIONS} connections, at least one for each thread")
    if warmup:
        _wrk(target, warmup, connections, threads)

    groups = pids or {}
    machine_before, own_before = _machine(), os.times()
    before = {name: cpu_seconds(group) for name, group in groups.items()}
    raw = _wrk(target, seconds, connections, threads)
    after = {name: cpu_seconds(group) for name, group in groups.items()}
    machine_after, own_after = _machine(), os.times()

    requests, duration_us = _int(raw["requests"]), _int(raw["duration_us"])
    if raw["capped"]:
        raise LoadError(f"more than {MAX_REQUESTS} requests: give it fewer seconds")
    if not requests:
        raise LoadError(f"no request was answered: { {k: v for k, v in raw.items() if k != 'histogram'} }")
    pairs = raw["histogram"]
    assert isinstance(pairs, list)
    timeouts = _int(raw["timeout"])
    interval_us = duration_us // max(requests // connections, 1)
    histogram = uncorrect([(value, count) for value, count in pairs], interval_us, requests - timeouts)
    statuses = raw["statuses"]
    assert isinstance(statuses, dict)

    # wrk builds one request to check it, and each connection may have one under way at the end; what is missing
    # beyond that and beyond wrk's own errors was closed without an answer, which wrk may not count.
    errors = {name: _int(raw[name]) for name in ("connect", "read", "write")}
    unanswered = max(0, _int(raw["sent"]) - requests - connections - 1 - errors["read"] - errors["write"])
    errors |= {"timeout": timeouts, "unanswered": unanswered}
    total, idle, steal = (b - a for a, b in zip(machine_before, machine_after, strict=True))
    generator = (own_after.children_user + own_after.children_system) - (
        own_before.children_user + own_before.children_system
    )
    used = {name: after[name] - before[name] for name in groups}
    mean_us = sum(value * count for value, count in histogram.items()) / max(sum(histogram.values()), 1)
    return Result(
        seconds=round(duration_us / 1e6, 3),
        connections=connections,
        requests=requests,
        req_per_s=round(requests / (duration_us / 1e6), 1),
        mean_ms=round(mean_us / 1000, 3),
        p50_ms=percentile_ms(histogram, 0.50),
        p90_ms=percentile_ms(histogram, 0.90),
        p99_ms=percentile_ms(histogram, 0.99),
        max_ms=max(histogram, default=0) / 1000,
        statuses={str(status): _int(count) for status, count in sorted(statuses.items())},
        errors=errors,
        cpu_ms={name: round(used[name] * 1000 / requests, 3) for name in groups},
        generator_cpu_ms=round(_int(raw["cpu_us"]) / 1000 / requests, 4),
        machine_busy=round(1 - idle / total, 3),
        machine_other=round(max(0.0, total - idle - (sum(used.values()) + generator) * TICKS_PER_SECOND) / total, 3),
        machine_steal=round(steal / total, 3),
    )


def _int(value: object) -> int:
    """Narrow a number that came from JSON."""
    if not isinstance(value, int):
        raise LoadError(f"unexpected output of load.lua: {value!r}")
    return value


def medians(results: Sequence[Result]) -> dict[str, object]:
    """Return the median of every figure over the rounds, and the sum of what failed."""
    names = ("req_per_s", "mean_ms", "p50_ms", "p90_ms", "p99_ms", "max_ms", "generator_cpu_ms")
    out: dict[str, object] = {name: statistics.median(getattr(result, name) for result in results) for name in names}
    out["cpu_ms"] = {name: statistics.median(r.cpu_ms[name] for r in results) for name in results[0].cpu_ms}
    out["machine_busy"] = statistics.median(result.machine_busy for result in results)
    out["machine_other"] = max(result.machine_other for result in results)
    out["failed"] = sum(result.failed for result in results)
    return out


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--target", type=Path, help="target file; the options below overrule it")
    parser.add_argument("--url")
    parser.add_argument("--bodies", type=Path)
    parser.add_argument("--header", action="append", default=[], metavar="'Name: value'")
    parser.add_argument("--idempotency-header", help="its name; '' sends none")
    parser.add_argument("--method")
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--warmup", type=int, default=2, help="seconds before the first round, not counted")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--threads", type=int, default=1, help="of wrk")
    parser.add_argument("--pid", action="append", default=[], metavar="NAME=PID", help="count this one's CPU time")
    return parser


def _target(options: argparse.Namespace) -> Target:
    """Put the target together from its file and the options that overrule it."""
    fields: dict[str, object] = {}
    if options.target:
        fields = {f.name: getattr(Target.read(options.target), f.name) for f in dataclasses.fields(Target)}
    for name in ("url", "bodies", "idempotency_header", "method"):
        if getattr(options, name) is not None:
            fields[name] = getattr(options, name)
    if options.header:
        fields["headers"] = dict(header.split(": ", 1) for header in options.header)
    if "url" not in fields or "bodies" not in fields:
        raise LoadError("give --target, or --url and --bodies")
    return Target(**fields)  # type: ignore[arg-type]


def main(argv: Sequence[str] | None = None) -> int:
    """Print rounds and medians as JSON; return 1 when anything but 2xx came back, 2 when nothing could be sent."""
    options = _parser().parse_args(argv)
    try:
        target = _target(options)
        pids: dict[str, list[int]] = {}
        for item in options.pid:
            name, _, pid = item.partition("=")
            pids.setdefault(name, []).append(int(pid))
        results = [
            run(
                target,
                seconds=options.seconds,
                connections=options.connections,
                threads=options.threads,
                warmup=options.warmup if number == 0 else 0,
                pids=pids,
            )
            for number in range(options.rounds)
        ]
    except (LoadError, OSError, ValueError) as error:
        print(f"wrk.py: {error}", file=sys.stderr)
        return 2
    print(json.dumps({"rounds": [dataclasses.asdict(r) for r in results], "median": medians(results)}, indent=2))
    return 1 if any(result.failed for result in results) else 0


if __name__ == "__main__":
    sys.exit(main())
