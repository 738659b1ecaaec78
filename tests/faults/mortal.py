"""`python -m tests.faults.mortal ARGUMENTS…` becomes `python ARGUMENTS…`, which ends when its parent does.

A session of tests that is killed runs no teardown, and must leave nothing behind either.
"""

import ctypes
import os
import signal
import sys

from config.local.processes import PR_SET_PDEATHSIG

if __name__ == "__main__":
    # Kept by exec. Linux only, as are these tests.
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal.SIGTERM), 0, 0, 0)
    os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
