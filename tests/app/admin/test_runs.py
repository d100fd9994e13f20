from datetime import timedelta

import pytest

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
