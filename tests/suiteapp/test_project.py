"""What is installed in NetSuite fits together, and fits what the product listens to and calls."""

import re
from pathlib import Path

import pytest

from app.receiver.netsuite import RECORD_TYPES
from app.settings import NetSuiteAccount
from tests.project.tree import tracked
from tests.suiteapp.project import (
    KINDS,
    OBJECTS,
    OPTIONAL,
    RECORDS,
    SCRIPTS,
    SOURCE,
    SUITEAPP,
    deployments,
    fields,
    named,
    root_of,
    roots,
    script,
    text,
)
from workers.flows import CATALOGUE

USER_EVENT = "customscript_tieout_user_event"
TOLD_OF = [
    "CASHREFUND", "CASHSALE", "CREDITMEMO", "CUSTOMER", "CUSTOMERPAYMENT", "CUSTOMERREFUND", "DEPOSITAPPLICATION",
    "INVOICE",
]  # fmt: skip


# objects -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [*OBJECTS, *OPTIONAL], ids=lambda one: one.stem)
def test_an_object_is_named_as_its_file(path: Path) -> None:
    root = root_of(path)
    assert root.attrib["scriptid"] == path.stem
    assert path.stem.startswith(KINDS[root.tag][0])


def test_script_ids_are_what_netsuite_takes() -> None:
    wrong = []
    for one in named():
        if (script_id := one.get("scriptid")) is not None:
            prefix, longest = KINDS[one.tag]
            if not re.fullmatch(prefix + r"[a-z0-9_]+", script_id) or len(script_id) > longest:
                wrong.append(script_id)
    assert wrong == []


def test_script_ids_are_unique() -> None:
    ids = [one.attrib["scriptid"] for one in named() if "scriptid" in one.attrib]
    assert sorted(set(ids)) == sorted(ids)


@pytest.mark.parametrize(("name", "longest"), [("label", 200), ("description", 999), ("name", 40), ("recordname", 40)])
def test_texts_are_within_their_limits(name: str, longest: int) -> None:
    found = [one.text or "" for one in named() if one.tag == name]
    assert found
    assert [one for one in found if not 0 < len(one) <= longest] == []


def test_what_refers_to_an_object_finds_it() -> None:
    ids = {one.attrib["scriptid"] for one in named() if "scriptid" in one.attrib}
    refers = [re.fullmatch(r"\[scriptid=([^\]]+)\]", one.text or "") for one in named()]
    wanted = {found.group(1) for found in refers if found}
    assert wanted == {"customrole_tieout_integration"}
    assert wanted <= ids


def test_select_fields_say_of_what() -> None:
    # the generic ids of NetSuite's own records: -2 customer, -30 transaction
    selects = {
        one: text(field, "selectrecordtype") for one, field in fields().items() if text(field, "fieldtype") == "SELECT"
    }
    assert selects == {"custrecord_tieout_invoice": "-30", "custrecord_tieout_customer": "-2"}


def test_the_manifest_names_the_features_that_objects_depend_on() -> None:
    root = root_of(SOURCE / "manifest.xml")
    required = {one.text for one in root.iter("feature") if one.get("required") == "true"}
    assert root.get("projecttype") == "ACCOUNTCUSTOMIZATION"
    # bodycustomerpayment needs RECEIVABLES, bodyjournal needs ACCOUNTING
    assert required == {"SERVERSIDESCRIPTING", "CUSTOMRECORDS", "ACCOUNTING", "RECEIVABLES"}


def test_what_is_deployed_is_there() -> None:
    paths = [one.text or "" for one in root_of(SOURCE / "deploy.xml").iter("path")]
    assert paths == ["~/FileCabinet/SuiteScripts/tieout/*", "~/Objects/*"]
    assert [one for one in paths if not list(SOURCE.glob(one.removeprefix("~/")))] == []


# scripts -----------------------------------------------------------------------------------------------------------

TAGS = {"usereventscript": "UserEventScript", "restlet": "Restlet", "scheduledscript": "ScheduledScript"}


@pytest.mark.parametrize("script_id", [one for one in roots() if one.startswith("customscript_")])
def test_a_script_has_a_file_of_its_kind(script_id: str) -> None:
    root = roots()[script_id]
    path = SOURCE / "FileCabinet" / text(root, "scriptfile").strip("[/]")
    assert f"@NScriptType {TAGS[root.tag]}" in path.read_text()


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda one: one.stem)
def test_a_module_says_its_version_and_finds_what_it_imports(path: Path) -> None:
    source = path.read_text()
    assert "@NApiVersion 2.1" in source
    assert "@NModuleScope SameAccount" in source
    missing = [one for one in re.findall(r"'(\./[^']+)'", source) if not (path.parent / f"{one}.js").is_file()]
    assert missing == []


