"""The account itself."""

from __future__ import annotations

from sandbox.stripe.call import Call, Routes
from sandbox.stripe.errors import Missing
from sandbox.stripe.world import Obj

routes = Routes()


@routes.get("/v1/account", "AccountRetrieveCurrentParams")
def current(call: Call) -> Obj:
    account = call.account
    return {
        "id": account.id,
        "object": "account",
        "business_profile": {"name": account.name, "url": None},
        "business_type": "company",
        "charges_enabled": True,
        "country": account.country,
        "created": 1_735_689_600,
        "default_currency": account.settings.settlement_currency,
        "details_submitted": True,
        "email": None,
        "metadata": {},
        "payouts_enabled": True,
        "settings": {
            "branding": {"icon": None, "logo": None, "primary_color": None, "secondary_color": None},
            "card_payments": {"statement_descriptor_prefix": None},
            "dashboard": {"display_name": account.name, "timezone": "Etc/UTC"},
            "payments": {"statement_descriptor": "TIEOUT SANDBOX"},
        },
        "type": "standard",
    }


@routes.get("/v1/accounts/{id}", "AccountRetrieveParams")
def retrieve(call: Call) -> Obj:
    if call.ids["id"] != call.account.id:
        raise Missing("account", call.ids["id"])
    return current(call)
