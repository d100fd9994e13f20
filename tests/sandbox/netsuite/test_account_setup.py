"""What an administrator has switched off, not allowed, or not deployed."""

from __future__ import annotations

import pytest

from sandbox.netsuite import NetSuiteWorld
from sandbox.netsuite.script_tables import RESTLET, RESTLET_DEPLOYMENT, standard
from tests.sandbox.netsuite.conftest import RECORDS, SUITEQL, Client

PREFER = {"Prefer": "transient"}
DEPLOYMENTS = (
    "SELECT s.scriptid AS script, d.scriptid AS deployment, d.recordtype, d.status, d.isdeployed"
    " FROM scriptdeployment d JOIN script s ON s.id = d.script WHERE s.scripttype = 'RESTLET'"
)


def status(client: Client, query: str) -> int:
    return int(client.post(SUITEQL, json={"q": query}, headers=PREFER).status_code)


def test_deployments_are_tables(client: Client) -> None:
    items = client.post(SUITEQL, json={"q": DEPLOYMENTS}, headers=PREFER).json()["items"]
    told = {"script": RESTLET, "deployment": RESTLET_DEPLOYMENT, "status": "RELEASED", "isdeployed": "T"}
    assert items == [{"links": [], **told}]


def test_a_restlet_that_is_not_deployed_is_not_there(client: Client, world: NetSuiteWorld) -> None:
    restlet = next(one for one in world.deployed_scripts if one.script_id == RESTLET)
    restlet.deployments[0].is_deployed = False
    query = {"script": RESTLET, "deploy": RESTLET_DEPLOYMENT}
    answer = client.post("/app/site/hosting/restlet.nl", params=query, json={"action": "ping"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "SSS_INVALID_SCRIPTLET_ID")
    assert client.post(SUITEQL, json={"q": DEPLOYMENTS}, headers=PREFER).json()["items"][0]["isdeployed"] == "F"


def test_without_a_project_its_imitation_is_what_is_deployed() -> None:
    assert {one.script_id for one in standard(None)} == {RESTLET, "customscript_tieout_user_event"}


def test_a_record_that_the_role_may_not_see(client: Client, world: NetSuiteWorld) -> None:
    world.settings.forbidden = ("creditMemo",)
    answers = [client.get(f"{RECORDS}/{kind}", params={"limit": 1}) for kind in ("creditMemo", "invoice")]
    assert [answer.status_code for answer in answers] == [403, 200]
    assert answers[0].json()["o:errorDetails"][0]["o:errorCode"] == "INSUFFICIENT_PERMISSION"


@pytest.mark.parametrize(
    ("feature", "table"),
    [("MULTICURRENCY", "currency"), ("SUBSIDIARIES", "subsidiary"), ("ACCOUNTINGPERIODS", "accountingperiod")],
)
def test_a_table_of_a_feature_that_is_off(client: Client, world: NetSuiteWorld, feature: str, table: str) -> None:
    query = f"SELECT id FROM {table}"
    before = status(client, query)
    world.settings.features_off = (feature,)
    assert (before, status(client, query), status(client, "SELECT id FROM customer")) == (200, 400, 200)


def test_rest_web_services_can_be_off(client: Client, world: NetSuiteWorld) -> None:
    world.settings.features_off = ("RESTWEBSERVICES",)
    answer = client.get(f"{RECORDS}/invoice")
    assert (answer.status_code, answer.json()["o:errorDetails"][0]["o:errorCode"]) == (403, "FEATURE_DISABLED")


@pytest.mark.parametrize(("mode", "there"), [("suitetax", True), ("legacy", False)])
def test_the_catalog_tells_of_the_tax_engine_that_is_on(
    client: Client, world: NetSuiteWorld, mode: str, there: bool
) -> None:
    world.settings.tax_mode = mode
    schema = client.get(f"{RECORDS}/metadata-catalog/invoice", headers={"Accept": "application/schema+json"}).json()
    assert ("taxDetails" in schema["properties"]) is there
