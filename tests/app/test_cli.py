import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml
from pydantic import SecretStr
from sqlalchemy import select
from structlog.testing import capture_logs
from typer.testing import CliRunner, Result

from app.cli import app, complaining
from app.core import tokens
from app.core.audit import AuditEntry
from app.core.flow import Catalogue
from app.core.inbox import Event
from app.core.jobs import RunFilter, replay_all
from app.core.links import Link
from app.core.runs import Run
from app.core.tables import Issue
from app.db import Database
from tests.app.admin.installation import Installation, ambiguous, held, install, throttled
from tests.app.alerts.receivers import webhook
from workers.flows import retry_errors

pytestmark = pytest.mark.slow

FLOW = "stripe_customer_to_netsuite"


class Cli:
    """`cli("runs", "--json")`: the command on a test's installation."""

    def __init__(self, parts: Installation) -> None:
        self._parts = parts

    def __call__(self, *arguments: str, given: str | None = None) -> Result:
        with capture_logs():
            return CliRunner().invoke(app, list(arguments), obj=self._opened, input=given)

    def json(self, *arguments: str) -> Any:
        return json.loads(self(*arguments, "--json").stdout)

    @contextmanager
    def _opened(self) -> Iterator[Installation]:
        with complaining():
            yield self._parts


@pytest.fixture
def parts(database: Database) -> Installation:
    return install(database)


@pytest.fixture
def cli(parts: Installation) -> Cli:
    return Cli(parts)


@pytest.fixture
def three_runs(parts: Installation) -> None:
    """1 succeeded, 2 held, 3 retrying."""
    parts.systems.objects.update(cus_held=held(), cus_slow=throttled())
    parts.carried_out(FLOW, ["cus_done", "cus_held", "cus_slow"])


def state(parts: Installation, run_id: int) -> str:
    with parts.database.session_scope() as session:
        return session.get_one(Run, run_id).state


# run and preview -------------------------------------------------------------------------------------------------


def test_run_carries_out_here_and_now(cli: Cli, parts: Installation) -> None:
    result = cli("run", FLOW, "cus_1", "cus_2")
    assert (result.exit_code, parts.systems.books) == (
        0,
        [("stripe-cust-cus_1", {"companyName": "CUS_1"}), ("stripe-cust-cus_2", {"companyName": "CUS_2"})],
    )


def test_run_prints_the_outcome_of_each(cli: Cli, parts: Installation) -> None:
    parts.systems.objects["cus_held"] = held()
    assert [(run["subject"], run["state"]) for run in cli.json("run", FLOW, "cus_1", "cus_held")] == [
        ("cus_1", "succeeded"),
        ("cus_held", "held"),
    ]


def test_run_fails_when_one_is_held(cli: Cli, parts: Installation) -> None:
    parts.systems.objects["cus_held"] = held()
    assert cli("run", FLOW, "cus_1", "cus_held").exit_code == 1


def test_run_says_what_to_do(cli: Cli, parts: Installation) -> None:
    parts.systems.objects["cus_held"] = held()
    assert "Link one of them by hand, then replay." in cli("run", FLOW, "cus_held").stdout


@pytest.mark.parametrize("arguments", [("no_such_flow", "cus_1"), (FLOW, "../etc"), (FLOW,)])
def test_run_wrongly_used(cli: Cli, arguments: tuple[str, ...]) -> None:
    assert cli("run", *arguments).exit_code == 2


@pytest.mark.parametrize("command", ["run", "preview"])
def test_id_that_the_flow_does_not_take_is_wrong_usage(cli: Cli, parts: Installation, command: str) -> None:
    result = cli(command, "stripe_invoice_to_netsuite", "cus_1")
    assert (result.exit_code, "takes ids such as in_…" in result.stderr, parts.systems.books) == (2, True, [])


def test_run_for_an_account_that_does_not_exist(cli: Cli) -> None:
    result = cli("run", FLOW, "cus_1", "--account", "uk")
    assert (result.exit_code, "configured: main" in result.stderr) == (1, True)


def test_preview_shows_what_would_be_written(cli: Cli, parts: Installation) -> None:
    written = cli.json("preview", FLOW, "cus_1")["written"]
    assert (written[0]["target"], written[0]["body"], parts.systems.books) == (
        "stripe-cust-cus_1",
        {"companyName": "CUS_1"},
        [],
    )