def test_the_user_event_is_released_once_for_each_record_it_tells_of() -> None:
    found = deployments(USER_EVENT)
    assert sorted(text(one, "recordtype") for one in found) == TOLD_OF
    assert {(text(one, "status"), text(one, "isdeployed"), text(one, "allroles")) for one in found} == {
        ("RELEASED", "T", "T")
    }


def test_the_user_event_runs_in_every_context_in_which_people_and_programs_save() -> None:
    wanted = {"USERINTERFACE", "CSVIMPORT", "RESTWEBSERVICES", "WEBSERVICES", "RESTLET", "SCHEDULED", "MAPREDUCE"}
    wanted |= {"SUITELET", "WORKFLOW", "CUSTOMMASSUPDATE"}
    contexts = [set(text(one, "executioncontext").split("|")) for one in deployments(USER_EVENT)]
    assert [wanted - one for one in contexts] == [set()] * len(TOLD_OF)


def test_every_event_that_a_flow_waits_for_comes_from_a_deployment() -> None:
    """Stripe's events are in the past tense (`invoice.created`), those of NetSuite are not."""
    named_as_netsuite = re.compile(r"(\w+)\.(?:create|edit|xedit|delete|void)")
    waited = [found for flow in CATALOGUE.values() for name in flow.on if (found := named_as_netsuite.fullmatch(name))]
    types = {found.group(1) for found in waited}
    assert len(types) >= 4
    assert {name.upper() for name in types} <= set(TOLD_OF)
    assert {name.lower() for name in TOLD_OF} <= set(RECORD_TYPES)


def test_the_restlet_is_the_one_that_the_product_calls_and_for_its_role_only() -> None:
    (deployment,) = deployments(NetSuiteAccount.model_fields["restlet_script"].default)
    assert deployment.attrib["scriptid"] == NetSuiteAccount.model_fields["restlet_deploy"].default
    assert text(deployment, "status") == "RELEASED"
    assert text(deployment, "allroles") == "F"
    assert text(deployment, "audslctrole") == "[scriptid=customrole_tieout_integration]"


def test_script_parameters_are_those_that_the_script_reads() -> None:
    parameters = {one.attrib["scriptid"]: one for one in roots()[USER_EVENT].iter("scriptcustomfield")}
    assert set(parameters) == set(re.findall(r"custscript_\w+", script("tieout_user_event")))
    # one value for all deployments, under General Preferences
    assert {text(one, "setting") for one in parameters.values()} == {"COMPANY"}


def test_the_secret_is_named_and_never_written() -> None:
    parameters = {
        one.attrib["scriptid"]: text(one, "defaultvalue") for one in roots()[USER_EVENT].iter("scriptcustomfield")
    }
    assert parameters.pop("custscript_tieout_secret") in {one.stem for one in OPTIONAL}
    assert set(parameters.values()) == {""}


def test_nothing_in_the_project_is_a_secret() -> None:
    kept = [one for one in tracked() if one.is_relative_to(SUITEAPP)]
    assert len(kept) > len(OBJECTS)
    secret = re.compile(r"-----BEGIN|whsec_\w{8}|[sr]k_(live|test)_\w{8}|(?i:password|token_secret)\s*[:=]\s*['\"]\w")
    assert [str(one) for one in kept if secret.search(one.read_text())] == []


def test_the_restlet_writes_the_records_that_the_product_writes() -> None:
    types = set(re.findall(r"^    (\w+): \{", script("types").partition("const TRANSFORMS")[0], re.MULTILINE))
    assert types == {one.record_type for one in RECORDS}


def test_each_sublist_of_a_record_is_known_as_one() -> None:
    said = dict(re.findall(r"^    (\w+): (\{(?:[^{}]|\{[^{}]*\})*\})", script("types"), re.MULTILINE))
    sale = re.search(r"SALE = \[(.*)\]", script("types"))
    assert sale
    replaced = {(one.record_type, name.lower()) for one in RECORDS for name in one.replace}
    assert {pair for pair in replaced if f"'{pair[1]}'" not in said[pair[0]].replace("SALE", sale.group(1))} == set()
