"""An answer leaves in one packet; what is slow to come holds nothing back."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from contextlib import closing
from threading import Event, Thread
from typing import Any

import pytest

from app.receiver.one_write import OneWrite
from app.receiver.serve import listen, server

HEAD, BODY = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n", b"{}"


class Transport(asyncio.Transport):
    def __init__(self) -> None:
        super().__init__()
        self.written: list[bytes] = []
        self.closed = False

    def write(self, data: Any) -> None:
        self.written.append(data)

    def close(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed


def written(act: Callable[[OneWrite], Awaitable[None] | None]) -> list[bytes]:
    async def acted() -> list[bytes]:
        inner = Transport()
        done = act(OneWrite(inner))
        if done is not None:
            await done
        return inner.written

    return asyncio.run(acted())


def test_head_and_body_are_one_write() -> None:
    def answer(transport: OneWrite) -> None:
        transport.write(HEAD)
        transport.write(BODY)

    assert written(answer) == [HEAD + BODY]


def test_a_head_alone_goes_when_the_loop_comes_round() -> None:
    async def answer(transport: OneWrite) -> None:
        transport.write(HEAD)
        await asyncio.sleep(0)
        transport.write(BODY)

    assert written(answer) == [HEAD, BODY]


def test_closing_sends_what_is_held() -> None:
    def answer(transport: OneWrite) -> None:
        transport.write(HEAD)
        transport.close()

    assert written(answer) == [HEAD]


def test_nothing_is_written_into_a_closed_connection() -> None:
    async def answer(transport: OneWrite) -> None:
        transport.write(HEAD)
        transport._transport.close()
        await asyncio.sleep(0)

    assert written(answer) == []


@pytest.fixture
def address() -> Any:
    """Of a server that answers `/slow` with a head at once and the body when it is told."""
    told, started = Event(), Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await receive()
            await send({"type": "lifespan.startup.complete"})
            started.set()
            await receive()
            await send({"type": "lifespan.shutdown.complete"})
            return
        head = [(b"content-length", b"2")]
        await send({"type": "http.response.start", "status": 200, "headers": head})
        if scope["path"] == "/slow":
            await asyncio.to_thread(told.wait, 30)
        await send({"type": "http.response.body", "body": BODY})

    listening = listen("127.0.0.1", 0)
    web = server(app)
    thread = Thread(target=web.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    assert started.wait(30)
    yield listening.getsockname(), told
    told.set()
    web.should_exit = True
    thread.join(30)
    listening.close()


def test_two_requests_in_one_packet_are_both_answered(address: Any) -> None:
    where, _ = address
    with closing(socket.create_connection(where, timeout=30)) as connection:
        connection.sendall(b"GET /a HTTP/1.1\r\nhost: x\r\n\r\n" * 2)
        heard = b""
        while heard.count(BODY) < 2:
            heard += connection.recv(65536)
    assert heard.count(b"HTTP/1.1 200") == 2


def test_a_stream_begins_before_its_body(address: Any) -> None:
    where, told = address
    with closing(socket.create_connection(where, timeout=30)) as connection:
        connection.sendall(b"GET /slow HTTP/1.1\r\nhost: x\r\n\r\n")
        head = connection.recv(65536)
        told.set()
        assert (head.startswith(b"HTTP/1.1 200"), BODY in head, connection.recv(65536)) == (True, False, BODY)
