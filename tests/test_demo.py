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


@pytest.mark.parametrize("currency", ["USD", "EUR", "GBP"])
def test_the_ledgers_agree(month: Played, currency: str) -> None:
    proof = month.found["ledger"][currency]
    assert (float(proof["unexplained"]), proof["bank"]) == (0.0, proof["arrived"])


def test_the_ledgers_differ_by_what_is_named(month: Played) -> None:
    assert {"payouts on their way", "fees of payments not yet paid out"} <= set(month.found["ledger"]["USD"]["timing"])


def test_nothing_is_unexplained(month: Played) -> None:
    assert {float(amount) for amount in month.found["unexplained"].values()} == {0.0}


@pytest.mark.parametrize("type", ["invoice", "payment"])
def test_it_is_about_many_currencies(month: Played, type: str) -> None:
    assert sorted(month.rows(type)) == ["EUR", "GBP", "JPY", "KWD", "USD"]


@pytest.mark.parametrize(
    "type",
    [
        "customer",
        "invoice",
        "checkout sale",
        "negative invoice",
        "payment",
        "payment outside",
        "refund",
        "refund credit",
        "credit note",
        "dispute",
        "dispute reversal",
        "write-off",
        "payout",
        "bank transfer",
        "returned payout",
    ],
)
def test_both_systems_have_as_many(month: Played, type: str) -> None:
    rows = month.rows(type).values()
    assert rows
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
        "netsuite_invoice_update_to_stripe",
        "netsuite_invoice_void_to_stripe",
        "netsuite_invoice_status_to_stripe",
        "open_invoice_status_from_stripe",
        "open_invoice_details_from_stripe",
        "portal_url_to_netsuite_customer",
        "hosted_invoice_url_to_netsuite",
        "stripe_charge_to_netsuite_invoice",
        "stripe_refund_to_netsuite",
        "stripe_credit_note_to_netsuite",
        "stripe_dispute_to_netsuite",
        "stripe_dispute_reversal_to_netsuite",
        "stripe_payout_to_netsuite_deposit",
        "exchange_rates_to_netsuite",
    }


@pytest.mark.parametrize("type", ["customer", "invoice", "payment", "refund", "deposit"])
def test_it_tells_of_each_record_as_it_lands(month: Played, type: str) -> None:
    lines = re.findall(rf"^{type} +\S+ \S+.* -> ", month.told, re.MULTILINE)
    there = month.rows({"deposit": "payout"}.get(type, type)).values()
    assert len(lines) >= sum(row["stripe"] for row in there) > 0


def test_it_leaves_nothing_behind(month: Played) -> None:
    assert list((month.folder / ".tieout" / "demo").iterdir()) == []


TAMPERED = {
    "refund": r"Stripe (?:refund|dispute) (?:re|pyr|txn)_\w+ \([\d.]+ [A-Z]{3}\) is not in NetSuite\.",
    "deposit": r"Stripe payout po_\w+ \([\d.]+ [A-Z]{3}\) is not in NetSuite\.",
    "payment": r"Stripe payment (?:ch|py)_\w+ \([\d.]+ [A-Z]{3}\) is not in NetSuite\.",
    "credit memo": r"Stripe [\w -]+ \w+ \([\d.]+ [A-Z]{3}\) is not in NetSuite\.",
}


@dataclass(frozen=True)
class Left:
    """A demo that was left running until it was interrupted: what its page answered, its exit code, what it said."""

    page: int
    code: int
    said: str


@pytest.fixture(scope="module")
def tampered(folder: Path) -> Left:
    log, port = folder / "live.log", free_port()
    each = [word for what in TAMPERED for word in ("--tamper", what)]
    command = [*MODULE, "--size", "1", "--port", str(port), *each]
    with log.open("wb") as output:
        demo = subprocess.Popen(command, cwd=folder, stdout=output, stderr=subprocess.STDOUT)
    try:
        until(lambda: "left running" in log.read_text() or demo.poll() is not None, "the month is over", seconds=400)
        page = httpx.get(f"http://127.0.0.1:{port}/", trust_env=False, follow_redirects=True)
    finally:
        demo.send_signal(signal.SIGINT)
        code = demo.wait(120)
    return Left(page.status_code, code, " ".join(log.read_text().split()))


@pytest.mark.exhaustive
def test_without_once_it_stays_until_it_is_interrupted(tampered: Left) -> None:
    assert tampered.page == 200, tampered.said[-3000:]


@pytest.mark.exhaustive
def test_a_record_that_was_tampered_with_fails_it(tampered: Left) -> None:
    assert tampered.code == 1


@pytest.mark.exhaustive
@pytest.mark.parametrize("what", list(TAMPERED))
def test_a_record_that_was_tampered_with_is_named(tampered: Left, what: str) -> None:
    assert re.search(TAMPERED[what], tampered.said)


@pytest.mark.exhaustive
def test_on_real_redis_with_a_fifth_of_all_webhooks_lost_it_agrees(folder: Path) -> None:
    redis = Redis()
    try:
        found = play(folder, *MODULE, "--once", "--json", "--size", "1", "--lossy", "--broker", redis.url)
    finally:
        redis.kill()
    assert (found.code, found.found["differences"]) == (0, [])
