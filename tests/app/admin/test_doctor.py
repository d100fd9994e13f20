import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from pydantic import SecretStr
from sqlalchemy import text

from app.admin.doctor import deliveries, needs
from app.core.dispatch import Modes
from app.db import Database
from app.main import create_app
from sandbox.netsuite import ids
from sandbox.serve import Sandbox
from sandbox.stripe.call import Call
from sandbox.stripe.resources import customers
from tests.app.admin import sickbay
from tests.app.admin.installation import FixedClock, serving
from tests.app.admin.sickbay import Sickbay
from workers.flows import CATALOGUE

Plant = Callable[[Sickbay], None]
FURTHER = frozenset(
    {
        *("no version", "cannot be reached", "no key", "token-based", "certificate of another key", "periods off"),
        *("role may not see scripts", "user event in testing", "RESTlet too old", "account in another currency"),
        *("item missing", "item is no discount", "subsidiary missing", "currency inactive", "customer missing"),
    }
)
"""More of what another fault shows already."""


def cases(faults: Iterable[str]) -> list[object]:
    return [pytest.param(one, marks=pytest.mark.exhaustive) if one in FURTHER else one for one in faults]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with sickbay.two_sandboxes() as running:
        yield running


@pytest.fixture
def bay(sandbox: Sandbox, database: Database) -> Sickbay:
    sickbay.reset(sandbox)
    return sickbay.healthy(sandbox, database)


def test_nothing_is_wrong(bay: Sickbay) -> None:
    assert sickbay.troubles(bay.examine()) == {}


def test_every_group_is_looked_at(bay: Sickbay) -> None:
    assert {each.group for each in bay.examine()} == {"this installation", "stripe main", "netsuite"}


def test_it_only_reads_and_counts_what_it_asks(bay: Sickbay) -> None:
    bay.of_stripe(api_key=SecretStr(bay.sandbox.stripe.restrict({"*": "read"})))
    bay.netsuite.faults.clear()
    asked = sickbay.counted(bay.sandbox)
    said = next(each.detail for each in bay.examine() if each.check == "calls")
    counts = asked()
    stated = [int(number) for number in re.findall(r"(\d+) (?:calls )?to", said)]
    assert [name for name, count in counts.items() if count and name.split()[1] not in ("reads", "queries")] == []
    assert stated == [counts["stripe reads"], counts["netsuite reads"] + counts["netsuite queries"]]


# Stripe ------------------------------------------------------------------------------------------------------------

UNASKED = "stripe main: permissions, endpoint, deliveries"


def restricted(**permissions: str) -> Plant:
    def plant(bay: Sickbay) -> None:
        key = bay.sandbox.stripe.restrict({"*": "read"} | permissions)
        bay.of_stripe(api_key=SecretStr(key))

    return plant


def endpoint(**changed: object) -> Plant:
    return lambda bay: bay.endpoint.update(changed)


def told_of(bay: Sickbay) -> None:
    """A customer is made in Stripe, which tells of it."""
    with bay.sandbox.stripe.lock:
        customers.create(Call(bay.sandbox.stripe.account, {"email": "a@example.com"}))


def undelivered(bay: Sickbay) -> None:
    """Stripe has told of something, and nothing ever came with a signature that fits."""
    with bay.parts.database.session_scope() as session:
        session.execute(text("DELETE FROM events WHERE source = 'stripe'"))
    told_of(bay)


def silent(bay: Sickbay) -> None:
    with bay.parts.database.session_scope() as session:
        session.execute(text("DELETE FROM events"))


