"""V8 and the way out of it: modules, long texts, and what is stopped."""

from __future__ import annotations

import pytest

from sandbox.netsuite import NetSuiteWorld
from sandbox.netsuite.scripts.v8 import PART
from tests.sandbox.netsuite.scripts.conftest import Script


def test_a_module_is_the_same_by_each_of_its_paths(script: Script) -> None:
    assert script("return counters.map((one) => one.next());") == [1, 2, 3]


def test_nothing_is_remembered_from_one_execution_to_the_next(script: Script) -> None:
    first = script("globalThis.kept = 1; return counters[0].next();")
    assert (first, script("return [typeof kept, counters[0].next()];")) == (1, ["undefined", 1])


@pytest.mark.parametrize("name", ["N/unicorn", "./unicorn", "/SuiteScripts/unicorn"])
def test_a_module_that_is_not_there(script: Script, name: str) -> None:
    assert script.thrown(f"require(['{name}'], () => null);")[0] == "MODULE_DOES_NOT_EXIST"


def test_what_a_server_script_does_not_have_is_not_there(script: Script) -> None:
    found = script("return [typeof N.record.unicorn, typeof N.https.createSecureString, typeof process];")
    assert found == ["undefined", "undefined", "undefined"]


@pytest.mark.parametrize("length", [0, 1, PART - 40, PART, 3 * PART])
def test_texts_of_any_length_go_out_and_come_back(script: Script, length: int) -> None:
    code = """
    const text = 'é'.repeat(args.length);
    const back = N.encode.convert({ string: text, inputEncoding: 'UTF_8', outputEncoding: 'UTF_8' });
    return [back.length, back === text];
    """
    assert script(code, length=length) == [length, True]


def test_what_is_not_in_the_first_plane_survives(script: Script) -> None:
    code = "return N.encode.convert({ string: '\U0001f4b6', inputEncoding: 'UTF_8', outputEncoding: 'HEX' });"
    assert script(code) == "F09F92B6"


def test_a_script_that_never_ends_is_stopped_and_the_next_one_runs(script: Script, world: NetSuiteWorld) -> None:
    world.scripts.seconds["restlet"] = 0.1
    answer = script.ask("for (;;) {}")
    world.scripts.seconds["restlet"] = 300
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "SSS_TIME_LIMIT_EXCEEDED")
    assert script("return 'alive';") == "alive"


def test_a_script_that_takes_all_memory_is_stopped(script: Script) -> None:
    answer = script.ask("const all = []; for (;;) all.push(new Array(100000).fill(1.5));")
    assert answer.json()["error"]["code"] == "SSS_MEMORY_USAGE_LIMIT_EXCEEDED"
    assert script("return 'alive';") == "alive"


def test_an_error_that_nobody_catches_is_a_400(script: Script) -> None:
    answer = script.ask("throw N.error.create({ name: 'MY_CODE', message: 'my sentence' });")
    assert (answer.status_code, answer.json()) == (400, {"error": {"code": "MY_CODE", "message": "my sentence"}})
