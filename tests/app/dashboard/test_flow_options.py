import json
from collections.abc import Mapping

import pytest
from sqlalchemy import select

from app.admin import actions
from app.core import config as configuration
from app.core.tables import ConfigVersion
from tests.app.admin.installation import Installation
from tests.app.dashboard.conftest import SignIn
from tests.app.dashboard.visiting import Seen

FLOW = "stripe_customer_to_netsuite"
OPTIONS = f"/flows/{FLOW}/options"


def options(parts: Installation) -> Mapping[str, object]:
    with parts.database.session_scope() as session:
        return configuration.current(session).options_for(parts.catalogue[FLOW]).model_dump()


def save(draft: object, based_on: int = 0, note: str = "Agreed.") -> dict[str, str]:
    return {"draft": json.dumps(draft), "based_on": str(based_on), "note": note}


def test_the_form_is_made_from_the_model(sign_in: SignIn) -> None:
    page = sign_in("admin").see(OPTIONS)
    assert "Put before every name." in page.text
    assert 'name="prefix" type="text"' in page.answer.text
    assert '<input class="form-check-input" type="checkbox" role="switch" id="option-overwrite"' in page.answer.text


def test_others_see_it_and_cannot_change_it(sign_in: SignIn) -> None:
    page = sign_in("operator").see(OPTIONS)
    assert "disabled>" in page.answer.text
    assert "Options are changed by an administrator." in page.text


def test_what_would_change_is_shown_before_it_is_saved(parts: Installation, sign_in: SignIn) -> None:
    answer = sign_in("admin").post(OPTIONS, {"prefix": "<i>X</i> "})
    assert (answer.status_code, options(parts)["prefix"]) == (200, "")
    assert "&lt;i&gt;X&lt;/i&gt;" in answer.text
    assert "<i>X" not in answer.text


def test_what_equals_what_is_in_force_changes_nothing(sign_in: SignIn) -> None:
    visitor = sign_in("admin")
    assert visitor.after(visitor.post(OPTIONS, {"prefix": ""})).toast == "Nothing differs from what is in force."


def test_saving_makes_a_version_with_author_and_note(parts: Installation, sign_in: SignIn) -> None:
    visitor = sign_in("admin")
    page = visitor.after(visitor.post(f"{OPTIONS}/save", save({"prefix": "X ", "overwrite": False})))
    assert page.toast == "Version 1 is in force from the next run on."
    with parts.database.session_scope() as session:
        row = session.scalars(select(ConfigVersion)).one()
    # the default is not kept, so that it is not taken for a decision
    assert row.document["flows"] == {FLOW: {"options": {"prefix": "X "}}}
    assert (row.author, row.note) == ("admin@example.com", "Agreed.")
    assert "Default: empty" in page.text
    assert "admin@example.com" in page.text


def test_a_change_needs_a_note(parts: Installation, sign_in: SignIn) -> None:
    answer = sign_in("admin").post(f"{OPTIONS}/save", save({"prefix": "X "}, note=" "))
    assert (answer.status_code, "Say why" in answer.text, options(parts)["prefix"]) == (422, True, "")


def test_a_change_of_another_flow_meanwhile_is_no_obstacle(parts: Installation, sign_in: SignIn) -> None:
    other = parts.catalogue["stripe_invoice_to_netsuite"]
    actions.configure_flow(parts, other, actor="bob", enabled=False)
    sign_in("admin").post(f"{OPTIONS}/save", save({"prefix": "X "}))
    assert options(parts)["prefix"] == "X "


def test_a_change_of_the_same_options_meanwhile_is_told(parts: Installation, sign_in: SignIn) -> None:
    actions.configure_flow(parts, parts.catalogue[FLOW], actor="bob", options={"prefix": "Bob "})
    answer = sign_in("admin").post(f"{OPTIONS}/save", save({"prefix": "X "}))
    assert answer.status_code == 422
    assert "were changed by version 1 meanwhile" in answer.text
    assert '<td class="was">Bob </td>' in answer.text
    assert options(parts)["prefix"] == "Bob "


@pytest.mark.parametrize("draft", ["{", "[1]", '{"colour": "blue"}'])
def test_a_draft_that_was_tampered_with_is_refused(parts: Installation, sign_in: SignIn, draft: str) -> None:
    answer = sign_in("admin").post(f"{OPTIONS}/save", {"draft": draft, "based_on": "0", "note": "x"})
    assert (answer.status_code in (409, 422), options(parts)["prefix"]) == (True, "")


# comparing ---------------------------------------------------------------------------------------------------------


def compared(sign_in: SignIn, **fields: str) -> Seen:
    answer = sign_in("operator").post(f"{OPTIONS}/compare", {"draft": json.dumps({"prefix": "X "}), **fields})
    assert answer.status_code == 200, answer.text
    return Seen(answer)


def test_records_that_come_out_differently_are_shown(parts: Installation, sign_in: SignIn) -> None:
    parts.carried_out(FLOW, ["cus_a"])
    page = compared(sign_in)
    assert "stripe-cust-cus_a companyName CUS_A X CUS_A" in page.text
    assert "The only record it wrote would come out differently." in page.text


def test_it_goes_on_by_itself_until_all_are_looked_at(parts: Installation, sign_in: SignIn) -> None:
    parts.carried_out(FLOW, ["cus_a", "cus_b", "cus_c"])
    first = compared(sign_in)
    assert "2 of 3 looked at, 2 would come out differently." in first.text
    subjects = json.dumps([["main", f"cus_{name}"] for name in "cba"])
    rest = compared(sign_in, subjects=subjects, at="2", differ="2")
    assert "3 of the last 3 records would come out differently." in rest.text


def test_comparing_writes_nothing(parts: Installation, sign_in: SignIn) -> None:
    parts.carried_out(FLOW, ["cus_a"])
    before = list(parts.systems.books)
    compared(sign_in)
    assert parts.systems.books == before


def test_without_records_there_is_nothing_to_compare(sign_in: SignIn) -> None:
    assert "has written no record yet" in compared(sign_in).text


def test_subjects_that_were_tampered_with_are_refused(sign_in: SignIn) -> None:
    fields = {"draft": json.dumps({"prefix": "X "}), "subjects": '["a"]'}
    assert sign_in("operator").post(f"{OPTIONS}/compare", fields).status_code == 409
