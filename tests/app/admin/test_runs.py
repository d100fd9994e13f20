from datetime import timedelta

import pytest

from app.core.attempts import Attempt
from app.core.runs import Run
from tests.app.admin.conftest import Client
from tests.app.admin.installation import Installation, held, throttled

FLOW = "stripe_customer_to_netsuite"


@pytest.fixture(autouse=True)
def some_runs(parts: Installation) -> None:
    """1 succeeded, 2 held, 3 retrying."""
    parts.systems.objects.update(cus_held=held(), cus_slow=throttled())
    parts.carried_out(FLOW, ["cus_done", "cus_held", "cus_slow"])


def subjects(client: Client, **query: str | int | list[str]) -> list[str]:
    return [run["subject"] for run in client("read").get("/runs", params=query).json()["items"]]


def test_lists_newest_first(client: Client) -> None:
    assert subjects(client) == ["cus_slow", "cus_held", "cus_done"]


def test_lists_by_state(client: Client) -> None:
    assert subjects(client, state=["held", "succeeded"]) == ["cus_held", "cus_done"]


def test_lists_by_flow(client: Client) -> None:
    assert subjects(client, flow="stripe_invoice_to_netsuite") == []


def test_lists_by_subject(client: Client) -> None:
    assert subjects(client, subject="cus_held") == ["cus_held"]


def test_lists_by_text_in_the_summary(client: Client) -> None:
    assert subjects(client, text="E-MAIL") == ["cus_held"]


def test_lists_what_changed_since(client: Client) -> None:
    assert subjects(client, since="2999-01-01T00:00:00Z") == []


def test_pages_follow_one_another(client: Client) -> None:
    reader = client("read")
    first = reader.get("/runs", params={"limit": 2}).json()
    second = reader.get("/runs", params={"limit": 2, "before": first["next"]}).json()
    pages = [[run["subject"] for run in page["items"]] for page in (first, second)]
    assert (pages, second["next"]) == ([["cus_slow", "cus_held"], ["cus_done"]], None)


def test_unknown_filter_is_refused(client: Client) -> None:
    assert client("read").get("/runs", params={"colour": "blue"}).status_code == 422


def test_one_run_shows_its_attempts_and_exchanges(client: Client) -> None:
    attempts = client("read").get("/runs/1").json()["attempts"]
    assert [(attempt["outcome"], attempt["exchanges"][0]["path"]) for attempt in attempts] == [
        ("succeeded", "/v1/customers/cus_done")
    ]


def test_held_run_says_what_to_do(client: Client) -> None:
    found = client("read").get("/runs/2").json()
    assert (found["summary"], found["action"]) == (
        "Two customers have this e-mail address.",
        "Link one of them by hand, then replay.",
    )


def test_retrying_run_says_when(client: Client, parts: Installation) -> None:
    due = client("read").get("/runs/3").json()["due_at"]
    assert due > (parts.clock.now() + timedelta(milliseconds=900)).isoformat()


def test_run_that_does_not_exist(client: Client) -> None:
    assert client("read").get("/runs/99").status_code == 404


def test_the_timeline_of_a_run(client: Client) -> None:
    moments = client("read").get("/runs/2/timeline").json()["moments"]
    assert [(one["kind"], one["state"]) for one in moments] == [("queued", ""), ("attempt", "held")]
    [call] = moments[1]["calls"]
    assert (call["step"], call["path"]) == ("fetch", "/v1/customers/cus_held")


def test_the_preview_of_a_run_says_where_fields_come_from(client: Client) -> None:
    told = client("operate").get("/runs/1/preview").json()
    [field] = told["explained"][0]["fields"]
    assert (told["outcome"], told["anew"], field["path"], field["origin"]) == (
        "succeeded",
        True,
        "companyName",
        "mapping",
    )


def test_a_record_against_netsuite_now(client: Client, parts: Installation) -> None:
    exchange = {
        "system": "netsuite",
        "method": "PUT",
        "path": "/services/rest/record/v1/customer/eid:stripe-cust-cus_done",
        "status": 204,
        "milliseconds": 3,
        "request": {"companyName": "Ada Works"},
    }
    with parts.database.session_scope() as session:
        session.get_one(Run, 1).records = [{"type": "customer", "id": "501", "external_id": "stripe-cust-cus_done"}]
        session.query(Attempt).filter_by(run_id=1).one().exchanges = [exchange]
    parts.systems.books.append(("501", {"companyName": "Changed Ltd"}))
    [record] = client("operate").get("/runs/1/compare").json()["records"]
    assert record["sentence"] == "1 field differs from what was written last."
    assert record["fields"] == [
        {"path": "companyName", "wrote": "Ada Works", "now": "Changed Ltd", "verdict": "differs"}
    ]


def test_a_record_that_is_gone(client: Client, parts: Installation) -> None:
    with parts.database.session_scope() as session:
        session.get_one(Run, 1).records = [{"type": "customer", "id": "999", "external_id": ""}]
    [record] = client("operate").get("/runs/1/compare").json()["records"]
    assert (record["found"], record["sentence"]) == (False, "NetSuite does not have this record any more.")


@pytest.mark.parametrize("part", ["timeline", "preview", "compare"])
def test_nothing_is_told_of_a_run_that_there_is_not(client: Client, part: str) -> None:
    assert client("operate").get(f"/runs/99/{part}").status_code == 404


@pytest.mark.parametrize("part", ["preview", "compare"])
def test_who_only_reads_asks_no_other_system(client: Client, part: str) -> None:
    assert client("read").get(f"/runs/1/{part}").status_code == 403
