import re

import pytest

from app.dashboard.manual import Document, Manual
from tests.app.dashboard.conftest import SignIn

MANUAL = Manual()


def rendered(source: str, name: str = "x", known: tuple[str, ...] = ("configuration", "flows/a")) -> str:
    return Document(name, source, frozenset(known)).html


def test_the_contents_lead_to_flows_and_guides(sign_in: SignIn) -> None:
    page = sign_in("viewer").see("/help")
    assert 'href="/help/flows/stripe_customer_to_netsuite"' in page.answer.text
    assert "Quickstart" in page.text


def test_a_flow_has_its_page(sign_in: SignIn) -> None:
    page = sign_in("viewer").see("/help/flows/stripe_customer_to_netsuite")
    assert "What starts it" in page.text
    assert 'href="/flows/stripe_customer_to_netsuite"' in page.answer.text


@pytest.mark.parametrize("name", ["nonsense", "../README", "flows/../../README", "flows//x", "%2e%2e/README"])
def test_there_is_nothing_beside_the_documentation(sign_in: SignIn, name: str) -> None:
    assert sign_in("viewer").get(f"/help/{name}").status_code in (404, 422)


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("<script>x</script>", "<p>&lt;script&gt;x&lt;/script&gt;</p>\n"),
        ("[a](javascript:alert(1))", "<p>[a](javascript:alert(1))</p>\n"),
        ("![a](http://e.x/i.png)", "<p>a</p>\n"),
        ("[a](http://e.x)", '<p><a href="http://e.x" target="_blank" rel="noopener noreferrer">a</a></p>\n'),
        ("[a](configuration.md#b)", '<p><a href="/help/configuration#b">a</a></p>\n'),
        ("[a](../app/x.py)", "<p><span>a</span></p>\n"),
    ],
)
def test_what_a_page_may_hold(source: str, shown: str) -> None:
    assert rendered(source) == shown


def test_links_go_from_the_folder_of_the_page() -> None:
    assert '<a href="/help/configuration">' in rendered("[a](../configuration.md)", "flows/a")


def test_headings_can_be_linked_to() -> None:
    found = Document("x", "# Title\n\n## One `b`\n\n## One `b`\n", frozenset())
    assert (found.title, [part.id for part in found.parts]) == ("Title", ["one-b", "one-b-1"])
    assert "Title" not in found.html


@pytest.mark.parametrize("name", MANUAL)
def test_every_page_keeps_to_the_policy(name: str) -> None:
    html = MANUAL[name].html
    assert re.findall(r"<(?:script|style|img|iframe)|\sstyle=|\son\w+=", html) == []


@pytest.mark.parametrize("name", MANUAL)
def test_every_link_inside_leads_to_a_heading(name: str) -> None:
    for target, anchor in re.findall(r'href="(?:/help/([^"#]+))?#([^"]+)"', MANUAL[name].html):
        assert f'id="{anchor}"' in MANUAL[target or name].html, (target, anchor)
