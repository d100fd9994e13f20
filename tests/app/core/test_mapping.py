"""Field rules over a mapped record: what each kind of rule does, when it holds, and what comes of it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, cast

import pytest

from app.core.config import Config
from app.core.flow import Options
from app.core.interfaces import Ledger
from app.core.mapping import ruled
from app.errors import Ambiguous, Held
from app.systems.netsuite.records import CreditMemo, Customer, Invoice, InvoiceLine, Record, Ref


@dataclass(frozen=True)
class Source:
    id: str = "in_1"
    total: int = 1500
    currency: str = "usd"
    created: datetime = datetime(2026, 8, 20, 14, 30, tzinfo=UTC)
    metadata: dict[str, str] = field(default_factory=lambda: {"region": "EMEA", "po": "PO-7"})


@dataclass
class Memory:
    """A NetSuite that keeps what it is sent. `answers`: bound value -> ids."""

    answers: dict[str, list[str]] = field(default_factory=dict)
    asked: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    sent: list[Any] = field(default_factory=list)
    calls: int = 7

    def upsert(self, record: Record) -> Ref:
        self.sent.append(record.body())
        return Ref(record.record_type, "1")

    create = upsert

    def transform(self, source: Ref, record: Record) -> Ref:
        return self.upsert(record)

    def patch(self, ref: Ref, body: Mapping[str, Any], *, replace: Sequence[str] = ()) -> None:
        self.sent.append(body)

    def query(self, sql: str, params: Sequence[str] = ()) -> Iterator[Mapping[str, str]]:
        self.asked.append((sql, tuple(params)))
        return iter([{"id": one} for one in self.answers.get(params[0], [])])


def ledger(*rules: Mapping[str, Any], memory: Memory | None = None, flow: str = "a_flow", **rest: Any) -> Ledger[Any]:
    named = [{"name": f"rule {number}", "record_type": "invoice", **rule} for number, rule in enumerate(rules)]
    to: Ledger[Options] = Ledger(
        account="main",
        stripe=cast(Any, None),
        netsuite=cast(Any, memory or Memory()),
        links=cast(Any, None),
        clock=cast(Any, None),
        options=Options(),
        config=Config.model_validate({"field_rules": named, "books": {"main": {"subsidiary": "3"}}, **rest}),
        public=cast(Any, None),
        notes=[],
    )
    made = ruled(to, flow)
    made.about(Source())
    return made


def invoice(**given: Any) -> Invoice:
    lines = (InvoiceLine(item="10", amount=Decimal(10)), InvoiceLine(item="20", amount=Decimal(5), department="4"))
    return Invoice(external_id="stripe-inv-in_1", **{"entity": "5", "lines": lines, "memo": "Stripe in_1", **given})


def sent(to: Ledger[Any], record: Record) -> dict[str, Any]:
    to.netsuite.upsert(record)
    body: dict[str, Any] = cast(Any, to.netsuite)._netsuite.sent[-1]
    return body


def field_of(rule: Mapping[str, Any], record: Record | None = None, **rest: Any) -> Any:
    """What the rule's field says in the end."""
    to = ledger(rule, **rest)
    return sent(to, record or invoice()).get(rule["field"])


def test_without_rules_the_ledger_stays_as_it_is() -> None:
    to = ledger()
    assert isinstance(to.netsuite, Memory)


def test_calls_are_still_counted() -> None:
    to = ledger({"field": "otherRefNum", "value": "x"})
    assert cast(Any, to.netsuite).calls == 7


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({"value": "EMEA"}, "EMEA"),
        ({"expression": "source.metadata.region"}, "EMEA"),
        ({"expression": "source.total | money(source.currency)"}, Decimal("15.00")),
        ({"expression": "source.created | date"}, date(2026, 8, 20)),
        ({"expression": "'2026-08-20'", "type": "date"}, date(2026, 8, 20)),
        ({"expression": "source.created", "type": "datetime"}, datetime(2026, 8, 20, 14, 30, tzinfo=UTC)),
        ({"expression": "source.total", "type": "text"}, "1500"),
        ({"expression": "'12'", "type": "integer"}, 12),
        ({"expression": "'1.50'", "type": "number"}, Decimal("1.50")),
        ({"expression": "'T'", "type": "boolean"}, True),
        ({"value": "7", "type": "id"}, {"id": "7"}),
        ({"expression": "['7', 8]", "type": "ids"}, {"items": [{"id": "7"}, {"id": "8"}]}),
        ({"expression": "'7,8'", "type": "ids"}, {"items": [{"id": "7"}, {"id": "8"}]}),
        ({"table": {"of": "source.metadata.region", "values": {"EMEA": "4"}}, "type": "id"}, {"id": "4"}),
        ({"table": {"of": "source.metadata.region", "values": {"APAC": "4"}, "default": "9"}}, "9"),
        ({"expression": "source.metadata.region | lookup('regions')"}, "77"),
        ({"expression": "account ~ '/' ~ flow ~ '/' ~ record.entity.id"}, "main/a_flow/5"),
        ({"expression": "source.metadata.nothing"}, None),
    ],
)
def test_value_of_a_field(rule: dict[str, Any], expected: Any) -> None:
    assert field_of({"field": "custbody_x", **rule}, tables={"regions": {"EMEA": "77"}}) == expected


