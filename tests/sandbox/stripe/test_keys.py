import httpx
import pytest

from sandbox.serve import serving
from sandbox.stripe import StripeWorld, create_app


@pytest.mark.parametrize(
    ("permissions", "method", "path", "status"),
    [
        ({"customers": "read"}, "GET", "/v1/customers", 200),
        ({"customers": "write"}, "GET", "/v1/customers", 200),
        ({"customers": "write"}, "POST", "/v1/customers", 200),
        ({"customers": "read"}, "POST", "/v1/customers", 403),
        ({"customers": "read"}, "GET", "/v1/invoices", 403),
        ({"*": "read"}, "GET", "/v1/invoices", 200),
        ({"*": "read", "invoices": "none"}, "GET", "/v1/invoices", 403),
    ],
)
def test_a_restricted_key(permissions: dict[str, str], method: str, path: str, status: int) -> None:
    world = StripeWorld()
    key = world.restrict(permissions)
    with serving(create_app(world)) as url:
        answer = httpx.request(method, f"{url}{path}", auth=(key, ""))
    assert answer.status_code == status
    assert (status != 403) or "permission would allow this request to continue." in answer.json()["error"]["message"]


def test_a_refusal_does_not_repeat_the_key() -> None:
    world = StripeWorld()
    key = world.restrict({})
    with serving(create_app(world)) as url:
        told = httpx.get(f"{url}/v1/customers", auth=(key, "")).text
    assert "rak_customer_read" in told
    assert key not in told


def test_it_is_made_under_sandbox() -> None:
    world = StripeWorld()
    with serving(create_app(world)) as url:
        made = httpx.post(f"{url}/_sandbox/restricted_keys", json={"permissions": {"events": "read"}}).json()
        assert httpx.get(f"{url}/v1/events", auth=(made["api_key"], "")).status_code == 200
