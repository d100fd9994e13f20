import yaml

from tests.app.admin.conftest import Client
from tests.app.admin.installation import Installation

FLOW = "stripe_customer_to_netsuite"
DRAFT = f"flows:\n  {FLOW}:\n    options:\n      prefix: 'X '\n"


def test_a_record_under_a_draft(client: Client) -> None:
    answer = client("operate").post("/config/sample", json={"yaml": DRAFT, "flow": FLOW, "id": "cus_1"}).json()
    assert [(one["path"], one["before"], one["after"], one["changed"]) for one in answer["fields"]] == [
        ("companyName", "CUS_1", "X CUS_1", True)
    ]


def test_a_sample_is_an_operators(client: Client) -> None:
    assert client("read").post("/config/sample", json={"yaml": DRAFT, "flow": FLOW, "id": "x"}).status_code == 403


def test_a_sample_of_a_flow_that_there_is_not(client: Client) -> None:
    assert client("operate").post("/config/sample", json={"yaml": "{}", "flow": "no", "id": "x"}).status_code == 404


def test_a_draft_is_put_together_with_what_is_in_force(client: Client) -> None:
    admin = client("admin")
    admin.post("/config/apply", json={"yaml": "older: post\ntables: {a: {x: '1'}}", "note": "Theirs."})
    mine = {"yaml": "tables: {a: {x: '2'}}\nstart_date: 2026-01-01", "based_on": 0}
    found = client("operate").post("/config/merge", json=mine).json()
    assert (found["based_on"], found["clashes"]) == (1, ["tables.a.x"])
    assert {**yaml.safe_load(found["yaml"]), "start_date": ""} == {
        "older": "post",
        "tables": {"a": {"x": "2"}},
        "start_date": "",
    }


def test_what_one_took_out_and_the_other_left_is_out(client: Client) -> None:
    admin = client("admin")
    admin.post("/config/apply", json={"yaml": "tables: {a: {x: '1'}, b: {y: '1'}}", "note": "one"})
    admin.post("/config/apply", json={"yaml": "tables: {a: {x: '1'}, b: {y: '2'}}", "note": "two"})
    found = client("operate").post("/config/merge", json={"yaml": "tables: {b: {y: '1'}}", "based_on": 1}).json()
    assert (yaml.safe_load(found["yaml"]), found["clashes"]) == ({"tables": {"b": {"y": "2"}}}, [])


def test_accounts_to_choose_from(client: Client, parts: Installation) -> None:
    fees = {"id": "61", "acctnumber": "6100", "name": "Fees", "type": "Expense", "isinactive": "F"}
    closed = {"id": "62", "acctnumber": "6200", "name": "Old fees", "type": "Expense", "isinactive": "T"}
    parts.systems.rows = {"account": [closed, fees], "currency": []}
    found = client("read").get("/config/choices/accounts", params={"q": "fees", "setting": "fees"}).json()["items"]
    assert [(one["id"], bool(one["odd"])) for one in found] == [("61", False), ("62", True)]


def test_netsuite_away_is_told(client: Client) -> None:
    assert client("read").get("/config/choices/items").json() == {"items": [], "problem": "NetSuite cannot be reached."}


def test_fields_of_a_record(client: Client) -> None:
    found = client("read").get("/config/fields/invoice").json()["items"]
    assert [(one["word"], one["type"]) for one in found] == [("custbody_region", "string"), ("memo", "string")]


def test_what_an_expression_can_read(client: Client) -> None:
    words = [one["word"] for one in client("read").get("/config/expressions", params={"flow": FLOW}).json()["items"]]
    assert {"source", "record", "| money"} <= set(words)


def test_an_expression_that_is_wrong_says_where(client: Client) -> None:
    answer = client("read").post("/config/expressions/check", json={"text": "source.name | uper"}).json()
    assert answer == {"fault": {"words": "No filter named 'uper'", "at": 14, "length": 4}}


def test_an_expression_that_is_right(client: Client) -> None:
    assert client("read").post("/config/expressions/check", json={"text": "source.name"}).json() == {"fault": None}
