"""Every endpoint answers as its OpenAPI description says, whatever is sent to it."""

import subprocess
import sys
from pathlib import Path

import pytest

from app.core import config, jobs, tokens
from app.core.inbox import Event
from app.core.jobs import RunFilter
from app.core.links import Link
from app.db import Database
from tests.app.admin.installation import Installation, application, held, install, serving

# 409 and 422 are fair answers to well-formed requests: states forbid, options and YAML texts have models of their own.
CONFIG = """
[generation]
max-examples = 15
deterministic = true

[checks.positive_data_acceptance]
expected-statuses = ["2xx", 404, 409, 422]
"""


def one_of_everything(parts: Installation) -> str:
    """So that the ids from 1 on are found; returns a token that may do all."""
    parts.systems.objects["cus_held"] = held()
    parts.carried_out("stripe_customer_to_netsuite", ["cus_1", "cus_held"])
    with parts.database.session_scope() as session:
        jobs.replay_all(session, RunFilter(), actor="cli")
        config.save(session, config.Config(), author="cli", note="")
        session.add(Event(source="stripe", account="main", external_id="evt_1", type="customer.created", body=b"{}"))
        names = {"external_id": "stripe-cust-cus_1", "stripe_id": "cus_1", "netsuite_type": "customer"}
        session.add(Link(**names, role="cust", account="main", netsuite_id="7", origin="stripe"))
        return tokens.create(session, "contract", "admin", actor="cli")[1]


def endpoints() -> list[str]:
    paths = application().openapi()["paths"]
    return [f"{method.upper()} {path}" for path, methods in paths.items() for method in methods]


@pytest.mark.parametrize("endpoint", endpoints())
def test_endpoint_is_documented(endpoint: str) -> None:
    page = (Path(__file__).parents[3] / "docs" / "api.md").read_text()
    assert f"`{endpoint}`" in page


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_every_endpoint_answers_as_described(database: Database, tmp_path: Path) -> None:
    parts = install(database)
    token = one_of_everything(parts)
    chosen = tmp_path / "schemathesis.toml"
    chosen.write_text(CONFIG)
    with serving(application(parts)) as url:
        command = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(chosen), "run"]
        options = ["--checks=all", "--phases=examples,coverage,fuzzing", "--no-color"]
        header = f"--header=Authorization: Bearer {token}"
        done = subprocess.run(
            [*command, f"{url}/openapi.json", *options, header], cwd=tmp_path, capture_output=True, text=True
        )
    assert done.returncode == 0, done.stdout + done.stderr
