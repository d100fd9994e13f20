import yaml

from tests.app.admin.conftest import Client
from tests.app.admin.installation import Installation

FLOW = "stripe_customer_to_netsuite"
DRAFT = f"flows:\n  {FLOW}:\n    options:\n      prefix: 'X '\n"


def test_default_is_version_0(client: Client) -> None:
    assert client("read").get("/config").json()["version"] == 0


def test_apply_puts_a_version_in_force(client: Client) -> None:
    admin = client("admin")
    admin.post("/config/apply", json={"yaml": DRAFT, "note": "Prefix."})
    assert admin.get(f"/flows/{FLOW}").json()["options"]["prefix"] == "X "


def test_export_is_what_was_applied(client: Client) -> None:
    admin = client("admin")
    admin.post("/config/apply", json={"yaml": DRAFT, "note": "Prefix."})
    answer = admin.get("/config/export")
    assert (answer.headers["content-type"], yaml.safe_load(answer.text)) == ("application/yaml", yaml.safe_load(DRAFT))


def test_version_is_kept_as_stored(client: Client) -> None:
    admin = client("admin")
    admin.post("/config/apply", json={"yaml": DRAFT, "note": "Prefix."})
    kept = admin.get("/config/versions/1").json()
    assert (kept["author"], kept["note"], kept["document"]) == ("a admin script", "Prefix.", yaml.safe_load(DRAFT))


def test_diff_of_two_versions(client: Client) -> None:
    admin = client("admin")
    admin.post("/config/apply", json={"yaml": DRAFT, "note": "Prefix."})
    assert admin.get("/config/diff", params={"before": 0, "after": 1}).json() == [
        {"path": f"flows.{FLOW}.options.prefix", "before": None, "after": "X "}
    ]


def test_diff_with_a_version_that_does_not_exist(client: Client) -> None:
    assert client("read").get("/config/diff", params={"before": 0, "after": 9}).status_code == 404


def test_plan_shows_the_records_that_would_come_out_otherwise(client: Client, parts: Installation) -> None:
    parts.carried_out(FLOW, ["cus_1"])
    answer = client("operate").post("/config/plan", json={"yaml": DRAFT}).json()
    assert (answer["based_on"], answer["looked_at"], [each["subject"] for each in answer["differences"]]) == (
        0,
        1,
        ["cus_1"],
    )


def test_plan_changes_nothing(client: Client) -> None:
    operator = client("operate")
    operator.post("/config/plan", json={"yaml": DRAFT})
    assert operator.get("/config").json()["version"] == 0


def test_invalid_yaml_is_refused_with_the_place(client: Client) -> None:
    answer = client("admin").post("/config/apply", json={"yaml": "a: [1\nb: 2", "note": "x"})
    assert (answer.status_code, "line 2" in answer.json()["error"]["message"]) == (422, True)


def test_apply_based_on_an_older_version_is_refused(client: Client) -> None:
    admin = client("admin")
    admin.post("/config/apply", json={"yaml": DRAFT, "note": "one", "based_on": 0})
    assert admin.post("/config/apply", json={"yaml": "{}", "note": "two", "based_on": 0}).status_code == 409


def test_apply_wants_a_note(client: Client) -> None:
    assert client("admin").post("/config/apply", json={"yaml": DRAFT}).status_code == 422
