"""A customer in both systems: what is kept in step, and what each side's fields make of the other's.

A view is one side's own fields that are kept in step. A key that a view lacks is unknown, None is known to be empty.
"""

from collections.abc import Mapping, Sequence, Set
from dataclasses import asdict, dataclass, replace
from typing import Any

from app.systems.netsuite import objects as ns
from app.systems.netsuite.records import Address
from app.systems.stripe import objects as st
from workers.records.text import cut

View = dict[str, Any]

COMPANY_LENGTH = 83
PERSON_LENGTH = 32
EMAIL_LENGTH = 254
STRIPE_NAME_LENGTH = 150
INACTIVE_MARK = "netsuite_inactive"


# views ---------------------------------------------------------------------------------------------------------


def stripe_view(customer: st.Customer) -> View:
    return {
        "name": customer.name,
        "business_name": customer.business_name,
        "individual_name": customer.individual_name,
        "email": customer.email,
        "phone": customer.phone,
        "address": _parts(customer.address),
        "shipping": _shipping_parts(customer.shipping),
        "tax_exempt": customer.tax_exempt,
        "preferred_locales": list(customer.preferred_locales),
    }


def netsuite_view(customer: ns.Customer, locale_field: str | None = None) -> View:
    view: View = {
        "name": customer.name,
        "is_person": customer.is_person,
        "email": customer.email,
        "phone": customer.phone,
        "billing": address_view(customer.billing),
        "shipping": address_view(customer.shipping),
        "is_inactive": customer.is_inactive,
    }
    if customer.taxable is not None:
        view["taxable"] = customer.taxable
    if locale_field is not None:
        view["locale"] = _chosen(customer.custom.get(locale_field))
    return view


def address_view(address: Address | None) -> View | None:
    """What an address says, without its role in the address book."""
    if address is None:
        return None
    said = {key: value for key, value in asdict(address).items() if key in _ADDRESS_KEYS}
    return said if any(said.values()) else None


def changed(now: View, before: Mapping[str, Any] | None) -> set[str]:
    """Keys that are known on both sides and differ; all keys when there is nothing to compare with."""
    if before is None:
        return set(now)
    return {key for key, value in now.items() if key in before and (value or None) != (before[key] or None)}


# NetSuite -> Stripe --------------------------------------------------------------------------------------------


def stripe_params(view: View, keys: Set[str], before: st.Customer | None) -> dict[str, Any]:
    """Parameters of a Stripe customer for these keys of a NetSuite view; "" empties a field that `before` has."""
    params: dict[str, Any] = {}
    if keys & {"name", "is_person"} and view["name"]:
        params |= _stripe_names(view["name"], view["is_person"])
    for key in ("email", "phone"):
        if key in keys:
            params |= _or_emptied(key, view[key], bool(before and getattr(before, key)))
    if "billing" in keys:
        held = before.address if before else None
        params |= _or_emptied("address", _stripe_address(view["billing"], held), held is not None)
    if "shipping" in keys:
        params |= _or_emptied("shipping", _stripe_shipping(view, before), bool(before and before.shipping))
    if "taxable" in keys:
        params |= _tax_exempt(view["taxable"], before)
    if "locale" in keys and view.get("locale"):
        params["preferred_locales"] = [view["locale"]]
    return params


def differing(params: Mapping[str, Any], customer: st.Customer) -> dict[str, Any]:
    """Those parameters that would change something in Stripe."""
    now = stripe_view(customer)
    return {key: value for key, value in params.items() if _plain(value) != _plain(now.get(key))}


def marks(customer: ns.Customer, metadata_key: str, before: st.Customer | None) -> dict[str, str]:
    """Metadata to set: whose record it is, and whether that is inactive. "" takes the flag away again."""
    held = before.metadata if before else {}
    wanted = {metadata_key: customer.id}
    if customer.is_inactive:
        wanted[INACTIVE_MARK] = "true"
    elif INACTIVE_MARK in held:
        wanted[INACTIVE_MARK] = ""
    return {key: value for key, value in wanted.items() if held.get(key) != value}


# Stripe -> NetSuite --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Name:
    """A name as NetSuite keeps it. `defaulted`: Stripe had none."""

    is_person: bool
    company_name: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    defaulted: bool = False

    @property
    def whole(self) -> str:
        own = " ".join(part for part in (self.first_name, self.last_name) if part)
        return own if self.is_person else self.company_name or ""


