"""Copies what pages need from node_modules into static/vendor, with sums and licences. `make vendor` runs it.

Nothing is loaded from another host, so these files are committed; a test holds them to the sums.
"""

from __future__ import annotations

import hashlib
import json
import re
import xml.etree.ElementTree as ET
from pathlib import Path

HERE = Path(__file__).resolve().parent
MODULES = HERE / "node_modules"
TARGET = HERE.parent / "static" / "vendor"

FILES = {
    "@tabler/core/dist/css/tabler.min.css": "tabler.css",
    "chart.js/dist/chart.umd.min.js": "chart.js",
    "qr-scanner/qr-scanner.min.js": "qr-scanner.js",
    "qr-scanner/qr-scanner-worker.min.js": "qr-scanner-worker.min.js",
    "@fontsource-variable/inter/files/inter-cyrillic-wght-normal.woff2": "inter-cyrillic.woff2",
    "@fontsource-variable/inter/files/inter-cyrillic-ext-wght-normal.woff2": "inter-cyrillic-ext.woff2",
    # For what is printed: PDF wants whole fonts.
    "@expo-google-fonts/inter/400Regular/Inter_400Regular.ttf": "inter-regular.ttf",
    "@expo-google-fonts/inter/700Bold/Inter_700Bold.ttf": "inter-bold.ttf",
    "@fontsource-variable/inter/files/inter-latin-wght-normal.woff2": "inter-latin.woff2",
}
# The outlines that pages use, by their names in Tabler's set.
ICONS = (HERE / "icons.txt").read_text().split()
SVG = "{http://www.w3.org/2000/svg}"
# It names a file that is not copied, which the manifest of static files would look for.
SOURCE_MAP = re.compile(rb"\n?(//|/\*)# sourceMappingURL=[^\n]*")


def main() -> None:
    TARGET.mkdir(parents=True, exist_ok=True)
    for old in TARGET.iterdir():
        old.unlink()
    for source, name in FILES.items():
        content = (MODULES / source).read_bytes()
        if not name.endswith((".woff2", ".ttf")):
            content = SOURCE_MAP.sub(b"", content).rstrip() + b"\n"
        (TARGET / name).write_bytes(content)
    (TARGET / "icons.svg").write_text(sprite())
    (TARGET / "LICENCES.txt").write_text(licences())
    sums = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(TARGET.iterdir())
        if path.name != "sums.json"
    }
    (TARGET / "sums.json").write_text(json.dumps(sums, indent=2) + "\n")


def sprite() -> str:
    """One file of symbols: `<use href="…/icons.svg#user">` shows one in the colour of its text."""
    symbols = []
    for name in sorted(set(ICONS)):
        outline = ET.fromstring((MODULES / "@tabler/icons/icons/outline" / f"{name}.svg").read_text())
        shapes = "".join(
            ET.tostring(shape, encoding="unicode").replace(' xmlns:ns0="http://www.w3.org/2000/svg"', "").strip()
            for shape in outline
            if shape.get("stroke") != "none"
        ).replace("ns0:", "")
        symbols.append(
            f'<symbol id="{name}" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.75" '
            f'stroke-linecap="round" stroke-linejoin="round">{shapes}</symbol>'
        )
    return '<svg xmlns="http://www.w3.org/2000/svg">\n' + "\n".join(symbols) + "\n</svg>\n"


def licences() -> str:
    parts = []
    packages = sorted({"/".join(source.split("/")[: 2 if source.startswith("@") else 1]) for source in FILES})
    for package in [*packages, "@tabler/icons"]:
        about = json.loads((MODULES / package / "package.json").read_text())
        files = sorted(path for path in (MODULES / package).iterdir() if path.name.lower().startswith("licen"))
        text = "\n\n".join(file.read_text().strip() for file in files) if files else about["license"]
        parts.append(f"{package} {about['version']} ({about['license']})\n\n{text.strip()}\n")
    return ("\n" + "-" * 80 + "\n\n").join(parts)


if __name__ == "__main__":
    main()
