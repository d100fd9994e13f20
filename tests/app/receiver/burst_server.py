"""A receiver in a process of its own, to be killed; its arguments are the database URL and the port."""

import sys

from app.receiver.asgi import Receiver
from app.receiver.serve import listen, server
from tests.app.receiver.serving import SystemClock, lifespan_around, settings


def main() -> None:
    url, port = sys.argv[1], int(sys.argv[2])
    receiver = Receiver(settings(), url, lambda ids: None, SystemClock())
    server(lifespan_around(receiver)).run(sockets=[listen("127.0.0.1", port)])


if __name__ == "__main__":
    main()
