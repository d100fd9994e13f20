"""What is under /_sandbox: the doings of people and banks, the clock, webhook chaos, and a look inside."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, TypeVar

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sandbox.faults import controlled
from sandbox.stripe.call import Call
from sandbox.stripe.errors import StripeError
from sandbox.stripe.render import encoded, render
from sandbox.stripe.resources import invoice_life, invoice_payments, payment_intents
from sandbox.stripe.resources.webhook_endpoints import make_endpoint
from sandbox.stripe.world import Account, Obj, StripeWorld

Doing = Callable[[StripeWorld, Account, Obj, list[str]], Any]
_D = TypeVar("_D", bound=Doing)
_DOINGS: dict[tuple[str, str], Doing] = {}


def doing(method: str, path: str) -> Callable[[_D], _D]:
    """`path` is under /_sandbox; `*` stands for one part of it, handed over in order."""

    def note(do: _D) -> _D:
        _DOINGS[method, path] = do
        return do

    return note


async def answer(world: StripeWorld, request: Request) -> Response:
    path = request.url.path.removeprefix("/_sandbox").strip("/")
    body = await request.body()
    given: Any = dict(request.query_params) | (json.loads(body) if body else {})
    try:
        if path == "webhooks/idle":
            # waits for deliveries, which answer through this very loop when the receiver shares it
            return JSONResponse({"idle": await run_in_threadpool(world.wait_idle, float(given.get("timeout", 10)))})
        if path.startswith("inner_faults"):
            status, shown = controlled(world.inner_faults, request.method, path.partition("/")[2], body)
            return JSONResponse(shown, status)
        return _done(world, request.method, path, given)
    except StripeError as error:
        return JSONResponse(error.envelope(""), error.status)
    except (KeyError, TypeError, ValueError) as error:
        return JSONResponse({"error": f"{type(error).__name__}: {error}"}, 400)


def _done(world: StripeWorld, method: str, path: str, given: Obj) -> Response:
    parts = path.split("/")
    for (wanted, pattern), do in _DOINGS.items():
        stars = _stars(pattern.split("/"), parts)
        if wanted == method and stars is not None:
            with world.lock:
                account = _account(world, given.pop("account", None))
                shown = do(world, account, given, stars)
                world.run_due()
                return Response(encoded(shown), media_type="application/json")
    known = [f"{wanted} /_sandbox/{pattern}" for wanted, pattern in _DOINGS]
    return JSONResponse({"error": f"no {method} /_sandbox/{path}", "known": known}, 404)


def _stars(pattern: list[str], parts: list[str]) -> list[str] | None:
    if len(pattern) != len(parts) or any(p not in ("*", part) for p, part in zip(pattern, parts, strict=True)):
        return None
    return [part for p, part in zip(pattern, parts, strict=True) if p == "*"]


def _account(world: StripeWorld, account_id: str | None) -> Account:
    return next((a for a in world.accounts.values() if a.id == account_id), world.account)


@doing("GET", "clock")
def clock(world: StripeWorld, *_: Any) -> Obj:
    return {"now": world.clock.now().isoformat(), "timestamp": world.clock.timestamp(), "frozen": world.clock.frozen}


@doing("POST", "clock")
def set_clock(world: StripeWorld, _: Account, given: Obj, __: list[str]) -> Obj:
    """{"advance": {"days": 4}} or {"set": "2027-01-31T00:00:00Z"}; {"frozen": true} stops it."""
    if "set" in given:
        to = datetime.fromisoformat(str(given["set"]).replace("Z", "+00:00"))
        world.clock.set(to if to.tzinfo else to.replace(tzinfo=UTC))
    if "advance" in given:
        world.clock.advance(timedelta(**given["advance"]))
    if "frozen" in given:
        world.clock.freeze() if given["frozen"] else world.clock.unfreeze()
    return clock(world)


@doing("POST", "charges/*/settle")
def settle(_: StripeWorld, account: Account, __: Obj, ids: list[str]) -> Obj:
    """The bank pays a debit that is processing; the id may be that of the payment intent."""
    charge = _charge(account, ids[0])
    payment_intents.settle_debit(Call.automatic(account), charge)
    return render(account, charge)


@doing("POST", "charges/*/fail")
def fail(_: StripeWorld, account: Account, given: Obj, ids: list[str]) -> Obj:
    """The bank refuses a debit that is processing, for `code`."""
    charge = _charge(account, ids[0])
    payment_intents.fail_debit(Call.automatic(account), charge, given.get("code", "insufficient_funds"))
    return render(account, charge)


def _charge(account: Account, object_id: str) -> Obj:
    intent = account.kind("payment_intent").get(object_id)
    return account.get("charge", intent["latest_charge"] or "" if intent else object_id)


@doing("POST", "charges")
def make_charge(_: StripeWorld, account: Account, given: Obj, __: list[str]) -> Obj:
    """A charge without an invoice: amount, currency, customer, payment_method, metadata, description."""
    call = Call.automatic(account)
    call.params = {"confirm": True, "currency": "usd", "payment_method": "pm_card_visa"} | given
    intent = payment_intents.create(call)
    return render(account, account.get("charge", intent["latest_charge"]))


@doing("POST", "invoices/*/pay")
def pay_invoice(_: StripeWorld, account: Account, given: Obj, ids: list[str]) -> Obj:
    """The customer pays on the hosted page: all of what remains, or an `amount` of it."""
    invoice = account.get("invoice", ids[0])
    call = Call.automatic(account)
    method = given.get("payment_method", "pm_card_visa")
    asked = given.get("amount")
    amount: int = invoice["amount_remaining"] if asked is None else asked
    if amount == invoice["amount_remaining"]:
        invoice_life.pay_with(call, invoice, method)
    else:
        intent = payment_intents.new_intent(call, amount, invoice["currency"])
        intent |= {"customer": invoice["customer"], "description": "Payment for Invoice"}
        call.add(intent, "payment_intent.created")
        invoice_payments.attach_intent(call, invoice, intent)
        payment_intents.confirm(call, intent, method)
    return render(account, invoice)


@doing("POST", "payments")
def pay_several(_: StripeWorld, account: Account, given: Obj, __: list[str]) -> Obj:
    """One payment for several invoices of a customer: {"invoices": {"in_...": 500}, "payment_method": "pm_..."}."""
    call = Call.automatic(account)
    amounts: dict[str, int] = given["invoices"]
    invoices = [account.get("invoice", invoice_id) for invoice_id in amounts]
    intent = payment_intents.new_intent(call, sum(amounts.values()), invoices[0]["currency"])
    intent["customer"] = invoices[0]["customer"]
    call.add(intent, "payment_intent.created")
    for invoice in invoices:
        invoice_payments.allot(call, invoice, intent, amounts[invoice["id"]])
    payment_intents.confirm(call, intent, given.get("payment_method", "pm_card_visa"))
    return render(account, intent)


@doing("GET", "webhooks")
def webhook_chaos(world: StripeWorld, *_: Any) -> Obj:
    return world.deliveries.chaos.as_json() | {"pending": world.deliveries.pending()}


@doing("POST", "webhooks")
def set_chaos(world: StripeWorld, _: Account, given: Obj, __: list[str]) -> Obj:
    """Rates of duplicate, reorder, delay, drop and wrong_signature, and how retries go; see `webhooks.Chaos`."""
    world.deliveries.configure(**given)
    return webhook_chaos(world)


@doing("DELETE", "webhooks")
def end_chaos(world: StripeWorld, *_: Any) -> Obj:
    world.deliveries.configure()
    return webhook_chaos(world)


@doing("POST", "webhooks/retry")
def retry_now(world: StripeWorld, *_: Any) -> Obj:
    world.deliveries.retry_now()
    return webhook_chaos(world)


@doing("GET", "deliveries")
def deliveries(world: StripeWorld, _: Account, given: Obj, __: list[str]) -> Obj:
    rows = [row for row in world.deliveries.log() if given.get("event", row.event_id) == row.event_id]
    return {"deliveries": [row.as_json() for row in rows]}


@doing("POST", "events/*/resend")
def resend(world: StripeWorld, _: Account, __: Obj, ids: list[str]) -> Obj:
    """Deliver an event again, as the Dashboard's button does."""
    again = [row for row in world.deliveries.log() if row.event_id == ids[0]]
    for row in {row.endpoint_id: row for row in again}.values():
        world.deliveries.send(row.again())
    return {"resent": len({row.endpoint_id for row in again})}


