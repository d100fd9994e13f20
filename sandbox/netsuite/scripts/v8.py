"""One V8 and the only way out of it: a script's call is a text in shared memory, answered while the script waits.

The embedding has no synchronous calls from JavaScript to Python, and SuiteScript has no others.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from functools import cache
from pathlib import Path
from typing import Any

HEADER = 4
PART = 1 << 19
EAGER_LOOKS = 400
NAP = 5e-5
MEMORY = 256 * 1024 * 1024
FOLDER = Path(__file__).parent / "js"
ORDER = ("bridge", "values", "lines", "modules", "record", "search", "loader")

Answer = Callable[[str], str]


class V8Missing(Exception):
    """There is no V8 to run scripts in; the sentence says why."""


class Stopped(Exception):
    """The script was stopped; `code` is what NetSuite calls it."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def assert_available() -> None:
    """Raises V8Missing."""
    try:
        module = importlib.import_module("py_mini_racer")
    except ImportError:
        raise V8Missing("the package mini-racer is not installed") from None
    reason = _trouble(module.MiniRacer)
    if reason:
        raise V8Missing(f"V8 does not start: {reason}")


@cache
def _trouble(make: Callable[[], Any]) -> str:
    try:
        make().close()
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return ""


class V8:
    """Runs one piece of code at a time, on a thread of its own; made on the first use, and again after a stop."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self.settings = settings
        self.racer: Any = None
        self.memory: Any = None
        self.loop = asyncio.new_event_loop()
        self.turn = asyncio.Lock()
        self.thread = threading.Thread(target=self._serve, daemon=True, name="netsuite-scripts")
        self.thread.start()

    def _serve(self) -> None:
        self.loop.run_forever()
        self._drop()
        self.loop.close()

    def run(self, code: str, answer: Answer, seconds: float) -> Future[Any]:
        """The value of `code`; while it runs, `answer` is asked. Raises Stopped when it takes too long or too much."""
        return asyncio.run_coroutine_threadsafe(self._run(code, answer, seconds), self.loop)

    def close(self) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(5)

    async def _run(self, code: str, answer: Answer, seconds: float) -> Any:
        async with self.turn:
            if self.racer is None:
                self._make()
            try:
                return await self._driven(code, answer, time.monotonic() + seconds)
            except Stopped:
                self._drop()
                raise

    def _make(self) -> None:
        module = importlib.import_module("py_mini_racer")
        self.racer = module.MiniRacer()
        self.racer.set_hard_memory_limit(MEMORY)
        parts = "\n".join((FOLDER / f"{name}.js").read_text(encoding="utf-8") for name in ORDER)
        made = self.racer.eval(
            f"(() => {{ const settings = {json.dumps(self.settings)};\n{parts}\nreturn memory; }})()"
        )
        view = made.cast("B")
        self.memory = view[: HEADER * 4].cast("i"), view[HEADER * 4 :]

    def _drop(self) -> None:
        racer, self.racer, self.memory = self.racer, None, None
        if racer is not None:
            racer.close()

    async def _driven(self, code: str, answer: Answer, deadline: float) -> Any:
        task = asyncio.ensure_future(self.racer.eval_cancelable(code))
        flags, text = self.memory
        channel = _Channel(flags, text, answer)
        looks = 0
        while not task.done():
            looks = 0 if channel.served() else looks + 1
            if time.monotonic() > deadline:
                task.cancel()
                await asyncio.wait([task])
                raise Stopped("SSS_TIME_LIMIT_EXCEEDED", "Script Execution Time Exceeded.")
            if looks > EAGER_LOOKS:
                time.sleep(NAP)
            await asyncio.sleep(0)
        return _value(task)


def _value(task: asyncio.Future[Any]) -> Any:
    error = task.exception()
    if error is None:
        return task.result()
    if type(error).__name__ == "JSOOMException":
        raise Stopped("SSS_MEMORY_USAGE_LIMIT_EXCEEDED", "Script Memory Usage Exceeded.")
    raise error


class _Channel:
    """The Python end of the shared memory: whose turn it is, how long the text is, and whether more of it follows."""

    def __init__(self, flags: memoryview, text: memoryview, answer: Answer) -> None:
        self.flags, self.text, self.answer = flags, text, answer
        self.heard: list[bytes] = []
        self.rest = b""

    def served(self) -> bool:
        """Do what is to be done if it is our turn."""
        if self.flags[0] != 1:
            return False
        if not self.rest:
            self.heard.append(bytes(self.text[: self.flags[1] * 2]))
            if self.flags[2]:
                self.flags[0] = 0
                return True
            question = b"".join(self.heard).decode("utf-16-le", "surrogatepass")
            self.heard.clear()
            self.rest = self.answer(question).encode("utf-16-le", "surrogatepass")
        self._say()
        return True

    def _say(self) -> None:
        part, self.rest = self.rest[: PART * 2], self.rest[PART * 2 :]
        self.text[: len(part)] = part
        self.flags[1] = len(part) // 2
        self.flags[2] = 1 if self.rest else 0
        self.flags[0] = 0
