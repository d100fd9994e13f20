"""The files of this checkout, as the tests of the project look at them."""

import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MADE = {".git", ".venv", ".tieout", "node_modules", "__pycache__", ".hypothesis", "build", "dist"}


@cache
def tracked() -> tuple[Path, ...]:
    """What git has or would take; every file but what set-up makes where there is no git."""
    asked = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if asked.returncode == 0 and asked.stdout:
        found = (ROOT / line for line in asked.stdout.splitlines())
    else:
        found = (one for one in ROOT.rglob("*") if not any(map(_made, one.relative_to(ROOT).parts)))
    return tuple(sorted(one for one in found if one.is_file()))


def _made(part: str) -> bool:
    return part in MADE or part.endswith(("_cache", ".egg-info"))


def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")


def documents() -> list[Path]:
    return [one for one in tracked() if one.suffix == ".md"]
