"""What leaves NetSuite when a record is saved: where to, what befalls it on the way, and what came of it.

The user-event script of the SuiteCloud project makes the callbacks (see scripts). Where it cannot run, they are made
here in its manner: signed, sent once, never in the way of the save.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import queue
import random
import threading
import time
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, get_args

import httpx

from sandbox.clock import Clock
from sandbox.netsuite.definitions import Record
from sandbox.netsuite.fields import stamp

Chaos = Literal["drop", "duplicate", "delay", "wrong_signature"]
# the records the script is deployed on
DEPLOYED = frozenset(
    {
        "customer", "invoice", "customerPayment", "creditMemo", "customerRefund", "cashSale", "cashRefund",
        "customerDeposit", "depositApplication", "deposit", "journalEntry",
    }
)  # fmt: skip
KEPT = 1000


@dataclass
class ChaosRule:
    """What befalls callbacks: for the next `times` of them (None: always), each with `probability`."""

    kind: Chaos
    times: int | None = None
    probability: float = 1.0
    seed: int = 0
    ms: int = 0

    def __post_init__(self) -> None:
        if self.kind not in get_args(Chaos):
            raise ValueError(f"unknown chaos {self.kind!r}")
        self._random = random.Random(self.seed)  # noqa: S311

    def strikes(self) -> bool:
        if self.times == 0 or self._random.random() >= self.probability:
            return False
        if self.times is not None:
            self.times -= 1
        return True


@dataclass(frozen=True)
class Callback:
    body: str
    struck: frozenset[str]
    delay: float = 0.0


class Callbacks:
    """Queue and sender. The signature's time is the machine's: receivers check it against theirs."""

    def __init__(self, account_id: str, secret: str, clock: Clock) -> None:
        self.account_id = account_id
        self.secret = secret
        self.clock = clock
        self.url: str | None = None
        self.timeout = 5.0
        self.thread: threading.Thread | None = None
        self.queue: queue.Queue[Callback | None] = queue.Queue()
        self.lock = threading.Lock()
        self.reset()

    def reset(self) -> None:
        """Forget what was sent and every rule; the address stays."""
        self.rules: list[ChaosRule] = []
        self.echoes = False
        self.enabled = True
        self.counts: Counter[str] = Counter()
        self.sent: deque[dict[str, Any]] = deque(maxlen=KEPT)
        self.number = 0

    def deliver_to(self, url: str | None, secret: str | None = None) -> None:
        self.url = url
        self.secret = secret or self.secret

    def saved(self, record: Record, event: str, context: str) -> None:
        """A record was saved: tell of it, unless the script skips it (what the integration itself wrote)."""
        if record.type not in DEPLOYED or not self.enabled:
            return
        if context in ("RESTWEBSERVICES", "RESTLET") and not self.echoes:
            self.counts["skipped"] += 1
            return
        self._queue(self._body(record, event, context))

    def _body(self, record: Record, event: str, context: str) -> str:
        self.number += 1
        kind = record.type.lower()
        modified = stamp(record.modified)
        body = {
            "event_id": f"{self.account_id}:{kind}:{record.id}:{modified}:{self.number}",
            "account": self.account_id,
            "record_type": kind,
            "id": record.id,
            "event": event,
            "context": context,
            "at": stamp(self.clock.now()),
        }
        return json.dumps(body, separators=(",", ":"))

    def _queue(self, body: str) -> None:
        if self.url is None:
            self.counts["nowhere"] += 1
            return
        struck = [rule for rule in self.rules if rule.strikes()]
        kinds = frozenset(rule.kind for rule in struck)
        if "drop" in kinds:
            self.counts["dropped"] += 1
            return
        callback = Callback(body, kinds, max((rule.ms / 1000 for rule in struck if rule.kind == "delay"), default=0.0))
        self._start()
        for _ in range(2 if "duplicate" in kinds else 1):
            self.queue.put(callback)

    def _start(self) -> None:
        with self.lock:
            if self.thread is None:
                self.thread = threading.Thread(target=self._run, daemon=True, name="netsuite-callbacks")
                self.thread.start()

    def _run(self) -> None:
        with httpx.Client(timeout=self.timeout, trust_env=False) as client:
            while (callback := self.queue.get()) is not None:
                if callback.delay:
                    time.sleep(callback.delay)
                self._send(client, callback)
                self.queue.task_done()
        self.queue.task_done()

    def _send(self, client: httpx.Client, callback: Callback) -> None:
        # one short try: the script must not hold up a person's save
        noted: dict[str, Any] = {"body": json.loads(callback.body), "status": None, "error": None}
        try:
            answer = client.post(self.url or "", content=callback.body, headers=self._headers(callback))
            noted["status"] = answer.status_code
            self.counts["delivered" if answer.is_success else "refused"] += 1
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            noted["error"] = repr(error)
            self.counts["failed"] += 1
        self.sent.append(noted)

    def _headers(self, callback: Callback) -> dict[str, str]:
        sent_at = str(int(time.time()))
        secret = "wrong" if "wrong_signature" in callback.struck else self.secret
        made = sign(secret, sent_at, callback.body)
        return {"Content-Type": "application/json", "X-Tieout-Timestamp": sent_at, "X-Tieout-Signature": made}

    @contextlib.contextmanager
    def under_way(self) -> Iterator[None]:
        """Counts as waiting until the block ends, as what is queued does."""
        self.queue.put(None)
        self.queue.get()
        try:
            yield
        finally:
            self.queue.task_done()

    def wait_idle(self) -> None:
        """Return when everything queued so far was tried."""
        self.queue.join()

    def close(self) -> None:
        with self.lock:
            thread, self.thread = self.thread, None
        if thread is not None:
            self.queue.put(None)
            thread.join(self.timeout + 1)


def sign(secret: str, sent_at: str, body: str) -> str:
    """The signature header: HMAC-SHA256 of "timestamp.body"."""
    made = hmac.new(secret.encode(), f"{sent_at}.{body}".encode(), hashlib.sha256)
    return f"v1={made.hexdigest()}"
