"""The mapping studio over HTTP: drafts, plans, versions, and who may do what."""

import html
import re
from collections.abc import Mapping
from typing import Any, NoReturn

import pytest
import yaml
from sqlalchemy import select

from app.admin import netsuite_lists
from app.core import config as configuration
from app.core import plan
from app.core.audit import AuditEntry
from app.core.config import Config
from app.errors import Unmapped
from tests.app.admin.installation import Installation
from tests.app.dashboard.conftest import SignIn, Statements
from tests.app.dashboard.visiting import Seen, Visitor

FLOW = "stripe_customer_to_netsuite"
HOSTILE = "<script>alert(1)</script>"
PAGES = ("", "/items", "/types", "/match", "/fields", "/fields/new", "/presets", "/yaml", "/versions", "/compare")


def in_force(parts: Installation) -> Config:
    with parts.database.session_scope() as session:
        return configuration.current(session)


def put_in_force(parts: Installation, document: Mapping[str, Any], note: str = "one") -> int:
    wanted = plan.checked(dict(document), parts.catalogue)
    with parts.database.session_scope() as session:
        return plan.change(session, lambda _: wanted, actor="ada", note=note, flows=parts.catalogue).version


def field(page: Seen, name: str, nth: int = 0) -> str:
    """What a hidden field of the page holds."""
    areas = re.findall(rf'<textarea name="{name}" hidden>\n?(.*?)</textarea>', page.answer.text, re.DOTALL)
    found = areas or re.findall(rf'name="{name}" value="([^"]*)"', page.answer.text)
    return html.unescape(found[nth])


def planned(visitor: Visitor, part: str, fields: Mapping[str, Any], status: int = 200) -> Seen:
    answer = visitor.post(f"/mapping/{part}/plan", fields)
    assert answer.status_code == status, answer.text[:1500]
    return Seen(answer)


def saved(visitor: Visitor, page: Seen, note: str = "From January.") -> Seen:
    fields = {name: field(page, name, -1) for name in ("yaml", "base", "back")}
    return visitor.after(visitor.post("/mapping/save", {**fields, "note": note}))


@pytest.mark.parametrize("path", PAGES)
def test_a_viewer_reads_every_tab(sign_in: SignIn, path: str) -> None:
    assert "Mapping" in sign_in("viewer").see(f"/mapping{path}").text


def test_accounts_are_planned_and_saved(sign_in: SignIn, parts: Installation) -> None:
    admin = sign_in("admin")
    sent = {
        "place": "main",
        "fees.key": ["usd", ""],
        "fees.value": ["61", ""],
        "money_in": "clearing",
        "back": "/mapping",
    }
    page = planned(admin, "accounts", sent)
    assert "books.main.accounts.fees.USD" in page.text
    assert saved(admin, page).toast == "Version 1 is in force from the next run on."
    assert in_force(parts).for_account("main").accounts.fees == {"USD": "61"}
    assert in_force(parts).for_account("main").accounts.money_in == "clearing"


def test_a_draft_that_changes_nothing_goes_back(sign_in: SignIn) -> None:
    visitor = sign_in("operator")
    answer = visitor.post("/mapping/accounts/plan", {"place": "main", "back": "/mapping"})
    assert visitor.after(answer).toast == "Nothing differs from what is in force."


def test_half_a_row_is_shown_again_as_it_was_sent(sign_in: SignIn) -> None:
    sent = {"place": "main", "fees.key": "USD", "fees.value": "", "undeposited": "117"}
    page = planned(sign_in("operator"), "accounts", sent, 422)
    assert "Choose what USD stands for." in page.text
    assert 'value="117"' in page.answer.text


def test_what_is_chosen_elsewhere_is_kept(sign_in: SignIn, parts: Installation) -> None:
    put_in_force(parts, {"books": {"main": {"subsidiary": "1", "accounts": {"payout_types": {"topup": "9"}}}}})
    admin = sign_in("admin")
    saved(
        admin, planned(admin, "accounts", {"place": "main", "bank.key": "USD", "bank.value": "5", "back": "/mapping"})
    )
    books = in_force(parts).for_account("main")
    assert (books.subsidiary, books.accounts.payout_types, books.accounts.bank) == ("1", {"topup": "9"}, {"USD": "5"})


