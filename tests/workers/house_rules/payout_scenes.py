"""Scenes of payouts, with all that was paid out in NetSuite already, and of what Stripe settled in another currency."""

from typing import Any

from sandbox.netsuite import ids
from tests.workers.flows.stage import Stage
from tests.workers.house_rules.charge_scenes import payer

PAYOUT = "stripe_payout_to_netsuite_deposit"
PAYMENT = "stripe_payment_to_netsuite_payment"
REFUND = "stripe_refund_to_netsuite"
RATES = "exchange_rates_to_netsuite"
ACCOUNTS: dict[str, Any] = {
    "undeposited": ids.UNDEPOSITED_FUNDS,
    "bank": ids.BANK,
    "fees": {"*": ids.STRIPE_FEES},
    "exchange": {"*": ids.FX_GAIN_LOSS},
    "clearing": ids.STRIPE_CLEARING,
}


def booked(stage: Stage, **given: Any) -> str:
    """A charge that is in NetSuite, and available in Stripe."""
    made: str = stage.stripe_does("charges", payment_method="pm_card_bypassPending", **given)["id"]
    stage.run(PAYMENT, made)
    return made


def pay_out(stage: Stage) -> str:
    [made] = stage.stripe_does("payouts")["payouts"]
    stage.stripe_does(f"payouts/{made['id']}/reconcile")
    stage.stripe_does(f"payouts/{made['id']}/pay")
    return str(made["id"])


def payout(stage: Stage) -> str:
    """Of dollars and euros, with a refund and a fee; its id is written back."""
    stage.keep_books(accounts=ACCOUNTS | stage.books.get("accounts", {}))
    stage.choose(PAYOUT, write_back=True)
    who = payer(stage)
    first = booked(stage, amount=5000, customer=who)
    booked(stage, amount=10_000, customer=who, currency="eur")
    refund = stage.stripe.v1.refunds.create({"charge": first, "amount": 1500}).id
    stage.run(REFUND, refund)
    stage.stripe_does("balance_transactions", type="stripe_fee", amount=-150)
    return pay_out(stage)


def cleared_payout(stage: Stage) -> str:
    stage.keep_books(accounts={"money_in": "clearing"})
    return payout(stage)


def negative_payout(stage: Stage) -> str:
    stage.keep_books(accounts=ACCOUNTS)
    booked(stage, amount=5000, customer=payer(stage))
    stage.stripe_does("balance_transactions", type="stripe_fee", amount=-9000)
    return pay_out(stage)


def payout_by_hand(stage: Stage) -> str:
    stage.keep_books(accounts=ACCOUNTS)
    booked(stage, amount=5000, customer=payer(stage))
    made: str = stage.stripe.v1.payouts.create({"amount": 3000, "currency": "usd", "method": "instant"}).id
    stage.stripe_does(f"payouts/{made}/pay")
    return made


def failed_payout(stage: Stage) -> str:
    made = payout(stage)
    stage.run(PAYOUT, made)
    stage.pass_time(days=3)
    stage.stripe_does(f"payouts/{made}/fail")
    return made


def failed_payout_to_delete(stage: Stage) -> str:
    stage.choose(PAYOUT, came_back="delete")
    return failed_payout(stage)


def payout_after_a_failed_one(stage: Stage) -> str:
    stage.run(PAYOUT, failed_payout(stage))
    return pay_out(stage)


def settled_euros(stage: Stage) -> str:
    return booked(stage, amount=10_000, currency="eur", customer=payer(stage))


SCENES = {
    PAYOUT: (PAYOUT, payout),
    f"{PAYOUT}, out of clearing accounts": (PAYOUT, cleared_payout),
    f"{PAYOUT}, negative": (PAYOUT, negative_payout),
    f"{PAYOUT}, by hand": (PAYOUT, payout_by_hand),
    f"{PAYOUT}, failed": (PAYOUT, failed_payout),
    f"{PAYOUT}, failed and deleted": (PAYOUT, failed_payout_to_delete),
    f"{PAYOUT}, after a failed one": (PAYOUT, payout_after_a_failed_one),
    RATES: (RATES, settled_euros),
}
