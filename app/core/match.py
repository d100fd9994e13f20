"""Match rules: in which order, and by what, a record is looked for in the other system before a new one is made.

A link always comes first: what a person has decided is remembered as one. Of the rules, the first that finds exactly
one decides; one that finds several holds the record with the candidates; one that finds none leaves it to the next.
"""

import re
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

_NETSUITE_FIELD = re.compile(r"custentity[a-z0-9_]{1,50}|externalid|entityid|companyname|email|phone")
_STRIPE_FIELD = re.compile(r"metadata\.[^\"'\\\n]{1,40}|id|email|name|phone")
By = Literal["metadata", "stripe_id_field", "email", "phone", "name_country", "fields"]


class MatchPart(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class CustomerRule(MatchPart):
    by: By = Field(
        description="metadata: the NetSuite id in Stripe's metadata; stripe_id_field: the Stripe id in NetSuite's "
        "field; email, phone: the only one that has it; name_country: the same name and billing country; fields: the "
        "two fields below say the same."
    )
    stripe: str | None = Field(None, description="For `fields`: `metadata.<key>`, `id`, `email`, `name`, `phone`.")
    netsuite: str | None = Field(None, description="For `fields`: a customer field, such as `custentity_account_no`.")

    @model_validator(mode="after")
    def _complete(self) -> "CustomerRule":
        if self.by != "fields":
            if self.stripe or self.netsuite:
                raise ValueError("`stripe` and `netsuite` are for `by: fields` alone")
            return self
        if not self.stripe or not _STRIPE_FIELD.fullmatch(self.stripe):
            raise ValueError("`stripe` is one of `metadata.<key>`, `id`, `email`, `name`, `phone`")
        if not self.netsuite or not _NETSUITE_FIELD.fullmatch(self.netsuite):
            raise ValueError("`netsuite` is `custentity_…`, externalid, entityid, companyname, email or phone")
        return self


def _by(*names: By) -> tuple[CustomerRule, ...]:
    return tuple(CustomerRule(by=name) for name in names)


class CustomerMatch(MatchPart):
    into_netsuite: tuple[CustomerRule, ...] = Field(
        _by("metadata", "email"), description="Which NetSuite customer a Stripe customer is, in this order."
    )
    into_stripe: tuple[CustomerRule, ...] = Field(
        _by("stripe_id_field", "metadata", "email"),
        description="Which Stripe customer a NetSuite customer is, in this order.",
    )


ByInvoice = Literal[
    "stripe_id_field",
    "metadata_invoice_id",
    "number_in_metadata",
    "number_in_description",
    "customer_amount_currency",
]


class InvoiceRule(MatchPart):
    by: ByInvoice = Field(
        description="stripe_id_field: the invoice's Stripe id field holds the charge; metadata_invoice_id: the charge "
        "names the invoice in its metadata; number_in_metadata, number_in_description: it says the invoice's number; "
        "customer_amount_currency: the only open invoice of the customer with this amount and currency."
    )
    key: str = Field("invoice_number", description="For `number_in_metadata`: the metadata key.")
    pattern: str = Field(
        r"\b(INV-?[0-9]{3,})\b", description="For `number_in_description`: how a number looks; its group is the number."
    )
    days: int = Field(30, ge=0, description="For `customer_amount_currency`: how far apart invoice and charge may be.")

    @model_validator(mode="after")
    def _pattern_has_a_group(self) -> "InvoiceRule":
        try:
            groups = re.compile(self.pattern).groups
        except re.error as error:
            raise ValueError(f"`pattern` is no regular expression: {error}") from None
        if groups != 1:
            raise ValueError("`pattern` has one group, which is the number")
        return self


class InvoiceMatch(MatchPart):
    rules: tuple[InvoiceRule, ...] = Field(
        (
            InvoiceRule(by="stripe_id_field"),
            InvoiceRule(by="metadata_invoice_id"),
            InvoiceRule(by="number_in_metadata"),
            InvoiceRule(by="number_in_description"),
        ),
        description="Which NetSuite invoices a charge without a Stripe invoice has paid, in this order.",
    )


class Match(MatchPart):
    customers: CustomerMatch = CustomerMatch()
    invoices: InvoiceMatch = InvoiceMatch()
