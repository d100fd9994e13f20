from sqlalchemy import select

from app.core.audit import AuditEntry
from tests.app.admin.conftest import Client
from tests.app.admin.installation import Installation

LINK = {"role": "cust", "stripe_id": "cus_1", "netsuite_id": "4711"}


def test_link_by_hand(client: Client) -> None:
    answer = client("operate").post("/links", json=LINK)
    made = answer.json()
    assert (answer.status_code, made["external_id"], made["netsuite_type"], made["account"], made["current"]) == (
        201,
        "stripe-cust-cus_1",
        "customer",
        "main",
        True,
    )


def test_linked_object_is_not_linked_twice(client: Client) -> None:
    operator = client("operate")
    operator.post("/links", json=LINK)
    answer = operator.post("/links", json={**LINK, "netsuite_id": "4712"})
    assert (answer.status_code, answer.json()["error"]["message"]) == (
        409,
        "cus_1 is linked to customer 4711: retire link 1 first.",
    )


def test_retired_link_is_history(client: Client) -> None:
    operator = client("operate")
    operator.post("/links", json=LINK)
    retired = operator.post("/links/1/retire", json={"note": "Wrong customer."}).json()
    assert (retired["current"], retired["note"]) == (False, "Wrong customer.")


def test_after_retiring_another_record_can_be_linked(client: Client) -> None:
    operator = client("operate")
    operator.post("/links", json=LINK)
    operator.post("/links/1/retire", json={})
    assert operator.post("/links", json={**LINK, "netsuite_id": "4712"}).json()["netsuite_id"] == "4712"


def test_link_is_retired_once(client: Client) -> None:
    operator = client("operate")
    operator.post("/links", json=LINK)
    operator.post("/links/1/retire", json={})
    assert operator.post("/links/1/retire", json={}).status_code == 409


def test_search_finds_a_part_of_an_id(client: Client) -> None:
    operator = client("operate")
    operator.post("/links", json=LINK)
    operator.post("/links", json={**LINK, "stripe_id": "cus_2", "netsuite_id": "99"})
    found = operator.get("/links", params={"search": "471"}).json()["items"]
    assert [link["stripe_id"] for link in found] == ["cus_1"]


def test_making_and_retiring_are_audited(client: Client, parts: Installation) -> None:
    operator = client("operate")
    operator.post("/links", json=LINK)
    operator.post("/links/1/retire", json={})
    with parts.database.session_scope() as session:
        actions = list(session.scalars(select(AuditEntry.action).where(AuditEntry.target == "link:1")))
    assert actions == ["link.created", "link.retired"]
