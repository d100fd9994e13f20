"""What of a Stripe customer goes into the NetSuite customer that is there, field by field and by finance's policies."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from app.systems.netsuite import objects as ns
from app.systems.netsuite.records import filled
from app.systems.stripe import objects as st
from workers.records import customer as mapping
from workers.records.netsuite_customer_match import Found

Policy = Literal["overwrite", "fill_only", "leave"]
KEYS = {
    "name": ("name", "business_name", "individual_name"),
    "email": ("email",),
    "phone": ("phone",),
    "billing_address": ("address",),
    "shipping_address": ("shipping",),
    "tax_exempt": ("tax_exempt",),
}


@dataclass(frozen=True)
class Rules:
    """`policies`: of those fields alone that changed in Stripe. `stripe_id_field`: filled when the two are tied."""

    policies: Mapping[str, Policy]
    name: mapping.NameRule
    clear_emptied: bool
    stripe_id_field: str


def exempt(source: st.Customer) -> bool:
    return source.tax_exempt in ("exempt", "reverse")


class Changes:
    """What of the Stripe customer goes into the NetSuite record, as the body of a patch."""

    def __init__(
        self,
        source: st.Customer,
        found: Found,
        record: ns.Customer | None,
        rules: Rules,
    ) -> None:
        self.source = source
        self.found = found
        self.record = record
        self.rules = rules
        self.view: mapping.View = {}
        self.base = known_of_netsuite(found, record)
        self.held = mapping.netsuite_view(record) if record else self.base

    def body(self) -> dict[str, Any]:
        body = self._name() | self._plain("email", self.source.email) | self._plain("phone", self.source.phone)
        body |= self._addresses() | self._taxable()
        field = self.rules.stripe_id_field
        if self._first_time() and not (self.record and self.record.custom.get(field)):
            body[field] = self.source.id
        return body

    def _first_time(self) -> bool:
        """Tied just now, or linked by a person, who does not write the id into NetSuite."""
        return self.found.link is None or "stripe_view" not in self.found.link.facts

    def _takes(self, name: str, key: str, value: Any) -> bool:
        """Whether this field is written: by policy, what NetSuite holds, and whether empties count."""
        chosen = self.rules.policies.get(name)
        if chosen is None or (chosen == "fill_only" and self.held.get(key)):
            return False
        if not value:
            return chosen == "overwrite" and self.rules.clear_emptied and bool(self.held.get(key))
        same: bool = self.held.get(key) == value
        return not same

    def _name(self) -> dict[str, Any]:
        name = self.rules.name.name(self.source)
        if name.defaulted or "name" not in self.rules.policies:
            return {}
        name = self.rules.name.of_kind(name.whole, bool(self.held.get("is_person", name.is_person)))
        if not self._takes("name", "name", name.whole):
            return {}
        self.view["name"] = name.whole
        return filled({"companyName": name.company_name, "firstName": name.first_name, "lastName": name.last_name})

    def _plain(self, key: str, value: str | None) -> dict[str, Any]:
        if not self._takes(key, key, value):
            return {}
        self.view[key] = value
        return {key: value}

    def _addresses(self) -> dict[str, Any]:
        if self.record is None:
            return {}
        given = {"billing": mapping.billing_of(self.source), "shipping": mapping.shipping_of(self.source)}
        takes = {key: self._takes(f"{key}_address", key, mapping.address_view(one)) for key, one in given.items()}
        if not any(takes.values()):
            return {}
        for key in (key for key, taken in takes.items() if taken):
            self.view[key] = mapping.address_view(given[key])
        billing = given["billing"] if takes["billing"] else self.record.billing
        shipping = given["shipping"] if takes["shipping"] else self.record.shipping
        replaced = [getattr(self.record, key) for key, taken in takes.items() if taken]
        others = [one for one in self.record.addresses if one not in replaced]
        book = mapping.address_book(others, billing, shipping)
        return {"addressBook": {"items": [address.body() for address in book]}}

    def _taxable(self) -> dict[str, Any]:
        if "tax_exempt" not in self.rules.policies or self.source.tax_exempt is None:
            return {}
        self.view["taxable"] = not exempt(self.source)
        return {"taxable": not exempt(self.source)}


def known_of_netsuite(found: Found, record: ns.Customer | None) -> mapping.View:
    """NetSuite's side as last seen; what a record of our own making says now counts as seen."""
    if found.link is not None:
        return dict(found.link.facts.get("netsuite_view") or {})
    return mapping.netsuite_view(record) if record and found.origin == "stripe" else {}