def test_preview_of_what_would_be_held_fails(cli: Cli, parts: Installation) -> None:
    parts.systems.objects["cus_held"] = held()
    assert cli("preview", FLOW, "cus_held").exit_code == 1


# reading ---------------------------------------------------------------------------------------------------------


def test_flows(cli: Cli) -> None:
    assert [flow["key"] for flow in cli.json("flows")] == [FLOW, "stripe_invoice_to_netsuite"]


def test_flows_as_a_table(cli: Cli) -> None:
    assert "Stripe Customer to NetSuite Customer Add/Update" in cli("flows").stdout


def test_flow_shows_its_options(cli: Cli) -> None:
    assert "Put before every name." in cli("flows", "show", FLOW).stdout


def test_events(cli: Cli, parts: Installation) -> None:
    names = {"source": "stripe", "account": "main", "external_id": "evt_1", "type": "customer.created"}
    with parts.database.session_scope() as session:
        session.add(Event(**names, object_id="cus_1", body=b"{}"))
    assert [event["type"] for event in cli.json("events", "--outcome", "pending")["items"]] == ["customer.created"]


@pytest.mark.usefixtures("three_runs")
def test_runs_by_state(cli: Cli) -> None:
    items = cli.json("runs", "--state", "held", "--state", "succeeded")["items"]
    assert [run["subject"] for run in items] == ["cus_held", "cus_done"]


@pytest.mark.usefixtures("three_runs")
def test_run_shows_its_exchanges(cli: Cli) -> None:
    assert "GET /v1/customers/cus_done" in cli("runs", "show", "1").stdout


def test_run_that_does_not_exist(cli: Cli) -> None:
    result = cli("runs", "show", "99")
    assert (result.exit_code, result.stderr) == (1, "Error: There is no run 99.\n")


@pytest.mark.usefixtures("three_runs")
def test_more_pages_are_announced_beside_the_json(cli: Cli) -> None:
    result = cli("runs", "--limit", "1", "--json")
    assert (len(json.loads(result.stdout)["items"]), "--before 3" in result.stderr) == (1, True)


# retries ---------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("three_runs")
def test_retries(cli: Cli) -> None:
    assert [(run["id"], run["state"]) for run in cli.json("retries")["items"]] == [(3, "retrying"), (2, "held")]


@pytest.mark.usefixtures("three_runs")
def test_replay(cli: Cli, parts: Installation) -> None:
    assert (cli("retries", "replay", "2").exit_code, state(parts, 2)) == (0, "queued")


@pytest.mark.usefixtures("three_runs")
def test_replay_of_a_finished_run_fails(cli: Cli) -> None:
    assert cli("retries", "replay", "1").exit_code == 1


@pytest.mark.usefixtures("three_runs")
def test_replay_all(cli: Cli, parts: Installation) -> None:
    result = cli("retries", "replay-all", "--state", "held", "--yes")
    assert (result.stdout, state(parts, 2), state(parts, 3)) == ("Replayed 1 of 1 runs.\n", "queued", "retrying")


@pytest.mark.usefixtures("three_runs")
def test_replay_all_asks_first(cli: Cli, parts: Installation) -> None:
    assert (cli("retries", "replay-all", given="n\n").exit_code, state(parts, 2)) == (1, "held")


@pytest.mark.usefixtures("three_runs")
def test_replay_all_dry_run_counts(cli: Cli, parts: Installation) -> None:
    assert (cli.json("retries", "replay-all", "--dry-run"), state(parts, 2)) == ({"count": 2}, "held")


def test_replay_all_of_what_cannot_be_replayed(cli: Cli) -> None:
    assert cli("retries", "replay-all", "--state", "succeeded").exit_code == 2


@pytest.mark.usefixtures("three_runs")
def test_dismiss(cli: Cli, parts: Installation) -> None:
    cli("retries", "dismiss", "2", "--reason", "Entered by hand.")
    assert state(parts, 2) == "dismissed"


