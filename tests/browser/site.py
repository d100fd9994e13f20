"""A Tieout to look at: the real application, both sandboxes, and runs that really ran."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from app.core import sessions, users
from app.core.tables import User
from app.dashboard.access import cookie_name, lifetime
from app.main import create_app
from app.receiver.serve import listen, server
from tests.browser.seed import Seeded
from tests.workers.flows.stage import Stage
from workers.wiring import Parts


@dataclass
class Site:
    url: str
    parts: Parts
    seeded: Seeded
    stage: Stage
    _tokens: dict[str, str] = field(default_factory=dict)

    def cookie(self, role: str) -> dict[str, str]:
        """Of a session of a user with this role, as a browser keeps it."""
        if role not in self._tokens:
            self._tokens[role] = self._enter(role)
        return {"name": cookie_name(self.parts.settings), "value": self._tokens[role], "url": self.url}

    def _enter(self, role: str) -> str:
        now = self.parts.clock.now()
        with self.parts.database.session_scope() as session:
            user = users.add(session, f"{role}@example.com", role, actor="test")
            user.subject = f"test {role}"
            return sessions.start(session, user, lifetime(self.parts.settings), now, browser="a test")

    def forget(self, role: str) -> None:
        """Takes the role's session and user away again."""
        self._tokens.pop(role, None)
        with self.parts.database.session_scope() as session:
            session.query(User).filter_by(email=f"{role}@example.com").delete()


@contextmanager
def served(parts: Parts, seeded: Seeded, stage: Stage) -> Iterator[Site]:
    listener = listen("127.0.0.1", 0)
    port = listener.getsockname()[1]
    web = server(create_app(parts, webhooks=False))
    started, startup = threading.Event(), web.startup

    async def startup_and_tell(sockets: object = None) -> None:
        await startup(sockets=sockets)  # type: ignore[arg-type]
        started.set()

    web.startup = startup_and_tell  # type: ignore[method-assign]
    thread = threading.Thread(target=web.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    assert started.wait(15)
    try:
        yield Site(f"http://127.0.0.1:{port}", parts, seeded, stage)
    finally:
        web.should_exit = True
        thread.join(20)
        listener.close()
