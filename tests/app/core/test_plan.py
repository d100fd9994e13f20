from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import select

from app.core import config, plan
from app.core.audit import AuditEntry
from app.core.config import Books, Config, FlowConfig
from app.core.plan import Change, InvalidConfig, Stale
from app.core.runs import Run
from app.core.tables import ConfigVersion
from app.db import Database
from tests.app.admin.installation import Installation, catalogue, install

FLOW = "stripe_customer_to_netsuite"
FLOWS = catalogue()


@pytest.fixture
def parts(database: Database) -> Installation:
    return install(database)


def problems(text: str) -> dict[str, str]:
    with pytest.raises(InvalidConfig) as caught:
        plan.parse(text, FLOWS)
    return caught.value.problems


def test_export_reads_back_the_same() -> None:
    chosen = Config(
        flows={FLOW: FlowConfig(enabled=False, options={"prefix": "Ä"})},
        books={"main": Books(subsidiary="3")},
        start_date=date(2025, 1, 1),
    )
    assert plan.parse(plan.export(chosen), FLOWS) == chosen


EVERYTHING = """
field_rules:
- {name: region, record_type: invoice, field: custbody_region, expression: source.metadata.region | upper}
- name: cost centre
  record_type: invoice
  field: item.department
  do: default
  lines: line.item.id == '10'
  table: {of: source.metadata.team, values: {red: '4', blue: '5'}, default: '6'}
  type: id
  if_empty: clear
- name: class
  record_type: creditMemo
  field: class
  lookup: {record_type: classification, field: name, equals: source.id}
- {name: constant, record_type: customer, field: category, value: '3', type: id, updates: true, when: source.id}
tables: {regions: {EMEA: '5'}}
match: {customers: {into_netsuite: [{by: phone}, {by: fields, stripe: metadata.no, netsuite: custentity_no}]}}
start_dates: {invoice: 2026-01-01}
older: post
books: {main: {by_subsidiary: {'3': {accounts: {clearing: {EUR: '7'}}}}}}
"""


def test_rules_are_exported_as_they_are_read() -> None:
    chosen = plan.parse(EVERYTHING, FLOWS)
    assert (len(chosen.field_rules), plan.parse(plan.export(chosen), FLOWS)) == (4, chosen)


def test_a_rule_that_cannot_be_is_named_by_its_path() -> None:
    text = "field_rules:\n- {name: a, record_type: invoice, field: entity, value: '5'}"
    [(path, words)] = problems(text).items()
    assert (path, "no rule may set `entity` of invoice" in words) == ("field_rules.0", True)


def test_diff_names_a_rule_by_its_place() -> None:
    text = "field_rules:\n- {name: a, record_type: invoice, field: memo, value: x}"
    paths = [change.path for change in plan.diff(Config(), plan.parse(text, FLOWS)) if change.after is not None]
    assert "field_rules.0.name" in paths


def test_the_first_configuration_comes_from_a_file(database: Database, tmp_path: Path) -> None:
    file = tmp_path / "tieout.yaml"
    file.write_text('books: {main: {subsidiary: "3"}}')
    with database.session_scope() as session:
        begun = plan.begin_with(session, file, FLOWS)
    assert begun is not None
    assert (begun.version, begun.for_account("main").subsidiary) == (1, "3")


def test_a_configuration_that_is_there_is_not_replaced(database: Database, tmp_path: Path) -> None:
    file = tmp_path / "tieout.yaml"
    file.write_text('books: {main: {subsidiary: "3"}}')
    with database.session_scope() as session:
        config.save(session, Config(start_date=date(2026, 1, 1)), author="somebody", note="")
        assert plan.begin_with(session, file, FLOWS) is None
        assert config.current(session).start_date == date(2026, 1, 1)


def test_empty_text_is_the_default() -> None:
    assert plan.parse("", FLOWS) == Config()


def test_every_problem_is_named_by_its_path() -> None:
    text = "books: {main: {subsidiary: 3}}\nretries: {default: {tries: 0}}"
    assert list(problems(text)) == ["books.main.subsidiary", "retries.default.tries"]


def test_id_without_quotes_is_explained() -> None:
    assert problems("books: {main: {subsidiary: 3}}")["books.main.subsidiary"].endswith('put ids in quotes ("3")')


def test_unknown_setting_is_refused() -> None:
    assert problems("colour: blue") == {"colour": "there is no such setting"}


def test_unknown_flow_is_refused() -> None:
    assert list(problems("flows: {no_such_flow: {enabled: true}}")) == ["flows.no_such_flow"]


def test_option_that_the_flow_does_not_have_is_refused() -> None:
    text = f"flows: {{{FLOW}: {{options: {{colour: blue}}}}}}"
    assert problems(text) == {f"flows.{FLOW}.options.colour": "there is no such setting"}


@pytest.mark.parametrize(
    "text", ["a: [", "- 1", "a: &x [1]\nb: *x", "[" * 5000, "!!python/object:os.system {}", "\x01"]
)
def test_text_that_is_no_configuration_is_refused(text: str) -> None:
    assert "" in problems(text)