def test_items_by_price_and_purpose(sign_in: SignIn, parts: Installation) -> None:
    admin = sign_in("admin")
    sent = {"place": "main", "by_price.key": "price_1", "by_price.value": "7", "default": "8", "back": "/mapping/items"}
    saved(admin, planned(admin, "items", sent))
    items = in_force(parts).for_account("main").items
    assert (items.by_price, items.default, items.metadata_key) == ({"price_1": "7"}, "8", "netsuite_item_id")


def test_taxes_and_types(sign_in: SignIn, parts: Installation) -> None:
    admin = sign_in("admin")
    sent = {"place": "main", "tax_mode": "suitetax", "taxes.code": "3", "payout_types.key": "topup"}
    sent |= {
        "payout_types.value": "9",
        "payment_options.key": "card",
        "payment_options.value": "2",
        "back": "/mapping/types",
    }
    saved(admin, planned(admin, "types", sent))
    books = in_force(parts).for_account("main")
    assert (books.tax_mode, books.taxes.code, books.accounts.payout_types, books.payment_options) == (
        "suitetax",
        "3",
        {"topup": "9"},
        {"card": "2"},
    )


def test_books_of_a_subsidiary_have_their_own_form(sign_in: SignIn, parts: Installation) -> None:
    put_in_force(parts, {"books": {"main": {"by_subsidiary": {"2": {"items": {"default": "77"}}}}}})
    page = sign_in("viewer").see("/mapping/items?place=main.by_subsidiary.2")
    assert 'name="default" value="77"' in page.answer.text


def test_books_that_there_are_not(sign_in: SignIn) -> None:
    assert "There are no books" in sign_in("viewer").see("/mapping?place=other", 404).text


# choosing among NetSuite's lists -----------------------------------------------------------------------------------

ACCOUNTS = [
    {"id": "61", "acctnumber": "6100", "name": "Stripe Fees", "type": "Expense", "isinactive": "F", "currency": None},
    {"id": "11", "acctnumber": "1100", "name": "Receivable", "type": "AcctRec", "isinactive": "F", "currency": None},
    {"id": "10", "acctnumber": "1000", "name": "Bank EUR", "type": "Bank", "isinactive": "F", "currency": "2"},
]


@pytest.fixture
def chart(parts: Installation) -> Installation:
    parts.systems.rows = {"account": ACCOUNTS, "currency": [{"id": "2", "symbol": "EUR"}], "item": []}  # type: ignore[dict-item]
    return parts


def test_accounts_are_found_by_number_and_name(sign_in: SignIn, chart: Installation) -> None:
    offered = sign_in("viewer").get("/mapping/choices/accounts?q=stripe+61&setting=fees").json()["offered"]
    assert [(one["id"], one["label"], one["odd"]) for one in offered] == [("61", "6100 Stripe Fees", "")]


def test_an_account_of_the_wrong_type_is_warned_of_and_comes_last(sign_in: SignIn, chart: Installation) -> None:
    offered = sign_in("viewer").get("/mapping/choices/accounts?setting=fees").json()["offered"]
    assert offered[0]["id"] == "61"
    assert offered[1]["odd"].startswith("1100 Receivable is of type Accounts receivable; for this one of type")


def test_a_bank_account_in_another_currency_is_warned_of(sign_in: SignIn, chart: Installation) -> None:
    put_in_force(chart, {"books": {"main": {"accounts": {"bank": {"USD": "10"}}}}})
    assert "1000 Bank EUR is kept in EUR, not USD." in sign_in("viewer").see("/mapping").text


def test_netsuite_away_still_shows_the_ids(sign_in: SignIn, parts: Installation) -> None:
    put_in_force(parts, {"books": {"main": {"accounts": {"fees": {"USD": "61"}}}}})
    page = sign_in("viewer").see("/mapping")
    assert "NetSuite cannot be reached." in page.text
    assert 'value="61"' in page.answer.text


# beside a real record ----------------------------------------------------------------------------------------------


def test_a_draft_is_tried_on_a_record(sign_in: SignIn, parts: Installation) -> None:
    parts.carried_out(FLOW, ["cus_1"])
    sent = {"yaml": f"flows: {{{FLOW}: {{options: {{prefix: 'X '}}}}}}", "record": f"{FLOW}/main/cus_1"}
    shown = Seen(sign_in("operator").post("/mapping/yaml/sample", sent)).text
    assert "1 field changes" in shown
    assert "companyName" in shown
    assert "X CUS_1" in shown
    assert in_force(parts).version == 0


