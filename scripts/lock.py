"""Writes the lock files: hashed, without any download address, good for every platform."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
UV = Path(sys.executable).with_name("uv")
COMPILE = (
    "pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header "
    "--no-annotate pyproject.toml"
).split()
NPM = "npm install --package-lock-only --ignore-scripts --no-audit --no-fund --omit-lockfile-registry-resolved".split()


def main() -> None:
    """`requirements.lock` is all that a checkout needs; `requirements-run.lock` what runs in production."""
    upgrade = sys.argv[1:]
    subprocess.run([UV, *COMPILE, "--extra", "dev", "-o", "requirements.lock", *upgrade], check=True, cwd=ROOT)
    subprocess.run(
        [UV, *COMPILE, "-c", "requirements.lock", "-o", "requirements-run.lock", *upgrade], check=True, cwd=ROOT
    )
    subprocess.run(NPM, check=True, cwd=ROOT)
    without_addresses(ROOT / "package-lock.json")


def without_addresses(lock: Path) -> None:
    """npm copies from each package where its makers take donations."""
    found = json.loads(lock.read_text())
    for package in found["packages"].values():
        package.pop("funding", None)
    lock.write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
