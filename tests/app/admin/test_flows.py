import pytest

from app.core import jobs
from app.core.runs import Run
from tests.app.admin.conftest import Client
from tests.app.admin.installation import Installation, held, throttled

FLOW = "stripe_customer_to_netsuite"


def test_lists_in_the_published_order_with_counts(client: Client, parts: Installation) -> None:
    parts.carried_out(FLOW, ["cus_1", "cus_2"])
    items = client("read").get("/flows").json()["items"]
    assert [(flow["key"], flow["enabled"], flow["counts"]) for flow in items] == [
        (FLOW, True, {"succeeded": 2}),
        ("stripe_invoice_to_netsuite", True, {}),
    ]


def test_switch_is_a_new_version_with_author_and_note(client: Client) -> None:
    admin = client("admin")
    admin.post(f"/flows/{FLOW}/switch", json={"enabled": False, "note": "Cut-over on Monday."})
    newest = admin.get("/config/versions").json()["items"][0]
    assert (newest["author"], newest["note"]) == ("a admin script", "Cut-over on Monday.")


def test_switched_off_flow_is_off(client: Client) -> None:
    assert client("admin").post(f"/flows/{FLOW}/switch", json={"enabled": False}).json()["enabled"] is False


def test_pause_and_resume(client: Client) -> None:
    operator = client("operate")
    paused = operator.post(f"/flows/{FLOW}/pause", json={}).json()["paused"]
    assert (paused, operator.post(f"/flows/{FLOW}/resume", json={}).json()["paused"]) == (True, False)


def test_options_are_replaced(client: Client) -> None:
    answer = client("admin").put(f"/flows/{FLOW}/options", json={"options": {"prefix": "X "}})
    assert answer.json()["options"] == {"prefix": "X ", "overwrite": False}


def test_options_keep_the_switch(client: Client) -> None:
    admin = client("admin")
    admin.post(f"/flows/{FLOW}/switch", json={"enabled": False})
    admin.put(f"/flows/{FLOW}/options", json={"options": {"prefix": "X "}})
    assert admin.get(f"/flows/{FLOW}").json()["enabled"] is False


def test_option_that_the_flow_does_not_have_is_refused_by_its_path(client: Client) -> None:
    answer = client("admin").put(f"/flows/{FLOW}/options", json={"options": {"colour": "blue"}})
    assert (answer.status_code, answer.json()["error"]["fields"]) == (
        422,
        {f"flows.{FLOW}.options.colour": "there is no such setting"},
    )


def test_options_based_on_an_older_version_are_refused(client: Client) -> None:
    admin = client("admin")
    admin.put(f"/flows/{FLOW}/options", json={"options": {"prefix": "X "}, "based_on": 0})
    answer = admin.put(f"/flows/{FLOW}/options", json={"options": {"prefix": "Y "}, "based_on": 0})
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "stale")


def test_run_now_answers_with_the_runs(client: Client, parts: Installation) -> None:
    answer = client("operate").post(f"/flows/{FLOW}/runs", json={"ids": ["cus_1", "cus_2"]})
    assert (answer.status_code, answer.json(), parts.broker.runs) == (
        202,
        {"runs": {"cus_1": 1, "cus_2": 2}},
        [(1, FLOW), (2, FLOW)],
    )


def test_run_now_does_a_finished_object_again(client: Client, parts: Installation) -> None:
    parts.carried_out(FLOW, ["cus_1"])
    assert client("operate").post(f"/flows/{FLOW}/runs", json={"ids": ["cus_1"]}).json() == {"runs": {"cus_1": 2}}


def test_run_now_does_not_wait_for_the_retry(client: Client, parts: Installation) -> None:
    parts.systems.objects["cus_slow"] = throttled()
    parts.carried_out(FLOW, ["cus_slow"])
    client("operate").post(f"/flows/{FLOW}/runs", json={"ids": ["cus_slow"]})
    with parts.database.session_scope() as session:
        assert session.get_one(Run, 1).state == "queued"


@pytest.mark.parametrize("ids", [[], ["cus 1"], ["../x"], [7]])
def test_ids_that_are_none_are_refused(client: Client, ids: list[object]) -> None:
    assert client("operate").post(f"/flows/{FLOW}/runs", json={"ids": ids}).status_code == 422


@pytest.mark.parametrize(("what", "asked"), [("runs", {"ids": ["in_1", "cus_1"]}), ("preview", {"id": "cus_1"})])
def test_id_that_the_flow_does_not_take_is_refused(
    client: Client, parts: Installation, what: str, asked: dict[str, object]
) -> None:
    answer = client("operate").post(f"/flows/stripe_invoice_to_netsuite/{what}", json=asked)
    assert (answer.status_code, answer.json()["error"]["message"], parts.broker.runs) == (
        422,
        "stripe_invoice_to_netsuite takes ids such as in_…, not 'cus_1'.",
        [],
    )