def test_a_pasted_id_comes_before_the_chosen_record(sign_in: SignIn, parts: Installation) -> None:
    sent = {"yaml": "{}", "record": f"{FLOW}/main/cus_1", "record_id": "cus_pasted"}
    assert "CUS_PASTED" in Seen(sign_in("operator").post("/mapping/yaml/sample", sent)).text


def test_a_wrong_expression_is_told_with_its_place(sign_in: SignIn) -> None:
    sent = {"place": "new", "name": "r", "record_type": "invoice", "field": "memo", "from": "expression"}
    answer = sign_in("operator").post("/mapping/rule/sample", {**sent, "expression": "source.name | uper"})
    assert "at character 15" in Seen(answer).text
    assert "<mark>uper</mark>" in answer.text


def test_a_protected_field_is_refused_with_the_reason(sign_in: SignIn) -> None:
    sent = {"place": "new", "name": "r", "record_type": "invoice", "field": "total", "from": "constant", "value": "1"}
    page = planned(sign_in("operator"), "rule", sent, 422)
    assert "No rule may set total of invoice: amounts are Stripe's" in page.text


def test_hostile_text_is_shown_as_text(sign_in: SignIn, parts: Installation) -> None:
    put_in_force(parts, {"field_rules": [RULE | {"name": HOSTILE}], "tables": {HOSTILE: {"a": "b"}}}, note=HOSTILE)
    viewer = sign_in("viewer")
    for path in ("/fields", "/fields/0", "/yaml", "/versions", "/versions/1", "/compare"):
        assert HOSTILE not in viewer.get(f"/mapping{path}").text


# field rules -------------------------------------------------------------------------------------------------------

RULE = {"name": "Region", "record_type": "invoice", "field": "custbody_region", "expression": "source.metadata.region"}


def test_a_rule_is_made(sign_in: SignIn, parts: Installation) -> None:
    admin = sign_in("admin")
    saved(admin, planned(admin, "rule", {"place": "new", "from": "expression", "back": "/mapping/fields", **RULE}))
    [rule] = in_force(parts).field_rules
    assert (rule.name, rule.expression, rule.do) == ("Region", "source.metadata.region", "set")


def test_a_rule_by_a_table(sign_in: SignIn, parts: Installation) -> None:
    put_in_force(parts, {"field_rules": [RULE]})
    admin = sign_in("admin")
    sent = {**RULE, "place": "0", "from": "table", "table.of": "source.currency", "table.key": ["eur", ""]}
    sent |= {"table.value": ["EU", ""], "table.default": "US", "back": "/mapping/fields"}
    saved(admin, planned(admin, "rule", sent))
    [rule] = in_force(parts).field_rules
    assert rule.table is not None
    assert (rule.table.values, rule.table.default, rule.expression) == ({"eur": "EU"}, "US", None)


def test_a_field_that_netsuite_has_not_is_refused(sign_in: SignIn) -> None:
    sent = {**RULE, "place": "new", "from": "expression", "field": "custbody_regoin"}
    page = planned(sign_in("operator"), "rule", sent, 422)
    assert "did you mean 'custbody_region'?" in page.text


def test_rules_are_taken_out_and_moved(sign_in: SignIn, parts: Installation) -> None:
    put_in_force(parts, {"field_rules": [RULE, RULE | {"name": "Second", "field": "memo"}]})
    admin = sign_in("admin")
    answer = admin.post("/mapping/fields/move", {"do": "down:rules:0"})
    saved(admin, Seen(answer))
    assert [rule.name for rule in in_force(parts).field_rules] == ["Second", "Region"]
    saved(admin, Seen(admin.post("/mapping/fields/move", {"do": "remove:rules:0"})))
    assert [rule.name for rule in in_force(parts).field_rules] == ["Region"]


def test_words_say_which_fields_are_protected(sign_in: SignIn, parts: Installation) -> None:
    parts.systems.fields = {"invoice": {"memo": "string", "total": "number"}}
    found = sign_in("viewer").get("/mapping/fields/words?record_type=invoice").json()
    assert [(one["word"], bool(one["refused"])) for one in found["fields"]] == [("memo", False), ("total", True)]
    assert "| upper" in [one["word"] for one in found["words"]]


