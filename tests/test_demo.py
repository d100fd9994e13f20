"""`tieout demo` as a person runs it: it agrees, it can fail, it leaves nothing behind."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.stack import Redis, free_port, until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
TIEOUT = (str(Path(sys.executable).with_name("tieout")), "demo")
MODULE = (sys.executable, "-m", "app.demo")


@dataclass(frozen=True)
class Played:
    code: int
    found: dict[str, Any]
    told: str
    folder: Path

    def rows(self, type: str) -> dict[str, dict[str, Any]]:
        return {row["currency"]: row for row in self.found["table"] if row["type"] == type}


def play(folder: Path, *command: str, **environment: str) -> Played:
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False, env={**os.environ, **environment}
    )
    assert done.stdout, done.stderr[-3000:]
    return Played(done.returncode, json.loads(done.stdout), done.stderr, folder)


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="tieout-demo-", dir="/tmp"))
    yield made
    shutil.rmtree(made)


@pytest.fixture(scope="module")
def month(folder: Path) -> Played:
    # settings of one's own must not get into the demo
    (folder / ".env").write_text("STRIPE__REAL__API_KEY=sk_test_mine\nDATABASE_URL=postgresql://nowhere.invalid/mine\n")
    return play(folder, *TIEOUT, "--once", "--json", BROKER_URL="redis://nowhere.invalid:1")


def test_it_agrees(month: Played) -> None:
    assert (month.code, month.found["agrees"], month.found["differences"]) == (0, True, [])


def test_nothing_is_unexplained(month: Played) -> None:
    assert {float(amount) for amount in month.found["unexplained"].values()} == {0.0}


@pytest.mark.parametrize("type", ["invoice", "payment"])
def test_it_is_about_many_currencies(month: Played, type: str) -> None:
    assert sorted(month.rows(type)) == ["EUR", "GBP", "JPY", "KWD", "USD"]


@pytest.mark.parametrize("type", ["customer", "invoice", "payment"])
def test_both_systems_have_as_many(month: Played, type: str) -> None:
    rows = month.rows(type).values()
    assert [row["stripe"] for row in rows] == [row["netsuite"] for row in rows]


@pytest.mark.parametrize("way", ["card", "us_bank_account"])
def test_some_was_paid_by(month: Played, way: str) -> None:
    assert month.found["paid_by"][way]


def test_some_invoices_are_still_open(month: Played) -> None:
    assert any(float(row["stripe_open"]) for row in month.rows("invoice").values())


def test_every_flow_had_something_to_do(month: Played) -> None:
    assert {key for key, states in month.found["runs"].items() if states.get("succeeded")} >= {
        "netsuite_customer_to_stripe",
        "stripe_customer_to_netsuite",
        "netsuite_invoice_to_stripe",
        "stripe_invoice_to_netsuite_realtime",
        "stripe_invoice_paid_to_netsuite_payment",
    }


@pytest.mark.parametrize("type", ["customer", "invoice", "payment"])
def test_it_tells_of_each_record_as_it_lands(month: Played, type: str) -> None:
    lines = re.findall(rf"^{type} +\S+ \S+.* -> ", month.told, re.MULTILINE)
    assert len(lines) == sum(row["stripe"] for row in month.rows(type).values())


def test_it_leaves_nothing_behind(month: Played) -> None:
    assert list((month.folder / ".tieout" / "demo").iterdir()) == []


@pytest.fixture(scope="module")
def tampered(folder: Path) -> Played:
    return play(folder, *MODULE, "--once", "--json", "--size", "2", "--tamper", "payment")


def test_a_payment_that_was_tampered_with_fails_it(tampered: Played) -> None:
    assert (tampered.code, tampered.found["agrees"]) == (1, False)


def test_a_payment_that_was_tampered_with_is_named(tampered: Played) -> None:
    said = " ".join(one["sentence"] for one in tampered.found["differences"])
    assert re.search(r"Stripe payment (?:ch|py)_\w+ \([\d.]+ [A-Z]{3}\) is not in NetSuite\.", said)


def test_on_real_redis_with_separate_processes_it_agrees(folder: Path) -> None:
    redis = Redis()
    try:
        found = play(folder, *MODULE, "--once", "--json", "--size", "3", "--broker", redis.url)
    finally:
        redis.kill()
    assert (found.code, found.found["differences"]) == (0, [])


def test_with_a_fifth_of_all_webhooks_lost_it_agrees(folder: Path) -> None:
    found = play(folder, *MODULE, "--once", "--json", "--size", "3", "--lossy")
    assert (found.code, found.found["differences"]) == (0, [])


def test_without_once_it_stays_until_it_is_interrupted(folder: Path) -> None:
    log, port = folder / "live.log", free_port()
    with log.open("wb") as output:
        demo = subprocess.Popen(
            [*MODULE, "--size", "1", "--port", str(port)], cwd=folder, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        until(lambda: "left running" in log.read_text() or demo.poll() is not None, "the month is over", seconds=240)
        page = httpx.get(f"http://127.0.0.1:{port}/", trust_env=False, follow_redirects=True)
    finally:
        demo.send_signal(signal.SIGINT)
        code = demo.wait(120)
    assert (page.status_code, code) == (200, 0), log.read_text()[-3000:]