def test_account_must_be_named_when_there_are_two(client: Client, parts: Installation) -> None:
    parts.settings.stripe["uk"] = parts.settings.stripe["main"]
    answer = client("operate").post(f"/flows/{FLOW}/runs", json={"ids": ["cus_1"]})
    assert (answer.status_code, answer.json()["error"]["message"]) == (
        409,
        "Say which Stripe account is meant; configured: main, uk.",
    )


def test_sweep_now_is_a_job(client: Client, parts: Installation) -> None:
    job = client("operate").post(f"/flows/{FLOW}/sweep", json={}).json()
    jobs.carry_out(parts, job["id"])
    assert client("read").get(f"/jobs/{job['id']}").json()["message"] == "Found 2 object(s)."


def test_flow_without_a_sweep_says_so(client: Client) -> None:
    assert client("operate").post("/flows/stripe_invoice_to_netsuite/sweep", json={}).status_code == 409


def test_preview_shows_what_would_be_written(client: Client, parts: Installation) -> None:
    answer = client("operate").post(f"/flows/{FLOW}/preview", json={"id": "cus_1"}).json()
    assert (answer["outcome"], answer["written"], parts.systems.books) == (
        "succeeded",
        [
            {
                "system": "netsuite",
                "operation": "upsert",
                "target": "stripe-cust-cus_1",
                "body": {"companyName": "CUS_1"},
            }
        ],
        [],
    )


def test_preview_of_what_would_be_held(client: Client, parts: Installation) -> None:
    parts.systems.objects["cus_held"] = held()
    answer = client("operate").post(f"/flows/{FLOW}/preview", json={"id": "cus_held"}).json()
    assert (answer["outcome"], answer["action"]) == ("held", "Link one of them by hand, then replay.")


@pytest.mark.parametrize("path", ["", "/options"])
def test_flow_that_does_not_exist(client: Client, path: str) -> None:
    assert client("read").get(f"/flows/nope{path}").status_code == 404


# what it did, and who changed it -----------------------------------------------------------------------------------


def test_activity_is_counted_by_the_hour(client: Client, parts: Installation) -> None:
    with parts.database.session_scope() as session:
        for subject, state in (("cus_1", "succeeded"), ("cus_2", "succeeded"), ("cus_3", "skipped")):
            at = parts.clock.now()
            session.add(Run(flow=FLOW, account="main", subject=subject, state=state, cause="event", updated_at=at))
    body = client("read").get(f"/flows/{FLOW}/activity").json()
    assert (len(body["times"]), body["times"][-1]) == (24, "2026-03-01T12:00:00Z")
    last = {state: numbers[-1] for state, numbers in body["states"].items() if any(numbers)}
    assert last == {"succeeded": 2, "skipped": 1}


def test_activity_of_thirty_days_is_counted_by_the_day(client: Client) -> None:
    body = client("read").get(f"/flows/{FLOW}/activity?span=30d").json()
    assert (len(body["times"]), body["times"][-1]) == (30, "2026-03-01T00:00:00Z")


def test_changes_name_who_changed_what(client: Client) -> None:
    admin = client("admin")
    admin.post(f"/flows/{FLOW}/switch", json={"enabled": False, "note": "Cut-over."})
    admin.post("/flows/stripe_invoice_to_netsuite/switch", json={"enabled": False})
    admin.put(f"/flows/{FLOW}/options", json={"options": {"prefix": "X "}, "note": "Marked."})
    found = admin.get(f"/flows/{FLOW}/changes").json()
    assert [(each["author"], each["note"], each["settings"]) for each in found] == [
        ("a admin script", "Marked.", {"options.prefix": [None, "X "]}),
        ("a admin script", "Cut-over.", {"enabled": [None, False]}),
    ]


def test_the_schedule_is_set_and_taken_back(client: Client) -> None:
    admin = client("admin")
    minutes = [
        admin.post(f"/flows/{FLOW}/schedule", json={"every_minutes": every}).json()["sweep_minutes"]
        for every in (5, None)
    ]
    assert minutes == [5, 60]


def test_a_flow_that_only_listens_has_no_schedule(client: Client) -> None:
    answer = client("admin").post("/flows/stripe_invoice_to_netsuite/schedule", json={"every_minutes": 5})
    assert (answer.status_code, "has no sweep" in answer.json()["error"]["message"]) == (409, True)


def test_other_options_are_planned_and_not_saved(client: Client, parts: Installation) -> None:
    parts.carried_out(FLOW, ["cus_1"])
    operator = client("operate")
    plan = operator.post(f"/flows/{FLOW}/options/plan", json={"options": {"prefix": "X "}}).json()
    (difference,) = plan["differences"]
    assert (plan["looked_at"], difference["after"]["written"][0]["body"]) == (1, {"companyName": "X CUS_1"})
    assert operator.get(f"/flows/{FLOW}/options").json()["version"] == 0


def test_a_plan_names_what_is_wrong(client: Client) -> None:
    answer = client("operate").post(f"/flows/{FLOW}/options/plan", json={"options": {"colour": "blue"}})
    assert answer.json()["error"]["fields"] == {"colour": "there is no such setting"}