STRIPE: dict[str, tuple[Plant, dict[str, str], str]] = {
    "key wrong": (
        lambda bay: bay.of_stripe(api_key=SecretStr("sk_test_wrong")),
        {"stripe main: key": "fail", UNASKED: "warn"},
        "STRIPE__MAIN__API_KEY",
    ),
    "key of the other mode": (
        lambda bay: bay.of_stripe(livemode=True),
        {"stripe main: key": "fail"},
        "STRIPE__MAIN__LIVEMODE",
    ),
    "test mode beside a live ledger": (
        lambda bay: setattr(bay, "parts", replace(bay.parts, modes=Modes(stripe={"main": False}, netsuite_live=True))),
        {"stripe main: key": "fail"},
        "Connect a live key",
    ),
    "cannot be reached": (
        lambda bay: bay.of_stripe(api_base="http://127.0.0.1:1"),
        {"stripe main: key": "fail", UNASKED: "warn"},
        "STRIPE__MAIN__API_BASE",
    ),
    "key lacks a permission": (
        restricted(invoices="none"),
        {"stripe main: permissions": "fail"},
        "Invoices (invoice_read)",
    ),
    "key may not see endpoints": (
        restricted(webhook_endpoints="none"),
        {"stripe main: endpoint": "warn"},
        "Not checked",
    ),
    "endpoint missing": (
        lambda bay: bay.sandbox.stripe.account.remove(bay.endpoint),
        {"stripe main: endpoint": "fail"},
        "`tieout stripe setup` makes one.",
    ),
    "endpoint elsewhere": (
        endpoint(url="https://old.example/webhooks/stripe/main"),
        {"stripe main: endpoint": "fail"},
        "https://old.example/webhooks/stripe/main",
    ),
    "too few events": (endpoint(enabled_events=["invoice.paid"]), {"stripe main: endpoint": "fail"}, "charge.captured"),
    "superfluous events": (endpoint(enabled_events=["*"]), {"stripe main: endpoint": "warn"}, "leaves them out"),
    "old version": (endpoint(api_version="2024-06-20"), {"stripe main: endpoint": "warn"}, "--replace"),
    "no version": (endpoint(api_version=None), {"stripe main: endpoint": "warn"}, "the account's default version"),
    "switched off": (endpoint(status="disabled"), {"stripe main: endpoint": "fail"}, "switches it on again"),
    "secret unknown": (undelivered, {"stripe main: deliveries": "fail"}, "STRIPE__MAIN__WEBHOOK_SECRETS"),
    "secret not proven": (
        silent,
        {"stripe main: deliveries": "warn", "netsuite: user event": "warn"},
        "Not proven yet",
    ),
}


@pytest.mark.parametrize("fault", cases(STRIPE))
def test_fault_in_stripe(bay: Sickbay, fault: str) -> None:
    plant, expected, words = STRIPE[fault]
    plant(bay)
    found = bay.examine()
    assert sickbay.troubles(found) == expected
    assert words in "\n".join(sickbay.told(found, check) for check in expected)


def test_deliveries_that_fail_since_one_arrived_are_told(bay: Sickbay) -> None:
    arrived = {"at": bay.sandbox.clock.now() + timedelta(seconds=1)}
    with bay.parts.database.session_scope() as session:
        session.execute(text("UPDATE events SET received_at = :at WHERE source = 'stripe'"), arrived)
    bay.sandbox.clock.advance(timedelta(seconds=3))
    told_of(bay)
    assert "1 event(s) since evt_stripe" in sickbay.told(bay.examine(), "stripe main: deliveries")


# both sides --------------------------------------------------------------------------------------------------------


def test_clock_that_is_off(bay: Sickbay) -> None:
    bay.parts = replace(bay.parts, clock=FixedClock(datetime.now(UTC) + timedelta(minutes=10)))
    assert sickbay.troubles(bay.examine()) == {"clock": "fail", "stripe main: clock": "fail", "netsuite: clock": "fail"}


# NetSuite ----------------------------------------------------------------------------------------------------------

LOGIN = {"netsuite: login": "fail", "netsuite: everything else": "warn"}


def account_setting(**changed: object) -> Plant:
    def plant(bay: Sickbay) -> None:
        for name, value in changed.items():
            setattr(bay.netsuite.settings, name, value)

    return plant


def certificate_until(days: int) -> Plant:
    def plant(bay: Sickbay) -> None:
        made = bay.sandbox.credentials.folder / "short.pem"
        made.write_bytes(sickbay.certificate(bay.sandbox, days))
        bay.of_netsuite(certificate_file=made)

    return plant


def without_field(bay: Sickbay) -> None:
    del bay.netsuite.custom_fields["body"]["custbody_tieout_charge_id"]
    bay.netsuite.tables.forget()


def deployment(record_type: str, **changed: object) -> Plant:
    def plant(bay: Sickbay) -> None:
        user_event = next(one for one in bay.netsuite.deployed_scripts if one.kind == "USEREVENT")
        for one in user_event.deployments:
            if one.record_type == record_type:
                vars(one).update(changed)

    return plant


