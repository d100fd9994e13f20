"""Minor units <-> Decimal. The only place that knows how many decimals a currency has.

Stripe counts in integers of the smallest unit it charges (docs.stripe.com/currencies); NetSuite in decimal amounts.
"""

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal

from app.origin import carried

# docs.stripe.com/currencies, "Zero-decimal currencies". UGX stands in that list, but its amounts are still sent
# times 100 ("special cases", same page); ISK likewise.
ZERO_DECIMAL = frozenset("BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF".split())
THREE_DECIMAL = frozenset("BHD JOD KWD OMR TND".split())
# Sent with two decimals that must be zero.
WHOLE_UNITS_ONLY = frozenset({"ISK", "UGX"})


def exponent(currency: str) -> int:
    """How many decimals Stripe's minor unit of this currency (ISO 4217, any case) has: 0, 2 or 3."""
    code = currency.upper()
    if code in ZERO_DECIMAL:
        return 0
    return 3 if code in THREE_DECIMAL else 2


def from_minor(amount: int, currency: str) -> Decimal:
    """1050, "usd" -> Decimal("10.50"); 1050, "jpy" -> Decimal("1050"); 1050, "kwd" -> Decimal("1.050")."""
    return carried(amount, Decimal(amount).scaleb(-exponent(currency)))


def to_minor(amount: Decimal, currency: str) -> int:
    """The inverse. Raises ValueError when the amount cannot be said in whole minor units that Stripe takes."""
    scaled = amount.scaleb(exponent(currency))
    whole = scaled.to_integral_value()
    if whole != scaled:
        raise ValueError(f"{amount} {currency.upper()} has more decimals than the currency has")
    minor = int(whole)
    step = _step(currency)
    if minor % step:
        raise ValueError(
            f"{amount} {currency.upper()}: Stripe takes this currency only in steps of {from_minor(step, currency)}"
        )
    return minor


def quantize(amount: Decimal, currency: str) -> Decimal:
    """Round half up to the currency's own decimals."""
    return amount.quantize(Decimal(1).scaleb(-exponent(currency)), rounding=ROUND_HALF_UP)


def allocate(total: int, weights: Iterable[int]) -> list[int]:
    """Split minor units by weights so that the parts add up to `total` exactly (largest remainder first).

    Raises ValueError when there is nothing to weigh by.
    """
    shares = list(weights)
    whole = sum(shares)
    if not shares or whole == 0:
        raise ValueError("cannot split by weights that add up to nothing")
    parts = [total * share // whole for share in shares]
    remainders = sorted(range(len(shares)), key=lambda i: (-(total * shares[i] % whole), i))
    for i in remainders[: total - sum(parts)]:
        parts[i] += 1
    return parts


def _step(currency: str) -> int:
    code = currency.upper()
    if code in THREE_DECIMAL:
        return 10
    return 100 if code in WHOLE_UNITS_ONLY else 1