@doing("POST", "webhook_endpoints")
def add_endpoint(_: StripeWorld, account: Account, given: Obj, __: list[str]) -> Obj:
    """An endpoint with a secret known beforehand: url, secret, and optionally enabled_events and api_version."""
    fields: Obj = {"enabled_events": ["*"]} | given
    return render(account, make_endpoint(account, **fields))


@doing("POST", "webhook_endpoints/*/roll_secret")
def roll_secret(world: StripeWorld, account: Account, given: Obj, ids: list[str]) -> Obj:
    """A new secret; the old one signs as well until `expires_in_hours` (24) have passed."""
    endpoint = account.get("webhook_endpoint", ids[0])
    old = list(endpoint["_secrets"])
    endpoint["_secrets"].insert(0, world.new_id("whsec", 32))
    expires = world.clock.now().timestamp() + 3600 * float(given.get("expires_in_hours", 24))

    def forget(_: Call) -> None:
        endpoint["_secrets"] = [secret for secret in endpoint["_secrets"] if secret not in old]

    account.at(expires, forget)
    return {"id": endpoint["id"], "secret": endpoint["_secrets"][0]}


@doing("GET", "settings")
def settings(_: StripeWorld, account: Account, *__: Any) -> Obj:
    return dict(vars(account.settings)) | {"api_version": account.api_version}