def without_script(kind: str) -> Plant:
    def plant(bay: Sickbay) -> None:
        bay.netsuite.faults.clear()
        bay.netsuite.deployed_scripts = [one for one in bay.netsuite.deployed_scripts if one.kind != kind]
        if kind != "RESTLET":
            sickbay.restlet(bay.sandbox, "void")

    return plant


def today() -> datetime:
    return datetime.now(ZoneInfo("America/New_York"))


def closed(bay: Sickbay) -> None:
    period = bay.netsuite.period_of(today().date())
    bay.record("accountingPeriod", period.id)["closed"] = True


def no_period(bay: Sickbay) -> None:
    bay.netsuite.remove(bay.netsuite.period_of(today().date()))


def inactive(kind: str, internal_id: str) -> Plant:
    def plant(bay: Sickbay) -> None:
        bay.record(kind, internal_id)["isInactive"] = True

    return plant


def throttled(bay: Sickbay) -> None:
    bay.netsuite.settings.administrator = False
    row = "INSERT INTO netsuite_slots (account, size, ceiling, changed_at, calm_since)"
    with bay.parts.database.session_scope() as session:
        session.execute(text(f"{row} VALUES ('{bay.sandbox.credentials.netsuite_account_id}', 2, 5, now(), now())"))


def answering(*actions: str, batch_with: str) -> Plant:
    def plant(bay: Sickbay) -> None:
        sickbay.restlet(bay.sandbox, *actions)
        bay.of_netsuite(batch_with=batch_with)

    return plant