# match rules -------------------------------------------------------------------------------------------------------


def match_sent(page: Seen) -> dict[str, list[str]]:
    names: tuple[str, ...] = (
        "into_netsuite.by",
        "into_netsuite.stripe",
        "into_netsuite.netsuite",
        "into_stripe.by",
        "into_stripe.stripe",
    )
    names += ("into_stripe.netsuite", "invoices.by", "invoices.key", "invoices.pattern", "invoices.days")
    raw = page.answer.text
    return {name: [html.unescape(one) for one in re.findall(rf'name="{name}" value="([^"]*)"', raw)] for name in names}


def test_match_rules_are_moved_by_a_button_and_saved(sign_in: SignIn, parts: Installation) -> None:
    admin = sign_in("admin")
    sent = match_sent(admin.see("/mapping/match"))
    moved = Seen(admin.post("/mapping/match", {**sent, "do": "up:into_netsuite:1"}))
    assert in_force(parts).version == 0
    saved(admin, planned(admin, "match", {**match_sent(moved), "back": "/mapping/match"}))
    assert [rule.by for rule in in_force(parts).match.customers.into_netsuite] == ["email", "metadata"]


def test_the_default_match_rules_are_no_change(sign_in: SignIn) -> None:
    visitor = sign_in("operator")
    sent = match_sent(visitor.see("/mapping/match"))
    answer = visitor.post("/mapping/match/plan", {**sent, "back": "/mapping/match"})
    assert visitor.after(answer).toast == "Nothing differs from what is in force."


def test_a_match_rule_without_its_fields_is_refused(sign_in: SignIn) -> None:
    visitor = sign_in("operator")
    sent = match_sent(visitor.see("/mapping/match"))
    added = Seen(visitor.post("/mapping/match", {**sent, "do": "add:into_stripe", "add.into_stripe": "fields"}))
    page = planned(visitor, "match", match_sent(added), 422)
    assert "`stripe` is one of" in page.text or "stripe is one of" in page.text


# versions ----------------------------------------------------------------------------------------------------------


def test_somebody_saved_in_between_and_both_are_shown(sign_in: SignIn, parts: Installation) -> None:
    admin = sign_in("admin")
    mine = planned(admin, "yaml", {"yaml": "start_date: 2026-01-01", "back": "/mapping/yaml"})
    put_in_force(parts, {"older": "post"}, note="Theirs.")
    fields = {name: field(mine, name, -1) for name in ("yaml", "base", "back")}
    answer = admin.post("/mapping/save", {**fields, "note": "Mine."})
    page = Seen(answer)
    assert (answer.status_code, "ada saved version 1" in page.text, "Theirs." in page.text) == (409, True, True)
    together = {name: field(page, name, -1) for name in ("yaml", "base", "back", "note")}
    merged = Seen(admin.post("/mapping/merge", together))
    saved(admin, merged)
    assert (in_force(parts).older, str(in_force(parts).start_date)) == ("post", "2026-01-01")


def test_a_setting_that_both_changed_is_named(sign_in: SignIn, parts: Installation) -> None:
    admin = sign_in("admin")
    mine = planned(admin, "yaml", {"yaml": "older: skip", "back": "/mapping/yaml"})
    put_in_force(parts, {"older": "post"})
    fields = {name: field(mine, name, -1) for name in ("yaml", "base", "back")}
    page = Seen(admin.post("/mapping/save", {**fields, "note": "Mine."}))
    assert "You both changed the same setting : older" in page.text


def test_a_version_is_compared_and_put_in_force_again(sign_in: SignIn, parts: Installation) -> None:
    put_in_force(parts, {"older": "post"}, note="First.")
    put_in_force(parts, {"older": "skip"}, note="Second.")
    admin = sign_in("admin")
    assert "post skip" in admin.see("/mapping/compare?before=1&after=2").text
    answer = admin.post("/mapping/versions/1/roll-back", {"reason": "The second was wrong."})
    assert admin.after(answer).toast == "Version 1 is in force again, as version 3."
    with parts.database.session_scope() as session:
        entry = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
    assert entry is not None
    assert (in_force(parts).older, entry.action, entry.details["note"]) == (
        "post",
        "config.changed",
        "The second was wrong.",
    )


