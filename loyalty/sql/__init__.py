"""The functions that the books are written with. The files are the source; a migration installs them.

A change of a file goes with a new migration that calls `install` again: CREATE OR REPLACE makes that safe.
"""

from __future__ import annotations

from pathlib import Path

from django.db.migrations.operations import RunSQL

HERE = Path(__file__).parent


def install(*names: str) -> RunSQL:
    """A migration operation that (re)creates the functions of these files. The reverse leaves them in place."""
    return RunSQL([(HERE / f"{name}.sql").read_text() for name in names], RunSQL.noop)
