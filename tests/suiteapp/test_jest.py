"""The scripts' own tests: eslint, then Jest over Oracle's stubs."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

import setup  # noqa: E402

SUITEAPP = ROOT / "suiteapp"


@pytest.mark.slow
def test_npm_test_passes() -> None:
    npm = setup.npm()
    assert (SUITEAPP / "node_modules").is_dir(), "`make tools` installs what the scripts are tested with"
    path = f"{Path(npm[0]).parent}{os.pathsep}{os.environ['PATH']}"
    told = subprocess.run(
        [*npm, "--prefix", str(SUITEAPP), "test"],
        cwd=SUITEAPP,
        env={**os.environ, "PATH": path, "CI": "true"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    said = told.stdout + told.stderr
    assert told.returncode == 0, said
    passed = re.search(r"^Tests: +(\d+) passed, \1 total$", said, re.MULTILINE)
    assert passed, said
    assert int(passed[1]) > 100
