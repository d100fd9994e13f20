from typing import Any

import pytest

from app.admin.places import in_netsuite, in_stripe
from app.settings import Settings


def settings(**more: Any) -> Settings:
    stripe = {"main": {"api_key": "sk_live_none"}, "test": {"api_key": "sk_test_none"}}
    given: dict[str, Any] = {"stripe": stripe, "netsuite": {"account_id": "123456_SB1"}, **more}
    return Settings(_env_file=None, database_url="postgresql:///x", **given)


@pytest.mark.parametrize(
    ("account", "object_id", "url"),
    [
        ("main", "in_1", "https://dashboard.stripe.com/invoices/in_1"),
        ("test", "cus_1", "https://dashboard.stripe.com/test/customers/cus_1"),
        ("main", "ch_1", "https://dashboard.stripe.com/payments/ch_1"),
        ("test", "cn_1", "https://dashboard.stripe.com/test/search?query=cn_1"),
    ],
)
def test_in_stripe(account: str, object_id: str, url: str) -> None:
    assert in_stripe(settings(), account, object_id).url == url


@pytest.mark.parametrize(
    ("record_type", "url"),
    [
        ("customer", "/app/common/entity/custjob.nl?id=7"),
        ("invoice", "/app/accounting/transactions/custinvc.nl?id=7"),
        ("depositApplication", "/app/accounting/transactions/depappl.nl?id=7"),
    ],
)
def test_in_netsuite(record_type: str, url: str) -> None:
    assert in_netsuite(settings(), record_type, "7").url == f"https://123456-sb1.app.netsuite.com{url}"


def test_a_sandbox_has_no_pages() -> None:
    stripe = {"main": {"api_key": "sk_test_none", "api_base": "http://127.0.0.1:4242"}}
    netsuite = {"account_id": "TIEOUT", "api_base": "http://127.0.0.1:4343"}
    sandbox = settings(stripe=stripe, netsuite=netsuite)
    found = in_stripe(sandbox, "main", "in_1"), in_netsuite(sandbox, "invoice", "7")
    assert [(one.url, one.why_not) for one in found] == [
        ("", "This Stripe is a sandbox: it has no pages."),
        ("", "This NetSuite is a sandbox: it has no pages."),
    ]


def test_a_custom_record_has_no_page_that_is_known() -> None:
    assert in_netsuite(settings(), "customrecord_tieout_invoice_link", "7").url == ""


def test_an_account_that_is_gone() -> None:
    assert "is not connected any more" in in_stripe(settings(), "old", "in_1").why_not
