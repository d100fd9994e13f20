from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from app.core import jobs
from app.core.audit import AuditEntry
from app.core.runs import Run
from app.core.tables import Issue
from app.errors import Unmapped
from tests.app.admin.conftest import Client
from tests.app.admin.installation import NOW, Installation, ambiguous, held

FLOW = "stripe_customer_to_netsuite"
TITLE = "Stripe Customer to NetSuite Customer Add/Update: a person has to decide."


@pytest.fixture(autouse=True)
def two_held(parts: Installation) -> None:
    parts.systems.objects.update(cus_1=held(), cus_2=held())
    parts.carried_out(FLOW, ["cus_1", "cus_2"])
    parts.broker.runs.clear()


def audited(parts: Installation) -> list[tuple[str, str, dict[str, Any]]]:
    with parts.database.session_scope() as session:
        rows = session.scalars(select(AuditEntry).where(AuditEntry.actor != "cli").order_by(AuditEntry.id))
        return [(row.action, row.target, row.details) for row in rows]


def state(parts: Installation) -> str:
    with parts.database.session_scope() as session:
        return session.get_one(Issue, 1).state


def test_lists_issues_with_their_open_runs(client: Client) -> None:
    items = client("read").get("/issues").json()["items"]
    assert [(each["id"], each["title"], each["state"], each["open_runs"], each["example_run"]) for each in items] == [
        (1, TITLE, "open", 2, 2)
    ]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"state": "open"}, 1),
        ({"state": ["resolved", "ignored"]}, 0),
        ({"flow": FLOW}, 1),
        ({"flow": "other"}, 0),
        ({"error_code": "held"}, 1),
        ({"error_code": "unmapped"}, 0),
        ({"assignee": "ada"}, 0),
        ({"text": "has to DECIDE"}, 1),
        ({"text": "100%"}, 0),
    ],
)
def test_a_filter_narrows_the_list(client: Client, asked: dict[str, Any], found: int) -> None:
    assert len(client("read").get("/issues", params=asked).json()["items"]) == found


def test_one_issue_has_its_runs(client: Client) -> None:
    assert [run["id"] for run in client("read").get("/issues/1").json()["runs"]] == [2, 1]


def test_its_runs_are_found_among_all(client: Client) -> None:
    assert [run["issue_id"] for run in client("read").get("/runs", params={"issue": 1}).json()["items"]] == [1, 1]


@pytest.mark.parametrize("wanted", ["acknowledged", "ignored", "resolved"])
def test_a_state_is_decided_and_audited(client: Client, parts: Installation, wanted: str) -> None:
    answer = client("operate").patch("/issues/1", json={"state": wanted}).json()
    assert (answer["state"], answer["notes"][-1]["text"]) == (wanted, f"Was open, is {wanted} now.")
    assert audited(parts) == [(f"issue.{wanted}", "issue:1", {"state": ["open", wanted]})]


def test_a_snooze_ends_by_itself(client: Client) -> None:
    until = (NOW + timedelta(days=2)).isoformat()
    answer = client("operate").patch("/issues/1", json={"state": "snoozed", "snoozed_until": until}).json()
    assert (answer["state"], answer["snoozed_until"]) == ("snoozed", "2026-03-03T12:00:00Z")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"state": "snoozed"}, 409),
        ({"state": "snoozed", "snoozed_until": NOW.isoformat()}, 409),
        ({"state": "resolved", "snoozed_until": NOW.isoformat()}, 422),
        ({"state": "gone"}, 422),
    ],
)
def test_a_change_that_makes_no_sense_is_refused(
    client: Client, parts: Installation, body: dict[str, Any], status: int
) -> None:
    assert client("operate").patch("/issues/1", json=body).status_code == status
    assert state(parts) == "open"


def test_somebody_takes_it_up(client: Client, parts: Installation) -> None:
    answer = client("operate").patch("/issues/1", json={"assignee": "controller@example.com"}).json()
    assert (answer["assignee"], answer["state"]) == ("controller@example.com", "open")
    assert audited(parts) == [("issue.assigned", "issue:1", {"assignee": ["", "controller@example.com"]})]


def test_a_note_is_added(client: Client, parts: Installation) -> None:
    answer = client("operate").post("/issues/1/notes", json={"text": "Asked the bank."})
    assert (answer.status_code, [(note["author"], note["text"]) for note in answer.json()["notes"]]) == (
        201,
        [("a operate script", "Asked the bank.")],
    )
    assert audited(parts) == [("issue.noted", "issue:1", {})]


def test_all_its_runs_are_replayed_as_a_job(client: Client, parts: Installation) -> None:
    answer = client("operate").post("/issues/1/replay", json={"reason": "Linked."})
    assert (answer.status_code, answer.json()["total"], answer.json()["reason"]) == (202, 2, "Linked.")
    parts.systems.objects.clear()
    assert jobs.carry_out(parts, answer.json()["id"]) == "done"
    for run_id, _ in list(parts.broker.runs):
        parts.executor.run(run_id)
    assert state(parts) == "resolved"


