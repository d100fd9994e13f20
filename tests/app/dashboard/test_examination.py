"""The doctor looks in a thread of his own and is told of as he goes."""

import threading
from collections.abc import Callable

import pytest

from app.admin.doctor import Finding
from app.dashboard.examination import Examination
from tests.app.admin.installation import Installation

FINE = Finding(check="stripe main: key", state="ok", detail="Stripe takes it.")


def wait(examination: Examination) -> None:
    for thread in threading.enumerate():
        if thread.name == "doctor":
            thread.join(10)
    assert not examination.told().running


def test_findings_are_told_while_he_looks(parts: Installation) -> None:
    told, go_on = threading.Event(), threading.Event()

    def examine(_: object, tell: Callable[[Finding], None]) -> None:
        tell(FINE)
        told.set()
        go_on.wait(10)

    examination = Examination()
    assert examination.begin(parts, examine)
    assert told.wait(10)
    assert (examination.told().running, examination.told().findings) == (True, (FINE,))
    assert not examination.begin(parts, examine)
    go_on.set()
    wait(examination)
    assert examination.told().groups() == {"stripe main": [FINE]}


def test_one_that_broke_off_says_so(parts: Installation) -> None:
    def examine(*_: object) -> None:
        raise RuntimeError("no")

    examination = Examination()
    examination.begin(parts, examine)
    wait(examination)
    assert examination.told().broke


@pytest.mark.parametrize("state", ["ok", "warn"])
def test_they_are_counted_by_state(parts: Installation, state: str) -> None:
    examination = Examination()
    examination.begin(parts, lambda _, tell: tell(FINE))
    wait(examination)
    assert examination.told().number(state) == (1 if state == "ok" else 0)
