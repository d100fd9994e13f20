"""A sandbox NetSuite that runs the small project beside this file: its RESTlet does what a test says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from sandbox.clock import Clock
from sandbox.credentials import Credentials
from sandbox.netsuite import NetSuiteWorld, create_app
from sandbox.serve import serving
from tests.sandbox.netsuite.conftest import NOON, Client, Server

PROJECT = Path(__file__).parent / "project"
RESTLET = "/app/site/hosting/restlet.nl"
SCRIPT = {"script": "customscript_trial_restlet", "deploy": "customdeploy_trial_restlet"}


@pytest.fixture(scope="session")
def _server(credentials: Credentials) -> Iterator[Server]:
    world = NetSuiteWorld(clock=Clock(NOON), credentials=credentials, suiteapp=PROJECT)
    with serving(create_app(world)) as url:
        yield Server(world, url)
    world.close()


class Script:
    """Runs code as the RESTlet: `N` holds the modules, `args` what is given by name."""

    def __init__(self, client: Client) -> None:
        self.client = client

    def ask(self, code: str, **args: Any) -> httpx.Response:
        return self.client.post(RESTLET, params=SCRIPT, json={"code": code, "args": args})

    def __call__(self, code: str, **args: Any) -> Any:
        answer = self.ask(code, **args)
        assert answer.status_code == 200, answer.text
        return answer.json()["value"]

    def thrown(self, code: str, **args: Any) -> tuple[str, str]:
        """The name and the message of what the code throws."""
        caught = self(f"try {{ {code} }} catch (error) {{ return [error.name, error.message]; }}", **args)
        assert isinstance(caught, list), caught
        return caught[0], caught[1]


@pytest.fixture
def script(client: Client) -> Script:
    return Script(client)


def told(world: NetSuiteWorld) -> list[dict[str, Any]]:
    """What the user event logged, oldest first."""
    return [json.loads(log["details"]) for log in world.scripts.logs if log["title"] == "told"]
