"""Event payloads at the version an endpoint was made with: shapes from before 2025-03-31.basil are given back."""

from __future__ import annotations

from sandbox.stripe.world import API_VERSION, Obj

BASIL = "2025-03-31"


def rendered(event: Obj, api_version: str | None) -> Obj:
    """The event for an endpoint of `api_version`; None is the account's default, which is on the event."""
    version = api_version or event["api_version"]
    if version == event["api_version"]:
        return event
    data = dict(event["data"])
    if version < BASIL <= API_VERSION:
        data["object"] = _before_basil(data["object"])
    return event | {"api_version": version, "data": data}


def _before_basil(obj: Obj) -> Obj:
    if obj["object"] == "invoice":
        return _old_invoice(obj)
    if obj["object"] in ("charge", "payment_intent"):
        return obj | {"invoice": None}
    return obj


def _old_invoice(invoice: Obj) -> Obj:
    taxes = sum(tax["amount"] for tax in invoice.get("total_taxes") or [])
    old = {name: value for name, value in invoice.items() if name not in ("parent", "total_taxes", "amount_overpaid")}
    return old | {
        "paid": invoice["status"] == "paid",
        "charge": None,
        "payment_intent": None,
        "subscription": None,
        "tax": taxes or None,
    }
