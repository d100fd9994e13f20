"""When scripts run: user events after each save, in their context, without holding up anyone else."""

from __future__ import annotations

import concurrent.futures
import sys
import time

import httpx
import pytest

from sandbox.clock import Clock
from sandbox.credentials import Credentials
from sandbox.netsuite import NetSuiteWorld, restlet
from sandbox.netsuite.callbacks import sign
from sandbox.netsuite.calls import Call
from sandbox.netsuite.engine import PERSON, Save, create
from sandbox.serve import serving
from tests.sandbox.netsuite.conftest import NOON, RECORDS, Client
from tests.sandbox.netsuite.scripts.conftest import PROJECT, RESTLET, SCRIPT, Script, told
from tests.sandbox.netsuite.test_callbacks import Inbox

TIEOUT = {"script": "customscript_tieout_restlet", "deploy": "customdeploy_tieout_restlet"}
ACME = {"companyName": "Acme", "subsidiary": {"id": "1"}}


def by_person(client: Client, **more: str) -> str:
    answer = client.post("/_sandbox/ui/customer", json={**ACME, **more})
    assert answer.status_code == 200, answer.text
    return str(answer.json()["id"])


def test_a_new_record_is_told_with_its_person_and_context(client: Client, world: NetSuiteWorld) -> None:
    found = by_person(client, phone="1")
    [seen] = told(world)
    now = {"type": "customer", "id": int(found), "phone": "1", "name": "Acme"}
    assert seen == {"type": "create", "context": "USERINTERFACE", "user": 6, "now": now, "before": None}


def test_an_edit_is_told_with_what_was_there_before(client: Client, world: NetSuiteWorld) -> None:
    found = by_person(client, phone="1")
    client.patch(f"{RECORDS}/customer/{found}", json={"phone": "2"})
    seen = told(world)[-1]
    assert (seen["type"], seen["context"], seen["user"]) == ("edit", "RESTWEBSERVICES", 5)
    assert (seen["before"]["phone"], seen["now"]["phone"]) == ("1", "2")


def test_an_inline_edit_has_what_was_edited_and_no_more(client: Client, world: NetSuiteWorld) -> None:
    found = by_person(client)
    client.patch(f"/_sandbox/ui/customer/{found}?event=xedit", json={"phone": "2"})
    seen = told(world)[-1]
    assert (seen["type"], seen["now"]["phone"], seen["now"]["name"]) == ("xedit", "2", "")
    assert seen["before"]["name"] == "Acme"


def test_fields_submitted_by_a_script_are_an_inline_edit(client: Client, script: Script, world: NetSuiteWorld) -> None:
    found = by_person(client)
    script("N.record.submitFields({ type: 'customer', id: args.id, values: { phone: '3' } });", id=found)
    assert [(one["type"], one["context"]) for one in told(world)] == [("create", "USERINTERFACE"), ("xedit", "RESTLET")]


def test_a_deleted_record_is_the_old_one(client: Client, world: NetSuiteWorld) -> None:
    found = by_person(client)
    client.delete(f"/_sandbox/ui/customer/{found}")
    seen = told(world)[-1]
    assert (seen["type"], seen["now"], seen["before"]["id"]) == ("delete", None, int(found))


def test_what_a_job_saves_is_told(client: Client, world: NetSuiteWorld) -> None:
    accepted = client.post(f"{RECORDS}/customer", json=ACME, headers={"Prefer": "respond-async"})
    deadline = time.monotonic() + 10
    while not client.get(accepted.headers["Location"]).json()["completed"]:
        assert time.monotonic() < deadline
    client.post("/_sandbox/callbacks/wait")
    assert [one["type"] for one in told(world)] == ["create"]


def test_a_restlets_saves_set_off_user_events_with_units_of_their_own(
    client: Client, script: Script, world: NetSuiteWorld
) -> None:
    world.scripts.parameters["custscript_trial_mode"] = "save"
    code = """
    const one = N.record.create({ type: 'customer' });
    one.setValue('companyname', 'Acme').setValue('subsidiary', '1').setValue('isperson', 'F');
    return [one.save(), N.runtime.getCurrentScript().getRemainingUsage()];
    """
    found, left = script(code)
    assert (client.record(f"customer/{found}")["comments"], left) == ("seen", 4985)
    assert [(one["script"], one["usage"]) for one in world.scripts.last] == [
        ("customscript_trial_event", 15),
        ("customscript_trial_restlet", 15),
    ]


def test_a_user_event_sets_off_no_other(client: Client, world: NetSuiteWorld) -> None:
    world.scripts.parameters["custscript_trial_mode"] = "save"
    found = by_person(client)
    assert (client.record(f"customer/{found}")["comments"], world.scripts.count) == ("seen", 1)