def test_a_dry_run_only_counts(client: Client, parts: Installation) -> None:
    answer = client("operate").post("/issues/1/replay", json={"dry_run": True})
    assert (answer.status_code, answer.json(), parts.broker.jobs) == (200, {"count": 2}, [])


def test_dismissing_its_last_run_resolves_it(client: Client, parts: Installation) -> None:
    operator = client("operate")
    for run_id in (1, 2):
        assert state(parts) == "open"
        operator.post(f"/retries/{run_id}/dismiss", json={"reason": "Entered by hand."})
    assert state(parts) == "resolved"


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [("PATCH", "/issues/1", {}), ("POST", "/issues/1/notes", {"text": "x"}), ("POST", "/issues/1/replay", {})],
)
def test_reading_does_not_suffice_to_change(client: Client, method: str, path: str, body: dict[str, Any]) -> None:
    assert client("read").request(method, path, json=body).status_code == 403


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/issues/9", None),
        ("PATCH", "/issues/9", {"state": "resolved"}),
        ("PATCH", "/issues/9", {}),
        ("POST", "/issues/9/notes", {"text": "x"}),
        ("POST", "/issues/9/replay", {}),
        ("POST", "/issues/9/replay", {"dry_run": True}),
    ],
)
def test_there_is_no_such_issue(client: Client, method: str, path: str, body: dict[str, Any] | None) -> None:
    assert client("operate").request(method, path, json=body).status_code == 404


def test_a_run_names_its_issue(client: Client, parts: Installation) -> None:
    with parts.database.session_scope() as session:
        assert session.get_one(Run, 1).issue_id == 1
    assert client("read").get("/runs/1").json()["issue_id"] == 1


def test_counts_and_codes_are_told(client: Client) -> None:
    reader = client("read")
    assert reader.get("/issues/counts").json() == {"states": {"open": 1}, "assignees": []}
    codes = {row["code"]: row for row in reader.get("/issues/codes").json()}
    assert codes["period_closed"]["setting"] == "period_policy.{record}"


def test_errors_are_counted_by_hour(client: Client, parts: Installation) -> None:
    with parts.database.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE attempts SET started_at = %s", (NOW,))
    found = client("read").get("/issues/heat").json()
    assert (found["cells"], found["cut"]) == ([{"flow": FLOW, "at": "2026-03-01T12:00:00Z", "errors": 2}], False)


def test_several_are_changed_at_once(client: Client, parts: Installation) -> None:
    body = {"ids": [1], "state": "ignored", "assignee": "ada", "reason": "Known."}
    answer = client("operate").post("/issues/change", json=body).json()
    assert answer == {"states": {"ignored": 1}, "assignees": ["ada"]}
    assert [each[2].get("reason") for each in audited(parts)] == ["Known.", None]


def test_several_are_replayed_as_jobs(client: Client, parts: Installation) -> None:
    answer = client("operate").post("/issues/replay", json={"ids": [1], "reason": "Mended."})
    assert (answer.status_code, [job["total"] for job in answer.json()], parts.broker.jobs) == (202, [2], [1])


def test_a_setting_mends_it(client: Client, parts: Installation) -> None:
    parts.systems.objects["cus_9"] = Unmapped("No item is set.", setting="books.main.items.default")
    parts.carried_out(FLOW, ["cus_9"])
    parts.systems.rows = {"item": [{"id": "7", "itemid": "Consulting", "itemtype": "Service"}]}
    remedy = client("read").get("/issues/2/remedy").json()
    assert [one["path"] for one in remedy["settings"]] == ["books.main.items.default"]
    body = {"setting": "books.main.items.default", "value": "7", "replay": True}
    assert client("operate").post("/issues/2/mend", json=body).status_code == 403
    admin = client("admin")
    assert admin.post("/issues/2/mend", json=body).json() == {"version": 1, "job": 1}
    assert admin.post("/issues/2/mend", json=body | {"value": "8"}).status_code == 409


def test_candidates_are_told(client: Client, parts: Installation) -> None:
    parts.systems.objects["cus_9"] = ambiguous()
    parts.carried_out(FLOW, ["cus_9"])
    [choice] = client("read").get("/issues/2/remedy").json()["choices"]
    assert (choice["subject"], choice["choosable"]) == ("cus_9", ["7", "8"])


def test_the_audit_log_is_a_file(client: Client) -> None:
    client("operate").patch("/issues/1", json={"state": "resolved", "reason": "Done."})
    text = client("read").get("/audit/export", params={"action": "issue"}).text
    assert text.splitlines()[1].endswith('issue.resolved,issue:1,Done.,"{""state"": [""open"", ""resolved""]}"')
