"""How the receiver's processes listen: uvloop, httptools, no access log, one socket per process."""

import gc
import socket
from typing import Any

import uvicorn

from app.receiver.one_write import Protocol


def listen(host: str, port: int) -> socket.socket:
    """SO_REUSEPORT, so that the kernel spreads connections; over one shared socket one process often takes them all."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    listening.bind((host, port))
    listening.listen(2048)
    listening.set_inheritable(True)
    return listening


class Server(uvicorn.Server):
    """Tells the application that it is to stop before it waits for the requests in flight."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        stopping = getattr(self.config.app, "stopping", None)
        if stopping is not None:
            stopping()
        await super().shutdown(sockets)


def server(app: Any, *, shutdown_seconds: int = 15, proxy_headers: bool = False) -> uvicorn.Server:
    """Serve with `server(app).run(sockets=[listen(host, port)])`.

    `proxy_headers`: take scheme and client from a proxy on this machine; costs time in each request.
    """
    # what is imported by now stays: no need to look through it for garbage again and again
    gc.freeze()
    config = uvicorn.Config(
        app,
        loop="uvloop",
        http=Protocol,
        lifespan="on",
        access_log=False,
        log_level="warning",
        server_header=False,
        proxy_headers=proxy_headers,
        timeout_graceful_shutdown=shutdown_seconds,
    )
    return Server(config)
