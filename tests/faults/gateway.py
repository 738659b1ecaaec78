"""The SMS gateway of these tests: a line of a file for each message, so that a test can count what was sent."""

from __future__ import annotations

import os
import time
from pathlib import Path


class FileGateway:
    """Takes its time, as a real one does: a worker is then killed in the middle of its work."""

    def send(self, phone: str, text: str) -> None:
        time.sleep(float(os.environ["FAULTS_SMS_SECONDS"]))
        with Path(os.environ["FAULTS_SMS_FILE"]).open("a", encoding="utf-8") as file:
            file.write(f"{phone} {text}\n")
