"""uvicorn's HTTP protocol, whose answers leave in one packet.

It writes the head of an answer and its body one after the other, and uvloop sends each at once: two system calls here
and two packets there, for seventeen bytes. Here a head waits for what follows it in the same turn of the event loop.
"""

import asyncio
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


class OneWrite:
    """A transport; what ends as a head does goes with the next write, at the latest when the loop comes round."""

    __slots__ = ("_call_soon", "_held", "_transport")

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._call_soon = asyncio.get_running_loop().call_soon
        self._held = b""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        if self._held:
            data, self._held = self._held + data, b""
        elif data.endswith(b"\r\n\r\n"):
            self._held = data
            self._call_soon(self._flush)
            return
        self._transport.write(data)

    def close(self) -> None:
        self._flush()
        self._transport.close()

    def _flush(self) -> None:
        if self._held and not self._transport.is_closing():
            data, self._held = self._held, b""
            self._transport.write(data)


class Protocol(HttpToolsProtocol):
    """For `uvicorn.Config(http=Protocol)`."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(cast(asyncio.Transport, OneWrite(transport)))
