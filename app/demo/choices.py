"""What finance chooses for the sandbox's NetSuite: accounts, items, and every flow switched on."""

from app.core.config import Accounts, Backoff, Books, Config, FlowConfig, Items, Retries
from app.demo.shop import SETTLED
from sandbox.netsuite import ids

ALL = "*"
CLEARING = {code.upper(): ids.STRIPE_CLEARING[code.upper()] for code in SETTLED}
"""Of the currencies that Stripe settles as such; money in all others goes by way of one account without a currency."""
OPTIONS: dict[str, dict[str, str]] = {
    # what lies at Stripe as a customer's balance is a liability of its own, whichever way it came there
    "stripe_invoice_to_netsuite": {"balance": "line", "negative_total": "to_balance"},
    "stripe_credit_note_to_netsuite": {"balance": "to_balance"},
    # the only flow that is off by itself
    "exchange_rates_to_netsuite": {},
}


def choices(guests: str | None = None) -> Config:
    """`guests`: the customer (internal id) for charges of nobody in particular."""
    books = Books(
        subsidiary=ids.SUBSIDIARY_US,
        time_zone="America/New_York",
        accounts=_accounts(),
        items=_items(),
        payment_options={"us_bank_account": ids.PAYMENT_METHOD_ACH, ALL: ids.PAYMENT_METHOD_STRIPE},
        catch_all_customer=guests,
    )
    flows = {key: FlowConfig(enabled=True, options=options) for key, options in OPTIONS.items()}
    return Config(books={ALL: books}, flows=flows)


def for_a_month_in_a_minute(guests: str) -> Config:
    """The same, but what has to wait for something else looks again soon."""
    soon = Retries(
        not_ready=Backoff(tries=100, first_seconds=1, longest_seconds=4),
        link_missing=Backoff(tries=200, first_seconds=1, longest_seconds=4),
    )
    return choices(guests).model_copy(update={"retries": soon})


def _accounts() -> Accounts:
    return Accounts(
        money_in="clearing",
        clearing=CLEARING | {ALL: ids.STRIPE_CLEARING_ABROAD},
        undeposited=ids.UNDEPOSITED_FUNDS,
        bank=dict(ids.BANK),
        fees={ALL: ids.STRIPE_FEES},
        dispute_fees={ALL: ids.DISPUTE_LOSSES},
        reserves={ALL: ids.STRIPE_RESERVES},
        unreconciled={ALL: ids.REFUNDS_PAYABLE},
        exchange={ALL: ids.FX_GAIN_LOSS},
        payout_types={"other_adjustment": ids.ROUNDING},
    )


def _items() -> Items:
    return Items(
        default=ids.ITEM_STRIPE,
        discount=ids.ITEM_DISCOUNT,
        tax=ids.ITEM_TAX,
        shipping=ids.ITEM_SHIPPING,
        balance=ids.ITEM_BALANCE,
        charge=ids.ITEM_STRIPE,
        refund=ids.ITEM_REFUND,
        partial_refund=ids.ITEM_REFUND,
        credit_note=ids.ITEM_REFUND,
        dispute=ids.ITEM_DISPUTE,
        bad_debt=ids.ITEM_BAD_DEBT,
    )
