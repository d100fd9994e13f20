"""Faults in front of an app that counts what reaches it, over real connections."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from sandbox.faults import FaultMiddleware, Faults, Receive, Scope, Send
from sandbox.serve import serving


class Counting:
    """Answers 200 to everything and remembers the paths and bodies."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.bodies: list[bytes] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.seen.append(scope["path"])
        self.bodies.append((await receive()).get("body", b""))
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"ok"})


@pytest.fixture
def faults() -> Faults:
    return Faults()


@pytest.fixture
def app() -> Counting:
    return Counting()


@pytest.fixture
def http(app: Counting, faults: Faults) -> Iterator[httpx.Client]:
    with serving(FaultMiddleware(app, faults)) as url, httpx.Client(base_url=url, trust_env=False) as client:
        yield client


def test_without_rules_requests_pass(http: httpx.Client) -> None:
    assert http.get("/a").text == "ok"


def test_a_status_is_answered_without_running_the_request(http: httpx.Client, faults: Faults, app: Counting) -> None:
    faults.status(503, body={"error": "away"})
    answer = http.post("/a", content=b"x")
    assert (answer.status_code, answer.json(), app.seen) == (503, {"error": "away"}, [])


def test_too_many_requests_carries_its_retry_after(http: httpx.Client, faults: Faults) -> None:
    faults.status(429, headers={"Retry-After": "7"})
    assert http.get("/a").headers["retry-after"] == "7"


def test_an_html_body_is_html(http: httpx.Client, faults: Faults) -> None:
    faults.status(502, body="<html>Bad Gateway</html>")
    assert http.get("/a").headers["content-type"].startswith("text/html")


def test_a_rule_is_spent_after_its_times(http: httpx.Client, faults: Faults) -> None:
    faults.status(500, times=2)
    assert [http.get("/a").status_code for _ in range(3)] == [500, 500, 200]


def test_the_first_ones_can_be_skipped(http: httpx.Client, faults: Faults) -> None:
    faults.status(500, skip=1, times=1)
    assert [http.get("/a").status_code for _ in range(3)] == [200, 500, 200]


def test_only_the_method_and_path_it_names_are_struck(http: httpx.Client, faults: Faults) -> None:
    faults.status(500, method="POST", path="^/b")
    answers = [http.get("/b"), http.post("/a"), http.post("/b/c")]
    assert [answer.status_code for answer in answers] == [200, 200, 500]


def test_the_same_seed_strikes_the_same_requests(http: httpx.Client, faults: Faults) -> None:
    def struck() -> list[int]:
        faults.clear()
        faults.status(500, probability=0.5, seed=11)
        return [http.get("/a").status_code for _ in range(20)]

    first = struck()
    assert set(first) == {200, 500}
    assert struck() == first


def test_latency_is_waited_for_before_the_answer(http: httpx.Client, faults: Faults) -> None:
    faults.latency(150)
    started = time.monotonic()
    assert http.get("/a").text == "ok"
    assert time.monotonic() - started >= 0.15


def test_a_client_that_gives_up_during_the_latency_has_asked_all_the_same(
    http: httpx.Client, faults: Faults, app: Counting
) -> None:
    faults.latency(400)
    with pytest.raises(httpx.ReadTimeout):
        http.post("/write", content=b"whole", timeout=0.1)
    end = time.monotonic() + 10
    while not app.bodies and time.monotonic() < end:
        time.sleep(0.01)
    assert app.bodies == [b"whole"]


def test_cut_before_never_runs_the_request(http: httpx.Client, faults: Faults, app: Counting) -> None:
    faults.cut_before(times=1)
    with pytest.raises(httpx.TransportError):
        http.post("/a")
    assert app.seen == []


def test_cut_after_runs_the_request_but_never_answers(http: httpx.Client, faults: Faults, app: Counting) -> None:
    faults.cut_after(times=1)
    with pytest.raises(httpx.TransportError):
        http.post("/a")
    assert app.seen == ["/a"]


def test_the_next_request_after_a_cut_passes(http: httpx.Client, faults: Faults) -> None:
    faults.cut_after(times=1)
    with pytest.raises(httpx.TransportError):
        http.post("/a")
    assert http.get("/a").status_code == 200


def test_control_paths_are_never_struck(http: httpx.Client, faults: Faults) -> None:
    faults.status(500)
    assert http.get("/_sandbox/clock").status_code == 200


def test_rules_are_added_over_http(http: httpx.Client) -> None:
    made = http.post("/_sandbox/faults", json={"kind": "status", "status": 418, "times": 1})
    assert (made.status_code, http.get("/a").status_code) == (201, 418)


def test_rules_are_listed_with_their_hits(http: httpx.Client) -> None:
    http.post("/_sandbox/faults", json={"kind": "latency", "ms": 1, "times": 5})
    http.get("/a")
    rules: list[dict[str, Any]] = http.get("/_sandbox/faults").json()["rules"]
    assert [(rule["kind"], rule["hits"], rule["spent"]) for rule in rules] == [("latency", 1, False)]


def test_rules_are_cleared_over_http(http: httpx.Client) -> None:
    http.post("/_sandbox/faults", json={"kind": "status"})
    http.delete("/_sandbox/faults")
    assert http.get("/a").status_code == 200


def test_one_rule_can_be_cleared(http: httpx.Client) -> None:
    made = http.post("/_sandbox/faults", json=[{"kind": "status", "path": "^/a"}, {"kind": "status", "path": "^/b"}])
    http.delete(f"/_sandbox/faults/{made.json()[0]['id']}")
    assert (http.get("/a").status_code, http.get("/b").status_code) == (200, 500)


@pytest.mark.parametrize(
    "rule", [{"kind": "nonsense"}, {"kind": "status", "colour": "red"}, {"kind": "status", "path": "("}]
)
def test_a_rule_that_makes_no_sense_is_refused(http: httpx.Client, rule: dict[str, str]) -> None:
    assert http.post("/_sandbox/faults", json=rule).status_code == 400