@pytest.mark.usefixtures("three_runs")
def test_hold(cli: Cli, parts: Installation) -> None:
    with parts.database.session_scope() as session:
        session.get_one(Run, 2).state = "retrying"
    cli("retries", "hold", "2", "--reason", "NetSuite is being upgraded.")
    assert state(parts, 2) == "held"


def test_hold_wants_a_reason(cli: Cli) -> None:
    assert cli("retries", "hold", "2", "--reason", " ").exit_code == 2


def test_dismiss_wants_a_reason(cli: Cli) -> None:
    assert cli("retries", "dismiss", "2", "--reason", " ").exit_code == 2


def test_choose_links_the_candidate(cli: Cli, parts: Installation) -> None:
    parts.systems.objects["cus_two"] = ambiguous()
    parts.carried_out(FLOW, ["cus_two"])
    assert "cus_two is linked to customer 8" in cli("retries", "choose", "1", "8").stdout


def test_choose_what_is_no_candidate(cli: Cli, parts: Installation) -> None:
    parts.systems.objects["cus_two"] = ambiguous()
    parts.carried_out(FLOW, ["cus_two"])
    assert cli("retries", "choose", "1", "9").exit_code == 1


# configuration ---------------------------------------------------------------------------------------------------

DRAFT = f"flows:\n  {FLOW}:\n    options:\n      prefix: 'X '\n"


@pytest.fixture
def draft(tmp_path: Path) -> str:
    file = tmp_path / "tieout.yaml"
    file.write_text(DRAFT)
    return str(file)


def test_apply_and_export(cli: Cli, draft: str) -> None:
    cli("config", "apply", draft, "--note", "Prefix.", "--yes")
    assert yaml.safe_load(cli("config", "export").stdout) == yaml.safe_load(DRAFT)


def test_apply_asks_first(cli: Cli, draft: str) -> None:
    cli("config", "apply", draft, "--note", "Prefix.", given="n\n")
    assert cli.json("config", "show")["version"] == 0


def test_export_to_a_file(cli: Cli, draft: str, tmp_path: Path) -> None:
    cli("config", "apply", draft, "--note", "Prefix.", "--yes")
    cli("config", "export", "-o", str(tmp_path / "out.yaml"))
    assert yaml.safe_load((tmp_path / "out.yaml").read_text()) == yaml.safe_load(DRAFT)


def test_plan_names_the_records(cli: Cli, parts: Installation, draft: str) -> None:
    parts.carried_out(FLOW, ["cus_1"])
    planned = cli.json("config", "plan", draft)
    assert (planned["looked_at"], [each["subject"] for each in planned["differences"]]) == (1, ["cus_1"])


def test_plan_shows_both_bodies(cli: Cli, parts: Installation, draft: str) -> None:
    parts.carried_out(FLOW, ["cus_1"])
    shown = cli("config", "plan", draft).stdout
    assert ("1 of the last 1 record(s)" in shown, '"X CUS_1"' in shown) == (True, True)


def test_plan_reads_standard_input(cli: Cli) -> None:
    result = cli("config", "plan", "-", "--json", given=DRAFT)
    assert [change["after"] for change in json.loads(result.stdout)["changes"]] == ["X "]


def test_invalid_file_is_refused_by_path(cli: Cli) -> None:
    result = cli("config", "plan", "-", given="books: {main: {subsidiary: 3}}")
    assert (result.exit_code, "books.main.subsidiary" in result.stderr) == (1, True)


def test_file_that_does_not_exist(cli: Cli) -> None:
    assert cli("config", "plan", "/nowhere.yaml").exit_code == 2


def test_set_flow(cli: Cli) -> None:
    cli("config", "set-flow", FLOW, "--off", "--every", "30", "--option", "overwrite=true", "--note", "Cut-over.")
    shown = cli.json("flows", "show", FLOW)
    assert (shown["enabled"], shown["sweep_minutes"], shown["options"]["overwrite"]) == (False, 30, True)


def test_set_flow_keeps_the_other_options(cli: Cli) -> None:
    cli("config", "set-flow", FLOW, "--option", "prefix=X")
    cli("config", "set-flow", FLOW, "--option", "overwrite=true")
    assert cli.json("flows", "show", FLOW)["options"] == {"prefix": "X", "overwrite": True}


def test_set_flow_without_anything_to_set(cli: Cli) -> None:
    assert cli("config", "set-flow", FLOW).exit_code == 2


