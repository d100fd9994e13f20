import pytest
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


RULE = "field_rules:\n- {{name: region, record_type: {}, field: {}, expression: source.metadata.region}}\n"
MISSPELT = RULE.format("invoice", "custbody_regoin")


@pytest.mark.parametrize(("path", "note"), [("plan", {}), ("apply", {"note": "Regions."})])
def test_a_rule_for_a_field_that_netsuite_has_not_is_refused(client: Client, path: str, note: dict[str, str]) -> None:
    answer = client("admin").post(f"/config/{path}", json={"yaml": MISSPELT, **note})
    said = answer.json()["error"]
    assert answer.status_code == 422
    assert (
        "field_rules.0.field: rule “region”: NetSuite has no field 'custbody_regoin' on invoice, "
        "did you mean 'custbody_region'?"
    ) in said["message"]


def test_a_rule_for_a_field_that_netsuite_has_is_applied(client: Client) -> None:
    draft = {"yaml": RULE.format("invoice", "custbody_region"), "note": "Regions."}
    assert client("admin").post("/config/apply", json=draft).json()["version"] == 1


def test_a_rule_that_touches_money_is_refused_with_the_reason(client: Client) -> None:
    answer = client("admin").post("/config/plan", json={"yaml": RULE.format("customerPayment", "payment")})
    assert (answer.status_code, "no rule may set `payment`" in answer.json()["error"]["message"]) == (422, True)


def test_offline_does_not_ask_netsuite(client: Client) -> None:
    answer = client("admin").post("/config/plan", json={"yaml": MISSPELT, "offline": True}).json()
    assert answer["unchecked"] == "The fields of the rules were not looked up in NetSuite (offline)."


def test_a_netsuite_that_is_away_is_told(client: Client, parts: Installation) -> None:
    parts.systems.fields = None
    answer = client("admin").post("/config/plan", json={"yaml": MISSPELT}).json()
    assert answer["unchecked"] == "The fields of the rules were not looked up in NetSuite: NetSuite cannot be reached."


def test_a_record_that_the_catalog_does_not_tell_of_is_left_to_netsuite(client: Client) -> None:
    answer = client("admin").post("/config/plan", json={"yaml": RULE.format("journalEntry", "memo")})
    assert (answer.status_code, answer.json()["unchecked"]) == (200, None)


def test_rollback_puts_an_earlier_version_in_force(client: Client) -> None:
    admin = client("admin")
    admin.post("/config/apply", json={"yaml": DRAFT, "note": "one"})
    admin.post("/config/apply", json={"yaml": "{}", "note": "two"})
    assert admin.post("/config/rollback", json={"version": 1}).json()["version"] == 3
    assert (
        admin.get(f"/flows/{FLOW}").json()["options"]["prefix"],
        admin.get("/config/versions/3").json()["note"],
    ) == (
        "X ",
        "Back to version 1",
    )


def test_rollback_to_a_version_that_does_not_exist(client: Client) -> None:
    assert client("admin").post("/config/rollback", json={"version": 9}).status_code == 404


def test_rollback_is_an_admins(client: Client) -> None:
    assert client("operate").post("/config/rollback", json={"version": 0}).status_code == 403


def test_presets_say_what_is_known_and_what_is_not(client: Client) -> None:
    found = client("read").get("/config/presets").json()
    assert [(each["name"], bool(each["known"]), bool(each["guesses"])) for each in found] == [
        ("novamodule", True, True),
        ("stripe_connector", True, True),
    ]


def test_apply_wants_a_note(client: Client) -> None:
    assert client("admin").post("/config/apply", json={"yaml": DRAFT}).status_code == 422
