"""What alerts are tested with: a failing run, a look, and receivers that take or refuse."""

from datetime import datetime
from typing import Any

from sqlalchemy import select

from app.core import alerts
from app.core.alert_sending import Message, Refused
from app.core.config import Config, save
from app.core.tables import Alert
from app.db import Database
from app.errors import Unmapped
from tests.app.core.fakes import Bench

RECEIVERS = ("email", "slack")
MISSING = Unmapped("No account for Ada Works <ada@example.com>.", setting="accounts.receivable.EUR")


class Taking:
    """A receiver that takes everything, or refuses with these words."""

    def __init__(self, refusal: str | None = None) -> None:
        self.refusal = refusal
        self.got: list[Message] = []

    def send(self, message: Message, now: datetime) -> str:
        if self.refusal:
            raise Refused(self.refusal)
        self.got.append(message)
        return "It took it."


def fail(bench: Bench, error: Exception, subject: str = "t_1") -> int:
    def behave(_: str) -> str:
        raise error

    bench.systems.behave = behave
    run_id = bench.demand("things", subject)
    bench.work()
    return run_id


def look(bench: Bench, receivers: tuple[str, ...] = ("email",)) -> int:
    return alerts.look(bench.database, receivers, bench.clock.now())


def choose(bench: Bench, **chosen: Any) -> None:
    with bench.database.session_scope() as session:
        save(session, Config.model_validate({"alerts": chosen}), author="test", note="")


def rows(database: Database) -> list[Alert]:
    with database.session_scope() as session:
        return list(session.scalars(select(Alert).order_by(Alert.id)))


def kinds(bench: Bench) -> list[tuple[str, str]]:
    return [(row.kind, row.receiver) for row in rows(bench.database)]