NETSUITE: dict[str, tuple[Plant, dict[str, str], str]] = {
    "token refused": (lambda bay: bay.of_netsuite(client_id="wrong"), LOGIN, "NETSUITE__CLIENT_ID"),
    "no key": (
        lambda bay: bay.of_netsuite(private_key_file=None),
        LOGIN | {"netsuite: certificate": "fail"},
        "NETSUITE__PRIVATE_KEY",
    ),
    "mapping cleared": (
        lambda bay: setattr(bay.netsuite.gatekeeper, "mapped", False),
        LOGIN,
        "clears the mapping of certificates",
    ),
    "cannot be reached": (
        lambda bay: bay.of_netsuite(api_base="http://127.0.0.1:1"),
        LOGIN,
        "Let this machine reach http://127.0.0.1:1",
    ),
    "certificate expires soon": (certificate_until(10), {"netsuite: certificate": "warn"}, "in 10 days"),
    "certificate expired": (certificate_until(-1), {"netsuite: certificate": "fail"}, "It expired on"),
    "certificate of another key": (
        lambda bay: bay.of_netsuite(certificate_file=bay.sandbox.credentials.netsuite_rsa_certificate_file),
        {"netsuite: certificate": "fail"},
        "do not belong together",
    ),
    "certificate unknown": (
        lambda bay: bay.of_netsuite(certificate_file=None),
        {"netsuite: certificate": "warn"},
        "Not checked",
    ),
    "token-based": (lambda bay: bay.of_netsuite(auth="tba"), {"netsuite: certificate": "warn"}, "2028.1"),
    "role lacks a record": (account_setting(forbidden=("creditMemo",)), {"netsuite: role": "fail"}, "creditMemo"),
    "role lacks a list": (account_setting(forbidden=("account",)), {"netsuite: accounts": "warn"}, "Not checked"),
    "role may not see scripts": (
        account_setting(forbidden=("script",)),
        {"netsuite: user event": "warn"},
        "Not checked",
    ),
    "REST off": (account_setting(features_off=("RESTWEBSERVICES",)), LOGIN, "SuiteCloud: REST Web Services"),
    "currencies off": (
        account_setting(features_off=("MULTICURRENCY",)),
        {"netsuite: features": "fail", "netsuite: currencies": "fail"},
        "Multiple Currencies",
    ),
    "subsidiaries off": (
        account_setting(features_off=("SUBSIDIARIES",)),
        {"netsuite: features": "fail", "netsuite: subsidiaries": "warn"},
        "OneWorld",
    ),
    "periods off": (
        account_setting(features_off=("ACCOUNTINGPERIODS",)),
        {"netsuite: periods": "warn"},
        "Not checked",
    ),
    "SuiteTax off": (
        lambda bay: (account_setting(tax_mode="legacy")(bay), bay.books("", tax_mode="suitetax"))[1],
        {"netsuite: features": "fail"},
        "SuiteTax is off",
    ),
    "tax code missing": (
        lambda bay: bay.books("", tax_mode="suitetax", taxes={"code": "99999", "type": ids.TAX_TYPE_SALES}),
        {"netsuite: tax codes": "fail"},
        "books.*.taxes.code",
    ),
    "field missing": (without_field, {"netsuite: fields": "fail"}, "custbody_tieout_charge_id on customerPayment"),
    "user event missing": (without_script("USEREVENT"), {"netsuite: user event": "warn"}, "schedule only"),
    "user event not deployed": (deployment("INVOICE", is_deployed=False), {"netsuite: user event": "fail"}, "invoice"),
    "user event in testing": (deployment("CUSTOMER", status="TESTING"), {"netsuite: user event": "fail"}, "Released"),
    "RESTlet missing": (without_script("RESTLET"), {"netsuite: restlet": "fail"}, "NETSUITE__VOID_WITH=credit_memo"),
    "RESTlet unused": (
        answering("void", "batch", batch_with="rest"),
        {"netsuite: restlet": "warn"},
        "NETSUITE__BATCH_WITH=restlet",
    ),
    "RESTlet too old": (answering("void", batch_with="restlet"), {"netsuite: restlet": "warn"}, "newer version"),
    "account missing": (
        lambda bay: bay.books("accounts", receivable={"*": "99999"}),
        {"netsuite: accounts": "fail"},
        "books.*.accounts.receivable.*: NetSuite has no account 99999",
    ),
    "account inactive": (
        inactive("account", ids.STRIPE_FEES),
        {"netsuite: accounts": "fail"},
        "books.*.accounts.fees.*",
    ),
    "account of another type": (
        lambda bay: bay.books("accounts", receivable={"*": ids.STRIPE_FEES}),
        {"netsuite: accounts": "fail"},
        "it should be one of type AcctRec",
    ),
    "account in another currency": (
        lambda bay: bay.books("accounts", bank={"EUR": ids.BANK["USD"]}),
        {"netsuite: accounts": "fail"},
        "is kept in USD, not EUR",
    ),
    "item inactive": (inactive("item", ids.ITEM_STRIPE), {"netsuite: items": "fail"}, "books.*.items.default"),
    "item missing": (
        lambda bay: bay.books("items", by_price={"price_1": "99999"}),
        {"netsuite: items": "fail"},
        "books.*.items.by_price.price_1: NetSuite has no item 99999",
    ),
    "item is no discount": (
        lambda bay: bay.books("items", discount=ids.ITEM_STRIPE),
        {"netsuite: items": "fail"},
        "should be a Discount item",
    ),
    "subsidiary inactive": (
        inactive("subsidiary", ids.SUBSIDIARY_US),
        {"netsuite: subsidiaries": "fail"},
        "books.*.subsidiary",
    ),
    "subsidiary missing": (
        lambda bay: bay.books("", also_subsidiaries=["99"]),
        {"netsuite: subsidiaries": "fail"},
        "books.*.also_subsidiaries",
    ),
    "currency inactive": (
        inactive("currency", ids.CURRENCIES["EUR"]),
        {"netsuite: currencies": "fail"},
        "the currency EUR is inactive",
    ),
    "currency missing": (
        lambda bay: bay.books("", currencies=["SEK"]),
        {"netsuite: currencies": "fail"},
        "books.*.currencies: NetSuite has no currency SEK",
    ),
    "customer missing": (
        lambda bay: bay.books("", catch_all_customer="99999"),
        {"netsuite: customers": "fail"},
        "books.*.catch_all_customer",
    ),
    "period closed": (closed, {"netsuite: periods": "fail"}, "is closed"),
    "period missing": (no_period, {"netsuite: periods": "fail"}, "there is no period for it"),
    "more calls than NetSuite allows": (
        lambda bay: bay.of_netsuite(concurrency=6),
        {"netsuite: concurrency": "fail"},
        "NetSuite allows 5",
    ),
    "more calls than NetSuite takes": (throttled, {"netsuite: concurrency": "fail"}, "makes 2 now, not 5"),
}