MISSPELT = "field_rules:\n- {name: region, record_type: invoice, field: custbody_regoin, value: EMEA}\n"


def test_plan_refuses_a_field_that_netsuite_has_not(cli: Cli) -> None:
    result = cli("config", "plan", "-", given=MISSPELT)
    assert (result.exit_code, "did you mean 'custbody_region'?" in " ".join(result.stderr.split())) == (1, True)


def test_apply_refuses_a_field_that_netsuite_has_not(cli: Cli) -> None:
    cli("config", "apply", "-", "--note", "Regions.", "--yes", given=MISSPELT)
    assert cli.json("config", "show")["version"] == 0


def test_apply_offline_asks_nobody(cli: Cli) -> None:
    cli("config", "apply", "-", "--note", "Regions.", "--yes", "--offline", given=MISSPELT)
    assert cli.json("config", "show")["document"]["field_rules"][0]["field"] == "custbody_regoin"


def test_presets(cli: Cli) -> None:
    assert [each["name"] for each in cli.json("config", "presets")] == ["novamodule", "stripe_connector"]


def test_presets_for_a_person(cli: Cli) -> None:
    shown = cli("config", "presets").stdout
    assert ("custbody_nm_stripe_invoice_id" in shown, "Not known:" in shown) == (True, True)


def test_apply_a_preset_over_what_is_in_force(cli: Cli, draft: str) -> None:
    cli("config", "apply", draft, "--note", "Prefix.", "--yes")
    cli("config", "apply", "--preset", "novamodule", "--note", "From NovaModule.", "--yes")
    document = cli.json("config", "show")["document"]
    assert (document["fields"]["customer_stripe_id"], document["flows"][FLOW]["options"]) == (
        "custentity_nm_stripe_customer_id",
        {"prefix": "X "},
    )


def test_plan_a_preset_under_a_file(cli: Cli, draft: str) -> None:
    paths = [each["path"] for each in cli.json("config", "plan", draft, "--preset", "novamodule")["changes"]]
    assert {"fields.customer_stripe_id", f"flows.{FLOW}.options.prefix"} <= set(paths)


def test_plan_of_nothing(cli: Cli) -> None:
    assert cli("config", "plan").exit_code == 2


def test_an_unknown_preset(cli: Cli) -> None:
    assert cli("config", "plan", "--preset", "celigo").exit_code == 1


def test_rollback(cli: Cli, draft: str) -> None:
    cli("config", "apply", draft, "--note", "Prefix.", "--yes")
    cli("config", "rollback", "0", "--yes")
    shown = cli.json("config", "show")
    assert (shown["version"], shown["document"]["flows"]) == (2, {})


def test_rollback_to_a_version_that_does_not_exist(cli: Cli) -> None:
    assert cli("config", "rollback", "9", "--yes").exit_code == 2


def test_diff(cli: Cli, draft: str) -> None:
    cli("config", "apply", draft, "--note", "Prefix.", "--yes")
    assert cli.json("config", "diff", "0", "1") == [
        {"path": f"flows.{FLOW}.options.prefix", "before": None, "after": "X "}
    ]


# users -----------------------------------------------------------------------------------------------------------


def test_an_invitation_is_printed(cli: Cli) -> None:
    assert cli("users", "invite", "Ada@Example.com", "--role", "operator").stdout.startswith(
        "http://127.0.0.1:8000/join/"
    )
    found = cli.json("users", "list")
    assert [(each["email"], each["role"], each["active"]) for each in found] == [("ada@example.com", "operator", True)]


def test_the_first_link_is_printed_while_there_is_no_admin(cli: Cli) -> None:
    assert "/join/" in cli("users", "first").stdout


def test_a_user_is_changed_by_name(cli: Cli) -> None:
    cli("users", "invite", "ada@example.com")
    cli("users", "role", "ada@example.com", "admin")
    cli("users", "off", "ada@example.com")
    [found] = cli.json("users", "list")
    assert (found["role"], found["active"]) == ("admin", False)


def test_who_is_no_user_is_named(cli: Cli) -> None:
    answer = cli("users", "link", "nobody@example.com")
    assert (answer.exit_code, "There is no user nobody@example.com" in answer.output) == (1, True)


