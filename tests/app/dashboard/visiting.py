"""Somebody who visits the dashboard over HTTP, as a browser without JavaScript does."""

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any

import httpx
from fastapi import FastAPI
from sqlalchemy import Engine, event

from app.core import sessions, users
from app.core.tables import User
from app.dashboard import site
from app.dashboard.access import lifetime
from tests.app.admin.installation import Installation, application

TOKEN = re.compile(r'name="form_token" value="([0-9a-f]{64})"')
TOAST = re.compile(r'<div class="toast-line tone-(\w+)">.*?<span>(.*?)</span>', re.DOTALL)


def dashboard() -> FastAPI:
    """API and pages; `state.parts` is put there by each test."""
    app = application()
    site.add_to(app)
    return app


@dataclass(frozen=True)
class Seen:
    """A page that was looked at."""

    answer: httpx.Response

    @property
    def text(self) -> str:
        """What a person reads: without tags, white space as one blank."""
        shown = re.sub(r"<(script|style|svg)\b.*?</\1>", " ", self.answer.text, flags=re.DOTALL)
        return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", shown))).strip()

    @property
    def toast(self) -> str:
        found = TOAST.search(self.answer.text)
        return html.unescape(found[2]) if found else ""

    @property
    def form_token(self) -> str:
        found = TOKEN.search(self.answer.text)
        assert found, "the page has no form"
        return found[1]


class Visitor:
    def __init__(self, base_url: str, cookies: Mapping[str, str] | None = None) -> None:
        self.http = httpx.Client(
            base_url=base_url, cookies=dict(cookies or {}), verify=False, trust_env=False, timeout=30
        )
        self.origin = base_url

    def get(self, path: str, **headers: str) -> httpx.Response:
        return self.http.get(path, headers={"accept": "text/html", **headers})

    def see(self, path: str, status: int = 200) -> Seen:
        answer = self.get(path)
        assert answer.status_code == status, f"{path}: {answer.status_code} {answer.text[:500]}"
        return Seen(answer)

    def post(
        self, path: str, fields: Mapping[str, Any] | None = None, *, of: str = "/settings/profile"
    ) -> httpx.Response:
        """Sends a form as the dashboard's own pages do; `of`: a page whose form token it carries."""
        token = self.see(of).form_token
        return self.http.post(path, data={"form_token": token, **(fields or {})}, headers={"origin": self.origin})

    def after(self, answer: httpx.Response) -> Seen:
        """The page that a form leads to."""
        assert answer.status_code == 303, f"{answer.status_code} {answer.text[:500]}"
        return self.see(answer.headers["location"])

    def close(self) -> None:
        self.http.close()


def enter(parts: Installation, role: str, email: str = "") -> tuple[User, str]:
    """A user of this role, and the token of a session."""
    now = parts.clock.now()
    with parts.database.session_scope() as session:
        name = email or f"{role}@example.com"
        user = users.called(session, name) or users.add(session, name, role, actor="test")
        user.subject = user.subject or f"test {name}"
        return user, sessions.start(session, user, lifetime(parts.settings), now, browser="a test")


class Counting:
    """How many SQL statements are sent while it is on."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.statements: list[str] = []

    @property
    def number(self) -> int:
        return len(self.statements)

    def _note(self, _: object, __: object, statement: str, *___: object) -> None:
        self.statements.append(statement)

    def __enter__(self) -> "Counting":
        event.listen(self._engine, "before_cursor_execute", self._note)
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        event.remove(self._engine, "before_cursor_execute", self._note)
