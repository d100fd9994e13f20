"""The `tieout` command, as often as a test wants it: each time in a process of its own, forked from one that has
imported it already, since importing takes longer than what most commands do."""

import gc
import importlib
import json
import os
import subprocess
import sys
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Told:
    """How a command ended, and what it said."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        assert self.out, self.err
        return json.loads(self.out)


class Cli:
    def __init__(self, forks: "subprocess.Popen[str]", folder: Path) -> None:
        self._forks, self._folder = forks, folder

    def __call__(self, *arguments: str) -> Told:
        assert self._forks.stdin
        assert self._forks.stdout
        out, err = self._folder / "stdout", self._folder / "stderr"
        self._forks.stdin.write(json.dumps([arguments, str(out), str(err)]) + "\n")
        self._forks.stdin.flush()
        code = self._forks.stdout.readline()
        assert code, "the process that forks the commands has ended"
        return Told(int(code), out.read_text(), err.read_text())


@contextmanager
def cli(environment: Mapping[str, str], folder: Path) -> Iterator[Cli]:
    command = [sys.executable, "-m", "tests.tieout_cli"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, env=dict(environment), text=True, stdin=pipe, stdout=pipe) as forks:
        yield Cli(forks, folder)


# in the process that forks them --------------------------------------------------------------------------------


def serve() -> None:
    for module in ("app.cli", "app.embedded", "workers.broker", "workers.wiring"):
        importlib.import_module(module)
    gc.freeze()  # else each child copies what it only looks at
    for line in sys.stdin:
        arguments, *files = json.loads(line)
        child = os.fork()
        if child == 0:
            _become(arguments, files)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


def _become(arguments: list[str], files: list[str]) -> None:
    from app.cli import main

    for number, file in zip((1, 2), files, strict=True):
        os.dup2(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), number)
    sys.argv, code = ["tieout", *arguments], 1
    try:
        main()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    except BaseException:
        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    serve()