@pytest.mark.parametrize("fault", cases(NETSUITE))
def test_fault_in_netsuite(bay: Sickbay, fault: str) -> None:
    plant, expected, words = NETSUITE[fault]
    plant(bay)
    found = bay.examine()
    assert sickbay.troubles(found) == expected
    assert words in "\n".join(sickbay.told(found, check) for check in expected)


def test_a_limit_that_is_not_told_is_said_to_be_so(bay: Sickbay) -> None:
    bay.netsuite.settings.administrator = False
    assert "tells its limit to administrators only" in sickbay.told(bay.examine(), "netsuite: concurrency")


def test_the_restlet_itself_is_asked(bay: Sickbay) -> None:
    bay.netsuite.faults.clear()
    found = [each for each in bay.examine() if each.check == "netsuite: restlet"]
    assert [each.state for each in found] != ["fail"]
    assert "answers" in found[0].detail


def test_a_restlet_that_nothing_needs_may_be_missing(bay: Sickbay) -> None:
    without_script("RESTLET")(bay)
    bay.of_netsuite(void_with="credit_memo")
    assert sickbay.troubles(bay.examine()) == {}


# this installation -------------------------------------------------------------------------------------------------


def silenced(bay: Sickbay) -> None:
    bay.setting(alert_webhook_url="http://127.0.0.1:1/hook", alert_webhook_secret=SecretStr("s"))


def unknown_receiver(bay: Sickbay) -> None:
    bay.choose(lambda document: document.update(alerts={"kinds": {"dead_letter": ["slack"]}}))


HERE: dict[str, tuple[Plant, dict[str, str], str]] = {
    "no Stripe": (lambda bay: bay.setting(stripe={}), {"settings": "fail"}, "Set STRIPE__<ACCOUNT>__API_KEY."),
    "no NetSuite": (lambda bay: bay.setting(netsuite=None), {"settings": "fail"}, "Set NETSUITE__ACCOUNT_ID."),
    "no webhook secret": (lambda bay: bay.of_stripe(webhook_secrets=()), {"settings": "fail"}, "WEBHOOK_SECRETS"),
    "no secret key": (lambda bay: bay.setting(secret_key=None), {"settings": "warn"}, "Set SECRET_KEY."),
    "loopback": (
        lambda bay: (bay.setting(public_url="http://localhost:8000"), bay.sandbox.stripe.account.remove(bay.endpoint))[
            1
        ],
        {"settings": "warn", "stripe main: endpoint": "warn"},
        "Set PUBLIC_URL",
    ),
    "receiver of alerts away": (silenced, {"alerts: webhook": "fail"}, "ALERT_WEBHOOK_URL"),
    "receiver of alerts unknown": (unknown_receiver, {"alerts: slack": "warn"}, "Set ALERT_SLACK_URL"),
    "item not chosen": (
        lambda bay: bay.books("items", default=None),
        {"configuration": "warn"},
        "books.main.items.default not chosen",
    ),
}


@pytest.mark.parametrize("fault", cases(HERE))
def test_fault_in_this_installation(bay: Sickbay, fault: str) -> None:
    plant, expected, words = HERE[fault]
    plant(bay)
    found = bay.examine()
    assert sickbay.troubles(found) == expected
    assert words in "\n".join(sickbay.told(found, check) for check in expected)


@pytest.mark.slow
def test_broker_that_is_away(bay: Sickbay) -> None:
    bay.setting(broker_url="redis://127.0.0.1:1/0")
    assert sickbay.troubles(bay.examine()) == {"broker": "fail"}


def test_tables_that_are_not_there(bay: Sickbay) -> None:
    empty = re.sub(r"/postgres(?=[?]|$)", "/template1", bay.parts.database.url)
    bay.parts = replace(bay.parts, database=Database(empty))
    found = sickbay.troubles(bay.examine())
    assert (found["migrations"], found["configuration"]) == ("fail", "warn")


def test_database_that_is_away_hides_nothing_else(bay: Sickbay) -> None:
    bay.parts = replace(bay.parts, database=Database("postgresql://127.0.0.1:1/nothing"))
    assert sickbay.troubles(bay.examine()) == {
        "database": "fail",
        "migrations": "fail",
        "clock": "fail",
        "configuration": "warn",
        "stripe main: endpoint": "warn",
        "stripe main: deliveries": "warn",
        "netsuite: user event": "warn",
        "netsuite: role, features, fields, books, periods": "warn",
    }


