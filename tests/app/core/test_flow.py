from datetime import timedelta

import pytest

from app.core.flow import CoreFlow, Flow, Options, WrongId
from app.core.runs import Run
from tests.app.core.fakes import Bench


def flow(source: str, *subjects: str) -> Flow[str, Options]:
    return Flow("a_flow", title="", source=source, reads=lambda _, each: each, options=Options, subjects=subjects)


OF_RUNS = CoreFlow("a_flow", title="", every=timedelta(seconds=2), options=Options)


@pytest.mark.parametrize(
    ("one", "subjects"),
    [
        (flow("stripe", "in_", "inpay_"), ["in_1", "inpay_1"]),
        (flow("stripe"), ["any_1"]),
        (flow("netsuite"), ["4711"]),
        (OF_RUNS, ["7"]),
        (flow("netsuite"), []),
    ],
)
def test_takes_ids_of_its_source_objects(one: Flow[str, Options], subjects: list[str]) -> None:
    one.require(subjects)


@pytest.mark.parametrize(
    ("one", "subject", "sentence"),
    [
        (flow("stripe", "in_"), "cus_1", "a_flow takes ids such as in_…, not 'cus_1'."),
        (flow("stripe", "ch_", "py_", "pi_"), "in_1", "a_flow takes ids such as ch_…, py_… or pi_…, not 'in_1'."),
        (flow("stripe", "in_"), "4711", "a_flow takes ids such as in_…, not '4711'."),
        (flow("netsuite"), "in_1", "a_flow takes internal ids of NetSuite, which are numbers, not 'in_1'."),
        (OF_RUNS, "in_1", "a_flow takes ids of runs, which are numbers (`tieout retries` lists them), not 'in_1'."),
    ],
)
def test_says_which_ids_it_takes(one: Flow[str, Options], subject: str, sentence: str) -> None:
    with pytest.raises(WrongId) as refused:
        one.require([subject])
    assert str(refused.value) == sentence


def test_nothing_is_queued_when_one_id_is_wrong(bench: Bench) -> None:
    bench.catalogue["things"].subjects = ("t_",)
    with pytest.raises(WrongId):
        bench.sweeper.on_demand("things", "main", ["t_1", "c_1"])
    with bench.database.session_scope() as session:
        assert session.query(Run).count() == 0