# tokens, links, jobs, audit --------------------------------------------------------------------------------------


def test_token_is_printed_once_and_works(cli: Cli, parts: Installation) -> None:
    token = cli("tokens", "create", "ops", "--scope", "operate").stdout.strip()
    with parts.database.session_scope() as session:
        assert tokens.authenticate(session, token, parts.clock.now()) == tokens.Caller("ops", "operate")


def test_listed_tokens_have_no_secrets(cli: Cli) -> None:
    token = cli("tokens", "create", "ops", "--scope", "read").stdout.strip()
    shown = cli("tokens", "list", "--json").stdout
    assert (json.loads(shown)[0]["name"], token.split("_", 2)[2] in shown) == ("ops", False)


def test_revoked_token_is_refused(cli: Cli, parts: Installation) -> None:
    token = cli("tokens", "create", "ops", "--scope", "read").stdout.strip()
    cli("tokens", "revoke", "1")
    with parts.database.session_scope() as session:
        assert tokens.authenticate(session, token, parts.clock.now()) is None


def test_token_with_an_unknown_scope(cli: Cli) -> None:
    assert cli("tokens", "create", "ops", "--scope", "root").exit_code == 2


def test_link_by_hand(cli: Cli, parts: Installation) -> None:
    cli("links", "add", "cust", "cus_1", "4711", "--note", "Known customer.")
    with parts.database.session_scope() as session:
        link = session.scalars(select(Link)).one()
    assert (link.external_id, link.netsuite_type, link.netsuite_id) == ("stripe-cust-cus_1", "customer", "4711")


@pytest.mark.usefixtures("three_runs")
def test_a_job_over_a_search_is_carried_out_here(cli: Cli, parts: Installation) -> None:
    result = cli("jobs", "start", "dismiss", "--search", "cus_held", "--reason", "Entered by hand.", "--yes")
    assert (result.exit_code, result.stdout, state(parts, 2)) == (0, "Job 1: Dismissed 1 of 1 runs.\n", "dismissed")


@pytest.mark.usefixtures("three_runs")
def test_a_job_that_asks_is_shown_and_resumed(cli: Cli) -> None:
    cli("jobs", "start", "replay", "--reason", "Fixed.", "--canary", "1", "--yes")
    assert (cli.json("jobs", "show", "1")["state"], cli("jobs", "resume", "1").stdout) == ("paused", "Job 1 goes on.\n")
    assert cli("jobs", "pause", "1").stdout == "Job 1: paused.\n"


def test_a_back_fill_is_counted(cli: Cli) -> None:
    found = cli.json("jobs", "backfill", FLOW, "--since", "2026-02-01", "--reason", "February.", "--dry-run")
    assert (found["state"], found["found"]) == ("done", {"found": 2, "new": 2})


@pytest.mark.usefixtures("three_runs")
def test_runs_are_searched(cli: Cli) -> None:
    assert [run["subject"] for run in cli.json("runs", "--search", "cus_he")["items"]] == ["cus_held"]


def test_job_is_aborted(cli: Cli, parts: Installation) -> None:
    with parts.database.session_scope() as session:
        replay_all(session, RunFilter(), actor="cli")
    cli("jobs", "abort", "1")
    assert cli.json("jobs")["items"][0]["state"] == "aborted"


@pytest.mark.usefixtures("three_runs")
def test_changes_are_audited(cli: Cli, parts: Installation) -> None:
    cli("retries", "replay", "2")
    with parts.database.session_scope() as session:
        entry = session.scalars(select(AuditEntry)).one()
    assert (entry.actor, entry.action, entry.target) == ("cli", "retry.replayed", "run:2")


# the page about it -----------------------------------------------------------------------------------------------


def commands() -> Iterator[str]:
    for name, command in typer.main.get_command(app).commands.items():  # type: ignore[attr-defined]
        inner = getattr(command, "commands", {})
        yield f"tieout {name}"
        yield from (f"tieout {name} {each}" for each in inner)


@pytest.mark.parametrize("command", list(commands()))
def test_command_is_documented(command: str) -> None:
    page = (Path(__file__).parents[2] / "docs" / "cli.md").read_text()
    assert f"`{command}" in page


