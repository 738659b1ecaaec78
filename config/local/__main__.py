"""`python -m config.local run | exec | serve`."""

import argparse
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from types import FrameType

from config.local.instance import CHECKOUT, AlreadyRunningError, Instance
from config.local.services import services
from config.local.supervisor import run

ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(BaseException):
    """A signal asked for the end; raised wherever we are, so that every `finally` runs."""


def stop(number: int, frame: FrameType | None) -> None:
    # Once is enough: an impatient second Ctrl-C must not cut the tidying short.
    for ending in ENDINGS:
        signal.signal(ending, signal.SIG_IGN)
    raise Stopped


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="python -m config.local", description=__doc__)
    verbs = top.add_subparsers(dest="verb", required=True)
    verbs.add_parser("run", help="services, migrations, demo, web, worker and beat")
    for name, what in (
        ("exec", "the services around one command; joins those of a running Kopilka"),
        ("serve", "the services until standard input closes; prints their environment as JSON"),
    ):
        verb = verbs.add_parser(name, help=what)
        verb.add_argument("--temporary", action="store_true", help="a data folder of its own")
        verb.add_argument("--fast", action="store_true", help="without fsync: data for a test run")
        if name == "exec":
            verb.add_argument("command", nargs="+", metavar="COMMAND")
    return top


@contextmanager
def instance(*, temporary: bool) -> Iterator[Instance]:
    if temporary:
        with Instance.temporary() as made:
            yield made
    else:
        yield Instance.from_environment()


def execute(options: argparse.Namespace) -> int:
    with ExitStack() as stack:
        here = stack.enter_context(instance(temporary=options.temporary))
        try:
            environment = stack.enter_context(services(here, durable=not options.fast)).environment
        except AlreadyRunningError:
            environment = here.running()
        # Found by name as in a shell with the venv active, from wherever it was started.
        path = f"{CHECKOUT / '.venv' / 'bin'}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
        command = subprocess.Popen(options.command, env=os.environ | environment | {"PATH": path})
        try:
            return command.wait()
        finally:
            if command.poll() is None:
                command.terminate()
                command.wait()


def serve(options: argparse.Namespace) -> int:
    """For a test session: when it ends, however it ends, its end of the pipe closes."""
    with ExitStack() as stack:
        here = stack.enter_context(instance(temporary=options.temporary))
        found = stack.enter_context(services(here, durable=not options.fast))
        print(json.dumps(found.environment), flush=True)
        sys.stdin.read()
    return 0


def main() -> int:
    options = parser().parse_args()
    for ending in ENDINGS:
        signal.signal(ending, stop)
    try:
        if options.verb == "exec":
            return execute(options)
        if options.verb == "serve":
            return serve(options)
        return run(Instance.from_environment())
    except Stopped:
        print("Stopped.", file=sys.stderr)
        # A command that was cut short did not do what it was asked; a server did.
        return 130 if options.verb == "exec" else 0
    except AlreadyRunningError as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
