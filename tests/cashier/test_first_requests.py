"""The first requests of a web worker come at once, to threads that have not seen their kind of body before."""

from __future__ import annotations

import subprocess
import sys

# A crash would take pytest with it, hence a process of its own.
MANY_FIRST_TIMES = """
import sys, threading
from msgspec import defstruct
from cashier.api.input.body import convert, decode

sys.setswitchinterval(1e-6)

def at_once(act, count=4):
    ready = threading.Barrier(count)
    def run():
        ready.wait()
        act()
    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

for n in range(150):
    line = defstruct("Line", [(f"field_{i}", int | None, None) for i in range(10)])
    body = defstruct("Body", [("lines", list[line]), ("first", line | None, None)])
    if n % 2:
        at_once(lambda: decode(b'{"lines": [{"field_1": 1}], "first": {}}', body))
    else:
        at_once(lambda: convert({"lines": [{"field_1": 1}], "first": {}}, body))
print("alive")
"""


def test_a_kind_of_body_may_be_new_to_several_threads_at_once() -> None:
    done = subprocess.run([sys.executable, "-c", MANY_FIRST_TIMES], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "alive\n"), done.stderr
