"""What pages load besides our own files: exactly what `make vendor` has copied, and from nowhere else."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VENDOR = ROOT / "static" / "vendor"


def test_files_are_what_was_copied() -> None:
    sums = json.loads((VENDOR / "sums.json").read_text())
    found = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in VENDOR.iterdir()
        if path.name != "sums.json"
    }
    assert found == sums


def test_every_icon_that_a_page_names_is_in_the_sprite() -> None:
    sprite = set(re.findall(r'<symbol id="([^"]+)"', (VENDOR / "icons.svg").read_text()))
    named = {
        (file.name, name)
        for file in (ROOT / "templates").rglob("*.html")
        for name in re.findall(r'{% icon "([^"]+)"', file.read_text())
        + re.findall(r'parts/empty\.html" with icon="([^"]+)"', file.read_text())
    }
    assert named
    assert {(file, name) for file, name in named if name not in sprite} == set()


def test_nothing_names_another_host() -> None:
    ours = [*(ROOT / "static").rglob("*.css"), *(ROOT / "static").rglob("*.js"), *(ROOT / "templates").rglob("*.html")]
    loaded = re.compile(r"""(?:src=|href=|url\(|import\s|from\s)["']?(?:https?:)?//(?!www\.w3\.org)""")
    assert [str(file) for file in ours if VENDOR not in file.parents and loaded.search(file.read_text())] == []
