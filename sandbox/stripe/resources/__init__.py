"""One module per resource; adding one is a module here and its name in `RESOURCES`."""

from __future__ import annotations

import importlib

from sandbox.stripe.call import Route

RESOURCES = (
    "account",
    "balance",
    "billing_portal",
    "catalog",
    "charges",
    "coupons",
    "credit_notes",
    "customers",
    "disputes",
    "event_destinations",
    "events",
    "invoice_lines",
    "invoice_payments",
    "invoiceitems",
    "invoices",
    "payment_intents",
    "payment_methods",
    "payment_records",
    "payouts",
    "refunds",
    "tax_ids",
    "tax_rates",
    "webhook_endpoints",
)


def all_routes() -> list[Route]:
    """Every route; the literal ones before those with an id in the same place."""
    modules = [importlib.import_module(f"{__name__}.{name}") for name in RESOURCES]
    routes = [route for module in modules for route in module.routes.all]
    return sorted(routes, key=lambda route: route.pattern.pattern.count("(?P<"))
