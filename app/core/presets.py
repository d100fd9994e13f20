"""Presets: what an installation takes over whose earlier integration left its field ids and metadata behind.

A preset is a part of a configuration: `preset: novamodule` in a file stands for its settings, and what the file says
itself comes before them. It sets field ids, metadata keys and match rules only.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Preset:
    """`known`: what its vendor publishes; `guesses`: what is not published, and has to be looked up in NetSuite."""

    name: str
    title: str
    known: str
    guesses: str
    settings: Mapping[str, Any]


_ALL = (
    Preset(
        "novamodule",
        title="NovaModule's Stripe - NetSuite Integration App (Celigo)",
        known="The ids of its customer field and its invoice field, and that it matches customers by that field first "
        "and by e-mail next. Its invoice field also holds charge ids, which Tieout reads as such.",
        guesses="The ids of its fields for portal URL, charge, payment and credit note are not published: look them up "
        "under Customization and set them under `fields`. Its metadata keys are chosen by each user.",
        settings={
            "fields": {
                "customer_stripe_id": "custentity_nm_stripe_customer_id",
                "invoice_stripe_id": "custbody_nm_stripe_invoice_id",
            },
            "match": {
                "customers": {
                    "into_netsuite": [{"by": "metadata"}, {"by": "stripe_id_field"}, {"by": "email"}],
                    "into_stripe": [{"by": "stripe_id_field"}, {"by": "metadata"}, {"by": "email"}],
                }
            },
        },
    ),
    Preset(
        "stripe_connector",
        title="Stripe Connector for NetSuite (SuiteSync)",
        known="Its metadata keys for customer, invoice, credit memo and customer refund, and that it keeps the Stripe "
        "id of a customer as the NetSuite external id where that was empty.",
        guesses="It has no field of its own on the customer that is published, so Tieout's field is used besides. "
        "Where the external id was taken, only the customer's comments name the Stripe id; those are not read.",
        settings={
            "fields": {
                "metadata_customer_id": "netsuite_customer_id",
                "metadata_invoice_id": "netsuite_invoice_id",
                "metadata_credit_memo_id": "netsuite_credit_memo_id",
                "metadata_refund_id": "netsuite_customer_refund_id",
            },
            "match": {
                "customers": {
                    "into_netsuite": [
                        {"by": "metadata"},
                        {"by": "fields", "stripe": "id", "netsuite": "externalid"},
                        {"by": "email"},
                    ],
                    "into_stripe": [{"by": "stripe_id_field"}, {"by": "metadata"}, {"by": "email"}],
                }
            },
        },
    ),
)
PRESETS: Mapping[str, Preset] = {preset.name: preset for preset in _ALL}


class UnknownPreset(ValueError):
    """There is none of this name."""


def expanded(document: Mapping[str, Any]) -> dict[str, Any]:
    """The document with its `preset` written out; what it says itself wins, mapping by mapping."""
    rest = {key: value for key, value in document.items() if key != "preset"}
    name = document.get("preset")
    if name is None:
        return rest
    if not isinstance(name, str) or name not in PRESETS:
        raise UnknownPreset(f"there is no preset {name!r}; there are {', '.join(PRESETS)}")
    return laid_over(PRESETS[name].settings, rest)


def laid_over(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Mappings entry by entry, everything else replaced."""
    merged = dict(under)
    for key, value in over.items():
        kept = merged.get(key)
        merged[key] = laid_over(kept, value) if isinstance(kept, Mapping) and isinstance(value, Mapping) else value
    return merged
