from tests.app.admin.installation import Installation
from tests.app.dashboard.conftest import SignIn, Statements

FLOW = "stripe_customer_to_netsuite"


def test_pages_are_found_by_any_of_their_letters(sign_in: SignIn) -> None:
    assert 'href="/settings/tokens"' in sign_in("admin").get("/palette?q=TOKEN").text


def test_pages_one_may_not_see_are_not_shown(sign_in: SignIn) -> None:
    assert "/settings/tokens" not in sign_in("viewer").get("/palette?q=token").text


def test_what_was_typed_is_shown_as_text(sign_in: SignIn) -> None:
    found = sign_in("viewer").get("/palette?q=x%3Cy").text
    assert ("x&lt;y" in found, "x<y" in found) == (True, False)


def test_looking_asks_little(parts: Installation, sign_in: SignIn, statements: Statements) -> None:
    parts.carried_out(FLOW, ["cus_1"])
    visitor = sign_in("viewer")
    with statements() as counted:
        visitor.see("/palette?q=cus_1")
    assert counted.number <= 4, counted.statements
