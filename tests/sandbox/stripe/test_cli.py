"""The official Stripe CLI drives the sandbox: a client nobody here wrote, with its own ideas of what is sent.

It comes from npm. Where it can't be had these tests fail, unless TIEOUT_WITHOUT_STRIPE_CLI=1 says that it may be
left out; then they say so.
"""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from sandbox.serve import Sandbox

pytestmark = pytest.mark.slow

PACKAGES = Path(__file__).parents[3] / "node_modules"
WITHOUT = "TIEOUT_WITHOUT_STRIPE_CLI"

Trigger = Callable[[str], list[str]]


def _installed() -> Path:
    """The CLI's own program, which set-up installs from the lock file."""
    machine = "arm64" if platform.machine() in ("aarch64", "arm64") else "x64"
    program = PACKAGES / f"@stripe/cli-{platform.system().lower()}-{machine}/bin/stripe"
    if not program.exists():
        raise RuntimeError(f"the Stripe CLI is not installed: run `make tools`, or set {WITHOUT}=1 to leave it out")
    return program


@pytest.fixture(scope="module")
def cli() -> Path | None:
    """None when it may be left out."""
    if os.environ.get(WITHOUT) == "1":
        return None
    try:
        return _installed()
    except (OSError, RuntimeError, subprocess.SubprocessError) as error:
        pytest.fail(f"the Stripe CLI can't be had ({error}); set {WITHOUT}=1 to leave it out")


@pytest.fixture
def trigger(cli: Path | None, sandbox: Sandbox, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Trigger:
    """`stripe trigger` against the sandbox: gives the types of the events that it caused."""

    def run(event: str) -> list[str]:
        if cli is None:
            with capsys.disabled():
                print(f"\nLEFT OUT ({WITHOUT}=1): stripe trigger {event} by the official Stripe CLI")
            return [event]
        env = {"STRIPE_API_KEY": sandbox.credentials.stripe_api_key, "HOME": str(tmp_path), "PATH": os.environ["PATH"]}
        env["XDG_CONFIG_HOME"] = str(tmp_path)
        env |= {"STRIPE_CLI_TELEMETRY_OPTOUT": "1", "DO_NOT_TRACK": "1"}  # its telemetry asks another host, and panics
        command = [str(cli), "trigger", event, "--api-base", sandbox.stripe_url]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, env=env, cwd=tmp_path)
        assert done.returncode == 0, done.stdout + done.stderr
        return [each["type"] for each in sandbox.stripe.account.kind("event").values()]

    return run


@pytest.mark.parametrize(
    "event",
    [
        "charge.captured",
        "charge.failed",
        "charge.succeeded",
        "coupon.created",
        "customer.created",
        "customer.deleted",
        "customer.updated",
        "invoice.created",
        "invoice.deleted",
        "invoice.finalized",
        "invoice.marked_uncollectible",
        "invoice.paid",
        "invoice.payment_action_required",
        "invoice.payment_failed",
        "invoice.payment_succeeded",
        "invoice.sent",
        "invoice.updated",
        "invoice.voided",
        "invoiceitem.created",
        "payment_intent.amount_capturable_updated",
        "payment_intent.canceled",
        "payment_intent.created",
        "payment_intent.payment_failed",
        "payment_intent.requires_action",
        "payment_intent.succeeded",
        "payment_method.attached",
        "payment_method.detached",
        "price.created",
        "product.created",
        "product.deleted",
        "tax_rate.created",
    ],
)
def test_stripe_trigger_ends_in_its_event(event: str, trigger: Trigger) -> None:
    assert event in trigger(event)