def test_default_fills_what_is_empty() -> None:
    assert field_of({"field": "memo", "do": "default", "value": "ours"}, invoice(memo=None)) == "ours"


def test_default_leaves_what_the_flow_says() -> None:
    assert field_of({"field": "memo", "do": "default", "value": "ours"}) == "Stripe in_1"


def test_override_replaces_what_the_flow_says() -> None:
    assert field_of({"field": "memo", "do": "override", "expression": "'PO ' ~ source.metadata.po"}) == "PO PO-7"


def test_set_on_a_field_that_the_flow_fills_is_held() -> None:
    with pytest.raises(Held) as held:
        field_of({"field": "memo", "value": "ours"})
    assert held.value.sentence == "The rule “rule 0” sets invoice.memo, which the flow fills itself (Stripe in_1)."


def test_a_name_counts_in_any_case() -> None:
    to = ledger({"field": "MEMO", "do": "override", "value": "ours"})
    assert [value for name, value in sent(to, invoice()).items() if name.lower() == "memo"] == ["ours"]


def test_empty_result_leaves_the_field_alone() -> None:
    assert field_of({"field": "memo", "do": "override", "expression": "source.metadata.nothing"}) == "Stripe in_1"


def test_empty_result_empties_the_field_by_choice() -> None:
    to = ledger({"field": "memo", "do": "override", "expression": "source.metadata.nothing", "if_empty": "clear"})
    assert sent(to, invoice())["memo"] is None


@pytest.mark.parametrize(("when", "expected"), [("source.total > 1000", "ours"), ("source.total > 9000", None)])
def test_condition(when: str, expected: str | None) -> None:
    assert field_of({"field": "custbody_x", "value": "ours", "when": when}) == expected


@pytest.mark.parametrize(
    ("narrowed", "applies"),
    [
        ({"flow": "a_flow"}, True),
        ({"flow": "another_flow"}, False),
        ({"account": "main"}, True),
        ({"account": "other"}, False),
        ({"subsidiary": "8"}, True),
        ({"subsidiary": "3"}, False),
        ({"record_type": "creditMemo"}, False),
    ],
)
def test_a_rule_is_narrowed(narrowed: dict[str, Any], applies: bool) -> None:
    to = ledger({"field": "custbody_x", "value": "ours", **narrowed})
    to.netsuite.upsert(invoice(subsidiary="8"))
    memory = to.netsuite if isinstance(to.netsuite, Memory) else cast(Any, to.netsuite)._netsuite
    assert ("custbody_x" in memory.sent[-1]) == applies


def test_a_record_without_a_subsidiary_is_of_the_books() -> None:
    assert field_of({"field": "custbody_x", "value": "ours", "subsidiary": "3"}) == "ours"


def test_a_later_rule_sees_what_an_earlier_one_did() -> None:
    to = ledger(
        {"field": "custbody_a", "value": "first"},
        {"field": "custbody_b", "expression": "record.custbody_a ~ ' and second'"},
    )
    assert sent(to, invoice())["custbody_b"] == "first and second"


def departments(rule: Mapping[str, Any]) -> list[Any]:
    to = ledger({"field": "item.department", "value": "9", "type": "id", **rule})
    return [line.get("department") for line in sent(to, invoice())["item"]["items"]]


def test_default_of_a_line_field_fills_each_line_that_has_none() -> None:
    assert departments({"do": "default"}) == [{"id": "9"}, {"id": "4"}]


def test_override_of_a_line_field_is_for_all_lines() -> None:
    assert departments({"do": "override"}) == [{"id": "9"}, {"id": "9"}]


def test_lines_are_chosen_by_a_condition() -> None:
    assert departments({"do": "override", "lines": "line.item.id == '20'"}) == [None, {"id": "9"}]


def test_a_line_field_may_be_computed_from_the_line() -> None:
    to = ledger({"field": "item.custcol_x", "expression": "line.item.id ~ '/' ~ source.id"})
    assert [line["custcol_x"] for line in sent(to, invoice())["item"]["items"]] == ["10/in_1", "20/in_1"]


def test_lines_that_the_record_takes_over_are_left() -> None:
    to = ledger({"record_type": "creditMemo", "field": "item.department", "value": "9"})
    assert "item" not in sent(to, CreditMemo(external_id="stripe-cm-re_1"))


LOOKUP = {"field": "department", "lookup": {"record_type": "department", "field": "name", "equals": "source.id"}}


def test_a_lookup_gives_the_internal_id() -> None:
    assert field_of(LOOKUP, memory=Memory({"in_1": ["42"]})) == {"id": "42"}


