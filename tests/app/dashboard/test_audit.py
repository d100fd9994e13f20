import csv
import io
from datetime import timedelta

import pytest

from app.core import audit, config
from app.core.audit import AuditEntry
from app.core.plan import change
from tests.app.admin.installation import NOW, Installation
from tests.app.dashboard.conftest import SignIn, Statements


@pytest.fixture(autouse=True)
def deeds(parts: Installation) -> None:
    with parts.database.session_scope() as session:
        audit.note(session, "=cmd()", "retry.replayed", "run:7", was="held", reason="<i>Linked</i>")
        wanted = config.Config(books={"main": config.Books(subsidiary="4")})
        change(session, lambda _: wanted, actor="ada", note="The new company.", flows=parts.catalogue)
        session.flush()
        session.query(AuditEntry).update({"at": NOW - timedelta(days=1)})
        audit.note(session, "bob", "issue.resolved", "issue:3", state=["open", "resolved"])
        session.flush()
        session.query(AuditEntry).filter_by(actor="bob").update({"at": NOW})


def test_shows_who_did_what_why_and_what_changed(sign_in: SignIn) -> None:
    page = sign_in("viewer").see("/audit")
    assert "Configuration changed version 1 The new company. books.main.subsidiary was not set 4" in page.text
    assert 'href="/records/7"' in page.answer.text
    assert "&lt;i&gt;Linked" in page.answer.text
    assert "state was open resolved" in page.text


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", 4),  # with the user who looks
        ("actor=ada", 1),
        ("action=issue", 1),
        ("action=issue.resolved", 1),
        ("action=iss", 0),
        ("target=run", 1),
        ("target=run:7", 1),
        ("target=run:", 0),
        ("since=2026-03-01&action=issue", 1),
        ("until=2026-02-28", 2),
        ("before=3", 2),
    ],
)
def test_a_filter_narrows_the_list(sign_in: SignIn, query: str, found: int) -> None:
    page = sign_in("viewer").see(f"/audit?{query}").answer.text
    assert page.count('<td class="deed">') == found


def test_asks_the_database_little(sign_in: SignIn, statements: Statements) -> None:
    visitor = sign_in("viewer")
    visitor.see("/audit")
    with statements() as counted:
        visitor.see("/audit")
    assert counted.number <= 4


def test_all_that_is_found_is_a_file(sign_in: SignIn) -> None:
    answer = sign_in("viewer").get("/audit/export?target=run")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert answer.headers["content-disposition"] == 'attachment; filename="audit.csv"'
    assert [(row["actor"], row["action"], row["target"], row["reason"]) for row in rows] == [
        ("'=cmd()", "retry.replayed", "run:7", "<i>Linked</i>")
    ]


def test_nothing_was_changed_like_that(sign_in: SignIn) -> None:
    assert "Nothing was changed like that." in sign_in("viewer").see("/audit?actor=eve").text


def test_nobody_sees_it_without_signing_in(stranger: object) -> None:
    from tests.app.dashboard.visiting import Visitor

    assert isinstance(stranger, Visitor)
    assert stranger.get("/audit").status_code == 303