@doing("POST", "settings")
def set_settings(world: StripeWorld, account: Account, given: Obj, __: list[str]) -> Obj:
    """The fields of `world.Settings`, and `api_version`, the account's default."""
    for name, value in given.items():
        if name == "api_version":
            account.api_version = value
        elif hasattr(account.settings, name):
            setattr(account.settings, name, value)
        else:
            raise ValueError(f"no setting {name}")
    return settings(world, account)


@doing("GET", "exchange_rates")
def exchange_rates(_: StripeWorld, account: Account, *__: Any) -> Obj:
    return {currency: str(rate) for currency, rate in account.rates.items()}


@doing("POST", "exchange_rates")
def set_exchange_rates(world: StripeWorld, account: Account, given: Obj, __: list[str]) -> Obj:
    """Currency to what one major unit of it is worth in US dollars."""
    account.rates.update({currency.lower(): Decimal(str(rate)) for currency, rate in given.items()})
    return exchange_rates(world, account)


@doing("GET", "accounts")
def accounts(world: StripeWorld, *_: Any) -> Obj:
    shown = [{"id": a.id, "api_key": a.api_key, "name": a.name} for a in world.accounts.values()]
    return {"accounts": shown}


@doing("POST", "accounts")
def add_account(world: StripeWorld, _: Account, given: Obj, __: list[str]) -> Obj:
    """One more account, for an API key given or made."""
    key = given.pop("api_key", None) or world.new_id("sk_test", 40)
    made = world.add_account(key, account_id=given.pop("id", None), **given)
    return {"id": made.id, "api_key": made.api_key, "name": made.name}


@doing("POST", "restricted_keys")
def restrict(world: StripeWorld, account: Account, given: Obj, __: list[str]) -> Obj:
    """A restricted key: {"permissions": {"customers": "write", "events": "read", "*": "none"}}."""
    return {"api_key": world.restrict(given["permissions"], account=account)}


@doing("GET", "state")
def state(_: StripeWorld, account: Account, given: Obj, __: list[str]) -> Obj:
    """Every object by kind, oldest first; `kind` narrows it down."""
    wanted = given.get("kind")
    return {
        kind: [render(account, obj) for obj in objs.values()]
        for kind, objs in account.objects.items()
        if wanted in (None, kind)
    }


@doing("POST", "reset")
def reset(world: StripeWorld, *_: Any) -> Obj:
    world.reset()
    world.faults.clear()
    world.inner_faults.clear()
    return {"reset": True}


from sandbox.stripe import refund_doings  # noqa: E402, F401, I001 - notes its doings above
from sandbox.stripe import dispute_doings  # noqa: E402, F401 - notes its doings above
from sandbox.stripe import payout_doings  # noqa: E402, F401 - notes its doings above
