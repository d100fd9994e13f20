from typing import Any

import pytest

from app.core.steps import step_of

RECORD = "/services/rest/record/v1/invoice/eid:stripe-inv-in_1?replace=item"
RESTLET = "/app/site/hosting/restlet.nl?script=1&deploy=1"


@pytest.mark.parametrize(
    ("exchange", "step"),
    [
        ({"system": "stripe", "method": "GET", "path": "/v1/invoices/in_1"}, "fetch"),
        ({"system": "netsuite", "method": "POST", "path": "/services/rest/query/v1/suiteql?limit=1000"}, "match"),
        ({"system": "netsuite", "method": "PUT", "path": RECORD}, "push"),
        ({"system": "netsuite", "method": "POST", "path": RESTLET, "request": {"action": "batch"}}, "push"),
        ({"system": "netsuite", "method": "POST", "path": RESTLET, "request": {"action": "ping"}}, "match"),
        ({"system": "stripe", "method": "POST", "path": "/v1/invoices/in_1"}, "write_back"),
        ({"system": "netsuite", "method": "POST", "path": "/services/rest/auth/oauth2/v1/token"}, "sign_in"),
    ],
)
def test_what_a_call_of_a_stripe_flow_was_for(exchange: dict[str, Any], step: str) -> None:
    assert step_of(exchange, "stripe") == step
