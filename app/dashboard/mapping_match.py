"""Mapping studio: in which order, and by what, a record is looked for in the other system before one is made."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from fastapi import Depends, Request
from fastapi import Query as QueryParams
from fastapi.responses import Response
from pydantic import Field
from starlette.datastructures import FormData

from app.admin import sample
from app.core import config as configuration
from app.core.config import Config
from app.core.match import InvoiceRule
from app.dashboard import mapping_drafts
from app.dashboard.access import Operator, Viewer, Visit
from app.dashboard.mapping_drafts import MATCHES, Document, text
from app.dashboard.mapping_studio import AGAIN, studio, told
from app.dashboard.pages import Asked, pages

router = pages(prefix="/mapping")
LISTS = (
    ("into_netsuite", "Which NetSuite customer a Stripe customer is", "customer"),
    ("into_stripe", "Which Stripe customer a NetSuite customer is", "customer"),
    ("invoices", "Which NetSuite invoices a charge without a Stripe invoice has paid", "invoice"),
)
CUSTOMER_BY = (
    ("metadata", "The NetSuite id in Stripe's metadata"),
    ("stripe_id_field", "The Stripe id in NetSuite's field"),
    ("email", "The same e-mail"),
    ("phone", "The same phone number"),
    ("name_country", "The same name and billing country"),
    ("fields", "Two fields that say the same"),
)
INVOICE_BY = (
    ("stripe_id_field", "The invoice's Stripe id field holds the charge"),
    ("metadata_invoice_id", "The charge names the invoice's id in its metadata"),
    ("number_in_metadata", "The charge says the invoice's number in its metadata"),
    ("number_in_description", "The charge says the invoice's number in its description"),
    ("customer_amount_currency", "The only open invoice of the customer with this amount"),
)
Rule = tuple[Document, str]


class MatchAsked(Asked):
    record: str = Field("", max_length=300)


async def _sent(request: Request) -> FormData:
    return await request.form()


@router.get("/match")
def match(visit: Viewer, asked: Annotated[MatchAsked, QueryParams()]) -> Response:
    with visit.parts.database.session_scope() as session:
        chosen = configuration.current(session)
    return _shown(visit, chosen, _whole(chosen), asked.record)


@router.post("/match")
def change(visit: Operator, sent: Annotated[FormData, Depends(_sent)]) -> Response:
    """The form again, after a button has moved, added or taken out a rule; nothing is planned or saved yet."""
    with visit.parts.database.session_scope() as session:
        chosen = configuration.current(session)
    document = mapping_drafts.match(configuration.document(chosen), "", sent)
    return _shown(visit, chosen, document["match"], text(sent, "record"), base=text(sent, "based_on"))


def _again(visit: Visit, sent: FormData, problems: Mapping[str, str]) -> Response:
    with visit.parts.database.session_scope() as session:
        chosen = configuration.current(session)
    document = mapping_drafts.match(configuration.document(chosen), "", sent)
    facts: dict[str, Any] = {"problems": told(problems), "status": 422, "base": text(sent, "based_on")}
    return _shown(visit, chosen, document["match"], text(sent, "record"), **facts)


AGAIN["match"] = _again


def _whole(chosen: Config) -> Document:
    """Defaults included: a rule that is there by default can be moved like any other."""
    found: Document = chosen.match.model_dump(mode="json")
    return found


def _shown(visit: Visit, chosen: Config, matches: Document, picked: str, **facts: Any) -> Response:
    with visit.parts.database.session_scope() as session:
        recent = [one for one in sample.recent(session, visit.parts, held_first=True) if _matches(one.flow)]
    lists = [
        (
            name,
            title,
            _told(matches[part].get(key, []), chosen, kind),
            CUSTOMER_BY if kind == "customer" else INVOICE_BY,
        )
        for (name, title, kind), (_, part, key) in zip(LISTS, MATCHES, strict=True)
    ]
    known: dict[str, Any] = {"lists": lists, "base": chosen.version, "problems": [], "part": "match"}
    return studio(visit, "match.html", **(known | {"recent": recent, "picked": picked} | facts))


def _matches(flow: str) -> bool:
    return any(word in flow for word in ("customer", "charge", "payment"))


def _told(rules: Sequence[Document], chosen: Config, kind: str) -> list[Rule]:
    say = customer_sentence if kind == "customer" else invoice_sentence
    return [(rule, say(rule, chosen)) for rule in rules]


def customer_sentence(rule: Document, chosen: Config) -> str:
    match rule["by"]:
        case "metadata":
            return (
                f"Stripe's metadata `{chosen.fields.metadata_customer_id}` holds the NetSuite customer's internal id."
            )
        case "stripe_id_field":
            return f"NetSuite's field `{chosen.fields.customer_stripe_id}` holds the Stripe customer's id."
        case "email":
            return "Exactly one customer has this e-mail, letter for letter but for capitals. Several: held, to choose."
        case "phone":
            return "Exactly one customer has this phone number; only its digits count."
        case "name_country":
            return "Exactly one customer has this name and this billing country."
    ours, theirs = rule.get("stripe") or "?", rule.get("netsuite") or "?"
    return f"Stripe's `{ours}` and NetSuite's `{theirs}` say the same."


def invoice_sentence(rule: Document, chosen: Config) -> str:
    known = {name: each.default for name, each in InvoiceRule.model_fields.items()}
    given = {**known, **rule}
    match rule["by"]:
        case "stripe_id_field":
            return f"The invoice's field `{chosen.fields.invoice_stripe_id}` holds the charge's id."
        case "metadata_invoice_id":
            return f"The charge's metadata `{chosen.fields.metadata_invoice_id}` holds the invoice's internal id."
        case "number_in_metadata":
            return f"The charge's metadata `{given['key']}` says the invoice's number."
        case "number_in_description":
            return f"The charge's description says an invoice number that looks like `{given['pattern']}`."
    days = f"no more than {given['days']} days apart" if given["days"] != "" else "near in time"
    return f"The customer has one open invoice with just this amount and currency, {days}. Several: held, to choose."
