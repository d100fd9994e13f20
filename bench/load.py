"""The sender: signed, distinct Stripe events over keep-alive connections, as lean as Python gets.

A process of its own. Requests are built before the clock starts, so that the measured time holds little but sending.
"""

import argparse
import gc
import hashlib
import hmac
import json
import select
import socket
import time
from collections import Counter
from pathlib import Path
from time import perf_counter

_ID = "evt_00000000000000000000000000000000"  # replaced in each event by one of the same length


def event(number: str) -> bytes:
    """About 2 KB, indented as Stripe sends it."""
    intent = "pi_" + number[4:]
    address = {"city": "Lyon", "country": "FR", "line1": "3 rue Sala", "line2": None, "postal_code": "69002"}
    concerned = {
        "id": intent,
        "object": "payment_intent",
        "amount": 129900,
        "amount_capturable": 0,
        "amount_details": {"tip": {}},
        "amount_received": 129900,
        "application": None,
        "automatic_payment_methods": {"allow_redirects": "always", "enabled": True},
        "capture_method": "automatic_async",
        "client_secret": intent + "_secret_0000000000000000000000000",
        "confirmation_method": "automatic",
        "created": 1795000000,
        "currency": "eur",
        "customer": "cus_00000000000000",
        "description": "Annual plan, twelve seats",
        "last_payment_error": None,
        "latest_charge": "ch_" + number[4:],
        "livemode": False,
        "metadata": {"order": "10042", "netsuite_customer_id": "5512", "region": "emea"},
        "next_action": None,
        "on_behalf_of": None,
        "payment_method": "pm_000000000000000000000000",
        "payment_method_types": ["card", "link", "sepa_debit"],
        "processing": None,
        "receipt_email": "ap@customer.example",
        "setup_future_usage": "off_session",
        "shipping": {"address": address, "name": "A. Customer", "phone": None, "tracking_number": None},
        "statement_descriptor": None,
        "status": "succeeded",
        "transfer_group": None,
    }
    body = {
        "id": number,
        "object": "event",
        "api_version": "2026-10-28.endive",
        "created": 1795000001,
        "data": {"object": concerned},
        "livemode": False,
        "pending_webhooks": 1,
        "request": {"id": "req_00000000000000", "idempotency_key": "00000000-0000-4000-8000-000000000000"},
        "type": "payment_intent.succeeded",
    }
    return json.dumps(body, indent=2).encode()


class Events:
    """Requests by number; the run's name keeps them distinct from every other run's."""

    def __init__(self, run: str, path: str, secret: str) -> None:
        self._run = run
        self._template = event(_ID)
        self._path = path
        self._keyed = hmac.new(secret.encode(), digestmod=hashlib.sha256)

    def name(self, number: int) -> str:
        return f"evt_{self._run:0>20.20}{number:0>12}"

    def request(self, number: int, timestamp: int) -> bytes:
        body = self._template.replace(_ID[4:].encode(), self.name(number)[4:].encode())
        mac = self._keyed.copy()
        mac.update(b"%d.%b" % (timestamp, body))
        head = (
            f"POST {self._path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: */*; q=0.5, application/xml\r\n"
            "User-Agent: Stripe/1.0 (+https://stripe.com/docs/webhooks)\r\n"
            "Content-Type: application/json; charset=utf-8\r\n"
            f"Stripe-Signature: t={timestamp},v1={mac.hexdigest()}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body


class Tally:
    """What was sent and answered, over all connections."""

    def __init__(self, events: Events, built: int) -> None:
        self._events = events
        self._timestamp = int(time.time())
        self._requests = [events.request(number, self._timestamp) for number in range(built)]
        self.next = 0
        self.sending = True
        self.statuses: Counter[int] = Counter()
        self.accepted: list[int] = []
        self.times: list[tuple[float, float]] = []  # of the answer, and how long it took

    def take(self) -> tuple[int, bytes] | None:
        if not self.sending:
            return None
        number = self.next
        self.next += 1
        if number < len(self._requests):
            return number, self._requests[number]
        return number, self._events.request(number, self._timestamp)

    def answered(self, number: int, status: int, started: float) -> None:
        now = perf_counter()
        self.statuses[status] += 1
        self.times.append((now, now - started))
        if status == 200:
            self.accepted.append(number)


class Connection:
    """One request at a time over a plain socket; an event loop's transport would cost more than the sending."""

    def __init__(self, port: int, tally: Tally) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._tally = tally
        self._buffer = b""
        self._number, self._started = -1, 0.0

    def send(self) -> bool:
        """False when there is nothing more to send."""
        taken = self._tally.take()
        if taken is None:
            return False
        self._number, request = taken
        self._started = perf_counter()
        self.socket.sendall(request)
        return True

    def receive(self) -> bool:
        """Reads what has come; when that completes the answer, sends the next. False when the connection is done."""
        data = self.socket.recv(65536)
        if not data:
            return False
        self._buffer += data
        head = self._buffer.find(b"\r\n\r\n")
        if head < 0 or len(self._buffer) < head + 4 + self._length(head):
            return True
        self._tally.answered(self._number, int(self._buffer[9:12]), self._started)
        self._buffer = b""
        return self.send()

    def _length(self, head: int) -> int:
        start = self._buffer.index(b"ontent-length: ", 0, head) + 15
        return int(self._buffer[start : self._buffer.index(b"\r", start)])


def send(port: int, tally: Tally, connections: int, warm_up: float, seconds: float) -> dict[str, object]:
    waiting = select.epoll()
    opened = {one.socket.fileno(): one for one in (Connection(port, tally) for _ in range(connections))}
    for number, connection in opened.items():
        waiting.register(number, select.EPOLLIN)
        connection.send()
    began = perf_counter() + warm_up
    ended = began + seconds
    while opened and perf_counter() < ended + 30:
        tally.sending = perf_counter() < ended
        for number, _ in waiting.poll(1):
            if not opened[number].receive():
                waiting.unregister(number)
                opened.pop(number).socket.close()
    if opened:
        raise SystemExit(f"{len(opened)} requests were not answered")
    taken = sorted(took for at, took in tally.times if began <= at < ended)
    return {
        "events_per_second": len(taken) / seconds,
        "statuses": dict(tally.statuses),
        "milliseconds_p50": 1000 * taken[len(taken) // 2],
        "milliseconds_p99": 1000 * taken[len(taken) * 99 // 100],
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    for name in ("port", "connections", "built"):
        parser.add_argument(f"--{name}", type=int, required=True)
    for name in ("warm-up", "seconds"):
        parser.add_argument(f"--{name}", type=float, required=True)
    for name in ("run", "path", "secret"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    events = Events(given.run, given.path, given.secret)
    tally = Tally(events, given.built)
    gc.freeze()
    found = send(given.port, tally, given.connections, given.warm_up, given.seconds)
    accepted = [events.name(number) for number in tally.accepted]
    given.out.write_text(json.dumps(found | {"accepted": accepted}))


if __name__ == "__main__":
    main()
