"""Whom PostgreSQL runs as. It refuses to run as root, so root lends it an account without rights."""

import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self


@dataclass(frozen=True)
class Account:
    """An existing account. None is ever made, and no folder of anybody else's is opened for it."""

    uid: int
    gid: int

    @classmethod
    def unprivileged(cls) -> Self:
        for name in ("nobody", "daemon"):
            try:
                entry = pwd.getpwnam(name)
            except KeyError:
                continue
            return cls(entry.pw_uid, entry.pw_gid)
        raise SystemExit(
            "PostgreSQL refuses to run as root, and this machine has no account `nobody` to run it "
            "as. Start as an ordinary user, or give a DATABASE_URL."
        )

    @classmethod
    def owner_of(cls, path: Path) -> Self:
        status = path.stat()
        return cls(status.st_uid, status.st_gid)

    def popen_options(self) -> dict[str, Any]:
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def reaches(self, path: Path) -> bool:
        """Asked of the system itself: permission bits alone would miss ACLs and mount options."""
        probe = subprocess.run(
            ["/bin/sh", "-c", 'test -x "$1"', "sh", str(path)],
            cwd="/",
            check=False,
            **self.popen_options(),
        )
        return probe.returncode == 0

    def owns(self, path: Path) -> None:
        os.chown(path, self.uid, self.gid)
