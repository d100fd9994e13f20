"""The custom record that can hold an invoice's hosted URL."""

from __future__ import annotations

from sandbox.netsuite.definitions import Definition
from sandbox.netsuite.fields import day, flag, ref, text

INVOICE_LINK = Definition(
    "customrecord_tieout_invoice_link",
    "customrecord_tieout_invoice_link",
    (
        text("name"),
        ref("custrecord_tieout_invoice", "transaction"),
        ref("custrecord_tieout_customer", "customer"),
        text("custrecord_tieout_stripe_id"),
        text("custrecord_tieout_url", max_length=1000),
        text("custrecord_tieout_pdf", max_length=1000),
        text("custrecord_tieout_status"),
        day("custrecord_tieout_expires"),
        flag("isInactive", default=False),
    ),
)