@pytest.mark.parametrize("mode", ["throw", "saveEvent"])
def test_a_script_that_fails_leaves_the_save_as_it_is(client: Client, world: NetSuiteWorld, mode: str) -> None:
    world.scripts.parameters["custscript_trial_mode"] = mode
    found = by_person(client)
    assert client.record(f"customer/{found}")["companyName"] == "Acme"
    assert (world.callbacks.counts["errors"], bool(world.scripts.last[-1]["error"])) == (1, True)


def test_events_can_be_switched_off(client: Client, world: NetSuiteWorld) -> None:
    client.patch("/_sandbox/settings", json={"callbacks": False})
    by_person(client)
    assert world.scripts.count == 0


def test_a_parameter_has_its_kind(world: NetSuiteWorld) -> None:
    assert world.scripts.project is not None
    [event] = [one for one in world.scripts.project.scripts if one.kind == "userevent"]
    assert world.scripts.values(event) == {"custscript_trial_mode": "tell", "custscript_trial_number": 7}


@pytest.mark.slow
def test_others_are_answered_while_a_script_runs(client: Client, world: NetSuiteWorld) -> None:
    world.scripts.seconds["restlet"] = 3.0
    with concurrent.futures.ThreadPoolExecutor() as pool:
        running = pool.submit(client.post, RESTLET, params=SCRIPT, json={"code": "for (;;) {}", "args": {}})
        deadline = time.monotonic() + 30
        while world.governance.in_flight == 0:
            assert time.monotonic() < deadline
        with httpx.Client(base_url=client.base_url, headers=client.headers) as other:
            assert other.get(f"{RECORDS}/customer").status_code == 200
        assert not running.done()
        assert running.result().json()["error"]["code"] == "SSS_TIME_LIMIT_EXCEEDED"
    world.scripts.seconds["restlet"] = 300


def test_a_script_takes_a_place_under_the_limit(client: Client, world: NetSuiteWorld) -> None:
    client.patch("/_sandbox/settings", json={"concurrency": 0})
    answer = client.post(RESTLET, params=SCRIPT, json={"code": "", "args": {}})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "SSS_REQUEST_LIMIT_EXCEEDED")


@pytest.mark.parametrize(
    ("method", "given", "expected"),
    [("GET", None, '{"got":{"a":"1"}}'), ("PUT", "text", "text!")],
)
def test_a_restlet_answers_by_method_and_type(client: Client, method: str, given: str | None, expected: str) -> None:
    headers = {"Content-Type": "text/plain"}
    answer = client.request(method, RESTLET, params={**SCRIPT, "a": "1"}, content=given, headers=headers)
    assert (answer.status_code, answer.text) == (200, expected)


def test_a_method_that_the_script_does_not_have(client: Client) -> None:
    answer = client.delete(RESTLET, params=SCRIPT)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "ENTRY_POINT_MISSING")


def test_what_runs_is_shown(client: Client) -> None:
    shown = client.get("/_sandbox/settings").json()["scripts"]
    assert shown == {
        "running": True,
        "from": str(PROJECT),
        "reason": None,
        "scripts": ["customscript_trial_event", "customscript_trial_restlet"],
        "not_run": ["customscript_trial_plan"],
    }


# Without V8 or without a project


def alone(credentials: Credentials, folder: object = PROJECT) -> NetSuiteWorld:
    return NetSuiteWorld(clock=Clock(NOON), credentials=credentials, suiteapp=str(folder))


def test_without_v8_callbacks_and_restlet_are_imitated_and_it_is_said(
    credentials: Credentials, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "py_mini_racer", None)
    world, inbox = alone(credentials), Inbox()
    with serving(inbox) as url:
        world.deliver_to(url)
        create(world, "customer", ACME, Save(PERSON))
        world.callbacks.wait_idle()
        world.close()
    assert (world.scripts.running, world.scripts.reason) == (False, "the package mini-racer is not installed")
    assert world.scripts.told().startswith("imitated, because the package mini-racer is not installed")
    [(headers, body)] = inbox.received
    expected = sign(credentials.netsuite_callback_secret, headers["x-tieout-timestamp"], body.decode())
    assert headers["x-tieout-signature"] == expected
    ping = restlet.imitated(world, Call("POST", RESTLET, TIEOUT, body=b'{"action":"ping"}'))
    assert ping.body == {"ok": True, "account": "TSTDRV1234567"}


def test_without_a_project_it_is_said(credentials: Credentials, tmp_path: object) -> None:
    world = alone(credentials, tmp_path)
    assert (world.scripts.shown()["running"], world.scripts.shown()["reason"]) == (
        False,
        "no SuiteCloud project is there",
    )


def test_the_project_can_be_named_by_the_environment(credentials: Credentials, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIEOUT_SANDBOX_SUITEAPP", str(PROJECT))
    world = NetSuiteWorld(clock=Clock(NOON), credentials=credentials)
    assert world.scripts.told() == f"customscript_trial_event, customscript_trial_restlet from {PROJECT}"