# as a process ----------------------------------------------------------------------------------------------------


def tieout(*arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """In an empty folder, so that no .env is found, with nothing configured but `environment`."""
    kept: Mapping[str, str] = {name: os.environ[name] for name in ("PATH", "XDG_RUNTIME_DIR") if name in os.environ}
    command = [sys.executable, "-m", "app.cli", *arguments]
    root = Path(__file__).parents[2]
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        variables = {**kept, "PYTHONPATH": str(root), "DATA_DIR": f"{folder}/data", **environment}
        return subprocess.run(command, capture_output=True, text=True, cwd=folder, env=variables)


def test_lists_the_catalogue_of_the_installation(database: Database) -> None:
    result = tieout("flows", "--json", DATABASE_URL=database.url)
    assert (result.returncode, FLOW in [flow["key"] for flow in json.loads(result.stdout)]) == (0, True)


def test_database_that_is_away_is_a_sentence() -> None:
    result = tieout("runs", DATABASE_URL="postgresql://tieout:hush@127.0.0.1:1/tieout")
    assert (result.returncode, result.stdout, result.stderr) == (
        1,
        "",
        "Error: The database does not answer: start it, or correct DATABASE_URL. `tieout doctor` tells more.\n",
    )


def test_setting_that_is_not_valid_is_named() -> None:
    result = tieout("runs", PORT="abc")
    assert (result.returncode, "PORT:" in result.stderr) == (1, True)


def test_unknown_command_is_wrong_usage() -> None:
    assert tieout("frobnicate").returncode == 2


def test_doctor_fails_when_nothing_is_connected(database: Database) -> None:
    result = tieout("doctor", "--json", DATABASE_URL=database.url)
    failed = [finding["action"] for finding in json.loads(result.stdout) if finding["state"] == "fail"]
    assert (result.returncode, failed) == (1, ["Set STRIPE__<ACCOUNT>__API_KEY.", "Set NETSUITE__ACCOUNT_ID."])


def test_sandbox_env_connects_to_its_ports() -> None:
    lines = tieout("sandbox", "env", "--stripe-port", "5001").stdout.splitlines()
    assert "STRIPE__MAIN__API_BASE=http://127.0.0.1:5001" in lines


def test_sandbox_env_names_the_configuration_that_fits() -> None:
    lines = json.loads(tieout("sandbox", "env", "--json").stdout)
    assert Path(lines["INITIAL_CONFIG"]).name == "tieout.yaml"


@pytest.mark.slow
def test_starts_the_embedded_database_when_none_is_configured() -> None:
    result = tieout("runs", "--json")
    assert (result.returncode, json.loads(result.stdout)) == (0, {"items": [], "next": None})


# issues, alerts, and the retry flow ------------------------------------------------------------------------------


def issue_state(parts: Installation) -> str:
    with parts.database.session_scope() as session:
        return session.get_one(Issue, 1).state


@pytest.mark.usefixtures("three_runs")
def test_issues_lists_what_is_not_resolved(cli: Cli) -> None:
    assert [(each["id"], each["state"], each["open_runs"]) for each in cli.json("issues")["items"]] == [(1, "open", 1)]
    cli("issues", "resolve", "1")
    assert cli.json("issues")["items"] == []
    assert "has to decide" in cli("issues", "--state", "resolved").stdout


@pytest.mark.usefixtures("three_runs")
@pytest.mark.parametrize(
    ("command", "state"),
    [
        (["ack"], "acknowledged"),
        (["ignore"], "ignored"),
        (["resolve"], "resolved"),
        (["snooze", "--hours=2"], "snoozed"),
    ],
)
def test_an_issue_is_decided(cli: Cli, parts: Installation, command: list[str], state: str) -> None:
    result = cli("issues", command[0], "1", *command[1:])
    assert (result.exit_code, issue_state(parts)) == (0, state)
    assert cli("issues", "open", "1").exit_code == 0
    assert issue_state(parts) == "open"


@pytest.mark.usefixtures("three_runs")
def test_an_issue_shows_its_notes_and_runs(cli: Cli) -> None:
    cli("issues", "note", "1", "Asked the bank.")
    cli("issues", "assign", "1", "controller")
    shown = cli.json("issues", "show", "1")
    assert ([each["text"] for each in shown["notes"]], shown["assignee"], [run["id"] for run in shown["runs"]]) == (
        ["Asked the bank.", "Assigned to controller."],
        "controller",
        [2],
    )
    assert "Asked the bank." in cli("issues", "show", "1").stdout


@pytest.mark.usefixtures("three_runs")
def test_all_runs_of_an_issue_are_replayed(cli: Cli, parts: Installation) -> None:
    assert cli.json("issues", "replay", "1", "--dry-run") == {"count": 1}
    result = cli("issues", "replay", "1")
    assert (result.exit_code, state(parts, 2)) == (0, "queued")


def test_an_unknown_issue_is_said_to_be_unknown(cli: Cli) -> None:
    result = cli("issues", "ack", "9")
    assert (result.exit_code, "There is no issue" in result.stderr) == (1, True)


@pytest.mark.parametrize("options", [[], ["--hours=1", "--until=2027-01-01"]])
def test_a_snooze_says_until_when(cli: Cli, options: list[str]) -> None:
    assert cli("issues", "snooze", "1", *options).exit_code == 2


def test_a_test_alert_needs_a_receiver(cli: Cli) -> None:
    result = cli("alerts", "test")
    assert (result.exit_code, "No receiver of alerts is configured" in result.stderr) == (1, True)


def test_a_test_alert_says_what_came_back(cli: Cli, parts: Installation) -> None:
    with webhook() as heard:
        parts.settings = parts.settings.model_copy(update={"alert_slack_url": SecretStr(heard.url)})
        result = cli("alerts", "test", "slack")
    assert (result.exit_code, "The receiver answered 200." in result.stdout, len(heard.posts)) == (0, True, 1)
    assert [each["state"] for each in cli.json("alerts")["items"]] == ["sent"]


@pytest.fixture
def retrying(parts: Installation, three_runs: None) -> None:
    """With the flow that replays errors in the catalogue."""
    flows = [*parts.catalogue.values(), retry_errors.flow]
    parts.catalogue = parts.executor.catalogue = Catalogue(flows, parts.catalogue.ignored)
    parts.systems.objects.clear()


@pytest.mark.usefixtures("retrying")
def test_run_retry_errors_replays_these_runs(cli: Cli, parts: Installation) -> None:
    ended = cli.json("run", "retry_errors", "2", "3")
    assert [(each["id"], each["flow"], each["state"]) for each in ended] == [
        (2, FLOW, "succeeded"),
        (3, FLOW, "succeeded"),
    ]
    assert issue_state(parts) == "resolved"


@pytest.mark.usefixtures("retrying")
def test_run_retry_errors_refuses_what_is_finished(cli: Cli) -> None:
    result = cli("run", "retry_errors", "1")
    assert (result.exit_code, "Run 1 is succeeded" in result.stderr) == (1, True)


@pytest.mark.usefixtures("retrying")
def test_run_retry_errors_wants_ids_of_runs(cli: Cli) -> None:
    result = cli("run", "retry_errors", "cus_1")
    assert (result.exit_code, "ids of runs, which are numbers" in " ".join(result.stderr.split())) == (2, True)


@pytest.mark.usefixtures("retrying")
def test_preview_of_a_replay_is_that_of_the_run(cli: Cli) -> None:
    told = cli.json("preview", "retry_errors", "2")
    assert (told["flow"], told["id"], told["outcome"]) == (FLOW, "cus_held", "succeeded")


@pytest.mark.usefixtures("retrying")
def test_the_retry_flow_is_listed_with_its_counters(cli: Cli) -> None:
    found = next(each for each in cli.json("flows") if each["key"] == "retry_errors")
    assert (found["enabled"], found["counts"]) == (True, {"held": 1, "retrying": 1})


@pytest.mark.usefixtures("retrying")
def test_the_retry_flow_is_switched_like_any_other(cli: Cli) -> None:
    assert cli("config", "set-flow", "retry_errors", "--off", "--every", "30", "--option", "batch=7").exit_code == 0
    shown = cli.json("flows", "show", "retry_errors")
    assert (shown["enabled"], shown["sweep_minutes"], shown["options"]["batch"]) == (False, 30, 7)
