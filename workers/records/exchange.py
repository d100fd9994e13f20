"""Exchange rates: Stripe's between a charge's currency and the one it settled in, as NetSuite counts them."""

from decimal import Decimal
from typing import Any

from app.core.interfaces import Ledger
from app.money import exponent, from_minor
from app.systems.stripe import objects as st

DIGITS = Decimal("1E-12")


def base_currency(to: Ledger[Any], subsidiary: str | None) -> str | None:
    """ISO code of the subsidiary's own currency, None when that is not known."""
    base = to.netsuite.subsidiary(subsidiary).currency if subsidiary else None
    return to.netsuite.iso_currency(base) if base else None


def stripes_rate(
    balance: st.BalanceTransaction | None, amount: int, currency: str, subsidiary: str | None, to: Ledger[Any]
) -> Decimal | None:
    """Units of the subsidiary's currency for one of the charge's or refund's; None when Stripe settled in another.

    `amount`: in minor units, what the balance transaction stands for in `currency`.
    """
    if balance is None or balance.exchange_rate is None or balance.currency == currency.lower():
        return None
    if base_currency(to, subsidiary) != balance.currency.upper():
        to.note(f"Stripe settled in {balance.currency.upper()}, not in the subsidiary's currency: rate not taken.")
        return None
    return by_major_units(balance.exchange_rate, amount, currency, balance)


def by_major_units(rate: Decimal, amount: int, currency: str, balance: st.BalanceTransaction) -> Decimal:
    """Stripe's rate is between minor units (1000 JPY at 0.67 are 670 US cents); NetSuite's between major ones.

    Should Stripe's already be between major units, as it is where both have as many decimals, the amounts tell.
    """
    told = (rate.scaleb(exponent(currency) - exponent(balance.currency)), rate)
    if not amount:
        return told[0]
    real = abs(from_minor(balance.amount, balance.currency)) / abs(from_minor(amount, currency))
    return min(told, key=lambda one: abs(one - real))


def settles(amount: Decimal, currency: str, movement: st.BalanceTransaction) -> bool:
    """Whether that amount of `currency` is what the movement stands for, as exactly as its rate can tell."""
    settled = abs(from_minor(movement.amount, movement.currency))
    if movement.currency == currency.lower():
        return abs(amount) == settled
    if movement.exchange_rate is None:
        return False
    minor = int(abs(amount).scaleb(exponent(currency)))
    found = abs(amount) * by_major_units(movement.exchange_rate, minor, currency, movement)
    smallest = Decimal(1).scaleb(-exponent(movement.currency))
    return abs(found - settled) <= max(smallest, settled * Decimal("0.00001"))