def test_all_trouble_says_what_to_do(bay: Sickbay) -> None:
    bay.of_stripe(api_key=SecretStr("sk_test_wrong"))
    bay.of_netsuite(client_id="wrong")
    failed = [each for each in bay.examine() if each.state == "fail"]
    assert [each.check for each in failed if not each.action] == []


def test_no_secret_is_told(bay: Sickbay) -> None:
    undelivered(bay)
    bay.of_netsuite(client_id="wrong")
    said = str(bay.examine())
    made = bay.sandbox.credentials
    secrets = (made.stripe_api_key, made.stripe_webhook_secret, made.netsuite_token_secret, made.netsuite_client_id)
    assert [one for one in secrets if one in said] == []


def test_none_refused_points_at_the_address(bay: Sickbay, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deliveries, "refused_signatures", lambda *_: 0)
    undelivered(bay)
    told = sickbay.told(bay.examine(), "stripe main: deliveries")
    assert f"has refused none for its signature since it was started. Let Stripe reach {sickbay.ADDRESS}." in told


# the command -------------------------------------------------------------------------------------------------------


def test_the_command_groups_what_it_finds(bay: Sickbay) -> None:
    told = bay.command("doctor")
    lines = told.stdout.splitlines()
    groups = [line.strip() for line in lines if line.strip() in ("This installation", "Stripe main", "NetSuite")]
    assert (told.exit_code, groups) == (0, ["This installation", "Stripe main", "NetSuite"])
    assert lines[-2].endswith("findings: 0 failed, 0 to look at.")


def test_the_command_fails_when_something_has_failed(bay: Sickbay) -> None:
    bay.of_stripe(api_key=SecretStr("sk_test_wrong"))
    told = bay.command("doctor")
    assert (told.exit_code, "-> Set STRIPE__MAIN__API_KEY" in told.stdout) == (1, True)


def test_the_command_in_json(bay: Sickbay) -> None:
    bay.setting(secret_key=None)
    told = bay.command("doctor", "--json")
    warned = [each for each in json.loads(told.stdout) if each["state"] != "ok"]
    detail = "Each machine makes its own: links of one do not work on another."
    finding = {"check": "settings", "state": "warn", "detail": detail, "action": "Set SECRET_KEY."}
    assert (told.exit_code, warned) == (0, [finding])


# the table of needs ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("flow", [flow for flow in CATALOGUE.values() if flow.source != "tieout"], ids=lambda f: f.key)
def test_needs_of_each_flow_are_known(flow: object) -> None:
    key = flow.key  # type: ignore[attr-defined]
    assert needs.READS[key]
    assert needs.RECORDS[key]


def test_needs_name_options_that_there_are() -> None:
    unknown = [
        (key, name, value)
        for key, name, value in needs.BY_OPTION
        if value not in str(CATALOGUE[key].options.model_json_schema()["properties"][name])
    ]
    assert unknown == []


def test_needs_of_an_option_are_asked_for(bay: Sickbay) -> None:
    flow = CATALOGUE["hosted_invoice_url_to_netsuite"]
    bay.choose(lambda document: document["flows"].update({flow.key: {"options": {"target": ["custom_record"]}}}))
    bay.netsuite.settings.forbidden = ("customrecord_tieout_invoice_link",)
    assert "customrecord_tieout_invoice_link" in sickbay.told(bay.examine(), "netsuite: role")


# where refused deliveries are told ---------------------------------------------------------------------------------


def test_refused_signatures_are_counted_where_the_receiver_runs(bay: Sickbay) -> None:
    bay.of_stripe(webhook_secrets=(SecretStr("whsec_another"),))
    with serving(create_app(bay.parts)) as url:  # type: ignore[arg-type]
        bay.setting(public_url=url, port=int(url.rpartition(":")[2]))
        bay.endpoint["url"] = bay.endpoint["_url"] = f"{url}/webhooks/stripe/main"
        bay.sandbox.stripe.deliveries.configure(max_attempts=1)
        undelivered(bay)
        assert bay.sandbox.stripe.deliveries.wait_idle(10)
        said = sickbay.told(bay.examine(), "stripe main: deliveries")
    assert re.search(r"Tieout has refused [1-9]\d* for their signature", said)
