"""What `npm run build` made: which bytes, from which sources. Read without Node, so that drift is seen everywhere."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
DIST = ROOT / "static" / "dist"
SOURCE_FOLDERS = ("static/src", "static/build")


@dataclass(frozen=True)
class Manifest:
    """Hashes by path from the project's root, and the icons of the sprite."""

    sources: dict[str, str]
    built: dict[str, str]
    icons: frozenset[str]


@cache
def manifest() -> Manifest:
    raw = json.loads((DIST / "manifest.json").read_text())
    return Manifest(sources=raw["sources"], built=raw["built"], icons=frozenset(raw["icons"]))


def version(name: str) -> str:
    """Goes behind an address, so that a browser asks again exactly when the file changed."""
    return manifest().built.get(f"static/dist/{name}", "")[:8]


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]


def drift() -> list[str]:
    """Sentences, one for each file that is not what the manifest says. Empty: the committed files are current."""
    known = manifest()
    found = []
    for path, expected in {**known.sources, **known.built}.items():
        if not (ROOT / path).is_file():
            found.append(f"{path} is missing.")
        elif digest(ROOT / path) != expected:
            found.append(f"{path} changed after the last `make assets`.")
    for folder in SOURCE_FOLDERS:
        for file in sorted((ROOT / folder).rglob("*")):
            name = file.relative_to(ROOT).as_posix()
            if file.is_file() and name not in known.sources:
                found.append(f"{name} is new since the last `make assets`.")
    return found
