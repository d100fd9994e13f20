from tests.app.admin.conftest import Client


def test_a_view_is_saved_listed_and_forgotten(client: Client) -> None:
    operator = client("operate")
    made = operator.post("/views", json={"name": "Month end", "wanted": {"state": ["attention"]}})
    assert (made.status_code, made.json()["wanted"]) == (201, {"state": ["attention"]})
    assert [one["name"] for one in operator.get("/views").json()["items"]] == ["Month end"]
    assert operator.delete(f"/views/{made.json()['id']}").status_code == 204
    assert operator.get("/views").json()["items"] == []


def test_one_of_the_same_name_is_replaced(client: Client) -> None:
    operator = client("operate")
    for state in ("held", "dead"):
        operator.post("/views", json={"name": "Mine", "wanted": {"state": [state]}})
    assert [one["wanted"] for one in operator.get("/views").json()["items"]] == [{"state": ["dead"]}]


def test_a_view_for_everybody_needs_more_than_reading(client: Client) -> None:
    answer = client("read").post("/views", json={"name": "All", "shared": True, "wanted": {}})
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "insufficient_scope")


def test_anothers_view_is_not_forgotten(client: Client) -> None:
    made = client("operate").post("/views", json={"name": "Ours", "shared": True, "wanted": {}}).json()
    assert client("read").delete(f"/views/{made['id']}").status_code == 404
