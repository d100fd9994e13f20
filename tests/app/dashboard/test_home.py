"""Home over HTTP: the sentence, the steps, few statements, and nothing that a record is called can break it."""

from app.core.completeness_rows import note
from app.errors import Held
from tests.app.admin.installation import NOW, Installation, held
from tests.app.admin.test_completeness import counted
from tests.app.admin.test_overview import connected
from tests.app.dashboard.conftest import SignIn, Statements
from tests.app.dashboard.visiting import Visitor

HOSTILE = "<img src=x onerror=alert(1)>"


def test_an_empty_installation_says_what_to_do_first(sign_in: SignIn) -> None:
    page = sign_in("viewer").see("/")
    assert "Nothing is connected yet." in page.text
    assert "First steps 1 of 6 done" in page.text


def test_all_in_is_said_when_it_was_counted(parts: Installation, sign_in: SignIn) -> None:
    connected(parts)
    counted(parts)
    note(parts.database, "main", NOW)
    page = sign_in("viewer").see("/")
    assert "All in. Every event of this month is done" in page.text
    assert "100.0 % settled" in page.text


def test_what_waits_is_told_with_what_to_do(parts: Installation, sign_in: SignIn) -> None:
    connected(parts)
    parts.systems.objects["cus_1"] = held()
    [run] = parts.carried_out("stripe_customer_to_netsuite", ["cus_1"])
    page = sign_in("viewer").see("/")
    assert "1 record waits for you." in page.text
    assert held().action in page.text
    assert f'href="/records/{run}"' in page.answer.text


def test_what_a_record_is_called_is_text(parts: Installation, sign_in: SignIn) -> None:
    parts.systems.objects["cus_1"] = Held(f"It is called {HOSTILE}.", action=HOSTILE)
    parts.carried_out("stripe_customer_to_netsuite", ["cus_1"])
    assert HOSTILE not in sign_in("viewer").see("/").answer.text


def test_it_takes_few_statements_however_much_there_is(
    parts: Installation, sign_in: SignIn, statements: Statements
) -> None:
    connected(parts)
    counted(parts)
    parts.systems.objects |= {f"cus_{number}": held() for number in range(12)}
    parts.carried_out("stripe_customer_to_netsuite", [f"cus_{number}" for number in range(12)])
    visitor = sign_in("viewer")
    with statements() as seen:
        visitor.see("/")
    assert seen.number <= 14, seen.statements


def test_the_hours_are_a_page_of_their_own(parts: Installation, sign_in: SignIn) -> None:
    assert "Nothing arrived in the last 24 hours." in sign_in("viewer").see("/activity").text


def test_only_operators_count(parts: Installation, sign_in: SignIn) -> None:
    counted(parts)
    viewer: Visitor = sign_in("viewer")
    assert viewer.post("/completeness", {"back": "/"}).status_code == 403
    operator = sign_in("operator")
    assert operator.after(operator.post("/completeness", {"back": "/"})).toast.startswith("Stripe's events are being")
    assert len(parts.broker.jobs) == 1