def test_nul_character_is_refused() -> None:
    assert "NUL" in problems('fields: {customer_stripe_id: "a\\0"}')[""]


def test_diff_names_what_differs() -> None:
    after = Config(books={"main": Books(subsidiary="3")})
    assert plan.diff(Config(), after) == [Change("books.main.subsidiary", None, "3")]


def test_diff_of_the_same_is_empty() -> None:
    assert plan.diff(Config(version=1), Config(version=2)) == []


def saved(parts: Installation, after: Config, based_on: int | None = None) -> Config:
    with parts.database.session_scope() as session:
        return plan.change(session, lambda _: after, actor="ann", note="why", flows=FLOWS, based_on=based_on)


def test_change_is_in_force_afterwards(parts: Installation) -> None:
    saved(parts, Config(start_date=date(2025, 1, 1)))
    with parts.database.session_scope() as session:
        assert config.current(session) == Config(version=1, start_date=date(2025, 1, 1))


def test_change_without_a_difference_makes_no_version(parts: Installation) -> None:
    assert saved(parts, Config()).version == 0


def test_change_to_a_version_that_is_not_in_force_is_refused(parts: Installation) -> None:
    saved(parts, Config(start_date=date(2025, 1, 1)), based_on=0)
    with pytest.raises(Stale):
        saved(parts, Config(start_date=date(2026, 1, 1)), based_on=0)


def test_change_is_audited(parts: Installation) -> None:
    saved(parts, Config(start_date=date(2025, 1, 1)))
    with parts.database.session_scope() as session:
        entry = session.scalars(select(AuditEntry)).one()
    assert (entry.actor, entry.action, entry.target, entry.details) == (
        "ann",
        "config.changed",
        "config:1",
        {"note": "why", "changes": [{"path": "start_date", "before": None, "after": "2025-01-01"}]},
    )


def test_roll_back_puts_an_earlier_version_in_force_as_a_new_one(parts: Installation) -> None:
    saved(parts, Config(start_date=date(2025, 1, 1)))
    saved(parts, Config(start_date=date(2026, 1, 1)))
    with parts.database.session_scope() as session:
        back = plan.roll_back(session, 1, actor="ann", note="", flows=FLOWS)
    assert (back.version, back.start_date) == (3, date(2025, 1, 1))


def test_roll_back_to_a_version_that_would_not_be_taken_today(parts: Installation) -> None:
    with parts.database.session_scope() as session:
        session.add(ConfigVersion(document={"colour": "blue"}, author="ann", note=""))
    saved_over = Config(start_date=date(2026, 1, 1))
    with parts.database.session_scope() as session:
        config.save(session, saved_over, author="ann", note="")
        with pytest.raises(InvalidConfig):
            plan.roll_back(session, 1, actor="ann", note="", flows=FLOWS)


def test_version_that_does_not_exist(parts: Installation) -> None:
    with parts.database.session_scope() as session, pytest.raises(LookupError):
        plan.version(session, 9)


def differing(parts: Installation, after: Config, sample: int = 10) -> tuple[int, list[plan.Difference]]:
    return plan.differences(parts.database, parts.previewer, Config(), after, sample=sample)


def test_plan_shows_a_record_that_would_come_out_otherwise(parts: Installation) -> None:
    parts.carried_out(FLOW, ["cus_1"])
    _, found = differing(parts, Config(flows={FLOW: FlowConfig(options={"prefix": "X "})}))
    bodies = [(each.before["written"][0]["body"], each.after["written"][0]["body"]) for each in found]
    assert bodies == [({"companyName": "CUS_1"}, {"companyName": "X CUS_1"})]


def test_plan_leaves_out_records_that_come_out_the_same(parts: Installation) -> None:
    parts.carried_out(FLOW, ["cus_1"])
    assert differing(parts, Config(start_date=date(2020, 1, 1))) == (1, [])


def test_plan_looks_at_the_newest_records_only(parts: Installation) -> None:
    parts.carried_out(FLOW, ["cus_1", "cus_2", "cus_3"])
    looked_at, found = differing(parts, Config(flows={FLOW: FlowConfig(options={"prefix": "X "})}), sample=2)
    assert (looked_at, sorted(each.subject for each in found)) == (2, ["cus_2", "cus_3"])


def test_plan_looks_at_a_record_whose_run_ended_as_an_echo(parts: Installation) -> None:
    with parts.database.session_scope() as session:
        run = Run(flow=FLOW, account="main", subject="cus_1", cause="event", state="skipped")
        run.records = [{"type": "customer", "id": "7"}]
        session.add(run)
    assert differing(parts, Config(start_date=date(2020, 1, 1))) == (1, [])


def test_plan_looks_at_the_flows_that_change_only(parts: Installation) -> None:
    parts.carried_out(FLOW, ["cus_1"])
    assert differing(parts, Config(flows={"stripe_invoice_to_netsuite": FlowConfig(paused=True)})) == (0, [])


def test_plan_writes_nothing(parts: Installation) -> None:
    parts.carried_out(FLOW, ["cus_1"])
    before = list(parts.systems.books)
    differing(parts, Config(flows={FLOW: FlowConfig(options={"prefix": "X "})}))
    assert parts.systems.books == before
