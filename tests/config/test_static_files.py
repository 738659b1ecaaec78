"""Static files as the image collects them: under names with their sums, by the storage of production."""

from __future__ import annotations

import json
import re
from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings as configured
from django.core.management import call_command
from django.test import override_settings

ROOT = Path(__file__).resolve().parents[2]
STORAGE = "whitenoise.storage.CompressedManifestStaticFilesStorage"
# Compression takes most of the time and finds no fault.
AS_IT_IS = ("js", "css", "svg", "json", "txt", "md", "map", "html")


@pytest.fixture(scope="module")
def collected(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("static")
    storages = {**configured.STORAGES, "staticfiles": {"BACKEND": STORAGE}}
    with override_settings(STATIC_ROOT=folder, STORAGES=storages, WHITENOISE_SKIP_COMPRESS_EXTENSIONS=AS_IT_IS):
        call_command("collectstatic", interactive=False, stdout=StringIO(), stderr=StringIO())
    return folder


@pytest.fixture(scope="module")
def names(collected: Path) -> dict[str, str]:
    """By the name in the sources, the one that is served."""
    found: dict[str, str] = json.loads((collected / "staticfiles.json").read_text())["paths"]
    return found


def test_the_settings_name_this_storage() -> None:
    assert f'"{STORAGE}"' in (ROOT / "config" / "settings.py").read_text()


def test_every_file_that_a_page_names_is_collected(names: dict[str, str]) -> None:
    named = {
        (file.name, name)
        for file in (ROOT / "templates").rglob("*.html")
        for name in re.findall(r"""{% static ["']([^"']+)["']""", file.read_text())
    }
    assert named
    assert {(file, name) for file, name in named if name not in names} == set()


def test_what_a_script_of_ours_imports_lies_beside_it(collected: Path, names: dict[str, str]) -> None:
    """The storage leaves imports as they are: the plain names have to be there, too."""
    imported = re.compile(r"""(?:\bimport|\bfrom)\s*\(?\s*["'](\.[^"']+)["']""")
    found = {
        (script, (collected / script).parent / name)
        for own, script in names.items()
        if own.startswith(("js/", "vendor/")) and own.endswith(".js")
        for name in imported.findall((collected / script).read_text())
    }
    assert any(path.name.startswith("qr-scanner-worker") for _, path in found)
    assert {(script, str(path)) for script, path in found if not path.is_file()} == set()