def test_a_lookup_binds_its_value() -> None:
    memory = Memory({"in_1": ["42"]})
    field_of(LOOKUP, memory=memory)
    assert memory.asked == [("SELECT id FROM department WHERE name = ? ORDER BY id", ("in_1",))]


def test_a_lookup_is_made_once_in_a_run() -> None:
    memory = Memory({"in_1": ["42"]})
    to = ledger(LOOKUP, memory=memory)
    to.content(invoice())
    to.netsuite.upsert(invoice())
    assert len(memory.asked) == 1


def test_a_lookup_that_finds_several_is_held_with_them() -> None:
    with pytest.raises(Ambiguous) as held:
        field_of(LOOKUP, memory=Memory({"in_1": ["42", "43"]}))
    assert [one.id for one in held.value.candidates] == ["42", "43"]


def test_a_lookup_that_finds_nothing_is_held() -> None:
    with pytest.raises(Held, match="NetSuite has no department whose name is “in_1”"):
        field_of(LOOKUP)


def test_a_lookup_of_nothing_asks_nothing() -> None:
    memory = Memory()
    lookup = {**LOOKUP["lookup"], "equals": "source.metadata.nothing"}  # type: ignore[dict-item]
    assert (field_of({**LOOKUP, "lookup": lookup}, memory=memory), memory.asked) == (None, [])


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ({"expression": "source.custmer"}, "there is no `custmer`"),
        ({"table": {"of": "source.id", "values": {"x": "1"}}}, "has no entry for “in_1”"),
        ({"expression": "source.metadata.po", "type": "number"}, "is not a number"),
        ({"expression": "1.5", "type": "integer"}, "is not a whole number"),
        ({"expression": "'a b'", "type": "id"}, "is not an internal id"),
        ({"expression": "source.id", "type": "boolean"}, "neither true nor false"),
        ({"expression": "source.id", "type": "date"}, "is not a day"),
        ({"expression": "[1, 2]"}, "say `type: ids`"),
        ({"value": "x", "when": "source.custmer"}, "there is no `custmer`"),
    ],
)
def test_what_cannot_be_worked_out_is_held_by_the_rules_name(rule: dict[str, Any], words: str) -> None:
    with pytest.raises(Held) as held:
        field_of({"field": "custbody_x", **rule})
    assert held.value.sentence.startswith("The rule “rule 0” for invoice.custbody_x cannot be worked out: ")
    assert words in held.value.sentence
    assert "`field_rules`" in held.value.action


def test_a_person_sees_where_a_field_came_from() -> None:
    to = ledger(
        {"name": "region", "field": "custbody_region", "expression": "source.metadata.region"},
        {"name": "house memo", "field": "memo", "do": "override", "value": "ours"},
        {"name": "cost centre", "field": "item.department", "do": "default", "value": "9", "type": "id"},
    )
    to.content(invoice())
    to.netsuite.upsert(invoice())
    assert to.notes == [
        "invoice.custbody_region is EMEA by the rule “region”.",
        "invoice.memo is ours by the rule “house memo”, instead of Stripe in_1.",
        "invoice.item.department is set in 1 line(s) by the rule “cost centre”.",
    ]


def test_the_content_is_that_with_the_rules() -> None:
    with_rule = ledger({"field": "memo", "do": "override", "value": "ours"})
    assert with_rule.content(invoice()) == ledger().content(invoice(memo="ours"))


def test_a_transform_carries_the_rules() -> None:
    to = ledger({"record_type": "creditMemo", "field": "memo", "value": "ours"})
    to.netsuite.transform(Ref("invoice", "1"), CreditMemo(external_id="stripe-cm-re_1"))
    assert cast(Any, to.netsuite)._netsuite.sent[-1]["memo"] == "ours"


def patched(**rule: Any) -> Mapping[str, Any]:
    to = ledger({"record_type": "customer", "field": "custentity_x", "value": "ours", **rule})
    to.netsuite.patch(Ref("customer", "1"), {"email": "a@example.com"})
    body: Mapping[str, Any] = cast(Any, to.netsuite)._netsuite.sent[-1]
    return body


def test_single_fields_are_written_without_the_rules() -> None:
    assert patched() == {"email": "a@example.com"}


def test_single_fields_are_written_with_a_rule_for_updates() -> None:
    assert patched(updates=True) == {"email": "a@example.com", "custentity_x": "ours"}


def test_a_new_customer_takes_a_rule() -> None:
    to = ledger({"record_type": "customer", "field": "comments", "value": "ours"})
    assert sent(to, Customer(external_id="stripe-cust-cus_1"))["comments"] == "ours"


def test_the_record_keeps_its_type_and_its_sublists() -> None:
    to = ledger({"field": "item.department", "do": "override", "value": "9"})
    assert to.shaper is not None
    shaped = to.shaper.shaped(invoice())
    assert (type(shaped), shaped.replaced(), shaped.external_id) == (Invoice, ("item",), "stripe-inv-in_1")
