"""docker-compose.yml and the Dockerfile hold together, as far as that can be told without an engine."""

import re
import tomllib
from typing import Any

import pytest
import yaml

from app.settings import Settings
from app.up import PARTS
from tests.project.tree import ROOT

COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OWN = {name: service for name, service in SERVICES.items() if str(service["image"]).startswith("tieout:")}
DOCKERFILE = (ROOT / "Dockerfile").read_text()
COPIED = {word for line in re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.MULTILINE) for word in line.split()}
# https://github.com/compose-spec/compose-spec/blob/main/schema/compose-spec.json, the part that is used here
KNOWN = {
    "build", "command", "depends_on", "environment", "env_file", "healthcheck", "image", "ports", "restart",
    "stop_grace_period", "volumes",
}  # fmt: skip
HEALTHCHECK = {"test", "interval", "timeout", "retries", "start_period", "disable"}


def test_the_services_are_those_of_an_installation() -> None:
    assert set(SERVICES) == {"postgres", "redis", "migrate", "receiver", "worker", "beat", "dashboard"}


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_uses_known_keys(name: str) -> None:
    assert set(SERVICES[name]) <= KNOWN


@pytest.mark.parametrize("name", SERVICES)
def test_a_healthcheck_uses_known_keys(name: str) -> None:
    assert set(SERVICES[name].get("healthcheck", {})) <= HEALTHCHECK


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_depends_on_services_that_are_there(name: str) -> None:
    assert set(SERVICES[name].get("depends_on", {})) <= set(SERVICES)


@pytest.mark.parametrize("name", SERVICES)
def test_a_dependency_on_health_has_a_healthcheck(name: str) -> None:
    wanted = SERVICES[name].get("depends_on", {})
    healthy = [one for one, how in wanted.items() if how["condition"] == "service_healthy"]
    assert all("test" in SERVICES[one]["healthcheck"] for one in healthy)


@pytest.mark.parametrize("name", SERVICES)
def test_ports_are_bound_to_this_machine_only(name: str) -> None:
    assert all(str(port).startswith("127.0.0.1:") for port in SERVICES[name].get("ports", []))


@pytest.mark.parametrize("name", SERVICES)
def test_named_volumes_are_declared(name: str) -> None:
    assert {volume.split(":")[0] for volume in SERVICES[name].get("volumes", [])} <= set(COMPOSE["volumes"])


@pytest.mark.parametrize("name", [one for one in OWN if one != "migrate"])
def test_a_command_names_a_part_that_exists(name: str) -> None:
    command = OWN[name]["command"]
    assert command[:3] == ["tieout", "up", "--only"]
    assert command[3:] == [name]
    assert name in PARTS


@pytest.mark.parametrize("name", OWN)
def test_the_environment_is_that_of_the_settings(name: str) -> None:
    assert set(OWN[name]["environment"]) <= {field.upper() for field in Settings.model_fields}


@pytest.mark.parametrize("name", OWN)
def test_values_are_taken_from_the_env_file(name: str) -> None:
    assert OWN[name]["env_file"] == ".env"


def test_secrets_have_no_default() -> None:
    text = (ROOT / "docker-compose.yml").read_text()
    asked = re.findall(r"\$\{(\w+)(:\?)?", text)
    assert {name for name, _ in asked} == {"POSTGRES_PASSWORD", "SECRET_KEY"}
    assert all(required for _, required in asked)


def test_the_stop_grace_is_longer_than_a_run_may_take() -> None:
    seconds = int(OWN["worker"]["stop_grace_period"].removesuffix("s"))
    assert seconds > Settings.model_fields["run_time_limit"].default


def test_the_image_installs_the_hashed_lock() -> None:
    assert "--require-hashes -r requirements-run.lock" in DOCKERFILE


def test_the_image_does_not_run_as_root() -> None:
    users = re.findall(r"^USER (\w+)", DOCKERFILE, re.MULTILINE)
    assert users
    assert users[-1] != "root"


def test_what_the_image_copies_is_there() -> None:
    sources = [
        word for line in re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.MULTILINE) for word in line.split()
    ]
    assert sources
    assert all((ROOT / source).exists() for source in sources)


def test_what_the_image_copies_is_not_ignored() -> None:
    let_through = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert not {path for path in COPIED if path.partition("/")[0] not in let_through}


def test_the_image_has_every_package_that_is_installed() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    packages = {pattern.rstrip("*") for pattern in project["tool"]["setuptools"]["packages"]["find"]["include"]}
    assert packages <= set(re.findall(r"^COPY (\w+) ", DOCKERFILE, re.MULTILINE))


def test_the_image_has_the_python_of_the_project() -> None:
    assert set(re.findall(r"^FROM (python:\S+)", DOCKERFILE, re.MULTILINE)) == {"python:3.11-slim"}
