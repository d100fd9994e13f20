"""The balance, and the balance transactions it is the sum of."""

from __future__ import annotations

from sandbox.stripe import paging
from sandbox.stripe.call import Call, Routes
from sandbox.stripe.errors import InvalidRequest
from sandbox.stripe.money import minor_rate, rounded
from sandbox.stripe.render import always, render
from sandbox.stripe.world import Account, Obj

routes = Routes()


def of_charge(call: Call, charge: Obj) -> Obj:
    """What the charge brought, after fees, in the settlement currency."""
    to, rate = call.account.settlement(charge["currency"]), None
    amount = charge["amount_captured"]
    if charge["currency"] != to:
        rate = minor_rate(charge["currency"], to, call.account.rate(charge["currency"], to))
        amount = rounded(amount * rate)
    kind = charge["payment_method_details"]["type"]
    fee = call.account.fees.fee(amount, kind)
    text = "Stripe processing fees"
    detail = {"amount": fee, "application": None, "currency": to, "description": text, "type": "stripe_fee"}
    return record(
        call,
        amount=amount,
        currency=to,
        fee_details=[detail],
        source=charge["id"],
        kind="charge" if kind == "card" else "payment",
        category="charge",
        exchange_rate=rate,
        description=charge["description"],
        available_on=call.now + _days_until_available(call.account, charge) * 86_400,
    )


def _days_until_available(account: Account, charge: Obj) -> int:
    """At once for the test card that bypasses the pending balance: https://docs.stripe.com/testing#available-balance."""
    card = charge["payment_method_details"].get("card") or {}
    return 0 if card.get("last4") == "0077" else account.settings.available_after_days


def record(
    call: Call,
    *,
    amount: int,
    currency: str,
    source: str | None,
    kind: str,
    category: str,
    fee_details: list[Obj] | None = None,
    exchange_rate: object = None,
    description: str | None = None,
    available_on: int | None = None,
) -> Obj:
    """One row of the balance's ledger; `amount` is signed, `net` is what it changes."""
    fee = sum(detail["amount"] for detail in fee_details or [])
    made = {
        "id": call.new_id("txn"),
        "object": "balance_transaction",
        "amount": amount,
        "available_on": available_on or call.now,
        "balance_type": "payments",
        "created": call.now,
        "currency": currency,
        "description": description,
        "exchange_rate": exchange_rate,
        "fee": fee,
        "fee_details": fee_details or [],
        "net": amount - fee,
        "reporting_category": category,
        "source": source,
        "type": kind,
    }
    return call.add(made)


@always("balance_transaction", "status")
def _status(account: Account, row: Obj) -> str:
    return "available" if row["available_on"] <= account.world.clock.timestamp() else "pending"


@routes.get("/v1/balance_transactions", "BalanceTransactionListParams")
def list_(call: Call) -> Obj:
    rows = call.account.kind("balance_transaction").values()
    wanted = paging.matching(call, _of_payout(call, list(rows)), "currency", "source", "type")
    return paging.listed(call, wanted, "/v1/balance_transactions")


def _of_payout(call: Call, rows: list[Obj]) -> list[Obj]:
    """An automatic payout's rows, its own among them, once Stripe has put them together; all without the filter."""
    payout = call.named("payout", "payout")
    if payout is None:
        return rows
    if not payout["automatic"]:
        raise InvalidRequest(
            "Balance transaction history can only be filtered on automatic transfers, not manual.", param="payout"
        )
    done = payout["reconciliation_status"] == "completed"
    return [row for row in rows if done and row.get("_payout") == payout["id"]]


@routes.get("/v1/balance_transactions/{id}", "BalanceTransactionRetrieveParams")
def retrieve(call: Call) -> Obj:
    return render(call.account, call.get("balance_transaction"))


@routes.get("/v1/balance", "BalanceRetrieveParams")
def current(call: Call) -> Obj:
    sums: dict[str, Obj] = {"available": {}, "pending": {}}
    for row in call.account.kind("balance_transaction").values():
        by_currency = sums[_status(call.account, row)]
        by_currency[row["currency"]] = by_currency.get(row["currency"], 0) + row["net"]
    shown = {name: [_held(net, currency) for currency, net in rows.items()] for name, rows in sums.items()}
    nothing = [_held(0, call.account.settings.settlement_currency)]
    return {"object": "balance", "livemode": False} | {name: rows or nothing for name, rows in shown.items()}


def _held(net: int, currency: str) -> Obj:
    return {"amount": net, "currency": currency, "source_types": {"card": net}}
