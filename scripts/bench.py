"""Runs every benchmark, each in a process of its own; fails when one misses its target."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def main() -> int:
    missed = [name for name in names() if not passed(name)]
    print(f"make bench: below target: {', '.join(missed)}" if missed else "make bench: every target met", flush=True)
    return 1 if missed else 0


def names() -> list[str]:
    """Modules of bench/ that end in a verdict; the others help them."""
    modules = sorted((ROOT / "bench").glob("*.py"))
    return [module.stem for module in modules if re.search(r"return (harness\.)?conclude\(", module.read_text())]


def passed(name: str) -> bool:
    print(f"bench.{name}", flush=True)
    return subprocess.run([sys.executable, "-m", f"bench.{name}", "--json"], check=False, cwd=ROOT).returncode == 0


if __name__ == "__main__":
    raise SystemExit(main())