def test_a_version_that_does_not_exist(sign_in: SignIn) -> None:
    assert "There is no configuration version 9" in sign_in("viewer").see("/mapping/versions/9", 404).text


def test_the_yaml_is_what_is_in_force(sign_in: SignIn, parts: Installation) -> None:
    put_in_force(parts, {"older": "post"})
    assert yaml.safe_load(sign_in("viewer").get("/mapping/tieout.yaml").text) == {"older": "post"}


def test_yaml_that_is_wrong_is_shown_again(sign_in: SignIn) -> None:
    page = planned(sign_in("operator"), "yaml", {"yaml": "a: [1\nb: 2"}, 422)
    assert "line 2" in page.text
    assert "a: [1" in page.text


def test_a_note_is_wanted(sign_in: SignIn, parts: Installation) -> None:
    admin = sign_in("admin")
    page = planned(admin, "yaml", {"yaml": "older: skip", "back": "/mapping/yaml"})
    fields = {name: field(page, name, -1) for name in ("yaml", "base", "back")}
    answer = admin.post("/mapping/save", {**fields, "note": " "})
    assert (answer.status_code, in_force(parts).version) == (422, 0)


def test_a_preset_is_planned(sign_in: SignIn) -> None:
    page = Seen(sign_in("operator").post("/mapping/presets", {"name": "novamodule"}))
    assert "custentity_nm_stripe_customer_id" in page.text


def test_the_last_records_are_compared_in_steps(sign_in: SignIn, parts: Installation) -> None:
    parts.carried_out(FLOW, ["cus_1", "cus_2", "cus_3"])
    draft = {"yaml": f"flows: {{{FLOW}: {{options: {{prefix: 'X '}}}}}}", "base": "0"}
    operator = sign_in("operator")
    first = Seen(operator.post("/mapping/compare", draft))
    assert "2 of 3 looked at, 2 come out otherwise." in first.text
    names = ("base", "subjects", "at", "differ", "held", "yaml")
    rest = Seen(operator.post("/mapping/compare", {name: field(first, name, -1) for name in names}))
    assert "Of the last 3 records, 3 come out otherwise ; 0 unchanged." in rest.text.replace(
        "otherwise;", "otherwise ;"
    )


@pytest.mark.parametrize(
    ("role", "path"),
    [
        ("viewer", "/mapping/accounts/plan"),
        ("viewer", "/mapping/yaml/sample"),
        ("viewer", "/mapping/compare"),
        ("viewer", "/mapping/match"),
        ("operator", "/mapping/save"),
        ("operator", "/mapping/versions/0/roll-back"),
    ],
)
def test_who_may_not(sign_in: SignIn, role: str, path: str) -> None:
    assert sign_in(role).post(path, {"yaml": "{}", "base": "0", "note": "x"}).status_code == 403


def test_statements_stay_few(sign_in: SignIn, parts: Installation, statements: Statements) -> None:
    parts.carried_out(FLOW, [f"cus_{number}" for number in range(5)])
    visitor = sign_in("operator")
    for path in PAGES:
        with statements() as counted:
            visitor.see(f"/mapping{path}")
        assert counted.number <= 9, (path, counted.statements)


def test_records_that_wait_for_a_setting_are_shown(sign_in: SignIn, parts: Installation) -> None:
    parts.systems.objects["cus_9"] = Unmapped(
        "No NetSuite item is set for “Gold”.", setting="books.main.items.by_price.p1"
    )
    parts.carried_out(FLOW, ["cus_9"])
    assert "books.main.items.by_price.p1" in sign_in("viewer").see("/mapping/items").text


@pytest.mark.parametrize("tab", ["", "/items", "/types"])
def test_without_a_netsuite_account_it_reads_all_the_same(
    parts: Installation, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch, tab: str
) -> None:
    def unconnected(record: object) -> NoReturn:
        raise Unmapped("No NetSuite account is connected.", setting="NETSUITE__ACCOUNT_ID")

    monkeypatch.setattr(parts.systems, "netsuite", unconnected)
    netsuite_lists._KEPT.clear()
    answer = sign_in("admin").get(f"/mapping{tab}")
    assert (answer.status_code, "No NetSuite account is connected." in answer.text) == (200, True)