@dataclass(frozen=True)
class NameRule:
    """How a Stripe name becomes a NetSuite one."""

    default: str
    default_last: str
    delimiter: str
    kind: str
    otherwise_person: bool
    company_words: tuple[str, ...]

    def name(self, customer: st.Customer) -> Name:
        given = _first_of(customer.name, customer.business_name, customer.individual_name)
        person = self.is_person(customer)
        if given is None:
            return Name(False, company_name=cut(self.default, COMPANY_LENGTH), defaulted=True)
        return self.of_kind(given, person)

    def of_kind(self, given: str, person: bool) -> Name:
        if not person:
            return Name(False, company_name=cut(given, COMPANY_LENGTH))
        first, last = self.split(given)
        return Name(True, first_name=cut(first, PERSON_LENGTH), last_name=cut(last, PERSON_LENGTH))

    def is_person(self, customer: st.Customer) -> bool:
        if self.kind != "by_name_kind":
            return self.kind == "person"
        if customer.business_name or customer.individual_name:
            return not customer.business_name
        words = {word.strip(".,").lower() for word in (customer.name or "").split()}
        return self.otherwise_person and not words & {word.lower() for word in self.company_words}

    def split(self, given: str) -> tuple[str, str]:
        """First and last name at the last delimiter; NetSuite wants both of a person."""
        first, _, last = given.strip().rpartition(self.delimiter)
        return (first.strip(), last.strip()) if first.strip() and last.strip() else (given.strip(), self.default_last)


def netsuite_address(address: st.Address | None, addressee: str | None, phone: str | None = None) -> Address | None:
    if address is None or not any(_parts(address).values()):
        return None
    return Address(
        addressee=cut(addressee, COMPANY_LENGTH),
        addr1=cut(address.line1, 150),
        addr2=cut(address.line2, 150),
        city=cut(address.city, 50),
        state=cut(address.state, 50),
        zip=cut(address.postal_code, 36),
        country=address.country,
        phone=cut(phone, 22),
    )


def billing_of(customer: st.Customer) -> Address | None:
    return netsuite_address(customer.address, customer.name)


def shipping_of(customer: st.Customer) -> Address | None:
    given = customer.shipping
    return netsuite_address(given.address, given.name, given.phone) if given else None


def address_book(others: Sequence[Address], billing: Address | None, shipping: Address | None) -> tuple[Address, ...]:
    """The whole book: what else was in it stays, and one entry serves both roles when they say the same."""
    kept = [one for one in others if address_view(one) not in (address_view(billing), address_view(shipping))]
    if billing is not None and address_view(billing) == address_view(shipping):
        return (replace(billing, default_billing=True, default_shipping=True), *map(_plain_entry, kept))
    made = []
    if billing is not None:
        made.append(replace(billing, default_billing=True, default_shipping=False))
    if shipping is not None:
        made.append(replace(shipping, default_billing=False, default_shipping=True))
    return (*made, *map(_plain_entry, kept))


# parts ---------------------------------------------------------------------------------------------------------

_ADDRESS_KEYS = ("addressee", "addr1", "addr2", "city", "state", "zip", "country", "phone")
_STRIPE_KEYS = {
    "line1": "addr1",
    "line2": "addr2",
    "city": "city",
    "state": "state",
    "postal_code": "zip",
    "country": "country",
}


def _plain_entry(address: Address) -> Address:
    return replace(address, default_billing=False, default_shipping=False)


def _stripe_names(name: str, is_person: bool) -> dict[str, str]:
    kind = "individual_name" if is_person else "business_name"
    return {"name": name, kind: name[:STRIPE_NAME_LENGTH]}


def _stripe_address(view: Mapping[str, Any] | None, before: st.Address | None) -> dict[str, str] | None:
    """Stripe merges the parts of an address, so a part that is gone has to be sent empty."""
    if view is None:
        return None
    pairs = {name: view[key] or "" for name, key in _STRIPE_KEYS.items()}
    return {name: value for name, value in pairs.items() if value or (before and getattr(before, name))}


def _stripe_shipping(view: View, before: st.Customer | None) -> dict[str, Any] | None:
    given = view["shipping"]
    if given is None:
        return None
    held = before.shipping.address if before and before.shipping else None
    shipping = {"name": given["addressee"] or view["name"], "address": _stripe_address(given, held)}
    return shipping | ({"phone": given["phone"]} if given["phone"] else {})


def _tax_exempt(taxable: bool, before: st.Customer | None) -> dict[str, str]:
    if taxable:
        return {"tax_exempt": "none"}
    return {} if before and before.tax_exempt == "reverse" else {"tax_exempt": "exempt"}


def _or_emptied(key: str, value: Any, held: bool) -> dict[str, Any]:
    if value:
        return {key: value}
    return {key: ""} if held else {}


def _parts(address: st.Address | None) -> View:
    return asdict(address) if address else {}


def _shipping_parts(shipping: st.Shipping | None) -> View:
    if shipping is None:
        return {}
    return {"name": shipping.name, "phone": shipping.phone, "address": _parts(shipping.address)}


def _plain(value: Any) -> Any:
    """Without what is empty, so that "" and None and {} compare equal."""
    if isinstance(value, Mapping):
        pairs = {key: _plain(item) for key, item in value.items()}
        return {key: item for key, item in pairs.items() if item} or None
    return value or None


def _chosen(value: Any) -> str | None:
    """A list field's value comes as a reference; its name is what a locale is read from."""
    if isinstance(value, Mapping):
        value = value.get("refName") or value.get("id")
    return str(value) if value else None


def _first_of(*texts: str | None) -> str | None:
    return next((text.strip() for text in texts if text and text.strip()), None)
