import httpx
import pytest

from tests.app.admin.conftest import Client


def test_without_a_token_nobody_gets_in(base_url: str) -> None:
    answer = httpx.get(f"{base_url}/api/v1/runs")
    assert (answer.status_code, answer.headers["www-authenticate"], answer.json()["error"]["code"]) == (
        401,
        'Bearer realm="tieout"',
        "unauthorized",
    )


@pytest.mark.parametrize("header", ["Bearer tieout_1_wrong", "Basic abc", "Bearer", "tieout_1_x"])
def test_wrong_credentials_are_refused(base_url: str, header: str) -> None:
    assert httpx.get(f"{base_url}/api/v1/runs", headers={"Authorization": header}).status_code == 401


def test_missing_scope_is_named(client: Client) -> None:
    answer = client("read").post("/retries/1/replay")
    assert (answer.status_code, answer.json()["error"]) == (
        403,
        {
            "code": "insufficient_scope",
            "message": "This needs a token with scope `operate`; 'a read script' has `read`.",
            "fields": {},
        },
    )


READS = ("/events", "/runs", "/retries", "/flows", "/links", "/config", "/config/versions", "/jobs", "/audit")


@pytest.mark.parametrize("path", READS)
def test_read_scope_reads(client: Client, path: str) -> None:
    assert client("read").get(path).status_code == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PUT", "/flows/stripe_customer_to_netsuite/options"),
        ("POST", "/flows/stripe_customer_to_netsuite/switch"),
        ("POST", "/config/apply"),
    ],
)
def test_operators_do_not_change_the_configuration(client: Client, method: str, path: str) -> None:
    assert client("operate").request(method, path, json={}).status_code == 403


def test_unreadable_body_is_refused_in_words(client: Client) -> None:
    answer = client("admin").post("/config/apply", content=b"\xff{", headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["error"]["message"]) == (
        422,
        "The body cannot be read: send JSON in UTF-8.",
    )


def test_wrong_method_is_told_the_right_ones(client: Client) -> None:
    answer = client("read").delete("/links")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, POST")
